/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring of numbers in a frame that two processes share. The producer alone
 * writes `tail`, the consumer alone writes `head`; a number is in the ring
 * from head on, up to but not including tail. Both only ever grow.
 */
#ifndef EXAMPLES_SHARED_MEMORY_RING_H
#define EXAMPLES_SHARED_MEMORY_RING_H

#include <sel4/sel4.h>

#define RING_SLOTS 16
/* The number that ends the stream. */
#define RING_END ((seL4_Word)-1)

struct ring {
    seL4_Word head;
    seL4_Word tail;
    seL4_Word slot[RING_SLOTS];
};

static inline seL4_Word ring_used(const struct ring *ring)
{
    return __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE) -
           __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
}

/* Both sides call these only after ring_used() said that they may. */
static inline void ring_put(struct ring *ring, seL4_Word value)
{
    ring->slot[ring->tail % RING_SLOTS] = value;
    __atomic_store_n(&ring->tail, ring->tail + 1, __ATOMIC_RELEASE);
}

static inline seL4_Word ring_take(struct ring *ring)
{
    seL4_Word value = ring->slot[ring->head % RING_SLOTS];

    __atomic_store_n(&ring->head, ring->head + 1, __ATOMIC_RELEASE);
    return value;
}

#endif
