/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages: what is copied when two threads meet (seL4 manual 4).
 */
#ifndef SEL4EMU_KERNEL_IPC_H
#define SEL4EMU_KERNEL_IPC_H

#include "kernel/decode.h"
#include "kernel/object.h"

/* The message info word. */
static inline word info_label(word info)
{
    return info >> 12;
}
static inline word info_extra_caps(word info)
{
    return info >> 7 & 3;
}
/* Lengths beyond the longest message count as the longest. */
static inline word info_length(word info)
{
    word n = info & 127;

    return n < SEL4_MSG_MAX_LENGTH ? n : SEL4_MSG_MAX_LENGTH;
}
static inline word info_new(word label, word unwrapped, word caps, word length)
{
    return label << 12 | unwrapped << 9 | caps << 7 | length;
}

/* Words of the IPC buffer, as indices of words. */
enum {
    BUFFER_MSG = 1,
    BUFFER_CAPS = SEL4_MSG_MAX_LENGTH + 2,
    BUFFER_RECEIVE_CNODE = BUFFER_CAPS + SEL4_MSG_MAX_EXTRA_CAPS,
    BUFFER_RECEIVE_INDEX,
    BUFFER_RECEIVE_DEPTH,
};

/* Message word i, from register or buffer; beyond the 4th it needs a buffer. */
word message_get(const struct tcb *t, const word *buffer, word i);
/* Set message word i; returns the length the message has now at least. */
word message_set(struct tcb *t, word *buffer, word i, word value);

/* Copy sender's message, or its fault, to receiver. `e`: where they met. */
struct transfer {
    struct tcb *sender;
    struct tcb *receiver;
    paddr endpoint; /* 0: a reply */
    word badge;
    bool can_grant;
};
void ipc_transfer(struct kernel *k, const struct transfer *x);

/* Classic: answer the caller in `slot`, which is emptied. */
void ipc_reply(struct kernel *k, struct tcb *sender, struct cte *slot);
/* Classic: receiver serves caller from now on, who waits for the answer. */
void ipc_set_caller(struct kernel *k, struct tcb *caller, struct tcb *receiver,
                    bool can_grant);
/* Classic: give t the master of its reply capabilities. */
void ipc_set_reply_master(struct kernel *k, struct tcb *t);

/* Resolve the extra capabilities of t's message; the first that fails faults:
 * OUTCOME_FAULT, *cptr is the pointer. */
enum outcome ipc_lookup_extra_caps(struct kernel *k, struct tcb *t,
                                   const word *buffer, struct cte **extra,
                                   word *cptr);

#endif
