/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts: IRQControl, IRQHandler (seL4 manual 6.1), and delivery.
 *
 * The machine has one IOAPIC and message-signalled interrupts; the old PIC is
 * off. As on the PC, the mask belongs to the IOAPIC's pin and not to the
 * vector: where two vectors share a pin, the later one gets its interrupts,
 * and masking either masks the pin. Message-signalled interrupts cannot be
 * masked.
 */
#include "kernel/cap.h"
#include "kernel/cdt.h"
#include "kernel/cspace.h"
#include "kernel/notification.h"
#include "kernel/plat/pc99/irqs.h"

#define IRQ_VECTORS (SEL4_IRQ_USER_MAX - SEL4_IRQ_USER_MIN + 1)

/* ---- sources ---- */

struct irq_route irq_route(struct kernel *k, word irq)
{
    uint32_t r = k->h.irq[irq].route;
    struct irq_route ret = { .source = r & 3 };

    switch (ret.source) {
    case IRQ_SOURCE_IOAPIC:
        ret.ioapic = r >> 2 & 31;
        ret.pin = r >> 7 & 31;
        ret.level = r >> 12 & 1;
        ret.polarity_low = r >> 13 & 1;
        break;
    case IRQ_SOURCE_MSI:
        ret.bus = r >> 2 & 255;
        ret.device = r >> 10 & 31;
        ret.function = r >> 15 & 7;
        ret.handle = r >> 18 | (k->h.irq[irq].state >> IRQ_HANDLE_SHIFT) << 14;
        break;
    default:
        break;
    }
    return ret;
}

static void set_route(struct kernel *k, word irq, const struct irq_route *r)
{
    uint32_t *route = &k->h.irq[irq].route;

    k->h.irq[irq].state = 0;
    if (r->source == IRQ_SOURCE_IOAPIC) {
        *route = r->source | r->ioapic << 2 | r->pin << 7 | r->level << 12 |
                 r->polarity_low << 13;
        return;
    }
    *route = r->source | r->bus << 2 | r->device << 10 | r->function << 15 |
             (r->handle & 0x3fff) << 18;
    k->h.irq[irq].state = r->handle >> 14 << IRQ_HANDLE_SHIFT;
}

word irq_of_pin(struct kernel *k, word ioapic, word pin)
{
    word i;

    for (i = SEL4_IRQ_USER_MIN; i <= SEL4_IRQ_USER_MAX; i++) {
        struct irq_route r = irq_route(k, i);

        if (r.source == IRQ_SOURCE_IOAPIC && r.ioapic == ioapic &&
            r.pin == pin && (k->h.irq[i].state & IRQ_CONNECTED))
            return i;
    }
    return 0;
}

/* From now on the pin raises this interrupt, if it comes from a pin. */
static void connect(struct kernel *k, word irq)
{
    struct irq_route r = irq_route(k, irq);
    word old;

    if (r.source != IRQ_SOURCE_IOAPIC)
        return;
    old = irq_of_pin(k, r.ioapic, r.pin);
    if (old)
        k->h.irq[old].state &= ~(IRQ_CONNECTED | IRQ_WAITING);
    k->h.irq[irq].state |= IRQ_CONNECTED;
}

static void set_enabled(struct kernel *k, word irq, bool enabled)
{
    uint32_t *state = &k->h.irq[irq].state;

    if (enabled && (*state & IRQ_ACTIVE))
        *state |= IRQ_ENABLED;
    else
        *state &= ~IRQ_ENABLED;
}

/* Mask an interrupt's pin, or take the mask away. */
static void pin_enable(struct kernel *k, word irq, bool enabled)
{
    struct irq_route r = irq_route(k, irq);
    word other;

    if (r.source != IRQ_SOURCE_IOAPIC)
        return;
    set_enabled(k, irq, enabled);
    other = irq_of_pin(k, r.ioapic, r.pin);
    if (other && other != irq)
        set_enabled(k, other, enabled);
}

/* ---- delivery ---- */

static void deliver(struct kernel *k, word irq)
{
    union cap cap = irq_slot(k, irq)->cap;

    k->h.irq[irq].state &= ~IRQ_WAITING;
    if (cap.type == CAP_NOTIFICATION && (cap.notification.rights & RIGHT_WRITE))
        notification_signal(k, object_at(k, cap.obj), cap.notification.badge);
    pin_enable(k, irq, false);
}

