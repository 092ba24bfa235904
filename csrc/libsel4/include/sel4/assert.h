/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Assertions that are always checked. A failed one ends in __assert_fail(),
 * which the C library provides. See sel4/debug_assert.h for assertions that
 * NDEBUG switches off.
 */
#pragma once

#include <sel4/macros.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * __assert_fail() under another name: C libraries do not agree on the type of
 * its third parameter, and programs that bring their own have either.
 */
void sel4emu_assert_fail(const char *str, const char *file, int line,
                         const char *function) __asm__("__assert_fail");

#ifdef __cplusplus
}
#endif

/* Fail, with a text that says why. */
#define seL4_Fail(s) sel4emu_assert_fail(s, __FILE__, __LINE__, __func__)

/* Fail if `expr` is false. */
#define seL4_Assert(expr)                                                      \
    do {                                                                       \
        if (!(expr)) {                                                         \
            sel4emu_assert_fail(#expr, __FILE__, __LINE__, __func__);          \
        }                                                                      \
    } while (0)

/* Refuse to compile if `expr` is false. */
#define seL4_CompileTimeAssert(expr)                                           \
    SEL4_COMPILE_ASSERT(seL4_CompileTimeAssert, expr)
