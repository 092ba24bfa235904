/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of a thread that the kernel has saved, as its `syscall`
 * instructions leave them, and those that it goes on with; software
 * interrupts.
 */
#include "as_classic.h"

/* MCS: receives take a reply object by this register. */
#ifdef CONFIG_KERNEL_MCS
#define R12 t.reply
#else
#define R12 12
#endif

static struct thread t;
static seL4_CPtr ep, handler;
__attribute__((used)) volatile seL4_Word found[3];

/*
 * Threads start here with registers of the root task's choice. A system call,
 * then the three registers are noted that it does not preserve, then another
 * system call, for which rbx is the number.
 */
void start(void), after(void), table(void);
__asm__(".text\n"
        "start: syscall\n"
        "after: movq %rsp, found\n movq %rcx, found + 8\n"
        " movq %r11, found + 16\n"
        " movq %rbx, %rdx\n syscall\n ud2\n"
        /* int 0 to int 255, 16 bytes apart */
        ".balign 16\n"
        "table: .set n, 0\n .rept 256\n .byte 0xcd, n\n ud2\n .balign 16\n"
        " .set n, n + 1\n .endr\n");

static seL4_Word relative(seL4_Word word)
{
    seL4_Word first = (seL4_Word)start;

    return word - first < 64 ? word - first + 0x1000000 : word;
}

static void go(seL4_Word rdx, seL4_Word rdi, seL4_Word rbx)
{
    seL4_UserContext r = {
        .rip = (seL4_Word)start,
        .rsp = 0x5550,
        .rflags = 0x202,
        .rax = 1,
        .rbx = rbx,
        .rcx = 0x3330,
        .rdx = rdx,
        .rsi = 0,
        .rdi = rdi,
        .rbp = 6,
        .r8 = 8,
        .r9 = 9,
        .r10 = 10,
        .r11 = 0x1110,
        .r12 = R12,
        .r13 = 13,
        .r14 = 14,
        .r15 = 15,
    };

    seL4_TCB_WriteRegisters(t.tcb, 1, 0, 20, &r);
    own_priority(50);
    own_priority(255);
}

static void show(const char *text)
{
    seL4_UserContext r;
    seL4_Word *word = &r.rip;
    seL4_Word error = (seL4_Word)seL4_TCB_ReadRegisters(t.tcb, 0, 0, 20, &r);

    put("| %s: %s", text, error_name(error));
    for (int i = 0; i < 20; i++)
        put(" %x", relative(word[i]));
    put("\n");
}

static void answer(seL4_Word label, seL4_Word length)
{
    seL4_Word badge;
    seL4_MessageInfo_t info = seL4_NBRecv(handler, &badge);

    put("| fault %u:", seL4_MessageInfo_get_label(info));
    for (seL4_Word i = 0; i < seL4_MessageInfo_get_length(info); i++)
        put(" %x", relative(seL4_GetMR((int)i)));
    put("\n");
    if (length == 0)
        return;
    seL4_SetMR(2, 0x7770);
    seL4_SetMR(10, 0x7771);
    seL4_SetMR(15, (seL4_Word)after);
    seL4_SetMR(16, 0x7772);
    seL4_Reply(seL4_MessageInfo_new(label, 0, 0, length));
    own_priority(50);
    own_priority(255);
}

static void say_found(void)
{
    say("rsp, rcx, r11: %x %x %x", found[0], relative(found[1]), found[2]);
}

static void blocked(void)
{
    say("blocked in Recv");
    go((seL4_Word)seL4_SysRecv, ep, (seL4_Word)seL4_SysRecv);
    show("registers");
    seL4_Signal(ep);
    own_priority(50);
    own_priority(255);
    say_found();
    show("blocked again");
    say("a word is written: all of them count");
    INVOKE(t.tcb, TCBWriteRegisters, NONE, 0, 1, (seL4_Word)after);
    show("registers");
    INVOKE(t.tcb, TCBResume, NONE);
    own_priority(50);
    own_priority(255);
    say_found();
    show("registers");
}

static void unknown(void)
{
    say("an unknown system call");
    go(77, 5, (seL4_Word)seL4_SysRecv);
    answer(0, 18);
    say_found();
    show("registers");
    go(78, 5, 79);
    answer(0, 3);
    say_found();
    answer(1, 2);
    show("stopped");
}

static void tls_base(void)
{
    say("SetTLSBase without a capability");
    go((seL4_Word)seL4_SysSetTLSBase, 0x7fff0000, (seL4_Word)seL4_SysRecv);
    show("registers");
    say_found();
}

static void interrupts(void)
{
    seL4_Word badge;

    say("software interrupts: number, code, address");
    for (seL4_Word n = 0; n < 256; n += n < 24 || n > 0x9a ? 1 : 8) {
        seL4_UserContext r = { .rip = (seL4_Word)table + 16 * n,
                               .rflags = 0x202,
                               .rax = 0x12345678 };
        seL4_MessageInfo_t info;

        seL4_TCB_WriteRegisters(t.tcb, 1, 0, 20, &r);
        own_priority(50);
        own_priority(255);
        info = seL4_NBRecv(handler, &badge);
        say("int %u: fault %u, %u %x at %d, %x", n,
            seL4_MessageInfo_get_label(info), seL4_GetMR(3), seL4_GetMR(4),
            (int)(seL4_GetMR(seL4_MessageInfo_get_length(info) == 19 ? 15 : 0) -
                  (seL4_Word)table - 16 * n),
            seL4_MessageInfo_get_length(info) == 19 ? seL4_GetMR(18) : 0);
    }
}

int main(void)
{
    ep = make(seL4_EndpointObject, 0);
    handler = make(seL4_EndpointObject, 0);
    t = thread_new(200);
    SPACE_ERROR(t.tcb, ROOT, 0, handler, handler);
    blocked();
    unknown();
    tls_base();
    interrupts();
    return 0;
}
