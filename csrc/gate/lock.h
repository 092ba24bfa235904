/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lock of a machine (image_header.lock): one word in the image, taken by
 * client threads in the direct gate and by the monitor. It tells its owner, so
 * that a death inside the core can be told from any other.
 */
#ifndef SEL4EMU_GATE_LOCK_H
#define SEL4EMU_GATE_LOCK_H

#include "kernel/kernel.h"

#define LOCK_SLEEPERS 0x80000000u /* somebody may sleep on it */
#define LOCK_HUNGRY 0x40000000u   /* a sleeper was passed over: it is next */

/* Take the lock for a process (index in h.process[], 0: the monitor). */
void lock_take(struct kernel *k, uint32_t process);
/* The same, but give up after a while; false: not taken. */
bool lock_take_for(struct kernel *k, uint32_t process, int64_t timeout_ns);
void lock_drop(struct kernel *k);
/* Take the lock for the monitor away from a process that is dead; false: it
 * does not hold it (any more). */
bool lock_seize(struct kernel *k, uint32_t process);
/* Who holds it: index of a process; -1: nobody. */
int lock_owner(struct kernel *k);

#endif
