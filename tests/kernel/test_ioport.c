/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * I/O ports: issuing ranges, using them, and the table of devices behind them
 * (kernel/arch/x86_64/ioport.c, kernel/plat/pc99/ports.c).
 */
#include "harness.h"
#include "kernel/plat/pc99/ports.h"

#define CONTROL SEL4_CAP_IO_PORT_CONTROL

static word issue(struct machine *m, word first, word last, word dest)
{
    return INVOKE(m, CONTROL, METHOD_X86_IO_PORT_CONTROL_ISSUE,
                  WORDS(first, last, dest, 64), CAPS(ROOT));
}

static word port_new(struct machine *m, word first, word last)
{
    word slot = m->next_slot++;

    CHECK_EQ(issue(m, first, last, slot), SEL4_NO_ERROR);
    return slot;
}

static void a_port_without_device_reads_all_ones(void)
{
    struct machine m = machine_new();
    word port = port_new(&m, 0x3f8, 0x3ff);
    static const struct {
        enum sel4_method in, out;
        word value;
    } widths[] = {
        { METHOD_X86_IO_PORT_IN8, METHOD_X86_IO_PORT_OUT8, 0xff },
        { METHOD_X86_IO_PORT_IN16, METHOD_X86_IO_PORT_OUT16, 0xffff },
        { METHOD_X86_IO_PORT_IN32, METHOD_X86_IO_PORT_OUT32, 0xffffffff },
    };

    for (int i = 0; i < 3; i++) {
        CHECK_EQ(INVOKE(&m, port, widths[i].out, WORDS(0x3f8, 0x12345)),
                 SEL4_NO_ERROR);
        CHECK_EQ(got_length(&m, m.caller), 0);
        CHECK_EQ(INVOKE(&m, port, widths[i].in, WORDS(0x3f8)), SEL4_NO_ERROR);
        CHECK_EQ(got_length(&m, m.caller), 1);
        CHECK_EQ(got_word(&m, m.caller, 0), widths[i].value);
    }
    machine_free(&m);
}

