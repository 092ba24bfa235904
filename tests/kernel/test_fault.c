/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults, their messages, their handlers' answers (kernel/fault.c).
 */
#include "harness.h"

/* t runs, and has the agent behind `ep` as its fault handler. */
struct scene {
    struct machine m;
    word ep, handler;
    struct thread t;
};

static struct scene scene_new(void)
{
    struct scene s = { .m = machine_new() };
    struct machine *m = &s.m;

    s.ep = object_new(m, OBJECT_ENDPOINT, 0);
    s.handler = slot_new(m);
    CHECK_EQ(cap_mint(m, s.handler, s.ep, RIGHT_WRITE | RIGHT_GRANT_REPLY,
                      0xbad),
             SEL4_NO_ERROR);
    s.t = thread_new(m, 50);
    CHECK_EQ(INVOKE(m, s.t.cap, METHOD_TCB_SET_SPACE, WORDS(s.handler, 0, 0),
                    CAPS(ROOT, SEL4_CAP_INIT_THREAD_VSPACE)),
             SEL4_NO_ERROR);
    CHECK_EQ(thread_resume(m, s.t), SEL4_NO_ERROR);
    CHECK_EQ(m->k->h.current, s.t.tcb);
    return s;
}

static void raise(struct scene *s, const struct kernel_cause *cause)
{
    word *r = kernel_registers(s->m.k, s->t.tcb);

    r[REG_RIP] = 0x401000;
    *kernel_fault_ip(s->m.k, s->t.tcb) = 0x401000;
    kernel_enter(s->m.k, &test_host, s->t.tcb, cause);
}

/* The agent receives the fault message; checks badge, label and length. */
static void receive_fault(struct scene *s, word label, word length)
{
    trap(&s->m, s->m.caller, SYS_RECV, s->ep, NULL);
    CHECK_EQ(got_badge(&s->m, s->m.caller), 0xbad);
    CHECK_EQ(got_label(&s->m, s->m.caller), label);
    CHECK_EQ(got_length(&s->m, s->m.caller), length);
}

static word told(struct scene *s, word i)
{
    return got_word(&s->m, s->m.caller, i);
}

static void a_vm_fault_tells_address_and_code_and_restarts(void)
{
    struct scene s = scene_new();

    raise(&s, &(struct kernel_cause){
                  .kind = CAUSE_VM_FAULT, .address = 0xdead000, .code = 6 });
    CHECK_EQ(state_of(&s.m, s.t), STATE_BLOCKED_ON_SEND);
    receive_fault(&s, 5, 4);
    CHECK_EQ(told(&s, 0), 0x401000);
    CHECK_EQ(told(&s, 1), 0xdead000);
    CHECK_EQ(told(&s, 2), 0);
    CHECK_EQ(told(&s, 3), 6);
    CHECK_EQ(state_of(&s.m, s.t), STATE_BLOCKED_ON_REPLY);
    /* Whatever the label of the answer. */
    trap(&s.m, s.m.caller, SYS_REPLY, 0, MESSAGE(77));
    CHECK_EQ(s.m.k->h.current, s.t.tcb);
    CHECK_EQ(kernel_registers(s.m.k, s.t.tcb)[REG_RIP], 0x401000);
    machine_free(&s.m);
}

/* As on a processor whose no-execute is switched off. */
static void a_fetch_fault_looks_like_one_of_a_load(void)
{
    struct scene s = scene_new();

    raise(&s, &(struct kernel_cause){
                  .kind = CAUSE_VM_FAULT, .address = 0x401000, .code = 0x14 });
    receive_fault(&s, 5, 4);
    CHECK_EQ(told(&s, 2), 0);
    CHECK_EQ(told(&s, 3), 4);
    machine_free(&s.m);
}

static void an_exception_may_be_answered_with_registers(void)
{
    struct scene s = scene_new();
    word *r = kernel_registers(s.m.k, s.t.tcb);

    r[REG_RSP] = 0x7000;
    r[REG_RFLAGS] = 0x10246;
    raise(&s, &(struct kernel_cause){
                  .kind = CAUSE_EXCEPTION, .number = 13, .code = 0x18 });
    receive_fault(&s, 3, 5);
    CHECK_EQ(told(&s, 0), 0x401000);
    CHECK_EQ(told(&s, 1), 0x7000);
    CHECK_EQ(told(&s, 2), 0x10246);
    CHECK_EQ(told(&s, 3), 13);
    CHECK_EQ(told(&s, 4), 0x18);
    trap(&s.m, s.m.caller, SYS_REPLY, 0,
         MESSAGE(0, 0x402000, 0x8000, ~0ul, 1, 2));
    CHECK_EQ(s.m.k->h.current, s.t.tcb);
    CHECK_EQ(r[REG_RIP], 0x402000);
    CHECK_EQ(*kernel_fault_ip(s.m.k, s.t.tcb), 0x402000);
    CHECK_EQ(r[REG_RSP], 0x8000);
    CHECK_EQ(r[REG_RFLAGS], 0xed7);
    CHECK(s.m.k->h.thread[kernel_thread_of(s.m.k, s.t.tcb)].flags &
          THREAD_DIRTY);
    machine_free(&s.m);
}

