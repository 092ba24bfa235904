/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The producer: puts the numbers 1 to n into the ring. The kernel is entered
 * only to say that there is something, and to wait when the ring is full.
 */
#include "../common.h"
#include "ring.h"

int main(int argc, char **argv)
{
    seL4_CPtr filled = capability("filled"), emptied = capability("emptied");
    struct ring *ring;
    seL4_Word count;

    if (argc != 3)
        return 2; /* ADDRESS COUNT */
    ring = (struct ring *)strtoul(argv[1], NULL, 0);
    count = strtoul(argv[2], NULL, 0);
    for (seL4_Word i = 1; i <= count + 1; i++) {
        /* A signal may be an old one: look again after each. */
        while (ring_used(ring) == RING_SLOTS)
            seL4_Wait(emptied, NULL);
        ring_put(ring, i <= count ? i : RING_END);
        seL4_Signal(filled);
    }
    printf("producer: %lu numbers\n", count);
    return 0;
}
