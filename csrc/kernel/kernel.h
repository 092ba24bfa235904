/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel core's public face: all that gates, monitor and tests need.
 *
 * The core is a pure library: freestanding C11, no libc, no system call, no
 * global state. A machine is one image (abi/image.h) mapped somewhere; struct
 * kernel *is* that image's header, so a machine's address is its base.
 *
 * Who calls holds the lock (image_header.lock), but for kernel_boot().
 */
#ifndef SEL4EMU_KERNEL_KERNEL_H
#define SEL4EMU_KERNEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "abi/image.h"

struct kernel {
    struct image_header h;
};

/* Registers in the order of seL4_UserContext. */
enum kernel_register {
    REG_RIP,
    REG_RSP,
    REG_RFLAGS,
    REG_RAX,
    REG_RBX,
    REG_RCX,
    REG_RDX,
    REG_RSI,
    REG_RDI,
    REG_RBP,
    REG_R8,
    REG_R9,
    REG_R10,
    REG_R11,
    REG_R12,
    REG_R13,
    REG_R14,
    REG_R15,
    REG_FS_BASE,
    REG_GS_BASE,
    REG_COUNT,
};

/* The trap ABI: which register carries what (libsel4 for x86_64). */
enum kernel_trap_register {
    REG_SYSTEM_CALL = REG_RDX,
    REG_CAP = REG_RDI,  /* in: capability; out: badge */
    REG_INFO = REG_RSI, /* message info */
    REG_MR0 = REG_R10,
    REG_MR1 = REG_R8,
    REG_MR2 = REG_R9,
    REG_MR3 = REG_R15,
    REG_REPLY = REG_R12, /* MCS */
    REG_DEST = REG_R13,  /* MCS */
};

/* Why the kernel is entered. */
struct kernel_cause {
    uint32_t kind;   /* enum image_cause */
    uint32_t number; /* exception vector; CAUSE_TSC: instruction's length */
    word address;    /* VM fault */
    word code;       /* page-fault or exception error code */
};

/*
 * The one service the core asks of its host: zero a range of physical memory
 * (large ranges should become holes again). Never fails.
 */
typedef void kernel_clear(struct kernel *k, paddr start, word size);

/*
 * Per-process state that cannot live in the image (pointers differ between
 * processes). The caller fills one in, once, for each mapping of an image.
 */
struct kernel_host {
    kernel_clear *clear;
};

/*
 * Make a machine in an image that is all zero: the free memory becomes
 * untyped memory, and the first thread (k->h.boot.root_tcb, an external agent
 * with CSpace, VSpace and every initial capability in the slots that the boot
 * contract names) is made. Returns NULL, or a message that says what is wrong
 * with the configuration.
 */
const char *kernel_boot(struct kernel *k, const struct image_config *config,
                        const struct kernel_host *host);

/*
 * The way in. tcb has entered the kernel because of cause, its registers are
 * in its register file. Afterwards:
 *   h.current/current_thread  who runs user code next (0: nobody);
 *   h.wake                    agents that may run, a list by thread[].next;
 *   h.events                  what the host has to do besides.
 * tcb may be the current thread or an external agent (then current goes on,
 * and if it has to make way, PENDING_RESCHEDULE and EVENT_KICK are set).
 * CAUSE_HOST_WAKE and CAUSE_LOST may name any thread that is not current;
 * CAUSE_LOST current, too.
 */
void kernel_enter(struct kernel *k, const struct kernel_host *host, paddr tcb,
                  const struct kernel_cause *cause);

/*
 * Let the node run again after h.paused went to 0, or after an image_process
 * or image_thread entry was changed by the host: picks the next thread if the
 * node idles. Same results as kernel_enter().
 */
void kernel_reschedule(struct kernel *k);

/* The register file of a TCB: REG_COUNT words, the order of enum
 * kernel_register. REG_RIP is where the thread goes on; the address that
 * ReadRegisters and fault messages report is kernel_fault_ip(). */
word *kernel_registers(struct kernel *k, paddr tcb);
word *kernel_fault_ip(struct kernel *k, paddr tcb);
/* Index of its entry in h.thread[], 0: it has none. */
uint32_t kernel_thread_of(struct kernel *k, paddr tcb);
/* VSpace (PML4) that the thread runs in, 0: none. */
paddr kernel_vspace_of(struct kernel *k, paddr tcb);
/* User address and frame offset of its IPC buffer; false: it has none. */
bool kernel_ipc_buffer(struct kernel *k, paddr tcb, word *vaddr, paddr *frame);

/* Name given by seL4_DebugNameThread or by the monitor; "" if none. Setting it
 * raises THREAD_RENAMED. At most 31 bytes are kept. */
const char *kernel_name(struct kernel *k, paddr tcb);
void kernel_set_name(struct kernel *k, paddr tcb, const char *name);
/* Make a TCB an external agent: gives it a thread entry with THREAD_AGENT and
 * makes it running (whatever it was blocked on is cancelled). Returns the
 * index of the entry, 0: no entry is free. */
uint32_t kernel_agent(struct kernel *k, paddr tcb);
/* Every TCB there is, one after the other: the one behind `tcb`, or the first
 * (0); 0: that was the last. */
paddr kernel_next_thread(struct kernel *k, paddr tcb);
/* What a thread is about, as far as the host has to know. */
enum kernel_state {
    KERNEL_RUNNABLE, /* running, or in a ready queue; an agent: not blocked;
                        if its REG_RIP is *kernel_fault_ip() then, its call
                        was cut short and has to be repeated */
    KERNEL_BLOCKED,  /* waits for another thread */
    KERNEL_HOST,     /* waits for the host (CAUSE_HOST_BLOCK) */
    KERNEL_STOPPED,  /* suspended, never started, or stopped by a fault */
};
enum kernel_state kernel_state(struct kernel *k, paddr tcb);
/* Does this thread's capability pointer name an endpoint, a notification or
 * a reply capability (so that using it only passes a message)? */
bool kernel_is_message(struct kernel *k, paddr tcb, word cptr);
/* Would a fault of this thread reach a handler? */
bool kernel_fault_handled(struct kernel *k, paddr tcb);

/* What a VSpace has at an address. */
struct kernel_mapping {
    paddr frame; /* physical address of the page; 0: nothing is mapped */
    word vaddr;  /* where the page begins */
    word bits;   /* log2 of its size: 12, 21 or 30; unmapped: how far the
                     hole reaches at least, 12, 21, 30 or 39 */
    bool write;
    bool user;   /* false: mapped without rights, any access faults */
    bool device; /* not backed by the image */
};
void kernel_translate(struct kernel *k, paddr vspace, word vaddr,
                      struct kernel_mapping *ret);

/*
 * Walk every invariant of the machine (capabilities, derivation tree, queues,
 * threads, scheduler, VSpaces). Returns NULL, or the name of the first broken
 * invariant; then `where` is set to the physical address of the culprit. Runs
 * by itself after every entry if h.config.check is set, and panics.
 */
const char *kernel_check(struct kernel *k, paddr *where);

/* Stop the machine for good; the first message stays. */
void kernel_panic(struct kernel *k, const char *message);

/* A pointer to physical memory. */
static inline void *kernel_memory(struct kernel *k, paddr p)
{
    return (char *)k + IMAGE_HEADER_SIZE + p;
}

#endif
