/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitor: the Linux side of a machine. It owns the image, the client
 * processes and one service thread, and lets agents (Python threads) enter
 * the kernel.
 *
 * Functions that may wait say so; they never hold a lock of the caller's, and
 * take a time-out in nanoseconds (negative: none). They return an enum
 * host_status; text that explains a failure is left in `struct host_error`.
 * All functions may be called from any thread, except where said.
 */
#ifndef SEL4EMU_HOST_HOST_H
#define SEL4EMU_HOST_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/kernel.h"

struct host_machine;

enum host_status {
    HOST_OK,
    HOST_TIMEOUT,        /* the time-out passed */
    HOST_INTERRUPTED,    /* a Linux signal came in (EINTR): look, then go on */
    HOST_PANIC,          /* the machine has stopped for good: see the text */
    HOST_CLOSED,         /* the machine was closed meanwhile */
    HOST_INVALID,        /* an argument is wrong: see the text */
    HOST_NOT_FOUND,      /* the executable does not exist */
    HOST_BAD_EXECUTABLE, /* not ELF, other machine, not a client... */
    HOST_BAD_VERSION,    /* built against another version of sel4emu */
    HOST_SYSTEM,         /* a Linux call failed: errno_value, text */
    HOST_CLIENT,         /* the client broke off: see the text */
    HOST_RETIRED,        /* the agent's TCB was deleted */
    HOST_FAULT,          /* the agent's call raised a fault (a capability fault:
                         see its fault in the TCB); the agent goes on */
    HOST_DEADLOCK,       /* nobody runs, and nothing outside can change that */
};

struct host_error {
    int errno_value;
    char text[512];
};

struct host_options {
    struct image_config config; /* tsc_mhz is the monitor's */
    int cpu;            /* CPU for all client threads; -1: the monitor chooses,
                       -2: leave affinity alone */
    const char *runner; /* path of the runner, for VSpaces that are made by
                           seL4 calls; NULL: hosted clients only */
    int console_fd; /* where console output goes (not closed by the monitor);
                       -1: kept, see host_console() */
};

/* Make a machine: image, boot, service thread. NULL: see error. */
struct host_machine *host_create(const struct host_options *options,
                                 struct host_error *error);
/* End every client, free everything. Nobody may use the machine any more.
 * Agents that wait inside host_agent_wait() get HOST_CLOSED first. */
void host_destroy(struct host_machine *m);
/* In the child of a fork: forget the machine without touching the parent's. */
void host_forget(struct host_machine *m);

struct kernel *host_kernel(struct host_machine *m);
/* The lock that guards the image; held for a short time only. Fails with
 * HOST_TIMEOUT after 5 s, naming the client that holds it (stopped by a
 * debugger, say), and with HOST_PANIC on a stopped machine only if `panic_ok`
 * is false. */
enum host_status host_lock(struct host_machine *m, bool panic_ok,
                           struct host_error *error);
void host_unlock(struct host_machine *m);

/* --- agents --------------------------------------------------------------
 * An agent is a TCB driven from here. Only one thread uses an agent at a time.
 */

/* Make `tcb` (physical address) an agent; its index is left in *ret. */
enum host_status host_agent_create(struct host_machine *m, paddr tcb,
                                   uint32_t *ret, struct host_error *error);

/*
 * Enter the kernel as an agent, with the registers of the trap ABI
 * (kernel_trap_register) set from `registers`, and return once the call has
 * been started; *done tells whether it is complete (else: host_agent_wait).
 * Never waits for a partner; may wait shortly until the current client thread
 * is parked, which calls other than message passing need.
 */
enum host_status host_agent_enter(struct host_machine *m, uint32_t agent,
                                  const word registers[REG_COUNT], bool *done,
                                  struct host_error *error);
/* Wait until the agent's call is complete; HOST_OK: *registers holds the
 * results. HOST_TIMEOUT and HOST_INTERRUPTED leave the call pending: wait
 * again, or cancel it. */
enum host_status host_agent_wait(struct host_machine *m, uint32_t agent,
                                 int64_t timeout_ns, word registers[REG_COUNT],
                                 struct host_error *error);
/* Take back a pending call; *done: it completed in the last moment. */
enum host_status host_agent_cancel(struct host_machine *m, uint32_t agent,
                                   bool *done, struct host_error *error);

