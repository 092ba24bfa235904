/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the choices of a random program come from: a string of bytes.
 *
 * A program is a row of blocks, all of one size: the first one says what the
 * machine is like, each other one is a step. So steps can be taken out of a
 * program, or put into another one, and the rest means what it meant before.
 * A step that chooses more often than its block has bytes goes on with numbers
 * that follow from the block.
 */
#ifndef SEL4EMU_TESTS_KERNEL_FUZZ_CHOICES_H
#define SEL4EMU_TESTS_KERNEL_FUZZ_CHOICES_H

#include <stddef.h>
#include <stdint.h>

#include "abi/image.h"

#define BLOCK 24u

struct choices {
    const uint8_t *next;
    size_t left;
    word state; /* of the numbers behind the block's end, never 0 */
};

static inline word scramble(word *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static inline void choices_open(struct choices *c, const uint8_t *block)
{
    *c = (struct choices){ .next = block, .left = BLOCK, .state = 1 };
    for (size_t i = 0; i < BLOCK; i++)
        c->state = (c->state ^ block[i]) * 0x100000001b3;
    c->state |= 1;
}

/* Some word. */
static inline word draw_word(struct choices *c)
{
    return scramble(&c->state);
}

/* A number below another, which is at most 256. */
static inline word draw(struct choices *c, word below)
{
    if (c->left == 0)
        return (scramble(&c->state) >> 11) % below;
    c->left--;
    return *c->next++ % below;
}

/* The bytes of a program, from a seed. */
static inline void bytes_of_seed(word seed, uint8_t *bytes, size_t size)
{
    word state = (seed + 1) * 0x9e3779b97f4a7c15ul;

    if (state == 0)
        state = 1;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(scramble(&state) >> 24);
}

#endif
