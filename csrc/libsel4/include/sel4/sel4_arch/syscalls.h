/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls on x86_64. Those whose names end in WithMRs take and leave the
 * first four message words through pointers, which may be null, instead of the
 * IPC buffer.
 */
#pragma once

#include <sel4/config.h>
#include <sel4/functions.h>
#include <sel4/sel4_arch/syscalls_syscall.h>
#include <sel4/types.h>
#include <sel4emu/gate.h>

static inline struct sel4emu_frame libsel4_frame(seL4_CPtr cap,
                                                 seL4_MessageInfo_t info,
                                                 seL4_CPtr reply)
{
    struct sel4emu_frame frame = {
        cap, info.words[0], { 0, 0, 0, 0 }, reply, 0
    };

    return frame;
}

static inline seL4_MessageInfo_t libsel4_no_info(void)
{
    return seL4_MessageInfo_new(0, 0, 0, 0);
}

/* The first message words, from the IPC buffer. */
static inline void libsel4_take_words(struct sel4emu_frame *frame)
{
    for (int i = 0; i < seL4_FastMessageRegisters; i++) {
        frame->mr[i] = seL4_GetMR(i);
    }
}

/* The first message words, to the IPC buffer. */
static inline void libsel4_give_words(const struct sel4emu_frame *frame)
{
    for (int i = 0; i < seL4_FastMessageRegisters; i++) {
        seL4_SetMR(i, frame->mr[i]);
    }
}

/* The first message words, through pointers. */
static inline void libsel4_take_all_mrs(struct sel4emu_frame *frame,
                                        const seL4_Word *mr0,
                                        const seL4_Word *mr1,
                                        const seL4_Word *mr2,
                                        const seL4_Word *mr3)
{
    frame->mr[0] = mr0 ? *mr0 : 0;
    frame->mr[1] = mr1 ? *mr1 : 0;
    frame->mr[2] = mr2 ? *mr2 : 0;
    frame->mr[3] = mr3 ? *mr3 : 0;
}

/* The same, as many as the message has; others are not even read. */
static inline void libsel4_take_mrs(struct sel4emu_frame *frame,
                                    const seL4_Word *mr0, const seL4_Word *mr1,
                                    const seL4_Word *mr2, const seL4_Word *mr3)
{
    seL4_MessageInfo_t info = { { frame->info } };
    seL4_Word length = seL4_MessageInfo_get_length(info);

    libsel4_take_all_mrs(frame, length > 0 ? mr0 : 0, length > 1 ? mr1 : 0,
                         length > 2 ? mr2 : 0, length > 3 ? mr3 : 0);
}

static inline void libsel4_give_mrs(const struct sel4emu_frame *frame,
                                    seL4_Word *mr0, seL4_Word *mr1,
                                    seL4_Word *mr2, seL4_Word *mr3)
{
    if (mr0) {
        *mr0 = frame->mr[0];
    }
    if (mr1) {
        *mr1 = frame->mr[1];
    }
    if (mr2) {
        *mr2 = frame->mr[2];
    }
    if (mr3) {
        *mr3 = frame->mr[3];
    }
}

/* Badge and message info of what came. */
static inline seL4_MessageInfo_t libsel4_received(
    const struct sel4emu_frame *frame, seL4_Word *sender)
{
    seL4_MessageInfo_t info = { { frame->info } };

    if (sender) {
        *sender = frame->cap;
    }
    return info;
}

LIBSEL4_INLINE_FUNC void seL4_Send(seL4_CPtr dest, seL4_MessageInfo_t msgInfo)
{
    struct sel4emu_frame frame = libsel4_frame(dest, msgInfo, 0);

    libsel4_take_words(&frame);
    sel4emu_syscall((seL4_Word)seL4_SysSend, &frame);
}

