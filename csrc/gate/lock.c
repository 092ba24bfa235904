/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A futex lock with an owner: 0 free, owner + 1 taken, and LOCK_SLEEPERS once
 * somebody may sleep on it. Holders are inside for less than a microsecond as
 * a rule, so a short spin comes before the sleep, unless there is only one CPU
 * for holder and taker: then the holder cannot go on while we spin, which
 * `yield`s would not mend; the spin is kept too short to matter.
 */
#include "gate/lock.h"

#include <time.h>

#include "gate/sys.h"

#define SPINS 20

static bool lock_try(uint32_t *lock, uint32_t value)
{
    uint32_t expected = 0;

    return __atomic_compare_exchange_n(lock, &expected, value, false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Sleep until the lock was free once, or the time is over (false). */
static bool lock_sleep(uint32_t *lock, const struct timespec *timeout)
{
    uint32_t seen = __atomic_load_n(lock, __ATOMIC_RELAXED);

    if (seen == 0)
        return true;
    if (!(seen & LOCK_SLEEPERS) &&
        !__atomic_compare_exchange_n(lock, &seen, seen | LOCK_SLEEPERS, false,
                                     __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        return true;
    return sys_futex_wait(lock, seen | LOCK_SLEEPERS, timeout) != -110;
}

bool lock_take_for(struct kernel *k, uint32_t process, int64_t timeout_ns)
{
    struct timespec timeout = { timeout_ns / 1000000000,
                                timeout_ns % 1000000000 };
    uint32_t *lock = &k->h.lock;

    for (int i = 0; i < SPINS; i++) {
        if (lock_try(lock, process + 1))
            return true;
        __asm__ volatile("pause");
    }
    /* Who has slept cannot know whether others still do: keep the mark. */
    while (!lock_try(lock, (process + 1) | LOCK_SLEEPERS)) {
        if (!lock_sleep(lock, timeout_ns < 0 ? NULL : &timeout))
            return false;
    }
    return true;
}

void lock_take(struct kernel *k, uint32_t process)
{
    lock_take_for(k, process, -1);
}

void lock_drop(struct kernel *k)
{
    uint32_t old = __atomic_exchange_n(&k->h.lock, 0, __ATOMIC_RELEASE);

    if (old & LOCK_SLEEPERS)
        sys_futex_wake(&k->h.lock, 1);
}

bool lock_seize(struct kernel *k, uint32_t process)
{
    uint32_t seen = __atomic_load_n(&k->h.lock, __ATOMIC_RELAXED);

    return (seen & ~LOCK_SLEEPERS) == process + 1 &&
           __atomic_compare_exchange_n(&k->h.lock, &seen, 1 | LOCK_SLEEPERS,
                                       false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

int lock_owner(struct kernel *k)
{
    uint32_t seen = __atomic_load_n(&k->h.lock, __ATOMIC_RELAXED);

    return (int)(seen & ~LOCK_SLEEPERS) - 1;
}
