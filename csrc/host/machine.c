/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine's life: its image, its lock as the monitor takes it, its end.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "abi/sel4_api.h"
#include "abi/sel4_names.h"
#include "gate/clock.h"
#include "gate/handoff.h"
#include "gate/lock.h"
#include "gate/sys.h"
#include "host/monitor.h"

#define LOCK_PATIENCE_NS 5000000000
#define LOCK_SLICE_NS 100000000

static void clear_memory(struct kernel *k, paddr start, word size)
{
    char *p = kernel_memory(k, start);

    if (size < (64ul << 10) || madvise(p, size, MADV_REMOVE) != 0)
        memset(p, 0, size);
}

/* Machines take turns on the CPUs that this process may use. */
static int choose_cpu(void)
{
    static unsigned counter;
    unsigned turn = __atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED);
    word mask[16] = { 0 };
    long bytes =
        sys_call(SYS_sched_getaffinity, 0, sizeof(mask), mask, 0, 0, 0);
    int cpus[1024], n = 0;

    for (int i = 0; i < (int)(8 * bytes); i++) {
        if (mask[i / 64] >> (i % 64) & 1)
            cpus[n++] = i;
    }
    return n > 0 ? cpus[turn % (unsigned)n] : -1;
}

void host_bind(int cpu)
{
    word mask[16] = { 0 };

    if (cpu < 0 || cpu >= 1024)
        return;
    mask[cpu / 64] = 1ul << (cpu % 64);
    sys_call(SYS_sched_setaffinity, 0, sizeof(mask), mask, 0, 0, 0);
}

/* How fast programs see the time-stamp counter count. */
static uint32_t count_mhz(uint32_t clock)
{
    return clock == CLOCK_VIRTUAL ? CLOCK_VIRTUAL_MHZ : tsc_mhz();
}

static enum host_status make_image(struct host_machine *m,
                                   struct image_config *config,
                                   struct host_error *error)
{
    const char *problem;
    void *p;

    if (config->memory_size < (4ul << 20) ||
        config->memory_size > (1ul << 40) || config->memory_size & 0xfff)
        return host_fail(error, HOST_INVALID,
                         "memory of %lu bytes: between 4 MiB and 1 TiB, in"
                         " pages of 4 KiB, are possible",
                         config->memory_size);
    m->size = IMAGE_HEADER_SIZE + config->memory_size;
    m->image_fd =
        (int)sys_call(SYS_memfd_create, "sel4emu", 1 /* CLOEXEC */, 0, 0, 0, 0);
    if (m->image_fd < 0) {
        errno = -m->image_fd;
        return host_fail_errno(error, "memfd_create");
    }
    if (ftruncate(m->image_fd, (off_t)m->size) != 0)
        return host_fail_errno(error, "image of %zu bytes", m->size);
    p = mmap(NULL, m->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
             m->image_fd, 0);
    if (p == MAP_FAILED)
        return host_fail_errno(error, "image of %zu bytes", m->size);
    m->k = p;
    madvise(p, m->size, MADV_DONTFORK);
    m->ops.clear = clear_memory;
    config->tsc_mhz = count_mhz(config->clock);
    problem = kernel_boot(m->k, config, &m->ops);
    if (problem != NULL)
        return host_fail(error, HOST_INVALID, "%s", problem);
    tsc_begin(m->k);
    if (m->k->h.paused)
        gate_clock_stop(m->k, GATE_CLOCK_PAUSED);
    return HOST_OK;
}

bool host_thread_start(struct host_machine *m, pthread_t *thread,
                       void *(*run)(void *machine))
{
    sigset_t all, old;
    int number;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    number = pthread_create(thread, NULL, run, m);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    errno = number;
    return number == 0;
}

static enum host_status make_service(struct host_machine *m,
                                     struct host_error *error)
{
    m->epoll = epoll_create1(EPOLL_CLOEXEC);
    m->call = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    m->watch = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (m->epoll < 0 || m->call < 0 || m->watch < 0)
        return host_fail_errno(error, "descriptors of the monitor");
    if (monitor_watch(m, m->call, WATCH_CALL, 0) != 0 ||
        monitor_watch(m, m->watch, WATCH_SLEEPERS, 0) != 0)
        return host_fail_errno(error, "epoll");
    if (!host_thread_start(m, &m->thread, monitor_main))
        return host_fail_errno(error, "service thread");
    return HOST_OK;
}

