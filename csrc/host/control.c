/* SPDX-License-Identifier: BSD-2-Clause */
/* Pause, step, and waiting for a quiet node. */
#include <time.h>

#include "gate/clock.h"
#include "gate/handoff.h"
#include "gate/sys.h"
#include "host/monitor.h"

#define SLICE_NS 50000000
#define MOMENT_NS 100000
#define SHOWN_NS 1000000000

/* What clients have printed is written by the service thread: give it the time
 * for that, but not for ever, as the console may be a pipe that nobody reads. */
static void await_console(struct host_machine *m)
{
    const struct timespec moment = { 0, MOMENT_NS };
    int64_t deadline = host_deadline(SHOWN_NS);

    while (host_lock(m, true, &(struct host_error){ 0 }) == HOST_OK) {
        bool shown = monitor_console_shown(m);

        host_unlock(m);
        if (shown || host_left(deadline, MOMENT_NS) == 0)
            return;
        nanosleep(&moment, NULL);
    }
}

/* Does nobody run, and will nobody by itself? A node may only be waiting for
 * another domain's turn, or for a time. */
static bool is_quiet(struct kernel *k)
{
    return k->h.current == 0 && (k->h.paused || k->h.deadline == TIME_NEVER);
}

/* Wait until the node is quiet, and what it printed is written; returns with
 * the lock dropped. `kick`: current has to be driven out. Time stands still
 * while the node is paused.
 * HOST_INTERRUPTED is for the caller's signals. */
static enum host_status wait_idle(struct host_machine *m, int64_t timeout_ns,
                                  bool kick, struct host_error *error)
{
    int64_t deadline = host_deadline(timeout_ns);
    struct kernel *k = m->k;

    for (;;) {
        enum host_status status = host_lock(m, false, error);
        const struct timespec slice = { 0, SLICE_NS };
        const struct image_process *p;
        uint32_t count;

        if (status != HOST_OK)
            return status;
        if (is_quiet(k)) {
            if (k->h.paused)
                gate_clock_stop(k, GATE_CLOCK_PAUSED);
            host_unlock(m);
            await_console(m);
            return HOST_OK;
        }
        p = &k->h.process[k->h.thread[k->h.current_thread].process];
        count = k->h.idle_count;
        if (kick) {
            __atomic_or_fetch(&k->h.pending, PENDING_PAUSE, __ATOMIC_SEQ_CST);
            handoff_kick(k);
        }
        __atomic_add_fetch(&k->h.idle_waiters, 1, __ATOMIC_SEQ_CST);
        host_unlock(m);
        if (host_left(deadline, SLICE_NS) == 0)
            status =
                host_fail(error, HOST_TIMEOUT,
                          "client '%s' (pid %u) still runs", p->name, p->pid);
        else
            sys_futex_wait(&k->h.idle_count, count, &slice);
        __atomic_sub_fetch(&k->h.idle_waiters, 1, __ATOMIC_SEQ_CST);
        if (status != HOST_OK)
            return status;
    }
}

enum host_status host_wait_idle(struct host_machine *m, int64_t timeout_ns,
                                struct host_error *error)
{
    return wait_idle(m, timeout_ns, false, error);
}

enum host_status host_pause(struct host_machine *m, int64_t timeout_ns,
                            struct host_error *error)
{
    enum host_status status = host_lock(m, false, error);

    if (status != HOST_OK)
        return status;
    m->k->h.paused++;
    /* A paused node waits for no time. */
    if (m->k->h.current == 0)
        host_reschedule(m);
    host_unlock(m);
    status = wait_idle(m, timeout_ns, true, error);
    if (status != HOST_OK)
        host_resume(m, &(struct host_error){ 0 });
    return status;
}

enum host_status host_resume(struct host_machine *m, struct host_error *error)
{
    enum host_status status = host_lock(m, false, error);

    if (status != HOST_OK)
        return status;
    if (m->k->h.paused == 0) {
        host_unlock(m);
        return host_fail(error, HOST_INVALID, "the machine is not paused");
    }
    if (--m->k->h.paused == 0) {
        m->k->h.step = 0;
        gate_clock_go(m->k);
        host_reschedule(m);
        host_handoff(m, 0);
    }
    host_unlock(m);
    return HOST_OK;
}

enum host_status host_step(struct host_machine *m, uint32_t entries,
                           int64_t timeout_ns, struct host_error *error)
{
    enum host_status status = host_lock(m, false, error);
    struct kernel *k = m->k;

    if (status != HOST_OK)
        return status;
    if (k->h.paused != 1 || entries == 0) {
        host_unlock(m);
        return host_fail(error, HOST_INVALID,
                         entries == 0 ? "a step has at least one kernel entry"
                                      : "a machine that is paused once can be"
                                        " stepped");
    }
    k->h.paused = 0;
    k->h.step = entries;
    gate_clock_go(k);
    host_reschedule(m);
    host_handoff(m, 0);
    host_unlock(m);
    status = wait_idle(m, timeout_ns, false, error);
    /* Fewer entries were made: everybody blocked before, or time is over. */
    if (host_lock(m, false, &(struct host_error){ 0 }) == HOST_OK) {
        if (k->h.paused == 0) {
            k->h.step = 0;
            k->h.paused = 1;
            if (k->h.current == 0)
                host_reschedule(m);
            if (is_quiet(k))
                gate_clock_stop(k, GATE_CLOCK_PAUSED);
        }
        host_unlock(m);
    }
    if (status == HOST_TIMEOUT)
        wait_idle(m, 1000000000, true, &(struct host_error){ 0 });
    return status;
}
