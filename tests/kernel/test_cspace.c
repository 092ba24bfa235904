/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Resolving capability pointers: guards, depths, and each way to fail
 * (kernel/cspace.c).
 *
 * Most tests use a CNode of 16 slots with a guard of 4 bits, 0xa: it takes 8
 * bits of an index, 0xa and the number of the slot.
 */
#include "harness.h"

struct space {
    struct machine m;
    word cnode; /* slot of the CNode, guard set */
};

static struct space space_new(void)
{
    struct space s = { .m = machine_new() };
    word plain = object_new(&s.m, OBJECT_CNODE, 4);

    s.cnode = slot_new(&s.m);
    CHECK_EQ(cap_mint(&s.m, s.cnode, plain, RIGHT_ALL, 0xa << 6 | 4),
             SEL4_NO_ERROR);
    return s;
}

/* Copy the TCB capability of the root agent to an address. */
static word copy_to(struct machine *m, word index, word depth)
{
    return INVOKE(m, ROOT, METHOD_CNODE_COPY,
                  WORDS(index, depth, SEL4_CAP_INIT_THREAD_TCB, 64, 15),
                  CAPS(ROOT));
}

static void guards_and_radixes_are_taken_from_the_top(void)
{
    struct space s = space_new();
    struct cte *slots = kernel_memory(s.m.k, object_of(&s.m, s.cnode));

    CHECK_EQ(INVOKE(&s.m, s.cnode, METHOD_CNODE_COPY,
                    WORDS(0xa5, 8, SEL4_CAP_INIT_THREAD_TCB, 64, 15),
                    CAPS(ROOT)),
             SEL4_NO_ERROR);
    CHECK_EQ(slots[5].cap.type, CAP_THREAD);
    machine_free(&s.m);
}

static void a_depth_is_within_1_to_64(void)
{
    struct machine m = machine_new();
    const word wrong[] = { 0, 65, 0x104, ~0ul };

    for (int i = 0; i < 4; i++) {
        CHECK_EQ(copy_to(&m, 100, wrong[i]), SEL4_RANGE_ERROR);
        CHECK_EQ(got_length(&m, m.caller), 2);
        CHECK_EQ(got_word(&m, m.caller, 0), 1);
        CHECK_EQ(got_word(&m, m.caller, 1), 64);
    }
    machine_free(&m);
}

static void a_wrong_guard_is_told_with_what_was_found(void)
{
    struct space s = space_new();

    CHECK_EQ(INVOKE(&s.m, s.cnode, METHOD_CNODE_DELETE, WORDS(0xb5, 8)),
             SEL4_FAILED_LOOKUP);
    CHECK_EQ(got_length(&s.m, s.m.caller), 5);
    CHECK_EQ(got_word(&s.m, s.m.caller, 0), 0); /* not the source */
    CHECK_EQ(got_word(&s.m, s.m.caller, 1), SEL4_LOOKUP_GUARD_MISMATCH);
    CHECK_EQ(got_word(&s.m, s.m.caller, 2), 8);
    CHECK_EQ(got_word(&s.m, s.m.caller, 3), 0xa);
    CHECK_EQ(got_word(&s.m, s.m.caller, 4), 4);
    CHECK_EQ(s.m.k->h.error.reason, REASON_GUARD_MISMATCH);
    machine_free(&s.m);
}

static void a_depth_shorter_than_the_guard_is_a_guard_mismatch(void)
{
    struct space s = space_new();

    CHECK_EQ(INVOKE(&s.m, s.cnode, METHOD_CNODE_DELETE, WORDS(0xa, 3)),
             SEL4_FAILED_LOOKUP);
    CHECK_EQ(got_word(&s.m, s.m.caller, 1), SEL4_LOOKUP_GUARD_MISMATCH);
    CHECK_EQ(got_word(&s.m, s.m.caller, 2), 3);
    machine_free(&s.m);
}

static void a_depth_shorter_than_the_radix_is_a_depth_mismatch(void)
{
    struct space s = space_new();

    CHECK_EQ(INVOKE(&s.m, s.cnode, METHOD_CNODE_DELETE, WORDS(0x52, 7)),
             SEL4_FAILED_LOOKUP);
    CHECK_EQ(got_length(&s.m, s.m.caller), 4);
    CHECK_EQ(got_word(&s.m, s.m.caller, 1), SEL4_LOOKUP_DEPTH_MISMATCH);
    CHECK_EQ(got_word(&s.m, s.m.caller, 2), 7); /* bits left */
    CHECK_EQ(got_word(&s.m, s.m.caller, 3), 8); /* bits the CNode takes */
    machine_free(&s.m);
}

