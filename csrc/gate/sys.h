/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Raw Linux system calls for code that runs inside a gate: no libc, no errno,
 * no cancellation point. Results are the kernel's own (negative: -errno).
 */
#ifndef SEL4EMU_GATE_SYS_H
#define SEL4EMU_GATE_SYS_H

#include <linux/futex.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

static inline long sys_call6(long n, long a, long b, const long rest[4])
{
    long result;
    register long r10 __asm__("r10") = rest[1];
    register long r8 __asm__("r8") = rest[2];
    register long r9 __asm__("r9") = rest[3];

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(n), "D"(a), "S"(b), "d"(rest[0]), "r"(r10), "r"(r8),
                       "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

#define sys_call(n, a, b, c, d, e, f)                                          \
    sys_call6((n), (long)(a), (long)(b),                                       \
              (const long[4]){ (long)(c), (long)(d), (long)(e), (long)(f) })

/* Sleep while *word == value; the word is shared between processes. */
static inline long sys_futex_wait(uint32_t *futex, uint32_t value,
                                  const void *timespec)
{
    return sys_call(SYS_futex, futex, FUTEX_WAIT, value, timespec, 0, 0);
}

static inline long sys_futex_wake(uint32_t *futex, int count)
{
    return sys_call(SYS_futex, futex, FUTEX_WAKE, count, 0, 0, 0);
}

static inline long sys_tgkill(uint32_t pid, uint32_t tid, int signal)
{
    return sys_call(SYS_tgkill, pid, tid, signal, 0, 0, 0);
}

#endif
