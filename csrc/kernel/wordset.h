/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A set of words, in memory that the caller lends.
 *
 * Members are kept in the order in which they came, from the end of the memory
 * downwards; a hash table over them grows from its start. So the set's members
 * can be walked while new ones join, which makes it a work list, too.
 */
#ifndef SEL4EMU_KERNEL_WORDSET_H
#define SEL4EMU_KERNEL_WORDSET_H

#include "abi/image.h"

#include <stdbool.h>

struct word_set {
    word *memory;
    word words; /* size of the memory */
    word table; /* slots of the hash table: a power of two */
    word count; /* members */
    bool full;  /* a member found no room */
};

/* An empty set; `words` has to be 512 at least. */
void word_set_init(struct word_set *s, word *memory, word words);
/* Add a value that is not 0. False: it is in already, or the set is full. */
bool word_set_add(struct word_set *s, word value);
bool word_set_has(const struct word_set *s, word value);

/* Member i, in the order in which they joined; i < count. */
static inline word word_set_get(const struct word_set *s, word i)
{
    return s->memory[s->words - 1 - i];
}

#endif
