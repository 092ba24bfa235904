/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts and I/O ports: what was issued has a capability, and the other
 * way round.
 */
#include "kernel/check.h"
#include "kernel/plat/pc99/irqs.h"

#define PORT_WORDS (sizeof(((struct image_header *)0)->io_ports) / sizeof(word))

static const char *irq_broken(struct check *c, word irq)
{
    uint32_t state = c->k->h.irq[irq].state;
    union cap cap = irq_slot(c->k, irq)->cap;
    bool handled = check_has(c, irq, FACT_IRQ);

    if (handled != ((state & IRQ_ACTIVE) != 0))
        return "irq-handler: an interrupt is active, and has no handler, or "
               "the other way round";
    if (!handled && (state & (IRQ_ENABLED | IRQ_WAITING)))
        return "irq-masked: an interrupt without a handler is not masked";
    if (!cap_is_null(cap) && (cap.type != CAP_NOTIFICATION || !handled))
        return "irq-slot: an interrupt has something else than a notification";
    return NULL;
}

/* A pin is connected to the last interrupt that was issued for it. */
static bool check_pins(struct check *c)
{
    uint32_t seen = 0;

    for (word i = 0; i < IMAGE_IRQS; i++) {
        struct irq_route r = irq_route(c->k, i);

        if (!(c->k->h.irq[i].state & IRQ_CONNECTED))
            continue;
        if (r.source != IRQ_SOURCE_IOAPIC || r.ioapic != 0 ||
            r.pin >= SEL4_IOAPIC_PINS || (seen >> r.pin & 1))
            return check_fail(
                c,
                "irq-pin: two interrupts are connected to one pin, or one "
                "to none",
                slot_ref(c->k, irq_slot(c->k, i)));
        seen |= 1u << r.pin;
    }
    return true;
}

bool check_irqs(struct check *c)
{
    for (word i = 0; i < IMAGE_IRQS; i++) {
        const char *broken = irq_broken(c, i);

        if (broken)
            return check_fail(c, broken, slot_ref(c->k, irq_slot(c->k, i)));
    }
    return check_pins(c);
}

/* Take a capability's ports out of those that were issued. */
static bool take_ports(struct check *c, word first, word last)
{
    for (word port = first; port <= last; port++) {
        word bit = 1ul << (port % 64);

        if (!(c->ports[port / 64] & bit))
            return false;
        c->ports[port / 64] &= ~bit;
    }
    return true;
}

/* Most machines issue none: then this look at them is all it takes. */
static bool copy_ports(struct check *c)
{
    word issued = 0;

    for (word i = 0; i < PORT_WORDS; i++)
        issued |= c->k->h.io_ports[i];
    for (word i = 0; issued && i < PORT_WORDS; i++)
        c->ports[i] = c->k->h.io_ports[i];
    return issued != 0;
}

bool check_ports(struct check *c)
{
    bool issued = copy_ports(c);

    for (word i = 0; i < c->facts.count; i++) {
        word f = word_set_get(&c->facts, i);
        word range = fact_address(f);

        if (fact_tag(f) == FACT_PORTS &&
            (!issued || !take_ports(c, range >> 16, range & 0xffff)))
            return check_fail(
                c,
                "port-issued: a capability names I/O ports that were not "
                "issued to it alone",
                range >> 16);
    }
    for (word i = 0; issued && i < PORT_WORDS; i++)
        if (c->ports[i])
            return check_fail(
                c,
                "port-lost: I/O ports were issued, and no capability names "
                "them",
                64 * i + (word)__builtin_ctzl(c->ports[i]));
    return true;
}
