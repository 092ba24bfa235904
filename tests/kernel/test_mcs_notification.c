/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Notifications that lend a scheduling context (the MCS half of
 * kernel/notification.c).
 */
#include "mcs.h"

/* A passive thread that waits for n, which has a scheduling context. */
struct bench {
    struct machine m;
    word n;
    struct context by;
    struct thread t;
};

static struct bench bench_new(void)
{
    struct bench b = { .m = machine_mcs() };

    b.n = object_new(&b.m, OBJECT_NOTIFICATION, 0);
    b.by = context_with(&b.m, 100, 1000);
    b.t = thread_by(&b.m, 50, b.by);
    trap(&b.m, b.t.tcb, SYS_WAIT, b.n, NULL);
    CHECK_EQ(context_unbind(&b.m, b.by), 0);
    CHECK_EQ(context_bind(&b.m, b.by, b.n), 0);
    CHECK_EQ(context_held(&b.m, b.t), 0);
    return b;
}

static void signal(struct machine *m, word n)
{
    trap(m, m->caller, SYS_SEND, n, MESSAGE(0, 0));
}

static void a_signal_lends_to_who_has_none(void)
{
    struct bench b = bench_new();

    signal(&b.m, b.n);
    CHECK_EQ(running(&b.m), b.t.tcb);
    CHECK_EQ(context_held(&b.m, b.t), b.by.sc);
    CHECK_EQ(context_of(&b.m, b.by)->notification, object_of(&b.m, b.n));
    machine_free(&b.m);
}

static void waiting_again_gives_it_back(void)
{
    struct bench b = bench_new();

    for (word i = 0; i < 2; i++) {
        signal(&b.m, b.n);
        CHECK_EQ(running(&b.m), b.t.tcb);
        trap(&b.m, b.t.tcb, SYS_WAIT, b.n, NULL);
        CHECK_EQ(running(&b.m), 0);
        CHECK_EQ(context_held(&b.m, b.t), 0);
        CHECK_EQ(runs_by(&b.m, b.by), 0);
        CHECK_EQ(b.m.k->h.current_sc, 0);
    }
    machine_free(&b.m);
}

/* It is lent before it would have to be given back. */
static void a_signal_that_is_there_keeps_it(void)
{
    struct bench b = bench_new();

    signal(&b.m, b.n);
    signal(&b.m, b.n);
    trap(&b.m, b.t.tcb, SYS_WAIT, b.n, NULL);
    CHECK_EQ(running(&b.m), b.t.tcb);
    CHECK_EQ(context_held(&b.m, b.t), b.by.sc);
    machine_free(&b.m);
}

static void looking_for_a_signal_keeps_it(void)
{
    struct bench b = bench_new();

    signal(&b.m, b.n);
    trap(&b.m, b.t.tcb, SYS_NB_WAIT, b.n, NULL);
    CHECK_EQ(running(&b.m), b.t.tcb);
    CHECK_EQ(context_held(&b.m, b.t), b.by.sc);
    machine_free(&b.m);
}

static void waiting_elsewhere_keeps_it(void)
{
    struct bench b = bench_new();
    word other = object_new(&b.m, OBJECT_NOTIFICATION, 0);

    signal(&b.m, b.n);
    trap(&b.m, b.t.tcb, SYS_WAIT, other, NULL);
    CHECK_EQ(running(&b.m), 0);
    CHECK_EQ(context_held(&b.m, b.t), b.by.sc);
    machine_free(&b.m);
}

static void who_has_time_of_his_own_is_lent_none(void)
{
    struct bench b = bench_new();
    struct context own = context_with(&b.m, 1000, 1000);

    CHECK_EQ(context_bind(&b.m, own, b.t.cap), 0);
    signal(&b.m, b.n);
    CHECK_EQ(running(&b.m), b.t.tcb);
    CHECK_EQ(context_held(&b.m, b.t), own.sc);
    CHECK_EQ(runs_by(&b.m, b.by), 0);
    machine_free(&b.m);
}

/* The second is woken, but has nothing to run by. */
static void it_is_lent_to_one_at_a_time(void)
{
    struct bench b = bench_new();
    struct context own = context_with(&b.m, 1000, 1000);
    struct thread second = thread_by(&b.m, 40, own);

    trap(&b.m, second.tcb, SYS_WAIT, b.n, NULL);
    CHECK_EQ(context_unbind(&b.m, own), 0);
    signal(&b.m, b.n);
    signal(&b.m, b.n);
    CHECK_EQ(running(&b.m), b.t.tcb);
    CHECK_EQ(state_of(&b.m, second), STATE_RUNNING);
    CHECK_EQ(context_held(&b.m, second), 0);
    CHECK(!tcb_of(&b.m, second.tcb)->queued);
    machine_free(&b.m);
}

static void what_is_lent_without_time_waits_for_it(void)
{
    struct bench b = bench_new();

    signal(&b.m, b.n);
    pass(&b.m, 80);
    trap(&b.m, b.t.tcb, SYS_YIELD, 0, NULL);
    CHECK(tcb_of(&b.m, b.t.tcb)->in_release);
    CHECK_EQ(thread_stop(&b.m, b.t), 0);
    CHECK_EQ(INVOKE(&b.m, b.by.cap, METHOD_SCHED_CONTEXT_UNBIND_OBJECT,
                    CAPS(b.t.cap)),
             0);
    CHECK_EQ(context_bind(&b.m, context_with(&b.m, 1000, 1000), b.t.cap), 0);
    CHECK_EQ(thread_resume(&b.m, b.t), 0);
    trap(&b.m, b.t.tcb, SYS_WAIT, b.n, NULL);
    CHECK_EQ(INVOKE(&b.m, b.t.cap, METHOD_TCB_SET_SCHED_PARAMS, WORDS(0, 50),
                    CAPS(SEL4_CAP_INIT_THREAD_TCB, 0xffe, 0xffe)),
             0);
    signal(&b.m, b.n);
    CHECK_EQ(running(&b.m), 0);
    CHECK(tcb_of(&b.m, b.t.tcb)->in_release);
    CHECK_EQ(context_held(&b.m, b.t), b.by.sc);
    run_for(&b.m, 1000);
    CHECK_EQ(running(&b.m), b.t.tcb);
    machine_free(&b.m);
}

