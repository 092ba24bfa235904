/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls.
 */
#ifndef SEL4EMU_KERNEL_SYSCALL_H
#define SEL4EMU_KERNEL_SYSCALL_H

#include "kernel/object.h"
#include "kernel/outcome.h"

/* Do the system call in t's registers. OUTCOME_PREEMPTED: t repeats it. */
enum outcome syscall_handle(struct kernel *k, const struct kernel_host *host,
                            struct tcb *t);
/* Is it one for debugging? Then it was done. */
/* Is it one of those that syscall_debug() handles? */
bool syscall_is_debug(enum sel4_sys sys);
bool syscall_debug(struct kernel *k, struct tcb *t, enum sel4_sys sys);

#endif
