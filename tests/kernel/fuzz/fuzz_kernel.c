/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs, led by coverage: the same programs as fuzz_volume.c plays,
 * for libFuzzer, which looks for those that come to new places of the core.
 *
 * It changes programs by whole steps, mostly: a step is taken out, put in, or
 * made another one, or the rest is that of another program. A program that
 * fails is left in a file; fuzz_volume tells what happens in it, and finds a
 * shorter one.
 */
#include "fuzz/play.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                               unsigned seed);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct program program = { .bytes = data, .size = size, .mcs = -1 };
    static struct player p;

    if (size < BLOCK)
        return 0;
    play(&p, &program);
    if (p.m.k->h.panicked) {
        fprintf(stderr, "step %lu: %s, at %#lx\n", p.step, p.m.k->h.panic,
                p.m.k->h.error.argument[0]);
        abort();
    }
    machine_free(&p.m);
    return 0;
}

/* Move what begins at block `from` so that it begins at block `to`; the number
 * of blocks then. */
static size_t move_blocks(uint8_t *data, size_t count, size_t to, size_t from)
{
    memmove(data + BLOCK * to, data + BLOCK * from, BLOCK * (count - from));
    return count + to - from;
}

/* A program that came by lately. */
static struct {
    uint8_t bytes[BLOCK * 512];
    size_t count;
} other;

static void remember(const uint8_t *data, size_t count)
{
    other.count = count < 512 ? count : 512;
    memcpy(other.bytes, data, BLOCK * other.count);
}

/* Go on from block `at` as the other program does from there. */
static size_t take_end(uint8_t *data, size_t count, size_t at, size_t most)
{
    size_t end = other.count < most ? other.count : most;

    if (at == 0 || at >= end)
        return count;
    memcpy(data + BLOCK * at, other.bytes + BLOCK * at, BLOCK * (end - at));
    return end;
}

/* Change a program at one of its `count` blocks; at block 0 its machine. */
static size_t change(struct choices *c, uint8_t *data, size_t count,
                     size_t most)
{
    size_t at = draw_word(c) % count;
    uint8_t *block = data + BLOCK * at;

    switch (draw(c, 8)) {
    case 0: /* take a step out */
        if (at > 0 && count > 2)
            count = move_blocks(data, count, at, at + 1);
        break;
    case 1: /* put a new one in */
        if (at > 0 && count < most) {
            count = move_blocks(data, count, at + 1, at);
            bytes_of_seed(draw_word(c), block, BLOCK);
        }
        break;
    case 2: /* do what another one does */
        memmove(block, data + BLOCK * (draw_word(c) % count), BLOCK);
        break;
    case 3: /* do something else */
        bytes_of_seed(draw_word(c), block, BLOCK);
        break;
    case 4:
        count = take_end(data, count, at, most);
        break;
    default: /* nearly the same */
        LLVMFuzzerMutate(block, BLOCK, BLOCK);
        break;
    }
    return count;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                               unsigned seed)
{
    size_t count = size / BLOCK, most = max_size / BLOCK;
    struct choices c = { .state = seed + 1ul };

    for (int i = 0; i < 4; i++)
        draw_word(&c);
    if (count == 0) {
        bytes_of_seed(seed, data, BLOCK * most);
        return BLOCK * most;
    }
    count = change(&c, data, count, most);
    remember(data, count);
    return BLOCK * count;
}
