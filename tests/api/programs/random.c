/* SPDX-License-Identifier: BSD-2-Clause */
/* Random invocations: see random.h. */
#include "random.h"

#ifndef SEED
#define SEED 1
#define STEPS 600
#endif
#define SEEDS 4

int main(void)
{
    for (seL4_Word seed = SEED; seed < SEED + SEEDS; seed++)
        wander(seed, STEPS);
    return 0;
}
