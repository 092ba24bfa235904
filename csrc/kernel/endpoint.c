/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Endpoints. A queue holds senders or receivers, never both; whoever comes
 * and finds the other kind takes the first of them, and the message is copied
 * at once. What follows a message differs: the classic kernel puts a reply
 * capability into the receiver's TCB, the MCS kernel uses the reply object that
 * the receiver brought, and may lend the scheduling context along.
 */
#include "kernel/endpoint.h"
#include "kernel/cdt.h"
#include "kernel/ipc.h"
#include "kernel/notification.h"
#include "kernel/reply.h"
#include "kernel/sched.h"
#include "kernel/sched_context.h"
#include "kernel/tcb.h"

/* ---- queues ---- */

/* Whom t comes behind, 0: it is the first. */
static paddr predecessor(struct kernel *k, const struct tcb_queue *q,
                         const struct tcb *t)
{
    paddr p = q->tail;

    while (k->h.config.mcs && p && tcb_at(k, p)->priority < t->priority)
        p = tcb_at(k, p)->ep_prev;
    return p;
}

void tcb_queue_insert(struct kernel *k, struct tcb_queue *q, struct tcb *t)
{
    paddr ref = object_ref(k, t);

    t->ep_prev = predecessor(k, q, t);
    t->ep_next = t->ep_prev ? tcb_at(k, t->ep_prev)->ep_next : q->head;
    if (t->ep_prev)
        tcb_at(k, t->ep_prev)->ep_next = ref;
    else
        q->head = ref;
    if (t->ep_next)
        tcb_at(k, t->ep_next)->ep_prev = ref;
    else
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

static void queue_insert(struct kernel *k, struct endpoint *e, struct tcb *t,
                         enum endpoint_state state)
{
    struct tcb_queue q = queue_of(e);

    tcb_queue_insert(k, &q, t);
    set_queue(e, q, state);
}

static void queue_remove(struct kernel *k, struct endpoint *e, struct tcb *t)
{
    struct tcb_queue q = queue_of(e);

    tcb_queue_remove(k, &q, t);
    set_queue(e, q, e->state);
}

void endpoint_reorder(struct kernel *k, struct tcb *t)
{
    struct endpoint *e = object_at(k, t->blocked_on);
    enum endpoint_state state = e->state;

    queue_remove(k, e, t);
    queue_insert(k, e, t, state);
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
    queue_insert(k, e, t, ENDPOINT_SEND);
}

/* Classic: the message is delivered; what becomes of who called? */
static void call_delivered(struct kernel *k, struct tcb *caller,
                           struct tcb *receiver, bool may_reply, bool can_grant)
{
    if (may_reply)
        ipc_set_caller(k, caller, receiver, can_grant);
    else
        thread_set_state(k, caller, STATE_INACTIVE);
}

/* MCS: the same; a fault wants an answer as a call does. */
static void call_delivered_mcs(struct kernel *k, struct tcb *caller,
                               struct tcb *receiver, struct reply *reply,
                               const struct send *how)
{
    if (reply && (how->can_grant || how->can_grant_reply))
        reply_push(k, reply, caller, receiver, how->can_donate);
    else
        thread_set_state(k, caller, STATE_INACTIVE);
}

static bool wants_answer(const struct tcb *sender, bool is_call)
{
    return is_call || sender->fault.type != FAULT_NONE;
}

/* The receiver, which waited, has the message: it goes on. */
static void sent(struct kernel *k, struct tcb *sender, struct tcb *receiver,
                 const struct send *how)
{
    bool reply_can_grant = receiver->can_grant;

    thread_set_state(k, receiver, STATE_RUNNING);
    sched_possible_switch(k, receiver);
    if (how->is_call)
        call_delivered(k, sender, receiver,
                       how->can_grant || how->can_grant_reply, reply_can_grant);
}

static void sent_mcs(struct kernel *k, struct tcb *sender, struct tcb *receiver,
                     const struct send *how)
{
    struct reply *reply = object_at(k, receiver->reply);
    struct sched_context *sc = object_at(k, sender->sched_context);

    reply_unlink(k, receiver);
    if (wants_answer(sender, how->is_call))
        call_delivered_mcs(k, sender, receiver, reply, how);
    else if (how->can_donate && sc && !receiver->sched_context)
        sched_context_donate(k, sc, receiver);
    thread_set_state(k, receiver, STATE_RUNNING);
    sched_context_unblock(k, receiver);
    sched_possible_switch(k, receiver);
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
    if (k->h.config.mcs)
        sent_mcs(k, sender, receiver, how);
    else
        sent(k, sender, receiver, how);
}

/* ---- receiving ---- */

static void block_receiver(struct kernel *k, struct endpoint *e, struct tcb *t,
                           const struct receive *how)
{
    t->blocked_on = object_ref(k, e);
    t->can_grant = (how->cap.endpoint.rights & RIGHT_GRANT) != 0;
    t->reply = object_ref(k, how->reply);
    if (how->reply)
        how->reply->tcb = object_ref(k, t);
    thread_set_state(k, t, STATE_BLOCKED_ON_RECEIVE);
    queue_insert(k, e, t, ENDPOINT_RECEIVE);
}

/* The sender, which waited, is rid of its message. */
static void received(struct kernel *k, struct tcb *sender, struct tcb *receiver,
                     const struct receive *how)
{
    if (sender->is_call) {
        call_delivered(k, sender, receiver,
                       sender->can_grant || sender->can_grant_reply,
                       (how->cap.endpoint.rights & RIGHT_GRANT) != 0);
        return;
    }
    thread_set_state(k, sender, STATE_RUNNING);
    sched_possible_switch(k, sender);
}

static void received_mcs(struct kernel *k, struct tcb *sender,
                         struct tcb *receiver, const struct receive *how)
{
    sched_context_unblock(k, sender);
    if (wants_answer(sender, sender->is_call)) {
        call_delivered_mcs(k, sender, receiver, how->reply,
                           &(struct send){ .can_grant = sender->can_grant,
                                           .can_grant_reply =
                                               sender->can_grant_reply,
                                           .can_donate = sender->fault.type !=
                                                         FAULT_TIMEOUT });
        return;
    }
    thread_set_state(k, sender, STATE_RUNNING);
    sched_possible_switch(k, sender);
}

static void take_first_sender(struct kernel *k, struct endpoint *e,
                              struct tcb *receiver, const struct receive *how)
{
    struct tcb *sender = tcb_at(k, e->head);

    queue_remove(k, e, sender);
    ipc_transfer(k, &(struct transfer){ .sender = sender,
                                        .receiver = receiver,
                                        .endpoint = object_ref(k, e),
                                        .badge = sender->badge,
                                        .can_grant = sender->can_grant });
    if (k->h.config.mcs)
        received_mcs(k, sender, receiver, how);
    else
        received(k, sender, receiver, how);
}

void endpoint_receive(struct kernel *k, struct tcb *receiver,
                      const struct receive *how)
{
    struct endpoint *e = object_at(k, how->cap.obj);
    struct notification *bound = object_at(k, receiver->bound_notification);
    struct tcb *waiting = how->reply ? tcb_at(k, how->reply->tcb) : NULL;

    /* Who waits for an answer by this reply object will not get it. */
    if (waiting && waiting != receiver)
        ipc_cancel(k, waiting);
    if (bound && bound->state == NOTIFICATION_ACTIVE) {
        notification_complete(k, bound, receiver);
        return;
    }
    if (bound && how->blocking)
        notification_return_context(k, bound, receiver);
    if (e->state == ENDPOINT_SEND)
        take_first_sender(k, e, receiver, how);
    else if (how->blocking)
        block_receiver(k, e, receiver, how);
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

/* t leaves the queue of the endpoint that it waits for. */
static void leave(struct kernel *k, struct tcb *t)
{
    queue_remove(k, object_at(k, t->blocked_on), t);
    t->blocked_on = 0;
    reply_unlink(k, t);
}

void ipc_cancel(struct kernel *k, struct tcb *t)
{
    if (k->h.config.mcs)
        t->fault.type = FAULT_NONE;
    switch (t->state) {
    case STATE_BLOCKED_ON_SEND:
    case STATE_BLOCKED_ON_RECEIVE:
        leave(k, t);
        thread_set_state(k, t, STATE_INACTIVE);
        break;
    case STATE_BLOCKED_ON_NOTIFICATION:
        notification_cancel(k, t);
        break;
    case STATE_BLOCKED_ON_REPLY:
        if (k->h.config.mcs)
            reply_remove_tcb(k, t);
        else
            cancel_reply(k, t);
        break;
    default:
        break;
    }
}

static void restart_queued(struct kernel *k, struct tcb *t)
{
    leave(k, t);
    /* MCS: a fault is not repeated. */
    if (k->h.config.mcs && t->fault.type != FAULT_NONE) {
        thread_set_state(k, t, STATE_INACTIVE);
        return;
    }
    thread_set_state(k, t, STATE_RESTART);
    thread_ready_again(k, t);
}

void endpoint_cancel_all(struct kernel *k, struct endpoint *e)
{
    if (e->state == ENDPOINT_IDLE)
        return;
    while (e->head)
        restart_queued(k, tcb_at(k, e->head));
    sched_require(k);
}

void endpoint_cancel_badged(struct kernel *k, struct endpoint *e, word badge)
{
    if (e->state != ENDPOINT_SEND)
        return;
    for (paddr p = e->head, next; p != 0; p = next) {
        struct tcb *t = tcb_at(k, p);

        next = t->ep_next;
        if (t->badge == badge)
            restart_queued(k, t);
    }
    sched_require(k);
}
