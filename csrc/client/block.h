/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The thread block: what a client's Linux thread knows about itself as an
 * seL4 thread. In hosted processes it is a TLS variable, so that a Linux
 * thread that is no seL4 thread has an empty one; in bare processes it lies
 * below the thread's signal stack.
 *
 * Shared with hosted/entry.S, hence the offsets.
 */
#ifndef SEL4EMU_CLIENT_BLOCK_H
#define SEL4EMU_CLIENT_BLOCK_H

#define BLOCK_REGISTERS 0
#define BLOCK_FAULT_IP 8
#define BLOCK_PENDING 16
#define BLOCK_STACK 24
#define BLOCK_NEXT_RIP 32
#define BLOCK_EXIT_RIP 40
#define BLOCK_EXIT_RSP 48
#define BLOCK_IN_GATE 56
#define BLOCK_INDEX 60
#define BLOCK_HOME 64

/* Byte offsets in the register file (enum kernel_register). */
#define OFFSET_RIP 0
#define OFFSET_RSP 8
#define OFFSET_RFLAGS 16
#define OFFSET_RAX 24
#define OFFSET_RBX 32
#define OFFSET_RCX 40
#define OFFSET_RDX 48
#define OFFSET_RSI 56
#define OFFSET_RDI 64
#define OFFSET_RBP 72
#define OFFSET_R8 80
#define OFFSET_R9 88
#define OFFSET_R10 96
#define OFFSET_R11 104
#define OFFSET_R12 112
#define OFFSET_R13 120
#define OFFSET_R14 128
#define OFFSET_R15 136

#ifndef __ASSEMBLER__

#include <signal.h>
#include <stddef.h>

#include "abi/message.h"
#include "kernel/kernel.h"

struct gate_thread {
    word *registers; /* its register file; NULL: not an seL4 thread */
    word *fault_ip;
    uint32_t *pending; /* nonzero: enter again before leaving */
    word stack;        /* top of its gate stack */
    word next_rip;     /* where the present system call goes on */
    word exit_rip;     /* scratch of the way out */
    word exit_rsp;
    uint32_t in_gate; /* 1: a kick has nothing to do */
    uint32_t index;   /* in image_header.thread[] */
    word home;        /* stack pointer of the function that ends the thread */

    paddr tcb;
    int socket;          /* server gate: its own socket */
    uint32_t kicked;     /* server gate: what `pending` points to; a kick came
                          while in the gate, and may have missed the trap */
    word local_fault_ip; /* server gate: the register file */
    word local[REG_COUNT];
    word ipc_buffer;   /* user address, or 0 */
    stack_t old_stack; /* alternate stack to be restored at its end */
    char *memory;      /* gate stack and alternate stack */
    word valgrind;     /* valgrind's number of the gate stack */
};

_Static_assert(offsetof(struct gate_thread, registers) == BLOCK_REGISTERS, "");
_Static_assert(offsetof(struct gate_thread, fault_ip) == BLOCK_FAULT_IP, "");
_Static_assert(offsetof(struct gate_thread, pending) == BLOCK_PENDING, "");
_Static_assert(offsetof(struct gate_thread, stack) == BLOCK_STACK, "");
_Static_assert(offsetof(struct gate_thread, next_rip) == BLOCK_NEXT_RIP, "");
_Static_assert(offsetof(struct gate_thread, exit_rip) == BLOCK_EXIT_RIP, "");
_Static_assert(offsetof(struct gate_thread, exit_rsp) == BLOCK_EXIT_RSP, "");
_Static_assert(offsetof(struct gate_thread, in_gate) == BLOCK_IN_GATE, "");
_Static_assert(offsetof(struct gate_thread, index) == BLOCK_INDEX, "");
_Static_assert(offsetof(struct gate_thread, home) == BLOCK_HOME, "");
_Static_assert(OFFSET_R15 == 8 * REG_R15 && OFFSET_RBP == 8 * REG_RBP, "");
_Static_assert(MESSAGE_REGISTERS == REG_COUNT, "trap message");

/* What the whole process shares; written once, by start-up. */
struct gate_process {
    uint32_t isolation; /* enum image_isolation */
    uint32_t index;     /* in image_header.process[] */
    uint32_t clock;     /* enum image_clock */
    int socket;         /* to the monitor */
    int image_fd;
    int timer;             /* direct gate: the machine's timer */
    struct kernel *kernel; /* direct gate: the image; else NULL */
    word image_size;
    uint32_t bare; /* 1: an empty process with the runner */
    uint32_t window_count;
    struct image_range window[IMAGE_WINDOWS];
};
extern struct gate_process gate_process __attribute__((visibility("hidden")));

/* gate.c: the two gates */
struct kernel_cause;
/* How a gate was left. */
enum gate_exit {
    GATE_RESULTS, /* only the results of the call count */
    GATE_FULL,    /* every register counts */
    GATE_CRASH,   /* nobody handles this fault: let Linux have it */
};
enum gate_exit gate_enter(struct gate_thread *g,
                          const struct kernel_cause *cause);
/* Wait until this thread is scheduled for the first time. */
void gate_first(struct gate_thread *g);
/* Leave the node, wait for the host, come back; see sel4emu_poll(). */
struct pollfd;
int gate_poll(struct gate_thread *g, struct pollfd *fds, word count,
              int timeout_ms);
/* Report to the monitor; never fails (a dead monitor ends the process). */
void gate_tell(const void *message, uint32_t size);
/* Stop the machine: a broken rule of the emulator itself. */
_Noreturn void gate_panic(struct gate_thread *g, const char *message);

/* map.c: the process's mappings of the image, a TLB of its VSpace */
/* False: Linux refuses this mapping. */
bool map_change(const struct message_change *change);
void map_flush(void);
/* Queued changes of this process (direct gate); the lock is held. */
void map_apply(struct kernel *k, struct image_process *process);
bool map_in_window(word vaddr);
/* Hosted: reserve address space for frames; fills gate_process.window. */
void map_reserve(void);

/* The monitor is gone, or nothing makes sense any more: end the process. */
_Noreturn void gate_die(void);

/* frame.c: kernel entries from a signal handler */
/* What a signal frame says of the cause; `address` is the faulting one. */
struct kernel_cause frame_cause(int signal, word address, const void *context);
/* Enter with the registers of a signal frame, wait, and put those back that
 * the thread shall go on with. GATE_CRASH: the frame is unchanged. */
enum gate_exit frame_enter(struct gate_thread *g, void *context,
                           const struct kernel_cause *cause);
/* Instruction pointer in a signal frame. */
word frame_ip(const void *context);
void frame_set_ip(void *context, word ip);
/* Put the register file into a signal frame (and leave the gate). */
void frame_leave(struct gate_thread *g, void *context);

/* By the kind of process (hosted/, ../runner/): */
/* End this Linux thread: its TCB is gone. */
_Noreturn void gate_end(struct gate_thread *g);

#endif
#endif
