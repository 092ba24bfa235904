/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Access to the calling thread's IPC buffer. Every thread has one of its own:
 * whoever makes a thread has to call seL4_SetIPCBuffer() in it, or write
 * __sel4_ipc_buffer in its TLS, before anything else here.
 */
#pragma once

#include <sel4/types.h>

extern LIBSEL4_THREAD_LOCAL seL4_IPCBuffer *__sel4_ipc_buffer;

#ifdef CONFIG_KERNEL_INVOCATION_REPORT_ERROR_IPC
extern LIBSEL4_THREAD_LOCAL char __sel4_print_error;

/* Text that the kernel left after a failed invocation. */
LIBSEL4_INLINE_FUNC char *seL4_GetDebugError(void)
{
    return (char *)&__sel4_ipc_buffer->msg[DEBUG_MESSAGE_START];
}

/* Choose whether failed invocations print that text. */
LIBSEL4_INLINE_FUNC void seL4_SetPrintError(char print_error)
{
    __sel4_print_error = print_error;
}

LIBSEL4_INLINE_FUNC char seL4_CanPrintError(void)
{
    return __sel4_print_error;
}
#endif

LIBSEL4_INLINE_FUNC void seL4_SetIPCBuffer(seL4_IPCBuffer *ipc_buffer)
{
    __sel4_ipc_buffer = ipc_buffer;
}

LIBSEL4_INLINE_FUNC seL4_IPCBuffer *seL4_GetIPCBuffer(void)
{
    return __sel4_ipc_buffer;
}

/* Message word i of the buffer, 0 to seL4_MsgMaxLength - 1. */
LIBSEL4_INLINE_FUNC seL4_Word seL4_GetMR(int i)
{
    return seL4_GetIPCBuffer()->msg[i];
}

LIBSEL4_INLINE_FUNC void seL4_SetMR(int i, seL4_Word mr)
{
    seL4_GetIPCBuffer()->msg[i] = mr;
}

/* A word of the buffer that neither kernel nor library use. */
LIBSEL4_INLINE_FUNC seL4_Word seL4_GetUserData(void)
{
    return seL4_GetIPCBuffer()->userData;
}

LIBSEL4_INLINE_FUNC void seL4_SetUserData(seL4_Word data)
{
    seL4_GetIPCBuffer()->userData = data;
}

/* Badge i of a received message, where its capsUnwrapped bit is set. */
LIBSEL4_INLINE_FUNC seL4_Word seL4_GetBadge(int i)
{
    return seL4_GetIPCBuffer()->caps_or_badges[i];
}

/* Capability i of the message to send, 0 to seL4_MsgMaxExtraCaps - 1. */
LIBSEL4_INLINE_FUNC seL4_CPtr seL4_GetCap(int i)
{
    return seL4_GetIPCBuffer()->caps_or_badges[i];
}

LIBSEL4_INLINE_FUNC void seL4_SetCap(int i, seL4_CPtr cptr)
{
    seL4_GetIPCBuffer()->caps_or_badges[i] = cptr;
}

/* Tell the slot that receives a capability; each pointer may be null. */
LIBSEL4_INLINE_FUNC void seL4_GetCapReceivePath(seL4_CPtr *receiveCNode,
                                                seL4_CPtr *receiveIndex,
                                                seL4_Word *receiveDepth)
{
    const seL4_IPCBuffer *buffer = seL4_GetIPCBuffer();

    if (receiveCNode) {
        *receiveCNode = buffer->receiveCNode;
    }
    if (receiveIndex) {
        *receiveIndex = buffer->receiveIndex;
    }
    if (receiveDepth) {
        *receiveDepth = buffer->receiveDepth;
    }
}

/* Choose the slot that receives a capability. */
LIBSEL4_INLINE_FUNC void seL4_SetCapReceivePath(seL4_CPtr receiveCNode,
                                                seL4_CPtr receiveIndex,
                                                seL4_Word receiveDepth)
{
    seL4_IPCBuffer *buffer = seL4_GetIPCBuffer();

    buffer->receiveCNode = receiveCNode;
    buffer->receiveIndex = receiveIndex;
    buffer->receiveDepth = receiveDepth;
}
