/* SPDX-License-Identifier: BSD-2-Clause */
/* What MCS objects hold, for those who look; see inspect.h. */
#include "kernel/census.h"
#include "kernel/inspect.h"
#include "kernel/refill.h"

/* Do the refills lie within the smallest object at least, and in memory? */
static bool refills_fit(struct kernel *k, paddr p,
                        const struct sched_context *sc)
{
    word room = k->h.config.memory_size - p - sizeof *sc;

    return sc->refill_max <= room / sizeof(struct refill) &&
           sc->refill_head < sc->refill_max && sc->refill_tail < sc->refill_max;
}

static void view_refills(struct kernel *k, struct sched_context *sc,
                         struct sched_context_view *v)
{
    v->refills = refill_count(sc);
    v->next = refill_head(sc)->time;
    for (word i = 0; i < v->refills; i++)
        v->budget += refill_at(sc, i)->amount;
    if (refill_is_ready(k, sc))
        v->ready = refill_head(sc)->amount;
}

bool sched_context_view(struct kernel *k, paddr p,
                        struct sched_context_view *ret)
{
    struct sched_context *sc;

    if (!k->h.config.mcs || !memory_valid(k, p, SEL4_MIN_SCHED_CONTEXT_BITS[1]))
        return false;
    sc = object_at(k, p);
    *ret = (struct sched_context_view){
        .period = sc->period,
        .refill_max = sc->refill_max,
        .consumed = sc->consumed,
        .badge = sc->badge,
        .sporadic = sc->sporadic,
        .tcb = sc->tcb,
        .notification = sc->notification,
        .reply = sc->reply,
    };
    if (sc->refill_max && refills_fit(k, p, sc))
        view_refills(k, sc, ret);
    return true;
}

bool reply_view(struct kernel *k, paddr p, struct reply_view *ret)
{
    const struct reply *r;
    const struct tcb *t;

    if (!k->h.config.mcs || !memory_valid(k, p, SEL4_REPLY_BITS[1]))
        return false;
    r = object_at(k, p);
    t = tcb_checked(k, r->tcb);
    *ret = (struct reply_view){
        .tcb = r->tcb,
        .is_call = t && t->state == STATE_BLOCKED_ON_REPLY,
        .below = r->prev,
        .sched_context = r->is_top ? r->next : 0,
    };
    return true;
}