bool irq_raise(struct kernel *k, word irq)
{
    struct irq_route r;
    uint32_t state;

    if (irq < SEL4_IRQ_USER_MIN || irq > SEL4_IRQ_USER_MAX)
        return false;
    r = irq_route(k, irq);
    state = k->h.irq[irq].state;
    if (!(state & IRQ_ACTIVE))
        return false;
    if (r.source == IRQ_SOURCE_IOAPIC && !(state & IRQ_CONNECTED))
        return false;
    if (!(state & IRQ_ENABLED)) {
        if (r.level)
            k->h.irq[irq].state |= IRQ_WAITING;
        return false;
    }
    deliver(k, irq);
    return true;
}

void irq_lower(struct kernel *k, word irq)
{
    if (irq < IMAGE_IRQS)
        k->h.irq[irq].state &= ~IRQ_WAITING;
}

void irq_deliver(struct kernel *k)
{
    word i;

    for (i = 0; i < IMAGE_IRQS / 32; i++) {
        uint32_t bits =
            __atomic_exchange_n(&k->h.irq_pending[i], 0, __ATOMIC_ACQ_REL);

        while (bits) {
            irq_raise(k, i * 32 + (word)__builtin_ctz(bits));
            bits &= bits - 1;
        }
    }
}

static void acknowledge(struct kernel *k, word irq)
{
    struct irq_route r = irq_route(k, irq);
    word connected;

    if (r.source != IRQ_SOURCE_IOAPIC)
        return;
    pin_enable(k, irq, true);
    connected = irq_of_pin(k, r.ioapic, r.pin);
    if (connected && (k->h.irq[connected].state & IRQ_WAITING))
        irq_raise(k, connected);
}

/* ---- IRQControl ---- */

/* What is issued, where to, and from what source. */
struct irq_request {
    word irq;
    struct cte *dest;
    struct irq_route route;
};

/* The vector and the destination, which all methods but Get name alike. */
static enum outcome check_destination(struct kernel *k, struct call *call,
                                      struct irq_request *ret)
{
    word vector = call_argument(call, 6);
    enum outcome o;

    if (vector >= IRQ_VECTORS)
        return error_range(k, 0, IRQ_VECTORS - 1,
                           WHY(REASON_IRQ_VECTOR, vector, IRQ_VECTORS - 1));
    ret->irq = SEL4_IRQ_USER_MIN + vector;
    if (k->h.irq[ret->irq].state & IRQ_ACTIVE)
        return error_revoke_first(k, WHY(REASON_IRQ_ACTIVE, vector));
    o = cspace_target_slot(k, call->extra[0]->cap, call_argument(call, 0),
                           call_argument(call, 1), &ret->dest);
    if (o == OUTCOME_DONE)
        o = slot_ensure_empty(k, ret->dest);
    return o;
}

/* One argument that is checked against its greatest value. */
static enum outcome check_max(struct kernel *k, word value, word max,
                              enum kernel_reason why)
{
    if (value > max)
        return error_range(k, 0, max, WHY(why, value, max));
    return OUTCOME_DONE;
}

/* GetIOAPIC: ..., ioapic, pin, level, polarity, vector. */
static enum outcome check_ioapic(struct kernel *k, const struct call *call,
                                 struct irq_route *ret)
{
    word ioapic = call_argument(call, 2);
    word pin = call_argument(call, 3);
    word level = call_argument(call, 4);
    word polarity = call_argument(call, 5);
    enum outcome o;

    o = check_max(k, ioapic, SEL4_IOAPIC_COUNT - 1, REASON_IRQ_IOAPIC);
    if (o == OUTCOME_DONE)
        o = check_max(k, pin, SEL4_IOAPIC_PINS - 1, REASON_IRQ_PIN);
    if (o == OUTCOME_DONE)
        o = check_max(k, level, 1, REASON_IRQ_LEVEL);
    if (o == OUTCOME_DONE)
        o = check_max(k, polarity, 1, REASON_IRQ_POLARITY);
    *ret = (struct irq_route){ .source = IRQ_SOURCE_IOAPIC,
                               .ioapic = (uint8_t)ioapic,
                               .pin = (uint8_t)pin,
                               .level = (uint8_t)level,
                               .polarity_low = (uint8_t)polarity };
    return o;
}

