/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two seL4 threads of one priority that share malloc() and stdio and are
 * preempted in the midst of both, for `argv[1]` seconds. The main thread, more
 * important, sleeps in sel4emu_poll() and then tells on stderr how often each
 * came round.
 */
#include "thread.h"

static volatile unsigned long rounds[2];
static volatile int stop;

static void work(int me)
{
    while (!stop) {
        char *block[50];

        for (int i = 0; i < 50; i++) {
            block[i] = malloc((size_t)(1000 + 700 * i));
            memset(block[i], me, 1000);
        }
        for (int i = 0; i < 50; i++)
            free(block[i]);
        printf("thread %d, round %lu\n", me, rounds[me]);
        rounds[me]++;
    }
    for (;;)
        seL4_Wait(cap("never"), NULL);
}

static void work_0(void)
{
    work(0);
}
static void work_1(void)
{
    work(1);
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 2;

    thread_start(1, "first", work_0, 50);
    thread_start(2, "second", work_1, 50);
    sel4emu_poll(NULL, 0, (int)(seconds * 1000));
    stop = 1;
    sel4emu_poll(NULL, 0, 100);
    fprintf(stderr, "%lu %lu\n", rounds[0], rounds[1]);
    return rounds[0] == 0 || rounds[1] == 0;
}
