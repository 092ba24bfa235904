/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Budgets that run out, and timeout faults (kernel/budget.c, the MCS half of
 * kernel/sched.c and kernel/fault.c).
 */
#include "mcs.h"

#define LIMITED 100, 1000 /* us: budget and period */

/* ---- without a handler ---- */

static void who_has_used_his_budget_up_waits_for_the_next_period(void)
{
    struct machine m = machine_mcs();
    struct context c = context_with(&m, LIMITED);
    struct thread t = thread_by(&m, 50, c);

    CHECK_EQ(m.k->h.deadline, 99 * US);
    run_for(&m, 100);
    CHECK_EQ(running(&m), 0);
    CHECK(tcb_of(&m, t.tcb)->in_release);
    CHECK_EQ(m.k->h.deadline, 1000 * US);
    run_for(&m, 899);
    CHECK_EQ(running(&m), 0);
    run_for(&m, 1);
    CHECK_EQ(running(&m), t.tcb);
    CHECK_EQ(m.k->h.deadline, 1099 * US);
    CHECK_EQ(context_of(&m, c)->consumed, 100 * US);
    machine_free(&m);
}

/* The trap does not happen: it is repeated when there is time again. */
static void who_asks_for_something_with_too_little_left_asks_again(void)
{
    struct machine m = machine_mcs();
    struct thread t = thread_by(&m, 50, context_with(&m, LIMITED));
    word n = object_new(&m, OBJECT_NOTIFICATION, 0);
    struct notification *object = kernel_memory(m.k, object_of(&m, n));

    pass(&m, 80);
    trap(&m, t.tcb, SYS_SEND, n, MESSAGE(0, 0));
    CHECK_EQ(object->state, NOTIFICATION_ACTIVE);
    object->state = NOTIFICATION_IDLE;
    pass(&m, 1);
    trap(&m, t.tcb, SYS_SEND, n, MESSAGE(0, 0));
    CHECK_EQ(object->state, NOTIFICATION_IDLE);
    CHECK_EQ(running(&m), 0);
    CHECK_EQ(state_of(&m, t), STATE_RESTART);
    run_for(&m, 1000);
    CHECK_EQ(running(&m), t.tcb);
    CHECK_EQ(kernel_registers(m.k, t.tcb)[REG_RIP], TRAP_IP);
    machine_free(&m);
}

static void a_debug_call_is_done_in_any_case_and_ends_the_turn(void)
{
    struct machine m = machine_mcs();
    struct thread t = thread_by(&m, 50, context_with(&m, LIMITED));
    word written = m.k->h.console_written;

    pass(&m, 90);
    trap(&m, t.tcb, SYS_DEBUG_PUT_CHAR, 'x', NULL);
    CHECK_EQ(m.k->h.console_written, written + 1);
    CHECK_EQ(running(&m), 0);
    run_for(&m, 1000);
    CHECK_EQ(running(&m), t.tcb);
    CHECK_EQ(kernel_registers(m.k, t.tcb)[REG_RIP], TRAP_IP + 2);
    machine_free(&m);
}

/* Reading the clock is no system call; a more important thread wakes then. */
static void so_does_reading_the_clock(void)
{
    struct machine m = machine_mcs();
    struct thread high = thread_by(&m, 60, context_with(&m, 100, 200));
    struct context c = context_with(&m, 110, 1000);
    struct thread t;

    run_for(&m, 100);
    t = thread_by(&m, 50, c);
    pass(&m, 100);
    enter(&m, t.tcb, CAUSE_TSC);
    CHECK_EQ(running(&m), high.tcb);
    CHECK(tcb_of(&m, t.tcb)->in_release);
    CHECK_EQ(refill_of(&m, c, 0).time, 1090 * US);
    machine_free(&m);
}

static void who_waits_for_time_wakes_in_the_order_of_times(void)
{
    struct machine m = machine_mcs();
    struct thread late = thread_by(&m, 50, context_with(&m, 100, 5000));
    struct thread early, middle;

    run_for(&m, 100);
    early = thread_by(&m, 50, context_with(&m, 100, 1000));
    run_for(&m, 100);
    middle = thread_by(&m, 50, context_with(&m, 100, 2000));
    run_for(&m, 100);
    CHECK_EQ(m.k->h.release.head, early.tcb);
    CHECK_EQ(tcb_of(&m, early.tcb)->sched_next, middle.tcb);
    CHECK_EQ(m.k->h.release.tail, late.tcb);
    CHECK_EQ(m.k->h.deadline, 1100 * US);
    machine_free(&m);
}

