/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the host asks about threads, beside letting them in: kernel.h tells.
 */
#include "kernel/cspace.h"
#include "kernel/fault.h"
#include "kernel/sched.h"
#include "kernel/tcb.h"

/* Size of a Linux thread's name does not matter here: its host cuts it. */
const char *kernel_name(struct kernel *k, paddr tcb)
{
    return tcb_at(k, tcb)->name;
}

void kernel_set_name(struct kernel *k, paddr tcb, const char *name)
{
    struct tcb *t = tcb_at(k, tcb);

    tcb_set_name(t, name);
    thread_mark_renamed(k, t);
}

uint32_t kernel_agent(struct kernel *k, paddr tcb)
{
    struct tcb *t = tcb_at(k, tcb);
    uint32_t index = thread_index(k, t);

    if (index == 0)
        index = thread_make_agent(k, t);
    if (index == 0)
        return 0;
    thread_suspend(k, t);
    t->fault.type = FAULT_NONE;
    thread_set_state(k, t, STATE_RUNNING);
    return index;
}

paddr kernel_next_thread(struct kernel *k, paddr tcb)
{
    return tcb ? tcb_at(k, tcb)->all_next : k->h.tcbs;
}

enum kernel_state kernel_state(struct kernel *k, paddr tcb)
{
    const struct tcb *t = tcb_at(k, tcb);

    if (thread_is_runnable(t))
        return KERNEL_RUNNABLE;
    if (t->state == STATE_BLOCKED_ON_HOST)
        return KERNEL_HOST;
    return t->state == STATE_INACTIVE ? KERNEL_STOPPED : KERNEL_BLOCKED;
}

bool kernel_is_message(struct kernel *k, paddr tcb, word cptr)
{
    struct cte *slot;

    if (cspace_lookup(k, tcb_at(k, tcb), cptr, &slot) != OUTCOME_DONE)
        return true;
    switch (slot->cap.type) {
    case CAP_NULL:
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
    case CAP_REPLY:
        return true;
    default:
        return false;
    }
}

bool kernel_fault_handled(struct kernel *k, paddr tcb)
{
    return fault_is_handled(k, tcb_at(k, tcb));
}
