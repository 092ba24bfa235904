/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MCS: scheduling contexts (seL4 manual 6.1): who runs by one, and to whom it
 * is lent.
 */
#ifndef SEL4EMU_KERNEL_SCHED_CONTEXT_H
#define SEL4EMU_KERNEL_SCHED_CONTEXT_H

#include "kernel/decode.h"
#include "kernel/object.h"

/* Was it configured? */
static inline bool sched_context_is_active(const struct sched_context *sc)
{
    return sc->refill_max > 0;
}
/* Configured, and with time to use now? */
bool sched_context_is_released(struct kernel *k, struct sched_context *sc);

/* t gets a scheduling context that nobody has, and may run. */
void sched_context_bind(struct kernel *k, struct sched_context *sc,
                        struct tcb *t);
/* Whoever has it stops, and loses it. */
void sched_context_unbind(struct kernel *k, struct sched_context *sc);
/* The same, and its notification and call stack. */
void sched_context_unbind_all(struct kernel *k, struct sched_context *sc);
/* Hand it to a thread that has none; who had it loses it. */
void sched_context_donate(struct kernel *k, struct sched_context *sc,
                          struct tcb *to);
/* Its thread may run: let it wait if there is no time to use now. */
void sched_context_resume(struct kernel *k, struct sched_context *sc);
/* t's scheduling context, if it is sporadic, begins to be used after a wait;
 * not the one that pays now. */
void sched_context_unblock(struct kernel *k, struct tcb *t);
/* Its last capability goes. */
void sched_context_destroy(struct kernel *k, struct sched_context *sc);
/* It is lent by a notification no more. */
void sched_context_unbind_notification(struct kernel *k,
                                       struct sched_context *sc);

/* YieldTo: t, which yielded, goes on and is told; or it gives up. */
void sched_context_complete_yield(struct kernel *k, struct tcb *t);
void sched_context_cancel_yield(struct kernel *k, struct tcb *t);
/* Whoever yielded to sc, if somebody did, goes on and is told. */
void sched_context_end_yield(struct kernel *k, struct sched_context *sc);

/* Time it has run since somebody asked, in us; asks. */
word sched_context_take_consumed(struct sched_context *sc);

enum outcome decode_sched_context(struct kernel *k, struct call *call);
enum outcome decode_sched_control(struct kernel *k, struct call *call);

#endif