static void who_wakes_takes_the_node_from_who_is_less_important(void)
{
    struct machine m = machine_mcs();
    struct thread high = thread_by(&m, 60, context_with(&m, LIMITED));
    struct thread low = thread_timed(&m, 50);

    run_for(&m, 100);
    CHECK_EQ(running(&m), low.tcb);
    run_for(&m, 899);
    CHECK_EQ(running(&m), low.tcb);
    CHECK_EQ(m.k->h.deadline, 1000 * US);
    run_for(&m, 1);
    CHECK_EQ(running(&m), high.tcb);
    CHECK_EQ(m.k->h.ready[0][50].head, low.tcb);
    machine_free(&m);
}

static void who_wakes_waits_for_an_equal(void)
{
    struct machine m = machine_mcs();
    struct thread first = thread_by(&m, 50, context_with(&m, LIMITED));
    struct thread second = thread_by(&m, 50, context_with(&m, 5000, 5000));

    run_for(&m, 100);
    CHECK_EQ(running(&m), second.tcb);
    run_for(&m, 900);
    CHECK_EQ(running(&m), second.tcb);
    CHECK_EQ(m.k->h.ready[0][50].head, first.tcb);
    machine_free(&m);
}

static void who_is_stopped_does_not_wake(void)
{
    struct machine m = machine_mcs();
    struct thread t = thread_by(&m, 50, context_with(&m, LIMITED));

    run_for(&m, 100);
    CHECK_EQ(thread_stop(&m, t), 0);
    CHECK(!tcb_of(&m, t.tcb)->in_release);
    CHECK_EQ(m.k->h.deadline, TIME_NEVER);
    CHECK_EQ(thread_resume(&m, t), 0);
    CHECK(tcb_of(&m, t.tcb)->in_release);
    CHECK_EQ(m.k->h.deadline, 1000 * US);
    pass(&m, 1000);
    CHECK_EQ(thread_stop(&m, t), 0);
    CHECK_EQ(thread_resume(&m, t), 0);
    CHECK_EQ(running(&m), t.tcb);
    machine_free(&m);
}

/* An agent stops and resumes current, before it has noticed. */
static void a_stop_that_goes_unnoticed_gives_no_time(void)
{
    struct machine m = machine_mcs();
    struct thread t = thread_by(&m, 50, context_with(&m, LIMITED));

    pass(&m, 95);
    CHECK_EQ(thread_stop(&m, t), 0);
    CHECK_EQ(thread_resume(&m, t), 0);
    CHECK(tcb_of(&m, t.tcb)->in_release);
    take_kick(&m);
    CHECK_EQ(running(&m), 0);
    run_for(&m, 1000);
    CHECK_EQ(running(&m), t.tcb);
    machine_free(&m);
}

/* ---- round robin ---- */

static void equals_take_turns(void)
{
    struct machine m = machine_mcs();
    struct thread a = thread_by(&m, 50, context_with(&m, 1000, 1000));
    struct thread b = thread_by(&m, 50, context_with(&m, 2000, 2000));

    for (word i = 0; i < 3; i++) {
        CHECK_EQ(running(&m), a.tcb);
        CHECK_EQ(m.k->h.deadline, m.k->h.time + 999 * US);
        run_for(&m, 1000);
        CHECK_EQ(running(&m), b.tcb);
        CHECK_EQ(m.k->h.deadline, m.k->h.time + 1999 * US);
        run_for(&m, 2000);
    }
    machine_free(&m);
}

/* What is left of a slice is kept while a more important thread runs. */
static void an_interrupted_turn_goes_on_where_it_was(void)
{
    struct machine m = machine_mcs();
    struct context c = context_with(&m, 1000, 1000);
    struct thread a = thread_by(&m, 50, c);
    struct thread b = thread_timed(&m, 50);
    struct thread high;

    pass(&m, 300);
    high = thread_timed(&m, 60);
    take_kick(&m);
    CHECK_EQ(running(&m), high.tcb);
    CHECK_EQ(refill_of(&m, c, 0).amount, 700 * US);
    CHECK_EQ(refill_of(&m, c, 1).amount, 300 * US);
    pass(&m, 5000);
    CHECK_EQ(thread_stop(&m, high), 0);
    take_kick(&m);
    CHECK_EQ(running(&m), a.tcb);
    CHECK_EQ(m.k->h.deadline, m.k->h.time + 699 * US);
    run_for(&m, 700);
    CHECK_EQ(running(&m), b.tcb);
    CHECK_EQ(refill_of(&m, c, 0).amount, 1000 * US);
    machine_free(&m);
}