static void an_answer_with_a_label_leaves_the_thread_stopped(void)
{
    struct scene s = scene_new();

    raise(&s, &(struct kernel_cause){ .kind = CAUSE_EXCEPTION, .number = 6 });
    receive_fault(&s, 3, 5);
    trap(&s.m, s.m.caller, SYS_REPLY, 0, MESSAGE(1, 0x402000));
    CHECK_EQ(state_of(&s.m, s.t), STATE_INACTIVE);
    CHECK_EQ(*kernel_fault_ip(s.m.k, s.t.tcb), 0x402000);
    machine_free(&s.m);
}

static void an_unknown_system_call_tells_all_registers(void)
{
    static const int order[] = { REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI,
                                 REG_RDI, REG_RBP, REG_R8,  REG_R9,  REG_R10,
                                 REG_R11, REG_R12, REG_R13, REG_R14, REG_R15 };
    struct scene s = scene_new();
    struct message answer = { .label = 0, .count = 20 };
    word *r = kernel_registers(s.m.k, s.t.tcb);

    for (int i = REG_RSP; i < REG_COUNT; i++)
        r[i] = 0x100 + i;
    r[REG_SYSTEM_CALL] = 0xc1;
    r[REG_RIP] = TRAP_IP + 2;
    *kernel_fault_ip(s.m.k, s.t.tcb) = TRAP_IP;
    enter(&s.m, s.t.tcb, CAUSE_SYSCALL);
    receive_fault(&s, 2, 19);
    for (int i = 0; i < 15; i++)
        CHECK_EQ(told(&s, i), order[i] == REG_RDX ? 0xc1 : 0x100 + order[i]);
    CHECK_EQ(told(&s, 15), TRAP_IP);
    CHECK_EQ(told(&s, 16), 0x100 + REG_RSP);
    CHECK_EQ(told(&s, 17), 0x100 + REG_RFLAGS);
    CHECK_EQ(told(&s, 18), 0xc1);

    for (word i = 0; i < 20; i++)
        answer.words[i] = 0x200 + i;
    answer.words[15] = 0x8000000000000000; /* not canonical */
    trap(&s.m, s.m.caller, SYS_REPLY, 0, &answer);
    for (int i = 0; i < 15; i++)
        CHECK_EQ(r[order[i]], 0x200 + i);
    CHECK_EQ(r[REG_RIP], 0);
    CHECK_EQ(r[REG_RSP], 0x210);
    CHECK_EQ(r[REG_RFLAGS], 0x202 | (0x211 & 0xcd5));
    CHECK_EQ(r[REG_FS_BASE], 0x100 + REG_FS_BASE);
    machine_free(&s.m);
}

static void a_short_answer_changes_few_registers(void)
{
    struct scene s = scene_new();
    word *r = kernel_registers(s.m.k, s.t.tcb);

    r[REG_RBX] = 5;
    r[REG_SYSTEM_CALL] = 99;
    *kernel_fault_ip(s.m.k, s.t.tcb) = TRAP_IP;
    enter(&s.m, s.t.tcb, CAUSE_SYSCALL);
    receive_fault(&s, 2, 19);
    trap(&s.m, s.m.caller, SYS_REPLY, 0, MESSAGE(0, 1));
    CHECK_EQ(r[REG_RAX], 1);
    CHECK_EQ(r[REG_RBX], 5);
    CHECK_EQ(r[REG_RIP], TRAP_IP); /* it faults again */
    machine_free(&s.m);
}

/* A CSpace that misses the guard, for pointers that do not resolve. */
static word bad_pointer(void)
{
    return 1ul << 60 | 7;
}

