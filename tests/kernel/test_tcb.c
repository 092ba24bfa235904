/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invocations of TCBs: settings, and registers (kernel/tcb.c,
 * kernel/registers.c, kernel/thread.c).
 */
#include "harness.h"

#define VSPACE SEL4_CAP_INIT_THREAD_VSPACE
#define AUTHORITY SEL4_CAP_INIT_THREAD_TCB

/* ---- Configure, SetSpace, SetIPCBuffer ---- */

static void configure_checks_in_order(void)
{
    struct machine m = machine_new();
    struct thread t = thread_new(&m, 10);
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    word cnode = object_new(&m, OBJECT_CNODE, 4);
    word pml4 = object_new(&m, OBJECT_PML4, 0);
    word device = slot_new(&m);

    CHECK_EQ(retype(&m, m.k->h.boot.untyped_start, OBJECT_PAGE, 0, device),
             SEL4_NO_ERROR);
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_CONFIGURE, WORDS(0, 0, 0),
                    CAPS(ep, ep, ep)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_CONFIGURE, WORDS(0, 0, 0, 1),
                    CAPS(ep, ep)),
             SEL4_TRUNCATED_MESSAGE);
    /* The buffer first: no frame, device memory, alignment. */
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_CONFIGURE, WORDS(0, 0, 0, 1),
                    CAPS(ep, ep, ep)),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_CONFIGURE, WORDS(0, 0, 0, 0x1000),
                    CAPS(ep, ep, device)),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_CONFIGURE, WORDS(0, 0, 0, 0x1200),
                    CAPS(ep, ep, t.frame)),
             SEL4_ALIGNMENT_ERROR);
    /* Then the CSpace, then the VSpace. */
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_CONFIGURE, WORDS(0, 0, 0, 0x1400),
                    CAPS(ep, ep, t.frame)),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(m.k->h.error.reason, REASON_CSPACE_NOT_CNODE);
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_CONFIGURE, WORDS(0, 61, 0, 0x1400),
                    CAPS(cnode, ep, t.frame)),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(m.k->h.error.reason, REASON_CSPACE_NOT_CNODE);
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_CONFIGURE, WORDS(0, 0, 0, 0x1400),
                    CAPS(cnode, ep, t.frame)),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(m.k->h.error.reason, REASON_VSPACE_INVALID);
    /* A VSpace without an ASID cannot be copied, so it cannot be given. */
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_CONFIGURE, WORDS(0, 0, 0, 0x1400),
                    CAPS(cnode, pml4, t.frame)),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(tcb_of(&m, t.tcb)->ipc_buffer, 0x1000000);
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_CONFIGURE, WORDS(0x77, 60, 0, 0x1400),
                    CAPS(cnode, VSPACE, t.frame)),
             SEL4_NO_ERROR);
    CHECK_EQ(tcb_of(&m, t.tcb)->fault_handler, 0x77);
    CHECK_EQ(tcb_of(&m, t.tcb)->slot[TCB_CTABLE].cap.cnode.guard_size, 60);
    CHECK_EQ(tcb_of(&m, t.tcb)->ipc_buffer, 0x1400);
    machine_free(&m);
}

static void a_buffer_at_0_removes_it(void)
{
    struct machine m = machine_new();
    struct thread t = thread_new(&m, 10);

    CHECK(buffer_of(&m, t.tcb) != NULL);
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_SET_IPC_BUFFER, WORDS(0), CAPS(ROOT)),
             SEL4_NO_ERROR);
    CHECK(buffer_of(&m, t.tcb) == NULL);
    machine_free(&m);
}

static void a_buffer_without_write_right_is_for_sending_only(void)
{
    struct machine m = machine_new();
    struct thread t = thread_new(&m, 10);
    word frame = slot_new(&m);
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);

    CHECK_EQ(cap_copy(&m, frame, t.frame, RIGHT_READ), SEL4_NO_ERROR);
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_SET_IPC_BUFFER, WORDS(0x400),
                    CAPS(frame)),
             SEL4_NO_ERROR);
    CHECK_EQ(thread_resume(&m, t), SEL4_NO_ERROR);
    trap(&m, t.tcb, SYS_RECV, ep, NULL);
    trap(&m, m.caller, SYS_NB_SEND, ep, MESSAGE(1, 1, 2, 3, 4, 5, 6));
    CHECK_EQ(got_length(&m, t.tcb), 4);
    trap(&m, t.tcb, SYS_SEND, ep, MESSAGE(1, 1, 2, 3, 4, 5, 6));
    trap(&m, m.caller, SYS_RECV, ep, NULL);
    CHECK_EQ(got_length(&m, m.caller), 6);
    CHECK_EQ(got_word(&m, m.caller, 5), 6);
    machine_free(&m);
}

