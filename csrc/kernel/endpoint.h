/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Endpoints: where senders and receivers of messages meet.
 */
#ifndef SEL4EMU_KERNEL_ENDPOINT_H
#define SEL4EMU_KERNEL_ENDPOINT_H

#include "kernel/object.h"

/* How a message is sent. */
struct send {
    word badge;
    bool blocking;
    bool is_call;
    bool can_grant;
    bool can_grant_reply;
    bool can_donate; /* MCS */
};

void endpoint_send(struct kernel *k, struct endpoint *e, struct tcb *sender,
                   const struct send *how);
/* How a message is received: with which capabilities. */
struct receive {
    union cap cap;       /* of the endpoint */
    struct reply *reply; /* MCS: for the answer, or NULL */
    bool blocking;
};
void endpoint_receive(struct kernel *k, struct tcb *receiver,
                      const struct receive *how);

/* Take t out of whatever it waits for; it becomes inactive. */
void ipc_cancel(struct kernel *k, struct tcb *t);
/* The endpoint goes: everybody who waits starts again. */
void endpoint_cancel_all(struct kernel *k, struct endpoint *e);
void endpoint_cancel_badged(struct kernel *k, struct endpoint *e, word badge);

/* Queues of endpoints and notifications: head and tail. The classic kernel's
 * are in the order of coming; the MCS kernel's are by priority first. */
struct tcb_queue {
    paddr head;
    paddr tail;
};
void tcb_queue_insert(struct kernel *k, struct tcb_queue *q, struct tcb *t);
void tcb_queue_remove(struct kernel *k, struct tcb_queue *q, struct tcb *t);
/* MCS: t, which waits there, has another priority now. */
void endpoint_reorder(struct kernel *k, struct tcb *t);

#endif
