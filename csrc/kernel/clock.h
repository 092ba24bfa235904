/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's time, h.time: nanoseconds since it booted.
 *
 * With CLOCK_REAL it is the host's, who writes it before every entry. With
 * CLOCK_VIRTUAL the core moves it by itself: every entry of current and every
 * stretch of a long operation takes a fixed time, and when nobody can run, time
 * jumps to what is waited for. So a run repeats exactly. Only a thread that
 * stays in its own code for longer than its turn needs the host, who then sets
 * the time to the deadline.
 */
#ifndef SEL4EMU_KERNEL_CLOCK_H
#define SEL4EMU_KERNEL_CLOCK_H

#include "kernel/object.h"

/* An entry begins. Only what current does takes time: when Linux interrupts it
 * is chance, and agents do not occupy the node. */
void clock_entry(struct kernel *k, const struct kernel_cause *cause,
                 bool is_current);
/* A stretch of a long operation is done (of current's). */
void clock_work(struct kernel *k);
/* Nobody can run: go to the deadline at once, if that is how time passes. */
bool clock_skip(struct kernel *k);
/* The deadline is known: have the host arm its timer if it is too late. */
void clock_arm(struct kernel *k);

/* t executed rdtsc (cause->number: the length of the instruction) where that is
 * not the processor's business: it reads this clock. */
void clock_read(struct kernel *k, struct tcb *t,
                const struct kernel_cause *cause);

/* Length of a tick of the classic kernel. */
static inline word clock_tick_ns(struct kernel *k)
{
    return k->h.config.tick_us * 1000ul;
}

#endif
