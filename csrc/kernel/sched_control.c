/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invocations of scheduling contexts, and of SchedControl, which gives them
 * their time (seL4 manual 6.1).
 */
#include "kernel/budget.h"
#include "kernel/refill.h"
#include "kernel/sched.h"
#include "kernel/sched_context.h"
#include "kernel/tcb.h"

static struct sched_context *target_of(struct kernel *k,
                                       const struct call *call)
{
    return object_at(k, call->cap.obj);
}

/* ---- SchedControl_ConfigureFlags ---- */

enum {
    ARG_BUDGET,
    ARG_PERIOD,
    ARG_EXTRA_REFILLS,
    ARG_BADGE,
    ARG_FLAGS,
    ARGS
};

/* A time in us, within the limits that all times have. */
static enum outcome check_time(struct kernel *k, word us, bool at_least)
{
    word most = refill_period_max_us(k);

    if (at_least ? us >= BUDGET_MIN_US : us <= most)
        return OUTCOME_DONE;
    return error_range(k, BUDGET_MIN_US, most,
                       WHY(REASON_SCHED_TIME, us, BUDGET_MIN_US, most));
}

static enum outcome check_times(struct kernel *k, word budget, word period)
{
    if (check_time(k, budget, false) != OUTCOME_DONE ||
        check_time(k, period, false) != OUTCOME_DONE ||
        check_time(k, budget, true) != OUTCOME_DONE ||
        check_time(k, period, true) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    if (budget > period)
        return error_range(k, BUDGET_MIN_US, period,
                           WHY(REASON_SCHED_BUDGET, budget, period));
    return OUTCOME_DONE;
}

static enum outcome check_refills(struct kernel *k, union cap target,
                                  word extra)
{
    word most;

    if (target.type != CAP_SCHED_CONTEXT)
        return error_invalid_capability(
            k, 1, WHY(REASON_NOT_SCHED_CONTEXT, target.type));
    most = refill_room(target.sched_context.bits) - REFILLS_MIN;
    if (extra > most)
        return error_range(k, 0, most, WHY(REASON_SCHED_REFILLS, extra, most));
    return OUTCOME_DONE;
}

/* Limits of a thread that is in no queue now. */
static void set_limits(struct kernel *k, struct sched_context *sc,
                       const struct refill_limits *limits)
{
    const struct tcb *t = tcb_at(k, sc->tcb);

    if (limits->period == 0 || !sched_context_is_active(sc) || !t ||
        !thread_is_runnable(t))
        refill_new(k, sc, limits);
    else
        refill_update(k, sc, limits);
}

static void configure(struct kernel *k, struct sched_context *sc,
                      const struct refill_limits *limits)
{
    struct tcb *t = tcb_at(k, sc->tcb);

    if (t) {
        sched_release_remove(k, t);
        sched_dequeue(k, t);
        if (k->h.current_sc == object_ref(k, sc))
            budget_commit(k);
    }
    set_limits(k, sc, limits);
    if (!t)
        return;
    sched_context_resume(k, sc);
    if (object_ref(k, t) == k->h.current)
        sched_require(k);
    else if (thread_is_runnable(t) && !thread_is_agent(k, t))
        sched_possible_switch(k, t);
}

static enum outcome decode_configure(struct kernel *k, struct call *call)
{
    word budget, period, extra;
    struct sched_context *sc;
    struct refill_limits limits;

