/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the programs of this benchmark share: batches of round trips, and one
 * line of numbers on standard output: name, batches, round trips in each,
 * then minimum, median and maximum of the nanoseconds of a round trip.
 */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MAX_BATCHES 1000

struct measurement {
    const char *name;
    int batches;
    int rounds; /* in each batch */
};

static inline int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static inline int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Run the batches, one more before them to warm up, and print the result. */
static inline void measure(const struct measurement *m,
                           void (*round_trip)(void *), void *argument)
{
    static double cost[MAX_BATCHES];

    for (int batch = -1; batch < m->batches; batch++) {
        int64_t start = now_ns();

        for (int i = 0; i < m->rounds; i++)
            round_trip(argument);
        if (batch >= 0)
            cost[batch] = (double)(now_ns() - start) / m->rounds;
    }
    qsort(cost, (size_t)m->batches, sizeof(cost[0]), compare_doubles);
    printf("%s %d %d %.0f %.0f %.0f\n", m->name, m->batches, m->rounds, cost[0],
           cost[m->batches / 2], cost[m->batches - 1]);
    fflush(stdout);
}

/* NAME BATCHES ROUNDS, as the script passes them. */
static inline struct measurement measurement_from(int argc, char **argv)
{
    struct measurement m = { "", 0, 0 };

    if (argc == 4)
        m = (struct measurement){ argv[1], (int)strtol(argv[2], NULL, 10),
                                  (int)strtol(argv[3], NULL, 10) };
    if (m.batches < 1 || m.batches > MAX_BATCHES || m.rounds < 1) {
        fprintf(stderr, "usage: %s NAME BATCHES ROUNDS\n", argv[0]);
        exit(2);
    }
    return m;
}

#endif
