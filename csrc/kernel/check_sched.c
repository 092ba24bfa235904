/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheduler's side of threads: who is ready, who runs, and which entries
 * of the host's thread table are theirs.
 */
#include "kernel/check.h"
#include "kernel/sched.h"
#include "kernel/tcb.h"

/* ---- ready queues ---- */

static bool check_ready_queue(struct check *c, word domain, word priority)
{
    struct kernel *k = c->k;
    const struct image_queue *q = &k->h.ready[domain][priority];
    paddr prev = 0;

    for (paddr p = q->head; p != 0; p = tcb_at(k, p)->sched_next) {
        const struct tcb *t = tcb_checked(k, p);

        if (!check_has(c, p, FACT_LISTED) || t->sched_prev != prev ||
            !word_set_add(&c->facts, fact(p, FACT_READY)))
            return check_fail(c, "ready-links: a ready queue is broken", prev);
        if (t->domain != domain || t->priority != priority || !t->queued)
            return check_fail(
                c,
                "ready-place: a thread stands in a ready queue that is "
                "not its own",
                p);
        if (!thread_is_runnable(t) || thread_is_agent(k, t))
            return check_fail(
                c,
                "ready-state: a thread that cannot run stands in a ready "
                "queue",
                p);
        const char *broken = k->h.config.mcs ? check_ready_mcs(c, t) : NULL;
        if (broken)
            return check_fail(c, broken, p);
        prev = p;
    }
    if (prev == 0 || prev != q->tail)
        return check_fail(
            c,
            prev ? "ready-links: a ready queue is broken"
                 : "ready-bitmap: an empty ready queue is marked as not "
                   "empty",
            prev);
    return true;
}

static bool check_ready_domain(struct check *c, word domain)
{
    const word *l2 = c->k->h.ready_l2[domain];
    word l1 = 0;

    for (word i = 0; i < IMAGE_PRIORITIES / 64; i++)
        l1 |= (word)(l2[i] != 0) << i;
    if (l1 != c->k->h.ready_l1[domain])
        return check_fail(
            c, "ready-bitmap: the two levels of the ready bitmap differ", 0);
    for (word i = 0; i < IMAGE_PRIORITIES / 64; i++)
        for (word bits = l2[i]; bits; bits &= bits - 1)
            if (!check_ready_queue(c, domain,
                                   64 * i + (word)__builtin_ctzl(bits)))
                return false;
    return true;
}

/* A thread that can run is queued, or runs; agents are the host's affair. */
static const char *ready_broken(struct check *c, const struct tcb *t, paddr p)
{
    bool ready = check_has(c, p, FACT_READY);
    bool is_current = p == c->k->h.current;

    if (t->queued && !ready)
        return "ready-lost: a thread should be in a ready queue that is not "
               "marked, or does not hold it";
    if (is_current && ready)
        return "current-queued: the thread that runs is in a ready queue, too";
    if (thread_is_schedulable(c->k, t) && !ready && !is_current &&
        !thread_is_agent(c->k, t))
        return "runnable-lost: a thread that can run is in no ready queue";
    return NULL;
}

bool check_ready(struct check *c)
{
    struct kernel *k = c->k;

    for (word d = 0; d < k->h.config.domains; d++)
        if (!check_ready_domain(c, d))
            return false;
    for (paddr p = k->h.tcbs; p != 0; p = tcb_at(k, p)->all_next) {
        const char *broken = ready_broken(c, tcb_at(k, p), p);

        if (broken)
            return check_fail(c, broken, p);
    }
    return true;
}

/* ---- current ---- */

static bool check_idle(struct check *c)
{
    struct kernel *k = c->k;

    if (k->h.current_thread)
        return check_fail(c,
                          "current-entry: nobody runs, but in the host's view",
                          0);
    if (k->h.current_sc)
        return check_fail(c, "current-context: somebody pays, and nobody runs",
                          k->h.current_sc);
    if (!k->h.paused && k->h.ready_l1[k->h.domain])
        return check_fail(c, "idle: nobody runs, although a thread is ready",
                          0);
    return true;
}

bool check_current(struct check *c)
{
    struct kernel *k = c->k;
    paddr p = k->h.current;
    const struct tcb *t;

    if (p == 0)
        return check_idle(c);
    if (!check_has(c, p, FACT_LISTED))
        return check_fail(c, "current: who runs is no TCB", p);
    t = tcb_at(k, p);
    if (k->h.current_thread != thread_index(k, t) || thread_is_agent(k, t))
        return check_fail(
            c, "current-entry: the host's entry of who runs is another's", p);
    /* current was asked to enter: until then it may be past its time */
    if (__atomic_load_n(&k->h.pending, __ATOMIC_SEQ_CST) & PENDING_RESCHEDULE)
        return true;
    if (!thread_is_schedulable(k, t))
        return check_fail(c, "current-state: who runs cannot run", p);
    if (k->h.config.mcs && t->sched_context != k->h.current_sc)
        return check_fail(c,
                          "current-context: another scheduling context pays "
                          "than that of who runs",
                          p);
    if (t->domain != k->h.domain)
        return check_fail(
            c, "current-domain: who runs is not of the current domain", p);
    /* who is moved into the current domain takes the node from nobody */
    if (!k->h.overtaken && t->priority < sched_highest(k, k->h.domain))
        return check_fail(
            c,
            "current-priority: a ready thread has a higher priority than "
            "who runs",
            p);
    return true;
}

/* ---- the host's entries ---- */

static bool check_wake_list(struct check *c)
{
    const struct image_header *h = &c->k->h;
    uint32_t left = h->thread_top;

    for (uint32_t i = h->wake; i != 0; i = h->thread[i].next)
        if (i > h->thread_top || left-- == 0 ||
            !(h->thread[i].flags & THREAD_AGENT))
            return check_fail(c,
                              "wake-list: the list of agents to wake is broken",
                              0);
    return true;
}

bool check_entries(struct check *c)
{
    const struct image_header *h = &c->k->h;

    for (uint32_t i = 1; i <= h->thread_top; i++) {
        const struct image_thread *e = &h->thread[i];

        if (e->tcb == 0)
            continue;
        if (!check_has(c, e->tcb, FACT_LISTED) ||
            tcb_at(c->k, e->tcb)->thread != i)
            return check_fail(
                c,
                "thread-entry: an entry of the thread table belongs to a "
                "TCB that does not know of it",
                e->tcb);
        if (e->process >= IMAGE_PROCESSES)
            return check_fail(
                c,
                "thread-process: a thread belongs to a process that "
                "cannot be",
                e->tcb);
    }
    return check_wake_list(c);
}