    if (call_check_length(k, call, ARGS, 1) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    budget = call_argument(call, ARG_BUDGET);
    period = call_argument(call, ARG_PERIOD);
    extra = call_argument(call, ARG_EXTRA_REFILLS);
    if (check_times(k, budget, period) != OUTCOME_DONE ||
        check_refills(k, call->extra[0]->cap, extra) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    sc = object_at(k, call->extra[0]->cap.obj);
    limits = (struct refill_limits){ budget * 1000, period * 1000,
                                     extra + REFILLS_MIN };
    /* Who may always run takes turns with others of its priority. */
    if (budget == period)
        limits = (struct refill_limits){ budget * 1000, 0, REFILLS_MIN };
    call_commit(k, call);
    configure(k, sc, &limits);
    sc->badge = call_argument(call, ARG_BADGE);
    sc->sporadic = (call_argument(call, ARG_FLAGS) &
                    SEL4_SCHED_CONTEXT_FLAG_SPORADIC) != 0;
    return OUTCOME_DONE;
}

enum outcome decode_sched_control(struct kernel *k, struct call *call)
{
    if (call->method != METHOD_SCHED_CONTROL_CONFIGURE_FLAGS)
        return error_unknown_method(k, call);
    return decode_configure(k, call);
}

/* ---- binding ---- */

static enum outcome check_bind_tcb(struct kernel *k, struct sched_context *sc,
                                   struct tcb *t)
{
    if (sc->tcb)
        return error_illegal_operation(k, WHY(REASON_SC_BOUND));
    if (t->sched_context)
        return error_illegal_operation(k, WHY(REASON_SC_TCB_BOUND));
    if (thread_is_blocked(t) && !sched_context_is_released(k, sc))
        return error_illegal_operation(k, WHY(REASON_SC_NOT_RELEASED));
    return OUTCOME_DONE;
}

static enum outcome check_bind_notification(struct kernel *k,
                                            struct sched_context *sc,
                                            struct notification_mcs *n)
{
    if (sc->notification)
        return error_illegal_operation(k, WHY(REASON_SC_BOUND));
    if (n->sched_context)
        return error_illegal_operation(k, WHY(REASON_SC_NOTIFICATION_BOUND));
    return OUTCOME_DONE;
}

static enum outcome error_not_bindable(struct kernel *k, union cap cap)
{
    return error_invalid_capability(k, 1, WHY(REASON_SC_OBJECT, cap.type));
}

static enum outcome bind_tcb(struct kernel *k, struct call *call, struct tcb *t)
{
    struct sched_context *sc = target_of(k, call);

    if (check_bind_tcb(k, sc, t) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    call_commit(k, call);
    sched_context_bind(k, sc, t);
    return OUTCOME_DONE;
}

static enum outcome bind_notification(struct kernel *k, struct call *call,
                                      struct notification_mcs *n)
{
    struct sched_context *sc = target_of(k, call);

    if (check_bind_notification(k, sc, n) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    call_commit(k, call);
    n->sched_context = object_ref(k, sc);
    sc->notification = object_ref(k, n);
    return OUTCOME_DONE;
}

static enum outcome decode_bind(struct kernel *k, struct call *call)
{
    if (call_check_length(k, call, 0, 1) != OUTCOME_DONE)
        return OUTCOME_ERROR;

    union cap cap = call->extra[0]->cap;
    switch (cap.type) {
    case CAP_THREAD:
        return bind_tcb(k, call, tcb_at(k, cap.obj));
    case CAP_NOTIFICATION:
        return bind_notification(k, call, object_at(k, cap.obj));
    default:
        return error_not_bindable(k, cap);
    }
}

/* ---- unbinding ---- */

static enum outcome check_not_own(struct kernel *k, const struct call *call)
{
    if (target_of(k, call)->tcb == object_ref(k, call->caller))
        return error_illegal_operation(k, WHY(REASON_SC_OWN));
    return OUTCOME_DONE;
}

static enum outcome decode_unbind_object(struct kernel *k, struct call *call)
{
    struct sched_context *sc = target_of(k, call);

    if (call_check_length(k, call, 0, 1) != OUTCOME_DONE)
        return OUTCOME_ERROR;

    union cap cap = call->extra[0]->cap;
    bool is_tcb = cap.type == CAP_THREAD;
    if (!is_tcb && cap.type != CAP_NOTIFICATION)
        return error_not_bindable(k, cap);
    if ((is_tcb ? sc->tcb : sc->notification) != cap.obj)
        return error_illegal_operation(k, WHY(REASON_SC_NOT_BOUND));
    if (is_tcb && check_not_own(k, call) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    call_commit(k, call);
    if (is_tcb)
        sched_context_unbind(k, sc);
    else
        sched_context_unbind_notification(k, sc);
    return OUTCOME_DONE;
}

static enum outcome decode_unbind(struct kernel *k, struct call *call)
{
    if (check_not_own(k, call) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    call_commit(k, call);
    sched_context_unbind_all(k, target_of(k, call));
    return OUTCOME_DONE;
}

/* ---- time ---- */

static enum outcome answer_consumed(struct kernel *k, struct call *call)
{
    word us = sched_context_take_consumed(target_of(k, call));

    call_answer(k, call, &us, 1);
    return OUTCOME_DONE;
}

static enum outcome decode_consumed(struct kernel *k, struct call *call)
{
    call_commit(k, call);
    return answer_consumed(k, call);
}

static enum outcome check_yield(struct kernel *k, struct call *call)
{
    const struct tcb *t = tcb_at(k, target_of(k, call)->tcb);

    if (!t)
        return error_illegal_operation(k, WHY(REASON_YIELD_NOBODY));
    if (t == call->caller)
        return error_illegal_operation(k, WHY(REASON_YIELD_SELF));
    if (t->priority > call->caller->mcp)
        return error_illegal_operation(k, WHY(REASON_PRIORITY, t->priority,
                                              call->caller->mcp));
    return OUTCOME_DONE;
}

/* The caller waits behind t, and is answered when it runs again. */
static void yield_behind(struct kernel *k, struct call *call, struct tcb *t)
{
    struct sched_context *sc = target_of(k, call);

    call->caller->yield_to = object_ref(k, sc);
    sc->yield_from = object_ref(k, call->caller);
    sched_dequeue(k, t);
    sched_enqueue(k, call->caller);
    sched_enqueue(k, t);
    sched_require(k);
}

static enum outcome decode_yield_to(struct kernel *k, struct call *call)
{
    struct sched_context *sc = target_of(k, call);
    struct tcb *t = tcb_at(k, sc->tcb);
    bool agent = thread_is_agent(k, call->caller);

    if (check_yield(k, call) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    call_commit(k, call);
    sched_context_end_yield(k, sc);
    sched_context_resume(k, sc);
    if (!thread_is_schedulable(k, t) || thread_is_agent(k, t) ||
        object_ref(k, t) == k->h.current)
        return answer_consumed(k, call);
    if (t->priority >= call->caller->priority && !agent) {
        yield_behind(k, call, t);
        return OUTCOME_DONE;
    }
    sched_dequeue(k, t);
    sched_enqueue(k, t);
    if (agent)
        sched_require(k);
    return answer_consumed(k, call);
}

enum outcome decode_sched_context(struct kernel *k, struct call *call)
{
    switch (call->method) {
    case METHOD_SCHED_CONTEXT_CONSUMED:
        return decode_consumed(k, call);
    case METHOD_SCHED_CONTEXT_BIND:
        return decode_bind(k, call);
    case METHOD_SCHED_CONTEXT_UNBIND_OBJECT:
        return decode_unbind_object(k, call);
    case METHOD_SCHED_CONTEXT_UNBIND:
        return decode_unbind(k, call);
    case METHOD_SCHED_CONTEXT_YIELD_TO:
        return decode_yield_to(k, call);
    default:
        return error_unknown_method(k, call);
    }
}
