/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All system calls: what they do. How they do it stands in the arch headers,
 * which this one brings along.
 */
#pragma once

#include <sel4/config.h>
#include <sel4/functions.h>

#ifdef CONFIG_KERNEL_MCS
#include <sel4/syscalls_mcs.h>
#else
#include <sel4/syscalls_master.h>
#endif

#ifdef CONFIG_PRINTING
/** Write a character to the console. */
LIBSEL4_INLINE_FUNC void seL4_DebugPutChar(char c);

/** Write a string to the console. */
LIBSEL4_INLINE_FUNC void seL4_DebugPutString(char *str);

/** Print all threads, with name, instruction pointer, priority and state. */
LIBSEL4_INLINE_FUNC void seL4_DebugDumpScheduler(void);
#endif

#ifdef CONFIG_DEBUG_BUILD
/** Stop the machine. */
LIBSEL4_INLINE_FUNC void seL4_DebugHalt(void);

/** Print the capability state of the machine. */
LIBSEL4_INLINE_FUNC void seL4_DebugSnapshot(void);

/** Tell the kernel's number for a type of capability; 0 for an empty slot. */
LIBSEL4_INLINE_FUNC seL4_Uint32 seL4_DebugCapIdentify(seL4_CPtr cap);

/** Name a thread; a name too long for the IPC buffer is cut. */
LIBSEL4_INLINE_FUNC void seL4_DebugNameThread(seL4_CPtr tcb, const char *name);
#endif

#ifdef CONFIG_KERNEL_X86_DANGEROUS_MSR
/** Write a model-specific register of the processor. */
LIBSEL4_INLINE_FUNC void seL4_X86DangerousWRMSR(seL4_Uint32 msr,
                                                seL4_Uint64 value);

/** Read a model-specific register of the processor. */
LIBSEL4_INLINE_FUNC seL4_Uint64 seL4_X86DangerousRDMSR(seL4_Uint32 msr);
#endif

#ifdef CONFIG_ENABLE_BENCHMARKS
/** Start a new log. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_BenchmarkResetLog(void);

/** Stop the log and tell how many entries it has. */
LIBSEL4_INLINE_FUNC seL4_Word seL4_BenchmarkFinalizeLog(void);

/** Give the large frame that the log goes to. */
LIBSEL4_INLINE_FUNC seL4_Error seL4_BenchmarkSetLogBuffer(seL4_Word frame_cptr);

/** Enter and leave the kernel. */
LIBSEL4_INLINE_FUNC void seL4_BenchmarkNullSyscall(void);

/** Empty the caches. */
LIBSEL4_INLINE_FUNC void seL4_BenchmarkFlushCaches(void);

#ifdef CONFIG_BENCHMARK_TRACK_UTILISATION
/** Read what a thread has used, by benchmark_track_util_ipc_index. */
LIBSEL4_INLINE_FUNC void seL4_BenchmarkGetThreadUtilisation(seL4_Word tcb_cptr);

/** Count a thread's use from zero again. */
LIBSEL4_INLINE_FUNC void seL4_BenchmarkResetThreadUtilisation(
    seL4_Word tcb_cptr);

#ifdef CONFIG_DEBUG_BUILD
/** Print what each thread has used. */
LIBSEL4_INLINE_FUNC void seL4_BenchmarkDumpAllThreadsUtilisation(void);

/** Count every thread's use from zero again. */
LIBSEL4_INLINE_FUNC void seL4_BenchmarkResetAllThreadsUtilisation(void);
#endif
#endif /* CONFIG_BENCHMARK_TRACK_UTILISATION */
#endif /* CONFIG_ENABLE_BENCHMARKS */

#ifdef CONFIG_SET_TLS_BASE_SELF
/** Set the caller's FS base. */
LIBSEL4_INLINE_FUNC void seL4_SetTLSBase(seL4_Word tls_base);
#endif

#include <sel4/arch/syscalls.h>
#include <sel4/sel4_arch/syscalls.h>
