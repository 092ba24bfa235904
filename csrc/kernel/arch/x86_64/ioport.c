/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * I/O ports (seL4 manual 8.3.2). Which ones were issued stands in a bitmap,
 * h.io_ports. Who answers a read or a write is the platform's affair.
 */
#include "kernel/arch/x86_64/ioport.h"

#include "kernel/cdt.h"
#include "kernel/cspace.h"
#include "kernel/plat/pc99/ports.h"

/* Bits first..last of word i of the bitmap. */
static word range_mask(word i, word first, word last)
{
    word low = first > i * 64 ? first - i * 64 : 0;
    word high = last < i * 64 + 63 ? last - i * 64 : 63;

    return (~0ul >> (63 - (high - low))) << low;
}

word io_ports_first_used(struct kernel *k, word first, word last)
{
    word i;

    for (i = first / 64; i <= last / 64; i++) {
        word used = k->h.io_ports[i] & range_mask(i, first, last);

        if (used)
            return i * 64 + (word)__builtin_ctzl(used);
    }
    return last + 1;
}

static void mark_used(struct kernel *k, word first, word last)
{
    word i;

    for (i = first / 64; i <= last / 64; i++)
        k->h.io_ports[i] |= range_mask(i, first, last);
}

void io_ports_free(struct kernel *k, union cap range)
{
    word first = range.io_port.first;
    word last = range.io_port.last;
    word i;

    for (i = first / 64; i <= last / 64; i++)
        k->h.io_ports[i] &= ~range_mask(i, first, last);
}

static enum outcome check_free(struct kernel *k, word first, word last)
{
    word used;

    if (last < first)
        return error_invalid_argument(k, 1,
                                      WHY(REASON_IO_PORT_ORDER, last, first));
    used = io_ports_first_used(k, first, last);
    if (used <= last)
        return error_revoke_first(k, WHY(REASON_IO_PORT_IN_USE, used, first,
                                         last));
    return OUTCOME_DONE;
}

/* Issue: first port, last port, index, depth; root. */
enum outcome decode_io_port_control(struct kernel *k, struct call *call)
{
    struct cte *dest;
    enum outcome o;

    if (call->method != METHOD_X86_IO_PORT_CONTROL_ISSUE)
        return error_unknown_method(k, call);
    if (call_check_length(k, call, 4, 1) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    word first = call_argument(call, 0) & 0xffff;
    word last = call_argument(call, 1) & 0xffff;

    o = check_free(k, first, last);
    if (o == OUTCOME_DONE)
        o = cspace_target_slot(k, call->extra[0]->cap, call_argument(call, 2),
                               call_argument(call, 3), &dest);
    if (o == OUTCOME_DONE)
        o = slot_ensure_empty(k, dest);
    if (o != OUTCOME_DONE)
        return o;

    call_commit(k, call);
    union cap range = {
        .io_port = { .type = CAP_IO_PORT, .first = first, .last = last }
    };
    mark_used(k, first, last);
    cdt_insert(k, range, call->slot, dest);
    return OUTCOME_DONE;
}

/* What a method of an I/O port does. */
struct port_method {
    uint8_t bytes; /* 0: not a method of I/O ports */
    bool out;
};

static struct port_method port_method(uint32_t method)
{
    switch (method) {
    case METHOD_X86_IO_PORT_IN8:
        return (struct port_method){ 1, false };
    case METHOD_X86_IO_PORT_IN16:
        return (struct port_method){ 2, false };
    case METHOD_X86_IO_PORT_IN32:
        return (struct port_method){ 4, false };
    case METHOD_X86_IO_PORT_OUT8:
        return (struct port_method){ 1, true };
    case METHOD_X86_IO_PORT_OUT16:
        return (struct port_method){ 2, true };
    case METHOD_X86_IO_PORT_OUT32:
        return (struct port_method){ 4, true };
    default:
        return (struct port_method){ 0, false };
    }
}

/* In: port. Out: port, data. */
enum outcome decode_io_port(struct kernel *k, struct call *call)
{
    struct port_method m = port_method(call->method);
    union cap range = call->cap;

    if (m.bytes == 0)
        return error_unknown_method(k, call);
    if (call_check_length(k, call, 1u + m.out, 0) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    word port = call_argument(call, 0) & 0xffff;
    word last = port + m.bytes - 1;

    if (port < range.io_port.first || last > range.io_port.last)
        return error_illegal_operation(k, WHY(REASON_IO_PORT_OUTSIDE, port,
                                              last, range.io_port.first,
                                              range.io_port.last));
    call_commit(k, call);
    if (m.out) {
        port_out(k, port_devices, port, m.bytes, call_argument(call, 1));
    } else {
        word value = port_in(k, port_devices, port, m.bytes);

        call_answer(k, call, &value, 1);
    }
    return OUTCOME_DONE;
}
