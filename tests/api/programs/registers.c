/* SPDX-License-Identifier: BSD-2-Clause */
/* ReadRegisters, WriteRegisters, CopyRegisters, and what a thread begins with. */
#include "as_classic.h"

static seL4_CPtr tcb, other;

/* Prints all twenty, by the answer's length. */
static void read(void)
{
    INVOKE(tcb, TCBReadRegisters, NONE, 0, 20);
}

static void counts(void)
{
    static const seL4_Word n[] = { 0,  1,   2,   3,   5,   18,  19,  20,
                                   21, 118, 255, 256, 257, 276, -1ul };

    say("counts");
    for (size_t i = 0; i < COUNT(n); i++) {
        say("count %u", n[i]);
        INVOKE(tcb, TCBReadRegisters, NONE, 0, n[i]);
        INVOKE(tcb, TCBWriteRegisters, NONE, 0, n[i], 0x1000 + i, 2, 3, 4, 5, 6,
               7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20);
        read();
    }
    INVOKE(tcb, TCBReadRegisters, NONE, 0);
    INVOKE(tcb, TCBReadRegisters, NONE);
    INVOKE(tcb, TCBWriteRegisters, NONE, 0, 1);
    INVOKE(tcb, TCBWriteRegisters, NONE, 0, 2, 5);
    INVOKE(tcb, TCBWriteRegisters, NONE, 0);
    INVOKE(tcb, TCBWriteRegisters, NONE, 0, 0);
    INVOKE(tcb, TCBWriteRegisters, NONE, 0, 20, 1, 2, 3);
    read();
    say("arch flags");
    INVOKE(tcb, TCBReadRegisters, NONE, 0xff00, 20);
    INVOKE(tcb, TCBWriteRegisters, NONE, 0xff00, 1, 0x777);
    INVOKE(tcb, TCBReadRegisters, NONE, 2, 1);
}

static void write_one(size_t index, seL4_Word value)
{
    seL4_UserContext r;
    seL4_Word *words = (seL4_Word *)&r;

    for (size_t i = 0; i < sizeof r / sizeof *words; i++)
        words[i] = 0x40 + i;
    words[index] = value;
    seL4_TCB_WriteRegisters(tcb, 0, 0, sizeof r / sizeof *words, &r);
    seL4_TCB_ReadRegisters(tcb, 0, 0, sizeof r / sizeof *words, &r);
    say("register %u: %x becomes %x", index, value, words[index]);
}

static void sanitised(void)
{
    static const seL4_Word values[] = {
        0,          1,          0x7fffffffffff,     0x800000000000,
        -1ul,       1ul << 63,  0xffff800000000000, 0xffff7fffffffffff,
        0x12345678, 0xfffffffff
    };

    say("what registers take");
    for (size_t i = 0; i < COUNT(values); i++) {
        for (size_t r = 0; r < 20; r++) {
            if (r < 4 || r > 16)
                write_one(r, values[i]);
        }
    }
    for (int bit = 0; bit < 64; bit++)
        write_one(2, 1ul << bit);
}

static void self(void)
{
    say("oneself");
    INVOKE(SELF, TCBReadRegisters, NONE, 0, 1);
    INVOKE(SELF, TCBReadRegisters, NONE, 0, 0);
    INVOKE(SELF, TCBWriteRegisters, NONE, 0, 1, 0x1000);
    INVOKE(SELF, TCBWriteRegisters, NONE, 0, 0);
    INVOKE(SELF, TCBWriteRegisters, NONE, 0);
}

static void copies(void)
{
    say("CopyRegisters");
    seL4_UserContext r = { .rip = 1,
                           .rsp = 2,
                           .rflags = 0x202,
                           .rax = 4,
                           .rbx = 5,
                           .rcx = 6,
                           .rdx = 7,
                           .rsi = 8,
                           .rdi = 9,
                           .rbp = 10,
                           .r8 = 11,
                           .r9 = 12,
                           .r10 = 13,
                           .r11 = 14,
                           .r12 = 15,
                           .r13 = 16,
                           .r14 = 17,
                           .r15 = 18,
                           .fs_base = 19,
                           .gs_base = 20 };
    seL4_UserContext zero = { 0 };

    seL4_TCB_WriteRegisters(other, 0, 0, 20, &r);
    for (seL4_Word flags = 0; flags < 16; flags++) {
        if (flags & 2)
            continue;
        seL4_TCB_WriteRegisters(tcb, 0, 0, 20, &zero);
        say("flags %x", flags);
        INVOKE(tcb, TCBCopyRegisters, CAPS(other), flags);
        read();
    }
    INVOKE(tcb, TCBCopyRegisters, CAPS(tcb), 12);
    read();
    INVOKE(tcb, TCBCopyRegisters, CAPS(other), -1ul << 4);
    INVOKE(tcb, TCBCopyRegisters, CAPS(0), 0);
    INVOKE(tcb, TCBCopyRegisters, CAPS(ROOT), 0);
    INVOKE(tcb, TCBCopyRegisters, NONE, 0);
    INVOKE(tcb, TCBCopyRegisters, CAPS(other));
}

