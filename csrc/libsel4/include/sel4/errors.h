/* SPDX-License-Identifier: BSD-2-Clause */
/* What an invocation returns; see the manual's chapter on API errors. */
#pragma once

typedef enum {
    seL4_NoError = 0,
    seL4_InvalidArgument,   /* MR0: number of the data argument */
    seL4_InvalidCapability, /* MR0: number of the capability, 0 the invoked */
    seL4_IllegalOperation,
    seL4_RangeError, /* MR0, MR1: smallest and largest value allowed */
    seL4_AlignmentError,
    seL4_FailedLookup, /* MR0: 1 for the source; MR1 and up: why */
    seL4_TruncatedMessage,
    seL4_DeleteFirst,
    seL4_RevokeFirst,
    seL4_NotEnoughMemory, /* MR0: bytes left */
    seL4_NumErrors        /* how many there are */
} seL4_Error;
