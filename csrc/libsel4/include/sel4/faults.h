/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fault messages: which kind one is, and its words as a value. To be used by a
 * fault handler right after it received the message.
 */
#pragma once

#include <sel4/config.h>
#include <sel4/functions.h>
#include <sel4/sel4_arch/faults.h>
#include <sel4/types.h>

/*
 * The fault whose message is in the IPC buffer. Words that depend on the
 * failure of a cap fault are taken as they are.
 */
LIBSEL4_INLINE_FUNC seL4_Fault_t seL4_getFault(seL4_MessageInfo_t tag)
{
    if (seL4_MessageInfo_get_label(tag) != seL4_Fault_CapFault) {
        return seL4_getArchFault(tag);
    }
    return seL4_Fault_CapFault_new(
        seL4_GetMR(seL4_CapFault_IP), seL4_GetMR(seL4_CapFault_Addr),
        seL4_GetMR(seL4_CapFault_InRecvPhase),
        seL4_GetMR(seL4_CapFault_LookupFailureType),
        seL4_GetMR(seL4_CapFault_BitsLeft),
        seL4_GetMR(seL4_CapFault_GuardMismatch_GuardFound),
        seL4_GetMR(seL4_CapFault_GuardMismatch_BitsFound));
}

LIBSEL4_INLINE_FUNC seL4_Bool seL4_isNullFault_tag(seL4_MessageInfo_t tag)
{
    return seL4_MessageInfo_get_label(tag) == seL4_Fault_NullFault;
}

LIBSEL4_INLINE_FUNC seL4_Bool seL4_isCapFault_tag(seL4_MessageInfo_t tag)
{
    return seL4_MessageInfo_get_label(tag) == seL4_Fault_CapFault;
}

LIBSEL4_INLINE_FUNC seL4_Bool seL4_isUnknownSyscall_tag(seL4_MessageInfo_t tag)
{
    return seL4_MessageInfo_get_label(tag) == seL4_Fault_UnknownSyscall;
}

LIBSEL4_INLINE_FUNC seL4_Bool seL4_isUserException_tag(seL4_MessageInfo_t tag)
{
    return seL4_MessageInfo_get_label(tag) == seL4_Fault_UserException;
}

LIBSEL4_INLINE_FUNC seL4_Bool seL4_isVMFault_tag(seL4_MessageInfo_t tag)
{
    return seL4_MessageInfo_get_label(tag) == seL4_Fault_VMFault;
}

#ifdef CONFIG_KERNEL_MCS
LIBSEL4_INLINE_FUNC seL4_Bool seL4_isTimeoutFault_tag(seL4_MessageInfo_t tag)
{
    return seL4_MessageInfo_get_label(tag) == seL4_Fault_Timeout;
}

/*
 * Answer to a timeout: put the first `length` registers, in the order of
 * seL4_TimeoutReply_Msg, in the IPC buffer and make the message info for it.
 * The thread runs on if `resume`, else it stays stopped.
 */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t
seL4_TimeoutReply_new(seL4_Bool resume, seL4_UserContext regs, seL4_Word length)
{
    const seL4_Word *words = (const seL4_Word *)&regs;

    for (seL4_Word i = 0; i < length && i < seL4_TimeoutReply_Length; i++) {
        seL4_SetMR((int)i, words[i]);
    }
    return seL4_MessageInfo_new(!resume, 0, 0, length);
}
#endif
