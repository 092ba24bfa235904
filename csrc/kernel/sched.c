/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheduler.
 *
 * Among the ready threads of the current domain, the first of the highest
 * priority runs. Ready queues are found through two levels of bitmaps: bit n
 * of ready_l1 says that word n of ready_l2 is not zero, and bit m of that
 * word that queue 64 n + m is not empty. The current thread is in no queue
 * while it runs; a thread that is made ready by another goes to the front of
 * its queue, one whose time is over to the end.
 *
 * MCS: who is ready but has no time to use waits in the release queue, which
 * is in the order of the times of their next refills.
 *
 * An entry into the kernel does not switch threads where it makes them ready,
 * but leaves its wish in h.action; sched_finish() grants it. External agents
 * are never queued or current: they are put on the list h.wake instead.
 */
#include "kernel/sched.h"
#include "kernel/budget.h"
#include "kernel/clock.h"
#include "kernel/fault.h"
#include "kernel/irq.h"
#include "kernel/refill.h"
#include "kernel/sched_context.h"
#include "kernel/tcb.h"

#define DOMAIN_TIME_MAX ((1ul << SEL4_DOMAIN_DURATION_BITS) - 1)

/* Length of the schedule where there are several domains. */
#define DOMAIN_ENTRIES 100u
/* ... and where there is one: an entry, and the end marker. */
#define DOMAIN_ENTRIES_SINGLE 2u

/* Classic: ticks that are left. MCS: when the time is over; the duration is in
 * ticks of the time-stamp counter then. */
static word domain_time(struct kernel *k, word duration)
{
    word mhz = k->h.config.tsc_mhz;

    if (!k->h.config.mcs)
        return duration;
    return k->h.time + duration / mhz * 1000 + duration % mhz * 1000 / mhz;
}

void sched_boot(struct kernel *k)
{
    k->h.domain_schedule[0].duration = DOMAIN_TIME_MAX;
    k->h.domain_time = domain_time(k, DOMAIN_TIME_MAX);
    k->h.tick_at = TIME_NEVER;
    k->h.deadline = TIME_NEVER;
    k->h.armed = TIME_NEVER;
}

word sched_domain_entries(struct kernel *k)
{
    return k->h.config.domains > 1 ? DOMAIN_ENTRIES : DOMAIN_ENTRIES_SINGLE;
}

void sched_domain_restart(struct kernel *k, word index)
{
    k->h.domain_start = index;
    k->h.domain_time = 0;
    k->h.domain_index = sched_domain_entries(k) - 2;
    sched_require(k);
}

static struct tcb *current(struct kernel *k)
{
    return tcb_at(k, k->h.current);
}

static bool is_current(struct kernel *k, const struct tcb *t)
{
    return k->h.current != 0 && object_ref(k, t) == k->h.current;
}

/* ---- ready queues ---- */

static void mark_ready(struct kernel *k, word domain, word priority)
{
    k->h.ready_l1[domain] |= 1ul << (priority / 64);
    k->h.ready_l2[domain][priority / 64] |= 1ul << (priority % 64);
}

static void mark_empty(struct kernel *k, word domain, word priority)
{
    word *bits = &k->h.ready_l2[domain][priority / 64];

    *bits &= ~(1ul << (priority % 64));
    if (*bits == 0)
        k->h.ready_l1[domain] &= ~(1ul << (priority / 64));
}

int sched_highest(struct kernel *k, word domain)
{
    word l1 = k->h.ready_l1[domain];

    if (l1 == 0)
        return -1;
    int i = 63 - __builtin_clzl(l1);
    return 64 * i + 63 - __builtin_clzl(k->h.ready_l2[domain][i]);
}

static struct image_queue *ready_queue(struct kernel *k, const struct tcb *t)
{
    return &k->h.ready[t->domain][t->priority];
}