static void the_same_vspace_again_keeps_the_linux_thread(void)
{
    struct machine m = machine_new();
    struct thread t = thread_running(&m, 10);
    uint32_t index = kernel_thread_of(m.k, t.tcb);

    CHECK(index != 0);
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_SET_SPACE, WORDS(0, 0, 0),
                    CAPS(ROOT, VSPACE)),
             SEL4_NO_ERROR);
    CHECK_EQ(kernel_thread_of(m.k, t.tcb), index);
    CHECK_EQ(m.k->h.thread[index].flags, THREAD_NEW);
    machine_free(&m);
}

static void another_vspace_needs_another_linux_thread(void)
{
    struct machine m = machine_new();
    struct thread t = thread_running(&m, 10);
    uint32_t index = kernel_thread_of(m.k, t.tcb);
    word pml4 = object_new(&m, OBJECT_PML4, 0);

    CHECK_EQ(thread_stop(&m, t), SEL4_NO_ERROR);
    take_kick(&m);
    CHECK_EQ(INVOKE(&m, SEL4_CAP_INIT_THREAD_ASID_POOL,
                    METHOD_X86_ASID_POOL_ASSIGN, CAPS(pml4)),
             SEL4_NO_ERROR);
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_SET_SPACE, WORDS(0, 0, 0),
                    CAPS(ROOT, pml4)),
             SEL4_NO_ERROR);
    CHECK_EQ(kernel_thread_of(m.k, t.tcb), 0);
    CHECK(m.k->h.thread[index].flags & THREAD_RETIRED);
    CHECK_EQ(thread_resume(&m, t), SEL4_NO_ERROR);
    CHECK(kernel_thread_of(m.k, t.tcb) != index);
    CHECK_EQ(kernel_vspace_of(m.k, t.tcb), object_of(&m, pml4));
    machine_free(&m);
}

/* ---- priorities ---- */

static void priorities_are_limited_by_the_authority(void)
{
    struct machine m = machine_new();
    struct thread t = thread_new(&m, 10);
    struct thread judge = thread_new(&m, 10);

    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_SET_PRIORITY, WORDS(3)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_SET_PRIORITY, WORDS(3), CAPS(ROOT)),
             SEL4_INVALID_CAPABILITY);
    CHECK_EQ(got_word(&m, m.caller, 0), 1);
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_SET_PRIORITY, WORDS(256),
                    CAPS(AUTHORITY)),
             SEL4_RANGE_ERROR);
    CHECK_EQ(got_word(&m, m.caller, 1), 255);
    CHECK_EQ(INVOKE(&m, judge.cap, METHOD_TCB_SET_MC_PRIORITY, WORDS(40),
                    CAPS(AUTHORITY)),
             SEL4_NO_ERROR);
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_SET_PRIORITY, WORDS(41),
                    CAPS(judge.cap)),
             SEL4_RANGE_ERROR);
    CHECK_EQ(got_word(&m, m.caller, 0), 0);
    CHECK_EQ(got_word(&m, m.caller, 1), 40);
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_SET_MC_PRIORITY, WORDS(41),
                    CAPS(judge.cap)),
             SEL4_RANGE_ERROR);
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_SET_SCHED_PARAMS, WORDS(41, 1),
                    CAPS(judge.cap)),
             SEL4_RANGE_ERROR);
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_SET_SCHED_PARAMS, WORDS(40, 41),
                    CAPS(judge.cap)),
             SEL4_RANGE_ERROR);
    CHECK_EQ(tcb_of(&m, t.tcb)->mcp, 0);
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_SET_SCHED_PARAMS, WORDS(30, 40),
                    CAPS(judge.cap)),
             SEL4_NO_ERROR);
    CHECK_EQ(tcb_of(&m, t.tcb)->mcp, 30);
    CHECK_EQ(tcb_of(&m, t.tcb)->priority, 40);
    machine_free(&m);
}

/* ---- registers ---- */

