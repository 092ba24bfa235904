/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls of the MCS kernel. All of them take and leave the words of a
 * message in the caller's IPC buffer (seL4_SetMR, seL4_GetMR) and look at the
 * message info for their number. `reply` is a reply object: it takes up the
 * caller when a call is received, and sends the answer.
 */
#pragma once

#include <sel4/config.h>
#include <sel4/types.h>

/** Send a message to an endpoint, waiting for a receiver; or reply. */
LIBSEL4_INLINE_FUNC void seL4_Send(seL4_CPtr dest, seL4_MessageInfo_t msgInfo);

/** Send a message only if a receiver waits already; tells nobody if not. */
LIBSEL4_INLINE_FUNC void seL4_NBSend(seL4_CPtr dest,
                                     seL4_MessageInfo_t msgInfo);

/**
 * Send a message and wait for the answer; on kernel objects, invoke them.
 * @return message info of the answer
 */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_Call(seL4_CPtr dest,
                                                 seL4_MessageInfo_t msgInfo);

/**
 * Receive a message from an endpoint or notification.
 * @param sender receives the badge; may be null
 * @return message info of what came
 */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_Recv(seL4_CPtr src,
                                                 seL4_Word *sender,
                                                 seL4_CPtr reply);

/** As seL4_Recv(), without waiting; the badge is 0 if nothing was there. */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_NBRecv(seL4_CPtr src,
                                                   seL4_Word *sender,
                                                   seL4_CPtr reply);

/** Answer through the reply object, then receive with it. */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t
seL4_ReplyRecv(seL4_CPtr src, seL4_MessageInfo_t msgInfo, seL4_Word *sender,
               seL4_CPtr reply);

/** seL4_NBSend() to `dest` and seL4_Recv() from `src` in one. */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t
seL4_NBSendRecv(seL4_CPtr dest, seL4_MessageInfo_t msgInfo, seL4_CPtr src,
                seL4_Word *sender, seL4_CPtr reply);

/** seL4_NBSend() to `dest` and seL4_Wait() for `src` in one. */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t
seL4_NBSendWait(seL4_CPtr dest, seL4_MessageInfo_t msgInfo, seL4_CPtr src,
                seL4_Word *sender);

/** Give up the rest of the budget. */
LIBSEL4_INLINE_FUNC void seL4_Yield(void);

/** Signal a notification. */
LIBSEL4_INLINE_FUNC void seL4_Signal(seL4_CPtr dest);

/** Receive without a reply object: from a notification, or no calls. */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_Wait(seL4_CPtr src,
                                                 seL4_Word *sender);

/** As seL4_Wait(), without waiting. */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_NBWait(seL4_CPtr src,
                                                   seL4_Word *sender);

/** The same as seL4_NBWait(). */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_Poll(seL4_CPtr src,
                                                 seL4_Word *sender);