static void yielding_gives_the_rest_of_the_slice_away(void)
{
    struct machine m = machine_mcs();
    struct context c = context_with(&m, 1000, 1000);
    struct thread a = thread_by(&m, 50, c);
    struct thread b = thread_timed(&m, 50);

    pass(&m, 300);
    trap(&m, a.tcb, SYS_YIELD, 0, NULL);
    CHECK_EQ(running(&m), b.tcb);
    CHECK_EQ(refill_of(&m, c, 0).amount, 1000 * US);
    CHECK_EQ(context_of(&m, c)->consumed, 300 * US);
    machine_free(&m);
}

static void yielding_gives_the_rest_of_the_refill_away(void)
{
    struct machine m = machine_mcs();
    struct context c = context_with(&m, LIMITED);
    struct thread t = thread_by(&m, 50, c);

    pass(&m, 30);
    trap(&m, t.tcb, SYS_YIELD, 0, NULL);
    CHECK_EQ(running(&m), 0);
    CHECK_EQ(refill_of(&m, c, 0).time, 1000 * US);
    CHECK_EQ(refill_of(&m, c, 0).amount, 100 * US);
    CHECK_EQ(context_of(&m, c)->consumed, 30 * US);
    machine_free(&m);
}

/* ---- with a handler ---- */

/* A thread with 100 us in 1000, and a handler that waits for its timeout. */
struct bench {
    struct machine m;
    word ep, reply;
    struct context by;
    struct thread handler, t;
};

#define BADGE 33

static struct bench bench_new(void)
{
    struct bench b = { .m = machine_mcs() };
    word badged = slot_new(&b.m);

    b.ep = object_new(&b.m, OBJECT_ENDPOINT, 0);
    b.reply = reply_new(&b.m);
    CHECK_EQ(cap_mint(&b.m, badged, b.ep, RIGHT_ALL, BADGE), 0);
    b.handler = thread_timed(&b.m, 60);
    receive(&b.m, b.handler, b.ep, b.reply);
    b.by = context_with(&b.m, LIMITED);
    b.t = thread_by(&b.m, 50, b.by);
    CHECK_EQ(INVOKE(&b.m, b.t.cap, METHOD_TCB_SET_TIMEOUT_ENDPOINT,
                    CAPS(badged)),
             0);
    CHECK_EQ(running(&b.m), b.t.tcb);
    return b;
}

static void a_timeout_is_told_to_its_handler(void)
{
    struct bench b = bench_new();

    kernel_registers(b.m.k, b.t.tcb)[REG_RIP] = 0x123456;
    run_for(&b.m, 100);
    CHECK_EQ(running(&b.m), b.handler.tcb);
    CHECK_EQ(got_label(&b.m, b.handler.tcb), 5);
    CHECK_EQ(got_badge(&b.m, b.handler.tcb), BADGE);
    CHECK_EQ(got_length(&b.m, b.handler.tcb), 2);
    /* the data of the scheduling context, and the time it has consumed */
    CHECK_EQ(got_word(&b.m, b.handler.tcb, 0), b.by.cap);
    CHECK_EQ(got_word(&b.m, b.handler.tcb, 1), 100);
    CHECK_EQ(context_of(&b.m, b.by)->consumed, 0);
    CHECK_EQ(state_of(&b.m, b.t), STATE_BLOCKED_ON_REPLY);
    /* a handler is lent nothing: there is nothing left to lend */
    CHECK_EQ(context_held(&b.m, b.t), b.by.sc);
    CHECK_EQ(*kernel_fault_ip(b.m.k, b.t.tcb), 0x123456);
    machine_free(&b.m);
}

