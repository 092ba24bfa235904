/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Endpoints. A queue holds senders or receivers, never both; whoever comes
 * and finds the other kind takes the first of them, and the message is copied
 * at once. The classic kernel's queues are first come, first served.
 */
#include "kernel/endpoint.h"
#include "kernel/cdt.h"
#include "kernel/ipc.h"
#include "kernel/notification.h"
#include "kernel/sched.h"
#include "kernel/tcb.h"

/* ---- queues ---- */

void tcb_queue_append(struct kernel *k, struct tcb_queue *q, struct tcb *t)
{
    paddr ref = object_ref(k, t);

    if (q->tail)
        tcb_at(k, q->tail)->ep_next = ref;
    else
        q->head = ref;
    t->ep_prev = q->tail;
    t->ep_next = 0;
    q->tail = ref;
}

void tcb_queue_remove(struct kernel *k, struct tcb_queue *q, struct tcb *t)
{
    if (t->ep_prev)
        tcb_at(k, t->ep_prev)->ep_next = t->ep_next;
    else
        q->head = t->ep_next;
    if (t->ep_next)
        tcb_at(k, t->ep_next)->ep_prev = t->ep_prev;
    else
        q->tail = t->ep_prev;
    t->ep_next = t->ep_prev = 0;
}

static struct tcb_queue queue_of(const struct endpoint *e)
{
    return (struct tcb_queue){ e->head, (paddr)e->tail_4 << 2 };
}

static void set_queue(struct endpoint *e, struct tcb_queue q,
                      enum endpoint_state state)
{
    e->head = q.head;
    e->tail_4 = q.tail >> 2;
    e->state = q.head ? state : ENDPOINT_IDLE;
}

static void queue_append(struct kernel *k, struct endpoint *e, struct tcb *t,
                         enum endpoint_state state)
{
    struct tcb_queue q = queue_of(e);

    tcb_queue_append(k, &q, t);
    set_queue(e, q, state);
}

static void queue_remove(struct kernel *k, struct endpoint *e, struct tcb *t)
{
    struct tcb_queue q = queue_of(e);

    tcb_queue_remove(k, &q, t);
    set_queue(e, q, e->state);
}

/* ---- sending ---- */

static void block_sender(struct kernel *k, struct endpoint *e, struct tcb *t,
                         const struct send *how)
{
    t->blocked_on = object_ref(k, e);
    t->badge = how->badge;
    t->can_grant = how->can_grant;
    t->can_grant_reply = how->can_grant_reply;
    t->is_call = how->is_call;
    thread_set_state(k, t, STATE_BLOCKED_ON_SEND);
    queue_append(k, e, t, ENDPOINT_SEND);
}

/* The message is delivered; what becomes of who called? */
static void call_delivered(struct kernel *k, struct tcb *caller,
                           struct tcb *receiver, bool may_reply, bool can_grant)
{
    if (may_reply)
        ipc_set_caller(k, caller, receiver, can_grant);
    else
        thread_set_state(k, caller, STATE_INACTIVE);
}

void endpoint_send(struct kernel *k, struct endpoint *e, struct tcb *sender,
                   const struct send *how)
{
    if (e->state != ENDPOINT_RECEIVE) {
        if (how->blocking)
            block_sender(k, e, sender, how);
        return;
    }

    struct tcb *receiver = tcb_at(k, e->head);
    queue_remove(k, e, receiver);
    ipc_transfer(k, &(struct transfer){ .sender = sender,
                                        .receiver = receiver,
                                        .endpoint = object_ref(k, e),
                                        .badge = how->badge,
                                        .can_grant = how->can_grant });
    bool reply_can_grant = receiver->can_grant;
    thread_set_state(k, receiver, STATE_RUNNING);
    sched_possible_switch(k, receiver);
    if (how->is_call)
        call_delivered(k, sender, receiver,
                       how->can_grant || how->can_grant_reply, reply_can_grant);
}

/* ---- receiving ---- */

static void block_receiver(struct kernel *k, struct endpoint *e, struct tcb *t,
                           union cap cap)
{
    t->blocked_on = object_ref(k, e);
    t->can_grant = (cap.endpoint.rights & RIGHT_GRANT) != 0;
    thread_set_state(k, t, STATE_BLOCKED_ON_RECEIVE);
    queue_append(k, e, t, ENDPOINT_RECEIVE);
}

static void take_first_sender(struct kernel *k, struct endpoint *e,
                              struct tcb *receiver, union cap cap)
{
    struct tcb *sender = tcb_at(k, e->head);

    queue_remove(k, e, sender);
    ipc_transfer(k, &(struct transfer){ .sender = sender,
                                        .receiver = receiver,
                                        .endpoint = object_ref(k, e),
                                        .badge = sender->badge,
                                        .can_grant = sender->can_grant });
    if (sender->is_call) {
        call_delivered(k, sender, receiver,
                       sender->can_grant || sender->can_grant_reply,
                       (cap.endpoint.rights & RIGHT_GRANT) != 0);
        return;
    }
    thread_set_state(k, sender, STATE_RUNNING);
    sched_possible_switch(k, sender);
}

void endpoint_receive(struct kernel *k, struct tcb *receiver, union cap cap,
                      bool blocking)
{
    struct endpoint *e = object_at(k, cap.obj);
    struct notification *bound = object_at(k, receiver->bound_notification);

    if (bound && bound->state == NOTIFICATION_ACTIVE)
        notification_complete(k, bound, receiver);
    else if (e->state == ENDPOINT_SEND)
        take_first_sender(k, e, receiver, cap);
    else if (blocking)
        block_receiver(k, e, receiver, cap);
    else
        receiver->regs[REG_CAP] = 0; /* badge 0: there was nothing */
}

/* ---- giving up ---- */

/* Classic: whoever has t's reply capability cannot answer any more. */
static void cancel_reply(struct kernel *k, struct tcb *t)
{
    struct cte *reply = slot_next(k, &t->slot[TCB_REPLY]);

    t->fault.type = FAULT_NONE;
    if (reply)
        slot_delete_one(k, reply);
}

void ipc_cancel(struct kernel *k, struct tcb *t)
{
    switch (t->state) {
    case STATE_BLOCKED_ON_SEND:
    case STATE_BLOCKED_ON_RECEIVE:
        queue_remove(k, object_at(k, t->blocked_on), t);
        t->blocked_on = 0;
        thread_set_state(k, t, STATE_INACTIVE);
        break;
    case STATE_BLOCKED_ON_NOTIFICATION:
        notification_cancel(k, t);
        break;
    case STATE_BLOCKED_ON_REPLY:
        cancel_reply(k, t);
        break;
    default:
        break;
    }
}

static void restart_queued(struct kernel *k, struct tcb *t)
{
    t->blocked_on = 0;
    thread_set_state(k, t, STATE_RESTART);
    sched_enqueue(k, t);
}

void endpoint_cancel_all(struct kernel *k, struct endpoint *e)
{
    if (e->state == ENDPOINT_IDLE)
        return;
    while (e->head) {
        struct tcb *t = tcb_at(k, e->head);

        queue_remove(k, e, t);
        restart_queued(k, t);
    }
    sched_require(k);
}

void endpoint_cancel_badged(struct kernel *k, struct endpoint *e, word badge)
{
    if (e->state != ENDPOINT_SEND)
        return;
    for (paddr p = e->head, next; p != 0; p = next) {
        struct tcb *t = tcb_at(k, p);

        next = t->ep_next;
        if (t->badge == badge) {
            queue_remove(k, e, t);
            restart_queued(k, t);
        }
    }
    sched_require(k);
}
