/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MCS kernel's objects: who has which scheduling context, along which
 * replies it was lent, and when there is time to use.
 *
 * Everything that refers to a scheduling context or reply object refers to one
 * that a capability names, and is referred to by it. Refills are looked at in
 * the ring only after the ring has been found to lie inside of the object,
 * whose size only the capability knows.
 */
#include "kernel/budget.h"
#include "kernel/check.h"
#include "kernel/refill.h"
#include "kernel/sched_context.h"
#include "kernel/tcb.h"

static struct sched_context *context_at(struct check *c, paddr p)
{
    return check_has(c, p, FACT_CONTEXT) ? object_at(c->k, p) : NULL;
}

static struct reply *reply_at(struct check *c, paddr p)
{
    return check_has(c, p, FACT_REPLY) ? object_at(c->k, p) : NULL;
}

static struct tcb *listed_at(struct check *c, paddr p)
{
    return check_has(c, p, FACT_LISTED) ? tcb_at(c->k, p) : NULL;
}

/* ---- what threads and notifications say ---- */

static bool waits_with_reply(const struct tcb *t)
{
    return t->state == STATE_BLOCKED_ON_REPLY ||
           t->state == STATE_BLOCKED_ON_RECEIVE;
}

/* Handlers of faults are endpoints that can be called, or null. */
static bool handler_fits(union cap cap)
{
    return cap_is_null(cap) ||
           (cap.type == CAP_ENDPOINT && cap.endpoint.rights & RIGHT_WRITE &&
            cap.endpoint.rights & (RIGHT_GRANT | RIGHT_GRANT_REPLY));
}

const char *check_thread_mcs(struct check *c, const struct tcb *t, paddr p)
{
    const struct sched_context *sc = context_at(c, t->sched_context);
    const struct sched_context *to = context_at(c, t->yield_to);
    const struct reply *r = reply_at(c, t->reply);

    if (!handler_fits(t->slot[TCB_FAULT_HANDLER].cap) ||
        !handler_fits(t->slot[TCB_TIMEOUT_HANDLER].cap))
        return "thread-handler: a fault handler's capability is no endpoint "
               "that can be called";
    if (t->sched_context && (!sc || sc->tcb != p))
        return "thread-context: the scheduling context does not know of the "
               "thread";
    if (t->yield_to && (!to || to->yield_from != p || !thread_is_runnable(t)))
        return "thread-yield: the scheduling context that a thread yielded to "
               "does not know of it";
    if (t->reply && (!r || r->tcb != p || !waits_with_reply(t)))
        return "thread-reply: the reply object that a thread waits with does "
               "not know of it";
    if (t->state == STATE_BLOCKED_ON_REPLY && !t->reply)
        return "thread-reply: a thread waits for a reply without a reply "
               "object";
    return NULL;
}

bool check_notification_mcs(struct check *c, paddr p)
{
    const struct notification_mcs *n = object_at(c->k, p);
    const struct sched_context *sc = context_at(c, n->sched_context);

    if (n->sched_context && (!sc || sc->notification != p))
        return check_fail(c,
                          "notification-context: the scheduling context does "
                          "not know of the notification",
                          p);
    return true;
}

/* ---- scheduling contexts ---- */

/* Those who refer to it are asked in their turn whether it refers to them. */
static const char *context_broken(struct check *c, paddr p)
{
    const struct sched_context *sc = object_at(c->k, p);
    const struct tcb *t = listed_at(c, sc->tcb);
    const struct tcb *from = listed_at(c, sc->yield_from);
    const struct reply *r = reply_at(c, sc->reply);
    const struct notification_mcs *n = NULL;

    if (check_has(c, sc->notification, FACT_NOTIFICATION))
        n = object_at(c->k, sc->notification);
    if (sc->tcb && (!t || t->sched_context != p))
        return "context-thread: who runs by a scheduling context does not "
               "know of it";
    if (sc->notification && (!n || n->sched_context != p))
        return "context-notification: a scheduling context's notification "
               "does not know of it";
    if (sc->yield_from && (!from || from->yield_to != p))
        return "context-yield: who yielded to a scheduling context does not "
               "know of it";
    if (sc->reply && (!r || r->next != p || !r->is_top))
        return "context-reply: the top of a scheduling context's call stack "
               "does not know of it";
    return NULL;
}