/* Words 0, 2 and 4 of the answer: the instruction, the flags, and RBX. */
static void an_answer_may_change_registers(void)
{
    struct bench b = bench_new();
    word *r = kernel_registers(b.m.k, b.t.tcb);

    run_for(&b.m, 100);
    r[REG_RSP] = 77;
    answer(&b.m, b.handler, b.reply, MESSAGE(0, 0x777000, 78, 0, 79, 80));
    CHECK_EQ(state_of(&b.m, b.t), STATE_RESTART);
    CHECK_EQ(*kernel_fault_ip(b.m.k, b.t.tcb), 0x777000);
    CHECK_EQ(r[REG_RSP], 78);
    CHECK_EQ(r[REG_RFLAGS], 0x202);
    CHECK_EQ(r[REG_RAX], 79);
    CHECK_EQ(r[REG_RBX], 80);
    /* and it still has no time: no second timeout, but a wait */
    CHECK(tcb_of(&b.m, b.t.tcb)->in_release);
    receive(&b.m, b.handler, b.ep, b.reply);
    CHECK_EQ(running(&b.m), 0);
    run_for(&b.m, 900);
    CHECK_EQ(running(&b.m), b.t.tcb);
    CHECK_EQ(r[REG_RIP], 0x777000);
    machine_free(&b.m);
}

static void an_answer_with_a_label_leaves_the_thread_stopped(void)
{
    struct bench b = bench_new();

    run_for(&b.m, 100);
    answer(&b.m, b.handler, b.reply, MESSAGE(1, 0));
    CHECK_EQ(state_of(&b.m, b.t), STATE_INACTIVE);
    CHECK(!tcb_of(&b.m, b.t.tcb)->in_release);
    machine_free(&b.m);
}

static void a_handler_may_give_more_time(void)
{
    struct bench b = bench_new();

    run_for(&b.m, 100);
    CHECK_EQ(context_configure(&b.m, b.by, 200, 1000), 0);
    answer(&b.m, b.handler, b.reply, &(struct message){ .label = 0 });
    CHECK_EQ(running(&b.m), b.handler.tcb);
    receive(&b.m, b.handler, b.ep, b.reply);
    CHECK_EQ(running(&b.m), b.t.tcb);
    CHECK_EQ(refill_of(&b.m, b.by, 0).amount, 200 * US);
    machine_free(&b.m);
}

static void a_timeout_waits_for_its_handler(void)
{
    struct bench b = bench_new();

    CHECK_EQ(thread_stop(&b.m, b.handler), 0);
    run_for(&b.m, 100);
    CHECK_EQ(running(&b.m), 0);
    CHECK_EQ(state_of(&b.m, b.t), STATE_BLOCKED_ON_SEND);
    CHECK_EQ(thread_resume(&b.m, b.handler), 0);
    receive(&b.m, b.handler, b.ep, b.reply);
    CHECK_EQ(running(&b.m), b.handler.tcb);
    CHECK_EQ(got_label(&b.m, b.handler.tcb), 5);
    CHECK_EQ(state_of(&b.m, b.t), STATE_BLOCKED_ON_REPLY);
    machine_free(&b.m);
}

/* A fault is not repeated when its endpoint goes, unlike a call. */
static void a_timeout_without_an_endpoint_any_more_stops_the_thread(void)
{
    struct bench b = bench_new();

    CHECK_EQ(thread_stop(&b.m, b.handler), 0);
    run_for(&b.m, 100);
    CHECK_EQ(cap_revoke(&b.m, b.ep), 0);
    CHECK_EQ(cap_delete(&b.m, b.ep), 0);
    CHECK_EQ(state_of(&b.m, b.t), STATE_INACTIVE);
    CHECK_EQ(thread_resume(&b.m, b.t), 0);
    CHECK(tcb_of(&b.m, b.t.tcb)->in_release);
    CHECK_EQ(tcb_of(&b.m, b.t.tcb)->fault.type, FAULT_NONE);
    machine_free(&b.m);
}

static void round_robin_has_no_timeouts(void)
{
    struct bench b = bench_new();

    CHECK_EQ(context_configure(&b.m, b.by, 100, 100), 0);
    take_kick(&b.m);
    run_for(&b.m, 100);
    CHECK_EQ(running(&b.m), b.t.tcb);
    CHECK_EQ(state_of(&b.m, b.handler), STATE_BLOCKED_ON_RECEIVE);
    machine_free(&b.m);
}

static void yielding_is_no_timeout(void)
{
    struct bench b = bench_new();

    trap(&b.m, b.t.tcb, SYS_YIELD, 0, NULL);
    CHECK_EQ(running(&b.m), 0);
    CHECK(tcb_of(&b.m, b.t.tcb)->in_release);
    machine_free(&b.m);
}

