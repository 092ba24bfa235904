/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads of the MCS kernel (kernel/tcb.c, kernel/thread.c, kernel/fault.c):
 * handlers that are capabilities, scheduling contexts that come with the
 * scheduling parameters, queues in the order of priorities; and domains, whose
 * durations are in ticks of the time-stamp counter.
 */
#include "kernel/endpoint.h"
#include "mcs.h"

#define VSPACE SEL4_CAP_INIT_THREAD_VSPACE
#define SELF SEL4_CAP_INIT_THREAD_TCB
#define EMPTY 0xffe /* a slot that holds nothing */

static word error_word(struct machine *m, word i)
{
    return got_word(m, m->caller, i);
}

static union cap handler_of(struct machine *m, struct thread t)
{
    return tcb_of(m, t.tcb)->slot[TCB_FAULT_HANDLER].cap;
}

/* ---- handlers ---- */

#define SET_SPACE(m, t, ...)                                                   \
    INVOKE((m), (t).cap, METHOD_TCB_SET_SPACE, __VA_ARGS__)
#define SET_TIMEOUT(m, t, ...)                                                 \
    INVOKE((m), (t).cap, METHOD_TCB_SET_TIMEOUT_ENDPOINT, __VA_ARGS__)

static void a_handler_is_kept_in_the_tcb(void)
{
    struct machine m = machine_mcs();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    word badged = slot_new(&m);
    struct thread t = thread_new(&m, 50);

    CHECK_EQ(cap_mint(&m, badged, ep, RIGHT_WRITE | RIGHT_GRANT_REPLY, 9), 0);
    CHECK_EQ(SET_SPACE(&m, t, WORDS(0, 0), CAPS(badged, ROOT, VSPACE)), 0);
    CHECK_EQ(handler_of(&m, t).endpoint.badge, 9);
    CHECK_EQ(handler_of(&m, t).obj, object_of(&m, ep));
    /* like every capability it goes when its original is revoked */
    CHECK_EQ(cap_revoke(&m, ep), 0);
    CHECK(cap_is_null(handler_of(&m, t)));
    machine_free(&m);
}

static void an_empty_slot_takes_the_handler_away(void)
{
    struct machine m = machine_mcs();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    struct thread t = thread_new(&m, 50);

    CHECK_EQ(SET_SPACE(&m, t, WORDS(0, 0), CAPS(ep, ROOT, VSPACE)), 0);
    CHECK_EQ(SET_SPACE(&m, t, WORDS(0, 0), CAPS(EMPTY, ROOT, VSPACE)), 0);
    CHECK(cap_is_null(handler_of(&m, t)));
    CHECK_EQ(SET_TIMEOUT(&m, t, CAPS(ep)), 0);
    CHECK_EQ(SET_TIMEOUT(&m, t, CAPS(EMPTY)), 0);
    CHECK(cap_is_null(tcb_of(&m, t.tcb)->slot[TCB_TIMEOUT_HANDLER].cap));
    machine_free(&m);
}

/* Rights that do for a handler: Write, and one of the Grants. */
static void a_handler_can_be_called(void)
{
    struct machine m = machine_mcs();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    struct thread t = thread_new(&m, 50);

    for (word rights = 0; rights <= RIGHT_ALL; rights++) {
        word cap = slot_new(&m);
        bool does =
            rights & RIGHT_WRITE && rights & (RIGHT_GRANT | RIGHT_GRANT_REPLY);
        word error = does ? SEL4_NO_ERROR : SEL4_INVALID_CAPABILITY;

        CHECK_EQ(cap_copy(&m, cap, ep, rights), 0);
        CHECK_EQ(SET_TIMEOUT(&m, t, CAPS(cap)), error);
        CHECK_EQ(SET_SPACE(&m, t, WORDS(0, 0), CAPS(cap, ROOT, VSPACE)), error);
    }
    machine_free(&m);
}

