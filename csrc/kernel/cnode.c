/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operations on CNodes (seL4 manual 3.1.2): copying, moving, deleting and
 * revoking capabilities, and what goes with it.
 */
#include "kernel/arch.h"
#include "kernel/cap.h"
#include "kernel/cdt.h"
#include "kernel/cspace.h"
#include "kernel/decode.h"
#include "kernel/endpoint.h"
#include "kernel/tcb.h"

/* A slot, and how the message named it. */
struct place {
    struct cte *slot;
    word index;
    word depth;
};

static enum outcome missing(struct kernel *k, bool source,
                            const struct place *p, enum kernel_reason reason)
{
    lookup_fail_missing_capability(k, p->depth);
    return error_failed_lookup(k, source, WHY(reason, p->index));
}

static enum outcome find(struct kernel *k, struct call *call, word arg,
                         union cap root, struct place *ret)
{
    ret->index = call_argument(call, arg);
    ret->depth = call_argument(call, arg + 1);
    return cspace_source_slot(k, root, ret->index, ret->depth, &ret->slot);
}

/* The badge or guard cannot be set. */
static enum outcome refuse_data(struct kernel *k, union cap cap, word data)
{
    if (cap.type == CAP_CNODE)
        return error_illegal_operation(
            k,
            WHY(REASON_CAP_DATA_GUARD,
                data & SEL4_CNODE_CAP_DATA_GUARD_SIZE_MASK, cap.cnode.radix));
    return error_illegal_operation(k, WHY(REASON_CAP_DATA_ENDPOINT, data,
                                          cap.endpoint.badge));
}

/* ---- Copy, Mint, Move, Mutate ---- */

enum {
    TRANSFER_SOURCE = 2,
    TRANSFER_RIGHTS = 4,
    MINT_DATA,
    MUTATE_DATA = 4
};

/* The capability that Copy or Mint would make. */
static enum outcome copy_of(struct kernel *k, struct call *call,
                            struct cte *source, union cap *ret)
{
    bool mint = call->method == METHOD_CNODE_MINT;
    union cap cap;

