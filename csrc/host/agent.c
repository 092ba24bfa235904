/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Agents: threads of the monitor's process that enter the kernel through a TCB
 * of their own, without ever occupying the node.
 *
 * Passing a message needs nobody else to stop. Everything else may touch the
 * current thread (its registers, its TCB, its mappings), so the node is parked
 * first: current is kicked into its gate, and goes on afterwards.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "abi/sel4_api.h"
#include "gate/handoff.h"
#include "gate/lock.h"
#include "gate/sys.h"
#include "host/monitor.h"

#define PARK_NS 5000000000
#define SLICE_NS 50000000

/* The trap instruction of an agent: nobody executes it. */
#define AGENT_IP 0x1000ul
#define AGENT_NEXT_IP (AGENT_IP + 2)

enum host_status host_agent_create(struct host_machine *m, paddr tcb,
                                   uint32_t *ret, struct host_error *error)
{
    enum host_status status = host_lock(m, false, error);
    uint32_t index;

    if (status != HOST_OK)
        return status;
    index = kernel_agent(m->k, tcb);
    if (index != 0)
        m->k->h.thread[index].run = RUN_STOP;
    host_unlock(m);
    if (index == 0)
        return host_fail(error, HOST_INVALID,
                         "no thread entry is free: a machine has %u",
                         IMAGE_THREADS - 1);
    *ret = index;
    return HOST_OK;
}

static bool passes_message(struct kernel *k, paddr tcb, const word *registers)
{
    int number = -(int)(int64_t)registers[REG_SYSTEM_CALL];
    unsigned call = SYS_UNKNOWN;

    if (number > 0 && number < 40)
        call = sel4_sys_of_number[k->h.config.mcs][number];
    switch (call) {
    case SYS_CALL:
    case SYS_SEND:
    case SYS_NB_SEND:
        return kernel_is_message(k, tcb, registers[REG_CAP]);
    default:
        return true;
    }
}

/* Wait until the node idles; the lock is held before and after, not during. */
static enum host_status wait_parked(struct host_machine *m,
                                    struct host_error *error)
{
    int64_t deadline = host_deadline(PARK_NS);
    struct kernel *k = m->k;

    while (k->h.current != 0 && !k->h.panicked) {
        const struct image_process *p =
            &k->h.process[k->h.thread[k->h.current_thread].process];
        uint32_t count = k->h.idle_count;
        const struct timespec slice = { 0, SLICE_NS };
        enum host_status status;

        if (host_left(deadline, SLICE_NS) == 0)
            return host_fail(error, HOST_TIMEOUT,
                             "client '%s' (pid %u) does not stop: is it held by"
                             " a debugger?",
                             p->name, p->pid);
        __atomic_or_fetch(&k->h.pending, PENDING_PAUSE, __ATOMIC_SEQ_CST);
        handoff_kick(k);
        __atomic_add_fetch(&k->h.idle_waiters, 1, __ATOMIC_SEQ_CST);
        host_unlock(m);
        sys_futex_wait(&k->h.idle_count, count, &slice);
        __atomic_sub_fetch(&k->h.idle_waiters, 1, __ATOMIC_SEQ_CST);
        status = host_lock(m, false, error);
        if (status != HOST_OK)
            return status;
    }
    return HOST_OK;
}

/* Enter the kernel for the agent, with its registers in place. If current's
 * VSpace changed, it has to look at that before it goes on. */
static void enter(struct host_machine *m, paddr tcb)
{
    const struct kernel_cause cause = { .kind = CAUSE_SYSCALL };
    struct kernel *k = m->k;
    uint32_t current = k->h.current_thread;
    const struct image_process *process =
        &k->h.process[k->h.thread[current].process];

    host_enter(m, tcb, &cause);
    if (current != 0 && (process->change_count != 0 || process->flush_all)) {
        __atomic_or_fetch(&k->h.pending, PENDING_RESCHEDULE, __ATOMIC_SEQ_CST);
        k->h.events |= EVENT_KICK;
    }
}

/* Must the agent's call be repeated (its endpoint was deleted, say)? */
static bool restarts(struct kernel *k, uint32_t agent)
{
    paddr tcb = k->h.thread[agent].tcb;

    return tcb != 0 && !k->h.panicked &&
           kernel_state(k, tcb) == KERNEL_RUNNABLE &&
           kernel_registers(k, tcb)[REG_RIP] == AGENT_IP;
}

/* What has become of the agent's call; the lock is held. */
static enum host_status agent_result(struct host_machine *m, uint32_t agent,
                                     word *registers, bool *done,
                                     struct host_error *error)
{
    struct kernel *k = m->k;
    paddr tcb;

    while (restarts(k, agent)) {
        tcb = k->h.thread[agent].tcb;
        kernel_registers(k, tcb)[REG_RIP] = AGENT_NEXT_IP;
        enter(m, tcb);
        host_handoff(m, 0);
    }
    tcb = k->h.thread[agent].tcb;
    *done = true;
    if (tcb == 0)
        return host_fail(error, HOST_RETIRED, "the agent's TCB was deleted");
    switch (kernel_state(k, tcb)) {
    case KERNEL_RUNNABLE:
        if (registers != NULL)
            memcpy(registers, kernel_registers(k, tcb),
                   REG_COUNT * sizeof(word));
        return HOST_OK;
    case KERNEL_STOPPED:
        kernel_agent(k, tcb);
        return host_fail(error, HOST_FAULT, "the call raised a fault");
    default:
        *done = false;
        return HOST_OK;
    }
}

