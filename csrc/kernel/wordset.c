/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash table with open addressing that is never more than half full, so that
 * a search ends soon, and always.
 */
#include "kernel/wordset.h"

#define FIRST_TABLE 256u

static void clear_table(struct word_set *s, word size)
{
    word i;

    for (i = 0; i < size; i++)
        s->memory[i] = 0;
    s->table = size;
}

void word_set_init(struct word_set *s, word *memory, word words)
{
    *s = (struct word_set){ .memory = memory, .words = words };
    clear_table(s, FIRST_TABLE);
}

/* Where the value is in the table, or where it would go. */
static word *find(const struct word_set *s, word value)
{
    word mask = s->table - 1;
    word i = (value * 0x9e3779b97f4a7c15ul >> 20) & mask;

    while (s->memory[i] != 0 && s->memory[i] != value)
        i = (i + 1) & mask;
    return &s->memory[i];
}

/* Make room for one more member; false: there is none. */
static bool grow(struct word_set *s)
{
    word size = s->table;
    word i;

    if (2 * (s->count + 1) > size)
        size *= 2;
    if (size + s->count + 1 > s->words)
        return false;
    if (size == s->table)
        return true;
    clear_table(s, size);
    for (i = 0; i < s->count; i++)
        *find(s, word_set_get(s, i)) = word_set_get(s, i);
    return true;
}

bool word_set_add(struct word_set *s, word value)
{
    if (*find(s, value) == value)
        return false;
    if (!grow(s)) {
        s->full = true;
        return false;
    }
    *find(s, value) = value;
    s->count++;
    s->memory[s->words - s->count] = value;
    return true;
}

bool word_set_has(const struct word_set *s, word value)
{
    return *find(s, value) == value;
}
