/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Client processes as the service thread sees them: what they say on their
 * sockets, and their end.
 *
 * A process may end at any moment. Its socket closes first (also at an exec:
 * the client's end is CLOEXEC), and its threads are suspended then; the exit
 * status follows by the pidfd.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gate/sys.h"
#include "host/monitor.h"

/* struct ucred and SCM_CREDENTIALS, which <sys/socket.h> has for
 * _GNU_SOURCE only (unix(7)). */
struct credentials {
    pid_t pid;
    uid_t uid;
    gid_t gid;
};
enum {
    CREDENTIALS = 2
};

union any_message {
    struct message_header header;
    struct message_hello hello;
    struct message_ready ready;
    struct message_thread_state state;
    struct message_doorbell doorbell;
};

struct host_process *process_allocate(struct host_machine *m, const char *name,
                                      paddr vspace, uint32_t flags,
                                      struct host_error *error)
{
    struct host_process *p = calloc(1, sizeof(*p));
    struct image_process *entry;
    uint32_t i = 1;

    if (p == NULL) {
        errno = ENOMEM;
        host_fail_errno(error, "process");
        return NULL;
    }
    pthread_mutex_lock(&m->mutex);
    while (i < IMAGE_PROCESSES && m->process[i] != NULL)
        i++;
    if (i == IMAGE_PROCESSES || m->closing) {
        pthread_mutex_unlock(&m->mutex);
        free(p);
        host_fail(error, HOST_INVALID,
                  "no process entry is free: a machine has %u",
                  IMAGE_PROCESSES - 1);
        return NULL;
    }
    p->index = i;
    p->socket = p->pidfd = -1;
    p->bare = !(flags & PROCESS_HOSTED);
    p->exit.generation = ++m->generation;
    snprintf(p->name, sizeof(p->name), "%s", name);
    host_lock_patiently(m);
    entry = &m->k->h.process[i];
    memset(entry, 0, sizeof(*entry));
    entry->flags = PROCESS_USED | flags;
    entry->vspace = vspace;
    memcpy(entry->name, p->name, sizeof(entry->name));
    host_unlock(m);
    m->process[i] = p;
    pthread_mutex_unlock(&m->mutex);
    return p;
}

static void set_state(struct host_machine *m, struct host_process *p,
                      enum process_state state)
{
    pthread_mutex_lock(&m->mutex);
    p->state = state;
    p->shook_hands = p->shook_hands || state == PROCESS_READY;
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->mutex);
}

void process_break(struct host_machine *m, struct host_process *p,
                   const char *format, ...)
{
    va_list arguments;

    pthread_mutex_lock(&m->mutex);
    if (p->exit.reason[0] == '\0') {
        va_start(arguments, format);
        vsnprintf(p->exit.reason, sizeof(p->exit.reason), format, arguments);
        va_end(arguments);
    }
    pthread_mutex_unlock(&m->mutex);
    if (p->state != PROCESS_ENDED)
        sys_call(SYS_pidfd_send_signal, p->pidfd, SIGKILL, 0, 0, 0, 0);
}

static bool send_welcome(struct host_machine *m, struct host_process *p)
{
    const struct message_welcome welcome = {
        { MESSAGE_WELCOME, sizeof(welcome) },
        m->k->h.config.isolation,
        p->index,
        m->k->h.config.clock,
        0,
        m->size,
    };
    /* Who runs the core sets the timer. */
    const int fds[MESSAGE_DESCRIPTORS] = { m->image_fd, m->timer.fd };
    const size_t size =
        welcome.isolation == ISOLATION_DIRECT ? sizeof(fds) : sizeof(int);
    char control[CMSG_SPACE(sizeof(fds))] = { 0 };
    struct iovec iov = { (void *)&welcome, sizeof(welcome) };
    struct msghdr msg = { .msg_iov = &iov,
                          .msg_iovlen = 1,
                          .msg_control = control,
                          .msg_controllen = CMSG_SPACE(size) };
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

    cmsg->cmsg_level = SOL_SOCKET;
    cmsg->cmsg_type = SCM_RIGHTS;
    cmsg->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(cmsg), fds, size);
    return sendmsg(p->socket, &msg, MSG_NOSIGNAL) == sizeof(welcome);
}

