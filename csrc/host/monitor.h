/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitor's insides; host.h is its face.
 *
 * Principle of operation. One service thread per machine runs an epoll loop:
 * sockets of clients, their pidfds, and an eventfd by which other threads call
 * it. It alone starts processes (PR_SET_PDEATHSIG is about the *thread* that
 * forked), reaps them, makes and retires Linux threads of clients, and serves
 * the traps of the server gate. It never takes the GIL and blocks all signals.
 * A second thread waits for the machine's timer (timer.c). Agents enter the
 * kernel on their own threads.
 *
 * Locks, in the order in which they may be nested:
 *   host_machine.mutex    process states, spawn requests
 *     image_header.lock   the image; also host_process.thread_count and
 *                         host_thread
 */
#ifndef SEL4EMU_HOST_MONITOR_H
#define SEL4EMU_HOST_MONITOR_H

#include <pthread.h>
#include <sys/types.h>

#include "abi/message.h"
#include "host/host.h"

enum process_state {
    PROCESS_STARTING, /* forked, no handshake yet */
    PROCESS_GREETED,  /* HELLO came, WELCOME was sent */
    PROCESS_READY,    /* READY came: waits for its first thread */
    PROCESS_RUNNING,  /* its main thread is an seL4 thread */
    PROCESS_LOST,     /* its socket is closed; not reaped yet */
    PROCESS_ENDED,    /* reaped; struct host_exit tells */
};

struct host_process {
    /* under mutex */
    enum process_state state;
    struct host_exit exit;
    bool shook_hands; /* its READY came */
    /* the service thread's own */
    uint32_t index;
    pid_t pid; /* of our child; a client started by valgrind etc. may have
                   another one, which is in image_process */
    int pidfd;
    int socket;
    char name[32];
    bool bare;                 /* the runner, for a VSpace made by seL4 calls */
    int failure;               /* errno: a thread of it could not be made */
    uint32_t threads;          /* THREAD messages sent - THREAD_DOWN */
    struct host_start start;   /* under the machine's lock */
    struct host_process *next; /* of those to be freed; under mutex */
};

/* The server gate's side of a client thread; under the machine's lock. */
struct host_thread {
    int socket;                /* -1: none */
    uint32_t waiting;          /* it waits for a RESUME */
    struct message_trap *held; /* what it sent while it was only lent the CPU */
};

/* Bare processes started in one go; more wait for the next. */
#define BARE_WANTED 16u

struct spawn_request {
    const struct host_spawn *spawn;
    struct host_process *process;
    int client_socket;
    bool done;
    int error;      /* errno of the fork or exec */
    bool in_folder; /* ... or of entering its working directory */
};

/* The machine's timer, see timer.c. */
struct host_timer {
    int fd;  /* timerfd: fires at k->h.armed */
    int end; /* eventfd: the thread shall end */
    bool running;
    pthread_t thread;
    /* the timer thread's own */
    struct {
        uint32_t thread; /* who is watched, since this moment, */
        word since;
        word entries; /* h.current_entries and its process's CPU time then, */
        word cpu;
        word last; /* ... and at the last look */
        word gone; /* what of it has become virtual time */
    } watch;
};

struct host_machine {
    /* constant */
    struct kernel *k;
    size_t size;
    int image_fd;
    struct kernel_host ops;
    int cpu; /* -1: no affinity */
    pid_t owner;
    pthread_t thread;
    int epoll;
    int call;  /* eventfd: something for the service thread */
    int watch; /* timerfd: looks for threads that sleep in Linux, see lend.c */
    int console_fd;
    char *runner;        /* the runner's path; NULL: hosted clients only */
    uint64_t generation; /* under mutex */
    uint32_t console_size;
    struct host_timer timer;

    pthread_mutex_t mutex;
    pthread_cond_t changed;
    /* under mutex */
    struct host_process *process[IMAGE_PROCESSES];
    struct host_process *forgotten; /* to be freed by the service thread, which
                                       may be looking at them */
    uint32_t live;
    struct spawn_request *request;
    bool closing;
    bool halted;      /* seL4_DebugHalt: paused for good, to be looked at */
    uint32_t callers; /* threads inside agent waits */
    char *console;    /* kept output, console_kept bytes */
    size_t console_kept, console_room;
    uint32_t showing; /* atomic, set under the image's lock: output was taken
                         and is not written yet */

    /* the service thread's own */
    int failed; /* some process has a failure */
    bool watching;
    paddr wanted[BARE_WANTED]; /* VSpaces that want a bare process */
    uint32_t wanted_count;
    struct {
        uint32_t thread; /* current that slept in Linux when last looked */
        uint64_t ticks;  /* CPU time it had used */
    } sleeper;

    struct host_thread client[IMAGE_THREADS];
};

/* error.c */
__attribute__((format(printf, 3, 4))) enum host_status host_fail(
    struct host_error *error, enum host_status status, const char *format, ...);
