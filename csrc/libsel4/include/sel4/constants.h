/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits and flags that do not depend on the architecture. Safe for assembly.
 */
#pragma once

#include <sel4/config.h>
#include <sel4/macros.h>

#define seL4_CapRightsBits 4

#ifdef CONFIG_KERNEL_MCS
/* Smallest scheduling context, as a power of two of bytes. */
#define seL4_MinSchedContextBits 7
#endif

#ifdef CONFIG_KERNEL_INVOCATION_REPORT_ERROR_IPC
/* Error text in the IPC buffer: its first message word, and its words. */
#define DEBUG_MESSAGE_START 6
#define DEBUG_MESSAGE_MAXLEN 50
#endif

#ifndef __ASSEMBLER__

#include <sel4/simple_types.h>

enum priorityConstants {
    seL4_InvalidPrio = -1,
    seL4_MinPrio = 0,
    seL4_MaxPrio = CONFIG_NUM_PRIORITIES - 1
};

enum seL4_MsgLimits {
    seL4_MsgLengthBits = 7,
    seL4_MsgExtraCapBits = 2,
    seL4_MsgMaxLength = 120
};

/* Capabilities that a message carries at most. */
#define seL4_MsgMaxExtraCaps (LIBSEL4_BIT(seL4_MsgExtraCapBits) - 1)

/* Why a lookup failed, in messages of cap faults and failed invocations. */
typedef enum {
    seL4_NoFailure = 0,
    seL4_InvalidRoot,
    seL4_MissingCapability,
    seL4_DepthMismatch,
    seL4_GuardMismatch,
    SEL4_FORCE_LONG_ENUM(seL4_LookupFailureType)
} seL4_LookupFailureType;

/* Flags of a thread, see seL4_TCB_SetFlags(). */
typedef enum {
    seL4_TCBFlag_NoFlag = 0x0,
    seL4_TCBFlag_fpuDisabled = 0x1,
#ifdef CONFIG_HAVE_FPU
    seL4_TCBFlag_MASK = seL4_TCBFlag_fpuDisabled,
#else
    seL4_TCBFlag_MASK = seL4_TCBFlag_NoFlag,
#endif
    SEL4_FORCE_LONG_ENUM(seL4_TCBFlag)
} seL4_TCBFlag;

#ifdef CONFIG_KERNEL_MCS
/* A scheduling context: its head with two refills, and each refill more. */
#define seL4_CoreSchedContextBytes (10 * sizeof(seL4_Word) + (6 * 8))
#define seL4_RefillSizeBytes (2 * 8)

SEL4_COMPILE_ASSERT(MinSchedContextBits_min_1, seL4_MinSchedContextBits > 1)
SEL4_COMPILE_ASSERT(MinSchedContextBits_sufficient,
                    seL4_CoreSchedContextBytes <=
                        LIBSEL4_BIT(seL4_MinSchedContextBits))
SEL4_COMPILE_ASSERT(MinSchedContextBits_necessary,
                    seL4_CoreSchedContextBytes >
                        LIBSEL4_BIT(seL4_MinSchedContextBits - 1))

/*
 * Tell how many extra refills a scheduling context of 2^size bytes has room
 * for; size is at least seL4_MinSchedContextBits.
 */
static inline seL4_Word seL4_MaxExtraRefills(seL4_Word size)
{
    seL4_Word room = LIBSEL4_BIT(size) - seL4_CoreSchedContextBytes;

    return room / seL4_RefillSizeBytes;
}

/* Flags of a scheduling context, see seL4_SchedControl_ConfigureFlags(). */
typedef enum {
    seL4_SchedContext_NoFlag = 0x0,
    seL4_SchedContext_Sporadic = 0x1,
    SEL4_FORCE_LONG_ENUM(seL4_SchedContextFlag)
} seL4_SchedContextFlag;
#endif /* CONFIG_KERNEL_MCS */

#endif /* !__ASSEMBLER__ */
