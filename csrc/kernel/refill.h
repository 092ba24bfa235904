/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MCS: refills, the time that a scheduling context may use, and when
 * (seL4 manual 6.1; a sporadic server).
 *
 * A scheduling context has a ring of refills, in order of their times, which
 * do not overlap; their amounts add up to the budget. What is used of the
 * first is put at the end, to be used again a period later. With period 0
 * (round robin) there are always two: what is left of the slice, and what of
 * it was used; the first is always ready.
 *
 * Times are ns since boot, amounts ns.
 */
#ifndef SEL4EMU_KERNEL_REFILL_H
#define SEL4EMU_KERNEL_REFILL_H

#include "kernel/object.h"

/* As the real kernel takes 10 us for its longest step on x86: nobody runs with
 * less than twice that. */
#define BUDGET_MIN_US 20ul
#define BUDGET_MIN (BUDGET_MIN_US * 1000)
/* Refills that every scheduling context has. */
#define REFILLS_MIN 2ul

/* The longest period, in us. */
word refill_period_max_us(struct kernel *k);
/* Refills there is room for in an object of 2^bits bytes. */
word refill_room(word bits);

struct refill *refill_head(struct sched_context *sc);
struct refill *refill_tail(struct sched_context *sc);
/* Refill i of those in use; i < refill_count(). */
struct refill *refill_at(struct sched_context *sc, word i);
word refill_count(const struct sched_context *sc);

static inline bool refill_is_round_robin(const struct sched_context *sc)
{
    return sc->period == 0;
}
/* May the first refill be used now? */
bool refill_is_ready(struct kernel *k, struct sched_context *sc);
/* Is enough of it left when `used` ns more are taken off? */
bool refill_is_sufficient(struct sched_context *sc, word used);

/* What a configured scheduling context shall have. */
struct refill_limits {
    word budget;
    word period;
    word max;
};
/* From now on; whatever there was is forgotten. */
void refill_new(struct kernel *k, struct sched_context *sc,
                const struct refill_limits *limits);
/* The same for one that is in use: not more than the budget in any period. Not
 * for round robin. */
void refill_update(struct kernel *k, struct sched_context *sc,
                   const struct refill_limits *limits);
/* `used` ns have been used. */
void refill_charge(struct kernel *k, struct sched_context *sc, word used);
/* Round robin: a whole slice again. */
void refill_renew(struct sched_context *sc);
/* It begins to be used after a while: what became ready meanwhile counts as
 * ready from now. */
void refill_unblock(struct kernel *k, struct sched_context *sc);

#endif
