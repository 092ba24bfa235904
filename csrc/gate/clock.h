/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's time as gates and monitor keep it: whoever enters the kernel
 * reads the clock first (CLOCK_REAL), and sets the machine's timer afterwards
 * if the kernel waits for an earlier moment than it is set to. The timer is a
 * timerfd of the monitor's, which clients of the direct gate share.
 *
 * With CLOCK_VIRTUAL the core moves time by itself. While a thread runs, the
 * timer only makes the monitor look now and then whether it runs on without
 * entering the kernel; and while the node idles because a thread waits for the
 * host, time passes as the host's does.
 *
 * All under the lock. No libc, no TLS, no FPU: gates use it.
 */
#ifndef SEL4EMU_GATE_CLOCK_H
#define SEL4EMU_GATE_CLOCK_H

#include "kernel/kernel.h"

/* Virtual: how often the monitor looks at who runs. */
#define GATE_CLOCK_LOOK_NS 2000000ul

enum gate_clock_stop {
    GATE_CLOCK_GOES,
    GATE_CLOCK_PAUSED, /* the machine is paused */
    GATE_CLOCK_HELD,   /* a debugger holds current, until it enters again */
    GATE_CLOCK_STARTS, /* Linux makes current's thread, or its process */
};

/* Let time begin, with a counter that makes `scale` / 2^32 ns a count. */
void gate_clock_begin(struct kernel *k, uint32_t counter, word scale);
/* Bring h.time up to date. */
void gate_clock_update(struct kernel *k);
/* The same; and if the counter has come apart from Linux's clock (it drifts, and
 * may jump when the computer is suspended), follow that. A system call. */
void gate_clock_correct(struct kernel *k);
/* Time stands still from now on / goes on. */
void gate_clock_stop(struct kernel *k, enum gate_clock_stop why);
void gate_clock_go(struct kernel *k);

/* This thread begins to run user code. */
void gate_clock_started(struct kernel *k, uint32_t thread);

/* kernel_enter() and kernel_reschedule() at the present time. */
void gate_clock_enter(struct kernel *k, const struct kernel_host *host,
                      paddr tcb, const struct kernel_cause *cause);
void gate_clock_reschedule(struct kernel *k);

/*
 * After entries, before the lock is dropped: time stands still until a new
 * thread runs, which Linux may take longer for than its turn lasts; and if
 * EVENT_TIMER is raised, set the timer. The event stays where Linux refuses
 * that (the client has closed the descriptor, say): it is the monitor's then.
 */
void gate_clock_leave(struct kernel *k, int timer);
/* Set the timer as the deadline wants it. False: Linux refuses. */
bool gate_clock_arm(struct kernel *k, int timer);
/* Set it to fire after this time, TIME_NEVER: not at all. */
bool gate_clock_arm_after(struct kernel *k, int timer, word ns);

/* Linux's monotonic time in ns. */
word gate_clock_monotonic(void);

#endif
