/* SPDX-License-Identifier: BSD-2-Clause */
/* The service thread: see monitor.h for how it works. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "gate/clock.h"
#include "gate/lock.h"
#include "gate/sys.h"
#include "host/monitor.h"

#define EVENTS 64
#define READER_SLICE_MS 50
#define CLOSE_PATIENCE_NS 100000000

int monitor_watch(struct host_machine *m, int fd, uint32_t kind, uint32_t index)
{
    struct epoll_event event = {
        .events = EPOLLIN,
        .data.u64 = (uint64_t)kind << 32 | index,
    };

    return epoll_ctl(m->epoll, EPOLL_CTL_ADD, fd, &event);
}

/* --- console ---------------------------------------------------------------- */

static void keep_console(struct host_machine *m, const char *data, size_t size)
{
    pthread_mutex_lock(&m->mutex);
    if (m->console_kept + size > m->console_room) {
        size_t room = 2 * (m->console_kept + size);
        char *bigger = realloc(m->console, room);

        if (bigger == NULL) {
            pthread_mutex_unlock(&m->mutex);
            return;
        }
        m->console = bigger;
        m->console_room = room;
    }
    memcpy(m->console + m->console_kept, data, size);
    m->console_kept += size;
    pthread_mutex_unlock(&m->mutex);
}

/* Wait until the console takes a piece. A pipe that nobody reads holds the
 * programs up, as a serial line does, but not the machine's end. */
static bool await_reader(struct host_machine *m)
{
    struct pollfd console = { m->console_fd, POLLOUT, 0 };

    while (!m->closing) {
        if (poll(&console, 1, READER_SLICE_MS) > 0)
            return true;
    }
    return poll(&console, 1, 0) > 0;
}

static void write_console(struct host_machine *m, const char *data, size_t size)
{
    keep_console(m, data, size);
    while (m->console_fd >= 0 && size > 0 && await_reader(m)) {
        size_t piece = size < PIPE_BUF ? size : PIPE_BUF;
        ssize_t n = write(m->console_fd, data, piece);

        if (n < 0 && errno != EINTR)
            return;
        if (n > 0) {
            data += n;
            size -= (size_t)n;
        }
    }
}

/* Take what the console ring has, under the lock; returns its size. */
static size_t take_console(struct kernel *k, char *buffer)
{
    word from = k->h.console_taken, to = k->h.console_written;
    size_t n = 0;

    if (to - from > IMAGE_CONSOLE_BYTES)
        from = to - IMAGE_CONSOLE_BYTES;
    while (from != to)
        buffer[n++] = k->h.console[from++ % IMAGE_CONSOLE_BYTES];
    k->h.console_taken = to;
    return n;
}

bool monitor_console_shown(struct host_machine *m)
{
    if (m->k->h.console_taken == m->k->h.console_written)
        return !__atomic_load_n(&m->showing, __ATOMIC_ACQUIRE);
    host_call(m);
    return false;
}

size_t host_console(struct host_machine *m, uint64_t offset, char *buffer,
                    size_t size)
{
    size_t n = 0;

    pthread_mutex_lock(&m->mutex);
    if (offset < m->console_kept) {
        n = m->console_kept - offset;
        n = n < size ? n : size;
        memcpy(buffer, m->console + offset, n);
    }
    pthread_mutex_unlock(&m->mutex);
    return n;
}

/* --- events ----------------------------------------------------------------- */

static void stop_all(struct host_machine *m)
{
    for (uint32_t i = 1; i < IMAGE_PROCESSES; i++) {
        if (m->process[i] != NULL && m->process[i]->pidfd >= 0)
            process_break(m, m->process[i], "the machine stopped: %s",
                          m->k->h.panic);
    }
}

/* Clients that are ended shall not be inside the kernel: nobody gets in any
 * more. Whoever is held there by a debugger is an exception. */
static void close_kernel(struct host_machine *m)
{
    bool locked = lock_take_for(m->k, 0, CLOSE_PATIENCE_NS);

    if (!m->k->h.panicked) {
        snprintf(m->k->h.panic, sizeof(m->k->h.panic), "it was closed");
        m->k->h.panicked = 1;
    }
    if (locked)
        lock_drop(m->k);
}

/* Linux refused something that a client's thread needs. */
static void break_failed(struct host_machine *m)
{
    m->failed = 0;
    for (uint32_t i = 1; i < IMAGE_PROCESSES; i++) {
        struct host_process *p = m->process[i];

        if (p != NULL && p->pidfd >= 0 && p->failure != 0)
            process_break(m, p, "the monitor could not make a thread of it: %s",
                          strerror(p->failure));
    }
}

