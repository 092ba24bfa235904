/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Untyped memory (seL4 manual 2.4).
 *
 * `free` in an untyped capability is a watermark: objects are made above it,
 * each aligned to its size, and it falls only to 0, when no child is left.
 * What was in use below it is cleared then, so that memory above the watermark
 * is always zero.
 */
#include "kernel/untyped.h"
#include "kernel/arch.h"
#include "kernel/cdt.h"
#include "kernel/cspace.h"
#include "kernel/decode.h"
#include "kernel/tcb.h"

/* Memory is cleared in pieces of this size, from the top. */
#define CLEAR_CHUNK (2ul << 20)

enum {
    ARG_TYPE,
    ARG_BITS,
    ARG_INDEX,
    ARG_DEPTH,
    ARG_OFFSET,
    ARG_COUNT,
    ARGS
};

/* What a Retype asks for. */
struct retype {
    enum sel4_object type;
    word bits;        /* as given */
    word object_bits; /* log2 of the size of an object */
    struct cte *dest; /* first destination slot */
    word count;
    bool device;
    bool reset;  /* no children: begin at the bottom again */
    paddr first; /* where the first object will be */
};

/* ---- objects ---- */

word object_bits(struct kernel *k, enum sel4_object type, word bits)
{
    switch (type) {
    case OBJECT_UNTYPED:
    case OBJECT_SCHED_CONTEXT:
        return bits;
    case OBJECT_CNODE:
        return bits + SEL4_SLOT_BITS;
    default:
        return sel4_object_bits[k->h.config.mcs][type];
    }
}

union cap object_create(struct kernel *k, enum sel4_object type, paddr at,
                        word bits, bool device)
{
    switch (type) {
    case OBJECT_UNTYPED:
        return cap_untyped_new(at, bits, device);
    case OBJECT_TCB:
        tcb_create(k, at);
        return cap_thread_new(at);
    case OBJECT_ENDPOINT:
        return cap_endpoint_new(at);
    case OBJECT_NOTIFICATION:
        return cap_notification_new(at);
    case OBJECT_CNODE:
        return cap_cnode_new(at, bits);
    case OBJECT_SCHED_CONTEXT:
        return cap_sched_context_new(at, bits);
    case OBJECT_REPLY:
        return cap_reply_new(at);
    default:
        return arch_object_create(k, type, at, device);
    }
}

/* ---- checks ---- */

static enum outcome check_size(struct kernel *k, struct retype *r)
{
    const word most = SEL4_MAX_UNTYPED_BITS;

    r->object_bits = object_bits(k, r->type, r->bits);
    if (r->bits >= 64 || r->object_bits > most)
        return error_range(k, 0, most,
                           WHY(REASON_OBJECT_TOO_LARGE, r->type, r->bits));
    if (r->type == OBJECT_CNODE && r->bits == 0)
        return error_invalid_argument(k, ARG_BITS, WHY(REASON_CNODE_TOO_SMALL));
    if (r->type == OBJECT_UNTYPED && r->bits < SEL4_MIN_UNTYPED_BITS)
        return error_invalid_argument(k, ARG_BITS,
                                      WHY(REASON_UNTYPED_TOO_SMALL, r->bits,
                                          SEL4_MIN_UNTYPED_BITS));
    if (r->type == OBJECT_SCHED_CONTEXT &&
        r->bits < SEL4_MIN_SCHED_CONTEXT_BITS[1])
        return error_invalid_argument(k, ARG_BITS,
                                      WHY(REASON_SCHED_CONTEXT_TOO_SMALL,
                                          r->bits,
                                          SEL4_MIN_SCHED_CONTEXT_BITS[1]));
    return OUTCOME_DONE;
}

/* The CNode that the new capabilities go to. */
static enum outcome find_cnode(struct kernel *k, struct call *call,
                               union cap *ret)
{
    word depth = call_argument(call, ARG_DEPTH);
    union cap root = call->extra[0]->cap;
    struct cte *slot;

    *ret = root;
    if (depth != 0) {
        if (cspace_target_slot(k, root, call_argument(call, ARG_INDEX), depth,
                               &slot) != OUTCOME_DONE)
            return OUTCOME_ERROR;
        *ret = slot->cap;
    }
    if (ret->type != CAP_CNODE) {
        lookup_fail_missing_capability(k, depth);
        return error_failed_lookup(k, false,
                                   WHY(REASON_RETYPE_NO_CNODE, ret->type));
    }
    return OUTCOME_DONE;
}