static void bits_left_over_are_a_depth_mismatch(void)
{
    struct space s = space_new();

    CHECK_EQ(INVOKE(&s.m, s.cnode, METHOD_CNODE_DELETE, WORDS(0xa5 << 3, 11)),
             SEL4_FAILED_LOOKUP);
    CHECK_EQ(got_word(&s.m, s.m.caller, 1), SEL4_LOOKUP_DEPTH_MISMATCH);
    CHECK_EQ(got_word(&s.m, s.m.caller, 2), 3);
    CHECK_EQ(got_word(&s.m, s.m.caller, 3), 0);
    CHECK_EQ(s.m.k->h.error.reason, REASON_DEPTH_TOO_LARGE);
    machine_free(&s.m);
}

static void a_root_that_is_no_cnode_is_an_invalid_root(void)
{
    struct machine m = machine_new();

    CHECK_EQ(INVOKE(&m, ROOT, METHOD_CNODE_COPY, WORDS(100, 64, 1, 64, 15),
                    CAPS(SEL4_CAP_INIT_THREAD_TCB)),
             SEL4_FAILED_LOOKUP);
    CHECK_EQ(got_length(&m, m.caller), 2);
    CHECK_EQ(got_word(&m, m.caller, 0), 1); /* the source */
    CHECK_EQ(got_word(&m, m.caller, 1), SEL4_LOOKUP_INVALID_ROOT);
    machine_free(&m);
}

static void a_source_that_is_empty_is_a_missing_capability(void)
{
    struct machine m = machine_new();

    CHECK_EQ(cap_copy(&m, 200, 201, 15), SEL4_FAILED_LOOKUP);
    CHECK_EQ(got_length(&m, m.caller), 3);
    CHECK_EQ(got_word(&m, m.caller, 0), 1);
    CHECK_EQ(got_word(&m, m.caller, 1), SEL4_LOOKUP_MISSING_CAPABILITY);
    CHECK_EQ(got_word(&m, m.caller, 2), 64);
    machine_free(&m);
}

static void words_of_an_answer_beyond_its_length_stay(void)
{
    struct machine m = machine_new();

    CHECK_EQ(INVOKE(&m, ROOT, METHOD_CNODE_DELETE, WORDS(5, 0, 33, 44)),
             SEL4_RANGE_ERROR);
    CHECK_EQ(got_word(&m, m.caller, 2), 33);
    CHECK_EQ(got_word(&m, m.caller, 3), 44);
    machine_free(&m);
}

/* A CSpace whose root takes 12 bits: pointers end at the first non-CNode. */
static void leftover_bits_of_an_invoked_pointer_are_ignored(void)
{
    struct machine m = machine_new();
    word small = object_new(&m, OBJECT_CNODE, 8);
    struct thread t = thread_new(&m, 20);

    CHECK_EQ(INVOKE(&m, small, METHOD_CNODE_COPY,
                    WORDS(1, 8, SEL4_CAP_INIT_THREAD_TCB, 64, 15), CAPS(ROOT)),
             SEL4_NO_ERROR);
    /* Guard of 48 bits: 8 bits of slot, 8 bits too many. */
    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_SET_SPACE, WORDS(0, 48, 0),
                    CAPS(small, SEL4_CAP_INIT_THREAD_VSPACE)),
             SEL4_NO_ERROR);
    CHECK_EQ(thread_resume(&m, t), SEL4_NO_ERROR);
    for (word cptr = 0x100; cptr < 0x200; cptr += 51) {
        trap(&m, t.tcb, SYS_DEBUG_CAP_IDENTIFY, cptr, NULL);
        CHECK_EQ(got_badge(&m, t.tcb), CAP_THREAD);
    }
    trap(&m, t.tcb, SYS_DEBUG_CAP_IDENTIFY, 0x200, NULL);
    CHECK_EQ(got_badge(&m, t.tcb), CAP_NULL);
    machine_free(&m);
}

TESTS(TEST(guards_and_radixes_are_taken_from_the_top),
      TEST(a_depth_is_within_1_to_64),
      TEST(a_wrong_guard_is_told_with_what_was_found),
      TEST(a_depth_shorter_than_the_guard_is_a_guard_mismatch),
      TEST(a_depth_shorter_than_the_radix_is_a_depth_mismatch),
      TEST(bits_left_over_are_a_depth_mismatch),
      TEST(a_root_that_is_no_cnode_is_an_invalid_root),
      TEST(a_source_that_is_empty_is_a_missing_capability),
      TEST(words_of_an_answer_beyond_its_length_stay),
      TEST(leftover_bits_of_an_invoked_pointer_are_ignored))
