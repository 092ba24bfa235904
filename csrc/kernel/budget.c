/* SPDX-License-Identifier: BSD-2-Clause */
/* Charging scheduling contexts for time; see budget.h. */
#include "kernel/budget.h"
#include "kernel/fault.h"
#include "kernel/refill.h"
#include "kernel/sched.h"
#include "kernel/sched_context.h"
#include "kernel/tcb.h"

/* The interrupt comes so much before the end, in ns. */
#define TIMER_PRECISION 1000

static struct sched_context *payer(struct kernel *k)
{
    return object_at(k, k->h.current_sc);
}

static word used(struct kernel *k)
{
    return k->h.time - k->h.charged_until;
}

static void settle(struct kernel *k)
{
    k->h.charged_until = k->h.time;
}

/* Take `ns` off; a round-robin slice that is used up begins anew. */
static void charge(struct kernel *k, struct sched_context *sc, word ns)
{
    if (!refill_is_round_robin(sc)) {
        refill_charge(k, sc, ns);
    } else if (refill_is_sufficient(sc, ns)) {
        refill_head(sc)->amount -= ns;
        refill_tail(sc)->amount += ns;
    } else {
        refill_renew(sc);
    }
}

void budget_commit(struct kernel *k)
{
    struct sched_context *sc = payer(k);
    word ns = used(k);

    settle(k);
    if (!sc || !sched_context_is_active(sc) || ns == 0)
        return;
    charge(k, sc, ns);
    sc->consumed += ns;
}

void budget_release(struct kernel *k, paddr sc)
{
    if (sc != k->h.current_sc || k->h.inside.tcb == k->h.current)
        return;
    budget_commit(k);
    k->h.current_sc = 0;
}

/* ---- turns ---- */

static void end_turn(struct kernel *k, struct tcb *t, bool may_fault)
{
    struct sched_context *sc = payer(k);

    if (may_fault && !refill_is_round_robin(sc) && fault_has_timeout_handler(t))
        fault_raise_timeout(k, t);
    else if (refill_is_ready(k, sc) && refill_is_sufficient(sc, 0))
        sched_append(k, t);
    else
        sched_postpone(k, t);
}

/* `ns` of the turn are over, and with them the turn. */
static void charge_turn(struct kernel *k, word ns, bool may_fault)
{
    struct sched_context *sc = payer(k);
    struct tcb *t = tcb_at(k, k->h.current);

    settle(k);
    if (sc) {
        if (refill_is_round_robin(sc))
            refill_renew(sc);
        else
            refill_charge(k, sc, ns);
        sc->consumed += ns;
    }
    if (!sc || !t || t->sched_context != k->h.current_sc ||
        !thread_is_schedulable(k, t))
        return;
    end_turn(k, t, may_fault);
    sched_require(k);
    k->h.reprogram = 1;
}

bool budget_suffices(struct kernel *k)
{
    struct sched_context *sc = payer(k);

    return !sc || refill_is_sufficient(sc, used(k));
}

bool budget_check(struct kernel *k)
{
    if (budget_suffices(k))
        return !budget_domain_over(k);
    charge_turn(k, used(k), true);
    return false;
}

bool budget_allows_more(struct kernel *k)
{
    return payer(k) && budget_suffices(k) && !budget_domain_over(k);
}

bool budget_check_restart(struct kernel *k, struct tcb *t)
{
    if (budget_check(k))
        return true;
    if (thread_is_runnable(t))
        thread_set_state(k, t, STATE_RESTART);
    return false;
}

void budget_preempted(struct kernel *k)
{
    struct sched_context *sc = payer(k);
    struct tcb *t = tcb_at(k, k->h.current);

    if (t && thread_is_schedulable(k, t))
        budget_check(k);
    else if (sc && sched_context_is_active(sc))
        charge_turn(k, used(k), false);
    else
        settle(k);
}

void budget_yield(struct kernel *k)
{
    struct sched_context *sc = payer(k);
    word consumed;

    if (!sc)
        return;
    /* The whole rest counts as used, but not as consumed. */
    consumed = sc->consumed + used(k);
    charge_turn(k, refill_head(sc)->amount, false);
    sc->consumed = consumed;
}

/* ---- the node ---- */

bool budget_domain_over(struct kernel *k)
{
    return k->h.config.domains > 1 &&
           k->h.domain_time <= k->h.time + BUDGET_MIN;
}

word budget_end(struct kernel *k)
{
    struct sched_context *sc = payer(k);
    word end = TIME_NEVER;

    if (sc)
        end = k->h.charged_until + refill_head(sc)->amount - TIMER_PRECISION;
    if (k->h.config.domains > 1 && k->h.domain_time < end)
        end = k->h.domain_time;
    return end;
}

void budget_switch(struct kernel *k)
{
    const struct tcb *t = tcb_at(k, k->h.current);
    struct sched_context *next = t ? object_at(k, t->sched_context) : NULL;

    if (payer(k) != next) {
        k->h.reprogram = 1;
        if (next && !next->sporadic)
            refill_unblock(k, next);
    }
    if (k->h.reprogram)
        budget_commit(k);
    k->h.current_sc = object_ref(k, next);
    k->h.reprogram = 0;
}
