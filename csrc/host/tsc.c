/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What time is counted with. The processor's time-stamp counter is by far the
 * cheapest, where it counts evenly, never stops, and is the same on all CPUs.
 * That is for Linux to judge: it takes the counter for its own clock only then.
 *
 * How fast it counts is not said in one place everywhere, so it is measured
 * against Linux's clock, from when this library was loaded: as a rule that is
 * long enough ago.
 */
#include <cpuid.h>
#include <stdio.h>
#include <string.h>

#include "gate/clock.h"
#include "host/monitor.h"

#define CLOCKSOURCE                                                            \
    "/sys/devices/system/clocksource/clocksource0/current_clocksource"
#define MEASURE_NS 5000000
#define MEASURE_MAX_NS 10000000000 /* the computer may have been suspended */
#define READINGS 5

#define CPUID_POWER 0x80000007u
#define INVARIANT_TSC (1u << 8)

struct reading {
    int64_t ns;
    uint64_t count;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct reading start; /* under mutex */
static word scale;           /* under mutex: ns * 2^32 a count, once measured */

/* Both clocks at the same moment, as far as an interrupt lets us. */
static struct reading read_both(void)
{
    struct reading best = { 0, 0 };
    uint64_t shortest = UINT64_MAX;

    for (int i = 0; i < READINGS; i++) {
        uint64_t before = __builtin_ia32_rdtsc();
        int64_t ns = host_now();
        uint64_t took = __builtin_ia32_rdtsc() - before;

        if (took < shortest) {
            shortest = took;
            best = (struct reading){ ns, before + took / 2 };
        }
    }
    return best;
}

__attribute__((constructor)) static void begin_measuring(void)
{
    start = read_both();
}

static word measured_scale(void)
{
    struct reading now;
    word result;

    pthread_mutex_lock(&mutex);
    if (scale == 0) {
        if (host_now() - start.ns > MEASURE_MAX_NS)
            begin_measuring();
        do
            now = read_both();
        while (now.ns - start.ns < MEASURE_NS);
        scale = (word)(((unsigned __int128)(now.ns - start.ns) << 32) /
                       (now.count - start.count));
    }
    result = scale;
    pthread_mutex_unlock(&mutex);
    return result;
}

uint32_t tsc_mhz(void)
{
    word ns = measured_scale(); /* in 2^32 counts */
    word mhz = ((1000ul << 32) + ns / 2) / ns;

    return mhz > 0 ? (uint32_t)mhz : 1;
}

static bool tsc_usable(void)
{
    static const char *const fit[] = { "tsc", "kvm-clock",
                                       "hyperv_clocksource_tsc_page" };
    unsigned a, b, c, d = 0;
    char name[64] = "";
    FILE *file;

    if (!__get_cpuid(CPUID_POWER, &a, &b, &c, &d) || !(d & INVARIANT_TSC))
        return false;
    file = fopen(CLOCKSOURCE, "re");
    if (file == NULL)
        return false;
    if (fscanf(file, "%63s", name) != 1)
        name[0] = '\0';
    fclose(file);
    for (size_t i = 0; i < sizeof(fit) / sizeof(fit[0]); i++) {
        if (strcmp(name, fit[i]) == 0)
            return true;
    }
    return false;
}

void tsc_begin(struct kernel *k)
{
    if (tsc_usable())
        gate_clock_begin(k, COUNTER_TSC, measured_scale());
    else
        gate_clock_begin(k, COUNTER_SYSTEM, 1ul << 32);
}
