/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sets of words in lent memory (kernel/wordset.c).
 */
#include "harness.h"
#include "kernel/wordset.h"

static void members_are_kept_in_their_order(void)
{
    static word memory[8192];
    struct word_set s;

    word_set_init(&s, memory, 8192);
    for (word i = 1; i <= 2000; i++) {
        CHECK(!word_set_has(&s, i << 20));
        CHECK(word_set_add(&s, i << 20)); /* grows several times */
        CHECK(!word_set_add(&s, i << 20));
    }
    CHECK_EQ(s.count, 2000);
    for (word i = 1; i <= 2000; i++) {
        CHECK(word_set_has(&s, i << 20));
        CHECK_EQ(word_set_get(&s, i - 1), i << 20);
    }
    CHECK(!word_set_has(&s, 7));
    CHECK(!s.full);
}

static void a_full_set_says_so_and_keeps_what_it_has(void)
{
    static word memory[512 + 2];
    struct word_set s;
    word n = 0;

    memory[512] = memory[513] = 0x5eed;
    word_set_init(&s, memory, 512);
    while (word_set_add(&s, 3 * ++n))
        ;
    CHECK(s.full);
    CHECK_EQ(s.count, n - 1);
    CHECK_EQ(s.count, 128); /* half of the table that still fits */
    for (word i = 1; i < n; i++)
        CHECK(word_set_has(&s, 3 * i));
    CHECK(!word_set_has(&s, 3 * n));
    CHECK_EQ(memory[512], 0x5eed);
    /* old contents of the memory do not matter */
    word_set_init(&s, memory, 512);
    CHECK(!word_set_has(&s, 3));
}

TESTS(TEST(members_are_kept_in_their_order),
      TEST(a_full_set_says_so_and_keeps_what_it_has))