static void close_all(struct host_machine *m)
{
    const int fds[] = { m->epoll,    m->call,      m->watch,
                        m->timer.fd, m->timer.end, m->image_fd };

    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    if (m->k != NULL && m->owner == getpid())
        munmap(m->k, m->size);
    free(m->console);
    free(m->runner);
    free(m);
}

struct host_machine *host_create(const struct host_options *options,
                                 struct host_error *error)
{
    struct host_machine *m = calloc(1, sizeof(*m));
    struct image_config config = options->config;
    pthread_condattr_t attributes;

    if (m == NULL) {
        errno = ENOMEM;
        host_fail_errno(error, "machine");
        return NULL;
    }
    m->epoll = m->call = m->watch = m->image_fd = -1;
    m->timer.fd = m->timer.end = -1;
    m->owner = getpid();
    m->console_fd = options->console_fd;
    m->runner = options->runner ? strdup(options->runner) : NULL;
    m->cpu = options->cpu == -1 ? choose_cpu() : options->cpu;
    pthread_mutex_init(&m->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&m->changed, &attributes);
    for (uint32_t i = 0; i < IMAGE_THREADS; i++)
        m->client[i].socket = -1;
    if (make_image(m, &config, error) != HOST_OK ||
        timer_start(m, error) != HOST_OK || make_service(m, error) != HOST_OK) {
        timer_end(m);
        close_all(m);
        return NULL;
    }
    return m;
}

void host_destroy(struct host_machine *m)
{
    pthread_mutex_lock(&m->mutex);
    m->closing = true;
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->mutex);
    host_call(m);
    pthread_join(m->thread, NULL);
    timer_end(m);
    /* Agents notice `closing` within a slice of their wait. */
    pthread_mutex_lock(&m->mutex);
    while (m->callers != 0)
        pthread_cond_wait(&m->changed, &m->mutex);
    pthread_mutex_unlock(&m->mutex);
    process_sweep(m);
    pthread_cond_destroy(&m->changed);
    pthread_mutex_destroy(&m->mutex);
    close_all(m);
}

void host_forget(struct host_machine *m)
{
    for (uint32_t i = 0; i < IMAGE_PROCESSES; i++) {
        if (m->process[i] != NULL) {
            close(m->process[i]->socket);
            close(m->process[i]->pidfd);
            free(m->process[i]);
        }
    }
    for (uint32_t i = 0; i < IMAGE_THREADS; i++) {
        if (m->client[i].socket >= 0)
            close(m->client[i].socket);
    }
    while (m->forgotten != NULL) {
        struct host_process *p = m->forgotten;

        m->forgotten = p->next;
        free(p);
    }
    m->k = NULL; /* was not copied: MADV_DONTFORK */
    close_all(m);
}

enum host_status host_time(struct host_machine *m, word *ret,
                           struct host_error *error)
{
    enum host_status status = host_lock(m, true, error);

    if (status != HOST_OK)
        return status;
    gate_clock_correct(m->k);
    *ret = m->k->h.time;
    host_unlock(m);
    return HOST_OK;
}

struct kernel *host_kernel(struct host_machine *m)
{
    return m->k;
}

int host_image_fd(struct host_machine *m)
{
    return m->image_fd;
}

void host_call(struct host_machine *m)
{
    const uint64_t one = 1;

    if (write(m->call, &one, sizeof(one)) < 0)
        return; /* the counter is full: it has been called */
}

/* --- the lock --------------------------------------------------------------- */

/* Is this client process dead, with all of its threads? Then nobody will give
 * the lock back. */
static bool owner_dead(struct host_machine *m, int owner)
{
    pid_t pid = (pid_t)m->k->h.process[owner].pid;
    char path[64], state = 0;
    long threads = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    file = fopen(path, "re");
    if (file == NULL)
        return true;
    if (fscanf(file,
               "%*d (%*[^)]) %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u"
               " %*u %*d %*d %*d %*d %ld",
               &state, &threads) != 2)
        state = 0;
    fclose(file);
    return (state == 'Z' || state == 'X') && threads <= 1;
}