/* GetMSI: ..., bus, device, function, handle, vector. */
static enum outcome check_msi(struct kernel *k, const struct call *call,
                              struct irq_route *ret)
{
    word bus = call_argument(call, 2);
    word device = call_argument(call, 3);
    word function = call_argument(call, 4);
    enum outcome o;

    o = check_max(k, bus, SEL4_PCI_BUS_MAX, REASON_IRQ_PCI_BUS);
    if (o == OUTCOME_DONE)
        o = check_max(k, device, SEL4_PCI_DEV_MAX, REASON_IRQ_PCI_DEVICE);
    if (o == OUTCOME_DONE)
        o = check_max(k, function, SEL4_PCI_FUNC_MAX, REASON_IRQ_PCI_FUNCTION);
    *ret = (struct irq_route){ .source = IRQ_SOURCE_MSI,
                               .bus = (uint8_t)bus,
                               .device = (uint8_t)device,
                               .function = (uint8_t)function,
                               .handle = (uint32_t)call_argument(call, 5) };
    return o;
}

static void do_issue(struct kernel *k, struct call *call,
                     const struct irq_request *r)
{
    union cap handler = cap_plain_new(CAP_IRQ_HANDLER);

    set_route(k, r->irq, &r->route);
    connect(k, r->irq);
    k->h.irq[r->irq].state |= IRQ_ACTIVE | IRQ_ENABLED;
    handler.irq_handler.irq = r->irq;
    cdt_insert(k, handler, call->slot, r->dest);
}

enum outcome decode_irq_control(struct kernel *k, struct call *call)
{
    bool ioapic = call->method == METHOD_IRQ_CONTROL_GET_IOAPIC;
    bool msi = call->method == METHOD_IRQ_CONTROL_GET_MSI;
    bool get = call->method == METHOD_IRQ_CONTROL_GET;
    word words = get ? 3 : 7;
    struct irq_request r;
    enum outcome o;

    if (!ioapic && !msi && !get)
        return error_unknown_method(k, call);
    if (call_check_length(k, call, words, 1) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    if (get)
        return error_illegal_operation(k, WHY(REASON_IRQ_GET));
    o = check_destination(k, call, &r);
    if (o == OUTCOME_DONE)
        o = ioapic ? check_ioapic(k, call, &r.route)
                   : check_msi(k, call, &r.route);
    if (o != OUTCOME_DONE)
        return o;
    call_commit(k, call);
    do_issue(k, call, &r);
    return OUTCOME_DONE;
}

/* ---- IRQHandler ---- */

/* SetNotification: notification. */
static enum outcome decode_set_notification(struct kernel *k, struct call *call,
                                            word irq)
{
    struct cte *source = call->extra[0];

    if (call_check_length(k, call, 0, 1) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    union cap cap = source->cap;

    if (cap.type != CAP_NOTIFICATION)
        return error_invalid_capability(
            k, 0, WHY(REASON_IRQ_NOT_NOTIFICATION, cap.type));
    if (!(cap.notification.rights & RIGHT_WRITE))
        return error_invalid_capability(
            k, 0, WHY(REASON_IRQ_NO_WRITE, cap.notification.rights));
    call_commit(k, call);
    slot_delete_one(k, irq_slot(k, irq));
    cdt_insert(k, cap, source, irq_slot(k, irq));
    return OUTCOME_DONE;
}

enum outcome decode_irq_handler(struct kernel *k, struct call *call)
{
    word irq = call->cap.irq_handler.irq;

    switch (call->method) {
    case METHOD_IRQ_HANDLER_ACK:
        call_commit(k, call);
        acknowledge(k, irq);
        return OUTCOME_DONE;
    case METHOD_IRQ_HANDLER_SET_NOTIFICATION:
        return decode_set_notification(k, call, irq);
    case METHOD_IRQ_HANDLER_CLEAR:
        call_commit(k, call);
        slot_delete_one(k, irq_slot(k, irq));
        return OUTCOME_DONE;
    default:
        return error_unknown_method(k, call);
    }
}

void irq_handler_deleting(struct kernel *k, word irq)
{
    slot_delete_one(k, irq_slot(k, irq));
}

void irq_handler_deleted(struct kernel *k, word irq)
{
    k->h.irq[irq].state &= ~(IRQ_ACTIVE | IRQ_WAITING | IRQ_ENABLED);
    pin_enable(k, irq, false);
}
