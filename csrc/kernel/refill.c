/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring of refills of a scheduling context; see refill.h. */
#include "kernel/refill.h"

/* ---- the ring ---- */

static struct refill *ring(struct sched_context *sc)
{
    return (struct refill *)(void *)(sc + 1);
}

static word index_after(const struct sched_context *sc, word i)
{
    return i + 1 < sc->refill_max ? i + 1 : 0;
}

struct refill *refill_head(struct sched_context *sc)
{
    return &ring(sc)[sc->refill_head];
}

struct refill *refill_tail(struct sched_context *sc)
{
    return &ring(sc)[sc->refill_tail];
}

struct refill *refill_at(struct sched_context *sc, word i)
{
    word index = sc->refill_head + i;

    return &ring(sc)[index < sc->refill_max ? index : index - sc->refill_max];
}

word refill_count(const struct sched_context *sc)
{
    word behind = sc->refill_tail >= sc->refill_head ? 0 : sc->refill_max;

    return sc->refill_tail + behind - sc->refill_head + 1;
}

static bool is_single(const struct sched_context *sc)
{
    return sc->refill_head == sc->refill_tail;
}

static struct refill pop(struct sched_context *sc)
{
    struct refill first = *refill_head(sc);

    sc->refill_head = index_after(sc, sc->refill_head);
    return first;
}

static void push(struct sched_context *sc, struct refill r)
{
    sc->refill_tail = index_after(sc, sc->refill_tail);
    *refill_tail(sc) = r;
}

static word end_of(const struct refill *r)
{
    return r->time + r->amount;
}

/* ---- limits ---- */

word refill_period_max_us(struct kernel *k)
{
    word mhz = k->h.config.tsc_mhz;

    return ~0ul / (mhz > 1000 ? mhz : 1000) / 8;
}

/* No refill is put off beyond this, so that times never wrap around. */
static word time_max(struct kernel *k)
{
    return ~0ul - 5 * 1000 * refill_period_max_us(k);
}

word refill_room(word bits)
{
    return ((1ul << bits) - sizeof(struct sched_context)) /
           sizeof(struct refill);
}

bool refill_is_ready(struct kernel *k, struct sched_context *sc)
{
    return refill_head(sc)->time <= k->h.time;
}

bool refill_is_sufficient(struct sched_context *sc, word used)
{
    word amount = refill_head(sc)->amount;

    return used <= amount && amount - used >= BUDGET_MIN;
}

/* ---- setting up ---- */

/* Round robin: the second refill, of what was used. */
static void push_used(struct sched_context *sc)
{
    if (refill_is_round_robin(sc))
        push(sc, (struct refill){ .time = refill_head(sc)->time });
}

void refill_new(struct kernel *k, struct sched_context *sc,
                const struct refill_limits *limits)
{
    sc->period = limits->period;
    sc->refill_max = limits->max;
    sc->refill_head = 0;
    sc->refill_tail = 0;
    *refill_head(sc) = (struct refill){ k->h.time, limits->budget };
    push_used(sc);
}

void refill_update(struct kernel *k, struct sched_context *sc,
                   const struct refill_limits *limits)
{
    struct refill first = *refill_head(sc);

    if (first.time <= k->h.time)
        first.time = k->h.time;
    sc->period = limits->period;
    sc->refill_max = limits->max;
    sc->refill_head = 0;
    sc->refill_tail = 0;
    *refill_head(sc) = first;
    /* What is missing comes a period later. */
    if (first.amount >= limits->budget)
        refill_head(sc)->amount = limits->budget;
    else
        push(sc, (struct refill){ first.time + limits->period,
                                  limits->budget - first.amount });
}

/* ---- using ---- */

/* Put at the end what was used; it may be merged with what is there. */
static void put_off(struct sched_context *sc, struct refill r)
{
    struct refill *tail = refill_tail(sc);

    if (end_of(tail) >= r.time) {
        tail->amount += r.amount;
    } else if (refill_count(sc) < sc->refill_max) {
        push(sc, r);
    } else {
        tail->time = r.time - tail->amount;
        tail->amount += r.amount;
    }
}

static void put_off_head(struct sched_context *sc)
{
    if (is_single(sc)) {
        refill_head(sc)->time += sc->period;
    } else {
        struct refill first = pop(sc);

        first.time += sc->period;
        put_off(sc, first);
    }
}

static void use_part_of_head(struct sched_context *sc, word used)
{
    struct refill *head = refill_head(sc);
    struct refill again = { head->time + sc->period, used };

    head->amount -= used;
    head->time += used;
    put_off(sc, again);
}

void refill_charge(struct kernel *k, struct sched_context *sc, word used)
{
    word latest = time_max(k);

    while (refill_head(sc)->amount <= used && refill_head(sc)->time < latest) {
        used -= refill_head(sc)->amount;
        put_off_head(sc);
    }
    if (used > 0 && refill_head(sc)->time < latest)
        use_part_of_head(sc, used);
    /* Too little to run with is used together with what comes next. */
    while (refill_head(sc)->amount < BUDGET_MIN && !is_single(sc)) {
        struct refill first = pop(sc);

        refill_head(sc)->time -= first.amount;
        refill_head(sc)->amount += first.amount;
    }
}

void refill_renew(struct sched_context *sc)
{
    refill_head(sc)->amount += refill_tail(sc)->amount;
    refill_tail(sc)->amount = 0;
}

void refill_unblock(struct kernel *k, struct sched_context *sc)
{
    if (refill_is_round_robin(sc) || !refill_is_ready(k, sc))
        return;
    refill_head(sc)->time = k->h.time;
    k->h.reprogram = 1;
    while (!is_single(sc) &&
           refill_at(sc, 1)->time <= end_of(refill_head(sc))) {
        struct refill first = pop(sc);

        refill_head(sc)->time = first.time;
        refill_head(sc)->amount += first.amount;
    }
}
