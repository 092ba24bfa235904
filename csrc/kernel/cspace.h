/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capability spaces: from a capability pointer to a slot (seL4 manual 3.4).
 */
#ifndef SEL4EMU_KERNEL_CSPACE_H
#define SEL4EMU_KERNEL_CSPACE_H

#include "kernel/error.h"
#include "kernel/object.h"

/* An address: the low `bits` bits of cptr, resolved from a CNode on. */
struct cspace_address {
    union cap root;
    word cptr;
    word bits;
};

/*
 * Resolve an address. *ret is the slot where it ends: at the last bit, or at
 * the first capability that is no CNode; *bits_left is what was not used then.
 * OUTCOME_FAULT otherwise.
 */
enum outcome cspace_resolve(struct kernel *k,
                            const struct cspace_address *address,
                            word *bits_left, struct cte **ret);

/* Slot that a thread's capability pointer names; OUTCOME_FAULT. */
enum outcome cspace_lookup(struct kernel *k, struct tcb *t, word cptr,
                           struct cte **ret);

/*
 * Slot for an operation on CNodes: all of `depth` bits must resolve.
 * OUTCOME_ERROR; the answer blames the source or the target side.
 */
enum outcome cspace_source_slot(struct kernel *k, union cap root, word index,
                                word depth, struct cte **ret);
enum outcome cspace_target_slot(struct kernel *k, union cap root, word index,
                                word depth, struct cte **ret);

/* OUTCOME_ERROR (DeleteFirst) if the slot is in use. */
enum outcome slot_ensure_empty(struct kernel *k, struct cte *slot);
/* OUTCOME_ERROR (RevokeFirst) if something derives from the slot. */
enum outcome slot_ensure_childless(struct kernel *k, struct cte *slot);

#endif
