/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel_check() on broken scheduling contexts, reply objects and release
 * queues (kernel/check_mcs.c, and what check_thread.c and check_sched.c have
 * for the MCS kernel).
 */
#define BREAKS_WORLD "world_mcs.h"
#include "breaks.h"
#include "kernel/cdt.h"
#include "kernel/endpoint.h"

#define SC(c) (context_of(m, w.c))
#define REPLY(r) (reply_of(m, w.r))
#define NTFN(s) ((struct notification_mcs *)OBJECT(s))
#define EP(s) ((struct endpoint *)OBJECT(s))
#define ELSEWHERE (k->h.config.memory_size + 4096)

static void contexts_and_their_threads(void)
{
    BREAKS("thread-context", w.server.tcb, SC(lent)->tcb = 0);
    BREAKS("thread-context", w.stopped.tcb,
           TCB(w.stopped)->sched_context = w.lent.sc);
    BREAKS("thread-context", w.stopped.tcb,
           TCB(w.stopped)->sched_context = ELSEWHERE);
    BREAKS("thread-context", w.stopped.tcb,
           TCB(w.stopped)->sched_context = ~0ul);
    BREAKS("thread-context", w.server.tcb,
           cdt_remove(k, slot_of(m, w.lent.cap)));
    BREAKS("context-thread", w.unused.sc, SC(unused)->tcb = w.server.tcb);
    BREAKS("context-thread", w.unused.sc, SC(unused)->tcb = ELSEWHERE);
    BREAKS("context-size", REF(w.lent.cap),
           CAP(w.lent.cap).sched_context.bits = SEL4_MIN_UNTYPED_BITS);
}

static void contexts_and_their_notifications(void)
{
    BREAKS("notification-context", object_of(m, w.n_lend),
           SC(by_n)->notification = 0);
    BREAKS("notification-context", object_of(m, w.n_lend),
           NTFN(w.n_lend)->sched_context = ELSEWHERE);
    BREAKS("context-notification", w.by_n.sc,
           NTFN(w.n_lend)->sched_context = 0);
    BREAKS("context-notification", w.unused.sc,
           SC(unused)->notification = ELSEWHERE);
}

static void who_yielded(void)
{
    BREAKS("thread-yield", w.ready_a.tcb, SC(by_b)->yield_from = 0);
    BREAKS("thread-yield", w.ready_a.tcb, TCB(w.ready_a)->yield_to = ELSEWHERE);
    BREAKS("thread-yield", w.stopped.tcb,
           TCB(w.stopped)->yield_to = w.unused.sc,
           SC(unused)->yield_from = w.stopped.tcb);
    BREAKS("context-yield", w.by_b.sc, TCB(w.ready_a)->yield_to = 0);
    BREAKS("context-yield", w.unused.sc, SC(unused)->yield_from = ELSEWHERE);
}

static void handlers_of_faults(void)
{
    BREAKS("thread-handler", w.stopped.tcb,
           TCB(w.stopped)->slot[TCB_TIMEOUT_HANDLER].cap.endpoint.rights =
               RIGHT_WRITE | RIGHT_READ);
    BREAKS("thread-handler", w.stopped.tcb,
           TCB(w.stopped)->slot[TCB_TIMEOUT_HANDLER].cap.endpoint.rights =
               RIGHT_GRANT);
    BREAKS("thread-handler", w.stopped.tcb,
           cdt_insert(k, CAP(w.n_lend), slot_of(m, w.n_lend),
                      &TCB(w.stopped)->slot[TCB_FAULT_HANDLER]));
}

static void threads_and_their_replies(void)
{
    BREAKS("thread-reply", w.client.tcb, TCB(w.client)->reply = 0);
    BREAKS("thread-reply", w.client.tcb, REPLY(reply_middle)->tcb = 0);
    BREAKS("thread-reply", w.receiver.tcb, TCB(w.receiver)->reply = ELSEWHERE);
    BREAKS("thread-reply", w.receiver.tcb,
           cdt_remove(k, slot_of(m, w.reply_waiting)));
    BREAKS("thread-reply", w.stopped.tcb,
           TCB(w.stopped)->reply = object_of(m, w.reply_unused),
           REPLY(reply_unused)->tcb = w.stopped.tcb);
    BREAKS("reply-thread", object_of(m, w.reply_waiting),
           TCB(w.receiver)->reply = 0);
    BREAKS("reply-thread", object_of(m, w.reply_unused),
           REPLY(reply_unused)->tcb = ELSEWHERE);
}

