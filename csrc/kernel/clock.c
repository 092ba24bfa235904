/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine's time; see clock.h. */
#include "kernel/clock.h"

/* Virtual: what an entry, and a stretch of a long operation, take. */
#define ENTRY_NS 1000
#define WORK_NS 10000

#define LENGTH_RDTSCP 3

static bool is_virtual(struct kernel *k)
{
    return k->h.config.clock == CLOCK_VIRTUAL;
}

void clock_entry(struct kernel *k, const struct kernel_cause *cause,
                 bool is_current)
{
    switch (cause->kind) {
    case CAUSE_INTERRUPT:
    case CAUSE_HOST_WAKE:
    case CAUSE_LOST:
        return;
    default:
        break;
    }
    k->h.entries++;
    if (!is_current)
        return;
    k->h.current_entries++;
    if (is_virtual(k))
        k->h.time += ENTRY_NS;
}

void clock_work(struct kernel *k)
{
    if (is_virtual(k) && k->h.preemptible)
        k->h.time += WORK_NS;
}

bool clock_skip(struct kernel *k)
{
    if (!is_virtual(k) || k->h.deadline == TIME_NEVER)
        return false;
    /* Who waits for the host lives in its time. */
    if (k->h.host_blocked)
        return k->h.deadline <= k->h.time;
    if (k->h.time < k->h.deadline)
        k->h.time = k->h.deadline;
    return true;
}

void clock_read(struct kernel *k, struct tcb *t,
                const struct kernel_cause *cause)
{
    word count = k->h.time / 1000 * k->h.config.tsc_mhz +
                 k->h.time % 1000 * k->h.config.tsc_mhz / 1000;

    t->regs[REG_RAX] = (uint32_t)count;
    t->regs[REG_RDX] = count >> 32;
    if (cause->number == LENGTH_RDTSCP)
        t->regs[REG_RCX] = 0; /* on CPU 0 */
    t->regs[REG_RIP] += cause->number;
    t->fault_ip = t->regs[REG_RIP];
}

void clock_arm(struct kernel *k)
{
    if (k->h.deadline < k->h.armed)
        k->h.events |= EVENT_TIMER;
}