/* `sender`: its process, as Linux says; a wrapper's child, perhaps. */
static void on_hello(struct host_machine *m, struct host_process *p,
                     const struct message_hello *hello, pid_t sender)
{
    struct image_process *entry = &m->k->h.process[p->index];

    if (sender <= 0) {
        process_break(m, p, "its greeting came from nowhere");
        return;
    }
    if (p->state != PROCESS_STARTING) {
        process_break(m, p, "it greeted twice");
        return;
    }
    if (hello->abi_version != SEL4EMU_ABI_VERSION) {
        process_break(m, p,
                      "its client library has version %u, the monitor %u:"
                      " compile it again",
                      hello->abi_version, SEL4EMU_ABI_VERSION);
        return;
    }
    host_lock_patiently(m);
    entry->pid = (uint32_t)sender;
    host_unlock(m);
    if (send_welcome(m, p))
        set_state(m, p, PROCESS_GREETED);
    else if (errno != EPIPE) /* its end follows */
        process_break(m, p, "it could not be welcomed: %s", strerror(errno));
}

static bool windows_valid(const struct message_ready *ready)
{
    if (ready->window_count > IMAGE_WINDOWS)
        return false;
    for (uint32_t i = 0; i < ready->window_count; i++) {
        const struct image_range *w = &ready->window[i];

        if (w->start >= w->end || w->end > 1ul << 47 || w->start & 0xfff ||
            w->end & 0xfff)
            return false;
    }
    return true;
}

static void on_ready(struct host_machine *m, struct host_process *p,
                     const struct message_ready *ready)
{
    struct image_process *entry = &m->k->h.process[p->index];
    word *pml4;

    if (p->state != PROCESS_GREETED || !windows_valid(ready)) {
        process_break(m, p, "its handshake is out of order or damaged");
        return;
    }
    host_lock_patiently(m);
    entry->window_count = ready->window_count;
    memcpy(entry->window, ready->window, sizeof(entry->window));
    if (entry->vspace != 0) {
        pml4 = kernel_memory(m->k, entry->vspace);
        pml4[VSPACE_PROCESS_WORD] = p->index;
        pml4[VSPACE_HOSTED_WORD] = !p->bare;
    }
    /* A bare one was started because a thread waits for it. */
    if (p->bare)
        m->k->h.events |= EVENT_THREAD_NEW;
    host_unlock(m);
    set_state(m, p, PROCESS_READY);
    if (p->bare)
        host_call(m);
}

static void on_thread_up(struct host_machine *m, struct host_process *p,
                         const struct message_thread_state *state)
{
    struct kernel *k = m->k;
    struct image_thread *entry = &k->h.thread[state->index];
    const struct kernel_cause lost = { .kind = CAUSE_LOST };

    host_lock_patiently(m);
    if (state->tid == 0) {
        if (entry->tcb != 0) {
            host_enter(m, entry->tcb, &lost);
            host_handoff(m, 0);
        }
        p->threads--;
        thread_free(m, state->index);
    } else {
        entry->tid = state->tid;
        if (k->h.config.isolation == ISOLATION_PROCESS)
            server_up(m, state->index);
    }
    host_unlock(m);
}

static void on_thread_down(struct host_machine *m, struct host_process *p,
                           const struct message_thread_state *state)
{
    bool last;

    host_lock_patiently(m);
    thread_free(m, state->index);
    last = p->threads > 0 && --p->threads == 0;
    host_unlock(m);
    if (last && !p->bare)
        process_break(m, p, "its last thread was deleted");
}

static bool own_thread(struct host_machine *m, struct host_process *p,
                       const struct message_thread_state *state)
{
    return state->index > 0 && state->index < IMAGE_THREADS &&
           m->k->h.thread[state->index].process == p->index &&
           p->state == PROCESS_RUNNING;
}

/* Handle one message of its right size; false: it is none of ours. */
static bool dispatch(struct host_machine *m, struct host_process *p,
                     const union any_message *message, size_t size,
                     pid_t sender)
{
    static const size_t sizes[] = {
        [MESSAGE_HELLO] = sizeof(struct message_hello),
        [MESSAGE_READY] = sizeof(struct message_ready),
        [MESSAGE_THREAD_UP] = sizeof(struct message_thread_state),
        [MESSAGE_THREAD_DOWN] = sizeof(struct message_thread_state),
        [MESSAGE_DOORBELL] = sizeof(struct message_doorbell),
    };
    uint32_t type = message->header.type;

    if (size < sizeof(message->header) || message->header.size != size ||
        type >= sizeof(sizes) / sizeof(sizes[0]) || sizes[type] != size)
        return false;
    if (type == MESSAGE_HELLO)
        on_hello(m, p, &message->hello, sender);
    else if (type == MESSAGE_READY)
        on_ready(m, p, &message->ready);
    else if (type == MESSAGE_DOORBELL)
        host_call(m);
    else if (!own_thread(m, p, &message->state))
        return false;
    else if (type == MESSAGE_THREAD_UP)
        on_thread_up(m, p, &message->state);
    else
        on_thread_down(m, p, &message->state);
    return true;
}

