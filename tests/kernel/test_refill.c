/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Refills (kernel/refill.c): what is expected follows from the rules of a
 * sporadic server. What is used of a refill comes back a period after the
 * refill's beginning; the budget stays the same; refills that touch are one;
 * and where there is no room for another, the last is put off.
 *
 * A refill "300+40" becomes ready at 300 us and is 40 us long.
 */
#include "mcs.h"

struct bench {
    struct machine m;
    struct kernel *k;
    struct sched_context *sc;
};

#define LIMITS(b, p, n) (&(struct refill_limits){ (b)*US, (p)*US, (n) })

static struct bench bench_new(word budget, word period, word max)
{
    struct bench b = { .m = machine_mcs() };

    b.k = b.m.k;
    b.sc = context_of(&b.m, context_new(&b.m));
    refill_new(b.k, b.sc, LIMITS(budget, period, max));
    b.k->h.reprogram = 0;
    return b;
}

/* The second of its refills is this, the first that; none is in use else. */
static void set_two(struct bench *b, struct refill first, struct refill second)
{
    struct refill *ring = (struct refill *)(void *)(b->sc + 1);

    b->sc->refill_head = 0;
    b->sc->refill_tail = 1;
    ring[0] = (struct refill){ first.time * US, first.amount * US };
    ring[1] = (struct refill){ second.time * US, second.amount * US };
}

/* REFILLS(&b, {time, amount}, ...): these there are, no more, no less. */
#define REFILLS(b, ...)                                                        \
    check_refills((b), (const struct refill[]){ __VA_ARGS__ },                 \
                  sizeof((const struct refill[]){ __VA_ARGS__ }) /             \
                      sizeof(struct refill),                                   \
                  __LINE__)

static void check_refills(struct bench *b, const struct refill *want, word n,
                          int line)
{
    word count = refill_count(b->sc);

    for (word i = 0; i < count || i < n; i++) {
        struct refill have = { 0, 0 };

        if (i < count)
            have = *refill_at(b->sc, i);
        if (i < count && i < n && have.time == want[i].time * US &&
            have.amount == want[i].amount * US)
            continue;
        fprintf(stderr, "%s, line %d: refill %lu of %lu is %lu+%lu ns\n",
                test_now, line, i, count, have.time, have.amount);
        exit(1);
    }
}

static void charge(struct bench *b, word us)
{
    refill_charge(b->k, b->sc, us * US);
}

static void unblock_at(struct bench *b, word us)
{
    b->k->h.time = us * US;
    refill_unblock(b->k, b->sc);
}

/* ---- beginning ---- */

static void a_new_budget_is_there_at_once(void)
{
    struct bench b = bench_new(100, 1000, 2);

    REFILLS(&b, { 0, 100 });
    b.k->h.time = 77 * US;
    refill_new(b.k, b.sc, LIMITS(50, 500, 2));
    REFILLS(&b, { 77, 50 });
    CHECK_EQ(b.sc->period, 500 * US);
    CHECK(refill_is_ready(b.k, b.sc));
    machine_free(&b.m);
}

static void round_robin_has_what_is_left_and_what_was_used(void)
{
    struct bench b = bench_new(100, 0, 2);

    CHECK(refill_is_round_robin(b.sc));
    REFILLS(&b, { 0, 100 }, { 0, 0 });
    refill_head(b.sc)->amount -= 30 * US;
    refill_tail(b.sc)->amount += 30 * US;
    refill_renew(b.sc);
    REFILLS(&b, { 0, 100 }, { 0, 0 });
    machine_free(&b.m);
}

static void nobody_runs_with_less_than_20_us(void)
{
    struct bench b = bench_new(100, 1000, 2);

    CHECK(refill_is_sufficient(b.sc, 0));
    CHECK(refill_is_sufficient(b.sc, 80 * US));
    CHECK(!refill_is_sufficient(b.sc, 80 * US + 1));
    CHECK(!refill_is_sufficient(b.sc, 101 * US));
    CHECK(!refill_is_sufficient(b.sc, ~0ul));
    machine_free(&b.m);
}

