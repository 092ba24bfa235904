/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The capability derivation tree, and deletion.
 *
 * The tree is a list of slots in pre-order; who is whose parent follows from
 * the capabilities themselves (cdt_is_parent). A slot that is empty is not in
 * the list.
 */
#ifndef SEL4EMU_KERNEL_CDT_H
#define SEL4EMU_KERNEL_CDT_H

#include "kernel/object.h"
#include "kernel/outcome.h"

/* Does `child`, which stands behind `parent` in the list, derive from it? */
bool cdt_is_parent(struct kernel *k, struct cte *parent, struct cte *child);
bool cdt_has_children(struct kernel *k, struct cte *slot);
/* Is there no other capability to the slot's object? */
bool cdt_is_final(struct kernel *k, struct cte *slot);

/* Put a capability derived from *source into the empty slot *dest. */
void cdt_insert(struct kernel *k, union cap cap, struct cte *source,
                struct cte *dest);
/* Put the first capability to a new object below its parent. */
void cdt_insert_new(struct kernel *k, struct cte *parent, struct cte *dest,
                    union cap cap);
/* Move: *dest gets `cap` and the source's place in the tree. */
void cdt_move(struct kernel *k, union cap cap, struct cte *source,
              struct cte *dest);
/* Exchange two slots; a's content goes to b as cap_a, and so on. */
void cdt_swap(struct kernel *k, union cap cap_a, struct cte *a, union cap cap_b,
              struct cte *b);

/* Take a slot out of the tree and make it empty; its object stays. */
void cdt_remove(struct kernel *k, struct cte *slot);

/* Empty a slot, destroying the object with its last capability. May be
 * preempted: OUTCOME_PREEMPTED. */
enum outcome slot_delete(struct kernel *k, struct cte *slot);
/* Delete whatever derives from the slot. May be preempted. */
enum outcome slot_revoke(struct kernel *k, struct cte *slot);
/* Empty a slot whose capability can be destroyed at one stroke. */
void slot_delete_one(struct kernel *k, struct cte *slot);
/* Would emptying the slot take long (threads, CNodes)? */
bool slot_is_long_running(struct kernel *k, struct cte *slot);

/* Has a long operation to stop here, because somebody waits? */
enum outcome preemption_point(struct kernel *k);
/* The same for steps so long that each is worth a look. */
enum outcome preemption_point_now(struct kernel *k);

#endif
