/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's timer: a timerfd, and a thread that waits for it. Whoever
 * enters the kernel sets it when the deadline came nearer; when it fires, this
 * thread looks at the deadline that there is by then, tells current that it is
 * over, or lets an idle node go on.
 *
 * The thread runs on the clients' CPU, before them: a wake-up on another CPU
 * would be late by a tenth of a millisecond, and by some behind other work.
 */
#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "gate/clock.h"
#include "gate/handoff.h"
#include "gate/lock.h"
#include "gate/sys.h"
#include "host/monitor.h"

/* How long current may take to notice; then it is told once more. */
#define PATIENCE_NS 10000000ul
/* Virtual: who uses so much CPU time without entering the kernel spins. */
#define SPIN_NS 10000000ul
#define SLICE_NS 100000ul
#define SHORT_NS 50000
#define NICE (-20)

/* sched_setattr(2); glibc has no header for it yet. */
struct scheduling {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime;
    uint64_t deadline;
    uint64_t period;
};
enum {
    POLICY_OTHER = 0,
    POLICY_FIFO = 1
};

static bool schedule(struct scheduling attributes)
{
    attributes.size = sizeof(attributes);
    return sys_call(SYS_sched_setattr, 0, &attributes, 0, 0, 0, 0) == 0;
}

/* Before the clients, as far as Linux permits: in real time, or nice; a short
 * slice anyway, for which Linux lets a thread go first. */
static void raise_priority(void)
{
    const struct scheduling before = { .policy = POLICY_FIFO, .priority = 1 };
    struct scheduling among = { .nice = NICE, .runtime = SLICE_NS };

    if (schedule(before) || schedule(among))
        return;
    among.nice = 0;
    schedule(among);
}

static const struct image_thread *current(struct kernel *k)
{
    return &k->h.thread[k->h.current_thread];
}

/* What Linux says of current's thread, or of the one that shall make it: 'R',
 * 'S'...; 0: there is none. */
static char current_state(struct kernel *k)
{
    const struct image_thread *t = current(k);
    uint32_t pid = k->h.process[t->process].pid;
    struct thread_stat stat;

    return stat_thread(pid, t->tid ? t->tid : pid, &stat) ? stat.state : 0;
}

/* Is current held by a debugger, or stopped by a signal? */
static bool is_held(struct kernel *k)
{
    char state = current_state(k);

    return state == 'T' || state == 't';
}

/* ns of CPU time that a process has used. */
static word process_time(uint32_t pid)
{
    const clockid_t clock = (clockid_t)(~pid << 3 | 2);
    struct timespec used = { 0, 0 };

    clock_gettime(clock, &used);
    return (word)used.tv_sec * 1000000000ul + (word)used.tv_nsec;
}

/*
 * Virtual time: has current stayed in its own code for as long as it is until
 * the deadline? It is its CPU time that counts, or else a run would depend on
 * what other programs the computer has to do; or that it sleeps in Linux all
 * the while. For less than SPIN_NS it is just busy, and no time passes.
 */
static bool runs_on(struct host_machine *m)
{
    struct kernel *k = m->k;
    word cpu = process_time(k->h.process[current(k)->process].pid);
    word now = gate_clock_monotonic();
    word left = k->h.deadline - k->h.time, used;

    if (m->timer.watch.thread != k->h.current_thread ||
        m->timer.watch.entries != k->h.current_entries) {
        m->timer.watch.thread = k->h.current_thread;
        m->timer.watch.entries = k->h.current_entries;
        m->timer.watch.since = now;
        m->timer.watch.cpu = m->timer.watch.last = cpu;
        m->timer.watch.gone = 0;
        return false;
    }
    used = cpu - m->timer.watch.cpu;
    if (cpu == m->timer.watch.last && current_state(k) == 'S')
        used = now - m->timer.watch.since;
    m->timer.watch.last = cpu;
    if (used < SPIN_NS || used - m->timer.watch.gone < left)
        return false;
    m->timer.watch.gone += left;
    return true;
}

/* The deadline is over. */
static void expire(struct host_machine *m)
{
    struct kernel *k = m->k;
    uint32_t pending =
        __atomic_fetch_or(&k->h.pending, PENDING_TIMER, __ATOMIC_SEQ_CST);

    if (k->h.current == 0) {
        host_reschedule(m);
        host_handoff(m, 0);
        return;
    }
    /* It was told, and has not come. */
    if ((pending & PENDING_TIMER) && is_held(k))
        gate_clock_stop(k, GATE_CLOCK_HELD);
    handoff_kick(k);
    /* It settles a new deadline when it enters; if it does not, look again. */
    if (k->h.config.clock == CLOCK_VIRTUAL)
        gate_clock_arm(k, m->timer.fd);
    else
        gate_clock_arm_after(k, m->timer.fd, PATIENCE_NS);
}

/* The kernel waits for a time: has it come? */
static void look(struct host_machine *m)
{
    struct kernel *k = m->k;
    bool is_virtual = k->h.config.clock == CLOCK_VIRTUAL;

    if (k->h.clock.stopped == GATE_CLOCK_HELD) {
        if (is_held(k)) {
            gate_clock_arm_after(k, m->timer.fd, PATIENCE_NS);
            return;
        }
        gate_clock_go(k);
    }
    if (is_virtual && k->h.current != 0 && k->h.time < k->h.deadline &&
        runs_on(m))
        k->h.time = k->h.deadline;
    if (k->h.time >= k->h.deadline)
        expire(m);
    else
        gate_clock_arm(k, m->timer.fd);
}

static void fired(struct host_machine *m)
{
    struct kernel *k = m->k;
    struct host_error error;

    /* Somebody is inside for long: a long operation shall be cut short. */
    if (!lock_take_for(k, 0, SHORT_NS)) {
        if (k->h.config.clock == CLOCK_REAL)
            __atomic_or_fetch(&k->h.pending, PENDING_TIMER, __ATOMIC_SEQ_CST);
        if (host_lock(m, true, &error) != HOST_OK)
            return;
    }
    gate_clock_correct(k);
    gate_clock_arm_after(k, m->timer.fd, TIME_NEVER);
    if (!k->h.panicked && !k->h.paused && k->h.deadline != TIME_NEVER)
        look(m);
    host_unlock(m);
}

static void *timer_main(void *machine)
{
    struct host_machine *m = machine;
    struct pollfd fds[] = { { m->timer.fd, POLLIN, 0 },
                            { m->timer.end, POLLIN, 0 } };

    prctl(PR_SET_NAME, "sel4emu-timer");
    host_bind(m->cpu);
    raise_priority();
    while (fds[1].revents == 0) {
        if (poll(fds, 2, -1) > 0 && fds[0].revents != 0)
            fired(m);
    }
    return NULL;
}

enum host_status timer_start(struct host_machine *m, struct host_error *error)
{
    m->timer.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    m->timer.end = eventfd(0, EFD_CLOEXEC);
    if (m->timer.fd < 0 || m->timer.end < 0)
        return host_fail_errno(error, "descriptors of the timer");
    if (!host_thread_start(m, &m->timer.thread, timer_main))
        return host_fail_errno(error, "timer thread");
    m->timer.running = true;
    return HOST_OK;
}

void timer_end(struct host_machine *m)
{
    const uint64_t one = 1;

    if (!m->timer.running)
        return;
    while (write(m->timer.end, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
    pthread_join(m->timer.thread, NULL);
    m->timer.running = false;
}
