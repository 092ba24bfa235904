/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capabilities by themselves: is each field within its bounds, and is there
 * what the capability names?
 */
#include "kernel/arch/x86_64/asid.h"
#include "kernel/arch/x86_64/vspace.h"
#include "kernel/cap.h"
#include "kernel/check.h"

static bool fail(struct check *c, const struct cte *slot, const char *broken)
{
    return check_fail(c, broken, slot_ref(c->k, slot));
}

/* ---- shapes: the fields that say how large the object is, and others ---- */

static const char *shape_untyped(union cap cap)
{
    word size = 1ul << cap.untyped.bits;

    if (cap.untyped.bits < SEL4_MIN_UNTYPED_BITS ||
        cap.untyped.bits > SEL4_MAX_UNTYPED_BITS)
        return "untyped-size: untyped memory is too small or too large";
    if (cap.untyped.free > size)
        return "untyped-free: more is used than there is";
    return NULL;
}

static const char *shape_cnode(union cap cap)
{
    if (cap.cnode.radix < 1 ||
        cap.cnode.radix + SEL4_SLOT_BITS > SEL4_MAX_UNTYPED_BITS)
        return "cnode-radix: no CNode has such a number of slots";
    if (cap.cnode.radix + cap.cnode.guard_size > SEL4_WORD_BITS ||
        cap.cnode.guard >> cap.cnode.guard_size != 0)
        return "cnode-guard: the guard is longer than it can be";
    return NULL;
}

static const char *shape_zombie(union cap cap)
{
    word most = cap.zombie.tcb ? TCB_SLOTS : 1ul << cap.zombie.radix;

    if (!cap.zombie.tcb &&
        (cap.zombie.radix < 1 ||
         cap.zombie.radix + SEL4_SLOT_BITS > SEL4_MAX_UNTYPED_BITS))
        return "zombie-radix: no CNode has such a number of slots";
    if (cap.zombie.count > most)
        return "zombie-count: more slots are left than the object has";
    return NULL;
}

static const char *shape_frame(union cap cap)
{
    word bits = frame_bits(cap.frame.size);
    word vaddr = cap.frame.vaddr;

    if (cap.frame.size > FRAME_HUGE)
        return "frame-size: no frame has this size";
    if (cap.frame.rights < FRAME_KERNEL_ONLY)
        return "frame-rights: a frame has one of three kinds of rights";
    if (cap.frame.map > FRAME_MAP_VSPACE ||
        (cap.frame.map == FRAME_MAP_VSPACE) != (cap.frame.asid != 0))
        return "frame-mapped: a frame is mapped if it has an ASID";
    if (cap.frame.asid >= ASID_POOLS * ASID_POOL_SIZE)
        return "frame-asid: there is no such ASID";
    if (cap.frame.asid &&
        (vaddr % (1ul << bits) || vaddr + (1ul << bits) > SEL4_USER_TOP))
        return "frame-vaddr: the address is not aligned, or not the user's";
    return NULL;
}

static const char *shape_table(union cap cap)
{
    word covers = 1ul << table_covers(cap.type);

    if (!cap.table.mapped)
        return NULL;
    if (cap.table.asid == 0 || cap.table.asid >= ASID_POOLS * ASID_POOL_SIZE)
        return "table-asid: a mapped paging structure has an ASID";
    if (cap.table.vaddr % covers || cap.table.vaddr > SEL4_USER_TOP)
        return "table-vaddr: the address is not aligned, or not the user's";
    return NULL;
}

static const char *shape_arch(union cap cap)
{
    switch (cap.type) {
    case CAP_FRAME:
        return shape_frame(cap);
    case CAP_PAGE_TABLE:
    case CAP_PAGE_DIRECTORY:
    case CAP_PDPT:
        return shape_table(cap);
    case CAP_PML4:
        if (cap.pml4.mapped != (cap.pml4.asid != 0) ||
            cap.pml4.asid >= ASID_POOLS * ASID_POOL_SIZE)
            return "vspace-asid: a vspace is assigned if it has an ASID";
        return NULL;
    case CAP_ASID_POOL:
        if (cap.asid_pool.base % ASID_POOL_SIZE ||
            cap.asid_pool.base >= ASID_POOLS * ASID_POOL_SIZE)
            return "pool-base: no ASID pool begins there";
        return NULL;
    case CAP_IO_PORT:
        if (cap.io_port.first > cap.io_port.last)
            return "port-range: the last port is below the first";
        return NULL;
    case CAP_ASID_CONTROL:
    case CAP_IO_PORT_CONTROL:
        return NULL;
    default:
        return "cap-type: there is no such type of capability";
    }
}

