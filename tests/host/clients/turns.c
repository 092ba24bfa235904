/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A root task: three threads of one priority, each of which now and then says
 * when it got how far. Whose turn it is depends on time alone.
 */
#include "../../api/programs/transcript.h"

#define WORKERS 3
#define STEPS 12
#define CALLS 100

static struct thread worker[WORKERS];

static seL4_Word counter(void)
{
    unsigned low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (seL4_Word)high << 32 | low;
}

static void work(seL4_Word me)
{
    for (seL4_Word step = 0; step < STEPS; step++) {
        for (int i = 0; i < CALLS; i++)
            seL4_DebugCapIdentify(SELF);
        say("%u has done %u at %u", me, step, counter());
    }
    stop(worker[me].tcb);
}

int main(void)
{
    for (seL4_Word i = 0; i < WORKERS; i++)
        worker[i] = thread_new(100);
    for (seL4_Word i = 0; i < WORKERS; i++)
        thread_go(&worker[i], work, i);
    own_priority(50);
    return 0;
}