static enum outcome check_window(struct kernel *k, struct call *call,
                                 union cap cnode, struct retype *r)
{
    word slots = 1ul << cnode.cnode.radix;
    word offset = call_argument(call, ARG_OFFSET);
    word most = SEL4_UNTYPED_RETYPE_MAX_OBJECTS;

    r->count = call_argument(call, ARG_COUNT);
    if (offset > slots - 1)
        return error_range(k, 0, slots - 1,
                           WHY(REASON_RETYPE_OFFSET, offset, slots));
    if (r->count < 1 || r->count > most)
        return error_range(k, 1, most,
                           WHY(REASON_RETYPE_COUNT, r->count, most));
    if (r->count > slots - offset)
        return error_range(k, 1, slots - offset,
                           WHY(REASON_RETYPE_WINDOW, r->count, offset, slots));

    r->dest = (struct cte *)object_at(k, cnode.obj) + offset;
    for (word i = 0; i < r->count; i++)
        if (!cap_is_null(r->dest[i].cap))
            return error_delete_first(k,
                                      WHY(REASON_RETYPE_SLOT_USED, offset + i));
    return OUTCOME_DONE;
}

static enum outcome check_memory(struct kernel *k, struct call *call,
                                 struct retype *r)
{
    union cap untyped = call->cap;
    word size = 1ul << untyped.untyped.bits;
    word mask = (1ul << r->object_bits) - 1;

    r->reset = !cdt_has_children(k, call->slot);
    word used = r->reset ? 0 : untyped.untyped.free;
    if ((size - used) >> r->object_bits < r->count)
        return error_not_enough_memory(k, size - used,
                                       WHY(REASON_RETYPE_NO_MEMORY, r->count,
                                           r->object_bits, size - used, size));
    r->device = untyped.untyped.device;
    if (r->device && !sel4_object_device[r->type])
        return error_invalid_argument(k, ARG_BITS,
                                      WHY(REASON_RETYPE_DEVICE, r->type));
    r->first = (untyped.obj + used + mask) & ~mask;
    return OUTCOME_DONE;
}

/* ---- doing it ---- */

/* Clear what was in use, so that the next objects begin at the bottom. */
static enum outcome reset(struct kernel *k, const struct kernel_host *host,
                          union cap *cap)
{
    while (cap->untyped.free != 0) {
        word from = (cap->untyped.free - 1) & ~(CLEAR_CHUNK - 1);

        if (cap->untyped.device)
            from = 0;
        else
            host->clear(k, cap->obj + from, cap->untyped.free - from);
        cap->untyped.free = from;
        if (from != 0 && preemption_point_now(k) != OUTCOME_DONE)
            return OUTCOME_PREEMPTED;
    }
    return OUTCOME_DONE;
}

static enum outcome do_retype(struct kernel *k, struct call *call,
                              const struct retype *r)
{
    union cap *untyped = &call->slot->cap;
    word size = 1ul << r->object_bits;

    if (r->reset && reset(k, call->host, untyped) != OUTCOME_DONE)
        return OUTCOME_PREEMPTED;
    untyped->untyped.free = r->first + r->count * size - untyped->obj;
    for (word i = 0; i < r->count; i++)
        cdt_insert_new(k, call->slot, &r->dest[i],
                       object_create(k, r->type, r->first + i * size, r->bits,
                                     r->device));
    return OUTCOME_DONE;
}

enum outcome decode_untyped(struct kernel *k, struct call *call)
{
    struct retype r = { 0 };
    union cap cnode;
    word type;

    if (call->method != METHOD_UNTYPED_RETYPE)
        return error_unknown_method(k, call);
    if (call_check_length(k, call, ARGS, 1) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    type = call_argument(call, ARG_TYPE);
    if (type >= SEL4_OBJECT_TYPE_COUNT[k->h.config.mcs])
        return error_invalid_argument(k, ARG_TYPE,
                                      WHY(REASON_OBJECT_TYPE, type));
    r.type = sel4_object_of_number[k->h.config.mcs][type];
    r.bits = call_argument(call, ARG_BITS);
    if (check_size(k, &r) != OUTCOME_DONE ||
        find_cnode(k, call, &cnode) != OUTCOME_DONE ||
        check_window(k, call, cnode, &r) != OUTCOME_DONE ||
        check_memory(k, call, &r) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    call_commit(k, call);
    return do_retype(k, call, &r);
}
