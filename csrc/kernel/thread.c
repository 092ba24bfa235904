/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads: how they begin and end, stop and go on, and their Linux threads.
 *
 * A TCB has an entry in h.thread[], the host's side of it, from when it first
 * runs. The entry belongs to one VSpace: if the thread's VSpace root changes,
 * or the TCB goes, the entry is retired and its Linux thread ends. An index in
 * a TCB counts only if the entry names that TCB (thread_index), so that
 * neither side can be misled by what the other has freed.
 */
#include "kernel/arch.h"
#include "kernel/endpoint.h"
#include "kernel/ipc.h"
#include "kernel/notification.h"
#include "kernel/sched.h"
#include "kernel/sched_context.h"
#include "kernel/tcb.h"

/* RFLAGS of a new thread: interrupts on, and the bit that is always 1. */
#define FLAGS_USER 0x202ul

/* ---- life ---- */

static word text_append(char *to, word at, const char *text)
{
    while (*text && at + 1 < TCB_NAME_SIZE)
        to[at++] = *text++;
    to[at] = '\0';
    return at;
}

void tcb_set_name(struct tcb *t, const char *name)
{
    text_append(t->name, 0, name);
}

/* As in the real kernel, a child is named after its maker. */
static void name_after_parent(struct kernel *k, struct tcb *t)
{
    struct tcb *parent = tcb_at(k, k->h.inside.tcb);
    word at = text_append(t->name, 0, "child of: '");

    if (parent)
        at = text_append(t->name, at, parent->name);
    text_append(t->name, at, "'");
}

void tcb_create(struct kernel *k, paddr at)
{
    struct tcb *t = tcb_at(k, at);

    t->regs[REG_RFLAGS] = FLAGS_USER;
    t->time_slice = k->h.config.slice_ticks;
    t->domain = k->h.domain;
    name_after_parent(k, t);
    t->all_next = k->h.tcbs;
    if (t->all_next)
        tcb_at(k, t->all_next)->all_prev = at;
    k->h.tcbs = at;
}

static void unlist(struct kernel *k, struct tcb *t)
{
    if (t->all_prev)
        tcb_at(k, t->all_prev)->all_next = t->all_next;
    else
        k->h.tcbs = t->all_next;
    if (t->all_next)
        tcb_at(k, t->all_next)->all_prev = t->all_prev;
    t->all_next = t->all_prev = 0;
}

void tcb_destroy(struct kernel *k, struct tcb *t)
{
    paddr ref = object_ref(k, t);
    struct sched_context *sc = object_at(k, t->sched_context);

    if (t->bound_notification)
        notification_unbind(k, object_at(k, t->bound_notification));
    if (sc) {
        sched_context_unbind(k, sc);
        sched_context_end_yield(k, sc);
    }
    thread_suspend(k, t);
    unlist(k, t);
    thread_retire(k, t);
    /* Only who entered the kernel itself can be current to the end. */
    if (k->h.current == ref && k->h.inside.tcb != ref) {
        k->h.current = 0;
        sched_require(k);
    }
}

/* ---- states ---- */

bool thread_is_runnable(const struct tcb *t)
{
    return t->state == STATE_RUNNING || t->state == STATE_RESTART;
}

bool thread_is_schedulable(struct kernel *k, const struct tcb *t)
{
    const struct sched_context *sc;

    if (!thread_is_runnable(t))
        return false;
    if (!k->h.config.mcs || thread_is_agent(k, t))
        return true;
    sc = object_at(k, t->sched_context);
    return sc && sched_context_is_active(sc) && !t->in_release;
}

bool thread_is_blocked(const struct tcb *t)
{
    switch (t->state) {
    case STATE_BLOCKED_ON_RECEIVE:
    case STATE_BLOCKED_ON_SEND:
    case STATE_BLOCKED_ON_REPLY:
    case STATE_BLOCKED_ON_NOTIFICATION:
        return true;
    default:
        return false;
    }
}

bool thread_is_stopped(const struct tcb *t)
{
    return !thread_is_runnable(t);
}

bool thread_is_agent(struct kernel *k, const struct tcb *t)
{
    uint32_t index = thread_index(k, t);

    return index && k->h.thread[index].flags & THREAD_AGENT;
}

void thread_set_state(struct kernel *k, struct tcb *t, enum thread_state state)
{
    k->h.host_blocked -= t->state == STATE_BLOCKED_ON_HOST;
    k->h.host_blocked += state == STATE_BLOCKED_ON_HOST;
    t->state = state;
    sched_state_changed(k, t);
}

void thread_suspend(struct kernel *k, struct tcb *t)
{
    ipc_cancel(k, t);
    /* Between two instructions: go on from here, whoever resumes it. */
    if (t->state == STATE_RUNNING)
        t->fault_ip = t->regs[REG_RIP];
    sched_forget(k, t);
    sched_context_cancel_yield(k, t);
    thread_set_state(k, t, STATE_INACTIVE);
}