static void a_refill_is_ready_when_its_time_has_come(void)
{
    struct bench b = bench_new(100, 1000, 2);

    refill_head(b.sc)->time = 10;
    b.k->h.time = 9;
    CHECK(!refill_is_ready(b.k, b.sc));
    b.k->h.time = 10;
    CHECK(refill_is_ready(b.k, b.sc));
    machine_free(&b.m);
}

static void an_object_has_room_for_refills_behind_96_bytes(void)
{
    CHECK_EQ(refill_room(7), 2);
    CHECK_EQ(refill_room(8), 10);
    CHECK_EQ(refill_room(12), 250);
}

/* ---- using ---- */

static void what_is_used_comes_back_after_a_period(void)
{
    struct bench b = bench_new(100, 1000, 10);

    charge(&b, 30);
    REFILLS(&b, { 30, 70 }, { 1000, 30 });
    machine_free(&b.m);
}

static void what_is_used_bit_by_bit_comes_back_in_one_piece(void)
{
    struct bench b = bench_new(100, 1000, 10);

    charge(&b, 30);
    charge(&b, 20);
    charge(&b, 1);
    REFILLS(&b, { 51, 49 }, { 1000, 51 });
    machine_free(&b.m);
}

static void what_is_used_after_a_wait_comes_back_by_itself(void)
{
    struct bench b = bench_new(100, 1000, 10);

    charge(&b, 30);
    unblock_at(&b, 200);
    charge(&b, 10);
    unblock_at(&b, 400);
    charge(&b, 15);
    REFILLS(&b, { 415, 45 }, { 1000, 30 }, { 1200, 10 }, { 1400, 15 });
    machine_free(&b.m);
}

/* The last, 1000+30, is put off so that it ends where the new one begins. */
static void without_room_the_last_refill_is_put_off(void)
{
    struct bench b = bench_new(100, 1000, 2);

    charge(&b, 30);
    unblock_at(&b, 200);
    charge(&b, 10);
    REFILLS(&b, { 210, 60 }, { 1170, 40 });
    machine_free(&b.m);
}

static void a_budget_that_is_used_up_is_there_again_a_period_later(void)
{
    struct bench b = bench_new(100, 1000, 2);

    charge(&b, 100);
    REFILLS(&b, { 1000, 100 });
    CHECK(!refill_is_ready(b.k, b.sc));
    machine_free(&b.m);
}

static void a_refill_that_is_used_up_goes_to_the_end(void)
{
    struct bench b = bench_new(100, 1000, 10);

    set_two(&b, (struct refill){ 0, 40 }, (struct refill){ 500, 60 });
    charge(&b, 40);
    REFILLS(&b, { 500, 60 }, { 1000, 40 });
    machine_free(&b.m);
}

/* 250 us of a budget of 100: two whole ones, and half of the third. */
static void too_much_is_taken_from_what_is_to_come(void)
{
    struct bench b = bench_new(100, 1000, 10);

    charge(&b, 250);
    REFILLS(&b, { 2050, 50 }, { 3000, 50 });
    machine_free(&b.m);
}

/* 40 from the first, 30 from the second. */
static void what_one_refill_lacks_the_next_gives(void)
{
    struct bench b = bench_new(100, 1000, 10);

    set_two(&b, (struct refill){ 0, 40 }, (struct refill){ 500, 60 });
    charge(&b, 70);
    REFILLS(&b, { 530, 30 }, { 1000, 40 }, { 1500, 30 });
    machine_free(&b.m);
}

/* 10 us are too little: they are used just before the 90 us that come. */
static void a_rest_too_small_to_run_with_joins_the_next_refill(void)
{
    struct bench b = bench_new(100, 1000, 10);

    charge(&b, 90);
    REFILLS(&b, { 990, 100 });
    machine_free(&b.m);
}

