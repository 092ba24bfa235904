/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts: handlers, their notifications, masks and delivery
 * (kernel/plat/pc99/irq.c).
 */
#include "harness.h"
#include "kernel/plat/pc99/irqs.h"

#define CONTROL SEL4_CAP_IRQ_CONTROL
#define IRQ(vector) (SEL4_IRQ_USER_MIN + (vector))

struct ioapic {
    word pin, level, polarity, vector;
};

static word get_ioapic(struct machine *m, word dest, struct ioapic a)
{
    return INVOKE(m, CONTROL, METHOD_IRQ_CONTROL_GET_IOAPIC,
                  WORDS(dest, 64, 0, a.pin, a.level, a.polarity, a.vector),
                  CAPS(ROOT));
}

static word get_msi(struct machine *m, word dest, word handle, word vector)
{
    return INVOKE(m, CONTROL, METHOD_IRQ_CONTROL_GET_MSI,
                  WORDS(dest, 64, 3, 4, 5, handle, vector), CAPS(ROOT));
}

/* A handler for an edge on `pin`, that signals `notification`. */
static word handler_new(struct machine *m, struct ioapic a, word notification)
{
    word slot = m->next_slot++;

    CHECK_EQ(get_ioapic(m, slot, a), SEL4_NO_ERROR);
    CHECK_EQ(INVOKE(m, slot, METHOD_IRQ_HANDLER_SET_NOTIFICATION,
                    CAPS(notification)),
             SEL4_NO_ERROR);
    return slot;
}

static word ack(struct machine *m, word handler)
{
    return INVOKE_PLAIN(m, handler, METHOD_IRQ_HANDLER_ACK);
}

/* Badge of the signals that wait; they are taken. 0: none. */
static word poll(struct machine *m, word notification)
{
    trap(m, m->caller, SYS_NB_RECV, notification, NULL);
    return got_badge(m, m->caller);
}

/* A notification, and a capability to it with a badge; the latter's slot. */
static word badged_notification(struct machine *m, word badge)
{
    word plain = object_new(m, OBJECT_NOTIFICATION, 0);
    word slot = m->next_slot++;

    CHECK_EQ(cap_mint(m, slot, plain, RIGHT_READ | RIGHT_WRITE, badge),
             SEL4_NO_ERROR);
    return slot;
}

static void an_edge_is_delivered_once_and_again_after_ack(void)
{
    struct machine m = machine_new();
    word n = badged_notification(&m, 0x40);
    word handler = handler_new(&m, (struct ioapic){ 2, 0, 0, 7 }, n);

    CHECK_EQ(irq_of_pin(m.k, 0, 2), IRQ(7));
    CHECK_EQ(irq_of_pin(m.k, 0, 3), 0);
    CHECK(irq_raise(m.k, IRQ(7)));
    CHECK_EQ(poll(&m, n), 0x40);
    CHECK_EQ(poll(&m, n), 0);
    CHECK(!irq_raise(m.k, IRQ(7))); /* masked: an edge is lost */
    CHECK_EQ(ack(&m, handler), SEL4_NO_ERROR);
    CHECK_EQ(poll(&m, n), 0);
    CHECK(irq_raise(m.k, IRQ(7)));
    CHECK_EQ(poll(&m, n), 0x40);
    machine_free(&m);
}

static void a_level_that_comes_while_masked_waits_for_ack(void)
{
    struct machine m = machine_new();
    word n = badged_notification(&m, 1);
    word handler = handler_new(&m, (struct ioapic){ 9, 1, 1, 0 }, n);

    CHECK(irq_raise(m.k, IRQ(0)));
    CHECK_EQ(poll(&m, n), 1);
    CHECK(!irq_raise(m.k, IRQ(0)));
    CHECK_EQ(poll(&m, n), 0);
    CHECK_EQ(ack(&m, handler), SEL4_NO_ERROR);
    CHECK_EQ(poll(&m, n), 1);
    CHECK(!irq_raise(m.k, IRQ(0)));
    irq_lower(m.k, IRQ(0)); /* the device has changed its mind */
    CHECK_EQ(ack(&m, handler), SEL4_NO_ERROR);
    CHECK_EQ(poll(&m, n), 0);
    machine_free(&m);
}

