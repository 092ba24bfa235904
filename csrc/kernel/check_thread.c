/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads, and the endpoints and notifications that they wait for: what the
 * one side says, the other has to say, too.
 *
 * First the queues are walked, from the endpoints and notifications that
 * capabilities name, and who stands in one is noted. Then every TCB is asked
 * whether it should.
 */
#include "kernel/arch.h"
#include "kernel/check.h"
#include "kernel/tcb.h"

bool check_tcb_list(struct check *c)
{
    struct kernel *k = c->k;
    paddr prev = 0;

    for (paddr p = k->h.tcbs; p != 0; p = tcb_at(k, p)->all_next) {
        struct tcb *t = tcb_checked(k, p);

        if (!t || t->all_prev != prev ||
            !word_set_add(&c->facts, fact(p, FACT_LISTED)))
            return check_fail(c, "tcb-list: the list of all TCBs is broken",
                              prev);
        prev = p;
    }
    return true;
}

/* ---- queues ---- */

struct queue {
    paddr object; /* the endpoint or notification */
    paddr head;
    paddr tail;
    enum thread_state state; /* that its members have */
};

static bool check_queue(struct check *c, const struct queue *q)
{
    struct kernel *k = c->k;
    paddr prev = 0;

    for (paddr p = q->head; p != 0; p = tcb_at(k, p)->ep_next) {
        struct tcb *t = tcb_checked(k, p);

        if (!check_has(c, p, FACT_LISTED) || t->ep_prev != prev ||
            !word_set_add(&c->facts, fact(p, FACT_IPC_QUEUED)))
            return check_fail(
                c, "queue-links: the queue of waiting threads is broken",
                q->object);
        if (t->state != q->state || t->blocked_on != q->object)
            return check_fail(
                c,
                "queue-member: a thread stands in a queue, and does not "
                "wait there",
                p);
        if (k->h.config.mcs && prev && tcb_at(k, prev)->priority < t->priority)
            return check_fail(c,
                              "queue-order: a thread waits behind one of lower "
                              "priority",
                              p);
        prev = p;
    }
    if (prev != q->tail)
        return check_fail(c,
                          "queue-links: the queue of waiting threads is broken",
                          q->object);
    return true;
}

static bool check_endpoint(struct check *c, paddr p)
{
    const struct endpoint *e = object_at(c->k, p);
    struct queue q = { p, e->head, (paddr)e->tail_4 << 2,
                       e->state == ENDPOINT_SEND ? STATE_BLOCKED_ON_SEND
                                                 : STATE_BLOCKED_ON_RECEIVE };

    if (e->state > ENDPOINT_RECEIVE ||
        (e->state == ENDPOINT_IDLE) != (e->head == 0))
        return check_fail(c,
                          "endpoint-state: an endpoint is idle if nobody waits",
                          p);
    return check_queue(c, &q);
}

static bool check_notification(struct check *c, paddr p)
{
    struct kernel *k = c->k;
    const struct notification *n = object_at(k, p);
    struct queue q = { p, n->head, (paddr)n->tail_4 << 2,
                       STATE_BLOCKED_ON_NOTIFICATION };

    if (n->state > NOTIFICATION_ACTIVE ||
        (n->state == NOTIFICATION_WAITING) != (n->head != 0))
        return check_fail(
            c, "notification-state: a notification waits if somebody waits", p);
    if (n->state != NOTIFICATION_ACTIVE && n->badge)
        return check_fail(
            c,
            "notification-word: signals wait in a notification that is "
            "not active",
            p);
    if (n->bound_tcb && (!check_has(c, n->bound_tcb, FACT_LISTED) ||
                         tcb_at(k, n->bound_tcb)->bound_notification != p))
        return check_fail(
            c, "notification-bound: the bound thread does not know of it", p);
    if (n->bound_tcb && n->head &&
        (n->head != n->bound_tcb || n->head != q.tail))
        return check_fail(
            c,
            "notification-waiter: another thread than the bound one "
            "waits",
            p);
    if (k->h.config.mcs && !check_notification_mcs(c, p))
        return false;
    return check_queue(c, &q);
}

bool check_queues(struct check *c)
{
    /* the queues add facts of their own, behind these */
    word count = c->facts.count;

    for (word i = 0; i < count; i++) {
        word f = word_set_get(&c->facts, i);
        paddr p = fact_address(f);

        if (fact_tag(f) == FACT_ENDPOINT && !check_endpoint(c, p))
            return false;
        if (fact_tag(f) == FACT_NOTIFICATION && !check_notification(c, p))
            return false;
    }
    return true;
}

