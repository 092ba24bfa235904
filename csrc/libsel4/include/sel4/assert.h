/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Assertions that are always checked. A failed one ends in __assert_fail(),
 * which the C library provides. See sel4/debug_assert.h for assertions that
 * NDEBUG switches off.
 */
#pragma once

#include <sel4/macros.h>

/*
 * The declaration has to agree with the C library's <assert.h>, which a program
 * may include as well.
 */
#ifdef __has_include
#if __has_include(<features.h>)
#include <features.h>
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __GLIBC__
extern void __assert_fail(const char *str, const char *file, unsigned int line,
                          const char *function) __THROW
    __attribute__((__noreturn__));
#else
void __assert_fail(const char *str, const char *file, int line,
                   const char *function);
#endif

#ifdef __cplusplus
}
#endif

/* Fail, with a text that says why. */
#define seL4_Fail(s) __assert_fail(s, __FILE__, __LINE__, __func__)

/* Fail if `expr` is false. */
#define seL4_Assert(expr)                                                      \
    do {                                                                       \
        if (!(expr)) {                                                         \
            __assert_fail(#expr, __FILE__, __LINE__, __func__);                \
        }                                                                      \
    } while (0)

/* Refuse to compile if `expr` is false. */
#define seL4_CompileTimeAssert(expr)                                           \
    SEL4_COMPILE_ASSERT(seL4_CompileTimeAssert, expr)