void process_message(struct host_machine *m, struct host_process *p)
{
    union any_message message;
    struct iovec iov = { &message, sizeof(message) };
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(struct credentials))];
    } control;
    struct msghdr msg = { .msg_iov = &iov,
                          .msg_iovlen = 1,
                          .msg_control = &control,
                          .msg_controllen = sizeof(control) };
    struct credentials from = { 0 };
    ssize_t n;

    if (p->socket < 0)
        return;
    memset(&message, 0, sizeof(message));
    n = recvmsg(p->socket, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        process_lost(m, p);
        return;
    }
    if (CMSG_FIRSTHDR(&msg) != NULL && control.header.cmsg_type == CREDENTIALS)
        memcpy(&from, CMSG_DATA(&control.header), sizeof(from));
    if ((msg.msg_flags & MSG_TRUNC) ||
        !dispatch(m, p, &message, (size_t)n, from.pid)) {
        process_break(m, p, "it sent %zd bytes that are no message of ours", n);
        process_lost(m, p);
    }
}

/* The client is gone, or as good as: its threads stop, others go on. */
void process_lost(struct host_machine *m, struct host_process *p)
{
    struct image_process *entry = &m->k->h.process[p->index];

    if (p->socket < 0)
        return;
    close(p->socket); /* leaves the epoll set, too */
    p->socket = -1;
    host_lock_patiently(m);
    entry->flags |= PROCESS_DEAD;
    thread_lost(m, p->index);
    p->threads = 0;
    if (entry->vspace != 0) {
        word *pml4 = kernel_memory(m->k, entry->vspace);

        pml4[VSPACE_PROCESS_WORD] = 0;
        entry->vspace = 0;
    }
    host_unlock(m);
    /* It may have rung the doorbell, and died before anybody heard it. */
    host_call(m);
    set_state(m, p, PROCESS_LOST);
}

/* Nobody waits for the end of a bare process. */
static void reap_bare(struct host_machine *m, struct host_process *p,
                      bool started)
{
    char text[128];

    if (!started && !m->closing) {
        snprintf(text, sizeof(text),
                 "the process of a VSpace ended before it ran, with status %d",
                 p->exit.status);
        kernel_panic(m->k, text);
        host_call(m);
    }
    process_forget(m, p);
}

void process_reap(struct host_machine *m, struct host_process *p)
{
    bool started = p->state >= PROCESS_READY;
    siginfo_t info;
    long n;

    memset(&info, 0, sizeof(info));
    do
        n = sys_call(SYS_waitid, 3 /* P_PIDFD */, p->pidfd, &info, WEXITED, 0,
                     0);
    while (n == -EINTR);
    process_lost(m, p);
    pthread_mutex_lock(&m->mutex);
    close(p->pidfd);
    p->pidfd = -1;
    p->exit.kind = info.si_code == CLD_EXITED ? EXIT_STATUS : EXIT_SIGNAL;
    p->exit.status = info.si_status;
    p->state = PROCESS_ENDED;
    m->live--;
    pthread_cond_broadcast(&m->changed);
    if (p->bare)
        reap_bare(m, p, started);
    pthread_mutex_unlock(&m->mutex);
}

/* Free its entry; mutex is held, it has ended. */
void process_forget(struct host_machine *m, struct host_process *p)
{
    host_lock_patiently(m);
    memset(&m->k->h.process[p->index], 0, sizeof(struct image_process));
    host_unlock(m);
    if (p->socket >= 0)
        close(p->socket);
    if (p->pidfd >= 0)
        close(p->pidfd);
    m->process[p->index] = NULL;
    p->next = m->forgotten;
    m->forgotten = p;
}

void process_sweep(struct host_machine *m)
{
    struct host_process *p;

    pthread_mutex_lock(&m->mutex);
    p = m->forgotten;
    m->forgotten = NULL;
    pthread_mutex_unlock(&m->mutex);
    while (p != NULL) {
        struct host_process *next = p->next;

        free(p);
        p = next;
    }
}
