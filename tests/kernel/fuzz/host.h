/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host of a random program: what monitor and gates do around the core,
 * without Linux. It obeys the contract of kernel.h, and is as rude as that
 * allows: threads get lost, processes end, the node is paused at any time.
 */
#ifndef SEL4EMU_TESTS_KERNEL_FUZZ_HOST_H
#define SEL4EMU_TESTS_KERNEL_FUZZ_HOST_H

#include "fuzz/story.h"
#include "kernel/arch.h"

/* ---- after each entry ---- */

/* Entries whose thread has gone are used again; those of agents stay. */
static inline void host_reap(struct kernel *k)
{
    for (uint32_t i = 1; i <= k->h.thread_top; i++) {
        struct image_thread *e = &k->h.thread[i];

        if (!(e->flags & THREAD_RETIRED) || (e->flags & THREAD_AGENT))
            continue;
        memset(e, 0, sizeof *e);
        e->next = k->h.thread_free;
        k->h.thread_free = i;
    }
}

/* New Linux threads belong to the process of their VSpace. */
static inline void host_start(struct kernel *k)
{
    for (uint32_t i = 1; i <= k->h.thread_top; i++) {
        struct image_thread *e = &k->h.thread[i];
        paddr vspace = e->tcb ? kernel_vspace_of(k, e->tcb) : 0;

        if (!(e->flags & THREAD_NEW) || !vspace)
            continue;
        e->flags &= ~(uint32_t)THREAD_NEW;
        if (!e->process)
            e->process = (uint32_t)((
                word *)kernel_memory(k, vspace))[VSPACE_PROCESS_WORD];
    }
}

static inline void host_wake_agents(struct kernel *k)
{
    while (k->h.wake) {
        struct image_thread *e = &k->h.thread[k->h.wake];

        k->h.wake = e->next;
        e->next = 0;
    }
}

static inline void host_serve(struct player *p)
{
    struct kernel *k = p->m.k;
    uint32_t events = k->h.events;

    k->h.events = 0;
    host_wake_agents(k);
    if (events & EVENT_THREAD_RETIRED)
        host_reap(k);
    if (events & EVENT_THREAD_NEW)
        host_start(k);
    if (events & EVENT_TIMER)
        k->h.armed = k->h.deadline;
    k->h.console_taken = k->h.console_written;
}

/* ---- entering ---- */

/* With the clock of the host, time passes outside the kernel. */
static inline void host_time(struct player *p)
{
    struct kernel *k = p->m.k;

    if (k->h.config.clock == CLOCK_REAL)
        k->h.time += 1 + draw_word(&p->c) % 4096;
    if (k->h.time >= k->h.deadline)
        k->h.pending |= PENDING_TIMER;
}

static inline void enter_with(struct player *p, paddr tcb,
                              const struct kernel_cause *cause)
{
    host_time(p);
    tell_entry(p, tcb, cause);
    kernel_enter(p->m.k, &test_host, tcb, cause);
    p->entries++;
    tell_result(p);
    host_serve(p);
}

static inline void enter_for(struct player *p, paddr tcb, uint32_t kind)
{
    enter_with(p, tcb, &(struct kernel_cause){ .kind = kind });
}

static inline void reschedule(struct player *p)
{
    kernel_reschedule(p->m.k);
    p->entries++;
    host_serve(p);
}

/* ---- threads and agents ---- */

static inline bool is_agent(struct player *p, paddr tcb)
{
    struct kernel *k = p->m.k;

    return k->h.thread[kernel_thread_of(k, tcb)].flags & THREAD_AGENT;
}

/* A TCB, any of them; 0: none has what is asked for. */
static inline paddr find_thread(struct player *p,
                                bool (*has)(struct player *, paddr))
{
    word skip = draw(&p->c, 8);
    paddr found = 0;

    for (paddr t = kernel_next_thread(p->m.k, 0); t;
         t = kernel_next_thread(p->m.k, t)) {
        if (!has(p, t))
            continue;
        found = t;
        if (skip-- == 0)
            break;
    }
    return found;
}

static bool waits_for_host(struct player *p, paddr tcb)
{
    return kernel_state(p->m.k, tcb) == KERNEL_HOST;
}

/* The Linux thread may be lost of whoever has one, or could get one. */
static bool can_be_lost(struct player *p, paddr tcb)
{
    return !is_agent(p, tcb);
}

static bool can_be_agent(struct player *p, paddr tcb)
{
    return kernel_thread_of(p->m.k, tcb) == 0;
}

static inline void host_wakes(struct player *p)
{
    paddr t = find_thread(p, waits_for_host);

    if (t)
        enter_for(p, t, CAUSE_HOST_WAKE);
}

static inline void host_loses(struct player *p)
{
    paddr t = find_thread(p, can_be_lost);

    if (t && draw(&p->c, 4) == 0)
        enter_for(p, t, CAUSE_LOST);
}