void thread_restart(struct kernel *k, struct tcb *t)
{
    if (!thread_is_stopped(t))
        return;
    ipc_cancel(k, t);
    ipc_set_reply_master(k, t);
    t->unhandled.type = FAULT_NONE;
    thread_set_state(k, t, STATE_RESTART);
    /*
     * An agent may have stopped the current thread, which has not noticed
     * yet; it is current still and must not be queued.
     */
    if (object_ref(k, t) == k->h.current) {
        if (t->sched_context)
            sched_context_resume(k, object_at(k, t->sched_context));
        return;
    }
    if (!k->h.config.mcs)
        sched_enqueue(k, t);
    thread_released(k, t);
}

/* MCS: t, which did not run, may from now on, if it has time to. */
void thread_released(struct kernel *k, struct tcb *t)
{
    struct sched_context *sc = object_at(k, t->sched_context);

    sched_context_unblock(k, t);
    if (sc)
        sched_context_resume(k, sc);
    sched_possible_switch(k, t);
}

void thread_ready_again(struct kernel *k, struct tcb *t)
{
    if (!k->h.config.mcs) {
        sched_enqueue(k, t);
        return;
    }
    sched_context_unblock(k, t);
    sched_possible_switch(k, t);
}

/* MCS: who waits has a place according to its priority. */
static void set_priority_mcs(struct kernel *k, struct tcb *t, word priority)
{
    bool is_current = object_ref(k, t) == k->h.current;
    bool moves = t->queued || is_current;

    if (moves)
        sched_dequeue(k, t);
    t->priority = priority;
    switch (t->state) {
    case STATE_BLOCKED_ON_RECEIVE:
    case STATE_BLOCKED_ON_SEND:
        endpoint_reorder(k, t);
        return;
    case STATE_BLOCKED_ON_NOTIFICATION:
        notification_reorder(k, t);
        return;
    default:
        break;
    }
    if (!moves || !thread_is_schedulable(k, t))
        return;
    if (!is_current)
        sched_enqueue(k, t);
    sched_require(k);
}

void thread_set_priority(struct kernel *k, struct tcb *t, word priority)
{
    if (k->h.config.mcs) {
        set_priority_mcs(k, t, priority);
        return;
    }
    sched_dequeue(k, t);
    t->priority = priority;
    if (!thread_is_runnable(t) || thread_is_agent(k, t))
        return;
    if (object_ref(k, t) == k->h.current)
        sched_require(k);
    else
        sched_possible_switch(k, t);
}

void thread_set_domain(struct kernel *k, struct tcb *t, word domain)
{
    bool is_current = object_ref(k, t) == k->h.current;

    sched_dequeue(k, t);
    t->domain = domain;
    if (!is_current && thread_is_schedulable(k, t) && !thread_is_agent(k, t)) {
        sched_enqueue(k, t);
        k->h.overtaken |= domain == k->h.domain;
    }
    /* While the node idles, an agent may make somebody ready for it so. */
    if (is_current || k->h.current == 0)
        sched_require(k);
}

/* ---- registers and buffer ---- */

/* Bits of RFLAGS that user level may choose: CF PF AF ZF SF DF OF. */
#define FLAGS_FREE 0xcd5ul

static word canonical_or_zero(word value)
{
    word top = value >> 47;

    return top == 0 || top == 0x1ffff ? value : 0;
}

word register_sanitise(enum kernel_register reg, word value)
{
    switch ((int)reg) {
    case REG_RIP:
    case REG_FAULT_IP:
    case REG_FS_BASE:
    case REG_GS_BASE:
        return canonical_or_zero(value);
    case REG_RFLAGS:
        return (value & FLAGS_FREE) | FLAGS_USER;
    default:
        return value;
    }
}

/* Where a register that `syscall` overwrites is kept; NULL: it is none. */
static word *kept_register(struct tcb *t, enum kernel_register reg)
{
    switch ((int)reg) {
    case REG_RSP:
        return &t->kept[0];
    case REG_RCX:
        return &t->kept[1];
    case REG_R11:
        return &t->kept[2];
    default:
        return NULL;
    }
}

word register_get(struct tcb *t, enum kernel_register reg)
{
    const word *kept = kept_register(t, reg);

    if (t->by_syscall && kept)
        return *kept;
    return (int)reg == REG_FAULT_IP ? t->fault_ip : t->regs[reg];
}

void register_set(struct tcb *t, enum kernel_register reg, word value)
{
    word *kept = kept_register(t, reg);

    if (kept)
        *kept = value;
    if ((int)reg == REG_FAULT_IP)
        t->fault_ip = value;
    else
        t->regs[reg] = value;
}

static bool is_bare(struct kernel *k, const struct tcb *t)
{
    uint32_t process = k->h.thread[thread_index(k, t)].process;

    return process && !(k->h.process[process].flags & PROCESS_HOSTED);
}

void registers_entered(struct kernel *k, struct tcb *t, enum image_cause cause)
{
    t->by_syscall = cause == CAUSE_SYSCALL && is_bare(k, t);
    /* Reading the counter is no entry on the real machine. */
    if (t->by_syscall || cause == CAUSE_TSC)
        return;
    t->kept[0] = t->regs[REG_RSP];
    t->kept[1] = t->regs[REG_RCX];
    t->kept[2] = t->regs[REG_R11];
}