/* A server with a handler has its client's time, and overruns it: the timeout
 * is the server's. */
static void a_server_that_overruns_its_clients_budget_times_out(void)
{
    struct bench b = bench_new();
    word ep = object_new(&b.m, OBJECT_ENDPOINT, 0);
    word reply = reply_new(&b.m);
    struct context c = context_with(&b.m, LIMITED);
    struct thread server, client;

    CHECK_EQ(thread_stop(&b.m, b.t), 0);
    take_kick(&b.m);
    server = passive_server(&b.m, 50, ep, reply);
    CHECK_EQ(INVOKE(&b.m, server.cap, METHOD_TCB_SET_TIMEOUT_ENDPOINT,
                    CAPS(b.ep)),
             0);
    client = thread_by(&b.m, 50, c);
    call(&b.m, client, ep, MESSAGE(0, 0));
    run_for(&b.m, 100);
    CHECK_EQ(running(&b.m), b.handler.tcb);
    CHECK_EQ(got_label(&b.m, b.handler.tcb), 5);
    CHECK_EQ(got_word(&b.m, b.handler.tcb, 0), c.cap);
    CHECK_EQ(state_of(&b.m, server), STATE_BLOCKED_ON_REPLY);
    /* the handler lets the client go instead, who then waits for time */
    answer(&b.m, b.handler, reply, MESSAGE(0, 0));
    CHECK_EQ(context_held(&b.m, client), c.sc);
    CHECK(tcb_of(&b.m, client.tcb)->in_release);
    CHECK_EQ(context_held(&b.m, server), 0);
    machine_free(&b.m);
}

/* An answer comes when the caller's time is over: a timeout, if he handles
 * them. */
static void an_answer_after_the_end_of_the_budget_is_a_timeout(void)
{
    struct bench b = bench_new();
    word ep = object_new(&b.m, OBJECT_ENDPOINT, 0);
    word reply = reply_new(&b.m);
    struct thread server;

    CHECK_EQ(thread_stop(&b.m, b.t), 0);
    take_kick(&b.m);
    server = passive_server(&b.m, 50, ep, reply);
    CHECK_EQ(thread_resume(&b.m, b.t), 0);
    call(&b.m, b.t, ep, MESSAGE(0, 0));
    CHECK_EQ(running(&b.m), server.tcb);
    run_for(&b.m, 100);
    CHECK_EQ(running(&b.m), 0);
    trap(&b.m, b.m.caller, SYS_SEND, reply, MESSAGE(0, 0));
    CHECK_EQ(running(&b.m), b.handler.tcb);
    CHECK_EQ(got_label(&b.m, b.handler.tcb), 5);
    CHECK_EQ(state_of(&b.m, b.t), STATE_BLOCKED_ON_REPLY);
    CHECK_EQ(context_held(&b.m, b.t), b.by.sc);
    machine_free(&b.m);
}

/* ---- sporadic or not ---- */

/* Who waits, and runs again, begins its period then if it is sporadic or not;
 * a context that is not is moved on when it is switched to. */
static void a_context_that_was_not_used_begins_when_it_is(void)
{
    struct machine m = machine_mcs();
    struct context c = context_with(&m, LIMITED);
    struct thread t = thread_by(&m, 50, c);
    word n = object_new(&m, OBJECT_NOTIFICATION, 0);

    pass(&m, 30);
    trap(&m, t.tcb, SYS_WAIT, n, NULL);
    CHECK_EQ(running(&m), 0);
    CHECK_EQ(refill_of(&m, c, 0).time, 30 * US);
    CHECK_EQ(refill_of(&m, c, 1).time, 1000 * US);
    pass(&m, 470);
    trap(&m, m.caller, SYS_SEND, n, MESSAGE(0, 0));
    CHECK_EQ(running(&m), t.tcb);
    CHECK_EQ(refill_of(&m, c, 0).time, 500 * US);
    CHECK_EQ(refill_of(&m, c, 0).amount, 70 * US);
    CHECK_EQ(m.k->h.deadline, 569 * US);
    machine_free(&m);
}

