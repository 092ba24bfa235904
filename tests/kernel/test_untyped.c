/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Retyping untyped memory (kernel/untyped.c).
 */
#include "harness.h"

enum {
    TYPE,
    BITS,
    INDEX,
    DEPTH,
    OFFSET,
    COUNT
};

/* An untyped of 2^12 bytes, and a Retype of it with chosen words. */
struct small {
    struct machine m;
    word untyped;
    word dest; /* a CNode of 16 slots */
};

static struct small small_new(void)
{
    struct small s = { .m = machine_new() };

    s.untyped = object_new(&s.m, OBJECT_UNTYPED, 12);
    s.dest = object_new(&s.m, OBJECT_CNODE, 4);
    return s;
}

static word make(struct small *s, word type, word bits, word offset, word count)
{
    return INVOKE(&s->m, s->untyped, METHOD_UNTYPED_RETYPE,
                  WORDS(type, bits, 0, 0, offset, count), CAPS(s->dest));
}

static struct cte *dest_slot(struct small *s, word i)
{
    return (struct cte *)kernel_memory(s->m.k, object_of(&s->m, s->dest)) + i;
}

static void objects_are_aligned_and_do_not_overlap(void)
{
    struct small s = small_new();
    paddr base = object_of(&s.m, s.untyped);

    CHECK_EQ(make(&s, OBJECT_ENDPOINT, 0, 0, 1), SEL4_NO_ERROR);
    CHECK_EQ(make(&s, OBJECT_CNODE, 2, 1, 1), SEL4_NO_ERROR);
    CHECK_EQ(make(&s, OBJECT_NOTIFICATION, 0, 2, 2), SEL4_NO_ERROR);
    CHECK_EQ(dest_slot(&s, 0)->cap.obj, base);
    CHECK_EQ(dest_slot(&s, 1)->cap.obj, base + 128);
    CHECK_EQ(dest_slot(&s, 2)->cap.obj, base + 256);
    CHECK_EQ(dest_slot(&s, 3)->cap.obj, base + 288);
    CHECK_EQ(slot_of(&s.m, s.untyped)->cap.untyped.free, 320);
    machine_free(&s.m);
}