static void exactly_20_us_are_enough_to_stay(void)
{
    struct bench b = bench_new(100, 1000, 10);

    charge(&b, 80);
    REFILLS(&b, { 80, 20 }, { 1000, 80 });
    machine_free(&b.m);
}

static void the_ring_goes_round(void)
{
    struct bench b = bench_new(100, 1000, 3);

    for (word i = 0; i < 7; i++) {
        REFILLS(&b, { i * 1000, 100 });
        charge(&b, 50);
        REFILLS(&b, { i * 1000 + 50, 50 }, { i * 1000 + 1000, 50 });
        charge(&b, 50);
        REFILLS(&b, { i * 1000 + 1000, 100 });
    }
    machine_free(&b.m);
}

static void refills_are_not_put_off_until_times_wrap_around(void)
{
    struct bench b = bench_new(100, 1000, 3);
    word far = ~0ul - 5 * 1000 * refill_period_max_us(b.k);

    refill_head(b.sc)->time = far;
    charge(&b, 250);
    CHECK_EQ(refill_head(b.sc)->time, far);
    CHECK_EQ(refill_head(b.sc)->amount, 100 * US);
    CHECK_EQ(refill_count(b.sc), 1);
    machine_free(&b.m);
}

/* ---- waiting ---- */

static void time_that_was_not_used_is_not_saved(void)
{
    struct bench b = bench_new(100, 1000, 10);

    unblock_at(&b, 300);
    REFILLS(&b, { 300, 100 });
    CHECK_EQ(b.k->h.reprogram, 1);
    machine_free(&b.m);
}

/* The head is 50 long: it reaches 1000 if it begins at 950. */
static void refills_that_meet_after_a_wait_are_one(void)
{
    struct bench b = bench_new(100, 1000, 10);

    charge(&b, 50);
    unblock_at(&b, 949);
    REFILLS(&b, { 949, 50 }, { 1000, 50 });
    unblock_at(&b, 950);
    REFILLS(&b, { 950, 100 });
    machine_free(&b.m);
}

static void a_refill_that_is_not_ready_stays_where_it_is(void)
{
    struct bench b = bench_new(100, 1000, 10);

    charge(&b, 100);
    unblock_at(&b, 999);
    REFILLS(&b, { 1000, 100 });
    CHECK_EQ(b.k->h.reprogram, 0);
    machine_free(&b.m);
}

static void round_robin_does_not_wait(void)
{
    struct bench b = bench_new(100, 0, 2);

    unblock_at(&b, 300);
    REFILLS(&b, { 0, 100 }, { 0, 0 });
    CHECK_EQ(b.k->h.reprogram, 0);
    machine_free(&b.m);
}

/* ---- changing ---- */

static void a_smaller_budget_cuts_the_first_refill(void)
{
    struct bench b = bench_new(100, 1000, 10);

    b.k->h.time = 200 * US;
    refill_update(b.k, b.sc, LIMITS(40, 500, 2));
    REFILLS(&b, { 200, 40 });
    CHECK_EQ(b.sc->period, 500 * US);
    CHECK_EQ(b.sc->refill_max, 2);
    machine_free(&b.m);
}

static void what_a_larger_budget_adds_comes_a_period_later(void)
{
    struct bench b = bench_new(100, 1000, 10);

    charge(&b, 30);
    b.k->h.time = 200 * US;
    refill_update(b.k, b.sc, LIMITS(150, 500, 10));
    REFILLS(&b, { 200, 70 }, { 700, 80 });
    machine_free(&b.m);
}

static void a_change_makes_nothing_ready_earlier(void)
{
    struct bench b = bench_new(100, 1000, 10);

    charge(&b, 100);
    b.k->h.time = 200 * US;
    refill_update(b.k, b.sc, LIMITS(150, 500, 10));
    REFILLS(&b, { 1000, 100 }, { 1500, 50 });
    machine_free(&b.m);
}

