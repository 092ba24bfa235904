/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheduler: priorities, domains, and who is current.
 *
 * Inside one kernel entry h.action says what shall become of current at its
 * end: ACTION_RESUME, ACTION_CHOOSE, or the address of the thread that was
 * made ready and may follow at once.
 */
#ifndef SEL4EMU_KERNEL_SCHED_H
#define SEL4EMU_KERNEL_SCHED_H

#include "kernel/object.h"

enum {
    ACTION_RESUME = 0,
    ACTION_CHOOSE = 1
};

void sched_boot(struct kernel *k);

/* Ready queues: put first, put last, take out. Nothing happens if the thread
 * is (is not) in its queue already. */
void sched_enqueue(struct kernel *k, struct tcb *t);
void sched_append(struct kernel *k, struct tcb *t);
void sched_dequeue(struct kernel *k, struct tcb *t);

/* MCS: t's time is over, or has not come: it waits for its next refill. */
void sched_postpone(struct kernel *k, struct tcb *t);
void sched_release_remove(struct kernel *k, struct tcb *t);

/* t was made ready, and might follow the current thread. */
void sched_possible_switch(struct kernel *k, struct tcb *t);
/* Choose anew at the end of this entry. */
void sched_require(struct kernel *k);
/* t is about to stop, whatever was planned with it. */
void sched_forget(struct kernel *k, struct tcb *t);
/* t's state changed: if it is current and cannot go on, choose anew. */
void sched_state_changed(struct kernel *k, struct tcb *t);
/* The caller gives up its turn. */
void sched_yield(struct kernel *k, struct tcb *t);
/* Do what is due by now. */
void sched_expire(struct kernel *k);

/* Take h.pending and do what it asks for. */
void sched_take_pending(struct kernel *k);

/*
 * The end of an entry. `left`: the thread that entered was current, so current
 * may change; otherwise current goes on, and is kicked if it must make way.
 */
void sched_finish(struct kernel *k, bool left);

/* Highest priority among the ready threads of a domain, -1: none. */
int sched_highest(struct kernel *k, word domain);
/* Number of entries of the domain schedule, the end marker included. */
word sched_domain_entries(struct kernel *k);
/* Let the schedule begin at this entry, now. */
void sched_domain_restart(struct kernel *k, word index);

#endif