/* --- clients ------------------------------------------------------------ */

struct host_spawn {
    const char *path;   /* what is executed; relative: to cwd of the caller */
    const char *client; /* the client's executable where `path` is a program
                           that starts it (valgrind, perf); NULL: `path` */
    char *const *argv;
    char *const *envp;
    const char *cwd;    /* NULL: as the caller's */
    int stdio[3];       /* descriptors for 0, 1, 2; -1: as the monitor's */
    const char *name;   /* for messages and /proc; at most 31 bytes */
    paddr vspace;       /* PML4 that the process is for */
    int64_t timeout_ns; /* until its handshake */
    /* Called every now and then while waiting: true ends the wait and the
     * process, with HOST_INTERRUPTED. May be NULL. */
    bool (*interrupted)(void *argument);
    void *argument;
};

/*
 * Check the executable, start it, and wait for its handshake. Afterwards the
 * process waits for its first thread: the first TCB of that VSpace that is
 * scheduled (TCB_Configure, TCB_Resume...) becomes its main thread, with the
 * start-up data of host_start(). *ret: index in image_header.process[].
 */
enum host_status host_spawn(struct host_machine *m,
                            const struct host_spawn *spawn, uint32_t *ret,
                            struct host_error *error);

struct host_start {
    word ipc_buffer; /* user address of the first thread's IPC buffer, or 0 */
    word bootinfo;   /* user address of its seL4_BootInfo, or 0 */
};
/* Give the process its start-up data; before its first thread is resumed. */
enum host_status host_start(struct host_machine *m, uint32_t process,
                            const struct host_start *start,
                            struct host_error *error);

enum host_exit_kind {
    EXIT_RUNNING, /* not ended */
    EXIT_STATUS,  /* exit(status) */
    EXIT_SIGNAL,  /* killed by signal `status` */
};
struct host_exit {
    enum host_exit_kind kind;
    int status;
    uint64_t generation; /* unique over the life of the machine */
    char reason[256];    /* "" or why the monitor ended it */
};
/* What became of a process; never waits. Entries of ended processes are kept
 * until host_release(). */
enum host_status host_poll_exit(struct host_machine *m, uint32_t process,
                                struct host_exit *ret);
/* Wait for its end. HOST_DEADLOCK: the node idles, no thread of any client
 * can run again, nobody waits for the host, and no agent but the caller's
 * could change that (`solitary`: the caller says there is none). HOST_PANIC also after a
 * seL4_DebugHalt. */
struct host_wait {
    uint32_t process;
    int64_t timeout_ns;
    bool solitary; /* no agent but the caller's could wake anybody */
};
enum host_status host_wait_exit(struct host_machine *m,
                                const struct host_wait *wait,
                                struct host_exit *ret,
                                struct host_error *error);
/* Send a signal; takes the lock first, so that nobody dies inside the core. */
enum host_status host_kill(struct host_machine *m, uint32_t process, int signal,
                           struct host_error *error);
/* The caller is done with an ended process: its entry may be used again. */
void host_release(struct host_machine *m, uint32_t process);
/* Number of processes that have not ended. */
uint32_t host_process_count(struct host_machine *m);

/* --- control ------------------------------------------------------------ */

/* Stop the node: returns when no client thread executes user code. Nests. */
enum host_status host_pause(struct host_machine *m, int64_t timeout_ns,
                            struct host_error *error);
enum host_status host_resume(struct host_machine *m, struct host_error *error);
/* On a paused node: run until `entries` kernel entries were made. */
enum host_status host_step(struct host_machine *m, uint32_t entries,
                           int64_t timeout_ns, struct host_error *error);
/* Wait until nobody runs (every thread blocked, or the node paused), and what
 * was printed has been written. */
enum host_status host_wait_idle(struct host_machine *m, int64_t timeout_ns,
                                struct host_error *error);

/* Console output kept so far, from `offset` on; returns the number of bytes
 * copied. */
size_t host_console(struct host_machine *m, uint64_t offset, char *buffer,
                    size_t size);
/* The panic text, or "". */
const char *host_panic_text(struct host_machine *m);
/* The machine's time, ns since boot. */
enum host_status host_time(struct host_machine *m, word *ret,
                           struct host_error *error);
/* Descriptor of the image (memfd); owned by the machine. */
int host_image_fd(struct host_machine *m);

#endif
