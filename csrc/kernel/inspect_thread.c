/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Views of threads.
 */
#include "kernel/arch.h"
#include "kernel/check.h"
#include "kernel/inspect.h"
#include "kernel/tcb.h"

paddr thread_next(struct kernel *k, paddr tcb)
{
    const struct tcb *t = tcb_checked(k, tcb);
    paddr next = tcb ? (t ? t->all_next : 0) : k->h.tcbs;

    return tcb_checked(k, next) ? next : 0;
}

paddr ready_first(struct kernel *k, word domain, word priority)
{
    paddr p;

    if (domain >= k->h.config.domains || domain >= IMAGE_DOMAINS ||
        priority >= IMAGE_PRIORITIES)
        return 0;
    p = k->h.ready[domain][priority].head;
    return tcb_checked(k, p) ? p : 0;
}

paddr ready_next(struct kernel *k, paddr tcb)
{
    const struct tcb *t = tcb_checked(k, tcb);

    return t && tcb_checked(k, t->sched_next) ? t->sched_next : 0;
}

/* How many stand before t in its queue, the ready queue or another. */
static int64_t position(struct kernel *k, const struct tcb *t, bool ready)
{
    word most = k->h.config.memory_size >> SEL4_TCB_BITS;
    word n = 0;

    while (n < most) {
        t = tcb_checked(k, ready ? t->sched_prev : t->ep_prev);
        if (!t)
            break;
        n++;
    }
    return (int64_t)n;
}

static bool is_waiting(const struct tcb *t)
{
    return t->state == STATE_BLOCKED_ON_SEND ||
           t->state == STATE_BLOCKED_ON_RECEIVE ||
           t->state == STATE_BLOCKED_ON_NOTIFICATION;
}

/* As thread_is_schedulable(), for a TCB that nobody has checked. */
static bool has_time(struct kernel *k, const struct tcb *t)
{
    struct sched_context_view sc;

    if (!thread_is_runnable(t))
        return false;
    if (!k->h.config.mcs || thread_is_agent(k, t))
        return true;
    return sched_context_view(k, t->sched_context, &sc) && sc.refill_max &&
           !t->in_release;
}

static void view_state(struct kernel *k, const struct tcb *t,
                       struct thread_view *v)
{
    v->state = t->state;
    v->thread = thread_index(k, t);
    v->agent = thread_is_agent(k, t);
    v->current = v->tcb == k->h.current;
    v->ready = t->queued;
    v->sched_context = t->sched_context;
    v->in_release = t->in_release;
    v->schedulable = has_time(k, t);
    v->queue_position = -1;
    if (v->ready)
        v->queue_position = position(k, t, true);
    v->priority = t->priority;
    v->mcp = t->mcp;
    v->domain = t->domain;
    v->time_slice = t->time_slice;
    v->flags = t->flags;
    v->fault = t->unhandled.type ? t->unhandled : t->fault;
    v->lookup_failure = t->lookup_failure;
    v->fault_handler = t->fault_handler;
    v->bound_notification = t->bound_notification;
    if (!is_waiting(t))
        return;
    v->queue_position = position(k, t, false);
    v->blocked_on = t->blocked_on;
    v->can_grant = t->can_grant;
    if (t->state != STATE_BLOCKED_ON_SEND)
        return;
    v->badge = t->badge;
    v->is_call = t->is_call;
    v->can_grant_reply = t->can_grant_reply;
}

/* Classic: whom it serves, and who serves it. */
static void view_replies(struct kernel *k, const struct tcb *t,
                         struct thread_view *v)
{
    union cap caller = t->slot[TCB_CALLER].cap;
    word reply = (word)t->slot[TCB_REPLY].next_4 << 2;
    const struct cte *slot = slot_checked(k, reply);

    if (k->h.config.mcs)
        return;
    if (caller.type == CAP_REPLY && tcb_checked(k, caller.obj))
        v->caller = caller.obj;
    if (slot && slot->cap.type == CAP_REPLY && slot->cap.obj == v->tcb)
        v->reply_slot = reply;
}

static void view_spaces(struct kernel *k, const struct tcb *t,
                        struct thread_view *v)
{
    union cap buffer = t->slot[TCB_BUFFER].cap;

    for (int i = 0; i < TCB_SLOTS; i++)
        v->slot[i] = slot_ref(k, &t->slot[i]);
    if (t->slot[TCB_CTABLE].cap.type == CAP_CNODE)
        v->cspace = t->slot[TCB_CTABLE].cap.obj;
    v->vspace = arch_vspace_of(k, t->slot[TCB_VTABLE].cap);
    v->ipc_buffer = t->ipc_buffer;
    if (buffer.type == CAP_FRAME && !cap_broken(k, buffer))
        v->ipc_frame = arch_ipc_buffer(buffer, t->ipc_buffer, false);
}

bool thread_view(struct kernel *k, paddr tcb, struct thread_view *ret)
{
    const struct tcb *t = tcb_checked(k, tcb);
    int i;

    if (!t)
        return false;
    *ret = (struct thread_view){ .tcb = tcb, .fault_ip = t->fault_ip };
    for (i = 0; i < VIEW_NAME - 1 && t->name[i]; i++)
        ret->name[i] = t->name[i];
    for (i = 0; i < REG_COUNT; i++)
        ret->registers[i] = t->regs[i];
    view_state(k, t, ret);
    view_spaces(k, t, ret);
    view_replies(k, t, ret);
    return true;
}
