/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lending the CPU inside a process.
 *
 * A hosted thread that is preempted in the middle of libc may hold one of its
 * locks. When the current thread of the same process then sleeps in Linux,
 * waiting for that lock, nobody would ever run again. So while preempted
 * threads exist, a slow watch looks at current; if it sleeps in Linux outside
 * the gate, the preempted threads of its process may run user code until it
 * has come back (its next kernel entry recalls them). They cannot enter the
 * kernel meanwhile: a gate waits until its thread is current.
 *
 * Bare processes have no libc, and so none of this: on the server gate, current
 * sleeps whenever its own system call is being served.
 */
#include <sys/timerfd.h>
#include <unistd.h>

#include "gate/handoff.h"
#include "host/monitor.h"

#define WATCH_NS 2000000

static void set_watch(struct host_machine *m, bool on)
{
    const struct timespec period = { 0, on ? WATCH_NS : 0 };
    const struct itimerspec timer = { period, period };

    timerfd_settime(m->watch, 0, &timer, NULL);
    m->watching = on;
    m->sleeper.thread = 0;
}

void lend_start(struct host_machine *m)
{
    set_watch(m, true);
}

/* The same current has slept since the last look. */
static bool current_sleeps(struct host_machine *m)
{
    struct kernel *k = m->k;
    uint32_t index = k->h.current_thread;
    const struct image_thread *entry = &k->h.thread[index];
    struct thread_stat stat;
    bool same;

    if (index == 0 || entry->tid == 0 ||
        !stat_thread(k->h.process[entry->process].pid, entry->tid, &stat) ||
        stat.state != 'S') {
        m->sleeper.thread = 0;
        return false;
    }
    same = m->sleeper.thread == index && m->sleeper.ticks == stat.ticks;
    m->sleeper.thread = index;
    m->sleeper.ticks = stat.ticks;
    return same;
}

/* May this thread's process have a lock that a preempted thread holds? */
static bool has_libc(struct kernel *k, uint32_t index)
{
    return (k->h.process[k->h.thread[index].process].flags & PROCESS_HOSTED) !=
           0;
}

static void lend(struct host_machine *m, uint32_t index)
{
    struct image_thread *entry = &m->k->h.thread[index];

    m->k->h.process[entry->process].lent = 1;
    entry->preempted = 0;
    if (m->k->h.config.isolation == ISOLATION_PROCESS)
        server_lend(m, index);
    else
        handoff_run(entry, RUN_LENT);
}

void lend_watch(struct host_machine *m)
{
    struct kernel *k = m->k;
    bool preempted = false, asleep;
    struct host_error error;
    uint64_t expirations;

    if (read(m->watch, &expirations, sizeof(expirations)) < 0 ||
        host_lock(m, true, &error) != HOST_OK)
        return;
    asleep = current_sleeps(m);
    for (uint32_t i = 1; i <= k->h.thread_top && i < IMAGE_THREADS; i++) {
        const struct image_thread *entry = &k->h.thread[i];

        if (!entry->preempted || entry->tcb == 0 || i == k->h.current_thread ||
            !has_libc(k, i))
            continue;
        preempted = true;
        if (asleep &&
            entry->process == k->h.thread[k->h.current_thread].process)
            lend(m, i);
    }
    if (!preempted)
        set_watch(m, false);
    host_unlock(m);
}