static void a_change_works_from_anywhere_in_the_ring(void)
{
    struct bench b = bench_new(100, 1000, 3);

    charge(&b, 50);
    charge(&b, 50);
    charge(&b, 50);
    charge(&b, 50);
    REFILLS(&b, { 2000, 100 });
    CHECK(b.sc->refill_head != 0);
    refill_update(b.k, b.sc, LIMITS(100, 1000, 2));
    REFILLS(&b, { 2000, 100 });
    CHECK_EQ(b.sc->refill_head, 0);
    machine_free(&b.m);
}

/* ---- in the long run ---- */

static word next_random(word *state)
{
    *state = *state * 6364136223846793005ul + 1442695040888963407ul;
    return *state >> 33;
}

#define RUNS 2000

/* How much of [from, from + period) was used? */
static word used_in(const struct refill *run, word n, word from, word period)
{
    word sum = 0;

    for (word i = 0; i < n; i++) {
        word start = run[i].time > from ? run[i].time : from;
        word end = run[i].time + run[i].amount;

        if (end > from + period)
            end = from + period;
        if (start < end)
            sum += end - start;
    }
    return sum;
}

/* Whoever waits and runs as he likes never gets more than the budget. */
static void in_no_period_more_than_the_budget_is_used(void)
{
    static struct refill run[RUNS];
    struct bench b = bench_new(100, 1000, 4);
    word seed = 1;

    for (word i = 0; i < RUNS; i++) {
        struct refill *head;
        word most;

        b.k->h.time += next_random(&seed) % (300 * US);
        if (refill_head(b.sc)->time > b.k->h.time)
            b.k->h.time = refill_head(b.sc)->time;
        refill_unblock(b.k, b.sc);
        head = refill_head(b.sc);
        most = head->amount;
        run[i] = (struct refill){ b.k->h.time, next_random(&seed) % most + 1 };
        refill_charge(b.k, b.sc, run[i].amount);
        b.k->h.time += run[i].amount;
        word sum = 0;
        for (word j = 0; j < refill_count(b.sc); j++)
            sum += refill_at(b.sc, j)->amount;
        CHECK_EQ(sum, 100 * US);
    }
    for (word i = 0; i < RUNS; i++)
        CHECK(used_in(run, RUNS, run[i].time, 1000 * US) <= 100 * US);
    machine_free(&b.m);
}

TESTS(TEST(a_new_budget_is_there_at_once),
      TEST(round_robin_has_what_is_left_and_what_was_used),
      TEST(nobody_runs_with_less_than_20_us),
      TEST(a_refill_is_ready_when_its_time_has_come),
      TEST(an_object_has_room_for_refills_behind_96_bytes),
      TEST(what_is_used_comes_back_after_a_period),
      TEST(what_is_used_bit_by_bit_comes_back_in_one_piece),
      TEST(what_is_used_after_a_wait_comes_back_by_itself),
      TEST(without_room_the_last_refill_is_put_off),
      TEST(a_budget_that_is_used_up_is_there_again_a_period_later),
      TEST(a_refill_that_is_used_up_goes_to_the_end),
      TEST(too_much_is_taken_from_what_is_to_come),
      TEST(what_one_refill_lacks_the_next_gives),
      TEST(a_rest_too_small_to_run_with_joins_the_next_refill),
      TEST(exactly_20_us_are_enough_to_stay), TEST(the_ring_goes_round),
      TEST(refills_are_not_put_off_until_times_wrap_around),
      TEST(time_that_was_not_used_is_not_saved),
      TEST(refills_that_meet_after_a_wait_are_one),
      TEST(a_refill_that_is_not_ready_stays_where_it_is),
      TEST(round_robin_does_not_wait),
      TEST(a_smaller_budget_cuts_the_first_refill),
      TEST(what_a_larger_budget_adds_comes_a_period_later),
      TEST(a_change_makes_nothing_ready_earlier),
      TEST(a_change_works_from_anywhere_in_the_ring),
      TEST(in_no_period_more_than_the_budget_is_used))