void registers_returning(struct tcb *t)
{
    if (!t->by_syscall)
        return;
    t->regs[REG_RSP] = 0;
    t->regs[REG_RCX] = t->regs[REG_RIP];
    t->regs[REG_R11] = t->regs[REG_RFLAGS];
}

void registers_replaced(struct kernel *k, struct tcb *t)
{
    if (object_ref(k, t) == k->h.current || !t->by_syscall)
        return;
    t->by_syscall = false;
    t->regs[REG_RSP] = t->kept[0];
    t->regs[REG_RCX] = t->kept[1];
    t->regs[REG_R11] = t->kept[2];
}

void thread_mark_dirty(struct kernel *k, struct tcb *t)
{
    uint32_t index = thread_index(k, t);

    if (index)
        k->h.thread[index].flags |= THREAD_DIRTY;
}

void thread_mark_renamed(struct kernel *k, struct tcb *t)
{
    uint32_t index = thread_index(k, t);

    if (index)
        k->h.thread[index].flags |= THREAD_RENAMED;
}

word *thread_ipc_buffer(struct kernel *k, struct tcb *t, bool write)
{
    paddr p = arch_ipc_buffer(t->slot[TCB_BUFFER].cap, t->ipc_buffer, write);

    return object_at(k, p);
}

/* ---- the host's side ---- */

uint32_t thread_index(struct kernel *k, const struct tcb *t)
{
    uint32_t index = t->thread;

    if (index == 0 || index >= IMAGE_THREADS ||
        k->h.thread[index].tcb != object_ref(k, t))
        return 0;
    return index;
}

void thread_retire(struct kernel *k, struct tcb *t)
{
    uint32_t index = thread_index(k, t);

    t->thread = 0;
    t->thread_vspace = 0;
    if (index == 0)
        return;
    k->h.thread[index].tcb = 0;
    k->h.thread[index].flags |= THREAD_RETIRED;
    k->h.events |= EVENT_THREAD_RETIRED;
}

/* Give t a fresh entry; 0: there is none left. */
static uint32_t entry_new(struct kernel *k, struct tcb *t, uint32_t flags)
{
    uint32_t index = k->h.thread_free;
    struct image_thread *e;

    if (index) {
        k->h.thread_free = k->h.thread[index].next;
    } else if (k->h.thread_top + 1 < IMAGE_THREADS) {
        index = ++k->h.thread_top;
    } else {
        return 0;
    }
    e = &k->h.thread[index];
    e->flags = flags;
    e->process = 0;
    e->next = 0;
    e->tcb = object_ref(k, t);
    t->thread = index;
    return index;
}

uint32_t thread_make_agent(struct kernel *k, struct tcb *t)
{
    ipc_set_reply_master(k, t);
    return thread_index(k, t) ? 0 : entry_new(k, t, THREAD_AGENT);
}

static word vspace_process(struct kernel *k, paddr vspace)
{
    return ((word *)object_at(k, vspace))[VSPACE_PROCESS_WORD];
}

/* Is the entry for another VSpace, or for one that has gone meanwhile? */
static bool entry_is_stale(struct kernel *k, struct tcb *t, paddr vspace)
{
    uint32_t process = k->h.thread[thread_index(k, t)].process;

    if (t->thread_vspace != vspace)
        return true;
    return process && process != vspace_process(k, vspace);
}

bool thread_keeps_vspace(struct kernel *k, const struct tcb *t)
{
    paddr ref = object_ref(k, t);

    return k->h.inside.tcb == ref && k->h.current == ref;
}

bool thread_prepare(struct kernel *k, struct tcb *t, bool chosen)
{
    paddr vspace = arch_vspace_of(k, t->slot[TCB_VTABLE].cap);
    uint32_t index = thread_index(k, t);

    if (!chosen && index && !entry_is_stale(k, t, t->thread_vspace))
        return true;
    if (index && (!vspace || entry_is_stale(k, t, vspace))) {
        thread_retire(k, t);
        index = 0;
    }
    if (!vspace)
        return false;
    if (index)
        return true;
    index = entry_new(k, t, THREAD_NEW);
    if (!index) {
        kernel_panic(k, "more threads run than a machine has entries for");
        return true;
    }
    t->thread_vspace = vspace;
    k->h.thread[index].process = vspace_process(k, vspace);
    k->h.events |= EVENT_THREAD_NEW;
    return true;
}

void thread_vspace_lost(struct kernel *k, struct cte *slot)
{
    word ref = slot_ref(k, slot);
    word offset = TCB_VTABLE * sizeof(struct cte);

    if (ref >= k->h.config.memory_size || ref % sizeof(struct tcb) != offset)
        return;
    /* Perhaps a TCB's slot: it is, if the entry it would have says so. */
    struct tcb *t = tcb_at(k, ref - offset);
    if (thread_index(k, t) && !thread_is_agent(k, t) &&
        !thread_keeps_vspace(k, t))
        thread_retire(k, t);
}