/* The spaces come before the handler, though it stands in front. */
static void the_space_is_checked_before_the_handler(void)
{
    struct machine m = machine_mcs();
    word n = object_new(&m, OBJECT_NOTIFICATION, 0);
    struct thread t = thread_new(&m, 50);

    CHECK_EQ(SET_SPACE(&m, t, WORDS(0), CAPS(n, ROOT, VSPACE)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(SET_SPACE(&m, t, WORDS(0, 0), CAPS(n, ROOT)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(SET_SPACE(&m, t, WORDS(0, 0), CAPS(n, VSPACE, VSPACE)),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(SET_SPACE(&m, t, WORDS(0, 0), CAPS(n, ROOT, ROOT)),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(SET_SPACE(&m, t, WORDS(0, 0), CAPS(n, ROOT, VSPACE)),
             SEL4_INVALID_CAPABILITY);
    CHECK_EQ(error_word(&m, 0), 1);
    CHECK_EQ(SET_TIMEOUT(&m, t, .label = 0), SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(SET_TIMEOUT(&m, t, CAPS(n)), SEL4_INVALID_CAPABILITY);
    CHECK_EQ(error_word(&m, 0), 1);
    machine_free(&m);
}

static void a_fault_is_sent_with_the_handlers_badge(void)
{
    struct machine m = machine_mcs();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    word badged = slot_new(&m);
    word reply = reply_new(&m);
    struct thread handler = passive_server(&m, 60, ep, reply);
    struct context by = context_with(&m, 1000, 1000);
    struct thread t = thread_by(&m, 50, by);

    CHECK_EQ(cap_mint(&m, badged, ep, RIGHT_WRITE | RIGHT_GRANT_REPLY, 9), 0);
    CHECK_EQ(SET_SPACE(&m, t, WORDS(0, 0), CAPS(badged, ROOT, VSPACE)), 0);
    kernel_enter(m.k, &test_host, t.tcb,
                 &(struct kernel_cause){ .kind = CAUSE_EXCEPTION,
                                         .number = 3 });
    CHECK_EQ(running(&m), handler.tcb);
    CHECK_EQ(got_label(&m, handler.tcb), 3);
    CHECK_EQ(got_badge(&m, handler.tcb), 9);
    CHECK_EQ(state_of(&m, t), STATE_BLOCKED_ON_REPLY);
    /* a fault lends, as a call does */
    CHECK_EQ(context_held(&m, handler), by.sc);
    message_store(&m, handler.tcb, &(struct message){ .label = 0 });
    trap_reply(&m, handler, SYS_REPLY_RECV, ep, reply);
    CHECK_EQ(running(&m), t.tcb);
    CHECK_EQ(context_held(&m, t), by.sc);
    /* and is over with the answer: the next message is a message */
    call(&m, t, ep, MESSAGE(4, 0));
    CHECK_EQ(running(&m), handler.tcb);
    CHECK_EQ(got_label(&m, handler.tcb), 4);
    machine_free(&m);
}

static void a_fault_without_a_handler_stops_the_thread(void)
{
    struct machine m = machine_mcs();
    struct thread t = thread_timed(&m, 50);

    kernel_enter(m.k, &test_host, t.tcb,
                 &(struct kernel_cause){ .kind = CAUSE_EXCEPTION,
                                         .number = 3 });
    CHECK_EQ(running(&m), 0);
    CHECK_EQ(state_of(&m, t), STATE_INACTIVE);
    machine_free(&m);
}

/* ---- SetSchedParams ---- */

#define SET_PARAMS(m, t, mcp, priority, ...)                                   \
    INVOKE((m), (t).cap, METHOD_TCB_SET_SCHED_PARAMS, WORDS(mcp, priority),    \
           CAPS(__VA_ARGS__))

static void scheduling_parameters_are_set_together(void)
{
    struct machine m = machine_mcs();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    struct context c = context_with(&m, 100, 1000);
    struct thread t = thread_new(&m, 50);

    CHECK_EQ(thread_resume(&m, t), 0);
    CHECK_EQ(SET_PARAMS(&m, t, 60, 55, SELF, c.cap, ep), 0);
    CHECK_EQ(tcb_of(&m, t.tcb)->mcp, 60);
    CHECK_EQ(tcb_of(&m, t.tcb)->priority, 55);
    CHECK_EQ(context_held(&m, t), c.sc);
    CHECK_EQ(handler_of(&m, t).obj, object_of(&m, ep));
    CHECK_EQ(running(&m), t.tcb);
    /* the same again changes nothing; an empty slot takes it away */
    CHECK_EQ(SET_PARAMS(&m, t, 60, 55, SELF, c.cap, ep), 0);
    CHECK_EQ(SET_PARAMS(&m, t, 60, 55, SELF, EMPTY, EMPTY), 0);
    CHECK_EQ(context_held(&m, t), 0);
    CHECK(cap_is_null(handler_of(&m, t)));
    CHECK_EQ(SET_PARAMS(&m, t, 60, 55, SELF, EMPTY, EMPTY), 0);
    machine_free(&m);
}

static void scheduling_parameters_are_checked_in_this_order(void)
{
    struct machine m = machine_mcs();
    struct context c = context_with(&m, 100, 1000);
    struct context other = context_new(&m);
    struct thread t = thread_by(&m, 50, c);
    struct thread free = thread_new(&m, 50);

    tcb_of(&m, free.tcb)->mcp = 10;
    CHECK_EQ(SET_PARAMS(&m, t, 11, 11, ROOT, ROOT), SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(SET_PARAMS(&m, t, 11, 11, ROOT, ROOT, ROOT),
             SEL4_INVALID_CAPABILITY);
    CHECK_EQ(error_word(&m, 0), 1);
    CHECK_EQ(SET_PARAMS(&m, t, 11, 11, free.cap, ROOT, ROOT), SEL4_RANGE_ERROR);
    CHECK_EQ(m.k->h.error.argument[0], 11);
    CHECK_EQ(SET_PARAMS(&m, t, 10, 12, free.cap, ROOT, ROOT), SEL4_RANGE_ERROR);
    CHECK_EQ(m.k->h.error.argument[0], 12);
    CHECK_EQ(SET_PARAMS(&m, t, 10, 10, SELF, ROOT, ROOT),
             SEL4_INVALID_CAPABILITY);
    CHECK_EQ(error_word(&m, 0), 2);
    CHECK_EQ(SET_PARAMS(&m, t, 10, 10, SELF, other.cap, ROOT),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(m.k->h.error.reason, REASON_SC_TCB_BOUND);
    CHECK_EQ(SET_PARAMS(&m, free, 10, 10, SELF, c.cap, ROOT),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(m.k->h.error.reason, REASON_SC_BOUND);
    CHECK_EQ(SET_PARAMS(&m, t, 10, 10, SELF, c.cap, ROOT),
             SEL4_INVALID_CAPABILITY);
    CHECK_EQ(error_word(&m, 0), 3);
    CHECK_EQ(tcb_of(&m, t.tcb)->priority, 50);
    machine_free(&m);
}

static void a_blocked_thread_gets_only_a_context_with_time(void)
{
    struct machine m = machine_mcs();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    struct thread t = passive_server(&m, 50, ep, reply_new(&m));
    struct context c = context_new(&m);

    CHECK_EQ(SET_PARAMS(&m, t, 0, 50, SELF, c.cap, EMPTY),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(m.k->h.error.reason, REASON_SC_NOT_RELEASED);
    CHECK_EQ(context_configure(&m, c, 100, 1000), 0);
    CHECK_EQ(SET_PARAMS(&m, t, 0, 50, SELF, c.cap, EMPTY), 0);
    machine_free(&m);
}

static void a_thread_cannot_give_its_own_context_up(void)
{
    struct machine m = machine_mcs();
    struct thread t = thread_timed(&m, 50);

    tcb_of(&m, t.tcb)->mcp = 50;
    m.caller = t.tcb;
    CHECK_EQ(SET_PARAMS(&m, t, 50, 50, t.cap, EMPTY, EMPTY),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(m.k->h.error.reason, REASON_SC_OWN);
    machine_free(&m);
}

static void configuring_leaves_the_handler_alone(void)
{
    struct machine m = machine_mcs();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    struct thread t = thread_new(&m, 50);

    CHECK_EQ(SET_SPACE(&m, t, WORDS(0, 0), CAPS(ep, ROOT, VSPACE)), 0);
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_CONFIGURE, WORDS(0, 0, 0),
                    CAPS(ROOT, VSPACE, EMPTY)),
             0);
    CHECK_EQ(handler_of(&m, t).obj, object_of(&m, ep));
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_CONFIGURE, WORDS(0, 0),
                    CAPS(ROOT, VSPACE, EMPTY)),
             SEL4_TRUNCATED_MESSAGE);
    machine_free(&m);
}

/* ---- queues ---- */

static struct endpoint *endpoint_of(struct machine *m, word ep)
{
    return kernel_memory(m->k, object_of(m, ep));
}

static word set_priority(struct machine *m, struct thread t, word priority)
{
    return INVOKE(m, t.cap, METHOD_TCB_SET_PRIORITY, WORDS(priority),
                  CAPS(SELF));
}

/* A thread that sends, and waits. */
static struct thread sender(struct machine *m, word priority, word ep)
{
    struct thread t = thread_timed(m, priority);

    trap(m, t.tcb, SYS_SEND, ep, MESSAGE(0, 0));
    return t;
}

/* Threads in the queue, from the first. */
static void check_queue(struct machine *m, paddr first,
                        const struct thread *want, word n)
{
    for (word i = 0; i < n; i++) {
        CHECK_EQ(first, want[i].tcb);
        first = tcb_of(m, first)->ep_next;
    }
    CHECK_EQ(first, 0);
}

#define QUEUE(...) ((struct thread[]){ __VA_ARGS__ })

static void who_waits_stands_in_the_order_of_priorities(void)
{
    struct machine m = machine_mcs();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    struct thread a = sender(&m, 50, ep);
    struct thread b = sender(&m, 50, ep);
    struct thread high = sender(&m, 60, ep);
    struct thread low = sender(&m, 40, ep);
    struct thread c = sender(&m, 50, ep);

    check_queue(&m, endpoint_of(&m, ep)->head, QUEUE(high, a, b, c, low), 5);
    CHECK_EQ(set_priority(&m, c, 70), 0);
    check_queue(&m, endpoint_of(&m, ep)->head, QUEUE(c, high, a, b, low), 5);
    /* of equals who moves is last, even if it stays what it was */
    CHECK_EQ(set_priority(&m, a, 50), 0);
    check_queue(&m, endpoint_of(&m, ep)->head, QUEUE(c, high, b, a, low), 5);
    CHECK_EQ(set_priority(&m, c, 1), 0);
    check_queue(&m, endpoint_of(&m, ep)->head, QUEUE(high, b, a, low, c), 5);
    machine_free(&m);
}

static void so_does_who_waits_for_a_notification(void)
{
    struct machine m = machine_mcs();
    word n = object_new(&m, OBJECT_NOTIFICATION, 0);
    struct notification *object = kernel_memory(m.k, object_of(&m, n));
    struct thread low = thread_timed(&m, 40);
    struct thread high;

    trap(&m, low.tcb, SYS_WAIT, n, NULL);
    high = thread_timed(&m, 60);
    trap(&m, high.tcb, SYS_WAIT, n, NULL);
    check_queue(&m, object->head, QUEUE(high, low), 2);
    CHECK_EQ(set_priority(&m, low, 61), 0);
    check_queue(&m, object->head, QUEUE(low, high), 2);
    trap(&m, m.caller, SYS_SEND, n, MESSAGE(0, 0));
    CHECK_EQ(running(&m), low.tcb);
    machine_free(&m);
}

static void a_ready_thread_moves_to_the_front_of_its_new_priority(void)
{
    struct machine m = machine_mcs();
    struct thread top = thread_timed(&m, 60);
    struct thread a = thread_timed(&m, 50);
    struct thread b = thread_timed(&m, 40);

    CHECK_EQ(running(&m), top.tcb);
    CHECK_EQ(set_priority(&m, b, 50), 0);
    CHECK_EQ(m.k->h.ready[0][50].head, b.tcb);
    CHECK_EQ(m.k->h.ready[0][50].tail, a.tcb);
    CHECK_EQ(set_priority(&m, b, 61), 0);
    take_kick(&m);
    CHECK_EQ(running(&m), b.tcb);
    /* current falls: it is the front of its new queue, but not chosen */
    m.caller = b.tcb;
    tcb_of(&m, b.tcb)->mcp = 255;
    CHECK_EQ(INVOKE(&m, b.cap, METHOD_TCB_SET_PRIORITY, WORDS(50), CAPS(b.cap)),
             0);
    CHECK_EQ(running(&m), top.tcb);
    CHECK_EQ(m.k->h.ready[0][50].head, b.tcb);
    machine_free(&m);
}

static void a_thread_that_waits_for_time_keeps_its_place(void)
{
    struct machine m = machine_mcs();
    struct thread t = thread_by(&m, 50, context_with(&m, 100, 1000));

    run_for(&m, 100);
    CHECK_EQ(set_priority(&m, t, 60), 0);
    CHECK_EQ(m.k->h.release.head, t.tcb);
    CHECK_EQ(m.k->h.ready_l1[0], 0);
    machine_free(&m);
}

/* ---- threads without a scheduling context ---- */

static void a_thread_without_a_context_is_in_no_queue(void)
{
    struct machine m = machine_mcs();
    struct thread t = thread_new(&m, 50);

    CHECK_EQ(thread_resume(&m, t), 0);
    CHECK_EQ(state_of(&m, t), STATE_RESTART);
    CHECK(!tcb_of(&m, t.tcb)->queued);
    CHECK_EQ(set_priority(&m, t, 60), 0);
    CHECK(!tcb_of(&m, t.tcb)->queued);
    CHECK_EQ(context_bind(&m, context_new(&m), t.cap), 0);
    CHECK(!tcb_of(&m, t.tcb)->queued);
    CHECK(!tcb_of(&m, t.tcb)->in_release);
    machine_free(&m);
}

/* ---- the host ---- */

static void who_waits_for_the_host_uses_no_time(void)
{
    struct machine m = machine_mcs();
    struct context c = context_with(&m, 100, 1000);
    struct thread t = thread_by(&m, 50, c);

    pass(&m, 30);
    enter(&m, t.tcb, CAUSE_HOST_BLOCK);
    CHECK_EQ(running(&m), 0);
    CHECK_EQ(m.k->h.deadline, TIME_NEVER);
    pass(&m, 200);
    enter(&m, t.tcb, CAUSE_HOST_WAKE);
    CHECK_EQ(running(&m), t.tcb);
    CHECK_EQ(refill_of(&m, c, 0).time, 230 * US);
    CHECK_EQ(refill_of(&m, c, 0).amount, 70 * US);
    machine_free(&m);
}

static void who_comes_back_from_the_host_may_have_no_time(void)
{
    struct machine m = machine_mcs();
    struct context c = context_with(&m, 100, 1000);
    struct thread t = thread_by(&m, 50, c);

    pass(&m, 150);
    enter(&m, t.tcb, CAUSE_HOST_BLOCK);
    enter(&m, t.tcb, CAUSE_HOST_WAKE);
    CHECK_EQ(running(&m), 0);
    CHECK(tcb_of(&m, t.tcb)->in_release);
    /* 50 us too much: of the next refill 50 are left */
    CHECK_EQ(refill_of(&m, c, 0).time, 1050 * US);
    CHECK_EQ(refill_of(&m, c, 0).amount, 50 * US);
    machine_free(&m);
}

static void a_machine_that_pauses_uses_no_time(void)
{
    struct machine m = machine_mcs();
    struct context c = context_with(&m, 100, 1000);
    struct thread t = thread_by(&m, 50, c);

    pass(&m, 30);
    m.k->h.paused = 1;
    enter(&m, t.tcb, CAUSE_INTERRUPT);
    CHECK_EQ(running(&m), 0);
    CHECK_EQ(m.k->h.current_sc, 0);
    CHECK_EQ(m.k->h.deadline, TIME_NEVER);
    m.k->h.paused = 0;
    kernel_reschedule(m.k);
    CHECK_EQ(running(&m), t.tcb);
    CHECK_EQ(m.k->h.deadline, 99 * US);
    CHECK_EQ(refill_of(&m, c, 0).amount, 70 * US);
    machine_free(&m);
}

/* ---- domains ---- */

/* Two domains that take turns of 1 ms; the counter has 1000 ticks in a us. */
static struct machine machine_with_domains(void)
{
    struct image_config config = mcs_config();
    struct machine m;

    config.domains = 2;
    m = machine_new_config(&config);
    for (word d = 0; d < 2; d++)
        CHECK_EQ(INVOKE(&m, SEL4_CAP_DOMAIN,
                        METHOD_DOMAIN_SET_SCHEDULE_CONFIGURE,
                        WORDS(d, d, 1000 * 1000)),
                 0);
    return m;
}

static void domains_take_turns(void)
{
    struct machine m = machine_with_domains();
    struct thread a = thread_by(&m, 50, context_with(&m, 10000, 10000));
    struct thread b = thread_by(&m, 50, context_with(&m, 10000, 10000));

    CHECK_EQ(INVOKE(&m, SEL4_CAP_DOMAIN, METHOD_DOMAIN_SET_SET, WORDS(1),
                    CAPS(b.cap)),
             0);
    CHECK_EQ(INVOKE(&m, SEL4_CAP_DOMAIN, METHOD_DOMAIN_SET_SCHEDULE_SET_START,
                    WORDS(0)),
             0);
    take_kick(&m);
    CHECK_EQ(running(&m), a.tcb);
    CHECK_EQ(m.k->h.deadline, 1000 * US);
    run_for(&m, 979);
    CHECK_EQ(running(&m), a.tcb);
    run_for(&m, 21);
    CHECK_EQ(running(&m), b.tcb);
    CHECK_EQ(m.k->h.domain, 1);
    CHECK_EQ(m.k->h.deadline, 2000 * US);
    run_for(&m, 1000);
    CHECK_EQ(running(&m), a.tcb);
    machine_free(&m);
}

/* Less than 20 us are not worth a start: the trap is repeated. */
static void a_domains_turn_ends_20_us_before_its_time(void)
{
    struct machine m = machine_with_domains();
    struct thread a = thread_by(&m, 50, context_with(&m, 10000, 10000));
    word n = object_new(&m, OBJECT_NOTIFICATION, 0);
    struct notification *object = kernel_memory(m.k, object_of(&m, n));

    CHECK_EQ(INVOKE(&m, SEL4_CAP_DOMAIN, METHOD_DOMAIN_SET_SCHEDULE_SET_START,
                    WORDS(0)),
             0);
    take_kick(&m);
    pass(&m, 979);
    trap(&m, a.tcb, SYS_SEND, n, MESSAGE(0, 0));
    CHECK_EQ(object->state, NOTIFICATION_ACTIVE);
    object->state = NOTIFICATION_IDLE;
    pass(&m, 1);
    trap(&m, a.tcb, SYS_SEND, n, MESSAGE(0, 0));
    CHECK_EQ(object->state, NOTIFICATION_IDLE);
    CHECK_EQ(running(&m), 0);
    CHECK_EQ(m.k->h.domain, 1);
    CHECK_EQ(m.k->h.deadline, 1980 * US);
    run_for(&m, 1000);
    CHECK_EQ(running(&m), a.tcb);
    CHECK_EQ(kernel_registers(m.k, a.tcb)[REG_RIP], TRAP_IP);
    machine_free(&m);
}

static void a_thread_of_another_domain_wakes_into_its_queue(void)
{
    struct machine m = machine_with_domains();
    struct context c = context_with(&m, 100, 1000);
    struct thread t = thread_by(&m, 50, c);

    run_for(&m, 100);
    CHECK_EQ(INVOKE(&m, SEL4_CAP_DOMAIN, METHOD_DOMAIN_SET_SET, WORDS(1),
                    CAPS(t.cap)),
             0);
    CHECK(tcb_of(&m, t.tcb)->in_release);
    CHECK_EQ(m.k->h.domain, 0);
    run_for(&m, 900);
    CHECK_EQ(running(&m), 0);
    CHECK_EQ(m.k->h.ready[1][50].head, t.tcb);
    machine_free(&m);
}

/* 2500 ticks are 1 us; what does not make a whole ns is lost. */
static void ticks_of_the_counter_are_turned_into_time(void)
{
    struct image_config config = mcs_config();
    struct machine m;
    struct thread t;

    config.domains = 2;
    config.tsc_mhz = 2500;
    m = machine_new_config(&config);
    t = thread_by(&m, 50, context_with(&m, 10000, 10000));
    CHECK_EQ(INVOKE(&m, SEL4_CAP_DOMAIN, METHOD_DOMAIN_SET_SCHEDULE_CONFIGURE,
                    WORDS(0, 0, 2500 * 1000 + 1249)),
             0);
    CHECK_EQ(INVOKE(&m, SEL4_CAP_DOMAIN, METHOD_DOMAIN_SET_SCHEDULE_SET_START,
                    WORDS(0)),
             0);
    take_kick(&m);
    CHECK_EQ(running(&m), t.tcb);
    CHECK_EQ(m.k->h.domain_time, 1000 * US + 499);
    /* and a period is not longer than an eighth of what can be counted */
    CHECK_EQ(context_configure(&m, context_new(&m), 20, 922337203685478),
             SEL4_RANGE_ERROR);
    CHECK_EQ(error_word(&m, 1), 922337203685477);
    machine_free(&m);
}

/* ---- cancelling ---- */

/* Who called or sent starts again, whose fault was to be told stays stopped. */
static void cancelled_sends_start_again_and_faults_do_not(void)
{
    struct machine m = machine_mcs();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    word badged = slot_new(&m);
    word other = slot_new(&m);
    struct thread sends, faults, stays;

    CHECK_EQ(cap_mint(&m, badged, ep, RIGHT_ALL, 5), 0);
    CHECK_EQ(cap_mint(&m, other, ep, RIGHT_ALL, 6), 0);
    sends = sender(&m, 50, badged);
    stays = sender(&m, 60, other);
    faults = thread_timed(&m, 40);
    CHECK_EQ(SET_SPACE(&m, faults, WORDS(0, 0), CAPS(badged, ROOT, VSPACE)), 0);
    kernel_enter(m.k, &test_host, faults.tcb,
                 &(struct kernel_cause){ .kind = CAUSE_EXCEPTION });
    CHECK_EQ(state_of(&m, faults), STATE_BLOCKED_ON_SEND);
    CHECK_EQ(INVOKE(&m, ROOT, METHOD_CNODE_CANCEL_BADGED_SENDS,
                    WORDS(badged, 64)),
             0);
    CHECK_EQ(running(&m), sends.tcb);
    CHECK_EQ(kernel_registers(m.k, sends.tcb)[REG_RIP], TRAP_IP);
    CHECK_EQ(state_of(&m, faults), STATE_INACTIVE);
    CHECK_EQ(state_of(&m, stays), STATE_BLOCKED_ON_SEND);
    machine_free(&m);
}

TESTS(TEST(a_handler_is_kept_in_the_tcb),
      TEST(an_empty_slot_takes_the_handler_away), TEST(a_handler_can_be_called),
      TEST(the_space_is_checked_before_the_handler),
      TEST(a_fault_is_sent_with_the_handlers_badge),
      TEST(a_fault_without_a_handler_stops_the_thread),
      TEST(scheduling_parameters_are_set_together),
      TEST(scheduling_parameters_are_checked_in_this_order),
      TEST(a_blocked_thread_gets_only_a_context_with_time),
      TEST(a_thread_cannot_give_its_own_context_up),
      TEST(configuring_leaves_the_handler_alone),
      TEST(who_waits_stands_in_the_order_of_priorities),
      TEST(so_does_who_waits_for_a_notification),
      TEST(a_ready_thread_moves_to_the_front_of_its_new_priority),
      TEST(a_thread_that_waits_for_time_keeps_its_place),
      TEST(a_thread_without_a_context_is_in_no_queue),
      TEST(who_waits_for_the_host_uses_no_time),
      TEST(who_comes_back_from_the_host_may_have_no_time),
      TEST(a_machine_that_pauses_uses_no_time), TEST(domains_take_turns),
      TEST(a_domains_turn_ends_20_us_before_its_time),
      TEST(a_thread_of_another_domain_wakes_into_its_queue),
      TEST(ticks_of_the_counter_are_turned_into_time),
      TEST(cancelled_sends_start_again_and_faults_do_not))