/* ---- threads ---- */

static bool slots_fit(const struct tcb *t)
{
    union cap cspace = t->slot[TCB_CTABLE].cap;
    union cap vspace = t->slot[TCB_VTABLE].cap;
    union cap buffer = t->slot[TCB_BUFFER].cap;

    if (!cap_is_null(cspace) && cspace.type != CAP_CNODE &&
        cspace.type != CAP_ZOMBIE)
        return false;
    if (!cap_is_null(vspace) && !arch_is_vspace_root(vspace))
        return false;
    return cap_is_null(buffer) ||
           (buffer.type == CAP_FRAME && !buffer.frame.device);
}

/* Classic: the slots of the reply capabilities. */
static bool reply_slots_fit(struct kernel *k, const struct tcb *t)
{
    union cap master = t->slot[TCB_REPLY].cap;
    union cap caller = t->slot[TCB_CALLER].cap;

    if (!cap_is_null(master) &&
        (master.type != CAP_REPLY || !master.reply.master ||
         master.obj != object_ref(k, t)))
        return false;
    return cap_is_null(caller) ||
           (caller.type == CAP_REPLY && !caller.reply.master);
}

/* Is what the thread waits for there, and does the queue hold the thread? */
static const char *wait_broken(struct check *c, const struct tcb *t, paddr p)
{
    bool queued = check_has(c, p, FACT_IPC_QUEUED);
    bool is_there = true;
    bool waits = true;

    switch (t->state) {
    case STATE_BLOCKED_ON_SEND:
    case STATE_BLOCKED_ON_RECEIVE:
        is_there = check_has(c, t->blocked_on, FACT_ENDPOINT);
        break;
    case STATE_BLOCKED_ON_NOTIFICATION:
        is_there = check_has(c, t->blocked_on, FACT_NOTIFICATION);
        break;
    default:
        waits = false;
        break;
    }
    if (!is_there)
        return "blocked-on: a thread waits for an object without capability";
    if (waits != queued)
        return "blocked-queue: a thread waits, and stands in no queue";
    if (!waits && (t->ep_next || t->ep_prev))
        return "queue-member: a thread stands in a queue, and does not wait "
               "there";
    return NULL;
}

static const char *fields_broken(struct check *c, const struct tcb *t)
{
    struct kernel *k = c->k;

    if (t->state >= STATE_COUNT)
        return "thread-state: there is no such state";
    if (t->domain >= k->h.config.domains)
        return "thread-domain: the thread is in a domain that does not exist";
    if (t->fault.type >= FAULT_TYPES)
        return "thread-fault: there is no such fault";
    if (!cap_is_null(t->slot[TCB_BUFFER].cap) &&
        t->ipc_buffer % (1ul << SEL4_IPC_BUFFER_SIZE_BITS))
        return "thread-buffer: the IPC buffer is not aligned";
    if (!slots_fit(t) || (!k->h.config.mcs && !reply_slots_fit(k, t)))
        return "thread-slots: a slot of a TCB holds what does not belong "
               "there";
    if (!k->h.config.mcs && t->state == STATE_BLOCKED_ON_RECEIVE &&
        !cap_is_null(t->slot[TCB_CALLER].cap))
        return "thread-caller: a thread that waits for a message still has a "
               "caller";
    return NULL;
}

static const char *thread_broken(struct check *c, const struct tcb *t, paddr p)
{
    paddr n = t->bound_notification;
    const char *broken = fields_broken(c, t);

    if (!check_has(c, p, FACT_TCB))
        return "thread-cap: no capability names the thread";
    if (!broken)
        broken = wait_broken(c, t, p);
    if (!broken && n &&
        (!check_has(c, n, FACT_NOTIFICATION) ||
         ((struct notification *)object_at(c->k, n))->bound_tcb != p))
        return "thread-bound: the bound notification does not know of the "
               "thread";
    if (!broken && c->k->h.config.mcs)
        broken = check_thread_mcs(c, t, p);
    return broken;
}

bool check_threads(struct check *c)
{
    for (paddr p = c->k->h.tcbs; p != 0; p = tcb_at(c->k, p)->all_next) {
        const char *broken = thread_broken(c, tcb_at(c->k, p), p);

        if (broken)
            return check_fail(c, broken, p);
    }
    return true;
}
