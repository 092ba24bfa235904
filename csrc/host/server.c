/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The server gate: clients send their traps, this side runs the core and
 * sends their registers back when they are scheduled.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gate/clock.h"
#include "gate/handoff.h"
#include "gate/lock.h"
#include "host/monitor.h"

static void send_resume(struct host_machine *m, uint32_t index,
                        struct message_resume *resume)
{
    size_t size = offsetof(struct message_resume, change) +
                  resume->change_count * sizeof(resume->change[0]);

    resume->header.type = MESSAGE_RESUME;
    resume->header.size = (uint32_t)size;
    m->client[index].waiting = 0;
    /* A dead client is noticed by its process's socket. */
    send(m->client[index].socket, resume, size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void translate_change(struct kernel *k, paddr vspace,
                             struct message_change *change)
{
    struct kernel_mapping m;

    kernel_translate(k, vspace, change->vaddr, &m);
    if (m.frame != 0 && m.bits == change->bits && m.user && !m.device) {
        change->frame = m.frame;
        change->write = m.write;
    }
}

static void take_changes(struct kernel *k, struct image_process *process,
                         struct message_resume *resume)
{
    resume->flush_all = process->flush_all;
    for (uint32_t i = 0; i < process->change_count; i++) {
        struct message_change *change = &resume->change[resume->change_count++];

        *change = (struct message_change){ process->change[i].vaddr,
                                           process->change[i].bits, 0, 0, 0 };
        translate_change(k, process->vspace, change);
    }
    process->change_count = 0;
    process->flush_all = 0;
}

static void handle_trap(struct host_machine *m, uint32_t index,
                        const struct message_trap *trap);

/* Send a thread its registers: it shall go on. */
static void send_registers(struct host_machine *m, uint32_t index)
{
    struct kernel *k = m->k;
    struct image_thread *entry = &k->h.thread[index];
    struct message_resume resume;
    paddr tcb = entry->tcb;

    memset(&resume, 0, offsetof(struct message_resume, change));
    take_changes(k, &k->h.process[entry->process], &resume);
    resume.action = RESUME_RUN;
    resume.full = (entry->flags & THREAD_DIRTY) != 0;
    if (entry->flags & THREAD_RENAMED) {
        resume.renamed = 1;
        snprintf(resume.name, sizeof(resume.name), "%s", kernel_name(k, tcb));
    }
    entry->flags &= ~(uint32_t)(THREAD_DIRTY | THREAD_RENAMED);
    memcpy(resume.registers, kernel_registers(k, tcb),
           sizeof(resume.registers));
    entry->preempted = 0;
    send_resume(m, index, &resume);
}

void server_resume(struct host_machine *m, uint32_t index)
{
    struct image_thread *entry = &m->k->h.thread[index];
    struct message_trap *held = m->client[index].held;

    if (!m->client[index].waiting || entry->run != RUN_GO || entry->tcb == 0)
        return;
    if (held == NULL) {
        send_registers(m, index);
        if (!entry->started)
            gate_clock_started(m->k, index);
        return;
    }
    /* Its turn has come: now for what it wanted while it was not current. */
    m->client[index].held = NULL;
    handle_trap(m, index, held);
    free(held);
}

void server_lend(struct host_machine *m, uint32_t index)
{
    if (m->client[index].waiting && m->client[index].held == NULL) {
        m->k->h.thread[index].run = RUN_LENT;
        send_registers(m, index);
    }
}

/* A trap of a thread that is not current: it waits for its turn. */
static bool hold_trap(struct host_machine *m, uint32_t index,
                      const struct message_trap *trap)
{
    struct image_thread *entry = &m->k->h.thread[index];

    if (entry->run == RUN_GO)
        return false;
    entry->run = RUN_STOP;
    entry->preempted = 1;
    m->client[index].held = malloc(sizeof(*trap));
    if (m->client[index].held == NULL)
        return false;
    *m->client[index].held = *trap;
    return true;
}

void server_exit(struct host_machine *m, uint32_t index)
{
    struct message_resume resume;

    memset(&resume, 0, offsetof(struct message_resume, change));
    resume.action = RESUME_EXIT;
    send_resume(m, index, &resume);
}

static bool in_window(const struct image_process *process, word vaddr)
{
    for (uint32_t i = 0; i < process->window_count; i++) {
        if (vaddr >= process->window[i].start && vaddr < process->window[i].end)
            return true;
    }
    return false;
}

/* Answer a fault that the kernel has no part in: a page that is only missing
 * in the client's own mappings, or a crash outside seL4's memory. */
static bool answer_directly(struct host_machine *m, uint32_t index,
                            const struct message_trap *trap)
{
    struct kernel *k = m->k;
    struct image_thread *entry = &k->h.thread[index];
    struct image_process *process = &k->h.process[entry->process];
    bool ours =
        trap->cause == CAUSE_VM_FAULT && in_window(process, trap->address);
    struct message_resume resume;
    struct kernel_mapping map;

    memset(&resume, 0, offsetof(struct message_resume, change));
    memcpy(resume.registers, trap->registers, sizeof(resume.registers));
    if (ours) {
        kernel_translate(k, process->vspace, trap->address, &map);
        if (map.frame == 0 || map.device || !map.user ||
            ((trap->code & 2) && !map.write))
            return false;
        resume.action = RESUME_RUN;
        resume.full = 1;
        resume.change_count = 1;
        resume.change[0] = (struct message_change){ map.vaddr, map.bits,
                                                    map.frame, map.write, 0 };
    } else if ((process->flags & PROCESS_HOSTED) &&
               !kernel_fault_handled(k, entry->tcb)) {
        resume.action = RESUME_CRASH;
    } else {
        return false;
    }
    send_resume(m, index, &resume);
    return true;
}

/* A kick may cross a trap on its way; so before somebody runs, what is pending
 * is looked at. Nobody executes user code now. */
static void take_pending(struct host_machine *m)
{
    const struct kernel_cause interrupt = { .kind = CAUSE_INTERRUPT };
    struct kernel *k = m->k;

    while (k->h.current != 0 && !k->h.panicked &&
           __atomic_load_n(&k->h.pending, __ATOMIC_SEQ_CST) != 0) {
        uint32_t index = k->h.current_thread;
        paddr tcb = k->h.current;

        *kernel_fault_ip(k, tcb) = kernel_registers(k, tcb)[REG_RIP];
        host_enter(m, tcb, &interrupt);
        if (k->h.current_thread != index) {
            k->h.thread[index].preempted = 1;
            k->h.events |= EVENT_PREEMPTED;
        }
    }
}

static void handle_trap(struct host_machine *m, uint32_t index,
                        const struct message_trap *trap)
{
    struct kernel *k = m->k;
    struct image_thread *entry = &k->h.thread[index];
    const struct kernel_cause cause = { trap->cause, trap->number,
                                        trap->address, trap->code };

    if (entry->tcb == 0) {
        server_exit(m, index);
        return;
    }
    m->client[index].waiting = trap->cause != CAUSE_HOST_BLOCK;
    if (trap->cause == CAUSE_HOST_WAKE) {
        host_enter(m, entry->tcb, &cause);
        host_handoff(m, 0);
        return;
    }
    if (k->h.current_thread != index && hold_trap(m, index, trap))
        return;
    if (k->h.current_thread != index) {
        kernel_panic(k, "a thread entered the kernel that was not current");
        host_call(m);
        return;
    }
    if ((trap->cause == CAUSE_VM_FAULT || trap->cause == CAUSE_EXCEPTION) &&
        answer_directly(m, index, trap))
        return;
    handoff_recall(k, entry->process);
    memcpy(kernel_registers(k, entry->tcb), trap->registers,
           sizeof(trap->registers));
    *kernel_fault_ip(k, entry->tcb) = trap->fault_ip;
    host_enter(m, entry->tcb, &cause);
    if (trap->cause == CAUSE_INTERRUPT && k->h.current_thread != index) {
        entry->preempted = 1;
        k->h.events |= EVENT_PREEMPTED;
    }
    take_pending(m);
    host_handoff(m, index);
}

void server_up(struct host_machine *m, uint32_t index)
{
    m->client[index].waiting = 1;
    /* It could not be kicked before. */
    if (m->k->h.current_thread == index)
        take_pending(m);
    host_handoff(m, index);
}

static bool trap_valid(const struct message_trap *trap, ssize_t size)
{
    return size == sizeof(*trap) && trap->header.type == MESSAGE_TRAP &&
           trap->header.size == sizeof(*trap) && trap->cause > CAUSE_NONE &&
           trap->cause < CAUSE_LOST;
}

void server_trap(struct host_machine *m, uint32_t index)
{
    struct message_trap trap;
    struct host_process *p;
    struct host_error error;
    ssize_t n;

    if (m->client[index].socket < 0)
        return;
    n = recv(m->client[index].socket, &trap, sizeof(trap),
             MSG_DONTWAIT | MSG_TRUNC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (host_lock(m, true, &error) != HOST_OK)
        return;
    p = m->process[m->k->h.thread[index].process];
    if (n > 0 && trap_valid(&trap, n) && !m->k->h.panicked) {
        handle_trap(m, index, &trap);
        host_unlock(m);
        return;
    }
    /* Closed, or garbage: no more of this socket. */
    close(m->client[index].socket);
    m->client[index].socket = -1;
    host_unlock(m);
    if (n > 0 && p != NULL && !m->k->h.panicked)
        process_break(m, p, "it sent %zd bytes that are no trap of ours", n);
}
