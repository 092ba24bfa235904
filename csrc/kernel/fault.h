/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults: how they reach a handler, what it is told, and its answer
 * (seL4 manual 6.2).
 */
#ifndef SEL4EMU_KERNEL_FAULT_H
#define SEL4EMU_KERNEL_FAULT_H

#include "kernel/object.h"

/* Page-fault error code of a read by user code from where nothing is. */
#define FAULT_CODE_USER 4

/* Message label of a fault of this type. */
word fault_label(struct kernel *k, word type);

/* Would a fault of t reach a handler? */
bool fault_is_handled(struct kernel *k, struct tcb *t);
/* t cannot go on: tell its handler; without one it stops. */
void fault_raise(struct kernel *k, struct tcb *t, const struct fault *f);
/* MCS: is anybody told when t's turn is over? */
static inline bool fault_has_timeout_handler(const struct tcb *t)
{
    return t->slot[TCB_TIMEOUT_HANDLER].cap.type == CAP_ENDPOINT;
}
/* MCS: t's turn is over, and its timeout handler, which it has, is told. */
void fault_raise_timeout(struct kernel *k, struct tcb *t);
/* A capability pointer does not resolve: h.error.lookup says why. */
void fault_raise_cap(struct kernel *k, struct tcb *t, word cptr,
                     bool receiving);

/* Write the message of sender's fault to receiver; returns its length. */
word fault_message(struct kernel *k, struct tcb *sender, struct tcb *receiver,
                   word *buffer);
/* Apply the handler's answer to t; false: t shall not go on. */
bool fault_answer(struct kernel *k, struct tcb *t, struct tcb *handler);

#endif
