/* SPDX-License-Identifier: BSD-2-Clause */
/* Reply objects; see reply.h. */
#include "kernel/reply.h"
#include "kernel/endpoint.h"
#include "kernel/fault.h"
#include "kernel/ipc.h"
#include "kernel/refill.h"
#include "kernel/sched.h"
#include "kernel/sched_context.h"
#include "kernel/tcb.h"

static struct reply *reply_at(struct kernel *k, paddr p)
{
    return object_at(k, p);
}

void reply_unlink(struct kernel *k, struct tcb *t)
{
    struct reply *r = reply_at(k, t->reply);

    if (!r)
        return;
    r->tcb = 0;
    t->reply = 0;
    thread_set_state(k, t, STATE_INACTIVE);
}

/* Put it on top of the scheduling context's call stack. */
static void stack_push(struct kernel *k, struct sched_context *sc,
                       struct reply *r)
{
    struct reply *below = reply_at(k, sc->reply);

    if (below) {
        below->next = object_ref(k, r);
        below->is_top = 0;
    }
    r->prev = sc->reply;
    r->next = object_ref(k, sc);
    r->is_top = 1;
    sc->reply = object_ref(k, r);
}

void reply_push(struct kernel *k, struct reply *r, struct tcb *caller,
                struct tcb *callee, bool may_donate)
{
    struct sched_context *sc = object_at(k, caller->sched_context);

    r->tcb = object_ref(k, caller);
    caller->reply = object_ref(k, r);
    thread_set_state(k, caller, STATE_BLOCKED_ON_REPLY);
    if (sc && !callee->sched_context && may_donate) {
        stack_push(k, sc, r);
        sched_context_donate(k, sc, callee);
    }
}

static void forget_stack(struct reply *r)
{
    r->prev = 0;
    r->next = 0;
    r->is_top = 0;
}

/* The top of the stack goes, and the scheduling context goes back. */
static void stack_pop(struct kernel *k, struct reply *r)
{
    struct sched_context *sc = object_at(k, r->next);
    struct reply *below = reply_at(k, r->prev);
    struct tcb *caller = tcb_at(k, r->tcb);

    sc->reply = r->prev;
    if (below) {
        below->next = r->next;
        below->is_top = 1;
    }
    forget_stack(r);
    /* The caller may have got another one meanwhile. */
    if (!caller->sched_context)
        sched_context_donate(k, sc, caller);
}

/* It stands in the middle, or nowhere: the stack is cut there. */
static void stack_cut(struct kernel *k, struct reply *r)
{
    struct reply *below = reply_at(k, r->prev);

    if (r->next && r->is_top)
        ((struct sched_context *)object_at(k, r->next))->reply = 0;
    else if (r->next)
        reply_at(k, r->next)->prev = 0;
    if (below) {
        below->next = 0;
        below->is_top = 0;
    }
    forget_stack(r);
}

void reply_remove(struct kernel *k, struct reply *r)
{
    struct tcb *caller = tcb_at(k, r->tcb);

    if (r->next && r->is_top)
        stack_pop(k, r);
    else
        stack_cut(k, r);
    reply_unlink(k, caller);
}

void reply_remove_tcb(struct kernel *k, struct tcb *t)
{
    struct reply *r = reply_at(k, t->reply);

    if (!r)
        return;
    stack_cut(k, r);
    reply_unlink(k, t);
}

/* ---- answering ---- */

/* The caller has its answer: let it run, if it has time to. */
static void let_run(struct kernel *k, struct tcb *t, word fault_type)
{
    struct sched_context *sc = object_at(k, t->sched_context);

    if (thread_is_agent(k, t) && thread_is_runnable(t)) {
        sched_possible_switch(k, t);
        return;
    }
    if (!sc || !sched_context_is_active(sc) || !thread_is_runnable(t))
        return;
    if (refill_is_ready(k, sc) && refill_is_sufficient(sc, 0))
        sched_possible_switch(k, t);
    else if (fault_has_timeout_handler(t) && fault_type != FAULT_TIMEOUT)
        fault_raise_timeout(k, t);
    else
        sched_postpone(k, t);
}

void reply_send(struct kernel *k, struct tcb *sender, struct reply *r,
                bool can_grant)
{
    struct tcb *t = tcb_at(k, r->tcb);
    word fault_type;

    if (!t || t->state != STATE_BLOCKED_ON_REPLY)
        return;
    reply_remove(k, r);
    sched_context_unblock(k, t);
    fault_type = t->fault.type;
    if (fault_type == FAULT_NONE) {
        ipc_transfer(k, &(struct transfer){ .sender = sender,
                                            .receiver = t,
                                            .can_grant = can_grant });
        thread_set_state(k, t, STATE_RUNNING);
    } else {
        bool goes_on = fault_answer(k, t, sender);

        t->fault.type = FAULT_NONE;
        thread_set_state(k, t, goes_on ? STATE_RESTART : STATE_INACTIVE);
    }
    let_run(k, t, fault_type);
}

void reply_destroy(struct kernel *k, struct reply *r)
{
    struct tcb *t = tcb_at(k, r->tcb);

    if (!t)
        return;
    if (t->state == STATE_BLOCKED_ON_REPLY)
        reply_remove(k, r);
    else
        ipc_cancel(k, t);
}