static inline void host_makes_agent(struct player *p)
{
    paddr t = find_thread(p, can_be_agent);

    if (!t)
        return;
    TELL(p, "%s becomes an agent", name_of(p, t));
    kernel_agent(p->m.k, t);
    reschedule(p);
}

/* ---- the node ---- */

static inline void host_resumes(struct player *p)
{
    struct kernel *k = p->m.k;

    if (k->h.paused == 0)
        return;
    TELL(p, "the node goes on");
    k->h.step = 0;
    if (--k->h.paused == 0)
        reschedule(p);
}

static inline void host_pauses(struct player *p)
{
    struct kernel *k = p->m.k;

    TELL(p, "the node is paused");
    k->h.paused++;
    if (!k->h.current)
        return;
    k->h.pending |= PENDING_PAUSE;
    if (draw(&p->c, 2))
        enter_for(p, k->h.current, CAUSE_INTERRUPT);
}

static inline void host_steps(struct player *p)
{
    struct kernel *k = p->m.k;

    if (k->h.paused != 1 || k->h.current)
        return;
    k->h.step = 1 + (uint32_t)draw(&p->c, 3);
    TELL(p, "the node does %u steps", k->h.step);
    k->h.paused = 0;
    reschedule(p);
}

/* ---- processes ---- */

/* A VSpace that an ASID leads to gets a process, if one is free. */
static inline void host_adopts(struct player *p)
{
    struct kernel *k = p->m.k;
    int at = find_cap(p, CAP_PML4);
    word i = 1;

    while (i <= PLAYER_PROCESSES && k->h.process[i].flags)
        i++;
    if (at < 0 || i > PLAYER_PROCESSES)
        return;
    union cap cap = p->view.at[at].slot->cap;
    word *pml4 = kernel_memory(k, cap.obj);

    if (!arch_vspace_of(k, cap) || pml4[VSPACE_PROCESS_WORD])
        return;
    TELL(p, "process %lu is for the PML4 at %#lx", i, (word)cap.obj);
    k->h.process[i].flags = PROCESS_USED;
    k->h.process[i].vspace = cap.obj;
    if (draw(&p->c, 4) == 0) {
        k->h.process[i].flags |= PROCESS_HOSTED;
        k->h.process[i].window_count = 1;
        k->h.process[i].window[0] =
            (struct image_range){ 0x10000000, 0x40000000 };
    }
    pml4[VSPACE_PROCESS_WORD] = i;
}

/* It looks at what has changed in its VSpace. */
static inline void process_applies(struct player *p, word i)
{
    struct image_process *e = &p->m.k->h.process[i];

    if (p->applies)
        p->applies(p, i);
    e->change_count = 0;
    e->flush_all = 0;
}

/* Whoever lives in the VSpace of process i loses its Linux thread. */
static inline void process_stops(struct player *p, word i)
{
    struct kernel *k = p->m.k;
    paddr vspace = k->h.process[i].vspace;

    for (paddr t = kernel_next_thread(k, 0); t && vspace;
         t = kernel_next_thread(k, t))
        if (kernel_vspace_of(k, t) == vspace && !is_agent(p, t))
            enter_for(p, t, CAUSE_LOST);
    for (uint32_t j = 1; j <= k->h.thread_top; j++) {
        struct image_thread *e = &k->h.thread[j];

        if (e->process != i || (e->flags & THREAD_AGENT))
            continue;
        if (e->tcb)
            enter_for(p, e->tcb, CAUSE_LOST);
        e->flags |= THREAD_RETIRED;
        e->tcb = 0;
    }
    host_reap(k);
}

static inline void process_ends(struct player *p, word i)
{
    struct kernel *k = p->m.k;
    struct image_process *e = &k->h.process[i];

    TELL(p, "process %lu ends", i);
    e->flags |= PROCESS_DEAD;
    process_stops(p, i);
    if (e->vspace)
        ((word *)kernel_memory(k, e->vspace))[VSPACE_PROCESS_WORD] = 0;
    e->vspace = 0;
    process_applies(p, i);
    memset(e, 0, sizeof *e);
}

static inline void host_looks_at_process(struct player *p)
{
    word i = 1 + draw(&p->c, PLAYER_PROCESSES);
    struct image_process *e = &p->m.k->h.process[i];

    if (!e->flags)
        return;
    if (!e->vspace || draw(&p->c, 8) == 0)
        process_ends(p, i);
    else
        process_applies(p, i);
}

/* ---- all of it ---- */

static inline void host_acts(struct player *p)
{
    switch (draw(&p->c, 16)) {
    case 0:
    case 1:
        host_pauses(p);
        break;
    case 2:
        host_steps(p);
        break;
    case 3:
        host_loses(p);
        break;
    case 4:
        host_makes_agent(p);
        break;
    case 5:
    case 6:
        host_adopts(p);
        break;
    case 7:
    case 8:
        host_looks_at_process(p);
        break;
    case 9:
    case 10:
        host_resumes(p);
        break;
    default:
        host_wakes(p);
        break;
    }
}

#endif
