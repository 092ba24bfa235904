/* SPDX-License-Identifier: BSD-2-Clause */
/* Time while Linux makes the thread that shall run (gate/clock.c). */
#undef NDEBUG
#include "gate/clock.h"

#include <assert.h>
#include <sys/mman.h>

#define OLD 1
#define NEW 2
#define NO_TIMER (-1)

void kernel_enter(struct kernel *k, const struct kernel_host *host, paddr tcb,
                  const struct kernel_cause *cause)
{
    (void)k, (void)host, (void)tcb, (void)cause;
}

void kernel_reschedule(struct kernel *k)
{
    (void)k;
}

static struct kernel *machine_new(void)
{
    struct kernel *k = mmap(NULL, IMAGE_HEADER_SIZE, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    assert(k != MAP_FAILED);
    gate_clock_begin(k, COUNTER_SYSTEM, 1ul << 32);
    k->h.thread[OLD].started = 1;
    return k;
}

static bool time_passes(struct kernel *k)
{
    word begin = gate_clock_monotonic(), before;

    gate_clock_update(k);
    before = k->h.time;
    while (gate_clock_monotonic() == begin)
        ;
    gate_clock_update(k);
    return k->h.time > before;
}

static void choose(struct kernel *k, uint32_t thread)
{
    k->h.current_thread = thread;
    gate_clock_leave(k, NO_TIMER);
}

int main(void)
{
    struct kernel *k = machine_new();

    choose(k, OLD);
    assert(time_passes(k));
    choose(k, NEW);
    assert(!time_passes(k));
    gate_clock_started(k, NEW);
    assert(time_passes(k));

    /* it makes way, or ends, before it has run */
    k->h.thread[NEW].started = 0;
    choose(k, NEW);
    choose(k, OLD);
    assert(time_passes(k));
    choose(k, NEW);
    choose(k, 0);
    assert(time_passes(k));

    /* a pause is a pause, whoever starts meanwhile */
    gate_clock_stop(k, GATE_CLOCK_PAUSED);
    choose(k, NEW);
    gate_clock_started(k, NEW);
    assert(!time_passes(k));
    return 0;
}
