/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux threads of clients: made when the core first schedules a TCB, ended
 * when the TCB goes, all on behalf of the core's events. Service thread only,
 * with the lock held.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gate/handoff.h"
#include "host/monitor.h"

void thread_free(struct host_machine *m, uint32_t index)
{
    struct kernel *k = m->k;
    struct image_thread *entry = &k->h.thread[index];

    if (m->client[index].socket >= 0)
        close(m->client[index].socket);
    free(m->client[index].held);
    m->client[index] = (struct host_thread){ .socket = -1 };
    memset(entry, 0, sizeof(*entry));
    entry->next = k->h.thread_free;
    k->h.thread_free = index;
}

static bool send_with_descriptor(int socket, const void *message, size_t size,
                                 int fd)
{
    char control[CMSG_SPACE(sizeof(int))] = { 0 };
    struct iovec iov = { (void *)message, size };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
    struct cmsghdr *cmsg;

    if (fd >= 0) {
        msg.msg_control = control;
        msg.msg_controllen = sizeof(control);
        cmsg = CMSG_FIRSTHDR(&msg);
        cmsg->cmsg_level = SOL_SOCKET;
        cmsg->cmsg_type = SCM_RIGHTS;
        cmsg->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
    }
    return sendmsg(socket, &msg, MSG_NOSIGNAL) == (ssize_t)size;
}

/* The server gate's socket of a thread: ours is kept, the other returned. */
static int make_socket(struct host_machine *m, uint32_t index)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return -1;
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    m->client[index].socket = pair[0];
    if (monitor_watch(m, pair[0], WATCH_THREAD, index) != 0) {
        close(pair[1]);
        return -1;
    }
    return pair[1];
}

/* If the client has ended meanwhile, its thread stops when that is noticed. */
static void ask_for_thread(struct host_machine *m, struct host_process *p,
                           uint32_t index)
{
    struct kernel *k = m->k;
    bool server = k->h.config.isolation == ISOLATION_PROCESS;
    paddr tcb = k->h.thread[index].tcb, frame;
    struct message_thread message = {
        .header = { MESSAGE_THREAD, sizeof(message) },
        .index = index,
        .first = p->state == PROCESS_READY,
        .tcb = tcb,
    };
    int fd = -1;
    bool sent;

    if (!kernel_ipc_buffer(k, tcb, &message.ipc_buffer, &frame))
        message.ipc_buffer = 0;
    if (message.first) {
        message.bootinfo = p->start.bootinfo;
        if (p->start.ipc_buffer != 0)
            message.ipc_buffer = p->start.ipc_buffer;
    }
    snprintf(message.name, sizeof(message.name), "%s",
             *kernel_name(k, tcb) != '\0' ? kernel_name(k, tcb) : p->name);
    if (server && (fd = make_socket(m, index)) < 0) {
        m->failed = p->failure = errno;
        return;
    }
    sent = send_with_descriptor(p->socket, &message, sizeof(message), fd);
    if (!sent && errno != EPIPE && errno != ECONNRESET)
        m->failed = p->failure = errno;
    if (fd >= 0)
        close(fd);
    if (sent) {
        p->state = PROCESS_RUNNING;
        p->threads++;
    }
}

/* Nobody can run this TCB: as on a VSpace with nothing in it, its first
 * instruction is a page fault. */
static void fault_instead(struct host_machine *m, uint32_t index)
{
    struct kernel *k = m->k;
    paddr tcb = k->h.thread[index].tcb;
    word ip = *kernel_fault_ip(k, tcb);
    const struct kernel_cause fault = { .kind = CAUSE_VM_FAULT,
                                        .address = ip,
                                        .code = 0x14 };

    if (k->h.current_thread != index) {
        k->h.thread[index].flags |= THREAD_NEW;
        return;
    }
    host_enter(m, tcb, &fault);
    host_handoff(m, 0);
}

