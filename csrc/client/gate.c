/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two gates. Whoever comes in has stored its registers; whoever leaves
 * has been scheduled, and its register file says how to go on.
 *
 * Direct gate: this thread takes the lock and runs the core itself, then
 * sleeps on its run word until somebody schedules it.
 * Server gate: the registers travel to the monitor, and come back when this
 * thread is scheduled.
 *
 * Nothing here uses libc, TLS, or the FPU: hosted and bare processes share it.
 */
#include <poll.h>
#include <sys/mman.h>

#include "client/block.h"
#include "gate/clock.h"
#include "gate/handoff.h"
#include "gate/lock.h"
#include "gate/sys.h"

#define ERROR_INTERRUPTED (-4)

static void host_clear(struct kernel *k, paddr start, word size)
{
    char *p = kernel_memory(k, start);

    /* Below a few pages memset wins over punching a hole. */
    if (size < (64ul << 10) ||
        sys_call(SYS_madvise, p, size, MADV_REMOVE, 0, 0, 0) != 0)
        __builtin_memset(p, 0, size);
}

static const struct kernel_host gate_host = { .clear = host_clear };

_Noreturn void gate_die(void)
{
    for (;;)
        sys_call(SYS_exit_group, 127, 0, 0, 0, 0, 0);
}

void gate_tell(const void *message, uint32_t size)
{
    long n;

    do
        n = sys_call(SYS_sendto, gate_process.socket, message, size,
                     0x4000 /* MSG_NOSIGNAL */, 0, 0);
    while (n == ERROR_INTERRUPTED);
    if (n < 0)
        gate_die();
}

/* Call the monitor if there is something for it; the lock is held. */
static void ring(struct kernel *k)
{
    const struct message_doorbell message = {
        { MESSAGE_DOORBELL, sizeof(message) },
    };

    if ((k->h.events & HANDOFF_MONITOR_EVENTS) &&
        !__atomic_exchange_n(&k->h.doorbell, 1, __ATOMIC_SEQ_CST))
        gate_tell(&message, sizeof(message));
}

/* What follows an entry: `me` (0: none) makes way for who runs next. The lock
 * is held. */
static void hand_over(struct kernel *k, uint32_t me)
{
    gate_clock_leave(k, gate_process.timer);
    handoff_thread(k, me);
    ring(k);
}

_Noreturn void gate_panic(struct gate_thread *g, const char *message)
{
    struct kernel *k = gate_process.kernel;

    (void)g;
    if (k != NULL) {
        kernel_panic(k, message);
        ring(k);
    }
    gate_die();
}

/* --- direct gate ---------------------------------------------------------- */

static void direct_wait(struct gate_thread *g)
{
    if (handoff_wait(&gate_process.kernel->h.thread[g->index]) == RUN_EXIT)
        gate_end(g);
}

static void take_name(struct kernel *k, struct gate_thread *g)
{
    sys_call(SYS_prctl, 15 /* PR_SET_NAME */, kernel_name(k, g->tcb), 0, 0, 0,
             0);
}

/* Scheduled: see to what happened meanwhile. */
static enum gate_exit direct_resumed(struct gate_thread *g)
{
    struct kernel *k = gate_process.kernel;
    struct image_thread *me = &k->h.thread[g->index];
    struct image_process *process = &k->h.process[gate_process.index];
    uint32_t flags = __atomic_load_n(&me->flags, __ATOMIC_ACQUIRE);

    if (process->change_count != 0 || process->flush_all ||
        (flags & (THREAD_RENAMED | THREAD_DIRTY))) {
        lock_take(k, gate_process.index);
        map_apply(k, process);
        if (me->flags & THREAD_RENAMED)
            take_name(k, g);
        me->flags &= ~(uint32_t)(THREAD_RENAMED | THREAD_DIRTY);
        lock_drop(k);
    }
    if (flags & THREAD_DIRTY)
        return GATE_FULL;
    return g->registers[REG_RIP] == g->next_rip ? GATE_RESULTS : GATE_FULL;
}

/*
 * Take the lock as the current thread. A thread that was lent the CPU (it ran
 * user code without being current) first waits for its turn.
 */