/* A sporadic one is moved on when its thread becomes ready, and not again. */
static void a_sporadic_context_begins_when_its_thread_is_ready(void)
{
    struct machine m = machine_mcs();
    struct context c = context_new(&m);
    struct thread t, high;
    word n = object_new(&m, OBJECT_NOTIFICATION, 0);

    CHECK_EQ(INVOKE(&m, m.k->h.boot.sched_control,
                    METHOD_SCHED_CONTROL_CONFIGURE_FLAGS,
                    WORDS(100, 1000, 0, 0, SEL4_SCHED_CONTEXT_FLAG_SPORADIC),
                    CAPS(c.cap)),
             0);
    t = thread_by(&m, 50, c);
    trap(&m, t.tcb, SYS_WAIT, n, NULL);
    high = thread_timed(&m, 60);
    pass(&m, 200);
    trap(&m, high.tcb, SYS_SEND, n, MESSAGE(0, 0));
    CHECK_EQ(refill_of(&m, c, 0).time, 200 * US);
    pass(&m, 300);
    CHECK_EQ(thread_stop(&m, high), 0);
    take_kick(&m);
    CHECK_EQ(running(&m), t.tcb);
    CHECK_EQ(refill_of(&m, c, 0).time, 200 * US);
    machine_free(&m);
}

/* ---- long operations ---- */

#define MANY 8 /* log2 of the slots of a CNode that takes long to delete */

static word cnode_full(struct machine *m)
{
    word cnode = object_new(m, OBJECT_CNODE, MANY);
    word ep = object_new(m, OBJECT_ENDPOINT, 0);
    struct cte *slot = kernel_memory(m->k, object_of(m, cnode));

    for (word i = 0; i < 1ul << MANY; i++)
        CHECK_EQ(INVOKE(m, cnode, METHOD_CNODE_COPY,
                        WORDS(i, MANY, ep, 64, RIGHT_ALL), CAPS(ROOT)),
                 0);
    CHECK_EQ(slot[(1ul << MANY) - 1].cap.type, CAP_ENDPOINT);
    return cnode;
}

/* The virtual clock has 10 us for 100 steps, and 1 us for the entry: after the
 * first look 24 of 35 us are left, after the second it would be 14. */
static void a_long_operation_ends_with_the_budget(void)
{
    struct image_config config = mcs_config();
    struct machine m;
    struct context c;
    struct thread t;
    word cnode;

    config.clock = CLOCK_VIRTUAL;
    m = machine_new_config(&config);
    cnode = cnode_full(&m);
    c = context_with(&m, 35, 1000);
    t = thread_by(&m, 50, c);
    m.caller = t.tcb;
    cap_delete(&m, cnode);
    CHECK_EQ(slot_of(&m, cnode)->cap.type, CAP_ZOMBIE);
    /* Nobody else runs: time jumps to the next refill, which the 14 us have
     * become part of, and it asks again. */
    CHECK_EQ(running(&m), t.tcb);
    CHECK_EQ(m.k->h.time, (1000 - 14) * US);
    CHECK_EQ(kernel_registers(m.k, t.tcb)[REG_RIP], TRAP_IP);
    CHECK_EQ(cap_delete(&m, cnode), 0);
    CHECK(slot_is_empty(&m, cnode));
    machine_free(&m);
}

/* ---- long operations that take away what they run by ---- */

/* An untyped memory with a full CNode in it, which goes last. */
struct hoard {
    struct machine m;
    word untyped;
    struct context by;
    struct thread t; /* runs, with time enough */
};

static struct hoard hoard_new(bool own_context, bool own_tcb)
{
    struct hoard h = { .m = machine_mcs() };
    word all = h.m.untyped;

    h.untyped = object_new(&h.m, OBJECT_UNTYPED, 20);
    h.m.untyped = h.untyped;
    cnode_full(&h.m);
    h.m.untyped = own_context ? h.untyped : all;
    h.by = context_with(&h.m, 1000, 5000);
    h.m.untyped = own_tcb ? h.untyped : all;
    h.t = thread_by(&h.m, 50, h.by);
    h.m.untyped = all;
    h.m.k->h.work = 0;
    h.m.caller = h.t.tcb;
    pass(&h.m, 30);
    return h;
}

