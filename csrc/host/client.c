/* SPDX-License-Identifier: BSD-2-Clause */
/* Clients as the callers of host.h see them: spawn, wait, signal, release. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gate/lock.h"
#include "gate/sys.h"
#include "host/monitor.h"

#define SLICE_NS 50000000
#define DEADLOCK_NS 100000000
#define KILL_PATIENCE_MS 50
#define SIGNAL_PATIENCE_MS 1
#define HALTED "a thread has halted the machine (seL4_DebugHalt)"

/* Wait for `changed` until the deadline, at most a slice; mutex is held. */
static void wait_changed(struct host_machine *m, int64_t deadline)
{
    int64_t until = host_now() + host_left(deadline, SLICE_NS);
    const struct timespec at = { until / 1000000000, until % 1000000000 };

    pthread_cond_timedwait(&m->changed, &m->mutex, &at);
}

/* Have the service thread fork; mutex is held. */
static void request_start(struct host_machine *m, struct spawn_request *request)
{
    while (m->request != NULL)
        wait_changed(m, INT64_MAX);
    m->request = request;
    m->live++;
    host_call(m);
    while (!request->done)
        wait_changed(m, INT64_MAX);
    if (request->error != 0)
        m->live--;
}

/* Does the caller want to stop waiting? mutex is held, but not meanwhile. */
static bool interrupted(struct host_machine *m, const struct host_spawn *spawn)
{
    bool result;

    if (spawn->interrupted == NULL)
        return false;
    pthread_mutex_unlock(&m->mutex);
    result = spawn->interrupted(spawn->argument);
    pthread_mutex_lock(&m->mutex);
    return result;
}

static enum host_status handshake_failed(struct host_process *p,
                                         struct host_error *error)
{
    if (p->exit.reason[0] != '\0')
        return host_fail(error, HOST_CLIENT, "client '%s' was ended: %s",
                         p->name, p->exit.reason);
    return host_fail(error, HOST_CLIENT,
                     "client '%s' ended before its handshake, %s %d", p->name,
                     p->exit.kind == EXIT_STATUS ? "with exit status"
                                                 : "by signal",
                     p->exit.status);
}

static enum host_status handshake_late(struct host_process *p,
                                       const struct host_spawn *spawn,
                                       struct host_error *error)
{
    if (p->state == PROCESS_LOST)
        return host_fail(error, HOST_CLIENT,
                         "client '%s' (pid %d) hung up before its handshake was"
                         " complete, but did not end",
                         p->name, (int)p->pid);
    return host_fail(error, HOST_CLIENT,
                     "client '%s' (pid %d) did not shake hands within %.1f s:"
                     " something keeps it before main(), a constructor or a"
                     " wrapper",
                     p->name, (int)p->pid, (double)spawn->timeout_ns / 1e9);
}

/* Give the handshake its time; mutex is held. */
static enum host_status wait_ready(struct host_machine *m,
                                   struct host_process *p,
                                   const struct host_spawn *spawn,
                                   struct host_error *error)
{
    int64_t deadline = host_deadline(spawn->timeout_ns);

    while (!p->shook_hands && p->state != PROCESS_ENDED && !m->closing) {
        if (host_left(deadline, SLICE_NS) == 0)
            return handshake_late(p, spawn, error);
        if (interrupted(m, spawn))
            return HOST_INTERRUPTED;
        wait_changed(m, deadline);
    }
    if (p->shook_hands)
        return HOST_OK;
    if (m->closing && p->state != PROCESS_ENDED)
        return host_fail(error, HOST_CLOSED, "the machine was closed");
    return handshake_failed(p, error);
}

static enum host_status start_failed(const struct spawn_request *request,
                                     struct host_error *error)
{
    errno = request->error;
    if (request->in_folder)
        return host_fail_errno(error,
                               "cannot start %s: its working directory"
                               " %s",
                               request->spawn->path, request->spawn->cwd);
    host_fail_errno(error, "cannot start %s", request->spawn->path);
    return request->error == ENOENT ? HOST_NOT_FOUND : HOST_SYSTEM;
}

enum host_status host_spawn(struct host_machine *m,
                            const struct host_spawn *spawn, uint32_t *ret,
                            struct host_error *error)
{
    const char *client = spawn->client ? spawn->client : spawn->path;
    enum host_status status =
        elf_check_client(client, m->k->h.config.mcs, error);
    struct spawn_request request = { .spawn = spawn, .client_socket = -1 };
    struct host_process *p;

    if (status == HOST_OK && m->k->h.panicked)
        status = host_fail(error, HOST_PANIC, "%s", m->k->h.panic);
    if (status != HOST_OK)
        return status;
    p = process_allocate(m, spawn->name, spawn->vspace, PROCESS_HOSTED, error);
    if (p == NULL)
        return error->errno_value ? HOST_SYSTEM : HOST_INVALID;
    request.process = p;
    pthread_mutex_lock(&m->mutex);
    request_start(m, &request);
    if (request.error != 0) {
        process_forget(m, p);
        pthread_mutex_unlock(&m->mutex);
        return start_failed(&request, error);
    }
    status = wait_ready(m, p, spawn, error);
    *ret = p->index;
    if (status != HOST_OK) {
        if (p->pidfd >= 0)
            sys_call(SYS_pidfd_send_signal, p->pidfd, SIGKILL, 0, 0, 0, 0);
        while (p->state != PROCESS_ENDED)
            wait_changed(m, INT64_MAX);
        process_forget(m, p);
    }
    pthread_mutex_unlock(&m->mutex);
    return status;
}