static void direct_lock(struct kernel *k, struct gate_thread *g)
{
    struct image_thread *me = &k->h.thread[g->index];

    for (;;) {
        uint32_t run;

        lock_take(k, gate_process.index);
        if (k->h.current_thread == g->index && !k->h.panicked) {
            handoff_recall(k, gate_process.index);
            return;
        }
        run = __atomic_load_n(&me->run, __ATOMIC_SEQ_CST);
        if (run == RUN_GO && !k->h.panicked)
            gate_panic(g, "a thread entered the kernel that was not current");
        if (run == RUN_LENT || k->h.panicked)
            __atomic_compare_exchange_n(&me->run, &run, RUN_STOP, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
        me->preempted = 1;
        lock_drop(k);
        direct_wait(g);
    }
}

/* Is there a page behind this fault that only has to be mapped here? The lock
 * is held. */
static bool direct_fill(struct kernel *k, const struct kernel_cause *cause)
{
    struct kernel_mapping m;
    struct message_change change;

    if (!map_in_window(cause->address))
        return false;
    kernel_translate(k, k->h.process[gate_process.index].vspace, cause->address,
                     &m);
    if (m.frame == 0 || m.device || !m.user || ((cause->code & 2) && !m.write))
        return false;
    change = (struct message_change){ m.vaddr, m.bits, m.frame, m.write, 0 };
    if (!map_change(&change))
        gate_panic(&(struct gate_thread){ 0 },
                   "Linux refuses to map a page (below vm.mmap_min_addr?)");
    return true;
}

/* A fault of the hosted program that has nothing to do with seL4's memory. */
static bool is_outside(const struct kernel_cause *cause)
{
    return cause->kind == CAUSE_EXCEPTION ||
           (cause->kind == CAUSE_VM_FAULT && !map_in_window(cause->address));
}

static enum gate_exit direct_enter(struct gate_thread *g,
                                   const struct kernel_cause *cause)
{
    struct kernel *k = gate_process.kernel;

    direct_lock(k, g);
    if (cause->kind == CAUSE_VM_FAULT && direct_fill(k, cause)) {
        lock_drop(k);
        return GATE_FULL;
    }
    if (!gate_process.bare && is_outside(cause) &&
        !kernel_fault_handled(k, g->tcb)) {
        lock_drop(k);
        return GATE_CRASH;
    }
    gate_clock_enter(k, &gate_host, g->tcb, cause);
    if (cause->kind == CAUSE_INTERRUPT && k->h.current_thread != g->index) {
        k->h.thread[g->index].preempted = 1;
        k->h.events |= EVENT_PREEMPTED;
    }
    hand_over(k, g->index);
    lock_drop(k);
    direct_wait(g);
    k->h.thread[g->index].preempted = 0;
    return direct_resumed(g);
}

/* --- server gate ---------------------------------------------------------- */

static void server_send(struct gate_thread *g, const struct kernel_cause *cause)
{
    struct message_trap trap = {
        .header = { MESSAGE_TRAP, sizeof(trap) },
        .cause = cause->kind,
        .number = cause->number,
        .address = cause->address,
        .code = cause->code,
        .fault_ip = *g->fault_ip,
    };
    long n;

    g->kicked = 0;
    for (int i = 0; i < REG_COUNT; i++)
        trap.registers[i] = g->registers[i];
    do
        n = sys_call(SYS_sendto, g->socket, &trap, sizeof(trap),
                     0x4000 /* MSG_NOSIGNAL */, 0, 0);
    while (n == ERROR_INTERRUPTED);
    if (n < 0)
        gate_die();
}

static enum gate_exit server_receive(struct gate_thread *g)
{
    struct message_resume resume;
    long n;

    do
        n = sys_call(SYS_recvfrom, g->socket, &resume, sizeof(resume), 0, 0, 0);
    while (n == ERROR_INTERRUPTED);
    if (n <= 0)
        gate_die();
    if (resume.action == RESUME_EXIT)
        gate_end(g);
    if (resume.flush_all)
        map_flush();
    for (uint32_t i = 0; i < resume.change_count; i++)
        map_change(&resume.change[i]);
    if (resume.renamed)
        sys_call(SYS_prctl, 15 /* PR_SET_NAME */, resume.name, 0, 0, 0, 0);
    if (resume.action == RESUME_CRASH)
        return GATE_CRASH;
    for (int i = 0; i < REG_COUNT; i++)
        g->registers[i] = resume.registers[i];
    if (resume.full || g->registers[REG_RIP] != g->next_rip)
        return GATE_FULL;
    return GATE_RESULTS;
}

/* --- both ------------------------------------------------------------------ */

enum gate_exit gate_enter(struct gate_thread *g,
                          const struct kernel_cause *cause)
{
    if (gate_process.isolation == ISOLATION_DIRECT)
        return direct_enter(g, cause);
    server_send(g, cause);
    return server_receive(g);
}

void gate_first(struct gate_thread *g)
{
    struct kernel *k = gate_process.kernel;

    if (gate_process.isolation != ISOLATION_DIRECT) {
        server_receive(g);
        return;
    }
    direct_wait(g);
    lock_take(k, gate_process.index);
    gate_clock_started(k, g->index);
    lock_drop(k);
    direct_resumed(g);
}

int gate_poll(struct gate_thread *g, struct pollfd *fds, word count,
              int timeout_ms)
{
    const struct kernel_cause block = { .kind = CAUSE_HOST_BLOCK };
    const struct kernel_cause wake = { .kind = CAUSE_HOST_WAKE };
    struct kernel *k = gate_process.kernel;
    int result;

    if (k != NULL) {
        direct_lock(k, g);
        gate_clock_enter(k, &gate_host, g->tcb, &block);
        hand_over(k, g->index);
        lock_drop(k);
    } else {
        server_send(g, &block);
    }
    do
        result = (int)sys_call(SYS_poll, fds, count, timeout_ms, 0, 0, 0);
    while (result == ERROR_INTERRUPTED && timeout_ms < 0);
    if (k != NULL) {
        lock_take(k, gate_process.index);
        gate_clock_enter(k, &gate_host, g->tcb, &wake);
        hand_over(k, 0);
        lock_drop(k);
        direct_wait(g);
        direct_resumed(g);
    } else {
        server_send(g, &wake);
        server_receive(g);
    }
    return result;
}