/* What somebody was doing inside the kernel, in words. */
static void describe_inside(struct kernel *k, char *text, size_t size)
{
    uint32_t call = k->h.inside.system_call;
    word label = k->h.inside.info >> 12;
    unsigned method = METHOD_INVALID;

    if (k->h.inside.cause != CAUSE_SYSCALL || call >= SYS_COUNT) {
        snprintf(text, size, "during a fault or an interrupt");
        return;
    }
    if (call == SYS_CALL && label < 64 &&
        !kernel_is_message(k, k->h.inside.tcb, k->h.inside.cap))
        method = sel4_method_of_label[k->h.config.mcs][label];
    snprintf(text, size, "during seL4_%s%s%s on capability 0x%lx",
             sel4_sys_name[call], method ? ", " : "",
             method ? sel4_method_name[method] : "", k->h.inside.cap);
}

/*
 * Take the lock over from a dead client; false: somebody else did. If it died
 * on its way into the core or out of it (a process can end while another of
 * its threads is there), the machine is whole, and only the hand-over has to be
 * made again. Else this is the end.
 */
static bool seize_lock(struct host_machine *m, int owner)
{
    struct kernel *k = m->k;
    char text[256], call[160];

    if (!lock_seize(k, (uint32_t)owner))
        return false;
    if (k->h.inside.tcb == 0) {
        host_handoff(m, 0);
        if (__atomic_load_n(&k->h.pending, __ATOMIC_SEQ_CST) != 0)
            handoff_kick(k);
    } else {
        describe_inside(k, call, sizeof(call));
        snprintf(text, sizeof(text),
                 "client '%s' (pid %u) died inside the kernel, %s",
                 k->h.process[owner].name, k->h.process[owner].pid, call);
        kernel_panic(k, text);
    }
    host_call(m);
    return true;
}

/* Does anybody get in and out? */
static word entries_so_far(struct kernel *k)
{
    return __atomic_load_n(&k->h.entries, __ATOMIC_RELAXED);
}

enum host_status host_lock(struct host_machine *m, bool panic_ok,
                           struct host_error *error)
{
    int64_t deadline = host_now() + LOCK_PATIENCE_NS;
    struct kernel *k = m->k;
    word entries = entries_so_far(k);

    while (!lock_take_for(k, 0, LOCK_SLICE_NS)) {
        int owner = lock_owner(k);

        /* On a busy computer others may come first, one after the other. */
        if (entries_so_far(k) != entries) {
            entries = entries_so_far(k);
            deadline = host_now() + LOCK_PATIENCE_NS;
        }

        if (owner > 0 && owner_dead(m, owner) && seize_lock(m, owner))
            break;
        if (owner > 0 && host_now() > deadline)
            return host_fail(error, HOST_TIMEOUT,
                             "client '%s' (pid %u) is stopped inside the kernel"
                             " (by a debugger?) and holds its lock",
                             k->h.process[owner].name, k->h.process[owner].pid);
    }
    if (k->h.panicked && !panic_ok) {
        lock_drop(k);
        if (m->closing)
            return host_fail(error, HOST_CLOSED, "the machine was closed");
        return host_fail(error, HOST_PANIC, "%s", k->h.panic);
    }
    return HOST_OK;
}

void host_lock_patiently(struct host_machine *m)
{
    struct host_error error;

    while (host_lock(m, true, &error) != HOST_OK)
        ;
}

void host_unlock(struct host_machine *m)
{
    lock_drop(m->k);
}

void host_enter(struct host_machine *m, paddr tcb,
                const struct kernel_cause *cause)
{
    gate_clock_enter(m->k, &m->ops, tcb, cause);
}

void host_reschedule(struct host_machine *m)
{
    gate_clock_reschedule(m->k);
}

void host_handoff(struct host_machine *m, uint32_t me)
{
    struct kernel *k = m->k;

    gate_clock_leave(k, m->timer.fd);
    handoff_thread(k, me);
    if (k->h.config.isolation == ISOLATION_PROCESS && k->h.current_thread != 0)
        server_resume(m, k->h.current_thread);
    if ((k->h.events & HANDOFF_MONITOR_EVENTS) || k->h.panicked) {
        if (!__atomic_exchange_n(&k->h.doorbell, 1, __ATOMIC_SEQ_CST))
            host_call(m);
    }
}

const char *host_panic_text(struct host_machine *m)
{
    return m->k->h.panicked ? m->k->h.panic : "";
}
