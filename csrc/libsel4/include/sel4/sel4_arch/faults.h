/* SPDX-License-Identifier: BSD-2-Clause */
/* Fault messages whose words depend on the architecture, as values. */
#pragma once

#include <sel4/config.h>
#include <sel4/functions.h>
#include <sel4/sel4_arch/constants.h>
#include <sel4/types.h>

#ifdef CONFIG_KERNEL_MCS
LIBSEL4_INLINE_FUNC seL4_Fault_t libsel4_timeout_fault(void)
{
    return seL4_Fault_Timeout_new(seL4_GetMR(seL4_Timeout_Data),
                                  seL4_GetMR(seL4_Timeout_Consumed));
}

LIBSEL4_INLINE_FUNC int libsel4_is_timeout(seL4_Word label)
{
    return label == seL4_Fault_Timeout;
}
#else
LIBSEL4_INLINE_FUNC seL4_Fault_t libsel4_timeout_fault(void)
{
    return seL4_Fault_NullFault_new();
}

LIBSEL4_INLINE_FUNC int libsel4_is_timeout(seL4_Word label)
{
    (void)label;
    return 0;
}
#endif

/*
 * The fault whose message is in the IPC buffer; seL4_Fault_NullFault if it is
 * none of these.
 */
LIBSEL4_INLINE_FUNC seL4_Fault_t seL4_getArchFault(seL4_MessageInfo_t tag)
{
    seL4_Word label = seL4_MessageInfo_get_label(tag);

    switch (label) {
    case seL4_Fault_UnknownSyscall:
        return seL4_Fault_UnknownSyscall_new(
            seL4_GetMR(seL4_UnknownSyscall_RAX),
            seL4_GetMR(seL4_UnknownSyscall_RBX),
            seL4_GetMR(seL4_UnknownSyscall_RCX),
            seL4_GetMR(seL4_UnknownSyscall_RDX),
            seL4_GetMR(seL4_UnknownSyscall_RSI),
            seL4_GetMR(seL4_UnknownSyscall_RDI),
            seL4_GetMR(seL4_UnknownSyscall_RBP),
            seL4_GetMR(seL4_UnknownSyscall_R8),
            seL4_GetMR(seL4_UnknownSyscall_R9),
            seL4_GetMR(seL4_UnknownSyscall_R10),
            seL4_GetMR(seL4_UnknownSyscall_R11),
            seL4_GetMR(seL4_UnknownSyscall_R12),
            seL4_GetMR(seL4_UnknownSyscall_R13),
            seL4_GetMR(seL4_UnknownSyscall_R14),
            seL4_GetMR(seL4_UnknownSyscall_R15),
            seL4_GetMR(seL4_UnknownSyscall_FaultIP),
            seL4_GetMR(seL4_UnknownSyscall_SP),
            seL4_GetMR(seL4_UnknownSyscall_FLAGS),
            seL4_GetMR(seL4_UnknownSyscall_Syscall));
    case seL4_Fault_UserException:
        return seL4_Fault_UserException_new(
            seL4_GetMR(seL4_UserException_FaultIP),
            seL4_GetMR(seL4_UserException_SP),
            seL4_GetMR(seL4_UserException_FLAGS),
            seL4_GetMR(seL4_UserException_Number),
            seL4_GetMR(seL4_UserException_Code));
    case seL4_Fault_VMFault:
        return seL4_Fault_VMFault_new(seL4_GetMR(seL4_VMFault_IP),
                                      seL4_GetMR(seL4_VMFault_Addr),
                                      seL4_GetMR(seL4_VMFault_PrefetchFault),
                                      seL4_GetMR(seL4_VMFault_FSR));
    default:
        return libsel4_is_timeout(label) ? libsel4_timeout_fault()
                                         : seL4_Fault_NullFault_new();
    }
}