/* --- a thread's own view ---------------------------------------------------- */

__attribute__((used)) SHARED seL4_Word seen[20];
SHARED seL4_CPtr me;
void first_look(void);
void second_look(void);

/*
 * All registers as they are when a thread begins. It is started without a
 * stack; so nothing but this thread's memory is touched.
 */
__asm__(".text\n"
        "first_look:\n"
        "movq %rax, seen+24\n"
        "pushfq\n"
        "popq %rax\n"
        "movq %rax, seen+16\n"
        "movq %rsp, seen+8\n"
        "movq %rbx, seen+32\n"
        "movq %rcx, seen+40\n"
        "movq %rdx, seen+48\n"
        "movq %rsi, seen+56\n"
        "movq %rdi, seen+64\n"
        "movq %rbp, seen+72\n"
        "movq %r8, seen+80\n"
        "movq %r9, seen+88\n"
        "movq %r10, seen+96\n"
        "movq %r11, seen+104\n"
        "movq %r12, seen+112\n"
        "movq %r13, seen+120\n"
        "movq %r14, seen+128\n"
        "movq %r15, seen+136\n"
        "movq %fs:0, %rax\n"
        "movq %rax, seen+144\n"
        "movq %gs:0, %rax\n"
        "movq %rax, seen+152\n"
        "1: jmp 1b\n");

static void begins(void)
{
    static seL4_Word fs_block[2] = { 0xf5, 0 }, gs_block[2] = { 0x65, 0 };
    struct thread t = thread_new(50);
    seL4_UserContext r = {
        .rip = (seL4_Word)first_look,
        .rsp = (seL4_Word)t.stack_top,
        .rflags = 0x8d5,
        .rax = 0xa1,
        .rbx = 0xb2,
        .rcx = 0xc3,
        .rdx = 0xd4,
        .rsi = 0xe5,
        .rdi = 0xf6,
        .rbp = 0x107,
        .r8 = 0x118,
        .r9 = 0x129,
        .r10 = 0x13a,
        .r11 = 0x14b,
        .r12 = 0x15c,
        .r13 = 0x16d,
        .r14 = 0x17e,
        .r15 = 0x18f,
        .fs_base = (seL4_Word)fs_block,
        .gs_base = (seL4_Word)gs_block,
    };

    say("what a thread begins with");
    TAKES_TURNS(t);
    seL4_TCB_WriteRegisters(t.tcb, 1, 0, 20, &r);
    /* It runs as soon as this thread is less important. */
    own_priority(50);
    while (seen[19] == 0)
        seL4_Yield();
    own_priority(255);
    seL4_TCB_Suspend(t.tcb);
    seen[1] -= (seL4_Word)t.stack_top;
    for (size_t i = 1; i < 20; i++)
        say("register %u: %x", i, seen[i]);
}

/* --- a thread that waits ---------------------------------------------------- */

static void waiter(seL4_Word ep)
{
    seL4_Word badge;

    seL4_Recv(ep, &badge);
    stop(me);
}

static void words_of_a_waiting_thread(void)
{
    struct thread t = thread_new(60);
    seL4_CPtr ep = make(seL4_EndpointObject, 0);
    seL4_UserContext r;
    seL4_Word ip;

    say("a thread inside a system call");
    me = t.tcb;
    thread_go(&t, waiter, ep);
    own_priority(50);
    own_priority(255);
    seL4_TCB_ReadRegisters(t.tcb, 0, 0, 20, &r);
    ip = r.rip;
    say("at a syscall instruction: %d",
        ((unsigned char *)ip)[0] == 0x0f && ((unsigned char *)ip)[1] == 5);
    say("rdx %x rdi is the capability: %d, flags %x", r.rdx, r.rdi == ep,
        r.rflags & ~0x8d5ul);
    say("suspended and read again");
    seL4_TCB_Suspend(t.tcb);
    seL4_TCB_ReadRegisters(t.tcb, 0, 0, 20, &r);
    say("same instruction: %d", r.rip == ip);
    seL4_TCB_Resume(t.tcb);
    own_priority(50);
    own_priority(255);
    seL4_TCB_ReadRegisters(t.tcb, 0, 0, 20, &r);
    say("same instruction: %d", r.rip == ip);
    seL4_NBSend(ep, seL4_MessageInfo_new(0, 0, 0, 0));
    own_priority(50);
    own_priority(255);
    seL4_TCB_ReadRegisters(t.tcb, 0, 0, 20, &r);
    ip = r.rip;
    say("at a syscall instruction: %d",
        ((unsigned char *)ip)[0] == 0x0f && ((unsigned char *)ip)[1] == 5);
}

int main(void)
{
    tcb = make(seL4_TCBObject, 0);
    other = make(seL4_TCBObject, 0);
    say("a new TCB");
    read();
    counts();
    sanitised();
    self();
    copies();
    begins();
    words_of_a_waiting_thread();
    return 0;
}