/* Nobody pays for the rest: it is cut short, and goes on when somebody does. */
static void who_deletes_what_he_runs_by_gets_no_further(void)
{
    struct hoard h = hoard_new(true, false);

    cap_revoke(&h.m, h.untyped);
    CHECK_EQ(running(&h.m), 0);
    CHECK_EQ(state_of(&h.m, h.t), STATE_RESTART);
    CHECK_EQ(context_held(&h.m, h.t), 0);
    h.m.caller = h.m.k->h.boot.root_tcb;
    CHECK_EQ(context_bind(&h.m, context_with(&h.m, 1000, 1000), h.t.cap), 0);
    CHECK_EQ(running(&h.m), h.t.tcb);
    h.m.caller = h.t.tcb;
    while (cap_revoke(&h.m, h.untyped) != SEL4_NO_ERROR)
        ;
    machine_free(&h.m);
}

static void who_deletes_himself_is_charged_up_to_then(void)
{
    struct hoard h = hoard_new(false, true);

    h.m.k->h.pending |= PENDING_IRQ;
    cap_revoke(&h.m, h.untyped);
    CHECK_EQ(running(&h.m), 0);
    CHECK_EQ(runs_by(&h.m, h.by), 0);
    CHECK_EQ(context_of(&h.m, h.by)->consumed, 30 * US);
    CHECK_EQ(refill_of(&h.m, h.by, 0).amount, 970 * US);
    h.m.caller = h.m.k->h.boot.root_tcb;
    CHECK_EQ(cap_revoke(&h.m, h.untyped), 0);
    machine_free(&h.m);
}

static void who_deletes_all_that_he_is_leaves_nothing_to_charge(void)
{
    struct hoard h = hoard_new(true, true);

    cap_revoke(&h.m, h.untyped);
    CHECK_EQ(running(&h.m), 0);
    CHECK_EQ(h.m.k->h.current_sc, 0);
    h.m.caller = h.m.k->h.boot.root_tcb;
    CHECK_EQ(cap_revoke(&h.m, h.untyped), 0);
    machine_free(&h.m);
}

static void a_timeout_after_a_debug_call_is_behind_it(void)
{
    struct bench b = bench_new();

    pass(&b.m, 90);
    trap(&b.m, b.t.tcb, SYS_DEBUG_PUT_CHAR, 'x', NULL);
    CHECK_EQ(running(&b.m), b.handler.tcb);
    CHECK_EQ(got_label(&b.m, b.handler.tcb), 5);
    CHECK_EQ(*kernel_fault_ip(b.m.k, b.t.tcb), TRAP_IP + 2);
    machine_free(&b.m);
}

TESTS(TEST(who_has_used_his_budget_up_waits_for_the_next_period),
      TEST(who_asks_for_something_with_too_little_left_asks_again),
      TEST(a_debug_call_is_done_in_any_case_and_ends_the_turn),
      TEST(so_does_reading_the_clock),
      TEST(who_waits_for_time_wakes_in_the_order_of_times),
      TEST(who_wakes_takes_the_node_from_who_is_less_important),
      TEST(who_wakes_waits_for_an_equal), TEST(who_is_stopped_does_not_wake),
      TEST(a_stop_that_goes_unnoticed_gives_no_time), TEST(equals_take_turns),
      TEST(an_interrupted_turn_goes_on_where_it_was),
      TEST(yielding_gives_the_rest_of_the_slice_away),
      TEST(yielding_gives_the_rest_of_the_refill_away),
      TEST(a_timeout_is_told_to_its_handler),
      TEST(an_answer_may_change_registers),
      TEST(an_answer_with_a_label_leaves_the_thread_stopped),
      TEST(a_handler_may_give_more_time), TEST(a_timeout_waits_for_its_handler),
      TEST(a_timeout_without_an_endpoint_any_more_stops_the_thread),
      TEST(round_robin_has_no_timeouts), TEST(yielding_is_no_timeout),
      TEST(a_server_that_overruns_its_clients_budget_times_out),
      TEST(an_answer_after_the_end_of_the_budget_is_a_timeout),
      TEST(a_context_that_was_not_used_begins_when_it_is),
      TEST(a_sporadic_context_begins_when_its_thread_is_ready),
      TEST(a_long_operation_ends_with_the_budget),
      TEST(who_deletes_what_he_runs_by_gets_no_further),
      TEST(who_deletes_himself_is_charged_up_to_then),
      TEST(who_deletes_all_that_he_is_leaves_nothing_to_charge),
      TEST(a_timeout_after_a_debug_call_is_behind_it))
