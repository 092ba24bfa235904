/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the clock and setting the timer; see clock.h. */
#include "gate/clock.h"

#include <time.h>

#include "gate/sys.h"

#define SECOND 1000000000ul

word gate_clock_monotonic(void)
{
    struct timespec now = { 0, 0 };

    sys_call(SYS_clock_gettime, CLOCK_MONOTONIC, &now, 0, 0, 0, 0);
    return (word)now.tv_sec * SECOND + (word)now.tv_nsec;
}

static word count(struct kernel *k)
{
    return k->h.clock.counter == COUNTER_TSC ? __builtin_ia32_rdtsc()
                                             : gate_clock_monotonic();
}

/* Counts that have passed since the base, in ns. A counter that jumped back (it
 * may at a suspend, or on a virtual machine that moved) stands still. */
static word passed(struct kernel *k)
{
    word counts = count(k) - k->h.clock.base_count;

    if ((int64_t)counts < 0)
        return 0;
    return (word)((unsigned __int128)counts * k->h.clock.scale >> 32);
}

void gate_clock_begin(struct kernel *k, uint32_t counter, word scale)
{
    k->h.clock.counter = counter;
    k->h.clock.scale = scale;
    gate_clock_go(k);
}

void gate_clock_stop(struct kernel *k)
{
    gate_clock_update(k);
    k->h.clock.stopped = 1;
}

void gate_clock_go(struct kernel *k)
{
    k->h.clock.stopped = 0;
    k->h.clock.base_time = k->h.time;
    if (k->h.config.clock == CLOCK_REAL)
        k->h.clock.base_count = count(k);
}

/* The node idled, and time passed as it does for whom it waited for. */
static void end_idling(struct kernel *k)
{
    if (k->h.clock.idle_since == 0)
        return;
    k->h.time += gate_clock_monotonic() - k->h.clock.idle_since;
    k->h.clock.idle_since = 0;
}

void gate_clock_update(struct kernel *k)
{
    word now;

    if (k->h.config.clock == CLOCK_VIRTUAL) {
        end_idling(k);
        return;
    }
    if (k->h.clock.stopped)
        return;
    now = k->h.clock.base_time + passed(k);
    if (now > k->h.time)
        k->h.time = now;
}

void gate_clock_enter(struct kernel *k, const struct kernel_host *host,
                      paddr tcb, const struct kernel_cause *cause)
{
    gate_clock_update(k);
    kernel_enter(k, host, tcb, cause);
}

void gate_clock_reschedule(struct kernel *k)
{
    gate_clock_update(k);
    kernel_reschedule(k);
}

bool gate_clock_arm(struct kernel *k, int timer, word moment)
{
    struct itimerspec when = { { 0, 0 }, { 0, 0 } };
    word left = moment > k->h.time ? moment - k->h.time : 1;

    if (moment != TIME_NEVER) {
        when.it_value.tv_sec = (time_t)(left / SECOND);
        when.it_value.tv_nsec = (long)(left % SECOND);
    }
    if (sys_call(SYS_timerfd_settime, timer, 0, &when, 0, 0, 0) < 0)
        return false;
    k->h.armed = moment;
    return true;
}

void gate_clock_leave(struct kernel *k, int timer)
{
    if (k->h.config.clock == CLOCK_VIRTUAL && k->h.host_blocked &&
        k->h.current == 0 && k->h.paused == 0 && k->h.clock.idle_since == 0)
        k->h.clock.idle_since = gate_clock_monotonic();
    if ((k->h.events & EVENT_TIMER) && gate_clock_arm(k, timer, k->h.deadline))
        k->h.events &= ~(uint32_t)EVENT_TIMER;
}