static void a_capability_fault_of_the_send_phase(void)
{
    struct scene s = scene_new();

    trap(&s.m, s.t.tcb, SYS_SEND, bad_pointer(), MESSAGE(0));
    receive_fault(&s, 1, 7);
    CHECK_EQ(told(&s, 0), TRAP_IP);
    CHECK_EQ(told(&s, 1), bad_pointer());
    CHECK_EQ(told(&s, 2), 0);
    CHECK_EQ(told(&s, 3), SEL4_LOOKUP_GUARD_MISMATCH);
    CHECK_EQ(told(&s, 4), 64);
    CHECK_EQ(told(&s, 5), 0);
    CHECK_EQ(told(&s, 6), 52);
    trap(&s.m, s.m.caller, SYS_REPLY, 0, MESSAGE(0));
    CHECK_EQ(kernel_registers(s.m.k, s.t.tcb)[REG_RIP], TRAP_IP);
    machine_free(&s.m);
}

static void a_nonblocking_send_swallows_a_bad_pointer(void)
{
    struct scene s = scene_new();

    trap(&s.m, s.t.tcb, SYS_NB_SEND, bad_pointer(), MESSAGE(0));
    CHECK_EQ(state_of(&s.m, s.t), STATE_RUNNING);
    trap(&s.m, s.t.tcb, SYS_NB_SEND, s.ep,
         &(struct message){ .label = 0, CAPS(bad_pointer()) });
    CHECK_EQ(state_of(&s.m, s.t), STATE_RUNNING);
    machine_free(&s.m);
}

static void a_bad_pointer_among_the_capabilities_faults_the_sender(void)
{
    struct scene s = scene_new();

    trap(&s.m, s.t.tcb, SYS_CALL, ROOT,
         &(struct message){ .label = 0, CAPS(ROOT, bad_pointer()) });
    receive_fault(&s, 1, 7);
    CHECK_EQ(told(&s, 1), bad_pointer());
    CHECK_EQ(told(&s, 2), 0);
    machine_free(&s.m);
}

static void receiving_from_what_does_not_do_faults(void)
{
    struct scene s = scene_new();
    word empty = slot_new(&s.m);
    word wrong[] = { empty, SEL4_CAP_INIT_THREAD_TCB, s.handler };

    for (int i = 0; i < 3; i++) {
        trap(&s.m, s.t.tcb, i == 1 ? SYS_NB_RECV : SYS_RECV, wrong[i], NULL);
        receive_fault(&s, 1, 5);
        CHECK_EQ(told(&s, 1), wrong[i]);
        CHECK_EQ(told(&s, 2), 1);
        CHECK_EQ(told(&s, 3), SEL4_LOOKUP_MISSING_CAPABILITY);
        CHECK_EQ(told(&s, 4), 0);
        trap(&s.m, s.m.caller, SYS_REPLY, 0, MESSAGE(0));
        CHECK_EQ(s.m.k->h.current, s.t.tcb);
    }
    trap(&s.m, s.t.tcb, SYS_RECV, bad_pointer(), NULL);
    receive_fault(&s, 1, 7);
    CHECK_EQ(told(&s, 2), 1);
    machine_free(&s.m);
}

static void without_a_usable_handler_the_thread_stops(void)
{
    struct machine m = machine_new();
    struct thread t = thread_running(&m, 10);
    struct kernel_cause cause = { .kind = CAUSE_VM_FAULT, .address = 0x1000 };
    word before = m.k->h.console_written;

    *kernel_fault_ip(m.k, t.tcb) = 0x5000;
    kernel_registers(m.k, t.tcb)[REG_RIP] = 0x5000;
    kernel_enter(m.k, &test_host, t.tcb, &cause);
    CHECK_EQ(state_of(&m, t), STATE_INACTIVE);
    CHECK_EQ(m.k->h.error.reason, REASON_BAD_HANDLER);
    CHECK(m.k->h.console_written > before);
    CHECK(m.k->h.events & EVENT_CONSOLE);
    CHECK_EQ(thread_resume(&m, t), SEL4_NO_ERROR);
    CHECK_EQ(kernel_registers(m.k, t.tcb)[REG_RIP], 0x5000);
    machine_free(&m);
}

