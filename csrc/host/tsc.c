/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fast the processor's time-stamp counter counts. Linux knows, but does
 * not say it in one place everywhere; so it is measured.
 */
#include "host/monitor.h"

#define MEASURE_NS 2000000

uint32_t host_tsc_mhz(void)
{
    uint64_t best = 0;

    /* An interrupt between two readings spoils a round, but not all three. */
    for (int round = 0; round < 3; round++) {
        int64_t start = host_now(), now;
        uint64_t from = __builtin_ia32_rdtsc(), ticks, mhz;

        do {
            now = host_now();
            ticks = __builtin_ia32_rdtsc() - from;
        } while (now - start < MEASURE_NS);
        mhz = (ticks * 1000 + (uint64_t)(now - start) / 2) /
              (uint64_t)(now - start);
        if (best == 0 || mhz < best)
            best = mhz;
    }
    return best > 0 ? (uint32_t)best : 1;
}