/* Put an agent on the list of those that the host shall wake. */
static void agent_wake(struct kernel *k, struct tcb *t)
{
    uint32_t index = thread_index(k, t);

    if (t->state == STATE_RESTART) {
        t->regs[REG_RIP] = t->fault_ip;
        t->state = STATE_RUNNING;
    }
    for (uint32_t i = k->h.wake; i != 0; i = k->h.thread[i].next)
        if (i == index)
            return;
    k->h.thread[index].next = k->h.wake;
    k->h.wake = index;
}

static void queue_insert(struct kernel *k, struct tcb *t, bool at_head)
{
    struct image_queue *q = ready_queue(k, t);
    paddr ref = object_ref(k, t);

    t->sched_prev = at_head ? 0 : q->tail;
    t->sched_next = at_head ? q->head : 0;
    if (t->sched_next)
        tcb_at(k, t->sched_next)->sched_prev = ref;
    else
        q->tail = ref;
    if (t->sched_prev)
        tcb_at(k, t->sched_prev)->sched_next = ref;
    else
        q->head = ref;
    t->queued = true;
    mark_ready(k, t->domain, t->priority);
}

void sched_enqueue(struct kernel *k, struct tcb *t)
{
    if (thread_is_agent(k, t))
        agent_wake(k, t);
    else if (!t->queued)
        queue_insert(k, t, true);
}

void sched_append(struct kernel *k, struct tcb *t)
{
    if (thread_is_agent(k, t))
        agent_wake(k, t);
    else if (!t->queued)
        queue_insert(k, t, false);
}

static void queue_unlink(struct kernel *k, struct image_queue *q, struct tcb *t)
{
    if (t->sched_next)
        tcb_at(k, t->sched_next)->sched_prev = t->sched_prev;
    else
        q->tail = t->sched_prev;
    if (t->sched_prev)
        tcb_at(k, t->sched_prev)->sched_next = t->sched_next;
    else
        q->head = t->sched_next;
    t->sched_next = t->sched_prev = 0;
}

void sched_dequeue(struct kernel *k, struct tcb *t)
{
    struct image_queue *q = ready_queue(k, t);

    if (!t->queued)
        return;
    queue_unlink(k, q, t);
    t->queued = false;
    if (q->head == 0)
        mark_empty(k, t->domain, t->priority);
}

/* ---- MCS: the release queue ---- */

static word release_time(struct kernel *k, paddr p)
{
    return refill_head(object_at(k, tcb_at(k, p)->sched_context))->time;
}

static void release_insert(struct kernel *k, struct tcb *t)
{
    struct image_queue *q = &k->h.release;
    paddr ref = object_ref(k, t);
    paddr before = q->tail;

    while (before && release_time(k, before) > release_time(k, ref))
        before = tcb_at(k, before)->sched_prev;
    t->sched_prev = before;
    t->sched_next = before ? tcb_at(k, before)->sched_next : q->head;
    if (t->sched_next)
        tcb_at(k, t->sched_next)->sched_prev = ref;
    else
        q->tail = ref;
    if (before)
        tcb_at(k, before)->sched_next = ref;
    else
        q->head = ref;
    t->in_release = true;
}

void sched_release_remove(struct kernel *k, struct tcb *t)
{
    if (!t->in_release)
        return;
    if (k->h.release.head == object_ref(k, t))
        k->h.reprogram = 1;
    queue_unlink(k, &k->h.release, t);
    t->in_release = false;
}

void sched_postpone(struct kernel *k, struct tcb *t)
{
    if (thread_is_agent(k, t) || t->in_release)
        return;
    sched_dequeue(k, t);
    release_insert(k, t);
    k->h.reprogram = 1;
}

/* Those whose refills have become ready may run. */
static void awaken(struct kernel *k)
{
    while (k->h.release.head &&
           release_time(k, k->h.release.head) <= k->h.time) {
        struct tcb *t = tcb_at(k, k->h.release.head);

        sched_release_remove(k, t);
        sched_possible_switch(k, t);
    }
}

/* ---- wishes ---- */

/* The thread that may follow at once, if there is one. */
static struct tcb *candidate(struct kernel *k)
{
    return k->h.action > ACTION_CHOOSE ? tcb_at(k, k->h.action) : NULL;
}

