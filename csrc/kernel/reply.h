/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MCS: reply objects (seL4 manual 4.2.5), and the call stacks along which
 * scheduling contexts are lent.
 */
#ifndef SEL4EMU_KERNEL_REPLY_H
#define SEL4EMU_KERNEL_REPLY_H

#include "kernel/object.h"

/* t waits for an answer, or to receive, with its reply object: no more. */
void reply_unlink(struct kernel *k, struct tcb *t);
/* The caller waits for the answer of the callee, to whom it lends its
 * scheduling context if it may, and the callee has none. */
void reply_push(struct kernel *k, struct reply *r, struct tcb *caller,
                struct tcb *callee, bool may_donate);
/* The reply's caller waits no longer; gets back what it lent, if it can. */
void reply_remove(struct kernel *k, struct reply *r);
/* t, which waits for an answer, gives up; what it lent stays where it is. */
void reply_remove_tcb(struct kernel *k, struct tcb *t);
/* The answer. */
void reply_send(struct kernel *k, struct tcb *sender, struct reply *r,
                bool can_grant);
/* Its last capability goes. */
void reply_destroy(struct kernel *k, struct reply *r);

#endif