static void each_issue_check_refuses_in_its_order(void)
{
    struct machine m = machine_new();
    word dest = m.next_slot++;

    CHECK_EQ(INVOKE_PLAIN(&m, CONTROL, METHOD_X86_IO_PORT_IN8),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(INVOKE(&m, CONTROL, METHOD_X86_IO_PORT_CONTROL_ISSUE,
                    WORDS(1, 2, dest), CAPS(ROOT)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(INVOKE(&m, CONTROL, METHOD_X86_IO_PORT_CONTROL_ISSUE,
                    WORDS(1, 2, dest, 64)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(issue(&m, 2, 1, ROOT), SEL4_INVALID_ARGUMENT);
    CHECK_EQ(got_word(&m, m.caller, 0), 1);
    CHECK_EQ(m.k->h.error.reason, REASON_IO_PORT_ORDER);
    port_new(&m, 0x60, 0x64);
    CHECK_EQ(issue(&m, 0x50, 0x60, ROOT), SEL4_REVOKE_FIRST);
    CHECK_EQ(m.k->h.error.reason, REASON_IO_PORT_IN_USE);
    CHECK_EQ(m.k->h.error.argument[0], 0x60);
    CHECK_EQ(INVOKE(&m, CONTROL, METHOD_X86_IO_PORT_CONTROL_ISSUE,
                    WORDS(1, 2, dest, 0), CAPS(ROOT)),
             SEL4_RANGE_ERROR);
    CHECK_EQ(issue(&m, 0x50, 0x5f, ROOT), SEL4_DELETE_FIRST);
    CHECK_EQ(issue(&m, 0x50, 0x5f, dest), SEL4_NO_ERROR);
    machine_free(&m);
}

/* Ports are cut to 16 bits before they are compared. */
static void port_numbers_have_16_bits(void)
{
    struct machine m = machine_new();
    word port = port_new(&m, 0x10084, 0x10084);

    CHECK_EQ(slot_of(&m, port)->cap.io_port.first, 0x84);
    CHECK_EQ(slot_of(&m, port)->cap.io_port.last, 0x84);
    CHECK_EQ(issue(&m, 0xfff0, 0x10000, m.next_slot), SEL4_INVALID_ARGUMENT);
    CHECK_EQ(INVOKE(&m, port, METHOD_X86_IO_PORT_IN8, WORDS(0xabc0084)),
             SEL4_NO_ERROR);
    CHECK_EQ(issue(&m, 0, 0xffff, m.next_slot), SEL4_REVOKE_FIRST);
    CHECK_EQ(cap_delete(&m, port), SEL4_NO_ERROR);
    CHECK_EQ(issue(&m, 0, 0xffff, m.next_slot), SEL4_NO_ERROR);
    machine_free(&m);
}

/* 0x3c is in the first word of the bitmap, 0x83 in the third. */
static void ranges_are_exact_at_the_edges_of_words(void)
{
    struct machine m = machine_new();
    word port = port_new(&m, 0x3c, 0x83);

    CHECK_EQ(m.k->h.io_ports[0], 0xful << 60);
    CHECK_EQ(m.k->h.io_ports[1], ~0ul);
    CHECK_EQ(m.k->h.io_ports[2], 0xful);
    port_new(&m, 0x3b, 0x3b);
    port_new(&m, 0x84, 0x84);
    CHECK_EQ(cap_delete(&m, port), SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.io_ports[0], 1ul << 0x3b);
    CHECK_EQ(m.k->h.io_ports[1], 0);
    CHECK_EQ(m.k->h.io_ports[2], 1ul << 4);
    machine_free(&m);
}

static void access_outside_of_the_range_is_refused(void)
{
    struct machine m = machine_new();
    word port = port_new(&m, 0x40, 0x43);

    CHECK_EQ(INVOKE_PLAIN(&m, port, METHOD_X86_IO_PORT_CONTROL_ISSUE),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(INVOKE_PLAIN(&m, port, METHOD_X86_IO_PORT_IN8),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(INVOKE(&m, port, METHOD_X86_IO_PORT_OUT8, WORDS(0x40)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(INVOKE(&m, port, METHOD_X86_IO_PORT_IN8, WORDS(0x3f)),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(INVOKE(&m, port, METHOD_X86_IO_PORT_IN16, WORDS(0x43)),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(m.k->h.error.reason, REASON_IO_PORT_OUTSIDE);
    CHECK_EQ(INVOKE(&m, port, METHOD_X86_IO_PORT_OUT32, WORDS(0x41, 0)),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(INVOKE(&m, port, METHOD_X86_IO_PORT_OUT32, WORDS(0x40, 0)),
             SEL4_NO_ERROR);
    machine_free(&m);
}

static void copies_share_a_range_and_the_last_gives_it_back(void)
{
    struct machine m = machine_new();
    word port = port_new(&m, 0x70, 0x71);
    word copy = m.next_slot++, spare = m.next_slot++;

    CHECK_EQ(cap_copy(&m, spare, CONTROL, RIGHT_ALL), SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(cap_copy(&m, copy, port, RIGHT_ALL), SEL4_NO_ERROR);
    CHECK_EQ(slot_of(&m, port)->revocable, 1);
    CHECK_EQ(slot_of(&m, copy)->revocable, 0);
    CHECK_EQ(cap_delete(&m, port), SEL4_NO_ERROR);
    CHECK_EQ(issue(&m, 0x70, 0x70, spare), SEL4_REVOKE_FIRST);
    CHECK_EQ(cap_delete(&m, copy), SEL4_NO_ERROR);
    CHECK_EQ(issue(&m, 0x70, 0x70, spare), SEL4_NO_ERROR);
    CHECK_EQ(cap_revoke(&m, CONTROL), SEL4_NO_ERROR);
    CHECK_EQ(slot_of(&m, spare)->cap.type, CAP_NULL);
    CHECK_EQ(m.k->h.io_ports[1], 0);
    machine_free(&m);
}

/* ---- devices ---- */

static word last_written, last_port, last_bytes;

static uint32_t echo_in(struct kernel *k, word port, unsigned bytes)
{
    (void)k;
    return (uint32_t)(0xa5000000 | port << 8 | bytes);
}

static void echo_out(struct kernel *k, word port, unsigned bytes,
                     uint32_t value)
{
    (void)k;
    last_port = port;
    last_bytes = bytes;
    last_written = value;
}

static void the_device_of_a_port_answers(void)
{
    static const struct port_device low = { 0x10, 0x1f, echo_in, echo_out };
    static const struct port_device high = { 0x80, 0x80, echo_in, echo_out };
    static const struct port_device *const devices[] = { &low, &high, NULL };

    CHECK_EQ(port_in(NULL, devices, 0x10, 4), 0xa5001004);
    CHECK_EQ(port_in(NULL, devices, 0x1f, 2), 0x1f02);
    CHECK_EQ(port_in(NULL, devices, 0x80, 1), 0x01);
    CHECK_EQ(port_in(NULL, devices, 0x0f, 1), 0xff);
    CHECK_EQ(port_in(NULL, devices, 0x20, 4), 0xffffffff);
    port_out(NULL, devices, 0x80, 1, 0x1234);
    CHECK_EQ(last_written, 0x34);
    CHECK_EQ(last_port, 0x80);
    CHECK_EQ(last_bytes, 1);
    port_out(NULL, devices, 0x81, 1, 7); /* nobody's */
    CHECK_EQ(last_written, 0x34);
}

TESTS(TEST(a_port_without_device_reads_all_ones),
      TEST(each_issue_check_refuses_in_its_order),
      TEST(port_numbers_have_16_bits),
      TEST(ranges_are_exact_at_the_edges_of_words),
      TEST(access_outside_of_the_range_is_refused),
      TEST(copies_share_a_range_and_the_last_gives_it_back),
      TEST(the_device_of_a_port_answers))