/* The same for a failed Linux call: adds strerror(errno). */
__attribute__((format(printf, 2, 3))) enum host_status host_fail_errno(
    struct host_error *error, const char *format, ...);
int64_t host_now(void); /* CLOCK_MONOTONIC, ns */
/* Deadline of a time-out; negative: never. */
int64_t host_deadline(int64_t timeout_ns);
/* What is left, at most `slice`; 0: over. */
int64_t host_left(int64_t deadline, int64_t slice);

/* machine.c */
void host_call(struct host_machine *m); /* wake the service thread */
/* Take the lock, also on a stopped machine; while somebody is held inside the
 * kernel by a debugger there is no way around it, so this waits. */
void host_lock_patiently(struct host_machine *m);
/* kernel_enter() and kernel_reschedule(), under the lock. */
void host_enter(struct host_machine *m, paddr tcb,
                const struct kernel_cause *cause);
void host_reschedule(struct host_machine *m);
/* After host_enter() or host_reschedule(), under the lock: hand over to
 * whoever runs next. `me`: index of the thread that entered, 0: an agent. */
void host_handoff(struct host_machine *m, uint32_t me);

/* Start a thread of the machine, with all signals blocked; false: see errno. */
bool host_thread_start(struct host_machine *m, pthread_t *thread,
                       void *(*run)(void *machine));
/* Bind the calling thread to a CPU; negative: leave it alone. */
void host_bind(int cpu);

/* timer.c */
/* Make the timer and the thread that waits for it. */
enum host_status timer_start(struct host_machine *m, struct host_error *error);
/* End the thread, if there is one. */
void timer_end(struct host_machine *m);

/* stat.c */
struct thread_stat {
    char state;     /* 'R', 'S', 'T'...: see proc(5) */
    uint64_t ticks; /* CPU time used, in clock ticks */
};
/* False: there is no such thread. */
bool stat_thread(uint32_t pid, uint32_t tid, struct thread_stat *ret);

/* tsc.c */
/* Its frequency. */
uint32_t tsc_mhz(void);
/* Let the machine's time begin, counted by it if it is fit for that. */
void tsc_begin(struct kernel *k);

/* elf.c */
enum host_status elf_check_client(const char *path, bool mcs,
                                  struct host_error *error);

/* spawn.c: service thread only */
void spawn_start(struct host_machine *m, struct spawn_request *request);

/* process.c: service thread only */
void process_message(struct host_machine *m, struct host_process *p);
void process_lost(struct host_machine *m, struct host_process *p);
void process_reap(struct host_machine *m, struct host_process *p);
/* End a process that broke a rule; the reason is kept for host_exit. */
__attribute__((format(printf, 3, 4))) void process_break(struct host_machine *m,
                                                         struct host_process *p,
                                                         const char *format,
                                                         ...);
void process_forget(struct host_machine *m, struct host_process *p);
/* Free those that were forgotten. */
void process_sweep(struct host_machine *m);
/* A free entry of the process table, marked used (any thread); NULL: see
 * error. flags: PROCESS_HOSTED or 0. */
struct host_process *process_allocate(struct host_machine *m, const char *name,
                                      paddr vspace, uint32_t flags,
                                      struct host_error *error);

/* bare.c: service thread only */
/* A thread of this VSpace wants to run: note it (the lock is held). */
void bare_want(struct host_machine *m, paddr vspace);
/* Start the processes of the VSpaces noted. */
void bare_start(struct host_machine *m);
/* End processes whose VSpace is gone. */
void bare_retire(struct host_machine *m);

/* thread.c: service thread only; the lock is held */
void thread_events(struct host_machine *m);
void thread_free(struct host_machine *m, uint32_t index);
void thread_lost(struct host_machine *m, uint32_t process);

/* server.c */
void server_trap(struct host_machine *m, uint32_t index);
/* A thread has come into being, and waits. The lock is held. */
void server_up(struct host_machine *m, uint32_t index);
/* Let a scheduled thread go on if it waits; the lock is held. */
void server_resume(struct host_machine *m, uint32_t index);
void server_exit(struct host_machine *m, uint32_t index);
/* Let a preempted thread run user code although it is not current. */
void server_lend(struct host_machine *m, uint32_t index);

/* lend.c: service thread only */
void lend_start(struct host_machine *m);
void lend_watch(struct host_machine *m);

/* monitor.c */
void *monitor_main(void *machine);
/* Has all console output been written? If not, that is asked for. The lock is
 * held. */
bool monitor_console_shown(struct host_machine *m);
enum {
    WATCH_CALL,
    WATCH_SLEEPERS,
    WATCH_PROCESS,
    WATCH_PIDFD,
    WATCH_THREAD
};
int monitor_watch(struct host_machine *m, int fd, uint32_t kind,
                  uint32_t index);

#endif
