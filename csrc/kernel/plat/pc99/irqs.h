/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts of the PC: where they come from, and in which state they are.
 *
 * Interrupt numbers are the real kernel's: vector v of the API is interrupt
 * SEL4_IRQ_USER_MIN + v. Its handler's notification stands in the slot
 * h.irq_slot of that number, its state and its source in h.irq.
 */
#ifndef SEL4EMU_KERNEL_PLAT_PC99_IRQS_H
#define SEL4EMU_KERNEL_PLAT_PC99_IRQS_H

#include "kernel/irq.h"

/* h.irq[].state */
enum irq_state {
    IRQ_ACTIVE = 1,    /* has a handler */
    IRQ_ENABLED = 2,   /* not masked */
    IRQ_CONNECTED = 4, /* its pin raises it, and no later one on that pin */
    IRQ_WAITING = 8,   /* level: came while it was masked */
    IRQ_STATES = 15,
    IRQ_HANDLE_SHIFT = 14, /* MSI: above, the upper 18 bits of the handle */
};

/* h.irq[].route: the source in the low 2 bits, then what it is. */
enum irq_source {
    IRQ_SOURCE_NONE,
    IRQ_SOURCE_IOAPIC,
    IRQ_SOURCE_MSI
};

struct irq_route {
    enum irq_source source;
    uint8_t ioapic, pin; /* IOAPIC */
    uint8_t level, polarity_low;
    uint8_t bus, device, function; /* MSI */
    uint32_t handle;
};
struct irq_route irq_route(struct kernel *k, word irq);

/* Slot with the notification of an interrupt; irq < IMAGE_IRQS. */
static inline struct cte *irq_slot(struct kernel *k, word irq)
{
    return (struct cte *)(void *)k->h.irq_slot[irq];
}

/*
 * A device raises its interrupt: the notification is signalled, and a pin is
 * masked until the interrupt is acknowledged. What comes while it is masked is
 * lost if it is an edge; a level is delivered when it is acknowledged. True:
 * it was delivered.
 */
bool irq_raise(struct kernel *k, word irq);
/* The device takes back a level that waits. */
void irq_lower(struct kernel *k, word irq);
/* Interrupt that a pin of an IOAPIC raises; 0: none. */
word irq_of_pin(struct kernel *k, word ioapic, word pin);

#endif
