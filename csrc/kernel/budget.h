/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MCS: who pays for the time that passes.
 *
 * h.current_sc pays from h.charged_until on; when the node idles it is 0, and
 * nobody pays. What was used is charged when something is done that depends on
 * it (h.reprogram), or when less than a minimal budget would be left.
 */
#ifndef SEL4EMU_KERNEL_BUDGET_H
#define SEL4EMU_KERNEL_BUDGET_H

#include "kernel/object.h"

/* Charge what was used so far. */
void budget_commit(struct kernel *k);
/*
 * Has current, or its domain, time for what it asks of the kernel? If not, its
 * turn is over: false.
 */
bool budget_check(struct kernel *k);
/* The same; false: t, which is current, repeats its request later. */
bool budget_check_restart(struct kernel *k, struct tcb *t);
/* An agent takes the scheduling context away from current, or has stopped it:
 * what was used so far is charged, and nobody pays for the rest. */
void budget_release(struct kernel *k, paddr sc);
/* Is enough left for who pays, if anybody does? */
bool budget_suffices(struct kernel *k);
/* Has current, and its domain, so much time left that a long operation may go
 * on? Not if nobody pays. */
bool budget_allows_more(struct kernel *k);
/* A long operation of current was cut short, and may have deleted it. */
void budget_preempted(struct kernel *k);
/* Current gives the rest of its turn away. */
void budget_yield(struct kernel *k);
/* Does the current domain's time end now? */
bool budget_domain_over(struct kernel *k);
/* Until when may current, and the domain, go on? TIME_NEVER: nobody runs. */
word budget_end(struct kernel *k);
/* Current is settled: its scheduling context pays from now on. */
void budget_switch(struct kernel *k);

#endif