/* What the core asked for. */
static void take_events(struct host_machine *m)
{
    static __thread char console[IMAGE_CONSOLE_BYTES];
    struct kernel *k = m->k;
    struct host_error error;
    uint32_t events;
    size_t size;

    __atomic_store_n(&k->h.doorbell, 0, __ATOMIC_SEQ_CST);
    if (host_lock(m, true, &error) != HOST_OK)
        return;
    events = k->h.events & ~(uint32_t)EVENT_KICK;
    k->h.events &= EVENT_KICK;
    if (events & (EVENT_THREAD_NEW | EVENT_THREAD_RETIRED))
        thread_events(m);
    /* A client could not set the timer. */
    if (events & EVENT_TIMER)
        gate_clock_arm(k, m->timer.fd);
    if ((events & EVENT_PREEMPTED) && !m->watching)
        lend_start(m);
    if (events & EVENT_HALT)
        m->halted = true;
    size = take_console(k, console);
    __atomic_store_n(&m->showing, size > 0, __ATOMIC_RELAXED);
    host_unlock(m);
    if (m->failed)
        break_failed(m);
    bare_start(m);
    if (events & EVENT_PROCESS_RETIRED)
        bare_retire(m);
    if (size > 0)
        write_console(m, console, size);
    __atomic_store_n(&m->showing, 0, __ATOMIC_RELEASE);
    if (k->h.panicked)
        stop_all(m);
}

static void take_request(struct host_machine *m)
{
    struct spawn_request *request;

    pthread_mutex_lock(&m->mutex);
    request = m->request;
    m->request = NULL;
    pthread_mutex_unlock(&m->mutex);
    if (request == NULL)
        return;
    spawn_start(m, request);
    pthread_mutex_lock(&m->mutex);
    request->done = true;
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->mutex);
}

static void on_call(struct host_machine *m)
{
    uint64_t count;

    if (read(m->call, &count, sizeof(count)) < 0)
        count = 0;
    take_request(m);
    take_events(m);
    if (m->closing) {
        close_kernel(m);
        stop_all(m);
    }
}

static void on_event(struct host_machine *m, uint32_t kind, uint32_t index)
{
    struct host_process *p = NULL;

    if (kind == WATCH_PROCESS || kind == WATCH_PIDFD) {
        pthread_mutex_lock(&m->mutex);
        p = m->process[index];
        pthread_mutex_unlock(&m->mutex);
        if (p == NULL)
            return;
    }
    if (kind == WATCH_CALL)
        on_call(m);
    else if (kind == WATCH_SLEEPERS)
        lend_watch(m);
    else if (kind == WATCH_PROCESS)
        process_message(m, p);
    else if (kind == WATCH_PIDFD && p->pidfd >= 0)
        process_reap(m, p);
    else if (kind == WATCH_THREAD)
        server_trap(m, index);
}

static bool finished(struct host_machine *m)
{
    bool result;

    pthread_mutex_lock(&m->mutex);
    result = m->closing && m->live == 0 && m->request == NULL;
    pthread_mutex_unlock(&m->mutex);
    return result;
}

/* Close what the processes of a finished machine still have. */
static void tidy(struct host_machine *m)
{
    pthread_mutex_lock(&m->mutex);
    for (uint32_t i = 1; i < IMAGE_PROCESSES; i++) {
        if (m->process[i] != NULL)
            process_forget(m, m->process[i]);
    }
    for (uint32_t i = 0; i < IMAGE_THREADS; i++) {
        if (m->client[i].socket >= 0)
            close(m->client[i].socket);
    }
    pthread_mutex_unlock(&m->mutex);
}

void *monitor_main(void *machine)
{
    struct host_machine *m = machine;
    struct epoll_event events[EVENTS];

    prctl(PR_SET_NAME, "sel4emu");
    /* It serves every trap: a hand-over to another CPU costs far more. */
    if (m->k->h.config.isolation == ISOLATION_PROCESS)
        host_bind(m->cpu);
    while (!finished(m)) {
        int n = epoll_wait(m->epoll, events, EVENTS, -1);

        process_sweep(m);
        for (int i = 0; i < n; i++)
            on_event(m, (uint32_t)(events[i].data.u64 >> 32),
                     (uint32_t)events[i].data.u64);
    }
    tidy(m);
    return NULL;
}
