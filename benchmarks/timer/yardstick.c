/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux alone: sleeps `argv[2]` ns, `argv[1]` times, on CPU `argv[3]`, and
 * prints by how many ns it was late each time.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static long now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000 + t.tv_nsec;
}

int main(int argc, char **argv)
{
    long sleep = argc > 2 ? atol(argv[2]) : 5000000;
    const struct timespec t = { sleep / 1000000000, sleep % 1000000000 };
    cpu_set_t cpus;

    CPU_ZERO(&cpus);
    CPU_SET(argc > 3 ? atoi(argv[3]) : 0, &cpus);
    sched_setaffinity(0, sizeof(cpus), &cpus);
    for (int i = argc > 1 ? atoi(argv[1]) : 1000; i > 0; i--) {
        long before = now();

        nanosleep(&t, NULL);
        printf("%ld\n", now() - before - sleep);
    }
    return 0;
}
