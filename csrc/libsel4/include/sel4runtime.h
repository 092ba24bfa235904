/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program asks its start-up code. In hosted programs the C library
 * starts main() and gives each thread its TLS; so only questions and the way
 * out are left, and the real header's functions that lay out TLS are there for
 * root tasks alone.
 */
#pragma once

#include <sel4/sel4.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef unsigned long sel4runtime_uintptr_t;
typedef sel4runtime_uintptr_t sel4runtime_size_t;

#define SEL4RUNTIME_NULL ((void *)0)

/* Boot information; null if the program is not an initial thread. */
seL4_BootInfo *sel4runtime_bootinfo(void);

/* What main() gets, and the last part of the program's name. */
char const *sel4runtime_process_name(void);
int sel4runtime_argc(void);
char const *const *sel4runtime_argv(void);
char const *const *sel4runtime_envp(void);

/* The calling thread's FS base. */
static inline sel4runtime_uintptr_t sel4runtime_get_tls_base(void)
{
    sel4runtime_uintptr_t base;

    __asm__ __volatile__("mov %%fs:0, %0" : "=r"(base));
    return base;
}

/* Ends the program with an exit code; must not return. */
typedef void sel4runtime_exit_cb(int code);

/* Comes before that, and gives the exit code to use instead. */
typedef int sel4runtime_pre_exit_cb(int code);

/* Set one of the two; null stands for none. Returns the one before it. */
sel4runtime_exit_cb *sel4runtime_set_exit(sel4runtime_exit_cb *cb);
sel4runtime_pre_exit_cb *sel4runtime_set_pre_exit(sel4runtime_pre_exit_cb *cb);

/*
 * End the program: call the pre-exit callback, then the exit callback, or
 * exit() if there is none (which runs destructors).
 */
void sel4runtime_exit(int code);

#ifdef SEL4EMU_ROOT
/* Bytes of memory that a thread's TLS needs. */
sel4runtime_size_t sel4runtime_get_tls_size(void);

/* Lay out the TLS of a new thread there; returns its FS base (0 for null). */
sel4runtime_uintptr_t sel4runtime_write_tls_image(void *tls_memory);

/* Set the calling thread's FS base. */
static inline void
sel4runtime_set_tls_base(sel4runtime_uintptr_t tls_base)
{
    seL4_SetTLSBase(tls_base);
}

/*
 * Set a variable in another thread's TLS: 0, or nonzero if it is no
 * thread-local variable.
 */
#define sel4runtime_set_tls_variable(thread_pointer, variable, value)         \
    ({                                                                        \
        __typeof__(variable) sel4runtime_value = (value);                     \
        __sel4runtime_write_tls_variable(                                     \
            (sel4runtime_uintptr_t)(thread_pointer),                          \
            (unsigned char *)&(variable),                                     \
            (unsigned char *)&sel4runtime_value, sizeof(variable));           \
    })

int __sel4runtime_write_tls_variable(sel4runtime_uintptr_t dest_tls_base,
                                     unsigned char *local_tls_dest,
                                     unsigned char *src,
                                     sel4runtime_size_t bytes);
#endif

#ifdef __cplusplus
}
#endif
