/* SPDX-License-Identifier: BSD-2-Clause */
/* MCS: sleeps until its next period, `argv[1]` times. */
#include <stdlib.h>

#include <sel4/sel4.h>

int main(int argc, char **argv)
{
    for (int i = argc > 1 ? atoi(argv[1]) : 1000; i > 0; i--)
        seL4_Yield();
    return 0;
}