    if (call_check_length(k, call, mint ? 6 : 5, 1) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    cap = cap_mask_rights(source->cap, call_argument(call, TRANSFER_RIGHTS));
    if (mint) {
        word data = call_argument(call, MINT_DATA);

        cap = cap_update_data(cap, false, data);
        if (cap_is_null(cap))
            return refuse_data(k, source->cap, data);
    }
    if (cap_derive(k, source, cap, ret) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    if (cap_is_null(*ret))
        return error_illegal_operation(k, WHY(REASON_CAP_NOT_COPYABLE,
                                              source->cap.type));
    return OUTCOME_DONE;
}

/* The capability that Move or Mutate would leave at the destination. */
static enum outcome moved(struct kernel *k, struct call *call,
                          struct cte *source, union cap *ret)
{
    *ret = source->cap;
    if (call->method == METHOD_CNODE_MOVE)
        return OUTCOME_DONE;
    if (call_check_length(k, call, 5, 1) != OUTCOME_DONE)
        return OUTCOME_ERROR;

    word data = call_argument(call, MUTATE_DATA);
    *ret = cap_update_data(source->cap, true, data);
    if (cap_is_null(*ret))
        return refuse_data(k, source->cap, data);
    return OUTCOME_DONE;
}

static enum outcome decode_transfer(struct kernel *k, struct call *call,
                                    struct cte *dest)
{
    bool copies =
        call->method == METHOD_CNODE_COPY || call->method == METHOD_CNODE_MINT;
    struct place source;
    union cap cap;
    enum outcome o;

    if (call_check_length(k, call, 4, 1) != OUTCOME_DONE ||
        slot_ensure_empty(k, dest) != OUTCOME_DONE ||
        find(k, call, TRANSFER_SOURCE, call->extra[0]->cap, &source) !=
            OUTCOME_DONE)
        return OUTCOME_ERROR;
    if (cap_is_null(source.slot->cap))
        return missing(k, true, &source, REASON_SOURCE_EMPTY);
    o = copies ? copy_of(k, call, source.slot, &cap)
               : moved(k, call, source.slot, &cap);
    if (o != OUTCOME_DONE)
        return o;
    call_commit(k, call);
    if (copies)
        cdt_insert(k, cap, source.slot, dest);
    else
        cdt_move(k, cap, source.slot, dest);
    return OUTCOME_DONE;
}

/* ---- Rotate ---- */

enum {
    ROTATE_PIVOT_DATA = 2,
    ROTATE_PIVOT,
    ROTATE_SOURCE_DATA = 5,
    ROTATE_SOURCE,
};

static enum outcome check_rotate(struct kernel *k, const struct place *source,
                                 const struct place *pivot, struct cte *dest)
{
    if (pivot->slot == source->slot || pivot->slot == dest)
        return error_illegal_operation(k, WHY(REASON_ROTATE_PIVOT));
    if (source->slot != dest && slot_ensure_empty(k, dest) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    if (cap_is_null(source->slot->cap))
        return missing(k, true, source, REASON_SOURCE_EMPTY);
    if (cap_is_null(pivot->slot->cap))
        return missing(k, false, pivot, REASON_PIVOT_EMPTY);
    return OUTCOME_DONE;
}

static enum outcome decode_rotate(struct kernel *k, struct call *call,
                                  struct cte *dest)
{
    struct place source, pivot;
    union cap source_cap, pivot_cap;
    word source_data, pivot_data;

    if (call_check_length(k, call, 8, 2) != OUTCOME_DONE ||
        find(k, call, ROTATE_SOURCE, call->extra[1]->cap, &source) !=
            OUTCOME_DONE ||
        find(k, call, ROTATE_PIVOT, call->extra[0]->cap, &pivot) !=
            OUTCOME_DONE ||
        check_rotate(k, &source, &pivot, dest) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    source_data = call_argument(call, ROTATE_SOURCE_DATA);
    pivot_data = call_argument(call, ROTATE_PIVOT_DATA);
    source_cap = cap_update_data(source.slot->cap, true, source_data);
    pivot_cap = cap_update_data(pivot.slot->cap, true, pivot_data);
    if (cap_is_null(source_cap))
        return refuse_data(k, source.slot->cap, source_data);
    if (cap_is_null(pivot_cap))
        return refuse_data(k, pivot.slot->cap, pivot_data);

    call_commit(k, call);
    if (source.slot == dest) {
        cdt_swap(k, source_cap, dest, pivot_cap, pivot.slot);
    } else {
        cdt_move(k, pivot_cap, pivot.slot, dest);
        cdt_move(k, source_cap, source.slot, pivot.slot);
    }
    return OUTCOME_DONE;
}

/* ---- the others ---- */

/* Classic: the reply capability of whom the caller serves goes to a slot. */
static enum outcome decode_save_caller(struct kernel *k, struct call *call,
                                       struct cte *dest)
{
    struct cte *source = &call->caller->slot[TCB_CALLER];

    if (slot_ensure_empty(k, dest) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    call_commit(k, call);
    if (cap_is_null(source->cap))
        error_note(k, WHY(REASON_NO_CALLER));
    else
        cdt_move(k, source->cap, source, dest);
    return OUTCOME_DONE;
}

static enum outcome decode_cancel_sends(struct kernel *k, struct call *call,
                                        struct cte *slot)
{
    union cap cap = slot->cap;

    if (!cap_may_cancel_sends(cap))
        return error_illegal_operation(
            k, WHY(REASON_CANCEL_RIGHTS, cap.type,
                   cap.type == CAP_ENDPOINT ? cap.endpoint.rights : 0));
    call_commit(k, call);
    if (cap.endpoint.badge)
        endpoint_cancel_badged(k, object_at(k, cap.obj), cap.endpoint.badge);
    return OUTCOME_DONE;
}

static bool is_cnode_method(uint32_t method)
{
    return method >= METHOD_CNODE_REVOKE && method <= METHOD_CNODE_SAVE_CALLER;
}

enum outcome decode_cnode(struct kernel *k, struct call *call)
{
    struct cte *slot;

    if (!is_cnode_method(call->method))
        return error_unknown_method(k, call);
    if (call_check_length(k, call, 2, 0) != OUTCOME_DONE ||
        cspace_target_slot(k, call->cap, call_argument(call, 0),
                           call_argument(call, 1), &slot) != OUTCOME_DONE)
        return OUTCOME_ERROR;

    switch (call->method) {
    case METHOD_CNODE_REVOKE:
        call_commit(k, call);
        return slot_revoke(k, slot);
    case METHOD_CNODE_DELETE:
        call_commit(k, call);
        return slot_delete(k, slot);
    case METHOD_CNODE_CANCEL_BADGED_SENDS:
        return decode_cancel_sends(k, call, slot);
    case METHOD_CNODE_ROTATE:
        return decode_rotate(k, call, slot);
    case METHOD_CNODE_SAVE_CALLER:
        return decode_save_caller(k, call, slot);
    default:
        return decode_transfer(k, call, slot);
    }
}
