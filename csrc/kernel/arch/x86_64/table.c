/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paging structures below the PML4: page tables, page directories and PDPTs.
 * They differ in their level alone.
 *
 * A structure is cleared when it is unmapped, so what is mapped is empty at
 * first. One that goes with its capability is just unhooked; the memory is
 * cleared when it is retyped again.
 */
#include "kernel/arch/x86_64/asid.h"
#include "kernel/arch/x86_64/paging.h"
#include "kernel/arch/x86_64/vspace.h"
#include "kernel/cdt.h"

unsigned table_level(enum cap_type type)
{
    switch (type) {
    case CAP_PAGE_TABLE:
        return LEVEL_PT;
    case CAP_PAGE_DIRECTORY:
        return LEVEL_PD;
    default:
        return LEVEL_PDPT;
    }
}

word table_covers(enum cap_type type)
{
    return level_bits(table_level(type) + 1);
}

void table_unmap(struct kernel *k, union cap table)
{
    unsigned level = table_level(table.type) + 1;
    paddr vspace = asid_vspace(k, table.table.asid);
    struct paging_walk w;

    if (!vspace)
        return;
    w = paging_walk(k, vspace, table.table.vaddr, level);
    if (w.level != level || !entry_is_table(*w.entry, level) ||
        entry_target(*w.entry, level) != table.obj)
        return;
    *w.entry = 0;
    vspace_changed(k, vspace, table.table.vaddr, level_bits(level));
}

static enum outcome decode_unmap(struct kernel *k, struct call *call)
{
    union cap *cap = &call->slot->cap;

    if (!cdt_is_final(k, call->slot))
        return error_revoke_first(k, WHY(REASON_TABLE_COPIES));
    call_commit(k, call);
    if (cap->table.mapped) {
        table_unmap(k, *cap);
        call->host->clear(k, cap->obj, TABLE_BYTES);
    }
    cap->table.mapped = 0;
    return OUTCOME_DONE;
}

/* The entry that shall lead to a table; it must be free. */
static enum outcome find_entry(struct kernel *k, paddr vspace, word vaddr,
                               unsigned level, word **ret)
{
    word *entry = NULL;
    enum outcome o = vspace_find_entry(k, vspace, vaddr, level, &entry);

    if (o != OUTCOME_DONE)
        return o;
    if (*entry & ENTRY_PRESENT)
        return error_delete_first(k, WHY(REASON_ENTRY_IN_USE, vaddr,
                                         level_bits(level)));
    *ret = entry;
    return OUTCOME_DONE;
}

/* Map: vaddr, attributes; vspace. */
static enum outcome decode_map(struct kernel *k, struct call *call)
{
    union cap table = call->cap;
    unsigned level = table_level(table.type) + 1;
    word *entry = NULL;
    enum outcome o;

    if (call_check_length(k, call, 2, 1) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    if (table.table.mapped)
        return error_invalid_capability(
            k, 0,
            WHY(REASON_TABLE_MAPPED, table.table.vaddr, table.table.asid));
    union cap vspace = call->extra[0]->cap;
    word vaddr = call_argument(call, 0) & -(1ul << level_bits(level));

    o = check_vspace_type(k, vspace);
    if (o != OUTCOME_DONE)
        return o;
    if (vaddr > SEL4_USER_TOP)
        return error_invalid_argument(k, 0,
                                      WHY(REASON_VADDR_TOO_HIGH, vaddr,
                                          SEL4_USER_TOP, level_bits(level)));
    o = check_vspace_asid(k, vspace);
    if (o == OUTCOME_DONE)
        o = find_entry(k, vspace.obj, vaddr, level, &entry);
    if (o != OUTCOME_DONE)
        return o;

    call_commit(k, call);
    call->slot->cap.table.asid = vspace.pml4.asid;
    call->slot->cap.table.vaddr = vaddr;
    call->slot->cap.table.mapped = 1;
    *entry = entry_table(table.obj, call_argument(call, 1));
    return OUTCOME_DONE;
}

enum outcome decode_table(struct kernel *k, struct call *call)
{
    static const struct {
        uint8_t map;
        uint8_t unmap;
    } methods[] = {
        [LEVEL_PT] = { METHOD_X86_PAGE_TABLE_MAP, METHOD_X86_PAGE_TABLE_UNMAP },
        [LEVEL_PD] = { METHOD_X86_PAGE_DIRECTORY_MAP,
                       METHOD_X86_PAGE_DIRECTORY_UNMAP },
        [LEVEL_PDPT] = { METHOD_X86_PDPT_MAP, METHOD_X86_PDPT_UNMAP },
    };
    unsigned level = table_level(call->cap.type);

    if (call->method == methods[level].unmap)
        return decode_unmap(k, call);
    if (call->method == methods[level].map)
        return decode_map(k, call);
    return error_unknown_method(k, call);
}
