/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a failed assertion ends: libsel4 leaves __assert_fail() to the C
 * library, and a root task has none. It is said on the console, and the thread
 * faults.
 */
#include <sel4/sel4.h>

_Noreturn void __assert_fail(const char *text, const char *file, int line,
                             const char *function);

static void put(const char *text)
{
    while (*text)
        seL4_DebugPutChar(*text++);
}

static void put_number(int n)
{
    if (n >= 10)
        put_number(n / 10);
    seL4_DebugPutChar((char)('0' + n % 10));
}

__attribute__((weak)) _Noreturn void __assert_fail(const char *text,
                                                   const char *file, int line,
                                                   const char *function)
{
    put(file);
    put(":");
    put_number(line);
    put(": ");
    put(function);
    put(": assertion failed: ");
    put(text);
    put("\n");
    __builtin_trap();
}
