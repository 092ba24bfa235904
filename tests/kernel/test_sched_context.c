/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scheduling contexts and their control (kernel/sched_context.c,
 * kernel/sched_control.c): every check in its order, and who runs afterwards.
 */
#include "mcs.h"

/* The message words of the last error. */
static word error_word(struct machine *m, word i)
{
    return got_word(m, m->caller, i);
}

/* ---- SchedControl_ConfigureFlags ---- */

#define CONFIGURE(m, ...)                                                      \
    INVOKE((m), (m)->k->h.boot.sched_control,                                  \
           METHOD_SCHED_CONTROL_CONFIGURE_FLAGS, __VA_ARGS__)

static void check_range(struct machine *m, word error, word least, word most,
                        int line)
{
    if (error == SEL4_RANGE_ERROR && error_word(m, 0) == least &&
        error_word(m, 1) == most)
        return;
    fprintf(stderr, "%s, line %d: error %lu, %lu to %lu\n", test_now, line,
            error, error_word(m, 0), error_word(m, 1));
    exit(1);
}

#define RANGE(call, least, most)                                               \
    check_range(&m, (call), (least), (most), __LINE__)

static void configuring_sets_everything(void)
{
    struct machine m = machine_mcs();
    struct context c = context_new(&m);
    struct sched_context *sc = context_of(&m, c);

    m.k->h.time = 5000;
    CHECK_EQ(CONFIGURE(&m, WORDS(100, 1000, 3, 77, 1), CAPS(c.cap)), 0);
    CHECK_EQ(sc->period, 1000 * US);
    CHECK_EQ(sc->refill_max, 5);
    CHECK_EQ(sc->badge, 77);
    CHECK_EQ(sc->sporadic, 1);
    CHECK_EQ(refill_head(sc)->time, 5000);
    CHECK_EQ(refill_head(sc)->amount, 100 * US);
    CHECK_EQ(CONFIGURE(&m, WORDS(100, 1000, 3, 78, 2), CAPS(c.cap)), 0);
    CHECK_EQ(sc->badge, 78);
    CHECK_EQ(sc->sporadic, 0);
    machine_free(&m);
}

static void a_budget_of_a_whole_period_is_round_robin(void)
{
    struct machine m = machine_mcs();
    struct context c = context_new(&m);

    CHECK_EQ(CONFIGURE(&m, WORDS(100, 100, 8, 0, 0), CAPS(c.cap)), 0);
    CHECK(refill_is_round_robin(context_of(&m, c)));
    CHECK_EQ(context_of(&m, c)->refill_max, 2);
    machine_free(&m);
}

