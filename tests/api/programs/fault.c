/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults: their messages, and what the answers do. Addresses within this
 * program are printed relative to something that is the same everywhere.
 */
#include "as_classic.h"

#ifdef CONFIG_KERNEL_MCS
#define SEND "-5"
#define NBSEND "-6"
#define RECV "-7"
/* The pointer is resolved by the call that sets the handler. */
#define NO_SLOT 8001
#else
#define SEND "-3"
#define NBSEND "-4"
#define RECV "-5"
#define NO_SLOT 1ul << 50
#endif

#define NOWHERE 0x2000000000ul
#define AREA 0x3000000000ul

static struct thread t;
static seL4_CPtr handler, badged;

/*
 * A thread that does one thing, and then suspends itself: r14 holds its TCB,
 * r15 the message info for that.
 */
#define BODY(name, text)                                                       \
    void name(void);                                                           \
    __asm__(".text\n" #name ":\n" text "\n movq %r14, %rdi\n"                  \
            " movq %r15, %rsi\n movq $-1, %rdx\n syscall\n"                    \
            "1: jmp 1b\n")

/* r12 holds an address, r13 a value, where they are needed. */
BODY(do_load, "movq (%r12), %r13");
BODY(do_store, "movq %r13, (%r12)");
BODY(do_jump, "jmp *%r12");
BODY(do_ud2, "ud2");
BODY(do_int3, "int3");
BODY(do_hlt, "hlt");
BODY(do_cli, "cli");
BODY(do_in, "movw $0x80, %dx\n inb %dx, %al");
BODY(do_out, "movw $0x80, %dx\n outb %al, %dx");
BODY(do_divide, "xorl %edx, %edx\n xorl %ecx, %ecx\n divl %ecx");
BODY(do_load_ds, "movl $0x1234, %eax\n movl %eax, %ds");
BODY(do_rdmsr, "rdmsr");
BODY(do_cr3, "movq %cr3, %rax");
BODY(do_lgdt, "lgdt (%rsp)");
BODY(do_invlpg, "invlpg (%rsp)");
BODY(do_wbinvd, "wbinvd");
BODY(do_push, "pushq %rax");
BODY(do_bad_syscall, "movq %r12, %rdx\n syscall");
BODY(do_syscall_send, "movq $" SEND ", %rdx\n movq %r12, %rdi\n movl $1, %esi\n"
                      "movq $0x77, %r10\n movq %rsp, %rbx\n syscall\n"
                      "movq %rbx, %rsp");
BODY(do_syscall_call, "movq $-1, %rdx\n movq %r12, %rdi\n movl $1, %esi\n"
                      "movq $0x77, %r10\n movq %rsp, %rbx\n syscall\n"
                      "movq %rbx, %rsp");
BODY(do_syscall_recv, "movq $" RECV ", %rdx\n movq %r12, %rdi\n"
                      "movq %rsp, %rbx\n syscall\n movq %rbx, %rsp");
BODY(do_syscall_nbsend,
     "movq $" NBSEND ", %rdx\n movq %r12, %rdi\n movl $1, %esi\n"
     "movq %rsp, %rbx\n syscall\n movq %rbx, %rsp");
BODY(do_syscall_nbrecv, "movq $-8, %rdx\n movq %r12, %rdi\n"
                        "movq %rsp, %rbx\n syscall\n movq %rbx, %rsp");
BODY(do_stack_canonical, "movq %r12, %rsp\n pushq %rax");
BODY(do_nothing, "nop");

/* Registers that a syscall instruction overwrites, or the kernel does not
 * save. */
#define SYSCALL_RESIDUE                                                        \
    (1 << seL4_UnknownSyscall_RCX | 1 << seL4_UnknownSyscall_R11 |             \
     1 << seL4_UnknownSyscall_SP)

static void settle(void)
{
    own_priority(50);
    own_priority(200);
}

static seL4_Word entry_point;

static void start(void (*entry)(void), seL4_Word address)
{
    seL4_UserContext r = {
        .rip = (seL4_Word)entry,
        .rsp = (seL4_Word)t.stack_top,
        .rflags = 0x202,
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
        .r12 = address,
        .r13 = 0x16d,
        .r14 = t.tcb,
        .r15 = TCBSuspend << 12,
        .fs_base = t.tls,
    };

    seL4_TCB_Suspend(t.tcb);
    entry_point = (seL4_Word)entry;
    seL4_TCB_WriteRegisters(t.tcb, 1, 0, 20, &r);
    settle();
}

