/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can be done with a capability, whatever its type.
 */
#ifndef SEL4EMU_KERNEL_CAP_H
#define SEL4EMU_KERNEL_CAP_H

#include "kernel/error.h"
#include "kernel/object.h"

/* Capabilities as new objects have them. */
union cap cap_untyped_new(paddr obj, word bits, bool device);
union cap cap_endpoint_new(paddr obj);
union cap cap_notification_new(paddr obj);
union cap cap_cnode_new(paddr obj, word radix);
union cap cap_thread_new(paddr obj);
union cap cap_reply_new(paddr obj); /* MCS */
union cap cap_sched_context_new(paddr obj, word bits);
/* One that has a type, and no object. */
union cap cap_plain_new(enum cap_type type);

/*
 * The capability that a copy of `cap`, which stands in `slot` or came out of
 * it, would be; null if its type cannot be copied. OUTCOME_ERROR.
 */
enum outcome cap_derive(struct kernel *k, struct cte *slot, union cap cap,
                        union cap *ret);
union cap cap_mask_rights(union cap cap, word rights);
/* Set badge or guard; null if that is not allowed. `preserve`: the capability
 * is moved, not copied. */
union cap cap_update_data(union cap cap, bool preserve, word data);

/* Is b's object part of a's, or a's itself? */
bool cap_same_region(struct kernel *k, union cap a, union cap b);
/* Do both name the same object? */
bool cap_same_object(struct kernel *k, union cap a, union cap b);
/* Can what derives from `derived`, made from `source`, be revoked by it? */
bool cap_is_revocable(union cap derived, union cap source);

/* Has it an object in memory, where, and of which size (log2)? */
bool cap_is_physical(struct kernel *k, union cap cap);
word cap_size_bits(struct kernel *k, union cap cap);

/* All four rights of an endpoint? */
bool cap_may_cancel_sends(union cap cap);

/* What is left to do when a capability is deleted. */
struct finalised {
    union cap remainder; /* null or a zombie: what the slot holds then */
    union cap cleanup;   /* null or what cap_deleted() shall be told */
};

/* Undo what the capability stands for; `final`: it is the object's last. */
struct finalised cap_finalise(struct kernel *k, union cap cap, bool final);
/* The slot of a capability that gave a cleanup is empty now. */
void cap_deleted(struct kernel *k, union cap cleanup);

#endif