static void type_and_size_are_checked_in_order(void)
{
    struct small s = small_new();
    struct machine *m = &s.m;

    CHECK_EQ(INVOKE_PLAIN(m, s.untyped, METHOD_TCB_SUSPEND),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(INVOKE(m, s.untyped, METHOD_UNTYPED_RETYPE, WORDS(99, 0, 0, 0, 0),
                    CAPS(s.dest)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(INVOKE(m, s.untyped, METHOD_UNTYPED_RETYPE,
                    WORDS(99, 0, 0, 0, 0, 1)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(make(&s, 12, 0, 0, 1), SEL4_INVALID_ARGUMENT);
    CHECK_EQ(got_word(m, m->caller, 0), TYPE);
    /* size_bits is checked even where it means nothing. */
    CHECK_EQ(make(&s, OBJECT_ENDPOINT, 64, 0, 1), SEL4_RANGE_ERROR);
    CHECK_EQ(got_word(m, m->caller, 0), 0);
    CHECK_EQ(got_word(m, m->caller, 1), 47);
    CHECK_EQ(make(&s, OBJECT_ENDPOINT, 63, 0, 1), SEL4_NO_ERROR);
    CHECK_EQ(make(&s, OBJECT_UNTYPED, 48, 1, 1), SEL4_RANGE_ERROR);
    CHECK_EQ(make(&s, OBJECT_CNODE, 43, 1, 1), SEL4_RANGE_ERROR);
    CHECK_EQ(make(&s, OBJECT_CNODE, ~0ul, 1, 1), SEL4_RANGE_ERROR);
    CHECK_EQ(make(&s, OBJECT_CNODE, 0, 1, 1), SEL4_INVALID_ARGUMENT);
    CHECK_EQ(got_word(m, m->caller, 0), BITS);
    CHECK_EQ(make(&s, OBJECT_UNTYPED, 3, 1, 1), SEL4_INVALID_ARGUMENT);
    CHECK_EQ(got_word(m, m->caller, 0), BITS);
    machine_free(m);
}

static void the_destination_is_checked_in_order(void)
{
    struct small s = small_new();
    struct machine *m = &s.m;

    CHECK_EQ(INVOKE(m, s.untyped, METHOD_UNTYPED_RETYPE,
                    WORDS(OBJECT_TCB, 0, s.dest, 65, 0, 1), CAPS(ROOT)),
             SEL4_RANGE_ERROR);
    CHECK_EQ(INVOKE(m, s.untyped, METHOD_UNTYPED_RETYPE,
                    WORDS(OBJECT_TCB, 0, 1, 64, 0, 1), CAPS(ROOT)),
             SEL4_FAILED_LOOKUP);
    CHECK_EQ(got_word(m, m->caller, 0), 0);
    CHECK_EQ(got_word(m, m->caller, 1), SEL4_LOOKUP_MISSING_CAPABILITY);
    CHECK_EQ(got_word(m, m->caller, 2), 64);
    CHECK_EQ(INVOKE(m, s.untyped, METHOD_UNTYPED_RETYPE,
                    WORDS(OBJECT_TCB, 0, s.dest, 64, 3, 1), CAPS(ROOT)),
             SEL4_NO_ERROR);
    CHECK_EQ(dest_slot(&s, 3)->cap.type, CAP_THREAD);

    CHECK_EQ(make(&s, OBJECT_ENDPOINT, 0, 16, 1), SEL4_RANGE_ERROR);
    CHECK_EQ(got_word(m, m->caller, 1), 15);
    CHECK_EQ(make(&s, OBJECT_ENDPOINT, 0, 4, 0), SEL4_RANGE_ERROR);
    CHECK_EQ(make(&s, OBJECT_ENDPOINT, 0, 4, 257), SEL4_RANGE_ERROR);
    CHECK_EQ(got_word(m, m->caller, 0), 1);
    CHECK_EQ(got_word(m, m->caller, 1), 256);
    CHECK_EQ(make(&s, OBJECT_ENDPOINT, 0, 4, 13), SEL4_RANGE_ERROR);
    CHECK_EQ(got_word(m, m->caller, 0), 1);
    CHECK_EQ(got_word(m, m->caller, 1), 12);
    machine_free(m);
}

static void all_objects_are_made_or_none(void)
{
    struct small s = small_new();

    CHECK_EQ(make(&s, OBJECT_ENDPOINT, 0, 5, 1), SEL4_NO_ERROR);
    CHECK_EQ(make(&s, OBJECT_ENDPOINT, 0, 3, 4), SEL4_DELETE_FIRST);
    CHECK_EQ(s.m.k->h.error.reason, REASON_RETYPE_SLOT_USED);
    CHECK_EQ(s.m.k->h.error.argument[0], 5);
    CHECK_EQ(dest_slot(&s, 3)->cap.type, CAP_NULL);
    CHECK_EQ(slot_of(&s.m, s.untyped)->cap.untyped.free, 16);
    machine_free(&s.m);
}

static void memory_comes_back_when_no_child_is_left(void)
{
    struct small s = small_new();
    struct machine *m = &s.m;
    word *first;

    CHECK_EQ(make(&s, OBJECT_UNTYPED, 8, 0, 16), SEL4_NO_ERROR);
    CHECK_EQ(make(&s, OBJECT_ENDPOINT, 0, 0, 1), SEL4_DELETE_FIRST);
    CHECK_EQ(INVOKE(m, s.dest, METHOD_CNODE_DELETE, WORDS(0, 4)),
             SEL4_NO_ERROR);
    CHECK_EQ(make(&s, OBJECT_ENDPOINT, 0, 0, 1), SEL4_NOT_ENOUGH_MEMORY);
    CHECK_EQ(got_length(m, m->caller), 1);
    CHECK_EQ(got_word(m, m->caller, 0), 0);
    CHECK_EQ(cap_revoke(m, s.untyped), SEL4_NO_ERROR);
    first = kernel_memory(m->k, object_of(m, s.untyped));
    first[3] = 99;
    CHECK_EQ(make(&s, OBJECT_PAGE, 0, 0, 1), SEL4_NO_ERROR);
    CHECK_EQ(first[3], 0);
    CHECK_EQ(dest_slot(&s, 0)->cap.obj, object_of(m, s.untyped));
    machine_free(m);
}

static void a_copy_makes_the_original_full(void)
{
    struct small s = small_new();
    struct machine *m = &s.m;
    word copy = slot_new(m);
    word original = s.untyped;

    CHECK_EQ(cap_copy(m, copy, original, RIGHT_ALL), SEL4_NO_ERROR);
    CHECK_EQ(make(&s, OBJECT_ENDPOINT, 0, 0, 1), SEL4_NOT_ENOUGH_MEMORY);
    s.untyped = copy;
    CHECK_EQ(make(&s, OBJECT_ENDPOINT, 0, 0, 1), SEL4_NO_ERROR);
    CHECK_EQ(cap_copy(m, slot_new(m), copy, RIGHT_ALL), SEL4_REVOKE_FIRST);
    CHECK_EQ(cap_move(m, slot_new(m), copy), SEL4_NO_ERROR);
    CHECK_EQ(cap_revoke(m, original), SEL4_NO_ERROR);
    CHECK_EQ(dest_slot(&s, 0)->cap.type, CAP_NULL);
    s.untyped = original;
    CHECK_EQ(make(&s, OBJECT_ENDPOINT, 0, 0, 1), SEL4_NO_ERROR);
    machine_free(m);
}

static void device_memory_becomes_frames_only(void)
{
    struct small s = small_new();

    s.untyped = s.m.k->h.boot.untyped_start; /* the first MiB */
    CHECK_EQ(make(&s, OBJECT_ENDPOINT, 0, 0, 1), SEL4_INVALID_ARGUMENT);
    CHECK_EQ(got_word(&s.m, s.m.caller, 0), 1);
    CHECK_EQ(make(&s, OBJECT_UNTYPED, 19, 0, 1), SEL4_NO_ERROR);
    CHECK_EQ(make(&s, sel4_number_of_object[0][OBJECT_PAGE], 0, 1, 2),
             SEL4_NO_ERROR);
    CHECK_EQ(dest_slot(&s, 0)->cap.untyped.device, 1);
    CHECK_EQ(dest_slot(&s, 1)->cap.frame.device, 1);
    CHECK_EQ(dest_slot(&s, 2)->cap.obj, (1ul << 19) + 4096);
    machine_free(&s.m);
}

/* Clearing much memory stops for what is pending, and goes on from there. */
static void a_long_reset_is_cut_short(void)
{
    struct machine m = machine_new();
    word untyped = object_new(&m, OBJECT_UNTYPED, 23);
    struct thread t = thread_running(&m, 20);
    word large = slot_new(&m);
    paddr base = object_of(&m, untyped);

    CHECK_EQ(retype(&m, untyped, OBJECT_LARGE_PAGE, 0, large), SEL4_NO_ERROR);
    CHECK_EQ(retype(&m, untyped, OBJECT_UNTYPED, 22, large + 1), SEL4_NO_ERROR);
    memset(kernel_memory(m.k, base), 0xff, 4 << 20);
    CHECK_EQ(cap_revoke(&m, untyped), SEL4_NO_ERROR);
    m.caller = t.tcb;
    timer_due(&m);
    retype(&m, untyped, OBJECT_LARGE_PAGE, 0, large);
    CHECK_EQ(state_of(&m, t), STATE_RUNNING);
    CHECK_EQ(kernel_registers(m.k, t.tcb)[REG_RIP], TRAP_IP);
    CHECK_EQ(slot_of(&m, untyped)->cap.untyped.free, 6ul << 20);
    CHECK(slot_is_empty(&m, large));
    CHECK_EQ(retype(&m, untyped, OBJECT_LARGE_PAGE, 0, large), SEL4_NO_ERROR);
    CHECK_EQ(*(word *)kernel_memory(m.k, base), 0);
    CHECK_EQ(*(word *)kernel_memory(m.k, base + (4ul << 20) - 8), 0);
    machine_free(&m);
}

TESTS(TEST(objects_are_aligned_and_do_not_overlap),
      TEST(type_and_size_are_checked_in_order),
      TEST(the_destination_is_checked_in_order),
      TEST(all_objects_are_made_or_none),
      TEST(memory_comes_back_when_no_child_is_left),
      TEST(a_copy_makes_the_original_full),
      TEST(device_memory_becomes_frames_only), TEST(a_long_reset_is_cut_short))
