/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compiler attributes and small tools that the other headers are written with.
 * Safe for assembly, as long as the macros are not used there.
 */
#pragma once

#include <sel4/config.h>

#ifndef CONST
#define CONST __attribute__((__const__))
#endif

#ifndef PURE
#define PURE __attribute__((__pure__))
#endif

#define SEL4_PACKED __attribute__((packed))
#define SEL4_DEPRECATED(x) __attribute__((deprecated(x)))
/* Wraps the replacement of a deprecated macro, so that its use warns. */
#define SEL4_DEPRECATE_MACRO(x)                                                \
    _Pragma("GCC warning \"deprecated seL4 name\"") x

#define LIBSEL4_UNUSED __attribute__((unused))
#define LIBSEL4_WEAK __attribute__((weak))
#define LIBSEL4_NOINLINE __attribute__((noinline))

/*
 * How functions of this library are declared: LIBSEL4_INLINE for invocations,
 * LIBSEL4_INLINE_FUNC for the rest. Inline by default; weak functions with
 * public symbols serve foreign languages.
 */
#if defined(CONFIG_LIB_SEL4_INLINE_INVOCATIONS)
#define LIBSEL4_INLINE static inline
#define LIBSEL4_INLINE_FUNC static inline
#elif defined(CONFIG_LIB_SEL4_PUBLIC_SYMBOLS)
#define LIBSEL4_INLINE LIBSEL4_UNUSED LIBSEL4_WEAK
#define LIBSEL4_INLINE_FUNC LIBSEL4_UNUSED LIBSEL4_WEAK
#else
#define LIBSEL4_INLINE LIBSEL4_NOINLINE LIBSEL4_UNUSED LIBSEL4_WEAK
#define LIBSEL4_INLINE_FUNC static inline
#endif

#ifdef CONFIG_LIB_SEL4_USE_THREAD_LOCALS
#define LIBSEL4_THREAD_LOCAL __thread
#else
#define LIBSEL4_THREAD_LOCAL
#endif

/* Compile-time assertion; ends with its own semicolon. */
#if defined(__cplusplus) && __cplusplus >= 201103L
#define SEL4_COMPILE_ASSERT(name, expr) static_assert(expr, #name);
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define SEL4_COMPILE_ASSERT(name, expr) _Static_assert(expr, #name);
#else
#define SEL4_COMPILE_ASSERT(name, expr)                                        \
    typedef int __assert_failed_##name[(expr) ? 1 : -1] LIBSEL4_UNUSED;
#endif

/* Assert that entries of a table and their size make up the whole table. */
#define SEL4_SIZE_SANITY(index, entry, size)                                   \
    SEL4_COMPILE_ASSERT(index##_##entry##_##size, (index) + (entry) == size)

/* Last enumerator, which makes an enumeration as wide as a machine word. */
#define SEL4_FORCE_LONG_ENUM(type) _enum_pad_##type = (~0ul >> 1)

#define LIBSEL4_BIT(n) (1ul << (n))