/* One behind the other; sums that wrap around are out of order, too. */
static bool in_order(const struct refill *a, const struct refill *b)
{
    return b->time >= a->time && b->time - a->time >= a->amount;
}

/* A period has room for the whole budget, and the refills are all in it. */
static const char *sporadic_broken(struct sched_context *sc)
{
    word first = refill_head(sc)->time;
    word left = sc->period;

    for (word i = 0; i < refill_count(sc); i++) {
        const struct refill *r = refill_at(sc, i);

        if (i > 0 && !in_order(refill_at(sc, i - 1), r))
            return "refill-order: refills overlap, or are not in the order "
                   "of their times";
        if (r->time - first > sc->period)
            return "refill-period: a refill is more than a period behind the "
                   "first";
        if (r->amount > left)
            return "refill-budget: the refills are more than a period";
        left -= r->amount;
    }
    return NULL;
}

static const char *refills_broken(struct sched_context *sc, word room)
{
    if (sc->refill_max == 0)
        return sc->sporadic
                   ? "context-sporadic: a scheduling context without time "
                     "is sporadic"
                   : NULL;
    if (sc->refill_max < REFILLS_MIN || sc->refill_max > room ||
        sc->refill_head >= sc->refill_max || sc->refill_tail >= sc->refill_max)
        return "refill-room: the refills do not fit into their scheduling "
               "context";
    if (refill_head(sc)->amount < BUDGET_MIN)
        return "refill-least: the first refill is too little to run with";
    if (!refill_is_round_robin(sc))
        return sporadic_broken(sc);
    if (refill_count(sc) != 2)
        return "refill-count: round robin needs two refills";
    return NULL;
}

/* ---- reply objects ---- */

static const char *reply_broken(struct check *c, paddr p)
{
    const struct reply *r = object_at(c->k, p);
    const struct reply *below = reply_at(c, r->prev);
    const struct reply *above = r->is_top ? NULL : reply_at(c, r->next);
    const struct sched_context *sc = context_at(c, r->is_top ? r->next : 0);
    const struct tcb *t = listed_at(c, r->tcb);

    if (r->tcb && (!t || t->reply != p))
        return "reply-thread: who waits with a reply object does not know of "
               "it";
    if ((r->prev || r->next) && (!t || t->state != STATE_BLOCKED_ON_REPLY))
        return "reply-blocked: a reply in a call stack has no caller";
    if (r->is_top ? !sc || sc->reply != p
                  : r->next && (!above || above->prev != p))
        return "reply-next: what is above a reply in a call stack does not "
               "know of it";
    if (r->prev && (!below || below->next != p || below->is_top))
        return "reply-prev: the reply below another does not know of it";
    return NULL;
}

/* Note the replies of a stack, from its bottom. The links are sound, so this
 * comes to an end. */
static void note_stack(struct check *c, paddr p)
{
    const struct reply *r = object_at(c->k, p);

    if (r->prev)
        return;
    for (; r; r = r->is_top ? NULL : reply_at(c, r->next))
        word_set_add(&c->facts, fact(object_ref(c->k, r), FACT_STACKED));
}

/* ---- all of them ---- */

static const char *object_broken(struct check *c, paddr p, word tag)
{
    if (tag == FACT_REPLY)
        return reply_broken(c, p);
    if (tag == FACT_CONTEXT)
        return context_broken(c, p);
    if (tag >= FACT_CONTEXT_SIZE)
        return refills_broken(object_at(c->k, p),
                              refill_room(tag - FACT_CONTEXT_SIZE));
    return NULL;
}

static bool check_objects(struct check *c, word count)
{
    for (word i = 0; i < count; i++) {
        word f = word_set_get(&c->facts, i);
        const char *broken = object_broken(c, fact_address(f), fact_tag(f));

        if (broken)
            return check_fail(c, broken, fact_address(f));
    }
    return true;
}