static void messages_cannot_be_masked(void)
{
    struct machine m = machine_new();
    word n = badged_notification(&m, 2);
    word handler = m.next_slot++;
    struct irq_route r;

    CHECK_EQ(get_msi(&m, handler, 0xdeadbeef, 107), SEL4_NO_ERROR);
    r = irq_route(m.k, IRQ(107));
    CHECK_EQ(r.source, IRQ_SOURCE_MSI);
    CHECK_EQ(r.bus, 3);
    CHECK_EQ(r.device, 4);
    CHECK_EQ(r.function, 5);
    CHECK_EQ(r.handle, 0xdeadbeef);
    CHECK(irq_raise(m.k, IRQ(107))); /* nobody hears it */
    CHECK_EQ(INVOKE(&m, handler, METHOD_IRQ_HANDLER_SET_NOTIFICATION, CAPS(n)),
             SEL4_NO_ERROR);
    CHECK_EQ(poll(&m, n), 0);
    CHECK(irq_raise(m.k, IRQ(107)));
    CHECK(irq_raise(m.k, IRQ(107)));
    CHECK_EQ(poll(&m, n), 2);
    CHECK_EQ(ack(&m, handler), SEL4_NO_ERROR);
    machine_free(&m);
}

static void get_is_refused_and_control_has_its_checks(void)
{
    struct machine m = machine_new();
    word dest = m.next_slot++;

    CHECK_EQ(INVOKE_PLAIN(&m, CONTROL, METHOD_IRQ_HANDLER_ACK),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(INVOKE(&m, CONTROL, METHOD_IRQ_CONTROL_GET, WORDS(1, dest),
                    CAPS(ROOT)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(INVOKE(&m, CONTROL, METHOD_IRQ_CONTROL_GET, WORDS(1, dest, 64),
                    CAPS(ROOT)),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(m.k->h.error.reason, REASON_IRQ_GET);
    CHECK_EQ(INVOKE(&m, CONTROL, METHOD_IRQ_CONTROL_GET_MSI,
                    WORDS(dest, 64, 0, 0, 0, 0), CAPS(ROOT)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(INVOKE(&m, CONTROL, METHOD_IRQ_CONTROL_GET_MSI,
                    WORDS(dest, 64, 0, 0, 0, 0, 0)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(cap_copy(&m, dest, CONTROL, RIGHT_ALL), SEL4_ILLEGAL_OPERATION);
    machine_free(&m);
}

/* The answer is RangeError [0, max]. */
#define CHECK_RANGE(m, call, max)                                              \
    do {                                                                       \
        CHECK_EQ((call), SEL4_RANGE_ERROR);                                    \
        CHECK_EQ(got_length((m), (m)->caller), 2);                             \
        CHECK_EQ(got_word((m), (m)->caller, 0), 0);                            \
        CHECK_EQ(got_word((m), (m)->caller, 1), (max));                        \
    } while (0)

static void the_checks_of_getting_a_handler_have_an_order(void)
{
    struct machine m = machine_new();
    word dest = m.next_slot++;

    CHECK_RANGE(&m, get_ioapic(&m, ROOT, (struct ioapic){ 99, 9, 9, 108 }),
                107);
    CHECK_EQ(m.k->h.error.reason, REASON_IRQ_VECTOR);
    CHECK_EQ(get_ioapic(&m, dest, (struct ioapic){ 1, 0, 0, 5 }),
             SEL4_NO_ERROR);
    CHECK_EQ(get_ioapic(&m, ROOT, (struct ioapic){ 99, 9, 9, 5 }),
             SEL4_REVOKE_FIRST);
    CHECK_EQ(m.k->h.error.reason, REASON_IRQ_ACTIVE);
    CHECK_EQ(get_ioapic(&m, dest, (struct ioapic){ 99, 9, 9, 6 }),
             SEL4_DELETE_FIRST);
    dest = m.next_slot++;
    CHECK_RANGE(&m,
                INVOKE(&m, CONTROL, METHOD_IRQ_CONTROL_GET_IOAPIC,
                       WORDS(dest, 64, 1, 99, 9, 9, 6), CAPS(ROOT)),
                0);
    CHECK_RANGE(&m, get_ioapic(&m, dest, (struct ioapic){ 24, 9, 9, 6 }), 23);
    CHECK_RANGE(&m, get_ioapic(&m, dest, (struct ioapic){ 23, 2, 9, 6 }), 1);
    CHECK_EQ(m.k->h.error.reason, REASON_IRQ_LEVEL);
    CHECK_RANGE(&m, get_ioapic(&m, dest, (struct ioapic){ 23, 1, 2, 6 }), 1);
    CHECK_EQ(m.k->h.error.reason, REASON_IRQ_POLARITY);
    CHECK_EQ(slot_of(&m, dest)->cap.type, CAP_NULL);
    CHECK_EQ(m.k->h.irq[IRQ(6)].state, 0);
    machine_free(&m);
}

static word msi_at(struct machine *m, word bus, word device, word function)
{
    return INVOKE(m, CONTROL, METHOD_IRQ_CONTROL_GET_MSI,
                  WORDS(m->next_slot, 64, bus, device, function, 0, 6),
                  CAPS(ROOT));
}

static void the_address_of_a_pci_function_is_checked(void)
{
    struct machine m = machine_new();

    CHECK_RANGE(&m, msi_at(&m, 256, 32, 8), 255);
    CHECK_RANGE(&m, msi_at(&m, 255, 32, 8), 31);
    CHECK_RANGE(&m, msi_at(&m, 255, 31, 8), 7);
    CHECK_EQ(msi_at(&m, 255, 31, 7), SEL4_NO_ERROR);
    machine_free(&m);
}

static void a_notification_needs_the_right_to_send(void)
{
    struct machine m = machine_new();
    word n = badged_notification(&m, 3);
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    word receive_only = m.next_slot++;
    word handler = handler_new(&m, (struct ioapic){ 0, 0, 0, 1 }, n);

    CHECK_EQ(cap_copy(&m, receive_only, n, RIGHT_READ), SEL4_NO_ERROR);
    CHECK_EQ(INVOKE_PLAIN(&m, handler, METHOD_IRQ_HANDLER_SET_NOTIFICATION),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(INVOKE(&m, handler, METHOD_IRQ_HANDLER_SET_NOTIFICATION, CAPS(ep)),
             SEL4_INVALID_CAPABILITY);
    CHECK_EQ(got_word(&m, m.caller, 0), 0);
    CHECK_EQ(INVOKE(&m, handler, METHOD_IRQ_HANDLER_SET_NOTIFICATION,
                    CAPS(receive_only)),
             SEL4_INVALID_CAPABILITY);
    CHECK_EQ(m.k->h.error.reason, REASON_IRQ_NO_WRITE);
    CHECK_EQ(INVOKE_PLAIN(&m, handler, METHOD_IRQ_CONTROL_GET),
             SEL4_ILLEGAL_OPERATION);
    CHECK(irq_raise(m.k, IRQ(1))); /* the old one is still set */
    CHECK_EQ(poll(&m, n), 3);
    machine_free(&m);
}

static void setting_and_clearing_replace_the_notification(void)
{
    struct machine m = machine_new();
    word first = badged_notification(&m, 4);
    word second = badged_notification(&m, 8);
    word handler = handler_new(&m, (struct ioapic){ 0, 0, 0, 1 }, first);

    CHECK_EQ(INVOKE(&m, handler, METHOD_IRQ_HANDLER_SET_NOTIFICATION,
                    CAPS(second)),
             SEL4_NO_ERROR);
    CHECK(irq_raise(m.k, IRQ(1)));
    CHECK_EQ(poll(&m, first), 0);
    CHECK_EQ(poll(&m, second), 8);
    CHECK_EQ(ack(&m, handler), SEL4_NO_ERROR);
    CHECK_EQ(INVOKE_PLAIN(&m, handler, METHOD_IRQ_HANDLER_CLEAR),
             SEL4_NO_ERROR);
    CHECK_EQ(irq_slot(m.k, IRQ(1))->cap.type, CAP_NULL);
    CHECK(irq_raise(m.k, IRQ(1)));
    CHECK_EQ(poll(&m, second), 0);
    CHECK_EQ(INVOKE_PLAIN(&m, handler, METHOD_IRQ_HANDLER_CLEAR),
             SEL4_NO_ERROR);
    /* a revoked notification leaves the interrupt, too */
    CHECK_EQ(INVOKE(&m, handler, METHOD_IRQ_HANDLER_SET_NOTIFICATION,
                    CAPS(second)),
             SEL4_NO_ERROR);
    CHECK_EQ(cap_revoke(&m, second), SEL4_NO_ERROR);
    CHECK_EQ(irq_slot(m.k, IRQ(1))->cap.type, CAP_NULL);
    machine_free(&m);
}

static void two_vectors_may_share_a_pin(void)
{
    struct machine m = machine_new();
    word n = badged_notification(&m, 16);
    word first = handler_new(&m, (struct ioapic){ 5, 0, 0, 10 }, n);
    word second = handler_new(&m, (struct ioapic){ 5, 0, 0, 11 }, n);

    CHECK_EQ(irq_of_pin(m.k, 0, 5), IRQ(11)); /* the later one */
    CHECK(!irq_raise(m.k, IRQ(10)));
    CHECK(irq_raise(m.k, IRQ(11)));
    CHECK_EQ(poll(&m, n), 16);
    CHECK(!irq_raise(m.k, IRQ(11)));
    CHECK_EQ(ack(&m, first), SEL4_NO_ERROR); /* the mask is the pin's */
    CHECK(irq_raise(m.k, IRQ(11)));
    CHECK_EQ(ack(&m, second), SEL4_NO_ERROR);
    CHECK_EQ(cap_delete(&m, first), SEL4_NO_ERROR); /* masks the pin, too */
    CHECK(!irq_raise(m.k, IRQ(11)));
    CHECK_EQ(ack(&m, second), SEL4_NO_ERROR);
    CHECK(irq_raise(m.k, IRQ(11)));
    CHECK_EQ(get_ioapic(&m, first, (struct ioapic){ 6, 0, 0, 10 }),
             SEL4_NO_ERROR);
    CHECK_EQ(cap_delete(&m, second), SEL4_NO_ERROR);
    CHECK_EQ(ack(&m, first), SEL4_NO_ERROR);
    CHECK(irq_raise(m.k, IRQ(10)));
    CHECK(!irq_raise(m.k, IRQ(11)));
    machine_free(&m);
}

static void the_last_handler_gives_the_interrupt_back(void)
{
    struct machine m = machine_new();
    word n = badged_notification(&m, 32);
    word handler = handler_new(&m, (struct ioapic){ 5, 0, 0, 10 }, n);
    word copy = m.next_slot++;

    CHECK_EQ(cap_copy(&m, copy, handler, RIGHT_ALL), SEL4_NO_ERROR);
    CHECK_EQ(cap_delete(&m, handler), SEL4_NO_ERROR);
    CHECK(irq_raise(m.k, IRQ(10)));
    CHECK_EQ(cap_delete(&m, copy), SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.irq[IRQ(10)].state & (IRQ_ACTIVE | IRQ_ENABLED), 0);
    CHECK_EQ(irq_slot(m.k, IRQ(10))->cap.type, CAP_NULL);
    CHECK(!irq_raise(m.k, IRQ(10)));

    CHECK_EQ(get_msi(&m, m.next_slot, 1, 50), SEL4_NO_ERROR);
    CHECK(irq_raise(m.k, IRQ(50)));
    CHECK_EQ(cap_delete(&m, m.next_slot), SEL4_NO_ERROR);
    CHECK(!irq_raise(m.k, IRQ(50)));
    CHECK_EQ(irq_slot(m.k, IRQ(50))->cap.type, CAP_NULL);

    handler_new(&m, (struct ioapic){ 6, 0, 0, 10 }, n);
    handler_new(&m, (struct ioapic){ 7, 0, 0, 12 }, n);
    CHECK_EQ(irq_of_pin(m.k, 0, 6), IRQ(10));
    CHECK_EQ(cap_revoke(&m, CONTROL), SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.irq[IRQ(12)].state & IRQ_ACTIVE, 0);
    machine_free(&m);
}

/* The host sets bits in the header; the next entry of current takes them. */
static void pending_interrupts_wake_their_threads(void)
{
    struct machine m = machine_new();
    word n = badged_notification(&m, 64);
    struct thread driver = thread_running(&m, 200);
    struct thread other = thread_running(&m, 100);

    handler_new(&m, (struct ioapic){ 2, 0, 0, 0 }, n);
    handler_new(&m, (struct ioapic){ 3, 0, 0, 90 }, n);
    take_kick(&m);
    trap(&m, driver.tcb, SYS_RECV, n, NULL);
    CHECK_EQ(m.k->h.current, other.tcb);
    m.k->h.irq_pending[IRQ(0) / 32] |= 1u << IRQ(0) % 32;
    m.k->h.irq_pending[IRQ(90) / 32] |= 1u << IRQ(90) % 32;
    m.k->h.irq_pending[0] |= 1; /* no interrupt of anybody */
    m.k->h.pending |= PENDING_IRQ;
    enter(&m, other.tcb, CAUSE_INTERRUPT);
    CHECK_EQ(m.k->h.current, driver.tcb);
    CHECK_EQ(got_badge(&m, driver.tcb), 64);
    CHECK_EQ(m.k->h.irq_pending[0] | m.k->h.irq_pending[3], 0);
    CHECK(!irq_raise(m.k, IMAGE_IRQS));
    CHECK(!irq_raise(m.k, SEL4_IRQ_TIMER));
    machine_free(&m);
}

TESTS(TEST(an_edge_is_delivered_once_and_again_after_ack),
      TEST(a_level_that_comes_while_masked_waits_for_ack),
      TEST(messages_cannot_be_masked),
      TEST(get_is_refused_and_control_has_its_checks),
      TEST(the_checks_of_getting_a_handler_have_an_order),
      TEST(the_address_of_a_pci_function_is_checked),
      TEST(a_notification_needs_the_right_to_send),
      TEST(setting_and_clearing_replace_the_notification),
      TEST(two_vectors_may_share_a_pin),
      TEST(the_last_handler_gives_the_interrupt_back),
      TEST(pending_interrupts_wake_their_threads))
