/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Errors and lookup failures are recorded in the header, where the answer is
 * made from them at the end of the invocation, and where the host finds the
 * explanation. Nothing here looks at a thread.
 */
#include "kernel/error.h"

void error_clear(struct kernel *k)
{
    k->h.error.error = SEL4_NO_ERROR;
    k->h.error.reason = REASON_NONE;
    k->h.error.word_count = 0;
}

void error_note(struct kernel *k, const struct reason *why)
{
    k->h.error.reason = why->id;
    for (int i = 0; i < 4; i++)
        k->h.error.argument[i] = why->argument[i];
}

static enum outcome refuse(struct kernel *k, enum sel4_error error,
                           const struct reason *why)
{
    k->h.error.error = error;
    k->h.error.word_count = 0;
    error_note(k, why);
    return OUTCOME_ERROR;
}

static void add_word(struct kernel *k, word w)
{
    k->h.error.words[k->h.error.word_count++] = w;
}

enum outcome error_invalid_argument(struct kernel *k, word number,
                                    const struct reason *why)
{
    refuse(k, SEL4_INVALID_ARGUMENT, why);
    add_word(k, number);
    return OUTCOME_ERROR;
}

enum outcome error_invalid_capability(struct kernel *k, word number,
                                      const struct reason *why)
{
    refuse(k, SEL4_INVALID_CAPABILITY, why);
    add_word(k, number);
    return OUTCOME_ERROR;
}

enum outcome error_illegal_operation(struct kernel *k, const struct reason *why)
{
    return refuse(k, SEL4_ILLEGAL_OPERATION, why);
}

enum outcome error_range(struct kernel *k, word min, word max,
                         const struct reason *why)
{
    refuse(k, SEL4_RANGE_ERROR, why);
    add_word(k, min);
    add_word(k, max);
    return OUTCOME_ERROR;
}

enum outcome error_alignment(struct kernel *k, const struct reason *why)
{
    return refuse(k, SEL4_ALIGNMENT_ERROR, why);
}

/* Number of details in the message of a lookup failure. */
static word lookup_details(word type)
{
    switch (type) {
    case SEL4_LOOKUP_MISSING_CAPABILITY:
        return 1;
    case SEL4_LOOKUP_DEPTH_MISMATCH:
        return 2;
    case SEL4_LOOKUP_GUARD_MISMATCH:
        return 3;
    default:
        return 0;
    }
}

word lookup_failure_words(const struct lookup_failure *f, word *words)
{
    word n = lookup_details(f->type);

    words[0] = f->type;
    for (word i = 0; i < n; i++)
        words[1 + i] = f->detail[i];
    return 1 + n;
}

enum outcome error_failed_lookup(struct kernel *k, bool source,
                                 const struct reason *why)
{
    refuse(k, SEL4_FAILED_LOOKUP, why);
    add_word(k, source);
    k->h.error.word_count +=
        lookup_failure_words(lookup_failure(k), &k->h.error.words[1]);
    return OUTCOME_ERROR;
}

enum outcome error_truncated(struct kernel *k, const struct reason *why)
{
    return refuse(k, SEL4_TRUNCATED_MESSAGE, why);
}

enum outcome error_delete_first(struct kernel *k, const struct reason *why)
{
    return refuse(k, SEL4_DELETE_FIRST, why);
}

enum outcome error_revoke_first(struct kernel *k, const struct reason *why)
{
    return refuse(k, SEL4_REVOKE_FIRST, why);
}

enum outcome error_not_enough_memory(struct kernel *k, word bytes_left,
                                     const struct reason *why)
{
    refuse(k, SEL4_NOT_ENOUGH_MEMORY, why);
    add_word(k, bytes_left);
    return OUTCOME_ERROR;
}

struct lookup_failure *lookup_failure(struct kernel *k)
{
    _Static_assert(sizeof k->h.error.lookup == sizeof(struct lookup_failure),
                   "the image's record of a lookup failure");

    return (struct lookup_failure *)(void *)&k->h.error.lookup;
}

static enum outcome lookup_fail(struct kernel *k, struct lookup_failure f)
{
    *lookup_failure(k) = f;
    return OUTCOME_FAULT;
}

enum outcome lookup_fail_invalid_root(struct kernel *k)
{
    return lookup_fail(k, (struct lookup_failure){
                              .type = SEL4_LOOKUP_INVALID_ROOT });
}

enum outcome lookup_fail_missing_capability(struct kernel *k, word bits_left)
{
    return lookup_fail(k, (struct lookup_failure){
                              .type = SEL4_LOOKUP_MISSING_CAPABILITY,
                              .detail = { bits_left } });
}

enum outcome lookup_fail_depth_mismatch(struct kernel *k, word bits_left,
                                        word bits_found)
{
    return lookup_fail(k, (struct lookup_failure){
                              .type = SEL4_LOOKUP_DEPTH_MISMATCH,
                              .detail = { bits_left, bits_found } });
}

enum outcome lookup_fail_guard_mismatch(struct kernel *k, word bits_left,
                                        word guard_found, word guard_bits)
{
    return lookup_fail(k,
                       (struct lookup_failure){
                           .type = SEL4_LOOKUP_GUARD_MISMATCH,
                           .detail = { bits_left, guard_found, guard_bits } });
}