void sched_require(struct kernel *k)
{
    struct tcb *c = candidate(k);

    if (c && thread_is_schedulable(k, c))
        sched_enqueue(k, c);
    k->h.action = ACTION_CHOOSE;
}

void sched_possible_switch(struct kernel *k, struct tcb *t)
{
    if (thread_is_agent(k, t)) {
        agent_wake(k, t);
    } else if (!thread_is_schedulable(k, t)) {
        return;
    } else if (t->domain != k->h.domain) {
        sched_enqueue(k, t);
    } else if (k->h.action != ACTION_RESUME) {
        sched_require(k);
        sched_enqueue(k, t);
    } else {
        k->h.action = object_ref(k, t);
    }
}

void sched_state_changed(struct kernel *k, struct tcb *t)
{
    if (is_current(k, t) && k->h.action == ACTION_RESUME &&
        !thread_is_schedulable(k, t))
        k->h.action = ACTION_CHOOSE;
}

void sched_forget(struct kernel *k, struct tcb *t)
{
    sched_dequeue(k, t);
    sched_release_remove(k, t);
    if (candidate(k) == t)
        k->h.action = ACTION_CHOOSE;
}

void sched_yield(struct kernel *k, struct tcb *t)
{
    if (!is_current(k, t))
        return;
    if (k->h.config.mcs) {
        budget_yield(k);
        return;
    }
    sched_dequeue(k, t);
    sched_append(k, t);
    sched_require(k);
}

/* The classic kernel's time slices: of current's, so many ticks are over. If
 * there are more than it had, its turn is late to end. */
static void slice_ticks(struct kernel *k, struct tcb *t, word ticks)
{
    if (!t || t->state != STATE_RUNNING)
        return;
    if (t->time_slice > ticks) {
        t->time_slice -= ticks;
        return;
    }
    t->time_slice = k->h.config.slice_ticks;
    sched_append(k, t);
    sched_require(k);
}

/* Of the current domain's time, so many ticks are over. */
static void domain_ticks(struct kernel *k, word ticks)
{
    if (k->h.config.domains == 1 || k->h.domain_time == 0)
        return;
    k->h.domain_time -= ticks < k->h.domain_time ? ticks : k->h.domain_time;
    if (k->h.domain_time == 0)
        sched_require(k);
}

static void expire_classic(struct kernel *k)
{
    word tick_ns = clock_tick_ns(k), ticks;

    if (k->h.tick_at > k->h.time)
        return;
    ticks = (k->h.time - k->h.tick_at) / tick_ns + 1;
    k->h.tick_at += ticks * tick_ns;
    slice_ticks(k, current(k), ticks);
    domain_ticks(k, ticks);
}

/* As an interrupt of the timer, which comes between two instructions. */
static void expire_mcs(struct kernel *k)
{
    struct tcb *t = current(k);

    k->h.reprogram = 1;
    if (!t)
        return;
    if (t->state == STATE_RUNNING)
        t->fault_ip = t->regs[REG_RIP];
    budget_check(k);
}

void sched_expire(struct kernel *k)
{
    if (k->h.config.mcs)
        expire_mcs(k);
    else
        expire_classic(k);
}

/* ---- choosing ---- */

static bool domain_is_over(struct kernel *k)
{
    return k->h.config.mcs ? budget_domain_over(k) : k->h.domain_time == 0;
}

/* What follows entry i of the schedule. */
static word domain_after(struct kernel *k, word i)
{
    return k->h.domain_schedule[i + 1].duration ? i + 1 : k->h.domain_start;
}

static void next_domain(struct kernel *k)
{
    word i = domain_after(k, k->h.domain_index);

    k->h.domain_index = i;
    k->h.domain = k->h.domain_schedule[i].domain;
    k->h.domain_time = domain_time(k, k->h.domain_schedule[i].duration);
    k->h.reprogram = 1;
    k->h.work = 0;
}

static void switch_to(struct kernel *k, struct tcb *t)
{
    if (t)
        sched_dequeue(k, t);
    k->h.current = object_ref(k, t);
}

