/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The consumer: adds up the numbers until the end mark.
 */
#include "../common.h"
#include "ring.h"

int main(int argc, char **argv)
{
    seL4_CPtr filled = capability("filled"), emptied = capability("emptied");
    seL4_Word count = 0, sum = 0, value;
    struct ring *ring;

    if (argc != 2)
        return 2; /* ADDRESS */
    ring = (struct ring *)strtoul(argv[1], NULL, 0);
    for (;;) {
        while (ring_used(ring) == 0)
            seL4_Wait(filled, NULL);
        value = ring_take(ring);
        seL4_Signal(emptied);
        if (value == RING_END)
            break;
        count++;
        sum += value;
    }
    printf("consumer: %lu numbers, sum %lu\n", count, sum);
    return 0;
}
