/* SPDX-License-Identifier: BSD-2-Clause */
/* The lock of a machine (gate/lock.c), taken by threads of one process. */
#define _GNU_SOURCE /* SCHED_BATCH */
#undef NDEBUG
#include "gate/lock.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>

#include "gate/sys.h"

#define PROCESS 7
#define MILLISECOND 1000000
#define TURNS 21
#define THREADS 4
#define ROUNDS 20000

static struct kernel *machine_new(void)
{
    void *p = mmap(NULL, IMAGE_HEADER_SIZE, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    assert(p != MAP_FAILED);
    return p;
}

/* --- fairness --------------------------------------------------------------- */

struct sleeper {
    struct kernel *k;
    unsigned turns; /* under the lock */
};

static void *sleeper_main(void *argument)
{
    const struct sched_param none = { 0 };
    struct sleeper *s = argument;

    /* Linux shall not have us run at the very moment that we are woken. */
    sched_setscheduler(0, SCHED_BATCH, &none);
    lock_take(s->k, 0);
    s->turns++;
    lock_drop(s->k);
    return NULL;
}

/* Wake it from its sleep on the lock, which is taken. */
static void wake(struct sleeper *s)
{
    while (sys_futex_wake(&s->k->h.lock, 1) != 1)
        sched_yield();
}

/* Is it next, if it was passed over, and we want the lock again at once? */
static bool is_next(struct sleeper *s)
{
    pthread_t thread;
    bool result;

    s->turns = 0;
    lock_take(s->k, PROCESS);
    pthread_create(&thread, NULL, sleeper_main, s);
    wake(s);
    wake(s); /* so it went to sleep a second time */
    lock_drop(s->k);
    lock_take(s->k, PROCESS);
    result = s->turns == 1;
    lock_drop(s->k);
    pthread_join(thread, NULL);
    return result;
}

static void a_sleeper_is_passed_over_once(void)
{
    struct sleeper s = { .k = machine_new() };
    int next = 0;

    for (int i = 0; i < TURNS; i++)
        next += is_next(&s);
    /* Most times: on a very busy machine its reservation may end. */
    assert(next > TURNS / 2);
}

/* --- exclusion -------------------------------------------------------------- */

struct counter {
    struct kernel *k;
    unsigned count;
};

static void *count_main(void *argument)
{
    struct counter *c = argument;

    for (int i = 0; i < ROUNDS; i++) {
        lock_take(c->k, PROCESS);
        c->count++;
        lock_drop(c->k);
    }
    return NULL;
}

static void one_at_a_time_has_it(void)
{
    struct counter c = { .k = machine_new() };
    pthread_t thread[THREADS];

    for (int i = 0; i < THREADS; i++)
        pthread_create(&thread[i], NULL, count_main, &c);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    assert(c.count == THREADS * ROUNDS);
    assert(lock_owner(c.k) == -1);
}

/* --- owners and takers that are gone ---------------------------------------- */

static void whoever_waits_too_long_gives_up(void)
{
    struct kernel *k = machine_new();

    lock_take(k, PROCESS);
    assert(!lock_take_for(k, 0, MILLISECOND));
    assert(lock_owner(k) == PROCESS);
    lock_drop(k);
    assert(lock_owner(k) == -1);
    assert(lock_take_for(k, 0, MILLISECOND));
    assert(lock_owner(k) == 0);
}

static void a_lock_reserved_for_somebody_dead_is_free_soon(void)
{
    struct kernel *k = machine_new();

    lock_take(k, PROCESS);
    k->h.lock |= LOCK_SLEEPERS | LOCK_HUNGRY; /* it was killed in its sleep */
    lock_drop(k);
    assert(lock_owner(k) == -1);
    assert(!lock_seize(k, PROCESS));
    assert(lock_take_for(k, 0, MILLISECOND));
    lock_drop(k);
    assert(k->h.lock == 0);
}

static void it_is_seized_from_a_dead_owner_only(void)
{
    const uint32_t marks[] = { 0, LOCK_SLEEPERS, LOCK_SLEEPERS | LOCK_HUNGRY };
    struct kernel *k = machine_new();

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        lock_take(k, PROCESS);
        k->h.lock |= marks[i];
        assert(!lock_seize(k, PROCESS + 1));
        assert(lock_owner(k) == PROCESS);
        assert(lock_seize(k, PROCESS));
        assert(lock_owner(k) == 0);
        lock_drop(k);
        assert(k->h.lock == 0);
    }
}

static const struct {
    const char *name;
    void (*run)(void);
} tests[] = {
    { "fair", a_sleeper_is_passed_over_once },
    { "exclusive", one_at_a_time_has_it },
    { "timeout", whoever_waits_too_long_gives_up },
    { "reserved", a_lock_reserved_for_somebody_dead_is_free_soon },
    { "seized", it_is_seized_from_a_dead_owner_only },
};

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        if (argc == 2 && strcmp(argv[1], tests[i].name) == 0) {
            tests[i].run();
            return 0;
        }
    }
    return 2;
}