/* Is this the index of an agent, or of one whose TCB has gone? */
static bool is_agent(struct kernel *k, uint32_t agent)
{
    return agent > 0 && agent < IMAGE_THREADS &&
           (k->h.thread[agent].flags & THREAD_AGENT);
}

static enum host_status not_an_agent(struct host_error *error, uint32_t agent)
{
    return host_fail(error, HOST_RETIRED, "there is no agent %u", agent);
}

enum host_status host_agent_enter(struct host_machine *m, uint32_t agent,
                                  const word registers[REG_COUNT], bool *done,
                                  struct host_error *error)
{
    enum host_status status = HOST_OK;
    struct kernel *k = m->k;
    bool park = false;
    word *file;
    paddr tcb;

    if (!is_agent(k, agent))
        return not_an_agent(error, agent);
    status = host_lock(m, false, error);
    if (status != HOST_OK)
        return status;
    tcb = k->h.thread[agent].tcb;
    if (tcb != 0) {
        park = k->h.current != 0 && !passes_message(k, tcb, registers);
        if (park) {
            k->h.paused++;
            status = wait_parked(m, error);
        }
        if (status == HOST_OK) {
            file = kernel_registers(k, tcb);
            memcpy(file, registers, REG_COUNT * sizeof(word));
            file[REG_RIP] = AGENT_NEXT_IP;
            *kernel_fault_ip(k, tcb) = AGENT_IP;
            k->h.thread[agent].run = RUN_STOP;
            enter(m, tcb);
        }
        if (park && status != HOST_PANIC) {
            k->h.paused--;
            host_reschedule(m);
        }
        if (status == HOST_PANIC)
            return status; /* the lock is not held */
        host_handoff(m, 0);
    }
    if (status == HOST_OK)
        status = agent_result(m, agent, NULL, done, error);
    host_unlock(m);
    return status;
}

/* Sleep until the agent's run word changes, or for the slice. */
static void agent_sleep(struct image_thread *entry, int64_t slice_ns)
{
    const struct timespec slice = { slice_ns / 1000000000,
                                    slice_ns % 1000000000 };
    uint32_t run = RUN_STOP;

    __atomic_compare_exchange_n(&entry->run, &run, RUN_SLEEP, false,
                                __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    sys_futex_wait(&entry->run, RUN_SLEEP, &slice);
}

static bool counted(struct host_machine *m, int by)
{
    bool closing;

    pthread_mutex_lock(&m->mutex);
    closing = m->closing;
    if (by < 0 || !closing)
        m->callers += (uint32_t)by;
    if (closing)
        pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->mutex);
    return !closing;
}

static enum host_status wait_result(struct host_machine *m, uint32_t agent,
                                    int64_t timeout_ns, word *registers,
                                    struct host_error *error)
{
    struct image_thread *entry = &m->k->h.thread[agent];
    int64_t deadline = host_deadline(timeout_ns);

    for (;;) {
        enum host_status status = host_lock(m, false, error);
        int64_t left = host_left(deadline, SLICE_NS);
        bool done = false;

        if (status != HOST_OK)
            return status;
        status = agent_result(m, agent, registers, &done, error);
        host_unlock(m);
        if (status != HOST_OK || done)
            return status;
        if (m->closing)
            return host_fail(error, HOST_CLOSED, "the machine was closed");
        if (left == 0)
            return host_fail(error, HOST_TIMEOUT,
                             "no answer came within the time-out");
        agent_sleep(entry, left);
        if (left == SLICE_NS)
            return HOST_INTERRUPTED;
    }
}

enum host_status host_agent_wait(struct host_machine *m, uint32_t agent,
                                 int64_t timeout_ns, word registers[REG_COUNT],
                                 struct host_error *error)
{
    enum host_status status;

    if (!is_agent(m->k, agent))
        return not_an_agent(error, agent);
    if (!counted(m, 1))
        return host_fail(error, HOST_CLOSED, "the machine was closed");
    status = wait_result(m, agent, timeout_ns, registers, error);
    counted(m, -1);
    return status;
}

enum host_status host_agent_cancel(struct host_machine *m, uint32_t agent,
                                   bool *done, struct host_error *error)
{
    enum host_status status;
    paddr tcb;

    if (!is_agent(m->k, agent))
        return not_an_agent(error, agent);
    status = host_lock(m, false, error);
    if (status != HOST_OK)
        return status;
    tcb = m->k->h.thread[agent].tcb;
    *done = tcb == 0 || kernel_state(m->k, tcb) == KERNEL_RUNNABLE;
    if (!*done)
        kernel_agent(m->k, tcb);
    host_handoff(m, 0);
    host_unlock(m);
    return HOST_OK;
}
