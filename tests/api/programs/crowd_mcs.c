/* SPDX-License-Identifier: BSD-2-Clause */
/* MCS threads that deal with each other at random: see crowd_mcs.h. */
#include "crowd_mcs.h"

#ifndef SEED
#define SEED 1
#define STEPS 2500
#endif

int main(void)
{
    crowd(SEED, STEPS);
    return 0;
}