static void written_registers_are_sanitised(void)
{
    struct machine m = machine_new();
    struct thread t = thread_new(&m, 10);
    struct message message = { .count = 22 };
    word *r = kernel_registers(m.k, t.tcb);

    message.words[1] = 20;
    for (word i = 0; i < 20; i++)
        message.words[2 + i] = 0x1000 + i;
    message.words[2 + REG_RFLAGS] = ~0ul;
    message.words[2 + REG_RSP] = 1ul << 63;
    message.words[2 + REG_FS_BASE] = 1ul << 60;
    CHECK_EQ(invoke(&m, t.cap, METHOD_TCB_WRITE_REGISTERS, &message),
             SEL4_NO_ERROR);
    CHECK_EQ(r[REG_RIP], 0x1000);
    CHECK_EQ(*kernel_fault_ip(m.k, t.tcb), 0x1000);
    CHECK_EQ(r[REG_RSP], 1ul << 63);
    CHECK_EQ(r[REG_RFLAGS], 0xed7);
    CHECK_EQ(r[REG_R15], 0x1000 + REG_R15);
    CHECK_EQ(r[REG_FS_BASE], 0);
    CHECK_EQ(r[REG_GS_BASE], 0x1000 + REG_GS_BASE);
    CHECK_EQ(state_of(&m, t), STATE_INACTIVE);
    machine_free(&m);
}

static void few_registers_may_be_written_and_the_thread_resumed(void)
{
    struct machine m = machine_new();
    struct thread t = thread_new(&m, 10);

    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_WRITE_REGISTERS,
                    WORDS(1, 2, 0x5000, 0x6000, 99)),
             SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.current, t.tcb);
    CHECK_EQ(kernel_registers(m.k, t.tcb)[REG_RIP], 0x5000);
    CHECK_EQ(kernel_registers(m.k, t.tcb)[REG_RSP], 0x6000);
    CHECK_EQ(kernel_registers(m.k, t.tcb)[REG_RFLAGS], 0x202);
    machine_free(&m);
}

static void register_calls_are_checked_in_order(void)
{
    struct machine m = machine_new();
    struct thread t = thread_new(&m, 10);
    word self = SEL4_CAP_INIT_THREAD_TCB;

    CHECK_EQ(INVOKE(&m, self, METHOD_TCB_READ_REGISTERS, WORDS(0)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(INVOKE(&m, self, METHOD_TCB_READ_REGISTERS, WORDS(0, 0)),
             SEL4_RANGE_ERROR);
    CHECK_EQ(got_word(&m, m.caller, 0), 1);
    CHECK_EQ(got_word(&m, m.caller, 1), 20);
    CHECK_EQ(INVOKE(&m, self, METHOD_TCB_READ_REGISTERS, WORDS(0, 21)),
             SEL4_RANGE_ERROR);
    CHECK_EQ(INVOKE(&m, self, METHOD_TCB_READ_REGISTERS, WORDS(0, 20)),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(INVOKE(&m, self, METHOD_TCB_WRITE_REGISTERS, WORDS(0)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(INVOKE(&m, self, METHOD_TCB_WRITE_REGISTERS, WORDS(0, 2, 1)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(INVOKE(&m, self, METHOD_TCB_WRITE_REGISTERS, WORDS(0, 1, 1)),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_COPY_REGISTERS, WORDS(0)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_COPY_REGISTERS, WORDS(0), CAPS(ROOT)),
             SEL4_INVALID_CAPABILITY);
    CHECK_EQ(got_word(&m, m.caller, 0), 1);
    machine_free(&m);
}

static void registers_are_read_and_the_thread_suspended(void)
{
    struct machine m = machine_new();
    struct thread t = thread_running(&m, 10);

    for (word i = 0; i < REG_COUNT; i++)
        kernel_registers(m.k, t.tcb)[i] = 0x500 + i;
    enter(&m, t.tcb, CAUSE_INTERRUPT);
    *kernel_fault_ip(m.k, t.tcb) = 0x499;
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_READ_REGISTERS, WORDS(0, 20)),
             SEL4_NO_ERROR);
    CHECK_EQ(got_length(&m, m.caller), 20);
    CHECK_EQ(got_word(&m, m.caller, 0), 0x499);
    for (word i = 1; i < REG_COUNT; i++)
        CHECK_EQ(got_word(&m, m.caller, i), 0x500 + i);
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_READ_REGISTERS, WORDS(1, 2)),
             SEL4_NO_ERROR);
    CHECK_EQ(got_length(&m, m.caller), 2);
    CHECK_EQ(state_of(&m, t), STATE_INACTIVE);
    CHECK_EQ(got_word(&m, m.caller, 0), 0x500);
    machine_free(&m);
}

static void registers_are_copied_in_two_groups(void)
{
    enum {
        SUSPEND_SOURCE = 1,
        RESUME_TARGET = 2,
        FRAME = 4,
        INTEGER = 8
    };
    struct machine m = machine_new();
    struct thread from = thread_running(&m, 10);
    struct thread to = thread_new(&m, 5);
    word *r = kernel_registers(m.k, from.tcb);

    for (word i = 0; i < REG_COUNT; i++)
        r[i] = 0x700 + i;
    *kernel_fault_ip(m.k, from.tcb) = 0x699;
    CHECK_EQ(INVOKE(&m, to.cap, METHOD_TCB_COPY_REGISTERS, WORDS(INTEGER),
                    CAPS(from.cap)),
             SEL4_NO_ERROR);
    CHECK_EQ(kernel_registers(m.k, to.tcb)[REG_RBX], 0);
    CHECK_EQ(kernel_registers(m.k, to.tcb)[REG_GS_BASE], 0x713);
    CHECK_EQ(INVOKE(&m, to.cap, METHOD_TCB_COPY_REGISTERS,
                    WORDS(FRAME | SUSPEND_SOURCE | RESUME_TARGET),
                    CAPS(from.cap)),
             SEL4_NO_ERROR);
    CHECK_EQ(state_of(&m, from), STATE_INACTIVE);
    CHECK_EQ(kernel_registers(m.k, to.tcb)[REG_RBX], 0x704);
    CHECK_EQ(kernel_registers(m.k, to.tcb)[REG_RIP], 0x700);
    CHECK_EQ(state_of(&m, to), STATE_RESTART);
    machine_free(&m);
}

/* ---- flags, TLS base, suspend, resume ---- */

static void flags_are_set_cleared_and_told(void)
{
    struct machine m = machine_new();
    struct thread t = thread_new(&m, 10);

    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_SET_FLAGS, WORDS(0)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_SET_FLAGS, WORDS(0, ~0ul)),
             SEL4_NO_ERROR);
    CHECK_EQ(got_length(&m, m.caller), 1);
    CHECK_EQ(got_word(&m, m.caller, 0), SEL4_TCB_FLAG_FPU_DISABLED);
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_SET_FLAGS, WORDS(1, 0)),
             SEL4_NO_ERROR);
    CHECK_EQ(got_word(&m, m.caller, 0), 0);
    machine_free(&m);
}

