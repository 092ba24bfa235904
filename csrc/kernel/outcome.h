/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How functions of the core tell what became of a request.
 */
#ifndef SEL4EMU_KERNEL_OUTCOME_H
#define SEL4EMU_KERNEL_OUTCOME_H

enum outcome {
    OUTCOME_DONE,
    OUTCOME_ERROR,     /* the caller's mistake; told by error.h */
    OUTCOME_FAULT,     /* an address does not resolve: h.error.lookup */
    OUTCOME_PREEMPTED, /* stopped half way; the call shall be repeated */
};

#endif