LIBSEL4_INLINE_FUNC void seL4_SendWithMRs(seL4_CPtr dest,
                                          seL4_MessageInfo_t msgInfo,
                                          seL4_Word *mr0, seL4_Word *mr1,
                                          seL4_Word *mr2, seL4_Word *mr3)
{
    struct sel4emu_frame frame = libsel4_frame(dest, msgInfo, 0);

    libsel4_take_all_mrs(&frame, mr0, mr1, mr2, mr3);
    sel4emu_syscall((seL4_Word)seL4_SysSend, &frame);
}

LIBSEL4_INLINE_FUNC void seL4_NBSend(seL4_CPtr dest, seL4_MessageInfo_t msgInfo)
{
    struct sel4emu_frame frame = libsel4_frame(dest, msgInfo, 0);

    libsel4_take_words(&frame);
    sel4emu_syscall((seL4_Word)seL4_SysNBSend, &frame);
}

LIBSEL4_INLINE_FUNC void seL4_NBSendWithMRs(seL4_CPtr dest,
                                            seL4_MessageInfo_t msgInfo,
                                            seL4_Word *mr0, seL4_Word *mr1,
                                            seL4_Word *mr2, seL4_Word *mr3)
{
    struct sel4emu_frame frame = libsel4_frame(dest, msgInfo, 0);

    libsel4_take_all_mrs(&frame, mr0, mr1, mr2, mr3);
    sel4emu_syscall((seL4_Word)seL4_SysNBSend, &frame);
}

