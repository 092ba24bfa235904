/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Notifications: signals, waiting, binding (kernel/notification.c).
 */
#include "harness.h"

struct scene {
    struct machine m;
    word ntfn, ep;
    struct thread t; /* priority 50, current */
};

static struct scene scene_new(void)
{
    struct scene s = { .m = machine_new() };

    s.ntfn = object_new(&s.m, OBJECT_NOTIFICATION, 0);
    s.ep = object_new(&s.m, OBJECT_ENDPOINT, 0);
    s.t = thread_running(&s.m, 50);
    CHECK_EQ(s.m.k->h.current, s.t.tcb);
    return s;
}

static struct notification *object(struct scene *s)
{
    return kernel_memory(s->m.k, object_of(&s->m, s->ntfn));
}

/* The agent signals with a badge. */
static void signal_with(struct scene *s, word badge)
{
    word cap = slot_new(&s->m);

    CHECK_EQ(cap_mint(&s->m, cap, s->ntfn, RIGHT_WRITE, badge), SEL4_NO_ERROR);
    trap(&s->m, s->m.caller, SYS_SEND, cap, MESSAGE(0));
}

static word bind(struct scene *s, struct thread t, word cap)
{
    return INVOKE(&s->m, t.cap, METHOD_TCB_BIND_NOTIFICATION, CAPS(cap));
}

static void signals_add_up_until_somebody_waits(void)
{
    struct scene s = scene_new();

    signal_with(&s, 1);
    signal_with(&s, 6);
    CHECK_EQ(object(&s)->state, NOTIFICATION_ACTIVE);
    trap(&s.m, s.t.tcb, SYS_RECV, s.ntfn, NULL);
    CHECK_EQ(got_badge(&s.m, s.t.tcb), 7);
    CHECK_EQ(object(&s)->state, NOTIFICATION_IDLE);
    trap(&s.m, s.t.tcb, SYS_RECV, s.ntfn, NULL);
    CHECK_EQ(state_of(&s.m, s.t), STATE_BLOCKED_ON_NOTIFICATION);
    signal_with(&s, 8);
    CHECK_EQ(s.m.k->h.current, s.t.tcb);
    CHECK_EQ(got_badge(&s.m, s.t.tcb), 8);
    CHECK_EQ(object(&s)->state, NOTIFICATION_IDLE);
    machine_free(&s.m);
}

static void a_signal_of_badge_0_counts(void)
{
    struct scene s = scene_new();

    trap(&s.m, s.t.tcb, SYS_SEND, s.ntfn, MESSAGE(0));
    CHECK_EQ(object(&s)->state, NOTIFICATION_ACTIVE);
    kernel_registers(s.m.k, s.t.tcb)[REG_CAP] = 5;
    trap(&s.m, s.t.tcb, SYS_NB_RECV, s.ntfn, NULL);
    CHECK_EQ(got_badge(&s.m, s.t.tcb), 0);
    CHECK_EQ(object(&s)->state, NOTIFICATION_IDLE);
    machine_free(&s.m);
}

static void each_signal_wakes_the_first_who_waits(void)
{
    struct scene s = scene_new();

    trap(&s.m, s.t.tcb, SYS_RECV, s.ntfn, NULL);
    struct thread b = thread_running(&s.m, 60);
    trap(&s.m, b.tcb, SYS_RECV, s.ntfn, NULL);
    signal_with(&s, 1);
    CHECK_EQ(s.m.k->h.current, s.t.tcb);
    CHECK_EQ(state_of(&s.m, b), STATE_BLOCKED_ON_NOTIFICATION);
    CHECK_EQ(object(&s)->state, NOTIFICATION_WAITING);
    signal_with(&s, 2);
    CHECK_EQ(got_badge(&s.m, b.tcb), 2);
    machine_free(&s.m);
}

static void a_bound_thread_gets_signals_while_it_receives(void)
{
    struct scene s = scene_new();

    CHECK_EQ(bind(&s, s.t, s.ntfn), SEL4_NO_ERROR);
    trap(&s.m, s.t.tcb, SYS_RECV, s.ep, NULL);
    signal_with(&s, 9);
    CHECK_EQ(s.m.k->h.current, s.t.tcb);
    CHECK_EQ(got_badge(&s.m, s.t.tcb), 9);
    CHECK_EQ(
        ((struct endpoint *)kernel_memory(s.m.k, object_of(&s.m, s.ep)))->state,
        ENDPOINT_IDLE);
    machine_free(&s.m);
}

static void a_pending_signal_precedes_queued_senders(void)
{
    struct scene s = scene_new();
    struct thread sender = thread_running(&s.m, 60);

    take_kick(&s.m);
    trap(&s.m, sender.tcb, SYS_SEND, s.ep, MESSAGE(1));
    signal_with(&s, 9);
    CHECK_EQ(bind(&s, s.t, s.ntfn), SEL4_NO_ERROR);
    trap(&s.m, s.t.tcb, SYS_RECV, s.ep, NULL);
    CHECK_EQ(got_badge(&s.m, s.t.tcb), 9);
    CHECK_EQ(state_of(&s.m, sender), STATE_BLOCKED_ON_SEND);
    machine_free(&s.m);
}