static void a_handler_needs_write_and_a_grant_right(void)
{
    static const word rights[] = { RIGHT_WRITE, RIGHT_GRANT | RIGHT_GRANT_REPLY,
                                   RIGHT_READ | RIGHT_GRANT,
                                   RIGHT_WRITE | RIGHT_GRANT };

    for (int i = 0; i < 4; i++) {
        struct scene s = scene_new();

        CHECK_EQ(cap_delete(&s.m, s.handler), SEL4_NO_ERROR);
        CHECK_EQ(cap_mint(&s.m, s.handler, s.ep, rights[i], 0xbad),
                 SEL4_NO_ERROR);
        raise(&s, &(struct kernel_cause){ .kind = CAUSE_EXCEPTION });
        CHECK_EQ(state_of(&s.m, s.t),
                 i == 3 ? STATE_BLOCKED_ON_SEND : STATE_INACTIVE);
        machine_free(&s.m);
    }
}

static void without_a_buffer_the_message_ends_after_four_words(void)
{
    struct scene s = scene_new();

    CHECK_EQ(INVOKE(&s.m, SEL4_CAP_INIT_THREAD_TCB, METHOD_TCB_SET_IPC_BUFFER,
                    WORDS(0), CAPS(SEL4_CAP_INIT_THREAD_IPC_BUFFER)),
             SEL4_NO_ERROR);
    raise(&s, &(struct kernel_cause){ .kind = CAUSE_EXCEPTION, .number = 3 });
    receive_fault(&s, 3, 4);
    CHECK_EQ(told(&s, 3), 3);
    machine_free(&s.m);
}

/* An accident of the classic kernel that programs may meet. */
static void a_thread_suspended_with_its_fault_queued_keeps_the_fault(void)
{
    struct scene s = scene_new();

    raise(&s, &(struct kernel_cause){ .kind = CAUSE_EXCEPTION, .number = 3 });
    CHECK_EQ(thread_stop(&s.m, s.t), SEL4_NO_ERROR);
    CHECK_EQ(thread_resume(&s.m, s.t), SEL4_NO_ERROR);
    trap(&s.m, s.t.tcb, SYS_CALL, s.ep, MESSAGE(9, 1));
    trap(&s.m, s.m.caller, SYS_RECV, s.ep, NULL);
    CHECK_EQ(got_label(&s.m, s.m.caller), 3);
    CHECK_EQ(got_length(&s.m, s.m.caller), 5);
    trap(&s.m, s.m.caller, SYS_REPLY, 0, MESSAGE(0));
    CHECK_EQ(kernel_registers(s.m.k, s.t.tcb)[REG_RIP], TRAP_IP);
    machine_free(&s.m);
}

/* A thread whose VSpace has gone runs on in an empty one. */
static void a_thread_without_a_vspace_faults_at_its_instruction(void)
{
    struct scene s = scene_new();
    uint32_t index = kernel_thread_of(s.m.k, s.t.tcb);

    CHECK_EQ(thread_stop(&s.m, s.t), SEL4_NO_ERROR);
    take_kick(&s.m);
    *kernel_fault_ip(s.m.k, s.t.tcb) = 0x403000;
    CHECK_EQ(cap_revoke(&s.m, SEL4_CAP_INIT_THREAD_VSPACE), SEL4_NO_ERROR);
    CHECK_EQ(s.m.k->h.thread[index].tcb, 0);
    CHECK_EQ(thread_resume(&s.m, s.t), SEL4_NO_ERROR);
    CHECK_EQ(s.m.k->h.current, 0);
    receive_fault(&s, 5, 4);
    CHECK_EQ(told(&s, 0), 0x403000);
    CHECK_EQ(told(&s, 1), 0x403000);
    CHECK_EQ(told(&s, 2), 0);
    CHECK_EQ(told(&s, 3), 4);
    machine_free(&s.m);
}

TESTS(TEST(a_vm_fault_tells_address_and_code_and_restarts),
      TEST(a_fetch_fault_looks_like_one_of_a_load),
      TEST(an_exception_may_be_answered_with_registers),
      TEST(an_answer_with_a_label_leaves_the_thread_stopped),
      TEST(an_unknown_system_call_tells_all_registers),
      TEST(a_short_answer_changes_few_registers),
      TEST(a_capability_fault_of_the_send_phase),
      TEST(a_nonblocking_send_swallows_a_bad_pointer),
      TEST(a_bad_pointer_among_the_capabilities_faults_the_sender),
      TEST(receiving_from_what_does_not_do_faults),
      TEST(without_a_usable_handler_the_thread_stops),
      TEST(a_handler_needs_write_and_a_grant_right),
      TEST(without_a_buffer_the_message_ends_after_four_words),
      TEST(a_thread_suspended_with_its_fault_queued_keeps_the_fault),
      TEST(a_thread_without_a_vspace_faults_at_its_instruction))
