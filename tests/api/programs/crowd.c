/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads that deal with each other at random: see crowd.h. */
#include "crowd.h"

int main(void)
{
    crowd(39, 2500);
    return 0;
}