static void put_relative(seL4_Word value)
{
    if (value - entry_point < 64)
        put(" entry+%u", value - entry_point);
    else if ((seL4_Word)t.stack_top - value < 8192)
        put(" stack-%u", (seL4_Word)t.stack_top - value);
    else if (value - (seL4_Word)do_nothing < 64)
        put(" nothing+%u", value - (seL4_Word)do_nothing);
    else if (value - (seL4_Word)do_ud2 < 64)
        put(" ud2+%u", value - (seL4_Word)do_ud2);
    else
        put(" %x", value);
}

/*
 * The next fault message; words whose bit is set in `skip` are the hardware's
 * or residue, and not printed.
 */
static seL4_Word fault(seL4_Word skip)
{
    seL4_Word badge = 0, label;
    seL4_MessageInfo_t info = seL4_NBRecv(handler, &badge);

    if (!badge) {
        say("no fault");
        return 0;
    }
    label = seL4_MessageInfo_get_label(info);
    put("| badge %x fault %u length %u caps %u:", badge, label,
        seL4_MessageInfo_get_length(info),
        seL4_MessageInfo_get_extraCaps(info));
    for (int i = 0; i < (int)seL4_MessageInfo_get_length(info); i++) {
        if (skip >> i & 1)
            put(" -");
        else
            put_relative(seL4_GetMR(i));
    }
    put("\n");
    return label;
}

static void answer(seL4_Word label, seL4_Word length)
{
    seL4_Reply(seL4_MessageInfo_new(label, 0, 0, length));
    settle();
}