/*
 *   lent -> reply_server (middle waits) -> reply_middle (client waits)
 */
static void call_stacks(void)
{
    BREAKS("context-reply", w.lent.sc, REPLY(reply_server)->is_top = 0);
    BREAKS("context-reply", w.lent.sc, REPLY(reply_server)->next = w.by_n.sc);
    BREAKS("context-reply", w.unused.sc, SC(unused)->reply = ELSEWHERE);
    BREAKS("reply-next", object_of(m, w.reply_server), SC(lent)->reply = 0);
    BREAKS("reply-next", object_of(m, w.reply_middle),
           REPLY(reply_server)->prev = 0);
    BREAKS("reply-next", object_of(m, w.reply_middle),
           REPLY(reply_server)->prev = 0,
           REPLY(reply_middle)->next = ELSEWHERE);
    BREAKS("reply-next", object_of(m, w.reply_unused),
           REPLY(reply_unused)->is_top = 1);
    BREAKS("reply-prev", object_of(m, w.reply_server),
           REPLY(reply_middle)->next = 0);
    BREAKS("reply-prev", object_of(m, w.reply_server),
           REPLY(reply_server)->prev = ELSEWHERE);
    BREAKS("reply-blocked", object_of(m, w.reply_waiting),
           REPLY(reply_waiting)->prev = object_of(m, w.reply_middle));
    BREAKS("reply-blocked", object_of(m, w.reply_unused),
           REPLY(reply_unused)->next = object_of(m, w.reply_middle));
    BREAKS("reply-ring", ANYWHERE,
           REPLY(reply_server)->next = object_of(m, w.reply_middle);
           REPLY(reply_server)->is_top = 0;
           REPLY(reply_middle)->prev = object_of(m, w.reply_server);
           SC(lent)->reply = 0);
}

static void refills(void)
{
    BREAKS("refill-room", w.lent.sc, SC(lent)->refill_max = 1);
    BREAKS("refill-room", w.lent.sc,
           SC(lent)->refill_max = refill_room(CONTEXT_BITS) + 1);
    BREAKS("refill-room", w.lent.sc, SC(lent)->refill_head = 2);
    BREAKS("refill-room", w.lent.sc, SC(lent)->refill_tail = ~0ul);
    BREAKS("refill-least", w.lent.sc,
           refill_head(SC(lent))->amount = 20 * US - 1);
    BREAKS("refill-count", w.by_a.sc,
           SC(by_a)->refill_tail = SC(by_a)->refill_head);
    BREAKS("refill-count", w.by_a.sc, SC(by_a)->refill_max = 3,
           SC(by_a)->refill_tail = 2);
    BREAKS("refill-budget", w.lent.sc, refill_head(SC(lent))->amount = ~0ul);
    BREAKS("context-sporadic", w.unused.sc, SC(unused)->sporadic = 1);
}

/* In a ring of two, the second of them begins `time` and is `amount` long. */
static void second_refill(struct machine *m, struct context c, word time,
                          word amount)
{
    struct sched_context *sc = context_of(m, c);

    sc->refill_head = 1;
    sc->refill_tail = 0;
    *refill_head(sc) = (struct refill){ 100 * US, 300 * US };
    *refill_tail(sc) = (struct refill){ time, amount };
}

static void the_order_of_refills(void)
{
    struct world w = world_new();

    second_refill(&w.m, w.by_n, 400 * US, 100 * US);
    CHECK_EQ(kernel_check(w.m.k, &(paddr){ 0 }), 0);
    machine_free(&w.m);

    BREAKS("refill-order", w.by_n.sc,
           second_refill(m, w.by_n, 399 * US, 100 * US));
    BREAKS("refill-order", w.by_n.sc,
           second_refill(m, w.by_n, 99 * US, 100 * US));
    BREAKS("refill-period", w.by_n.sc,
           second_refill(m, w.by_n, 1101 * US, 100 * US));
    BREAKS("refill-budget", w.by_n.sc,
           second_refill(m, w.by_n, 1100 * US, 701 * US));
}

