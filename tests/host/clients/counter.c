/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A root task: reads the time-stamp counter both ways, keeps its other
 * registers meanwhile, and says how fast the boot information says it counts.
 */
#include "../../api/programs/transcript.h"

#define FREQUENCY 5 /* SEL4_BOOTINFO_HEADER_X86_TSC_FREQ */

static seL4_Word by_rdtsc(void)
{
    unsigned low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (seL4_Word)high << 32 | low;
}

static seL4_Word by_rdtscp(seL4_Word *cpu)
{
    seL4_Word low, high, c = ~0ul;

    __asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "+c"(c));
    *cpu = c;
    return high << 32 | low;
}

static seL4_Word frequency(void)
{
    seL4_BootInfo *info = sel4runtime_bootinfo();
    const char *chunk = (char *)info + PAGE;
    const char *end = chunk + info->extraLen;

    while (chunk < end && ((const seL4_Word *)chunk)[0] != FREQUENCY)
        chunk += ((const seL4_Word *)chunk)[1];
    return *(const unsigned *)(chunk + 2 * sizeof(seL4_Word));
}

int main(void)
{
    seL4_Word cpu, before = by_rdtsc(), between = by_rdtscp(&cpu);
    seL4_Word after = by_rdtsc();

    say("MHz %u", frequency());
    say("cpu %u", cpu);
    say("before %u", before);
    say("took %u and %u", between - before, after - between);
    return 0;
}