/* Does its VSpace wait for a process (and is not the rest of a hosted one)? */
static bool may_be_bare(struct host_machine *m, uint32_t index)
{
    paddr vspace = kernel_vspace_of(m->k, m->k->h.thread[index].tcb);
    const word *pml4 = vspace ? kernel_memory(m->k, vspace) : NULL;

    return pml4 != NULL && !pml4[VSPACE_HOSTED_WORD];
}

static void start_thread(struct host_machine *m, uint32_t index)
{
    struct kernel *k = m->k;
    struct image_thread *entry = &k->h.thread[index];
    struct host_process *p;

    entry->flags &= ~(uint32_t)THREAD_NEW;
    if (entry->process == 0 && kernel_vspace_of(k, entry->tcb) != 0) {
        const word *pml4 = kernel_memory(k, kernel_vspace_of(k, entry->tcb));

        entry->process = (uint32_t)pml4[VSPACE_PROCESS_WORD];
    }
    p = m->process[entry->process];
    if (entry->process == 0 && m->runner != NULL && may_be_bare(m, index)) {
        entry->flags |= THREAD_NEW;
        bare_want(m, kernel_vspace_of(k, entry->tcb));
        return;
    }
    if (p == NULL || p->socket < 0 || p->state < PROCESS_READY)
        fault_instead(m, index);
    else
        ask_for_thread(m, p, index);
}

static void retire_thread(struct host_machine *m, uint32_t index)
{
    struct kernel *k = m->k;
    struct image_thread *entry = &k->h.thread[index];
    struct host_process *p = m->process[entry->process];
    bool asked = entry->tid != 0 || m->client[index].socket >= 0 ||
                 !(entry->flags & THREAD_NEW);

    entry->flags &= ~(uint32_t)(THREAD_RETIRED | THREAD_NEW);
    if (entry->process == 0 || p == NULL || p->socket < 0 || !asked) {
        handoff_run(entry, RUN_EXIT);
        /* An agent's thread may still look at its entry: keep that. */
        if (entry->process != 0)
            thread_free(m, index);
        return;
    }
    if (k->h.config.isolation == ISOLATION_PROCESS)
        server_exit(m, index);
    else
        handoff_run(entry, RUN_EXIT);
}

void thread_events(struct host_machine *m)
{
    struct kernel *k = m->k;

    for (uint32_t i = 1; i <= k->h.thread_top && i < IMAGE_THREADS; i++) {
        struct image_thread *entry = &k->h.thread[i];

        if (entry->flags & THREAD_RETIRED)
            retire_thread(m, i);
        else if ((entry->flags & THREAD_NEW) && entry->tcb != 0)
            start_thread(m, i);
    }
}

/* Threads of a dead process stop, those that never ran included. */
static void stop_threads(struct host_machine *m, uint32_t process)
{
    const struct kernel_cause lost = { .kind = CAUSE_LOST };
    paddr vspace = m->k->h.process[process].vspace;
    struct kernel *k = m->k;

    if (k->h.panicked || vspace == 0)
        return;
    for (paddr t = kernel_next_thread(k, 0); t; t = kernel_next_thread(k, t)) {
        uint32_t index = kernel_thread_of(k, t);

        if (kernel_vspace_of(k, t) == vspace &&
            !(k->h.thread[index].flags & THREAD_AGENT))
            host_enter(m, t, &lost);
    }
}

void thread_lost(struct host_machine *m, uint32_t process)
{
    struct kernel *k = m->k;

    stop_threads(m, process);
    for (uint32_t i = 1; i <= k->h.thread_top && i < IMAGE_THREADS; i++) {
        struct image_thread *entry = &k->h.thread[i];

        if (entry->process != process || (entry->flags & THREAD_AGENT))
            continue;
        if (entry->tcb != 0 && !k->h.panicked)
            host_enter(m, entry->tcb,
                       &(struct kernel_cause){ .kind = CAUSE_LOST });
        thread_free(m, i);
    }
    host_handoff(m, 0);
}
