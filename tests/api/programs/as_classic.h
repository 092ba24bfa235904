/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The classic kernel's system calls on the MCS kernel, for programs that run
 * on both: every thread answers by a reply object of its own.
 */
#ifndef AS_CLASSIC_H
#define AS_CLASSIC_H

#include "transcript.h"

#ifdef CONFIG_KERNEL_MCS

__attribute__((unused)) static seL4_CPtr reply_object(void)
{
    if (!own_reply)
        own_reply = make(seL4_ReplyObject, 0);
    return own_reply;
}

#define seL4_Recv(from, badge) seL4_Recv(from, badge, reply_object())
#define seL4_NBRecv(from, badge) seL4_NBRecv(from, badge, reply_object())
#define seL4_ReplyRecv(from, info, badge)                                      \
    seL4_ReplyRecv(from, info, badge, reply_object())
#define seL4_Reply(info) seL4_Send(reply_object(), info)

/* The thread is interrupted from time to time, as the classic kernel does. */
#define TAKES_TURNS(t) give_time((t).context, 5000, 5000)

/* There is no such method. */
#define CNodeSaveCaller InvalidInvocation

/* The handler is a capability; classic: a pointer to it in that CSpace. */
#define SPACE_ERROR(tcb, cnode, data, handler, pointer)                        \
    QUIETLY(tcb, TCBSetSpace, CAPS(handler, cnode, VSPACE), data, 0)

/* A fault handler is a capability, not a pointer to one. */
#define SET_HANDLER(tcb, handler)                                              \
    INVOKE(tcb, TCBSetSpace, CAPS(handler, ROOT, VSPACE), 0, 0)
#define SET_VSPACE(tcb, vspace, handler)                                       \
    INVOKE(tcb, TCBSetSpace, CAPS(handler, ROOT, vspace), 0, 0)

#else

#define TAKES_TURNS(t) (void)(t)

#define SPACE_ERROR(tcb, cnode, data, handler, pointer)                        \
    QUIETLY(tcb, TCBSetSpace, CAPS(cnode, VSPACE), pointer, data, 0)

#define SET_HANDLER(tcb, handler)                                              \
    INVOKE(tcb, TCBSetSpace, CAPS(ROOT, VSPACE), handler, 0, 0)
#define SET_VSPACE(tcb, vspace, handler)                                       \
    INVOKE(tcb, TCBSetSpace, CAPS(ROOT, vspace), handler, 0, 0)

#endif

#endif