LIBSEL4_INLINE_FUNC void seL4_Signal(seL4_CPtr dest)
{
    x64_sys_send_null((seL4_Word)seL4_SysSend, dest,
                      seL4_MessageInfo_new(0, 0, 0, 1).words[0]);
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_Call(seL4_CPtr dest,
                                                 seL4_MessageInfo_t msgInfo)
{
    struct sel4emu_frame frame = libsel4_frame(dest, msgInfo, 0);

    libsel4_take_words(&frame);
    sel4emu_syscall((seL4_Word)seL4_SysCall, &frame);
    libsel4_give_words(&frame);
    return libsel4_received(&frame, 0);
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t
seL4_CallWithMRs(seL4_CPtr dest, seL4_MessageInfo_t msgInfo, seL4_Word *mr0,
                 seL4_Word *mr1, seL4_Word *mr2, seL4_Word *mr3)
{
    struct sel4emu_frame frame = libsel4_frame(dest, msgInfo, 0);

    libsel4_take_mrs(&frame, mr0, mr1, mr2, mr3);
    sel4emu_syscall((seL4_Word)seL4_SysCall, &frame);
    libsel4_give_mrs(&frame, mr0, mr1, mr2, mr3);
    return libsel4_received(&frame, 0);
}

LIBSEL4_INLINE_FUNC void seL4_Yield(void)
{
    x64_sys_null((seL4_Word)seL4_SysYield);
}

#ifndef CONFIG_KERNEL_MCS

LIBSEL4_INLINE_FUNC void seL4_Reply(seL4_MessageInfo_t msgInfo)
{
    struct sel4emu_frame frame = libsel4_frame(0, msgInfo, 0);

    libsel4_take_words(&frame);
    sel4emu_syscall((seL4_Word)seL4_SysReply, &frame);
}

LIBSEL4_INLINE_FUNC void seL4_ReplyWithMRs(seL4_MessageInfo_t msgInfo,
                                           seL4_Word *mr0, seL4_Word *mr1,
                                           seL4_Word *mr2, seL4_Word *mr3)
{
    struct sel4emu_frame frame = libsel4_frame(0, msgInfo, 0);

    libsel4_take_all_mrs(&frame, mr0, mr1, mr2, mr3);
    sel4emu_syscall((seL4_Word)seL4_SysReply, &frame);
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_Recv(seL4_CPtr src,
                                                 seL4_Word *sender)
{
    struct sel4emu_frame frame = libsel4_frame(src, libsel4_no_info(), 0);

    sel4emu_syscall((seL4_Word)seL4_SysRecv, &frame);
    libsel4_give_words(&frame);
    return libsel4_received(&frame, sender);
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t
seL4_RecvWithMRs(seL4_CPtr src, seL4_Word *sender, seL4_Word *mr0,
                 seL4_Word *mr1, seL4_Word *mr2, seL4_Word *mr3)
{
    struct sel4emu_frame frame = libsel4_frame(src, libsel4_no_info(), 0);

    sel4emu_syscall((seL4_Word)seL4_SysRecv, &frame);
    libsel4_give_mrs(&frame, mr0, mr1, mr2, mr3);
    return libsel4_received(&frame, sender);
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_NBRecv(seL4_CPtr src,
                                                   seL4_Word *sender)
{
    struct sel4emu_frame frame = libsel4_frame(src, libsel4_no_info(), 0);

    sel4emu_syscall((seL4_Word)seL4_SysNBRecv, &frame);
    libsel4_give_words(&frame);
    return libsel4_received(&frame, sender);
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t
seL4_ReplyRecv(seL4_CPtr dest, seL4_MessageInfo_t msgInfo, seL4_Word *sender)
{
    struct sel4emu_frame frame = libsel4_frame(dest, msgInfo, 0);

    libsel4_take_words(&frame);
    sel4emu_syscall((seL4_Word)seL4_SysReplyRecv, &frame);
    libsel4_give_words(&frame);
    return libsel4_received(&frame, sender);
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_ReplyRecvWithMRs(
    seL4_CPtr dest, seL4_MessageInfo_t msgInfo, seL4_Word *sender,
    seL4_Word *mr0, seL4_Word *mr1, seL4_Word *mr2, seL4_Word *mr3)
{
    struct sel4emu_frame frame = libsel4_frame(dest, msgInfo, 0);

    libsel4_take_mrs(&frame, mr0, mr1, mr2, mr3);
    sel4emu_syscall((seL4_Word)seL4_SysReplyRecv, &frame);
    libsel4_give_mrs(&frame, mr0, mr1, mr2, mr3);
    return libsel4_received(&frame, sender);
}

#else /* CONFIG_KERNEL_MCS */

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_Recv(seL4_CPtr src,
                                                 seL4_Word *sender,
                                                 seL4_CPtr reply)
{
    struct sel4emu_frame frame = libsel4_frame(src, libsel4_no_info(), reply);

    sel4emu_syscall((seL4_Word)seL4_SysRecv, &frame);
    libsel4_give_words(&frame);
    return libsel4_received(&frame, sender);
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_RecvWithMRs(
    seL4_CPtr src, seL4_Word *sender, seL4_Word *mr0, seL4_Word *mr1,
    seL4_Word *mr2, seL4_Word *mr3, seL4_CPtr reply)
{
    struct sel4emu_frame frame = libsel4_frame(src, libsel4_no_info(), reply);

    sel4emu_syscall((seL4_Word)seL4_SysRecv, &frame);
    libsel4_give_mrs(&frame, mr0, mr1, mr2, mr3);
    return libsel4_received(&frame, sender);
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_NBRecv(seL4_CPtr src,
                                                   seL4_Word *sender,
                                                   seL4_CPtr reply)
{
    struct sel4emu_frame frame = libsel4_frame(src, libsel4_no_info(), reply);

    sel4emu_syscall((seL4_Word)seL4_SysNBRecv, &frame);
    libsel4_give_words(&frame);
    return libsel4_received(&frame, sender);
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_Wait(seL4_CPtr src,
                                                 seL4_Word *sender)
{
    struct sel4emu_frame frame = libsel4_frame(src, libsel4_no_info(), 0);

    sel4emu_syscall((seL4_Word)seL4_SysWait, &frame);
    libsel4_give_words(&frame);
    return libsel4_received(&frame, sender);
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t
seL4_WaitWithMRs(seL4_CPtr src, seL4_Word *sender, seL4_Word *mr0,
                 seL4_Word *mr1, seL4_Word *mr2, seL4_Word *mr3)
{
    struct sel4emu_frame frame = libsel4_frame(src, libsel4_no_info(), 0);

    sel4emu_syscall((seL4_Word)seL4_SysWait, &frame);
    libsel4_give_mrs(&frame, mr0, mr1, mr2, mr3);
    return libsel4_received(&frame, sender);
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_NBWait(seL4_CPtr src,
                                                   seL4_Word *sender)
{
    struct sel4emu_frame frame = libsel4_frame(src, libsel4_no_info(), 0);

    sel4emu_syscall((seL4_Word)seL4_SysNBWait, &frame);
    libsel4_give_words(&frame);
    return libsel4_received(&frame, sender);
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t
seL4_ReplyRecv(seL4_CPtr dest, seL4_MessageInfo_t msgInfo, seL4_Word *sender,
               seL4_CPtr reply)
{
    struct sel4emu_frame frame = libsel4_frame(dest, msgInfo, reply);

    libsel4_take_words(&frame);
    sel4emu_syscall((seL4_Word)seL4_SysReplyRecv, &frame);
    libsel4_give_words(&frame);
    return libsel4_received(&frame, sender);
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t
seL4_ReplyRecvWithMRs(seL4_CPtr dest, seL4_MessageInfo_t msgInfo,
                      seL4_Word *sender, seL4_Word *mr0, seL4_Word *mr1,
                      seL4_Word *mr2, seL4_Word *mr3, seL4_CPtr reply)
{
    struct sel4emu_frame frame = libsel4_frame(dest, msgInfo, reply);

    libsel4_take_mrs(&frame, mr0, mr1, mr2, mr3);
    sel4emu_syscall((seL4_Word)seL4_SysReplyRecv, &frame);
    libsel4_give_mrs(&frame, mr0, mr1, mr2, mr3);
    return libsel4_received(&frame, sender);
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t
seL4_NBSendRecv(seL4_CPtr dest, seL4_MessageInfo_t msgInfo, seL4_CPtr src,
                seL4_Word *sender, seL4_CPtr reply)
{
    struct sel4emu_frame frame = libsel4_frame(src, msgInfo, reply);

    frame.dest = dest;
    libsel4_take_words(&frame);
    sel4emu_syscall((seL4_Word)seL4_SysNBSendRecv, &frame);
    libsel4_give_words(&frame);
    return libsel4_received(&frame, sender);
}

LIBSEL4_INLINE_FUNC seL4_MessageInfo_t seL4_NBSendRecvWithMRs(
    seL4_CPtr dest, seL4_MessageInfo_t msgInfo, seL4_CPtr src,
    seL4_Word *sender, seL4_Word *mr0, seL4_Word *mr1, seL4_Word *mr2,
    seL4_Word *mr3, seL4_CPtr reply)
{
    struct sel4emu_frame frame = libsel4_frame(src, msgInfo, reply);

    frame.dest = dest;
    libsel4_take_mrs(&frame, mr0, mr1, mr2, mr3);
    sel4emu_syscall((seL4_Word)seL4_SysNBSendRecv, &frame);
    libsel4_give_mrs(&frame, mr0, mr1, mr2, mr3);
    return libsel4_received(&frame, sender);
}

/* This system call has its destination where others have the reply object. */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t
seL4_NBSendWait(seL4_CPtr dest, seL4_MessageInfo_t msgInfo, seL4_CPtr src,
                seL4_Word *sender)
{
    struct sel4emu_frame frame = libsel4_frame(src, msgInfo, dest);

    libsel4_take_words(&frame);
    sel4emu_syscall((seL4_Word)seL4_SysNBSendWait, &frame);
    libsel4_give_words(&frame);
    return libsel4_received(&frame, sender);
}

/*
 * The real library makes another system call here than its name says: it
 * replies through `dest` and receives from `dest`. Programs see the difference,
 * so it is kept.
 */
LIBSEL4_INLINE_FUNC seL4_MessageInfo_t
seL4_NBSendWaitWithMRs(seL4_CPtr dest, seL4_MessageInfo_t msgInfo,
                       seL4_CPtr src, seL4_Word *sender, seL4_Word *mr0,
                       seL4_Word *mr1, seL4_Word *mr2, seL4_Word *mr3)
{
    struct sel4emu_frame frame = libsel4_frame(dest, msgInfo, dest);

    (void)src;
    libsel4_take_mrs(&frame, mr0, mr1, mr2, mr3);
    sel4emu_syscall((seL4_Word)seL4_SysReplyRecv, &frame);
    libsel4_give_mrs(&frame, mr0, mr1, mr2, mr3);
    return libsel4_received(&frame, sender);
}

#endif /* CONFIG_KERNEL_MCS */

#ifdef CONFIG_PRINTING
LIBSEL4_INLINE_FUNC void seL4_DebugPutChar(char c)
{
    struct sel4emu_frame frame =
        libsel4_frame((seL4_Word)c, libsel4_no_info(), 0);

    sel4emu_syscall((seL4_Word)seL4_SysDebugPutChar, &frame);
}

LIBSEL4_INLINE_FUNC void seL4_DebugPutString(char *str)
{
    for (char *s = str; *s; s++) {
        seL4_DebugPutChar(*s);
    }
}

LIBSEL4_INLINE_FUNC void seL4_DebugDumpScheduler(void)
{
    struct sel4emu_frame frame = libsel4_frame(0, libsel4_no_info(), 0);

    sel4emu_syscall((seL4_Word)seL4_SysDebugDumpScheduler, &frame);
}
#endif

#ifdef CONFIG_DEBUG_BUILD
/* Programs rely on this header to declare it. */
#ifndef __cplusplus
char *strcpy(char *, const char *);
#endif

LIBSEL4_INLINE_FUNC void seL4_DebugHalt(void)
{
    x64_sys_null((seL4_Word)seL4_SysDebugHalt);
}

LIBSEL4_INLINE_FUNC void seL4_DebugSnapshot(void)
{
    x64_sys_null((seL4_Word)seL4_SysDebugSnapshot);
}

LIBSEL4_INLINE_FUNC seL4_Uint32 seL4_DebugCapIdentify(seL4_CPtr cap)
{
    struct sel4emu_frame frame = libsel4_frame(cap, libsel4_no_info(), 0);

    sel4emu_syscall((seL4_Word)seL4_SysDebugCapIdentify, &frame);
    return (seL4_Uint32)frame.cap;
}

LIBSEL4_INLINE_FUNC void seL4_DebugNameThread(seL4_CPtr tcb, const char *name)
{
    struct sel4emu_frame frame = libsel4_frame(tcb, libsel4_no_info(), 0);
    char *to = (char *)seL4_GetIPCBuffer()->msg;
    char *last = to + sizeof(seL4_GetIPCBuffer()->msg) - 1;

    while (*name && to < last) {
        *to++ = *name++;
    }
    *to = 0;
    sel4emu_syscall((seL4_Word)seL4_SysDebugNameThread, &frame);
}
#endif

#ifdef CONFIG_KERNEL_X86_DANGEROUS_MSR
LIBSEL4_INLINE_FUNC void seL4_X86DangerousWRMSR(seL4_Uint32 msr,
                                                seL4_Uint64 value)
{
    x64_sys_send((seL4_Word)seL4_SysX86DangerousWRMSR, msr, 0, value, 0, 0, 0);
}

LIBSEL4_INLINE_FUNC seL4_Uint64 seL4_X86DangerousRDMSR(seL4_Uint32 msr)
{
    struct sel4emu_frame frame = libsel4_frame(msr, libsel4_no_info(), 0);

    sel4emu_syscall((seL4_Word)seL4_SysX86DangerousRDMSR, &frame);
    return frame.mr[0];
}
#endif

#ifdef CONFIG_ENABLE_BENCHMARKS
LIBSEL4_INLINE_FUNC seL4_Error seL4_BenchmarkResetLog(void)
{
    struct sel4emu_frame frame = libsel4_frame(0, libsel4_no_info(), 0);

    sel4emu_syscall((seL4_Word)seL4_SysBenchmarkResetLog, &frame);
    return (seL4_Error)frame.cap;
}

LIBSEL4_INLINE_FUNC seL4_Word seL4_BenchmarkFinalizeLog(void)
{
    struct sel4emu_frame frame = libsel4_frame(0, libsel4_no_info(), 0);

    sel4emu_syscall((seL4_Word)seL4_SysBenchmarkFinalizeLog, &frame);
    return frame.cap;
}

LIBSEL4_INLINE_FUNC seL4_Error seL4_BenchmarkSetLogBuffer(seL4_Word frame_cptr)
{
    struct sel4emu_frame frame =
        libsel4_frame(frame_cptr, libsel4_no_info(), 0);

    sel4emu_syscall((seL4_Word)seL4_SysBenchmarkSetLogBuffer, &frame);
    return (seL4_Error)frame.cap;
}

LIBSEL4_INLINE_FUNC void seL4_BenchmarkNullSyscall(void)
{
    x64_sys_null((seL4_Word)seL4_SysBenchmarkNullSyscall);
}

LIBSEL4_INLINE_FUNC void seL4_BenchmarkFlushCaches(void)
{
    x64_sys_null((seL4_Word)seL4_SysBenchmarkFlushCaches);
}

#ifdef CONFIG_BENCHMARK_TRACK_UTILISATION
LIBSEL4_INLINE_FUNC void seL4_BenchmarkGetThreadUtilisation(seL4_Word tcb_cptr)
{
    struct sel4emu_frame frame = libsel4_frame(tcb_cptr, libsel4_no_info(), 0);

    sel4emu_syscall((seL4_Word)seL4_SysBenchmarkGetThreadUtilisation, &frame);
}

LIBSEL4_INLINE_FUNC void seL4_BenchmarkResetThreadUtilisation(
    seL4_Word tcb_cptr)
{
    struct sel4emu_frame frame = libsel4_frame(tcb_cptr, libsel4_no_info(), 0);

    sel4emu_syscall((seL4_Word)seL4_SysBenchmarkResetThreadUtilisation, &frame);
}

#ifdef CONFIG_DEBUG_BUILD
LIBSEL4_INLINE_FUNC void seL4_BenchmarkDumpAllThreadsUtilisation(void)
{
    struct sel4emu_frame frame = libsel4_frame(0, libsel4_no_info(), 0);

    sel4emu_syscall((seL4_Word)seL4_SysBenchmarkDumpAllThreadsUtilisation,
                    &frame);
}

LIBSEL4_INLINE_FUNC void seL4_BenchmarkResetAllThreadsUtilisation(void)
{
    struct sel4emu_frame frame = libsel4_frame(0, libsel4_no_info(), 0);

    sel4emu_syscall((seL4_Word)seL4_SysBenchmarkResetAllThreadsUtilisation,
                    &frame);
}
#endif
#endif /* CONFIG_BENCHMARK_TRACK_UTILISATION */
#endif /* CONFIG_ENABLE_BENCHMARKS */

#ifdef CONFIG_SET_TLS_BASE_SELF
LIBSEL4_INLINE_FUNC void seL4_SetTLSBase(seL4_Word tls_base)
{
    x64_sys_send_null((seL4_Word)seL4_SysSetTLSBase, tls_base, 0);
}
#endif
