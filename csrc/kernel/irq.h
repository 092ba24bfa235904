/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts, as the portable core sees them. The platform implements it.
 */
#ifndef SEL4EMU_KERNEL_IRQ_H
#define SEL4EMU_KERNEL_IRQ_H

#include "kernel/decode.h"

enum outcome decode_irq_control(struct kernel *k, struct call *call);
enum outcome decode_irq_handler(struct kernel *k, struct call *call);

/* The last capability of an IRQ handler is being deleted, and is gone. */
void irq_handler_deleting(struct kernel *k, word irq);
void irq_handler_deleted(struct kernel *k, word irq);

/* Deliver whatever is set in h.irq_pending (PENDING_IRQ was taken). */
void irq_deliver(struct kernel *k);

#endif
