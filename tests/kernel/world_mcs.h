/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine with the MCS kernel with something of everything that only this
 * kernel has, for tests that look at it or break it:
 *
 *   client     called middle, and middle called server, who runs by `lent`,
 *              client's scheduling context
 *   ready_b, ready_a   stand in one ready queue, in this order: ready_a yielded
 *              to ready_b's scheduling context
 *   over_a, over_b     have used their budgets up, in this order
 *   sender_a, sender_b stand in the queue of ep_send; sender_a is of higher
 *              priority
 *   receiver   waits at ep_receive, with reply_waiting
 *   stopped    was never resumed; its faults go to ep_send
 *   n_lend     is a notification with a scheduling context, by_n
 */
#ifndef SEL4EMU_TESTS_KERNEL_WORLD_MCS_H
#define SEL4EMU_TESTS_KERNEL_WORLD_MCS_H

#include "mcs.h"

struct world {
    struct machine m;
    word ep_send, ep_receive, ep_middle, ep_server;
    word reply_middle, reply_server, reply_waiting, reply_unused;
    word n_lend;
    struct context lent, by_a, by_b, by_over_a, by_over_b, by_n, unused;
    struct thread client, middle, server, ready_a, ready_b, over_a, over_b;
    struct thread sender_a, sender_b, receiver, stopped;
};

static void world_objects(struct world *w)
{
    struct machine *m = &w->m;

    w->ep_send = object_new(m, OBJECT_ENDPOINT, 0);
    w->ep_receive = object_new(m, OBJECT_ENDPOINT, 0);
    w->ep_middle = object_new(m, OBJECT_ENDPOINT, 0);
    w->ep_server = object_new(m, OBJECT_ENDPOINT, 0);
    w->reply_middle = reply_new(m);
    w->reply_server = reply_new(m);
    w->reply_waiting = reply_new(m);
    w->reply_unused = reply_new(m);
    w->n_lend = object_new(m, OBJECT_NOTIFICATION, 0);
    w->by_n = context_with(m, 100, 1000);
    CHECK_EQ(context_bind(m, w->by_n, w->n_lend), SEL4_NO_ERROR);
    w->unused = context_new(m);
}

static struct thread world_over(struct world *w, struct context *by)
{
    struct thread t;

    *by = context_with(&w->m, 1000, 1000000);
    t = thread_by(&w->m, 100, *by);
    CHECK_EQ(running(&w->m), t.tcb);
    run_for(&w->m, 1000);
    CHECK_EQ(running(&w->m), 0);
    return t;
}

static void world_waiting(struct world *w)
{
    struct machine *m = &w->m;

    w->sender_b = thread_timed(m, 90);
    trap(m, w->sender_b.tcb, SYS_SEND, w->ep_send, NULL);
    w->sender_a = thread_timed(m, 100);
    trap(m, w->sender_a.tcb, SYS_SEND, w->ep_send, NULL);
    w->receiver = thread_timed(m, 100);
    receive(m, w->receiver, w->ep_receive, w->reply_waiting);
    w->stopped = thread_new(m, 100);
    CHECK_EQ(INVOKE(m, w->stopped.cap, METHOD_TCB_SET_TIMEOUT_ENDPOINT,
                    CAPS(w->ep_send)),
             SEL4_NO_ERROR);
}

static void world_ready(struct world *w)
{
    struct machine *m = &w->m;

    w->by_a = context_with(m, 1000, 1000);
    w->by_b = context_with(m, 1000, 1000);
    w->ready_a = thread_by(m, 30, w->by_a);
    w->ready_b = thread_by(m, 30, w->by_b);
    tcb_of(m, w->ready_a.tcb)->mcp = 30;
    trap(m, w->ready_a.tcb, SYS_CALL, w->by_b.cap,
         &(struct message){
             .label = sel4_label_of_method[1][METHOD_SCHED_CONTEXT_YIELD_TO] });
    CHECK_EQ(running(m), w->ready_b.tcb);
}

UNUSED static struct world world_new(void)
{
    struct world w = { .m = machine_mcs() };
    struct machine *m = &w.m;

    world_objects(&w);
    w.over_a = world_over(&w, &w.by_over_a);
    w.over_b = world_over(&w, &w.by_over_b);
    world_waiting(&w);
    w.middle = passive_server(m, 100, w.ep_middle, w.reply_middle);
    w.server = passive_server(m, 100, w.ep_server, w.reply_server);
    world_ready(&w);
    w.lent = context_with(m, 500, 1000);
    w.client = thread_by(m, 100, w.lent);
    take_kick(m);
    CHECK_EQ(running(m), w.client.tcb);
    call(m, w.client, w.ep_middle, NULL);
    CHECK_EQ(running(m), w.middle.tcb);
    call(m, w.middle, w.ep_server, NULL);
    CHECK_EQ(running(m), w.server.tcb);
    return w;
}

#endif
