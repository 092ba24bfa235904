/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Computes without a system call, for `argv[1]` seconds of CPU time, or for
 * ever. Tells "ready" on stdout before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

volatile unsigned long result;

__attribute__((noinline)) void burn_cycles(void)
{
    for (unsigned long i = 0; i < 1000000; i++)
        result = result * 3 + i;
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 1e9;

    puts("ready");
    fflush(stdout);
    while ((double)clock() / CLOCKS_PER_SEC < seconds)
        burn_cycles();
    return 0;
}
