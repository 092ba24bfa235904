/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trace ring, and h.inside: what is happening in the core right now.
 */
#ifndef SEL4EMU_KERNEL_TRACE_H
#define SEL4EMU_KERNEL_TRACE_H

#include "kernel/object.h"

/* An entry begins: h.inside is filled, and what is known is noted. */
void trace_begin(struct kernel *k, struct tcb *t,
                 const struct kernel_cause *cause);
/* An invocation was recognised. */
void trace_invocation(struct kernel *k, uint32_t method, union cap cap);
/* The entry is over: the record is written, if config.trace. */
void trace_end(struct kernel *k);

#endif
