/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invocations: from the caller's registers to the function that does it.
 *
 * A decode function checks everything, in the real kernel's order, and changes
 * nothing; as its last step it calls call_commit() and does the work. It
 * returns
 *   OUTCOME_ERROR      refused, error.h has been told;
 *   OUTCOME_DONE       done. A plain success is answered by who called decode;
 *                      who answers with words calls call_answer();
 *   OUTCOME_PREEMPTED  the caller shall repeat the call.
 */
#ifndef SEL4EMU_KERNEL_DECODE_H
#define SEL4EMU_KERNEL_DECODE_H

#include "kernel/error.h"
#include "kernel/object.h"

/* One invocation. Lives on the stack of kernel_enter(). */
struct call {
    const struct kernel_host *host;
    struct tcb *caller; /* a thread or an external agent */
    bool is_call;       /* wants an answer */
    bool is_blocking;
    bool can_donate;  /* MCS */
    bool first_phase; /* MCS: send half of NBSendRecv and its kind */
    word cptr;        /* the capability that is invoked, */
    struct cte *slot; /* its slot, */
    union cap cap;    /* and itself */
    word label;
    uint32_t method; /* enum sel4_method, 0: label means nothing */
    word length;     /* message words there are */
    word *buffer;    /* caller's IPC buffer to read from, or NULL */
    struct cte *extra[SEL4_MSG_MAX_EXTRA_CAPS + 1]; /* up to the first NULL */
};

/* Message word i; i < call->length must hold. */
word call_argument(const struct call *call, word i);
/* TruncatedMessage if the message has fewer words or capabilities. */
enum outcome call_check_length(struct kernel *k, const struct call *call,
                               word words, word caps);
/* IllegalOperation: the object does not offer what the label says. */
enum outcome error_unknown_method(struct kernel *k, const struct call *call);
/* All checks are done: from now on the call cannot be refused. */
void call_commit(struct kernel *k, struct call *call);
/*
 * Answer with message words of one's own (if the caller wants an answer).
 * Where the caller has no IPC buffer only the first 4 words go.
 */
void call_answer(struct kernel *k, struct call *call, const word *words,
                 word count);

/* Send the caller's message to call->cap, whatever it is. */
enum outcome decode_invocation(struct kernel *k, struct call *call);

enum outcome decode_untyped(struct kernel *k, struct call *call);
enum outcome decode_cnode(struct kernel *k, struct call *call);
enum outcome decode_tcb(struct kernel *k, struct call *call);
enum outcome decode_domain(struct kernel *k, struct call *call);
/* irq.h: decode_irq_control(), decode_irq_handler();
 * arch.h: arch_decode_invocation() */

#endif
