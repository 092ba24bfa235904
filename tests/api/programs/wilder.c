/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads that do anything, from another seed: see wild.h. */
#include "wild.h"

int main(void)
{
    wild(2026, 500);
    return 0;
}
