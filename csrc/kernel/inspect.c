/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Views of capabilities, CNodes, queues and interrupts.
 */
#include "kernel/inspect.h"

#include "kernel/cap.h"
#include "kernel/check.h"
#include "kernel/plat/pc99/irqs.h"

/* ---- capabilities ---- */

static word frame_rights(union cap cap)
{
    switch (cap.frame.rights) {
    case FRAME_READ_WRITE:
        return RIGHT_READ | RIGHT_WRITE;
    case FRAME_READ_ONLY:
        return RIGHT_READ;
    default:
        return 0;
    }
}

static void view_arch(union cap cap, struct cap_view *v)
{
    switch (cap.type) {
    case CAP_FRAME:
        v->device = cap.frame.device;
        v->mapped = cap.frame.map == FRAME_MAP_VSPACE;
        v->rights = frame_rights(cap);
        v->asid = cap.frame.asid;
        v->vaddr = cap.frame.vaddr;
        break;
    case CAP_PAGE_TABLE:
    case CAP_PAGE_DIRECTORY:
    case CAP_PDPT:
        v->mapped = cap.table.mapped;
        if (v->mapped) {
            v->asid = cap.table.asid;
            v->vaddr = cap.table.vaddr;
        }
        break;
    case CAP_PML4:
        v->mapped = cap.pml4.mapped;
        v->asid = cap.pml4.asid;
        break;
    case CAP_ASID_POOL:
        v->asid = cap.asid_pool.base;
        break;
    case CAP_IO_PORT:
        v->first_port = cap.io_port.first;
        v->last_port = cap.io_port.last;
        break;
    default:
        break;
    }
}

static void view_object(union cap cap, struct cap_view *v)
{
    switch (cap.type) {
    case CAP_UNTYPED:
        v->device = cap.untyped.device;
        v->free_bytes = (1ul << cap.untyped.bits) - cap.untyped.free;
        break;
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
        v->rights = cap.endpoint.rights;
        v->badge = cap.endpoint.badge;
        break;
    case CAP_REPLY:
        v->master = cap.reply.master;
        v->rights = RIGHT_WRITE | (cap.reply.can_grant ? RIGHT_GRANT : 0);
        break;
    case CAP_CNODE:
        v->radix = cap.cnode.radix;
        v->guard = cap.cnode.guard;
        v->guard_bits = cap.cnode.guard_size;
        break;
    case CAP_ZOMBIE:
        v->of_tcb = cap.zombie.tcb;
        v->radix = cap.zombie.tcb ? 0 : cap.zombie.radix;
        v->slots_left = cap.zombie.count;
        break;
    case CAP_IRQ_HANDLER:
        v->irq = cap.irq_handler.irq;
        break;
    default:
        break;
    }
}

bool cap_view(struct kernel *k, word slot, struct cap_view *ret)
{
    struct cte *s = slot_checked(k, slot);

    if (!s)
        return false;
    *ret = (struct cap_view){ .type = s->cap.type };
    if (cap_is_null(s->cap))
        return true;
    ret->revocable = s->revocable;
    ret->broken = cap_broken(k, s->cap);
    if (!ret->broken &&
        (cap_is_physical(k, s->cap) || s->cap.type == CAP_REPLY)) {
        ret->has_object = true;
        ret->object = s->cap.obj;
        ret->bits = cap_size_bits(k, s->cap);
    }
    if (cap_is_arch(s->cap))
        view_arch(s->cap, ret);
    else
        view_object(s->cap, ret);
    return true;
}

bool cnode_next(struct kernel *k, paddr cnode, word radix, word *index,
                word *slot)
{
    const struct cte *slots;

    if (radix < 1 || !memory_valid(k, cnode, radix + SEL4_SLOT_BITS))
        return false;
    slots = kernel_memory(k, cnode);
    for (word i = *index; i < 1ul << radix; i++)
        if (!cap_is_null(slots[i].cap)) {
            *index = i;
            *slot = slot_ref(k, &slots[i]);
            return true;
        }
    return false;
}

/* ---- endpoints and notifications ---- */

paddr queue_next(struct kernel *k, paddr tcb)
{
    const struct tcb *t = tcb_checked(k, tcb);

    return t && tcb_checked(k, t->ep_next) ? t->ep_next : 0;
}

/* Length of a queue; one that never ends has as many as there can be. */
static word queue_length(struct kernel *k, paddr first)
{
    word most = k->h.config.memory_size >> SEL4_TCB_BITS;
    word n = 0;

    for (paddr p = first; p != 0 && n < most; p = queue_next(k, p))
        n++;
    return n;
}

bool endpoint_view(struct kernel *k, paddr p, struct endpoint_view *ret)
{
    const struct endpoint *e;

    if (!memory_valid(k, p, SEL4_ENDPOINT_BITS))
        return false;
    e = object_at(k, p);
    ret->state = e->state;
    ret->first = tcb_checked(k, e->head) ? e->head : 0;
    ret->length = queue_length(k, ret->first);
    return true;
}

bool notification_view(struct kernel *k, paddr p, struct notification_view *ret)
{
    const struct notification *n;

    if (!memory_valid(k, p, SEL4_NOTIFICATION_BITS[k->h.config.mcs]))
        return false;
    n = object_at(k, p);
    ret->state = n->state;
    ret->first = tcb_checked(k, n->head) ? n->head : 0;
    ret->length = queue_length(k, ret->first);
    ret->badge = n->badge;
    ret->bound_tcb = tcb_checked(k, n->bound_tcb) ? n->bound_tcb : 0;
    return true;
}

/* ---- interrupts ---- */

bool irq_view(struct kernel *k, word irq, struct irq_view *ret)
{
    struct irq_route r;
    uint32_t state;

    if (irq >= IMAGE_IRQS)
        return false;
    r = irq_route(k, irq);
    state = k->h.irq[irq].state;
    *ret = (struct irq_view){
        .active = state & IRQ_ACTIVE,
        .masked = !(state & IRQ_ENABLED),
        .waiting = state & IRQ_WAITING,
        .source = r.source,
        .pin = r.pin,
        .level = r.level,
        .polarity = r.polarity_low,
        .bus = r.bus,
        .device = r.device,
        .function = r.function,
        .handle = r.handle,
        .slot = slot_ref(k, irq_slot(k, irq)),
    };
    return true;
}
