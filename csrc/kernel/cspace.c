/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Resolving capability pointers.
 *
 * A CNode takes guard and radix bits off the top of what is left of the
 * pointer. All ways that this can fail are in cspace_resolve(); the functions
 * around it differ in where they start, and in whom they tell.
 */
#include "kernel/cspace.h"
#include "kernel/cdt.h"

static word low_bits(word value, word n)
{
    return n >= 64 ? value : value & ((1ul << n) - 1);
}

/* A step down the tree: CNode `node`, with `left` bits of cptr to go. */
static enum outcome resolve_step(struct kernel *k, union cap node, word cptr,
                                 word left, word *offset)
{
    word guard_size = node.cnode.guard_size;
    word level = node.cnode.radix + guard_size;

    if (guard_size > left ||
        (guard_size && low_bits(cptr >> (left - guard_size), guard_size) !=
                           node.cnode.guard)) {
        error_note(k, WHY(REASON_GUARD_MISMATCH, left, cptr, node.cnode.guard,
                          guard_size));
        return lookup_fail_guard_mismatch(k, left, node.cnode.guard,
                                          guard_size);
    }
    if (level > left) {
        error_note(k, WHY(REASON_DEPTH_TOO_SMALL, left, cptr, level));
        return lookup_fail_depth_mismatch(k, left, level);
    }
    *offset = low_bits(cptr >> (left - level), node.cnode.radix);
    return OUTCOME_DONE;
}

enum outcome cspace_resolve(struct kernel *k,
                            const struct cspace_address *address,
                            word *bits_left, struct cte **ret)
{
    union cap node = address->root;
    word left = address->bits;

    if (node.type != CAP_CNODE) {
        error_note(k, WHY(REASON_ROOT_NOT_CNODE, node.type));
        return lookup_fail_invalid_root(k);
    }
    for (;;) {
        word offset = 0;
        enum outcome o = resolve_step(k, node, address->cptr, left, &offset);

        if (o != OUTCOME_DONE)
            return o;
        left -= node.cnode.radix + node.cnode.guard_size;
        struct cte *slot = (struct cte *)object_at(k, node.obj) + offset;
        if (left == 0 || slot->cap.type != CAP_CNODE) {
            *bits_left = left;
            *ret = slot;
            return OUTCOME_DONE;
        }
        node = slot->cap;
    }
}

enum outcome cspace_lookup(struct kernel *k, struct tcb *t, word cptr,
                           struct cte **ret)
{
    struct cspace_address address = { t->slot[TCB_CTABLE].cap, cptr, 64 };
    word left;

    return cspace_resolve(k, &address, &left, ret);
}

static enum outcome find_slot(struct kernel *k, bool source,
                              const struct cspace_address *a, struct cte **ret)
{
    word left = 0;
    struct cte *slot = NULL;

    if (a->root.type != CAP_CNODE) {
        lookup_fail_invalid_root(k);
        return error_failed_lookup(k, source,
                                   WHY(REASON_ROOT_NOT_CNODE, a->root.type));
    }
    if (a->bits < 1 || a->bits > 64)
        return error_range(k, 1, 64, WHY(REASON_DEPTH_RANGE, a->bits));
    if (cspace_resolve(k, a, &left, &slot) != OUTCOME_DONE) {
        struct reason why = { .id = k->h.error.reason };

        for (int i = 0; i < 4; i++)
            why.argument[i] = k->h.error.argument[i];
        return error_failed_lookup(k, source, &why);
    }
    if (left != 0) {
        lookup_fail_depth_mismatch(k, left, 0);
        return error_failed_lookup(
            k, source, WHY(REASON_DEPTH_TOO_LARGE, a->cptr, a->bits, left));
    }
    *ret = slot;
    return OUTCOME_DONE;
}

enum outcome cspace_source_slot(struct kernel *k, union cap root, word index,
                                word depth, struct cte **ret)
{
    struct cspace_address address = { root, index, depth };

    return find_slot(k, true, &address, ret);
}

enum outcome cspace_target_slot(struct kernel *k, union cap root, word index,
                                word depth, struct cte **ret)
{
    struct cspace_address address = { root, index, depth };

    return find_slot(k, false, &address, ret);
}

enum outcome slot_ensure_empty(struct kernel *k, struct cte *slot)
{
    if (!cap_is_null(slot->cap))
        return error_delete_first(k,
                                  WHY(REASON_DEST_NOT_EMPTY, slot->cap.type));
    return OUTCOME_DONE;
}

enum outcome slot_ensure_childless(struct kernel *k, struct cte *slot)
{
    if (cdt_has_children(k, slot))
        return error_revoke_first(k, WHY(REASON_HAS_CHILDREN));
    return OUTCOME_DONE;
}
