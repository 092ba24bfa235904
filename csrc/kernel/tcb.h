/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads: their life, their states and their registers.
 */
#ifndef SEL4EMU_KERNEL_TCB_H
#define SEL4EMU_KERNEL_TCB_H

#include "kernel/object.h"

/* Make a TCB of zeroed memory. */
void tcb_create(struct kernel *k, paddr at);
/* Its last capability goes: stop it, unbind it, forget its Linux thread. */
void tcb_destroy(struct kernel *k, struct tcb *t);
void tcb_set_name(struct tcb *t, const char *name);

bool thread_is_runnable(const struct tcb *t);
/* Runnable, and MCS: with a scheduling context whose time has come? */
bool thread_is_schedulable(struct kernel *k, const struct tcb *t);
bool thread_is_blocked(const struct tcb *t);
/* Blocked or inactive: would Resume do something? */
bool thread_is_stopped(const struct tcb *t);
bool thread_is_agent(struct kernel *k, const struct tcb *t);

/* Change the state; the scheduler hears of it if that stops current. */
void thread_set_state(struct kernel *k, struct tcb *t, enum thread_state state);
void thread_suspend(struct kernel *k, struct tcb *t);
/* Resume: a blocked thread gives up what it waits for and starts again. */
void thread_restart(struct kernel *k, struct tcb *t);
/* It may run from now on. */
void thread_released(struct kernel *k, struct tcb *t);
/* It was taken out of a queue whose object went: let it run. */
void thread_ready_again(struct kernel *k, struct tcb *t);
void thread_set_priority(struct kernel *k, struct tcb *t, word priority);
void thread_set_domain(struct kernel *k, struct tcb *t, word domain);

/* The register that faults report, beside those of enum kernel_register. */
enum {
    REG_FAULT_IP = REG_COUNT
};
word register_get(struct tcb *t, enum kernel_register reg);
void register_set(struct tcb *t, enum kernel_register reg, word value);
/* What user level may put into a register. */
word register_sanitise(enum kernel_register reg, word value);
/*
 * A `syscall` instruction and the way back from it. The real kernel does not
 * save rsp, rcx and r11 then: it goes on reporting what it saved before, and
 * returns with rsp 0, rcx the instruction pointer and r11 the flags. Programs
 * in bare processes see that, too; hosted ones have another way in.
 */
void registers_entered(struct kernel *k, struct tcb *t, enum image_cause cause);
/* It is about to run user code. */
void registers_returning(struct tcb *t);
/* They were all set from outside: it goes on with what the kernel reports. */
void registers_replaced(struct kernel *k, struct tcb *t);
/*
 * Its VSpace root changes: does it go on in the VSpace that it is in? So does
 * the thread that makes the system call, until the next time it is chosen.
 */
bool thread_keeps_vspace(struct kernel *k, const struct tcb *t);
/* It got a name: its Linux thread takes it, too. */
void thread_mark_renamed(struct kernel *k, struct tcb *t);
/* The registers were changed from outside: the gate has to load them all. */
void thread_mark_dirty(struct kernel *k, struct tcb *t);

/* Buffer to receive into (`write`) or to send from; NULL: it has none. */
word *thread_ipc_buffer(struct kernel *k, struct tcb *t, bool write);

/* Its entry in h.thread[]; 0: none. */
uint32_t thread_index(struct kernel *k, const struct tcb *t);
/* Make a TCB that has no entry an external agent; its index, 0: impossible. */
uint32_t thread_make_agent(struct kernel *k, struct tcb *t);
/* The entry's Linux thread shall end; the TCB may get another. */
void thread_retire(struct kernel *k, struct tcb *t);
/*
 * Give it an entry if it has none, or none for its present VSpace. False: it
 * has no VSpace, and cannot run.
 */
bool thread_prepare(struct kernel *k, struct tcb *t, bool chosen);
/* The slot loses its capability: if it is a thread's VSpace root, retire. */
void thread_vspace_lost(struct kernel *k, struct cte *slot);

#endif
