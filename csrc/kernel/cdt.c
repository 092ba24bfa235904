/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The capability derivation tree, as a doubly linked list in pre-order.
 *
 * Nothing but two flags per slot is stored besides the order. `revocable`
 * says that a capability may have children at all: an original, or one that
 * got a badge. Which of the following slots are its children follows from
 * what the capabilities name: the same object or a part of it. `first_badged`
 * marks the first of a group of siblings with one badge, where the group of
 * an equal badge before it ends.
 *
 * The list's ends need no head: nobody ever walks a whole tree from the root.
 */
#include "kernel/cdt.h"
#include "kernel/cap.h"
#include "kernel/cspace.h"

static void set_next(struct kernel *k, struct cte *slot, struct cte *next)
{
    slot->next_4 = slot_ref(k, next) >> 2;
}

static void set_prev(struct kernel *k, struct cte *slot, struct cte *prev)
{
    slot->prev = slot_ref(k, prev);
}

/* Let the neighbours of a node that has moved to `slot` know. */
static void relink(struct kernel *k, struct cte *slot)
{
    struct cte *prev = slot_prev(k, slot);
    struct cte *next = slot_next(k, slot);

    if (prev)
        set_next(k, prev, slot);
    if (next)
        set_prev(k, next, slot);
}

static void link_behind(struct kernel *k, struct cte *before, struct cte *slot)
{
    set_prev(k, slot, before);
    set_next(k, slot, slot_next(k, before));
    relink(k, slot);
}

static void clear_node(struct cte *slot)
{
    slot->prev = 0;
    slot->next_4 = 0;
    slot->revocable = 0;
    slot->first_badged = 0;
}

bool cdt_is_parent(struct kernel *k, struct cte *parent, struct cte *child)
{
    union cap p = parent->cap;
    union cap c = child->cap;

    if (!parent->revocable || !cap_same_region(k, p, c))
        return false;
    if (p.type != CAP_ENDPOINT && p.type != CAP_NOTIFICATION)
        return true;
    if (p.endpoint.badge == 0)
        return true;
    return p.endpoint.badge == c.endpoint.badge && !child->first_badged;
}

bool cdt_has_children(struct kernel *k, struct cte *slot)
{
    struct cte *next = slot_next(k, slot);

    return next && cdt_is_parent(k, slot, next);
}

bool cdt_is_final(struct kernel *k, struct cte *slot)
{
    struct cte *prev = slot_prev(k, slot);
    struct cte *next = slot_next(k, slot);

    if (prev && cap_same_object(k, prev->cap, slot->cap))
        return false;
    return !next || !cap_same_object(k, slot->cap, next->cap);
}

/*
 * Untyped memory with a copy must not hand out the same bytes twice: the
 * original counts as full until the copy is gone.
 */
static void fill_untyped(struct cte *source, union cap copy)
{
    union cap *cap = &source->cap;

    if (cap->type == CAP_UNTYPED && copy.type == CAP_UNTYPED &&
        cap->obj == copy.obj && cap->untyped.bits == copy.untyped.bits)
        cap->untyped.free = 1ul << cap->untyped.bits;
}

void cdt_insert(struct kernel *k, union cap cap, struct cte *source,
                struct cte *dest)
{
    bool revocable = cap_is_revocable(cap, source->cap);

    fill_untyped(source, cap);
    dest->cap = cap;
    dest->revocable = revocable;
    dest->first_badged = revocable;
    link_behind(k, source, dest);
}

void cdt_insert_new(struct kernel *k, struct cte *parent, struct cte *dest,
                    union cap cap)
{
    dest->cap = cap;
    dest->revocable = true;
    dest->first_badged = true;
    link_behind(k, parent, dest);
}

void cdt_move(struct kernel *k, union cap cap, struct cte *source,
              struct cte *dest)
{
    *dest = *source;
    dest->cap = cap;
    source->cap = cap_null();
    clear_node(source);
    relink(k, dest);
}

void cdt_swap(struct kernel *k, union cap cap_a, struct cte *a, union cap cap_b,
              struct cte *b)
{
    struct cte old_a = *a;
    struct cte old_b = *b;

    *a = old_b;
    a->cap = cap_b;
    *b = old_a;
    b->cap = cap_a;
    /* Neighbours of each other would now be neighbours of themselves. */
    if (slot_next(k, a) == a)
        set_next(k, a, b);
    if (slot_prev(k, a) == a)
        set_prev(k, a, b);
    if (slot_next(k, b) == b)
        set_next(k, b, a);
    if (slot_prev(k, b) == b)
        set_prev(k, b, a);
    relink(k, b);
    relink(k, a);
}

void cdt_remove(struct kernel *k, struct cte *slot)
{
    struct cte *prev = slot_prev(k, slot);
    struct cte *next = slot_next(k, slot);

    if (prev)
        set_next(k, prev, next);
    if (next) {
        set_prev(k, next, prev);
        next->first_badged |= slot->first_badged;
    }
    slot->cap = cap_null();
    clear_node(slot);
}
