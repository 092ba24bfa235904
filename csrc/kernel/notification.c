/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Notifications. One is idle, or has waiters, or is active, which is to say
 * that signals came while nobody waited; the badge 0 makes it active, too.
 */
#include "kernel/notification.h"
#include "kernel/endpoint.h"
#include "kernel/sched.h"
#include "kernel/sched_context.h"
#include "kernel/tcb.h"

static struct tcb_queue queue_of(const struct notification *n)
{
    return (struct tcb_queue){ n->head, (paddr)n->tail_4 << 2 };
}

/* A queue that is or becomes empty makes the notification idle. */
static void set_queue(struct notification *n, struct tcb_queue q)
{
    n->head = q.head;
    n->tail_4 = q.tail >> 2;
    n->state = q.head ? NOTIFICATION_WAITING : NOTIFICATION_IDLE;
}

static void queue_remove(struct kernel *k, struct notification *n,
                         struct tcb *t)
{
    struct tcb_queue q = queue_of(n);

    tcb_queue_remove(k, &q, t);
    set_queue(n, q);
    t->blocked_on = 0;
}

static struct sched_context *context_of(struct kernel *k,
                                        struct notification *n)
{
    if (!k->h.config.mcs)
        return NULL;
    return object_at(k, ((struct notification_mcs *)n)->sched_context);
}

/* MCS: whoever has no scheduling context is lent that of the notification. */
static void lend_context(struct kernel *k, struct notification *n,
                         struct tcb *t)
{
    struct sched_context *sc = context_of(k, n);

    if (!sc || sc->tcb || t->sched_context)
        return;
    sched_context_donate(k, sc, t);
    sched_context_resume(k, sc);
}

void notification_return_context(struct kernel *k, struct notification *n,
                                 struct tcb *t)
{
    struct sched_context *sc = context_of(k, n);

    if (!sc || t->sched_context != object_ref(k, sc))
        return;
    t->sched_context = 0;
    sc->tcb = 0;
    if (object_ref(k, t) == k->h.current)
        sched_require(k);
}

/* t, which waited, gets the badge and goes on. */
static void deliver(struct kernel *k, struct notification *n, struct tcb *t,
                    word badge)
{
    thread_set_state(k, t, STATE_RUNNING);
    t->regs[REG_CAP] = badge;
    lend_context(k, n, t);
    if (thread_is_schedulable(k, t))
        sched_possible_switch(k, t);
    sched_context_unblock(k, t);
}

static void signal_idle(struct kernel *k, struct notification *n, word badge)
{
    struct tcb *bound = tcb_at(k, n->bound_tcb);

    if (bound && bound->state == STATE_BLOCKED_ON_RECEIVE) {
        ipc_cancel(k, bound);
        deliver(k, n, bound, badge);
        return;
    }
    n->state = NOTIFICATION_ACTIVE;
    n->badge = badge;
}

void notification_signal(struct kernel *k, struct notification *n, word badge)
{
    struct tcb *first;

    switch (n->state) {
    case NOTIFICATION_IDLE:
        signal_idle(k, n, badge);
        break;
    case NOTIFICATION_WAITING:
        first = tcb_at(k, n->head);
        queue_remove(k, n, first);
        deliver(k, n, first, badge);
        break;
    default:
        n->badge |= badge;
        break;
    }
}

static void take(struct kernel *k, struct notification *n, struct tcb *t)
{
    t->regs[REG_CAP] = n->badge;
    n->badge = 0;
    n->state = NOTIFICATION_IDLE;
    lend_context(k, n, t);
}

void notification_complete(struct kernel *k, struct notification *n,
                           struct tcb *t)
{
    take(k, n, t);
    if (t->sched_context && object_at(k, t->sched_context) == context_of(k, n))
        sched_context_unblock(k, t);
}

void notification_receive(struct kernel *k, struct tcb *receiver,
                          struct notification *n, bool blocking)
{
    if (n->state == NOTIFICATION_ACTIVE) {
        take(k, n, receiver);
        sched_context_unblock(k, receiver);
        return;
    }
    if (!blocking) {
        receiver->regs[REG_CAP] = 0; /* badge 0: there was nothing */
        return;
    }

    struct tcb_queue q = queue_of(n);
    receiver->blocked_on = object_ref(k, n);
    thread_set_state(k, receiver, STATE_BLOCKED_ON_NOTIFICATION);
    tcb_queue_insert(k, &q, receiver);
    set_queue(n, q);
    notification_return_context(k, n, receiver);
}

void notification_reorder(struct kernel *k, struct tcb *t)
{
    struct notification *n = object_at(k, t->blocked_on);
    struct tcb_queue q = queue_of(n);

    tcb_queue_remove(k, &q, t);
    tcb_queue_insert(k, &q, t);
    set_queue(n, q);
}

void notification_cancel(struct kernel *k, struct tcb *t)
{
    queue_remove(k, object_at(k, t->blocked_on), t);
    thread_set_state(k, t, STATE_INACTIVE);
}

static void cancel_all(struct kernel *k, struct notification *n)
{
    if (n->state != NOTIFICATION_WAITING)
        return;
    while (n->head) {
        struct tcb *t = tcb_at(k, n->head);

        queue_remove(k, n, t);
        thread_set_state(k, t, STATE_RESTART);
        thread_ready_again(k, t);
    }
    sched_require(k);
}

void notification_bind(struct kernel *k, struct notification *n, struct tcb *t)
{
    n->bound_tcb = object_ref(k, t);
    t->bound_notification = object_ref(k, n);
}

void notification_unbind(struct kernel *k, struct notification *n)
{
    tcb_at(k, n->bound_tcb)->bound_notification = 0;
    n->bound_tcb = 0;
}

void notification_destroy(struct kernel *k, struct notification *n)
{
    struct sched_context *sc = context_of(k, n);

    if (sc)
        sched_context_unbind_notification(k, sc);
    if (n->bound_tcb)
        notification_unbind(k, n);
    cancel_all(k, n);
}