static void the_tls_base_is_set_as_it_is(void)
{
    struct machine m = machine_new();
    struct thread t = thread_running(&m, 10);

    CHECK_EQ(INVOKE_PLAIN(&m, t.cap, METHOD_TCB_SET_TLS_BASE),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_SET_TLS_BASE, WORDS(0x1230)),
             SEL4_NO_ERROR);
    CHECK_EQ(kernel_registers(m.k, t.tcb)[REG_FS_BASE], 0x1230);
    CHECK(m.k->h.thread[kernel_thread_of(m.k, t.tcb)].flags & THREAD_DIRTY);
    trap(&m, t.tcb, SYS_SET_TLS_BASE, 0x4560, NULL);
    CHECK_EQ(kernel_registers(m.k, t.tcb)[REG_FS_BASE], 0x4560);
    machine_free(&m);
}

static void suspending_oneself_takes_effect_at_once(void)
{
    struct machine m = machine_new();
    struct thread t = thread_running(&m, 10);

    m.caller = t.tcb;
    INVOKE_PLAIN(&m, t.cap, METHOD_TCB_RESUME);
    CHECK_EQ(state_of(&m, t), STATE_RUNNING);
    INVOKE_PLAIN(&m, t.cap, METHOD_TCB_SUSPEND);
    CHECK_EQ(state_of(&m, t), STATE_INACTIVE);
    CHECK_EQ(m.k->h.current, 0);
    machine_free(&m);
}

static void a_new_thread_is_named_after_its_maker(void)
{
    struct machine m = machine_new();
    struct thread t = thread_new(&m, 10);

    CHECK_EQ(strcmp(kernel_name(m.k, t.tcb), "child of: 'rootserver'"), 0);
    machine_free(&m);
}

TESTS(TEST(configure_checks_in_order), TEST(a_buffer_at_0_removes_it),
      TEST(a_buffer_without_write_right_is_for_sending_only),
      TEST(the_same_vspace_again_keeps_the_linux_thread),
      TEST(another_vspace_needs_another_linux_thread),
      TEST(priorities_are_limited_by_the_authority),
      TEST(written_registers_are_sanitised),
      TEST(few_registers_may_be_written_and_the_thread_resumed),
      TEST(register_calls_are_checked_in_order),
      TEST(registers_are_read_and_the_thread_suspended),
      TEST(registers_are_copied_in_two_groups),
      TEST(flags_are_set_cleared_and_told), TEST(the_tls_base_is_set_as_it_is),
      TEST(suspending_oneself_takes_effect_at_once),
      TEST(a_new_thread_is_named_after_its_maker))
