/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can be done with a capability, by type. Types of the architecture are
 * handed to arch.h; what the kernels differ in is a reply capability, which
 * is a loan of a TCB in the classic kernel, and an object in the MCS one.
 */
#include "kernel/cap.h"
#include "kernel/arch.h"
#include "kernel/cspace.h"
#include "kernel/endpoint.h"
#include "kernel/irq.h"
#include "kernel/notification.h"
#include "kernel/reply.h"
#include "kernel/sched_context.h"
#include "kernel/tcb.h"

union cap cap_plain_new(enum cap_type type)
{
    union cap cap = cap_null();

    cap.type = type;
    return cap;
}

static union cap cap_new(enum cap_type type, paddr obj)
{
    union cap cap = cap_plain_new(type);

    cap.obj = obj;
    return cap;
}

union cap cap_untyped_new(paddr obj, word bits, bool device)
{
    union cap cap = cap_new(CAP_UNTYPED, obj);

    cap.untyped.bits = bits;
    cap.untyped.device = device;
    return cap;
}

union cap cap_endpoint_new(paddr obj)
{
    union cap cap = cap_new(CAP_ENDPOINT, obj);

    cap.endpoint.rights = RIGHT_ALL;
    return cap;
}

union cap cap_notification_new(paddr obj)
{
    union cap cap = cap_new(CAP_NOTIFICATION, obj);

    cap.notification.rights = RIGHT_READ | RIGHT_WRITE;
    return cap;
}

union cap cap_cnode_new(paddr obj, word radix)
{
    union cap cap = cap_new(CAP_CNODE, obj);

    cap.cnode.radix = radix;
    return cap;
}

union cap cap_thread_new(paddr obj)
{
    return cap_new(CAP_THREAD, obj);
}

union cap cap_reply_new(paddr obj)
{
    union cap cap = cap_new(CAP_REPLY, obj);

    cap.reply.can_grant = true;
    return cap;
}

union cap cap_sched_context_new(paddr obj, word bits)
{
    union cap cap = cap_new(CAP_SCHED_CONTEXT, obj);

    cap.sched_context.bits = bits;
    return cap;
}

static union cap cap_zombie_new(paddr obj, bool tcb, word radix, word count)
{
    union cap cap = cap_new(CAP_ZOMBIE, obj);

    cap.zombie.tcb = tcb;
    cap.zombie.radix = radix;
    cap.zombie.count = count;
    return cap;
}

enum outcome cap_derive(struct kernel *k, struct cte *slot, union cap cap,
                        union cap *ret)
{
    if (cap_is_arch(cap))
        return arch_cap_derive(k, slot, cap, ret);

    switch (cap.type) {
    case CAP_ZOMBIE:
    case CAP_IRQ_CONTROL:
        *ret = cap_null();
        return OUTCOME_DONE;
    case CAP_REPLY:
        *ret = k->h.config.mcs ? cap : cap_null();
        return OUTCOME_DONE;
    case CAP_UNTYPED:
        if (slot_ensure_childless(k, slot) != OUTCOME_DONE)
            return OUTCOME_ERROR;
        *ret = cap;
        return OUTCOME_DONE;
    default:
        *ret = cap;
        return OUTCOME_DONE;
    }
}

union cap cap_mask_rights(union cap cap, word rights)
{
    if (cap_is_arch(cap))
        return arch_cap_mask_rights(cap, rights);

    switch (cap.type) {
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
        cap.endpoint.rights &= rights;
        return cap;
    case CAP_REPLY:
        cap.reply.can_grant &= (rights & RIGHT_GRANT) != 0;
        return cap;
    default:
        return cap;
    }
}

static union cap set_badge(union cap cap, bool preserve, word badge)
{
    if (preserve || cap.endpoint.badge != 0)
        return cap_null();
    cap.endpoint.badge = badge;
    return cap;
}

static union cap set_guard(union cap cap, word data)
{
    word size = data >> SEL4_CNODE_CAP_DATA_GUARD_SIZE_SHIFT &
                SEL4_CNODE_CAP_DATA_GUARD_SIZE_MASK;
    word guard = data >> SEL4_CNODE_CAP_DATA_GUARD_SHIFT;

    if (size + cap.cnode.radix > 64)
        return cap_null();
    cap.cnode.guard = guard & ((1ul << size) - 1);
    cap.cnode.guard_size = size;
    return cap;
}

union cap cap_update_data(union cap cap, bool preserve, word data)
{
    if (cap_is_arch(cap))
        return arch_cap_update_data(cap, preserve, data);

    switch (cap.type) {
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
        return set_badge(cap, preserve, data);
    case CAP_CNODE:
        return set_guard(cap, data);
    default:
        return cap;
    }
}

bool cap_is_physical(struct kernel *k, union cap cap)
{
    if (cap_is_arch(cap))
        return arch_cap_is_physical(cap);

    switch (cap.type) {
    case CAP_UNTYPED:
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
    case CAP_CNODE:
    case CAP_THREAD:
    case CAP_ZOMBIE:
    case CAP_SCHED_CONTEXT:
        return true;
    case CAP_REPLY:
        return k->h.config.mcs;
    default:
        return false;
    }
}