static void deleting_the_notification_leaves_what_was_lent(void)
{
    struct bench b = bench_new();

    signal(&b.m, b.n);
    CHECK_EQ(cap_delete(&b.m, b.n), 0);
    CHECK_EQ(running(&b.m), b.t.tcb);
    CHECK_EQ(context_held(&b.m, b.t), b.by.sc);
    CHECK_EQ(context_of(&b.m, b.by)->notification, 0);
    machine_free(&b.m);
}

static void deleting_it_wakes_who_waits_without_time(void)
{
    struct bench b = bench_new();

    CHECK_EQ(cap_delete(&b.m, b.n), 0);
    CHECK_EQ(state_of(&b.m, b.t), STATE_RESTART);
    CHECK_EQ(running(&b.m), 0);
    CHECK_EQ(context_held(&b.m, b.t), 0);
    machine_free(&b.m);
}

/* ---- bound notifications ---- */

/* A server that is bound to n, and waits for messages, too. */
static word bound_server(struct bench *b)
{
    word ep = object_new(&b->m, OBJECT_ENDPOINT, 0);

    CHECK_EQ(thread_stop(&b->m, b->t), 0);
    CHECK_EQ(INVOKE(&b->m, b->t.cap, METHOD_TCB_BIND_NOTIFICATION, CAPS(b->n)),
             0);
    CHECK_EQ(context_bind(&b->m, b->by, b->t.cap), 0);
    CHECK_EQ(thread_resume(&b->m, b->t), 0);
    receive(&b->m, b->t, ep, reply_new(&b->m));
    return ep;
}

static void a_bound_server_gives_it_back_when_it_receives(void)
{
    struct bench b = bench_new();

    bound_server(&b);
    CHECK_EQ(running(&b.m), 0);
    CHECK_EQ(state_of(&b.m, b.t), STATE_BLOCKED_ON_RECEIVE);
    CHECK_EQ(context_held(&b.m, b.t), 0);
    signal(&b.m, b.n);
    CHECK_EQ(running(&b.m), b.t.tcb);
    CHECK_EQ(context_held(&b.m, b.t), b.by.sc);
    CHECK_EQ(tcb_of(&b.m, b.t.tcb)->reply, 0);
    machine_free(&b.m);
}

static void a_bound_server_is_lent_by_its_clients_otherwise(void)
{
    struct bench b = bench_new();
    word ep = bound_server(&b);
    struct context c = context_with(&b.m, 1000, 1000);
    struct thread client = thread_by(&b.m, 50, c);

    call(&b.m, client, ep, MESSAGE(0, 0));
    CHECK_EQ(running(&b.m), b.t.tcb);
    CHECK_EQ(context_held(&b.m, b.t), c.sc);
    /* a signal meanwhile changes nothing */
    signal(&b.m, b.n);
    CHECK_EQ(context_held(&b.m, b.t), c.sc);
    CHECK_EQ(runs_by(&b.m, b.by), 0);
    machine_free(&b.m);
}

/* Its answer takes the client's context away, the waiting signal gives one. */
static void answering_and_receiving_changes_the_context(void)
{
    struct bench b = bench_new();
    word ep = bound_server(&b);
    struct context c = context_with(&b.m, 1000, 1000);
    struct thread client = thread_by(&b.m, 50, c);
    word reply = b.m.next_slot++;

    CHECK_EQ(retype(&b.m, b.m.untyped, OBJECT_REPLY, 0, reply), 0);
    CHECK_EQ(thread_stop(&b.m, b.t), 0);
    CHECK_EQ(context_bind(&b.m, b.by, b.t.cap), 0);
    CHECK_EQ(thread_stop(&b.m, client), 0);
    take_kick(&b.m);
    CHECK_EQ(thread_resume(&b.m, b.t), 0);
    receive(&b.m, b.t, ep, reply);
    CHECK_EQ(thread_resume(&b.m, client), 0);
    call(&b.m, client, ep, MESSAGE(0, 0));
    signal(&b.m, b.n);
    message_store(&b.m, b.t.tcb, MESSAGE(0, 0));
    trap_reply(&b.m, b.t, SYS_REPLY_RECV, ep, reply);
    CHECK_EQ(context_held(&b.m, client), c.sc);
    CHECK_EQ(context_held(&b.m, b.t), b.by.sc);
    CHECK_EQ(state_of(&b.m, b.t), STATE_RUNNING);
    machine_free(&b.m);
}

TESTS(TEST(a_signal_lends_to_who_has_none), TEST(waiting_again_gives_it_back),
      TEST(a_signal_that_is_there_keeps_it),
      TEST(looking_for_a_signal_keeps_it), TEST(waiting_elsewhere_keeps_it),
      TEST(who_has_time_of_his_own_is_lent_none),
      TEST(it_is_lent_to_one_at_a_time),
      TEST(what_is_lent_without_time_waits_for_it),
      TEST(deleting_the_notification_leaves_what_was_lent),
      TEST(deleting_it_wakes_who_waits_without_time),
      TEST(a_bound_server_gives_it_back_when_it_receives),
      TEST(a_bound_server_is_lent_by_its_clients_otherwise),
      TEST(answering_and_receiving_changes_the_context))
