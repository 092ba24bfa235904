/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each thread of a program keeps for libsel4: the pointer to its IPC
 * buffer. Whoever starts a thread sets it (the start-up code for the first
 * one).
 */
#include <sel4/sel4.h>

LIBSEL4_THREAD_LOCAL seL4_IPCBuffer *__sel4_ipc_buffer;

#ifdef CONFIG_KERNEL_INVOCATION_REPORT_ERROR_IPC
LIBSEL4_THREAD_LOCAL char __sel4_print_error =
    CONFIG_LIB_SEL4_PRINT_INVOCATION_ERRORS;
#endif