static const char *shape_mcs(struct kernel *k, union cap cap)
{
    if (!k->h.config.mcs)
        return "cap-type: the classic kernel has no such capability";
    if (cap.type == CAP_SCHED_CONTEXT &&
        (cap.sched_context.bits < SEL4_MIN_SCHED_CONTEXT_BITS[1] ||
         cap.sched_context.bits > SEL4_MAX_UNTYPED_BITS))
        return "context-size: a scheduling context is too small or too large";
    return NULL;
}

static const char *shape(struct kernel *k, union cap cap)
{
    if (cap_is_arch(cap))
        return shape_arch(cap);

    switch (cap.type) {
    case CAP_UNTYPED:
        return shape_untyped(cap);
    case CAP_NOTIFICATION:
        if (cap.notification.rights & ~(word)(RIGHT_READ | RIGHT_WRITE))
            return "notification-rights: there is nothing to grant";
        return NULL;
    case CAP_CNODE:
        return shape_cnode(cap);
    case CAP_ZOMBIE:
        return shape_zombie(cap);
    case CAP_IRQ_HANDLER:
        if (cap.irq_handler.irq < SEL4_IRQ_USER_MIN ||
            cap.irq_handler.irq > SEL4_IRQ_USER_MAX)
            return "handler-irq: no interrupt of this number has a handler";
        return NULL;
    case CAP_SCHED_CONTEXT:
    case CAP_SCHED_CONTROL:
        return shape_mcs(k, cap);
    case CAP_ENDPOINT:
    case CAP_REPLY:
    case CAP_THREAD:
    case CAP_IRQ_CONTROL:
    case CAP_DOMAIN:
        return NULL;
    default:
        return "cap-type: there is no such type of capability";
    }
}

/* ---- the object ---- */

static bool is_device(union cap cap)
{
    return (cap.type == CAP_UNTYPED && cap.untyped.device) ||
           (cap.type == CAP_FRAME && cap.frame.device);
}

/* Device memory may be anywhere among the addresses that fit into `obj`. */
static const char *place(struct kernel *k, union cap cap)
{
    word bits = cap_size_bits(k, cap);

    if (cap.obj & ((1ul << bits) - 1))
        return "object-aligned: an object is not aligned to its size";
    if (!is_device(cap) && !memory_valid(k, cap.obj, bits))
        return "object-in-memory: an object lies outside of memory";
    return NULL;
}

/* The TCB of a thread capability, or of a reply capability, is in the list of
 * TCBs; but what a dead TCB still holds is its own master capability. */
static const char *tcb_listed(struct check *c, const struct cte *slot)
{
    union cap cap = slot->cap;
    const struct tcb *t = tcb_checked(c->k, cap.obj);

    if (check_has(c, cap.obj, FACT_LISTED))
        return NULL;
    if (cap.type == CAP_REPLY && cap.reply.master && t &&
        slot == &t->slot[TCB_REPLY])
        return NULL;
    return "cap-tcb: the capability names something that is no TCB";
}

const char *cap_broken(struct kernel *k, union cap cap)
{
    const char *broken = shape(k, cap);

    if (!broken && cap_is_physical(k, cap))
        broken = place(k, cap);
    return broken;
}

bool check_cap(struct check *c, struct cte *slot)
{
    union cap cap = slot->cap;
    const char *broken = cap_broken(c->k, cap);

    if (!broken && (cap.type == CAP_THREAD ||
                    (cap.type == CAP_REPLY && !c->k->h.config.mcs)))
        broken = tcb_listed(c, slot);
    return broken ? fail(c, slot, broken) : true;
}