#define TRY(body, address)                                                     \
    do {                                                                       \
        say(#body " " #address);                                               \
        start(body, address);                                                  \
        fault(0);                                                              \
    } while (0)

/* Flags that an instruction leaves undefined are none of our business; so is
 * RF, which some processors set: FLAGS is not printed for these. */
#define TRY_EXCEPTION(body, address)                                           \
    do {                                                                       \
        say(#body " " #address);                                               \
        start(body, address);                                                  \
        fault(1 << seL4_UserException_FLAGS);                                  \
    } while (0)

static void page_faults(void)
{
    say("page faults");
    TRY(do_load, NOWHERE);
    TRY(do_load, NOWHERE + 0x123);
    TRY(do_load, 0);
    TRY(do_load, 8);
    TRY(do_store, NOWHERE);
    TRY(do_jump, NOWHERE);
    TRY(do_jump, 0);
    TRY(do_load, 0x7fffffff0000);
    TRY(do_store, 0x7f0000000000);
    TRY(do_push, 0);
    TRY(do_stack_canonical, NOWHERE + 16);
    TRY(do_stack_canonical, 4);
}

/* The kernel's half of the address space, and no address at all. */
static void high_addresses(void)
{
    say("addresses that are nobody's");
    TRY_EXCEPTION(do_load, 0x800000000000);
    TRY_EXCEPTION(do_store, 0x1234567812345678);
    TRY(do_load, 0x7ffffffff000);
    TRY(do_store, 0xffff800000000000);
    TRY(do_load, 0xffffff8000100000);
    TRY(do_jump, 0xffffffff80000000);
    TRY(do_load, -8ul);
}

static void mapped_pages(void)
{
    seL4_CPtr pdpt = make(seL4_X86_PDPTObject, 0);
    seL4_CPtr pd = make(seL4_X86_PageDirectoryObject, 0);
    seL4_CPtr pt = make(seL4_X86_PageTableObject, 0);
    seL4_CPtr page = make(seL4_X86_4K, 0);

    say("pages with few rights");
    /* The program's own PDPT covers this area. */
    (void)pdpt;
    INVOKE(pd, X86PageDirectoryMap, CAPS(VSPACE), AREA, 0);
    INVOKE(pt, X86PageTableMap, CAPS(VSPACE), AREA, 0);
    INVOKE(page, X86PageMap, CAPS(VSPACE), AREA, READ, 0);
    TRY(do_load, AREA);
    TRY(do_store, AREA);
    say("made writable while the thread waits");
    INVOKE(page, X86PageMap, CAPS(VSPACE), AREA, READ | WRITE, 0);
    answer(0, 0);
    fault(0);
    say("value %x", *(volatile seL4_Word *)AREA);
    TRY(do_store, AREA);
    say("value %x", *(volatile seL4_Word *)AREA);
    say("no rights");
    INVOKE(page, X86PageMap, CAPS(VSPACE), AREA, 0, 0);
    TRY(do_load, AREA);
    TRY(do_store, AREA);
    TRY(do_jump, AREA);
    INVOKE(page, X86PageMap, CAPS(VSPACE), AREA, WRITE, 0);
    TRY(do_load, AREA);
    TRY(do_store, AREA);
    say("unmapped");
    INVOKE(page, X86PageMap, CAPS(VSPACE), AREA, READ | WRITE, 0);
    TRY(do_load, AREA);
    INVOKE(page, X86PageUnmap, NONE);
    TRY(do_load, AREA);
    INVOKE(page, X86PageMap, CAPS(VSPACE), AREA, READ | WRITE, 0);
    TRY(do_load, AREA);
    INVOKE(pt, X86PageTableUnmap, NONE);
    TRY(do_load, AREA);
    INVOKE(pt, X86PageTableMap, CAPS(VSPACE), AREA, 0);
    TRY(do_load, AREA);
    INVOKE(page, X86PageMap, CAPS(VSPACE), AREA, READ | WRITE, 0);
    TRY(do_load, AREA);
    INVOKE(ROOT, CNodeDelete, NONE, page, 64);
    TRY(do_load, AREA);
}

static void exceptions(void)
{
    say("exceptions");
    TRY_EXCEPTION(do_ud2, 0);
    TRY_EXCEPTION(do_int3, 0);
    TRY_EXCEPTION(do_hlt, 0);
    TRY_EXCEPTION(do_cli, 0);
    TRY_EXCEPTION(do_in, 0);
    TRY_EXCEPTION(do_out, 0);
    TRY_EXCEPTION(do_divide, 0);
    TRY_EXCEPTION(do_load_ds, 0);
    TRY_EXCEPTION(do_rdmsr, 0);
    TRY_EXCEPTION(do_cr3, 0);
    TRY_EXCEPTION(do_lgdt, 0);
    TRY_EXCEPTION(do_invlpg, 0);
    TRY_EXCEPTION(do_wbinvd, 0);
}

static void unknown_system_calls(void)
{
    static const seL4_Word numbers[] = { 0,     1,         0xc1,
                                         -13ul, -14ul,     -31ul,
                                         -60ul, 1ul << 40, -1ul << 32 };

    say("unknown system calls");
    for (size_t i = 0; i < COUNT(numbers); i++) {
        if (numbers[i] == -13ul || numbers[i] == -14ul)
            continue; /* calls for debugging */
        say("number %x", numbers[i]);
        start(do_bad_syscall, numbers[i]);
        fault(SYSCALL_RESIDUE);
    }
}

static void cap_faults(void)
{
    seL4_CPtr ntfn = make(seL4_NotificationObject, 0);
    seL4_CPtr mute = copy(handler, WRITE), node = make(seL4_CapTableObject, 2);
    seL4_Word kinds[] = { 0, FREE, 8192, -1ul, 1ul << 13, SELF, mute, node };

    say("capability faults");
    for (size_t i = 0; i < COUNT(kinds); i++) {
        say("kind %u", i);
        say("Send");
        start(do_syscall_send, kinds[i]);
        fault(2);
        say("NBSend");
        start(do_syscall_nbsend, kinds[i]);
        fault(2);
        if (kinds[i] != SELF && kinds[i] != mute) {
            say("Call");
            start(do_syscall_call, kinds[i]);
            fault(2);
        }
        say("Recv");
        start(do_syscall_recv, kinds[i]);
        fault(2);
        say("NBRecv");
        start(do_syscall_nbrecv, kinds[i]);
        fault(2);
    }
    say("a notification that is bound to another");
    INVOKE(SELF, TCBBindNotification, CAPS(ntfn));
    start(do_syscall_recv, ntfn);
    fault(2);
    INVOKE(SELF, TCBUnbindNotification, NONE);
}

static void answers(void)
{
    static const seL4_Word labels[] = { 0, 1, 99 };

    say("answers to a page fault: it is tried again");
    for (size_t i = 0; i < COUNT(labels); i++) {
        say("label %u", labels[i]);
        start(do_load, NOWHERE);
        fault(0);
        answer(labels[i], 4);
        fault(0);
    }
    say("answers to an exception: registers by the length");
    for (seL4_Word length = 0; length < 5; length++) {
        say("length %u", length);
        start(do_ud2, 0);
        fault(1 << seL4_UserException_FLAGS);
        seL4_SetMR(seL4_UserException_FaultIP, (seL4_Word)do_nothing);
        seL4_SetMR(seL4_UserException_SP, (seL4_Word)t.stack_top - 64);
        seL4_SetMR(seL4_UserException_FLAGS, 0x8d5);
        seL4_SetMR(3, 1);
        seL4_SetMR(4, 1);
        answer(0, length);
        if (fault(1 << seL4_UserException_FLAGS) == 0) {
            seL4_UserContext r;

            seL4_TCB_ReadRegisters(t.tcb, 1, 0, 20, &r);
            say("r12 %x r13 %x", r.r12, r.r13);
        }
    }
    say("label 1: the thread stays stopped");
    start(do_ud2, 0);
    fault(1 << seL4_UserException_FLAGS);
    seL4_SetMR(0, (seL4_Word)do_nothing);
    answer(1, 1);
    fault(0);
    seL4_UserContext r;
    seL4_TCB_ReadRegisters(t.tcb, 0, 0, 20, &r);
    put("| ip");
    put_relative(r.rip);
    put("\n");
    INVOKE(t.tcb, TCBResume, NONE);
    settle();
    fault(1 << seL4_UserException_FLAGS);
    say("answers to an unknown system call");
    for (seL4_Word length = 0; length < 20; length += 6) {
        say("length %u", length);
        start(do_bad_syscall, 0);
        fault(SYSCALL_RESIDUE);
        for (int i = 0; i < 13; i++)
            seL4_SetMR(i, 0x700 + (seL4_Word)i);
        seL4_SetMR(seL4_UnknownSyscall_R14, t.tcb);
        seL4_SetMR(seL4_UnknownSyscall_R15, TCBSuspend << 12);
        seL4_SetMR(seL4_UnknownSyscall_FaultIP, (seL4_Word)do_ud2);
        seL4_SetMR(seL4_UnknownSyscall_SP, (seL4_Word)t.stack_top);
        seL4_SetMR(seL4_UnknownSyscall_FLAGS, 0x202);
        answer(0, length);
        fault(SYSCALL_RESIDUE | 1 << seL4_UserException_SP |
              1 << seL4_UserException_FLAGS);
        seL4_TCB_Suspend(t.tcb);
        seL4_TCB_ReadRegisters(t.tcb, 0, 0, 20, &r);
        say("rax %x rbx %x rsi %x rdi %x rbp %x r8 %x r9 %x r10 %x", r.rax,
            r.rbx, r.rsi, r.rdi, r.rbp, r.r8, r.r9, r.r10);
        say("r12 %x r13 %x r14 %x r15 %x", r.r12, r.r13, r.r14, r.r15);
    }
}

static void without_a_handler(void)
{
    seL4_CPtr weak = copy(handler, WRITE);
    seL4_CPtr mute = copy(handler, READ | GRANT);
    seL4_CPtr enough = mint(handler, WRITE | GRANT, 0x71);
    seL4_CPtr also = mint(handler, WRITE | GRANT_REPLY, 0x72);
    seL4_CPtr list[] = { weak, mute, enough, also, SELF, 8000, NO_SLOT };

    say("handlers that do, and that do not");
    for (size_t i = 0; i < COUNT(list); i++) {
        say("handler %u", i);
        SET_HANDLER(t.tcb, list[i]);
        start(do_load, NOWHERE);
        fault(0);
    }
    SET_HANDLER(t.tcb, badged);
    say("the thread stopped; resumed, it faults again");
    INVOKE(t.tcb, TCBResume, NONE);
    settle();
    fault(0);
    say("the handler's capability is gone when the answer comes");
    start(do_load, NOWHERE);
    fault(0);
    answer(0, 0);
    fault(0);
    say("suspended while its fault is waiting to be heard");
    start(do_load, NOWHERE + 64);
    seL4_TCB_Suspend(t.tcb);
    fault(0);
    INVOKE(t.tcb, TCBResume, NONE);
    settle();
    fault(0);
}

/* A thread that has no VSpace, or loses it. */
static void no_vspace(void)
{
    seL4_CPtr pml4 = make(seL4_X64_PML4Object, 0);

    say("an address space with nothing in it");
    INVOKE(seL4_CapInitThreadASIDPool, X86ASIDPoolAssign, CAPS(pml4));
    SET_VSPACE(t.tcb, pml4, badged);
    TRY(do_nothing, 0);
    say("the address space is deleted");
    INVOKE(ROOT, CNodeDelete, NONE, pml4, 64);
    answer(0, 0);
    fault(0);
    start(do_nothing, 0);
    fault(0);
    SET_HANDLER(t.tcb, badged);
    TRY(do_nothing, 0);
}

int main(void)
{
    own_priority(200);
    t = thread_new(100);
    handler = make(seL4_EndpointObject, 0);
    badged = mint(handler, ALL, 0xf00d);
    SET_HANDLER(t.tcb, badged);
    page_faults();
    high_addresses();
    mapped_pages();
    exceptions();
    unknown_system_calls();
    cap_faults();
    answers();
    without_a_handler();
    no_vspace();
    return 0;
}
