/* SPDX-License-Identifier: BSD-2-Clause */
/* The IPC buffer, the words of a cap fault, and usual sets of rights. */
#pragma once

#include <sel4/constants.h>
#include <sel4/shared_types_gen.h>
#include <sel4/simple_types.h>

/* What a thread shares with the kernel; 1 KiB, aligned to its size. */
typedef struct seL4_IPCBuffer_ {
    seL4_MessageInfo_t tag;           /* for the program's own use */
    seL4_Word msg[seL4_MsgMaxLength]; /* message; 0 to 3 go in registers */
    seL4_Word userData;               /* for the program's own use */
    /* Capabilities to send; badges of those received and unwrapped. */
    seL4_Word caps_or_badges[seL4_MsgMaxExtraCaps];
    /* Slot that receives a capability. */
    seL4_CPtr receiveCNode;
    seL4_CPtr receiveIndex;
    seL4_Word receiveDepth;
} seL4_IPCBuffer __attribute__((__aligned__(1 << seL4_IPCBufferSizeBits)));

SEL4_COMPILE_ASSERT(libsel4_IPCBuffer_fills_its_size,
                    sizeof(seL4_IPCBuffer) ==
                        LIBSEL4_BIT(seL4_IPCBufferSizeBits))

/* Message words of a cap fault; those from BitsLeft on depend on the type. */
typedef enum {
    seL4_CapFault_IP,
    seL4_CapFault_Addr,
    seL4_CapFault_InRecvPhase,
    seL4_CapFault_LookupFailureType,
    seL4_CapFault_BitsLeft,
    seL4_CapFault_GuardMismatch_GuardFound,
    seL4_CapFault_DepthMismatch_BitsFound =
        seL4_CapFault_GuardMismatch_GuardFound,
    seL4_CapFault_GuardMismatch_BitsFound,
    SEL4_FORCE_LONG_ENUM(seL4_CapFault_Msg)
} seL4_CapFault_Msg;

/* seL4_CapRights_new() takes grant reply, grant, read, write. */
#define seL4_ReadWrite seL4_CapRights_new(0, 0, 1, 1)
#define seL4_AllRights seL4_CapRights_new(1, 1, 1, 1)
#define seL4_CanRead seL4_CapRights_new(0, 0, 1, 0)
#define seL4_CanWrite seL4_CapRights_new(0, 0, 0, 1)
#define seL4_CanGrant seL4_CapRights_new(0, 1, 0, 0)
#define seL4_CanGrantReply seL4_CapRights_new(1, 0, 0, 0)
#define seL4_NoWrite seL4_CapRights_new(1, 1, 1, 0)
#define seL4_NoRead seL4_CapRights_new(1, 1, 0, 1)
#define seL4_NoRights seL4_CapRights_new(0, 0, 0, 0)
