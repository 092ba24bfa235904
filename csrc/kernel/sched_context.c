/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scheduling contexts: what becomes of them. Their invocations stand in
 * sched_control.c.
 */
#include "kernel/sched_context.h"
#include "kernel/budget.h"
#include "kernel/ipc.h"
#include "kernel/refill.h"
#include "kernel/sched.h"
#include "kernel/tcb.h"

bool sched_context_is_released(struct kernel *k, struct sched_context *sc)
{
    return sched_context_is_active(sc) && refill_is_ready(k, sc);
}

/* ---- threads ---- */

void sched_context_resume(struct kernel *k, struct sched_context *sc)
{
    struct tcb *t = tcb_at(k, sc->tcb);

    if (!t || thread_is_agent(k, t) || !thread_is_schedulable(k, t))
        return;
    if (!refill_is_ready(k, sc) || !refill_is_sufficient(sc, 0))
        sched_postpone(k, t);
}

void sched_context_unblock(struct kernel *k, struct tcb *t)
{
    struct sched_context *sc = object_at(k, t->sched_context);

    if (sc && sc->sporadic && t->sched_context != k->h.current_sc)
        refill_unblock(k, sc);
}

void sched_context_bind(struct kernel *k, struct sched_context *sc,
                        struct tcb *t)
{
    t->sched_context = object_ref(k, sc);
    sc->tcb = object_ref(k, t);
    if (sched_context_is_active(sc))
        sched_context_unblock(k, t);
    sched_context_resume(k, sc);
    /* An agent has run without. */
    if (!thread_is_schedulable(k, t) || thread_is_agent(k, t) ||
        object_ref(k, t) == k->h.current)
        return;
    sched_enqueue(k, t);
    sched_require(k);
}

void sched_context_unbind(struct kernel *k, struct sched_context *sc)
{
    struct tcb *t = tcb_at(k, sc->tcb);

    if (!t)
        return;
    if (object_ref(k, t) == k->h.current)
        budget_release(k, object_ref(k, sc));
    sched_dequeue(k, t);
    sched_release_remove(k, t);
    t->sched_context = 0;
    sc->tcb = 0;
    if (object_ref(k, t) == k->h.current || k->h.action == object_ref(k, t))
        sched_require(k);
}

void sched_context_donate(struct kernel *k, struct sched_context *sc,
                          struct tcb *to)
{
    sched_context_unbind(k, sc);
    sc->tcb = object_ref(k, to);
    to->sched_context = object_ref(k, sc);
}

/* ---- notifications, replies ---- */

void sched_context_unbind_notification(struct kernel *k,
                                       struct sched_context *sc)
{
    struct notification_mcs *n = object_at(k, sc->notification);

    if (n)
        n->sched_context = 0;
    sc->notification = 0;
}

static void unbind_reply(struct kernel *k, struct sched_context *sc)
{
    struct reply *r = object_at(k, sc->reply);

    if (r) {
        r->next = 0;
        r->is_top = 0;
    }
    sc->reply = 0;
}

void sched_context_unbind_all(struct kernel *k, struct sched_context *sc)
{
    sched_context_unbind(k, sc);
    sched_context_unbind_notification(k, sc);
    unbind_reply(k, sc);
}

void sched_context_destroy(struct kernel *k, struct sched_context *sc)
{
    sched_context_unbind_all(k, sc);
    sched_context_end_yield(k, sc);
    sc->refill_max = 0;
    sc->sporadic = 0;
    if (k->h.current_sc == object_ref(k, sc))
        k->h.current_sc = 0;
}

/* ---- YieldTo ---- */

word sched_context_take_consumed(struct sched_context *sc)
{
    word us = sc->consumed / 1000;

    sc->consumed = 0;
    return us;
}

void sched_context_cancel_yield(struct kernel *k, struct tcb *t)
{
    struct sched_context *sc = object_at(k, t->yield_to);

    if (sc)
        sc->yield_from = 0;
    t->yield_to = 0;
}

void sched_context_complete_yield(struct kernel *k, struct tcb *t)
{
    struct sched_context *sc = object_at(k, t->yield_to);
    word *buffer = thread_ipc_buffer(k, t, true);

    if (!sc)
        return;
    t->regs[REG_CAP] = 0;
    message_set(t, buffer, 0, sched_context_take_consumed(sc));
    t->regs[REG_INFO] = info_new(SEL4_NO_ERROR, 0, 0, 1);
    sched_context_cancel_yield(k, t);
}

void sched_context_end_yield(struct kernel *k, struct sched_context *sc)
{
    if (sc->yield_from)
        sched_context_complete_yield(k, tcb_at(k, sc->yield_from));
}