static void choose(struct kernel *k)
{
    if (domain_is_over(k))
        next_domain(k);
    k->h.overtaken = 0;

    int priority = sched_highest(k, k->h.domain);
    switch_to(k, priority < 0
                     ? NULL
                     : tcb_at(k, k->h.ready[k->h.domain][priority].head));
}

/* Does nobody who is ready precede priority p? */
static bool is_highest(struct kernel *k, word p)
{
    return (int)p >= sched_highest(k, k->h.domain);
}

/* Grant h.action; current is the thread that entered, or nobody. */
static void grant(struct kernel *k)
{
    struct tcb *t = current(k);
    struct tcb *c = candidate(k);
    bool runnable = t && thread_is_schedulable(k, t);

    if (k->h.action == ACTION_RESUME)
        return;
    if (runnable)
        sched_enqueue(k, t);
    if (c && (!t || c->priority < t->priority) && !is_highest(k, c->priority))
        sched_enqueue(k, c);
    else if (c && runnable && c->priority == t->priority)
        sched_append(k, c);
    else if (c) {
        switch_to(k, c);
        return;
    }
    choose(k);
}

/* Nobody shall run: current waits at the front of its queue. */
static void park(struct kernel *k)
{
    struct tcb *t = current(k);

    if (t && thread_is_schedulable(k, t))
        sched_enqueue(k, t);
    k->h.current = 0;
}

/*
 * Make current, which was chosen or goes on, run. A thread that has no VSpace has
 * nothing to run in: fetching its next instruction faults. False: that
 * happened, and somebody else has to be chosen.
 */
static bool activate(struct kernel *k, bool chosen)
{
    struct tcb *t = current(k);

    if (t->yield_to)
        sched_context_complete_yield(k, t);
    if (t->state == STATE_RESTART) {
        t->regs[REG_RIP] = t->fault_ip;
        t->state = STATE_RUNNING;
    }
    registers_returning(t);
    if (thread_prepare(k, t, chosen))
        return true;
    t->fault_ip = t->regs[REG_RIP];
    registers_entered(k, t, CAUSE_VM_FAULT);
    fault_raise(k, t,
                &(struct fault){
                    .type = FAULT_VM, .a = t->fault_ip, .b = FAULT_CODE_USER });
    return false;
}

/* The node idles, so nobody else will look at what is pending. */
static bool idle_pending(struct kernel *k)
{
    if (!__atomic_load_n(&k->h.pending, __ATOMIC_SEQ_CST))
        return false;
    sched_take_pending(k);
    return k->h.action != ACTION_RESUME;
}

void sched_take_pending(struct kernel *k)
{
    uint32_t bits = __atomic_exchange_n(&k->h.pending, 0, __ATOMIC_SEQ_CST);

    if (bits & PENDING_TIMER)
        sched_expire(k);
    if (bits & PENDING_IRQ)
        irq_deliver(k);
    if (bits & PENDING_RESCHEDULE)
        sched_require(k);
}

/* What has become due while the kernel was busy. */
static void due_mcs(struct kernel *k)
{
    awaken(k);
    if (budget_domain_over(k)) {
        k->h.reprogram = 1;
        sched_require(k);
    }
}

/* Settle who is current. */
static void settle(struct kernel *k)
{
    bool mcs = k->h.config.mcs;

    for (;;) {
        if (mcs)
            due_mcs(k);
        bool chosen = k->h.action != ACTION_RESUME;
        grant(k);
        k->h.action = ACTION_RESUME;
        if (k->h.paused)
            park(k);
        if (mcs)
            budget_switch(k);
        if (k->h.paused)
            return;
        if (k->h.current ? activate(k, chosen) : !idle_pending(k))
            return;
    }
}

/* ---- the end of an entry ---- */

/*
 * An agent did something; current, which runs user code meanwhile, goes on.
 * Who was made ready is queued as if current had done it; if current has to
 * make way, it is asked to enter.
 */
