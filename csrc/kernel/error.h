/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Refusing a request.
 *
 * Each function records the error and its reason in h.error and returns
 * OUTCOME_ERROR, so that a check reads
 *
 *     if (depth > 64)
 *         return error_range(k, 1, 64, WHY(REASON_DEPTH, depth));
 *
 * The message words of the reply are those that seL4 defines for the error;
 * the reason (reason.h) is sel4emu's own, for people. Its up to four arguments
 * are words.
 */
#ifndef SEL4EMU_KERNEL_ERROR_H
#define SEL4EMU_KERNEL_ERROR_H

#include "kernel/object.h"
#include "kernel/outcome.h"
#include "kernel/reason.h"

struct reason {
    uint32_t id; /* enum kernel_reason */
    word argument[4];
};

#define WHY_(id, a, b, c, d, ...)                                              \
    (&(const struct reason){ (id), { (a), (b), (c), (d) } })
/* WHY(REASON_X, up to four words) */
#define WHY(...) WHY_(__VA_ARGS__, 0, 0, 0, 0, 0)

enum outcome error_invalid_argument(struct kernel *k, word number,
                                    const struct reason *why);
enum outcome error_invalid_capability(struct kernel *k, word number,
                                      const struct reason *why);
enum outcome error_illegal_operation(struct kernel *k,
                                     const struct reason *why);
enum outcome error_range(struct kernel *k, word min, word max,
                         const struct reason *why);
enum outcome error_alignment(struct kernel *k, const struct reason *why);
/* The failure is h.error.lookup, which lookup_fail_*() has set. */
enum outcome error_failed_lookup(struct kernel *k, bool source,
                                 const struct reason *why);
enum outcome error_truncated(struct kernel *k, const struct reason *why);
enum outcome error_delete_first(struct kernel *k, const struct reason *why);
enum outcome error_revoke_first(struct kernel *k, const struct reason *why);
enum outcome error_not_enough_memory(struct kernel *k, word bytes_left,
                                     const struct reason *why);

/* Record a reason where the API answers nothing: a fault, a call dropped. */
void error_note(struct kernel *k, const struct reason *why);
void error_clear(struct kernel *k);

/* The last address that did not resolve: h.error.lookup. */
struct lookup_failure *lookup_failure(struct kernel *k);
/* Its message: type and details, up to 4 words; returns how many. */
word lookup_failure_words(const struct lookup_failure *f, word *words);

/* Say in h.error.lookup why an address does not resolve; OUTCOME_FAULT. */
enum outcome lookup_fail_invalid_root(struct kernel *k);
enum outcome lookup_fail_missing_capability(struct kernel *k, word bits_left);
enum outcome lookup_fail_depth_mismatch(struct kernel *k, word bits_left,
                                        word bits_found);
enum outcome lookup_fail_guard_mismatch(struct kernel *k, word bits_left,
                                        word guard_found, word guard_bits);

#endif
