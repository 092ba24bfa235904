/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A futex lock with an owner: 0 free, owner + 1 taken, and LOCK_SLEEPERS once
 * somebody may sleep on it. Holders are inside for less than a microsecond as
 * a rule, so a short spin comes before the sleep, unless there is only one CPU
 * for holder and taker: then the holder cannot go on while we spin, which
 * `yield`s would not mend; the spin is kept too short to matter.
 *
 * Who is awake takes a free lock before anybody who has to be woken, which is
 * fast, but one who drops it only to take it again (the monitor, between two
 * traps) would so keep others out for ever. So a sleeper that was woken and
 * finds the lock taken again adds LOCK_HUNGRY. A lock that is dropped with that
 * mark stays reserved (the mark, and no owner) for those that have slept on it;
 * all others sleep first. They do not do so for long: who has left the mark may
 * have been killed.
 */
#include "gate/lock.h"

#include <time.h>

#include "gate/sys.h"

#define SPINS 20
#define SLICE_NS 100000000
#define RESERVED_NS 50000000
#define ERROR_AGAIN (-11)
#define ERROR_TIMEOUT (-110)

static bool lock_swap(uint32_t *lock, uint32_t expected, uint32_t value)
{
    return __atomic_compare_exchange_n(lock, &expected, value, false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static uint32_t owner_of(uint32_t seen)
{
    return seen & ~(LOCK_SLEEPERS | LOCK_HUNGRY);
}

/* Take the lock, or sleep until it is dropped, each time it is found taken. */
static bool take_slowly(uint32_t *lock, uint32_t owner,
                        const struct timespec *timeout)
{
    const struct timespec reserved = { 0, RESERVED_NS };
    uint32_t marks = LOCK_SLEEPERS;

    for (;;) {
        uint32_t seen = __atomic_load_n(lock, __ATOMIC_RELAXED);
        bool taken = owner_of(seen) != 0;
        long result;

        if (!taken && (seen == 0 || (marks & LOCK_HUNGRY))) {
            /* Who sleeps cannot know whether others do: keep the mark. */
            if (lock_swap(lock, seen, owner | LOCK_SLEEPERS))
                return true;
            continue;
        }
        if ((seen & marks) != marks && !lock_swap(lock, seen, seen | marks))
            continue;
        result =
            sys_futex_wait(lock, seen | marks, taken ? timeout : &reserved);
        if (result == ERROR_TIMEOUT && taken)
            return false;
        if (result != ERROR_AGAIN)
            marks |= LOCK_HUNGRY;
    }
}

bool lock_take_for(struct kernel *k, uint32_t process, int64_t timeout_ns)
{
    const struct timespec timeout = { timeout_ns / 1000000000,
                                      timeout_ns % 1000000000 };

    for (int i = 0; i < SPINS; i++) {
        if (lock_swap(&k->h.lock, 0, process + 1))
            return true;
        __asm__ volatile("pause");
    }
    return take_slowly(&k->h.lock, process + 1, &timeout);
}

/* In slices: a sleeper may be killed when it has been woken, and takes that
 * wake-up with it. */
void lock_take(struct kernel *k, uint32_t process)
{
    while (!lock_take_for(k, process, SLICE_NS))
        ;
}

void lock_drop(struct kernel *k)
{
    uint32_t old =
        __atomic_fetch_and(&k->h.lock, LOCK_HUNGRY, __ATOMIC_RELEASE);

    if (old & LOCK_SLEEPERS)
        sys_futex_wake(&k->h.lock, 1);
}

bool lock_seize(struct kernel *k, uint32_t process)
{
    uint32_t seen = __atomic_load_n(&k->h.lock, __ATOMIC_RELAXED);

    return owner_of(seen) == process + 1 &&
           lock_swap(&k->h.lock, seen, 1 | LOCK_SLEEPERS);
}

int lock_owner(struct kernel *k)
{
    return (int)owner_of(__atomic_load_n(&k->h.lock, __ATOMIC_RELAXED)) - 1;
}