static void spare_current(struct kernel *k)
{
    struct tcb *t = current(k);
    struct tcb *c = candidate(k);

    if (k->h.action == ACTION_RESUME)
        return;
    if (c && thread_is_schedulable(k, t) && c->priority == t->priority)
        sched_append(k, c);
    else if (c)
        sched_enqueue(k, c);
    k->h.action = ACTION_RESUME;
    if (thread_is_schedulable(k, t) && t->domain == k->h.domain &&
        !domain_is_over(k) && is_highest(k, t->priority))
        return;
    if (!thread_is_schedulable(k, t))
        budget_release(k, k->h.current_sc);
    __atomic_or_fetch(&k->h.pending, PENDING_RESCHEDULE, __ATOMIC_SEQ_CST);
    k->h.events |= EVENT_KICK;
}

/* Is there anybody whose domain has its turn, or will have? */
static bool domains_take_turns(struct kernel *k)
{
    word i = k->h.domain_index;

    if (k->h.config.domains == 1)
        return false;
    if (k->h.current)
        return true;
    for (word n = 0; n < sched_domain_entries(k); n++) {
        i = domain_after(k, i);
        if (k->h.ready_l1[k->h.domain_schedule[i].domain])
            return true;
    }
    return false;
}

/* Classic: is anybody waiting for time to pass? */
static bool needs_tick(struct kernel *k)
{
    struct tcb *t = current(k);

    if (t && k->h.ready[t->domain][t->priority].head)
        return true;
    return domains_take_turns(k);
}

/* MCS: current's time ends, or its domain's, or a refill becomes ready. */
static word next_deadline_mcs(struct kernel *k)
{
    word deadline = TIME_NEVER;

    if (k->h.paused)
        return TIME_NEVER;
    if (k->h.current || domains_take_turns(k))
        deadline = budget_end(k);
    if (k->h.release.head && release_time(k, k->h.release.head) < deadline)
        deadline = release_time(k, k->h.release.head);
    return deadline;
}

/* Classic: ticks pass at multiples of their length. An idle node waits for the
 * last one of its domain. */
static word next_deadline_classic(struct kernel *k)
{
    word tick_ns = clock_tick_ns(k), more;

    if (k->h.paused || !needs_tick(k))
        k->h.tick_at = TIME_NEVER;
    else if (k->h.tick_at == TIME_NEVER)
        k->h.tick_at = (k->h.time / tick_ns + 1) * tick_ns;
    if (k->h.current || k->h.tick_at == TIME_NEVER || k->h.domain_time == 0)
        return k->h.tick_at;
    more = k->h.domain_time - 1;
    return more < (TIME_NEVER - k->h.tick_at) / tick_ns
               ? k->h.tick_at + more * tick_ns
               : TIME_NEVER;
}

/* What time the kernel waits for. */
static word next_deadline(struct kernel *k)
{
    return k->h.config.mcs ? next_deadline_mcs(k) : next_deadline_classic(k);
}

/* The node settles; what is due by then happens before user code goes on. */
static void settle_in_time(struct kernel *k)
{
    for (;;) {
        settle(k);
        k->h.deadline = next_deadline(k);
        if (k->h.current == 0 && !clock_skip(k))
            return;
        if (k->h.deadline > k->h.time)
            return;
        sched_expire(k);
    }
}

/* MCS: not all that current does asks whether there is time for it, so its turn
 * may be over by now, as if the timer came just then. */
static void end_turn_mcs(struct kernel *k)
{
    const struct tcb *t = current(k);

    if (t && thread_is_schedulable(k, t) && !budget_suffices(k))
        sched_expire(k);
}

void sched_finish(struct kernel *k, bool left)
{
    bool was_idle = k->h.current_thread == 0;
    struct tcb *t = current(k);

    if (t && !left && thread_index(k, t)) {
        spare_current(k);
        k->h.deadline = next_deadline(k);
    } else {
        if (k->h.config.mcs)
            end_turn_mcs(k);
        settle_in_time(k);
    }
    t = current(k);
    k->h.current_thread = t ? thread_index(k, t) : 0;
    if (!t && !was_idle)
        __atomic_add_fetch(&k->h.idle_count, 1, __ATOMIC_SEQ_CST);
    clock_arm(k);
}
