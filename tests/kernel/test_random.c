/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs: whatever threads and agents ask for, every invariant of
 * the machine holds after every entry (kernel_check), and nothing is touched
 * that should not be (the sanitizers). A failure prints the seed, which
 * fuzz/fuzz_volume.c makes a short story of.
 */
#include "fuzz/play.h"

#define SEEDS 60
#define STEPS 400

static void play_seed(word seed, int mcs)
{
    static uint8_t bytes[BLOCK * (STEPS + 1)];
    const struct program program = { .bytes = bytes,
                                     .size = sizeof bytes,
                                     .mcs = mcs };
    struct player p;

    bytes_of_seed(seed, bytes, sizeof bytes);
    play(&p, &program);
    if (p.m.k->h.panicked) {
        fprintf(stderr, "seed %lu, step %lu: %s at %#lx\n", seed, p.step,
                p.m.k->h.panic, p.m.k->h.error.argument[0]);
        exit(1);
    }
    machine_free(&p.m);
}

static void every_invariant_of_the_classic_kernel_holds(void)
{
    for (word seed = 1; seed <= SEEDS; seed++)
        play_seed(seed, 0);
}

static void every_invariant_of_the_mcs_kernel_holds(void)
{
    for (word seed = 1; seed <= SEEDS; seed++)
        play_seed(seed, 1);
}

TESTS(TEST(every_invariant_of_the_classic_kernel_holds),
      TEST(every_invariant_of_the_mcs_kernel_holds))