enum host_status host_start(struct host_machine *m, uint32_t process,
                            const struct host_start *start,
                            struct host_error *error)
{
    enum host_status status = host_lock(m, false, error);

    if (status != HOST_OK)
        return status;
    if (process < IMAGE_PROCESSES && m->process[process] != NULL)
        m->process[process]->start = *start;
    else
        status = host_fail(error, HOST_INVALID, "no such process");
    host_unlock(m);
    return status;
}

enum host_status host_poll_exit(struct host_machine *m, uint32_t process,
                                struct host_exit *ret)
{
    enum host_status status = HOST_INVALID;

    pthread_mutex_lock(&m->mutex);
    if (process < IMAGE_PROCESSES && m->process[process] != NULL) {
        *ret = m->process[process]->exit;
        status = HOST_OK;
    }
    pthread_mutex_unlock(&m->mutex);
    return status;
}

/* Nobody runs, nobody will: only an agent could change that. */
static bool deadlocked(struct host_machine *m)
{
    struct kernel *k = m->k;
    struct host_error error;
    bool result;

    if (host_lock(m, false, &error) != HOST_OK)
        return false;
    result = k->h.current == 0 && k->h.paused == 0 &&
             k->h.deadline == TIME_NEVER && k->h.host_blocked == 0;
    host_unlock(m);
    return result;
}

/* Has it ended, or is the time over? HOST_INTERRUPTED: neither. The mutex is
 * held. */
static enum host_status exit_so_far(struct host_machine *m,
                                    const struct host_wait *wait,
                                    int64_t deadline, struct host_exit *ret,
                                    struct host_error *error)
{
    const struct host_process *p =
        wait->process < IMAGE_PROCESSES ? m->process[wait->process] : NULL;

    if (p == NULL)
        return host_fail(error, HOST_INVALID, "no such process");
    if (p->state == PROCESS_ENDED) {
        *ret = p->exit;
        return HOST_OK;
    }
    if (host_left(deadline, SLICE_NS) == 0)
        return host_fail(error, HOST_TIMEOUT, "client '%s' (pid %d) still runs",
                         p->name, (int)p->pid);
    return HOST_INTERRUPTED;
}

enum host_status host_wait_exit(struct host_machine *m,
                                const struct host_wait *wait,
                                struct host_exit *ret, struct host_error *error)
{
    int64_t deadline = host_deadline(wait->timeout_ns);
    int64_t slice_end = host_now() + DEADLOCK_NS;
    bool stuck = wait->solitary && deadlocked(m);
    uint32_t idle = m->k->h.idle_count;
    enum host_status status;

    pthread_mutex_lock(&m->mutex);
    for (;;) {
        status = exit_so_far(m, wait, deadline, ret, error);
        if (status != HOST_INTERRUPTED || host_now() >= slice_end)
            break;
        wait_changed(m, deadline < slice_end ? deadline : slice_end);
    }
    pthread_mutex_unlock(&m->mutex);
    if (status == HOST_INTERRUPTED && m->halted)
        return host_fail(error, HOST_PANIC, "%s",
                         m->k->h.panicked ? m->k->h.panic : HALTED);
    /* Twice the same picture, and nobody ran in between. */
    if (status == HOST_INTERRUPTED && stuck && deadlocked(m) &&
        idle == m->k->h.idle_count)
        return host_fail(error, HOST_DEADLOCK,
                         "no thread can run any more, and nothing outside can"
                         " change that");
    return status;
}

/* Give a signal that ends the process time to do so, for as long as we keep it
 * out of the kernel. */
static void await_death(struct host_process *p, int signal)
{
    struct pollfd end = { .fd = p->pidfd, .events = POLLIN };

    poll(&end, 1, signal == SIGKILL ? KILL_PATIENCE_MS : SIGNAL_PATIENCE_MS);
}

enum host_status host_kill(struct host_machine *m, uint32_t process, int signal,
                           struct host_error *error)
{
    enum host_status status;
    struct host_process *p;
    pid_t client;

    pthread_mutex_lock(&m->mutex);
    p = process < IMAGE_PROCESSES ? m->process[process] : NULL;
    status = host_lock(m, true, error);
    if (status == HOST_OK && p != NULL && p->pidfd >= 0) {
        client = (pid_t)m->k->h.process[process].pid;
        /* A client below a wrapper (valgrind, perf) is another process. */
        if (client > 0 && client != p->pid && p->socket >= 0)
            kill(client, signal);
        sys_call(SYS_pidfd_send_signal, p->pidfd, signal, 0, 0, 0, 0);
        await_death(p, signal);
    }
    if (status == HOST_OK)
        host_unlock(m);
    pthread_mutex_unlock(&m->mutex);
    return status;
}

void host_release(struct host_machine *m, uint32_t process)
{
    pthread_mutex_lock(&m->mutex);
    if (process < IMAGE_PROCESSES && m->process[process] != NULL &&
        m->process[process]->state == PROCESS_ENDED)
        process_forget(m, m->process[process]);
    pthread_mutex_unlock(&m->mutex);
}

uint32_t host_process_count(struct host_machine *m)
{
    uint32_t live;

    pthread_mutex_lock(&m->mutex);
    live = m->live;
    pthread_mutex_unlock(&m->mutex);
    return live;
}