static void a_signal_waits_for_a_bound_thread_that_calls(void)
{
    struct scene s = scene_new();

    CHECK_EQ(bind(&s, s.t, s.ntfn), SEL4_NO_ERROR);
    trap(&s.m, s.t.tcb, SYS_CALL, s.ep, MESSAGE(0));
    signal_with(&s, 9);
    CHECK_EQ(state_of(&s.m, s.t), STATE_BLOCKED_ON_SEND);
    CHECK_EQ(object(&s)->state, NOTIFICATION_ACTIVE);
    machine_free(&s.m);
}

static void binding_checks_in_order(void)
{
    struct scene s = scene_new();
    struct machine *m = &s.m;
    word write_only = slot_new(m);
    word other = object_new(m, OBJECT_NOTIFICATION, 0);
    struct thread waiter = thread_running(m, 60);

    take_kick(m);
    trap(m, waiter.tcb, SYS_RECV, other, NULL);
    CHECK_EQ(cap_copy(m, write_only, s.ntfn, RIGHT_WRITE), SEL4_NO_ERROR);
    CHECK_EQ(INVOKE_PLAIN(m, s.t.cap, METHOD_TCB_BIND_NOTIFICATION),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(bind(&s, s.t, s.ep), SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(m->k->h.error.reason, REASON_BIND_NOT_NOTIFICATION);
    CHECK_EQ(bind(&s, s.t, write_only), SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(m->k->h.error.reason, REASON_BIND_NO_READ);
    CHECK_EQ(bind(&s, s.t, other), SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(m->k->h.error.reason, REASON_BIND_IN_USE);
    CHECK_EQ(bind(&s, s.t, s.ntfn), SEL4_NO_ERROR);
    CHECK_EQ(bind(&s, waiter, s.ntfn), SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(m->k->h.error.reason, REASON_BIND_IN_USE);
    CHECK_EQ(bind(&s, s.t, other), SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(m->k->h.error.reason, REASON_BIND_TCB_BOUND);
    CHECK_EQ(INVOKE_PLAIN(m, s.t.cap, METHOD_TCB_UNBIND_NOTIFICATION),
             SEL4_NO_ERROR);
    CHECK_EQ(INVOKE_PLAIN(m, s.t.cap, METHOD_TCB_UNBIND_NOTIFICATION),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(m->k->h.error.reason, REASON_UNBIND_NOT_BOUND);
    machine_free(m);
}

static void only_the_bound_thread_waits_on_a_bound_notification(void)
{
    struct scene s = scene_new();
    struct thread other = thread_running(&s.m, 60);

    take_kick(&s.m);
    CHECK_EQ(bind(&s, s.t, s.ntfn), SEL4_NO_ERROR);
    trap(&s.m, other.tcb, SYS_RECV, s.ntfn, NULL);
    CHECK_EQ(state_of(&s.m, other), STATE_INACTIVE); /* no fault handler */
    trap(&s.m, s.t.tcb, SYS_RECV, s.ntfn, NULL);
    CHECK_EQ(state_of(&s.m, s.t), STATE_BLOCKED_ON_NOTIFICATION);
    machine_free(&s.m);
}

static void deletion_unbinds_and_restarts(void)
{
    struct scene s = scene_new();

    CHECK_EQ(bind(&s, s.t, s.ntfn), SEL4_NO_ERROR);
    trap(&s.m, s.t.tcb, SYS_RECV, s.ntfn, NULL);
    CHECK_EQ(cap_delete(&s.m, s.ntfn), SEL4_NO_ERROR);
    CHECK_EQ(s.m.k->h.current, s.t.tcb);
    CHECK_EQ(kernel_registers(s.m.k, s.t.tcb)[REG_RIP], TRAP_IP);
    CHECK_EQ(tcb_of(&s.m, s.t.tcb)->bound_notification, 0);
    machine_free(&s.m);
}

static void a_deleted_tcb_unbinds(void)
{
    struct scene s = scene_new();

    CHECK_EQ(bind(&s, s.t, s.ntfn), SEL4_NO_ERROR);
    CHECK_EQ(cap_delete(&s.m, s.t.cap), SEL4_NO_ERROR);
    CHECK_EQ(object(&s)->bound_tcb, 0);
    machine_free(&s.m);
}

static void signalling_and_waiting_need_rights(void)
{
    struct scene s = scene_new();
    word read_only = slot_new(&s.m);

    CHECK_EQ(cap_copy(&s.m, read_only, s.ntfn, RIGHT_READ), SEL4_NO_ERROR);
    trap(&s.m, s.t.tcb, SYS_SEND, read_only, MESSAGE(0));
    CHECK_EQ(object(&s)->state, NOTIFICATION_IDLE);
    trap(&s.m, s.t.tcb, SYS_CALL, read_only, MESSAGE(0));
    CHECK_EQ(got_label(&s.m, s.t.tcb), SEL4_INVALID_CAPABILITY);
    machine_free(&s.m);
}

TESTS(TEST(signals_add_up_until_somebody_waits),
      TEST(a_signal_of_badge_0_counts),
      TEST(each_signal_wakes_the_first_who_waits),
      TEST(a_bound_thread_gets_signals_while_it_receives),
      TEST(a_pending_signal_precedes_queued_senders),
      TEST(a_signal_waits_for_a_bound_thread_that_calls),
      TEST(binding_checks_in_order),
      TEST(only_the_bound_thread_waits_on_a_bound_notification),
      TEST(deletion_unbinds_and_restarts), TEST(a_deleted_tcb_unbinds),
      TEST(signalling_and_waiting_need_rights))
