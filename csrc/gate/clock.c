/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the clock and setting the timer; see clock.h. */
#include "gate/clock.h"

#include <time.h>

#include "gate/sys.h"

#define SECOND 1000000000ul
#define APART_NS 1000000ul

word gate_clock_monotonic(void)
{
    struct timespec now = { 0, 0 };

    sys_call(SYS_clock_gettime, CLOCK_MONOTONIC, &now, 0, 0, 0, 0);
    return (word)now.tv_sec * SECOND + (word)now.tv_nsec;
}

static bool is_virtual(struct kernel *k)
{
    return k->h.config.clock == CLOCK_VIRTUAL;
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

    if (is_virtual(k)) {
        end_idling(k);
        return;
    }
    if (k->h.clock.stopped != GATE_CLOCK_GOES)
        return;
    now = k->h.clock.base_time + passed(k);
    /* Counters of two CPUs may differ by a hair. */
    if (now > k->h.time)
        k->h.time = now;
}

void gate_clock_stop(struct kernel *k, enum gate_clock_stop why)
{
    gate_clock_update(k);
    k->h.clock.stopped = why;
}

void gate_clock_go(struct kernel *k)
{
    k->h.clock.stopped = GATE_CLOCK_GOES;
    k->h.clock.base_time = k->h.time;
    if (is_virtual(k))
        return;
    k->h.clock.base_count = count(k);
    k->h.clock.base_monotonic = gate_clock_monotonic();
}

void gate_clock_correct(struct kernel *k)
{
    word expected;

    gate_clock_update(k);
    if (is_virtual(k) || k->h.clock.stopped != GATE_CLOCK_GOES)
        return;
    expected = k->h.clock.base_time + gate_clock_monotonic() -
               k->h.clock.base_monotonic;
    if (expected - k->h.time + APART_NS <= 2 * APART_NS)
        return;
    if (expected > k->h.time)
        k->h.time = expected;
    gate_clock_go(k);
}

void gate_clock_enter(struct kernel *k, const struct kernel_host *host,
                      paddr tcb, const struct kernel_cause *cause)
{
    if (k->h.clock.stopped == GATE_CLOCK_HELD &&
        (tcb == k->h.current || k->h.current == 0))
        gate_clock_go(k);
    gate_clock_update(k);
    kernel_enter(k, host, tcb, cause);
}

void gate_clock_reschedule(struct kernel *k)
{
    gate_clock_update(k);
    kernel_reschedule(k);
}

static bool set_timer(int timer, word ns)
{
    const struct itimerspec when = {
        .it_value = { (time_t)(ns / SECOND), (long)(ns % SECOND) },
    };

    return sys_call(SYS_timerfd_settime, timer, 0, &when, 0, 0, 0) >= 0;
}

bool gate_clock_arm_after(struct kernel *k, int timer, word ns)
{
    if (!set_timer(timer, ns == TIME_NEVER ? 0 : ns))
        return false;
    k->h.armed = ns == TIME_NEVER ? TIME_NEVER : k->h.time + ns;
    return true;
}

bool gate_clock_arm(struct kernel *k, int timer)
{
    word deadline = k->h.deadline;

    if (deadline == TIME_NEVER)
        return gate_clock_arm_after(k, timer, TIME_NEVER);
    if (!is_virtual(k) || k->h.current == 0)
        return gate_clock_arm_after(
            k, timer, deadline > k->h.time ? deadline - k->h.time : 1);
    if (!set_timer(timer, GATE_CLOCK_LOOK_NS))
        return false;
    k->h.armed = 0; /* no deadline makes it look earlier */
    return true;
}

/* Virtual: the node has begun to idle while somebody waits for the host. */
static bool begins_idling(struct kernel *k)
{
    return is_virtual(k) && k->h.host_blocked && k->h.current == 0 &&
           k->h.paused == 0 && k->h.clock.idle_since == 0;
}

static bool is_starting(struct kernel *k)
{
    return k->h.current_thread && !k->h.thread[k->h.current_thread].started;
}

/* Real: the time that Linux takes to make a thread is nobody's turn. */
static void heed_start(struct kernel *k)
{
    bool starts = is_starting(k);

    if (is_virtual(k))
        return;
    if (starts && k->h.clock.stopped == GATE_CLOCK_GOES)
        gate_clock_stop(k, GATE_CLOCK_STARTS);
    else if (!starts && k->h.clock.stopped == GATE_CLOCK_STARTS)
        gate_clock_go(k);
}

void gate_clock_started(struct kernel *k, uint32_t thread)
{
    k->h.thread[thread].started = 1;
    heed_start(k);
}

void gate_clock_leave(struct kernel *k, int timer)
{
    heed_start(k);
    if (begins_idling(k)) {
        k->h.clock.idle_since = gate_clock_monotonic();
        k->h.events |= EVENT_TIMER;
    }
    if ((k->h.events & EVENT_TIMER) && gate_clock_arm(k, timer))
        k->h.events &= ~(uint32_t)EVENT_TIMER;
}