word cap_size_bits(struct kernel *k, union cap cap)
{
    if (cap_is_arch(cap))
        return arch_cap_size_bits(cap);

    switch (cap.type) {
    case CAP_UNTYPED:
        return cap.untyped.bits;
    case CAP_ENDPOINT:
        return SEL4_ENDPOINT_BITS;
    case CAP_NOTIFICATION:
        return SEL4_NOTIFICATION_BITS[k->h.config.mcs];
    case CAP_CNODE:
        return cap.cnode.radix + SEL4_SLOT_BITS;
    case CAP_THREAD:
        return SEL4_TCB_BITS;
    case CAP_ZOMBIE:
        return cap.zombie.tcb ? SEL4_TCB_BITS
                              : cap.zombie.radix + SEL4_SLOT_BITS;
    case CAP_REPLY:
        return SEL4_REPLY_BITS[k->h.config.mcs];
    case CAP_SCHED_CONTEXT:
        return cap.sched_context.bits;
    default:
        return 0;
    }
}

static bool in_untyped(struct kernel *k, union cap untyped, union cap b)
{
    if (!cap_is_physical(k, b))
        return false;

    word last = untyped.obj + ((1ul << untyped.untyped.bits) - 1);
    word b_last = b.obj + ((1ul << cap_size_bits(k, b)) - 1);
    return untyped.obj <= b.obj && b_last <= last;
}

bool cap_same_region(struct kernel *k, union cap a, union cap b)
{
    switch (a.type) {
    case CAP_UNTYPED:
        return in_untyped(k, a, b);
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
    case CAP_THREAD:
    case CAP_REPLY:
        return a.type == b.type && a.obj == b.obj;
    case CAP_CNODE:
        return a.type == b.type && a.obj == b.obj &&
               a.cnode.radix == b.cnode.radix;
    case CAP_SCHED_CONTEXT:
        return a.type == b.type && a.obj == b.obj &&
               a.sched_context.bits == b.sched_context.bits;
    case CAP_DOMAIN:
    case CAP_SCHED_CONTROL:
        return a.type == b.type;
    case CAP_IRQ_CONTROL:
        return b.type == CAP_IRQ_CONTROL || b.type == CAP_IRQ_HANDLER;
    case CAP_IRQ_HANDLER:
        return a.type == b.type && a.irq_handler.irq == b.irq_handler.irq;
    default:
        return cap_is_arch(a) && cap_is_arch(b) && arch_cap_same_region(a, b);
    }
}

bool cap_same_object(struct kernel *k, union cap a, union cap b)
{
    if (a.type == CAP_UNTYPED || a.type == CAP_IRQ_CONTROL)
        return false;
    if (cap_is_arch(a) && cap_is_arch(b))
        return arch_cap_same_object(a, b);
    return cap_same_region(k, a, b);
}

bool cap_is_revocable(union cap derived, union cap source)
{
    if (cap_is_arch(derived))
        return arch_cap_is_revocable(derived, source);

    switch (derived.type) {
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
        return derived.endpoint.badge != source.endpoint.badge;
    case CAP_IRQ_HANDLER:
        return source.type == CAP_IRQ_CONTROL;
    case CAP_UNTYPED:
        return true;
    default:
        return false;
    }
}

bool cap_may_cancel_sends(union cap cap)
{
    return cap.type == CAP_ENDPOINT && cap.endpoint.rights == RIGHT_ALL;
}

static struct finalised finalised(union cap remainder, union cap cleanup)
{
    return (struct finalised){ remainder, cleanup };
}

/* The last capability of an object goes. */
static struct finalised finalise_object(struct kernel *k, union cap cap)
{
    switch (cap.type) {
    case CAP_ENDPOINT:
        endpoint_cancel_all(k, object_at(k, cap.obj));
        break;
    case CAP_NOTIFICATION:
        notification_destroy(k, object_at(k, cap.obj));
        break;
    case CAP_CNODE:
        return finalised(cap_zombie_new(cap.obj, false, cap.cnode.radix,
                                        1ul << cap.cnode.radix),
                         cap_null());
    case CAP_THREAD:
        tcb_destroy(k, tcb_at(k, cap.obj));
        return finalised(cap_zombie_new(cap.obj, true, 0, TCB_SLOTS),
                         cap_null());
    case CAP_IRQ_HANDLER:
        irq_handler_deleting(k, cap.irq_handler.irq);
        return finalised(cap_null(), cap);
    case CAP_REPLY:
        if (k->h.config.mcs)
            reply_destroy(k, object_at(k, cap.obj));
        break;
    case CAP_SCHED_CONTEXT:
        sched_context_destroy(k, object_at(k, cap.obj));
        break;
    default:
        break;
    }
    return finalised(cap_null(), cap_null());
}

struct finalised cap_finalise(struct kernel *k, union cap cap, bool final)
{
    if (cap_is_arch(cap))
        return arch_cap_finalise(k, cap, final);
    if (cap.type == CAP_ZOMBIE)
        return finalised(cap, cap_null());
    if (!final)
        return finalised(cap_null(), cap_null());
    return finalise_object(k, cap);
}

void cap_deleted(struct kernel *k, union cap cleanup)
{
    if (cap_is_arch(cleanup))
        arch_cap_deleted(k, cleanup);
    else if (cleanup.type == CAP_IRQ_HANDLER)
        irq_handler_deleted(k, cleanup.irq_handler.irq);
}