static bool check_stacks(struct check *c, word count)
{
    for (word i = 0; i < count; i++)
        if (fact_tag(word_set_get(&c->facts, i)) == FACT_REPLY)
            note_stack(c, fact_address(word_set_get(&c->facts, i)));
    for (word i = 0; i < count; i++) {
        word f = word_set_get(&c->facts, i);

        if (fact_tag(f) == FACT_REPLY &&
            !check_has(c, fact_address(f), FACT_STACKED))
            return check_fail(c, "reply-ring: a call stack has no bottom",
                              fact_address(f));
    }
    return true;
}

/* ---- the release queue ---- */

static const char *released_broken(struct check *c, const struct tcb *t,
                                   paddr prev)
{
    struct sched_context *sc = object_at(c->k, t->sched_context);
    const struct tcb *before = tcb_at(c->k, prev);

    if (!thread_is_runnable(t) || thread_is_agent(c->k, t) || !sc ||
        !sched_context_is_active(sc))
        return "release-state: a thread that time would not help waits for "
               "its next refill";
    if (!t->in_release || t->queued)
        return "release-place: a thread in the release queue should not be "
               "there, or is ready";
    if (before && refill_head(object_at(c->k, before->sched_context))->time >
                      refill_head(sc)->time)
        return "release-order: the release queue is not in the order of "
               "times";
    return NULL;
}

static bool check_release(struct check *c)
{
    const struct image_queue *q = &c->k->h.release;
    paddr prev = 0;

    for (paddr p = q->head; p != 0; p = tcb_at(c->k, p)->sched_next) {
        const struct tcb *t = listed_at(c, p);
        const char *broken;

        if (!t || t->sched_prev != prev ||
            !word_set_add(&c->facts, fact(p, FACT_RELEASED)))
            return check_fail(c, "release-links: the release queue is broken",
                              prev);
        broken = released_broken(c, t, prev);
        if (broken)
            return check_fail(c, broken, p);
        prev = p;
    }
    if (prev != q->tail)
        return check_fail(c, "release-links: the release queue is broken",
                          prev);
    for (paddr p = c->k->h.tcbs; p != 0; p = tcb_at(c->k, p)->all_next)
        if (tcb_at(c->k, p)->in_release && !check_has(c, p, FACT_RELEASED))
            return check_fail(c,
                              "release-lost: a thread should be in the release "
                              "queue",
                              p);
    return true;
}

/* ---- time ---- */

const char *check_ready_mcs(struct check *c, const struct tcb *t)
{
    struct sched_context *sc = object_at(c->k, t->sched_context);

    if (!thread_is_schedulable(c->k, t))
        return "ready-context: a thread without a scheduling context of use "
               "is ready";
    if (!refill_is_ready(c->k, sc) || !refill_is_sufficient(sc, 0))
        return "ready-time: a thread is ready that has no time to use";
    return NULL;
}

static bool check_payer(struct check *c)
{
    struct kernel *k = c->k;
    const struct sched_context *sc = context_at(c, k->h.current_sc);

    if (k->h.current_sc && (!sc || !sched_context_is_active(sc)))
        return check_fail(c, "payer: who pays is no scheduling context of use",
                          k->h.current_sc);
    if (k->h.charged_until > k->h.time)
        return check_fail(c, "payer-time: the time to come is paid", 0);
    return true;
}

/* The kernel must not sleep through what it has to do. */
bool check_deadline(struct check *c)
{
    struct kernel *k = c->k;
    paddr first = k->h.release.head;
    word due = TIME_NEVER;

    if (!k->h.config.mcs || k->h.paused)
        return true;
    if (first)
        due = refill_head(object_at(k, tcb_at(k, first)->sched_context))->time;
    if (k->h.current && budget_end(k) < due)
        due = budget_end(k);
    if (k->h.deadline > due)
        return check_fail(c, "deadline: the kernel waits for too long", first);
    return true;
}

bool check_mcs(struct check *c)
{
    word count = c->facts.count;

    if (!c->k->h.config.mcs)
        return true;
    return check_objects(c, count) && check_stacks(c, count) &&
           check_release(c) && check_payer(c);
}
