/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can be done with the architecture's capabilities, by type; see
 * kernel/arch.h.
 */
#include "kernel/arch.h"
#include "kernel/arch/x86_64/asid.h"
#include "kernel/arch/x86_64/ioport.h"
#include "kernel/arch/x86_64/vspace.h"

enum outcome arch_cap_derive(struct kernel *k, struct cte *slot, union cap cap,
                             union cap *ret)
{
    (void)slot;
    switch (cap.type) {
    case CAP_PAGE_TABLE:
    case CAP_PAGE_DIRECTORY:
    case CAP_PDPT:
        if (!cap.table.mapped)
            return error_illegal_operation(k, WHY(REASON_TABLE_NOT_MAPPED,
                                                  cap.type));
        break;
    case CAP_PML4:
        if (!cap.pml4.mapped)
            return error_illegal_operation(k, WHY(REASON_PML4_UNASSIGNED));
        break;
    case CAP_FRAME: /* a copy is mapped on its own */
        cap.frame.map = FRAME_MAP_NONE;
        cap.frame.asid = 0;
        cap.frame.vaddr = 0;
        break;
    case CAP_IO_PORT_CONTROL:
        cap = cap_null();
        break;
    default:
        break;
    }
    *ret = cap;
    return OUTCOME_DONE;
}

union cap arch_cap_mask_rights(union cap cap, word rights)
{
    if (cap.type == CAP_FRAME)
        cap.frame.rights = frame_rights_mask(cap.frame.rights, rights);
    return cap;
}

union cap arch_cap_update_data(union cap cap, bool preserve, word data)
{
    (void)preserve;
    (void)data;
    return cap;
}

static bool frame_contains(union cap a, union cap b)
{
    word a_last = a.obj + ((1ul << frame_bits(a.frame.size)) - 1);
    word b_last = b.obj + ((1ul << frame_bits(b.frame.size)) - 1);

    return a.obj <= b.obj && b_last <= a_last;
}

bool arch_cap_same_region(union cap a, union cap b)
{
    if (a.type == CAP_IO_PORT_CONTROL)
        return b.type == CAP_IO_PORT_CONTROL || b.type == CAP_IO_PORT;
    if (a.type != b.type)
        return false;

    switch (a.type) {
    case CAP_FRAME:
        return frame_contains(a, b);
    case CAP_PAGE_TABLE:
    case CAP_PAGE_DIRECTORY:
    case CAP_PDPT:
    case CAP_PML4:
    case CAP_ASID_POOL:
        return a.obj == b.obj;
    case CAP_ASID_CONTROL:
        return true;
    case CAP_IO_PORT:
        return a.io_port.first == b.io_port.first &&
               a.io_port.last == b.io_port.last;
    default:
        return false;
    }
}

bool arch_cap_same_object(union cap a, union cap b)
{
    if (a.type == CAP_IO_PORT_CONTROL && b.type == CAP_IO_PORT)
        return false;
    if (a.type == CAP_FRAME && b.type == CAP_FRAME)
        return a.obj == b.obj && a.frame.size == b.frame.size &&
               a.frame.device == b.frame.device;
    return arch_cap_same_region(a, b);
}

bool arch_cap_is_revocable(union cap derived, union cap source)
{
    return derived.type == CAP_IO_PORT && source.type == CAP_IO_PORT_CONTROL;
}

bool arch_cap_is_physical(union cap cap)
{
    switch (cap.type) {
    case CAP_FRAME:
    case CAP_PAGE_TABLE:
    case CAP_PAGE_DIRECTORY:
    case CAP_PDPT:
    case CAP_PML4:
    case CAP_ASID_POOL:
        return true;
    default:
        return false;
    }
}

word arch_cap_size_bits(union cap cap)
{
    if (cap.type == CAP_FRAME)
        return frame_bits(cap.frame.size);
    return arch_cap_is_physical(cap) ? SEL4_PAGE_TABLE_BITS : 0;
}

struct finalised arch_cap_finalise(struct kernel *k, union cap cap, bool final)
{
    struct finalised f = { cap_null(), cap_null() };

    if (cap.type == CAP_FRAME && cap.frame.asid)
        frame_unmap(k, cap);
    if (!final)
        return f;

    switch (cap.type) {
    case CAP_PAGE_TABLE:
    case CAP_PAGE_DIRECTORY:
    case CAP_PDPT:
        if (cap.table.mapped)
            table_unmap(k, cap);
        break;
    case CAP_PML4:
        if (cap.pml4.mapped)
            asid_release(k, cap.pml4.asid, cap.obj);
        break;
    case CAP_ASID_POOL:
        asid_pool_destroy(k, cap);
        break;
    case CAP_IO_PORT:
        f.cleanup = cap;
        break;
    default:
        break;
    }
    return f;
}

void arch_cap_deleted(struct kernel *k, union cap cleanup)
{
    if (cleanup.type == CAP_IO_PORT)
        io_ports_free(k, cleanup);
}

enum outcome arch_decode_invocation(struct kernel *k, struct call *call)
{
    switch (call->cap.type) {
    case CAP_FRAME:
        return decode_frame(k, call);
    case CAP_PAGE_TABLE:
    case CAP_PAGE_DIRECTORY:
    case CAP_PDPT:
        return decode_table(k, call);
    case CAP_PML4: /* has no methods */
        return error_unknown_method(k, call);
    case CAP_ASID_CONTROL:
        return decode_asid_control(k, call);
    case CAP_ASID_POOL:
        return decode_asid_pool(k, call);
    case CAP_IO_PORT_CONTROL:
        return decode_io_port_control(k, call);
    case CAP_IO_PORT:
        return decode_io_port(k, call);
    default:
        return error_invalid_capability(
            k, 0, WHY(REASON_METHOD_UNKNOWN, call->label, call->cap.type));
    }
}