static void queues_of_waiting_threads(void)
{
    BREAKS("queue-order", w.sender_b.tcb, TCB(w.sender_b)->priority = 101);
}

static void the_release_queue(void)
{
    BREAKS("release-links", 0, k->h.release.head = ELSEWHERE);
    BREAKS("release-links", w.over_b.tcb, k->h.release.tail = w.over_a.tcb);
    BREAKS("release-links", w.over_a.tcb, TCB(w.over_b)->sched_prev = 0);
    BREAKS("release-links", w.over_b.tcb,
           TCB(w.over_b)->sched_next = w.over_a.tcb);
    BREAKS("release-state", w.over_a.tcb,
           TCB(w.over_a)->state = STATE_INACTIVE);
    BREAKS("release-state", w.over_a.tcb, SC(by_over_a)->refill_max = 0);
    BREAKS("release-state", w.over_b.tcb, TCB(w.over_b)->sched_context = 0,
           SC(by_over_b)->tcb = 0);
    BREAKS("release-place", w.over_a.tcb, TCB(w.over_a)->in_release = 0);
    BREAKS("release-place", w.over_b.tcb, TCB(w.over_b)->queued = 1);
    BREAKS("release-order", w.over_b.tcb,
           refill_head(SC(by_over_a))->time += 10000 * US);
    BREAKS("release-lost", w.stopped.tcb, TCB(w.stopped)->in_release = 1);
}

static void who_is_ready(void)
{
    BREAKS("ready-context", w.ready_a.tcb, SC(by_a)->refill_max = 0);
    BREAKS("ready-context", w.ready_a.tcb, TCB(w.ready_a)->sched_context = 0,
           SC(by_a)->tcb = 0);
    BREAKS("ready-time", w.ready_a.tcb,
           refill_head(SC(by_a))->time = k->h.time + 1);
    BREAKS("runnable-lost", w.receiver.tcb,
           tcb_queue_remove(k, (struct tcb_queue *)EP(w.ep_receive),
                            TCB(w.receiver));
           EP(w.ep_receive)->state = ENDPOINT_IDLE;
           EP(w.ep_receive)->tail_4 = 0; TCB(w.receiver)->reply = 0;
           REPLY(reply_waiting)->tcb = 0;
           TCB(w.receiver)->state = STATE_RUNNING);
}

static void who_pays(void)
{
    BREAKS("payer", ELSEWHERE, k->h.current_sc = ELSEWHERE);
    BREAKS("payer", w.unused.sc, k->h.current_sc = w.unused.sc);
    BREAKS("payer-time", 0, k->h.charged_until = k->h.time + 1);
    BREAKS("current-context", w.server.tcb, k->h.current_sc = 0);
    BREAKS("current-context", w.server.tcb, k->h.current_sc = w.by_a.sc);
    BREAKS("current-context", w.lent.sc, k->h.current = 0,
           k->h.current_thread = 0, TCB(w.server)->state = STATE_INACTIVE);
    BREAKS("deadline", ANYWHERE, k->h.deadline++);
    BREAKS("deadline", ANYWHERE, k->h.deadline = TIME_NEVER);
}

/* A kernel that is not MCS knows nothing of all that. */
static void the_classic_kernel_has_none_of_it(void)
{
    struct machine m = machine_new();

    tcb_of(&m, m.caller)->sched_context = 12345;
    m.k->h.release.head = 12345;
    m.k->h.deadline = 12345;
    CHECK_EQ(kernel_check(m.k, &(paddr){ 0 }), 0);
    machine_free(&m);
}

TESTS(TEST(contexts_and_their_threads), TEST(contexts_and_their_notifications),
      TEST(who_yielded), TEST(handlers_of_faults),
      TEST(threads_and_their_replies), TEST(call_stacks), TEST(refills),
      TEST(the_order_of_refills), TEST(queues_of_waiting_threads),
      TEST(the_release_queue), TEST(who_is_ready), TEST(who_pays),
      TEST(the_classic_kernel_has_none_of_it))
