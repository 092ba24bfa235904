/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Notifications: words of signals (seL4 manual 5).
 */
#ifndef SEL4EMU_KERNEL_NOTIFICATION_H
#define SEL4EMU_KERNEL_NOTIFICATION_H

#include "kernel/object.h"

void notification_signal(struct kernel *k, struct notification *n, word badge);
void notification_receive(struct kernel *k, struct tcb *receiver,
                          struct notification *n, bool blocking);
/* t, which the active notification is bound to, takes its signals. */
void notification_complete(struct kernel *k, struct notification *n,
                           struct tcb *t);
/* t, which waits, gives up and becomes inactive. */
void notification_cancel(struct kernel *k, struct tcb *t);
/* Its last capability goes: it is unbound, who waits starts again. */
void notification_destroy(struct kernel *k, struct notification *n);

/* MCS: t, which waits again, gives back what the notification lent it. */
void notification_return_context(struct kernel *k, struct notification *n,
                                 struct tcb *t);
/* MCS: t, which waits there, has another priority now. */
void notification_reorder(struct kernel *k, struct tcb *t);

void notification_bind(struct kernel *k, struct notification *n, struct tcb *t);
void notification_unbind(struct kernel *k, struct notification *n);

#endif