static void configuring_is_checked_in_this_order(void)
{
    struct machine m = machine_mcs();
    struct context c = context_new(&m);
    word most = ~0ul / 1000 / 8;

    CHECK_EQ(CONFIGURE(&m, WORDS(most + 1, 0, 0, 0), CAPS(c.cap)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(CONFIGURE(&m, WORDS(most + 1, 0, 0, 0, 0)),
             SEL4_TRUNCATED_MESSAGE);
    RANGE(CONFIGURE(&m, WORDS(most + 1, 0, 9, 0, 0), CAPS(ROOT)), 20, most);
    RANGE(CONFIGURE(&m, WORDS(0, most + 1, 9, 0, 0), CAPS(ROOT)), 20, most);
    RANGE(CONFIGURE(&m, WORDS(19, 19, 9, 0, 0), CAPS(ROOT)), 20, most);
    RANGE(CONFIGURE(&m, WORDS(20, 19, 9, 0, 0), CAPS(ROOT)), 20, most);
    RANGE(CONFIGURE(&m, WORDS(501, 500, 9, 0, 0), CAPS(ROOT)), 20, 500);
    CHECK_EQ(CONFIGURE(&m, WORDS(20, 500, 9, 0, 0), CAPS(ROOT)),
             SEL4_INVALID_CAPABILITY);
    CHECK_EQ(error_word(&m, 0), 1);
    RANGE(CONFIGURE(&m, WORDS(20, 500, 9, 0, 0), CAPS(c.cap)), 0, 8);
    CHECK_EQ(context_of(&m, c)->refill_max, 0);
    CHECK_EQ(CONFIGURE(&m, WORDS(20, most, 8, 0, 0), CAPS(c.cap)), 0);
    CHECK_EQ(INVOKE(&m, m.k->h.boot.sched_control, METHOD_SCHED_CONTEXT_BIND,
                    CAPS(c.cap)),
             SEL4_ILLEGAL_OPERATION);
    machine_free(&m);
}

static void the_smallest_context_has_no_room_for_extra_refills(void)
{
    struct machine m = machine_mcs();
    word small = object_new(&m, OBJECT_SCHED_CONTEXT, 7);

    RANGE(CONFIGURE(&m, WORDS(20, 500, 1, 0, 0), CAPS(small)), 0, 0);
    CHECK_EQ(CONFIGURE(&m, WORDS(20, 500, 0, 0, 0), CAPS(small)), 0);
    machine_free(&m);
}

static void configuring_lets_a_thread_run_that_had_no_time(void)
{
    struct machine m = machine_mcs();
    struct context c = context_new(&m);
    struct thread t = thread_by(&m, 50, c);

    CHECK_EQ(running(&m), 0);
    CHECK_EQ(context_configure(&m, c, 100, 1000), 0);
    CHECK_EQ(running(&m), t.tcb);
    machine_free(&m);
}

/* What current has used is charged first: 40 of 100 us. */
static void configuring_keeps_what_a_running_thread_has_used(void)
{
    struct machine m = machine_mcs();
    struct context c = context_with(&m, 100, 1000);
    struct thread t = thread_by(&m, 50, c);

    CHECK_EQ(running(&m), t.tcb);
    pass(&m, 40);
    CHECK_EQ(context_configure(&m, c, 200, 2000), 0);
    CHECK_EQ(refill_of(&m, c, 0).time, 40 * US);
    CHECK_EQ(refill_of(&m, c, 0).amount, 60 * US);
    CHECK_EQ(refill_of(&m, c, 1).time, 2040 * US);
    CHECK_EQ(refill_of(&m, c, 1).amount, 140 * US);
    machine_free(&m);
}

static void configuring_begins_anew_for_a_thread_that_does_not_run(void)
{
    struct machine m = machine_mcs();
    struct context c = context_with(&m, 100, 1000);
    struct thread t = thread_by(&m, 50, c);

    run_for(&m, 100);
    CHECK_EQ(refill_of(&m, c, 0).time, 1000 * US);
    CHECK_EQ(thread_stop(&m, t), 0);
    CHECK_EQ(context_configure(&m, c, 200, 2000), 0);
    CHECK_EQ(refill_of(&m, c, 0).time, 100 * US);
    CHECK_EQ(refill_of(&m, c, 0).amount, 200 * US);
    machine_free(&m);
}

static void configuring_does_not_free_a_thread_that_waits_for_time(void)
{
    struct machine m = machine_mcs();
    struct context c = context_with(&m, 100, 1000);
    struct thread t = thread_by(&m, 50, c);

    run_for(&m, 100);
    CHECK_EQ(context_configure(&m, c, 200, 2000), 0);
    CHECK_EQ(running(&m), 0);
    CHECK(tcb_of(&m, t.tcb)->in_release);
    CHECK_EQ(refill_of(&m, c, 0).time, 1000 * US);
    CHECK_EQ(refill_of(&m, c, 1).time, 3000 * US);
    machine_free(&m);
}

static void round_robin_begins_anew_whoever_runs(void)
{
    struct machine m = machine_mcs();
    struct context c = context_with(&m, 100, 1000);
    struct thread t = thread_by(&m, 50, c);

    run_for(&m, 100);
    CHECK_EQ(context_configure(&m, c, 200, 200), 0);
    CHECK_EQ(running(&m), t.tcb);
    machine_free(&m);
}

/* An agent needs no time; the call must be answered all the same. */
static void an_agent_may_configure_its_own(void)
{
    struct machine m = machine_mcs();
    word *r = kernel_registers(m.k, m.caller);

    CHECK_EQ(CONFIGURE(&m, WORDS(100, 1000, 0, 0, 0),
                       CAPS(SEL4_CAP_INIT_THREAD_SC)),
             0);
    CHECK_EQ(r[REG_RIP], TRAP_IP + 2);
    CHECK_EQ(got_length(&m, m.caller), 0);
    machine_free(&m);
}

/* ---- Bind ---- */

#define BIND(m, c, cap) context_bind((m), (c), (cap))

static void binding_lets_a_thread_run(void)
{
    struct machine m = machine_mcs();
    struct context c = context_with(&m, 100, 1000);
    struct thread t = thread_new(&m, 50);

    CHECK_EQ(thread_resume(&m, t), 0);
    CHECK_EQ(running(&m), 0);
    CHECK_EQ(BIND(&m, c, t.cap), 0);
    CHECK_EQ(running(&m), t.tcb);
    CHECK_EQ(runs_by(&m, c), t.tcb);
    CHECK_EQ(context_held(&m, t), c.sc);
    machine_free(&m);
}

/* Behind neither of its priority: a bound thread goes to the front. */
static void a_bound_thread_is_first_of_its_priority(void)
{
    struct machine m = machine_mcs();
    struct thread top = thread_timed(&m, 60);
    struct thread first = thread_timed(&m, 50);
    struct thread second = thread_new(&m, 50);

    CHECK_EQ(thread_resume(&m, second), 0);
    CHECK_EQ(BIND(&m, context_with(&m, 100, 100), second.cap), 0);
    CHECK_EQ(thread_stop(&m, top), 0);
    take_kick(&m);
    CHECK_EQ(running(&m), second.tcb);
    CHECK_EQ(m.k->h.ready[0][50].head, first.tcb);
    machine_free(&m);
}

static void a_thread_bound_to_what_is_used_up_waits(void)
{
    struct machine m = machine_mcs();
    struct context c = context_with(&m, 100, 1000);
    struct thread user = thread_by(&m, 50, c);
    struct thread t = thread_new(&m, 50);

    run_for(&m, 100);
    CHECK_EQ(context_unbind(&m, c), 0);
    CHECK(!tcb_of(&m, user.tcb)->in_release);
    CHECK_EQ(thread_resume(&m, t), 0);
    CHECK_EQ(BIND(&m, c, t.cap), 0);
    CHECK(tcb_of(&m, t.tcb)->in_release);
    CHECK_EQ(m.k->h.deadline, 1000 * US);
    machine_free(&m);
}

static void binding_is_checked_in_this_order(void)
{
    struct machine m = machine_mcs();
    struct context c = context_with(&m, 100, 1000);
    struct context other = context_new(&m);
    struct thread t = thread_by(&m, 50, c);
    struct thread free = thread_new(&m, 50);
    word n = object_new(&m, OBJECT_NOTIFICATION, 0);
    word n2 = object_new(&m, OBJECT_NOTIFICATION, 0);

    CHECK_EQ(INVOKE_PLAIN(&m, c.cap, METHOD_SCHED_CONTEXT_BIND),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(BIND(&m, other, ROOT), SEL4_INVALID_CAPABILITY);
    CHECK_EQ(error_word(&m, 0), 1);
    CHECK_EQ(BIND(&m, c, free.cap), SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(BIND(&m, other, t.cap), SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(BIND(&m, c, n), 0);
    CHECK_EQ(BIND(&m, c, n2), SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(BIND(&m, other, n), SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(BIND(&m, other, n2), 0);
    machine_free(&m);
}

static void a_blocked_thread_is_bound_only_to_time_that_it_can_use(void)
{
    struct machine m = machine_mcs();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    struct thread t = passive_server(&m, 50, ep, reply_new(&m));
    struct context c = context_new(&m);

    CHECK_EQ(BIND(&m, c, t.cap), SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(context_configure(&m, c, 100, 1000), 0);
    CHECK_EQ(BIND(&m, c, t.cap), 0);
    CHECK_EQ(running(&m), 0);
    machine_free(&m);
}

static void an_agent_may_bind_its_own(void)
{
    struct machine m = machine_mcs();
    struct thread agent = agent_new(&m);
    struct context c = context_with(&m, 100, 1000);
    word *r = kernel_registers(m.k, agent.tcb);

    m.caller = agent.tcb;
    CHECK_EQ(BIND(&m, c, agent.cap), 0);
    CHECK_EQ(r[REG_RIP], TRAP_IP + 2);
    CHECK_EQ(context_held(&m, agent), c.sc);
    CHECK_EQ(context_unbind(&m, c), SEL4_ILLEGAL_OPERATION);
    machine_free(&m);
}

/* ---- UnbindObject, Unbind ---- */

#define UNBIND_OBJECT(m, c, ...)                                               \
    INVOKE((m), (c).cap, METHOD_SCHED_CONTEXT_UNBIND_OBJECT, __VA_ARGS__)

static void unbinding_an_object_leaves_the_other_bound(void)
{
    struct machine m = machine_mcs();
    struct context c = context_with(&m, 100, 1000);
    struct thread t = thread_by(&m, 50, c);
    word n = object_new(&m, OBJECT_NOTIFICATION, 0);

    CHECK_EQ(BIND(&m, c, n), 0);
    CHECK_EQ(UNBIND_OBJECT(&m, c, CAPS(n)), 0);
    CHECK_EQ(context_of(&m, c)->notification, 0);
    CHECK_EQ(runs_by(&m, c), t.tcb);
    CHECK_EQ(BIND(&m, c, n), 0);
    CHECK_EQ(UNBIND_OBJECT(&m, c, CAPS(t.cap)), 0);
    CHECK_EQ(context_of(&m, c)->notification, object_of(&m, n));
    CHECK_EQ(runs_by(&m, c), 0);
    take_kick(&m);
    CHECK_EQ(running(&m), 0);
    machine_free(&m);
}

static void unbinding_an_object_is_checked_in_this_order(void)
{
    struct machine m = machine_mcs();
    struct context c = context_with(&m, 100, 1000);
    struct context own = { .cap = SEL4_CAP_INIT_THREAD_SC };
    struct thread t = thread_new(&m, 50);
    word n = object_new(&m, OBJECT_NOTIFICATION, 0);

    CHECK_EQ(UNBIND_OBJECT(&m, c, .label = 0), SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(UNBIND_OBJECT(&m, c, CAPS(ROOT)), SEL4_INVALID_CAPABILITY);
    CHECK_EQ(error_word(&m, 0), 1);
    CHECK_EQ(UNBIND_OBJECT(&m, c, CAPS(t.cap)), SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(m.k->h.error.reason, REASON_SC_NOT_BOUND);
    CHECK_EQ(UNBIND_OBJECT(&m, c, CAPS(n)), SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(UNBIND_OBJECT(&m, own, CAPS(SEL4_CAP_INIT_THREAD_TCB)),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(m.k->h.error.reason, REASON_SC_OWN);
    machine_free(&m);
}

static void unbinding_takes_everything_away(void)
{
    struct machine m = machine_mcs();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    word n = object_new(&m, OBJECT_NOTIFICATION, 0);
    word reply = reply_new(&m);
    struct thread server = passive_server(&m, 50, ep, reply);
    struct context c = context_with(&m, 100, 1000);
    struct thread client = thread_by(&m, 50, c);

    CHECK_EQ(BIND(&m, c, n), 0);
    call(&m, client, ep, NULL);
    CHECK_EQ(runs_by(&m, c), server.tcb);
    CHECK_EQ(context_unbind(&m, c), 0);
    CHECK_EQ(runs_by(&m, c), 0);
    CHECK_EQ(context_of(&m, c)->notification, 0);
    CHECK_EQ(context_of(&m, c)->reply, 0);
    /* the client waits on, but lends nothing any more */
    CHECK_EQ(state_of(&m, client), STATE_BLOCKED_ON_REPLY);
    CHECK_EQ(reply_of(&m, reply)->next, 0);
    take_kick(&m);
    CHECK_EQ(running(&m), 0);
    machine_free(&m);
}

static void a_thread_cannot_unbind_what_it_runs_by(void)
{
    struct machine m = machine_mcs();
    struct context c = context_with(&m, 100, 1000);
    struct thread t = thread_by(&m, 50, c);

    m.caller = t.tcb;
    CHECK_EQ(context_unbind(&m, c), SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(UNBIND_OBJECT(&m, c, CAPS(t.cap)), SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(running(&m), t.tcb);
    machine_free(&m);
}

/* An agent gives it away, while its thread runs on until it notices: the time
 * up to then is charged, the rest is nobody's. */
static void what_an_agent_takes_from_current_is_charged_at_once(void)
{
    struct machine m = machine_mcs();
    struct context c = context_with(&m, 100, 1000);
    struct thread t = thread_by(&m, 50, c);
    struct thread next = thread_new(&m, 50);

    pass(&m, 90);
    CHECK_EQ(context_unbind(&m, c), 0);
    CHECK_EQ(refill_of(&m, c, 0).time, 990 * US);
    pass(&m, 500);
    CHECK_EQ(BIND(&m, c, next.cap), 0);
    CHECK_EQ(thread_resume(&m, next), 0);
    CHECK(tcb_of(&m, next.tcb)->in_release);
    take_kick(&m);
    CHECK_EQ(running(&m), 0);
    CHECK_EQ(refill_of(&m, c, 0).time, 990 * US);
    CHECK_EQ(state_of(&m, t), STATE_RUNNING);
    machine_free(&m);
}

/* ---- Consumed ---- */

static word consumed(struct machine *m, struct context c)
{
    CHECK_EQ(INVOKE_PLAIN(m, c.cap, METHOD_SCHED_CONTEXT_CONSUMED), 0);
    CHECK_EQ(got_length(m, m->caller), 1);
    return got_word(m, m->caller, 0);
}

static void consumed_time_is_told_once(void)
{
    struct machine m = machine_mcs();
    struct context c = context_with(&m, 100, 1000);
    struct thread t = thread_by(&m, 50, c);

    CHECK_EQ(consumed(&m, c), 0);
    run_for(&m, 99);
    CHECK_EQ(running(&m), 0);
    CHECK_EQ(consumed(&m, c), 99);
    CHECK_EQ(consumed(&m, c), 0);
    CHECK_EQ(context_held(&m, t), c.sc);
    machine_free(&m);
}

/* What was not charged yet does not count. */
static void consumed_time_is_what_was_charged(void)
{
    struct machine m = machine_mcs();
    struct context c = context_with(&m, 100, 1000);

    m.caller = thread_by(&m, 50, c).tcb;
    pass(&m, 30);
    CHECK_EQ(consumed(&m, c), 0);
    CHECK_EQ(context_of(&m, c)->consumed, 0);
    trap(&m, m.caller, SYS_YIELD, 0, NULL);
    CHECK_EQ(context_of(&m, c)->consumed, 30 * US);
    machine_free(&m);
}

/* ---- YieldTo ---- */

struct pair {
    struct machine m;
    struct context by_first, by_second;
    struct thread first, second;
};

/* Two threads; the first runs, and may yield to anybody. */
static struct pair pair_new(word first, word second)
{
    struct pair p = { .m = machine_mcs() };

    p.by_first = context_with(&p.m, 1000, 1000);
    p.by_second = context_with(&p.m, 1000, 1000);
    p.first = thread_by(&p.m, first, p.by_first);
    p.second = thread_by(&p.m, second, p.by_second);
    tcb_of(&p.m, p.first.tcb)->mcp = 255;
    CHECK_EQ(running(&p.m), p.first.tcb);
    p.m.caller = p.first.tcb;
    return p;
}

static word yield_to(struct machine *m, struct context c)
{
    return INVOKE_PLAIN(m, c.cap, METHOD_SCHED_CONTEXT_YIELD_TO);
}

static void yielding_to_an_equal_runs_it_and_answers_afterwards(void)
{
    struct pair p = pair_new(50, 50);

    yield_to(&p.m, p.by_second);
    CHECK_EQ(running(&p.m), p.second.tcb);
    CHECK_EQ(context_of(&p.m, p.by_second)->yield_from, p.first.tcb);
    CHECK_EQ(p.m.k->h.ready[0][50].head, p.first.tcb);
    run_for(&p.m, 999);
    CHECK_EQ(running(&p.m), p.first.tcb);
    CHECK_EQ(got_label(&p.m, p.first.tcb), 0);
    CHECK_EQ(got_length(&p.m, p.first.tcb), 1);
    CHECK_EQ(got_word(&p.m, p.first.tcb, 0), 999);
    CHECK_EQ(context_of(&p.m, p.by_second)->yield_from, 0);
    CHECK_EQ(kernel_registers(p.m.k, p.first.tcb)[REG_RIP], TRAP_IP + 2);
    machine_free(&p.m);
}

/* It cannot run before the caller does; it becomes first of its priority. */
static void yielding_to_a_lower_thread_answers_at_once(void)
{
    struct pair p = pair_new(50, 40);
    struct thread third;

    p.m.caller = p.m.k->h.boot.root_tcb;
    third = thread_timed(&p.m, 40);
    CHECK_EQ(p.m.k->h.ready[0][40].head, third.tcb);
    p.m.caller = p.first.tcb;
    CHECK_EQ(yield_to(&p.m, p.by_second), 0);
    CHECK_EQ(running(&p.m), p.first.tcb);
    CHECK_EQ(got_length(&p.m, p.first.tcb), 1);
    CHECK_EQ(p.m.k->h.ready[0][40].head, p.second.tcb);
    machine_free(&p.m);
}

static void yielding_to_who_cannot_run_answers_at_once(void)
{
    struct pair p = pair_new(50, 50);

    CHECK_EQ(INVOKE_PLAIN(&p.m, p.second.cap, METHOD_TCB_SUSPEND), 0);
    CHECK_EQ(yield_to(&p.m, p.by_second), 0);
    CHECK_EQ(running(&p.m), p.first.tcb);
    CHECK_EQ(context_of(&p.m, p.by_second)->yield_from, 0);
    machine_free(&p.m);
}

static void yielding_is_checked_in_this_order(void)
{
    struct pair p = pair_new(50, 50);
    struct context free = { .cap = p.m.next_slot };

    p.m.caller = p.m.k->h.boot.root_tcb;
    free = context_with(&p.m, 100, 1000);
    p.m.caller = p.first.tcb;
    tcb_of(&p.m, p.first.tcb)->mcp = 49;
    CHECK_EQ(yield_to(&p.m, free), SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(p.m.k->h.error.reason, REASON_YIELD_NOBODY);
    CHECK_EQ(yield_to(&p.m, p.by_first), SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(p.m.k->h.error.reason, REASON_YIELD_SELF);
    CHECK_EQ(yield_to(&p.m, p.by_second), SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(p.m.k->h.error.reason, REASON_PRIORITY);
    CHECK_EQ(running(&p.m), p.first.tcb);
    machine_free(&p.m);
}

/* Only one can wait for the answer: who did before is answered now. */
static void a_second_yield_answers_the_first(void)
{
    struct pair p = pair_new(50, 50);
    struct thread third;

    yield_to(&p.m, p.by_second);
    p.m.caller = p.m.k->h.boot.root_tcb;
    third = thread_timed(&p.m, 60);
    tcb_of(&p.m, third.tcb)->mcp = 255;
    take_kick(&p.m);
    CHECK_EQ(running(&p.m), third.tcb);
    CHECK_EQ(tcb_of(&p.m, p.first.tcb)->yield_to, p.by_second.sc);
    p.m.caller = third.tcb;
    CHECK_EQ(yield_to(&p.m, p.by_second), 0);
    CHECK_EQ(tcb_of(&p.m, p.first.tcb)->yield_to, 0);
    CHECK_EQ(got_length(&p.m, p.first.tcb), 1);
    CHECK_EQ(context_of(&p.m, p.by_second)->yield_from, 0);
    CHECK_EQ(running(&p.m), third.tcb);
    machine_free(&p.m);
}

static void who_yielded_may_be_stopped_and_deleted(void)
{
    struct pair p = pair_new(50, 50);

    yield_to(&p.m, p.by_second);
    p.m.caller = p.m.k->h.boot.root_tcb;
    CHECK_EQ(thread_stop(&p.m, p.first), 0);
    CHECK_EQ(context_of(&p.m, p.by_second)->yield_from, 0);
    CHECK_EQ(tcb_of(&p.m, p.first.tcb)->yield_to, 0);
    CHECK_EQ(cap_delete(&p.m, p.first.cap), 0);
    CHECK_EQ(running(&p.m), p.second.tcb);
    machine_free(&p.m);
}

static void what_was_yielded_to_may_be_deleted(void)
{
    struct pair p = pair_new(50, 50);

    yield_to(&p.m, p.by_second);
    p.m.caller = p.m.k->h.boot.root_tcb;
    CHECK_EQ(cap_delete(&p.m, p.by_second.cap), 0);
    CHECK_EQ(tcb_of(&p.m, p.first.tcb)->yield_to, 0);
    take_kick(&p.m);
    CHECK_EQ(running(&p.m), p.first.tcb);
    CHECK_EQ(got_length(&p.m, p.first.tcb), 1);
    machine_free(&p.m);
}

static void an_agent_yields_without_waiting(void)
{
    struct pair p = pair_new(50, 50);

    p.m.caller = p.m.k->h.boot.root_tcb;
    CHECK_EQ(yield_to(&p.m, p.by_second), 0);
    CHECK_EQ(got_length(&p.m, p.m.caller), 1);
    CHECK_EQ(context_of(&p.m, p.by_second)->yield_from, 0);
    CHECK_EQ(running(&p.m), p.first.tcb);
    machine_free(&p.m);
}

/* ---- the end ---- */

static void deleting_the_last_capability_frees_its_thread(void)
{
    struct machine m = machine_mcs();
    struct context c = context_with(&m, 100, 1000);
    struct thread t = thread_by(&m, 50, c);
    word n = object_new(&m, OBJECT_NOTIFICATION, 0);

    CHECK_EQ(BIND(&m, c, n), 0);
    CHECK_EQ(cap_delete(&m, c.cap), 0);
    CHECK_EQ(context_held(&m, t), 0);
    CHECK_EQ(m.k->h.current_sc, 0);
    take_kick(&m);
    CHECK_EQ(running(&m), 0);
    CHECK_EQ(state_of(&m, t), STATE_RUNNING);
    machine_free(&m);
}

static void a_thread_may_delete_what_it_runs_by(void)
{
    struct machine m = machine_mcs();
    struct context c = context_with(&m, 100, 1000);
    struct thread t = thread_by(&m, 50, c);

    m.caller = t.tcb;
    cap_delete(&m, c.cap);
    CHECK_EQ(running(&m), 0);
    CHECK_EQ(context_held(&m, t), 0);
    m.caller = m.k->h.boot.root_tcb;
    c = context_with(&m, 100, 1000);
    CHECK_EQ(BIND(&m, c, t.cap), 0);
    CHECK_EQ(running(&m), t.tcb);
    machine_free(&m);
}

TESTS(TEST(configuring_sets_everything),
      TEST(a_budget_of_a_whole_period_is_round_robin),
      TEST(configuring_is_checked_in_this_order),
      TEST(the_smallest_context_has_no_room_for_extra_refills),
      TEST(configuring_lets_a_thread_run_that_had_no_time),
      TEST(configuring_keeps_what_a_running_thread_has_used),
      TEST(configuring_begins_anew_for_a_thread_that_does_not_run),
      TEST(configuring_does_not_free_a_thread_that_waits_for_time),
      TEST(round_robin_begins_anew_whoever_runs),
      TEST(an_agent_may_configure_its_own), TEST(binding_lets_a_thread_run),
      TEST(a_bound_thread_is_first_of_its_priority),
      TEST(a_thread_bound_to_what_is_used_up_waits),
      TEST(binding_is_checked_in_this_order),
      TEST(a_blocked_thread_is_bound_only_to_time_that_it_can_use),
      TEST(an_agent_may_bind_its_own),
      TEST(unbinding_an_object_leaves_the_other_bound),
      TEST(unbinding_an_object_is_checked_in_this_order),
      TEST(unbinding_takes_everything_away),
      TEST(a_thread_cannot_unbind_what_it_runs_by),
      TEST(what_an_agent_takes_from_current_is_charged_at_once),
      TEST(consumed_time_is_told_once), TEST(consumed_time_is_what_was_charged),
      TEST(yielding_to_an_equal_runs_it_and_answers_afterwards),
      TEST(yielding_to_a_lower_thread_answers_at_once),
      TEST(yielding_to_who_cannot_run_answers_at_once),
      TEST(yielding_is_checked_in_this_order),
      TEST(a_second_yield_answers_the_first),
      TEST(who_yielded_may_be_stopped_and_deleted),
      TEST(what_was_yielded_to_may_be_deleted),
      TEST(an_agent_yields_without_waiting),
      TEST(deleting_the_last_capability_frees_its_thread),
      TEST(a_thread_may_delete_what_it_runs_by))
