/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Views of vspaces, read from their page tables.
 */
#include "kernel/arch/x86_64/asid.h"
#include "kernel/arch/x86_64/paging.h"
#include "kernel/inspect.h"

#define USER_END (1ul << 47)

static word entry_rights(word entry)
{
    if (!(entry & ENTRY_USER))
        return 0;
    return entry & ENTRY_WRITE ? RIGHT_READ | RIGHT_WRITE : RIGHT_READ;
}

static word entry_attributes(word entry, unsigned level)
{
    word pat = level == LEVEL_PT ? ENTRY_PAT_SMALL : ENTRY_PAT_LARGE;

    return (entry & ENTRY_WRITE_THROUGH ? SEL4_VM_WRITE_THROUGH : 0) |
           (entry & ENTRY_CACHE_DISABLED ? SEL4_VM_CACHE_DISABLED : 0) |
           (entry & pat ? SEL4_VM_WRITE_COMBINING : 0);
}

bool mapping_next(struct kernel *k, paddr pml4, word vaddr,
                  struct mapping_view *ret)
{
    while (table_at(k, pml4) && vaddr < USER_END) {
        struct paging_walk w = paging_walk(k, pml4, vaddr, LEVEL_PT);
        word bits = level_bits(w.level);

        vaddr &= -(1ul << bits);
        if (entry_is_page(*w.entry, w.level)) {
            *ret = (struct mapping_view){
                .frame = entry_target(*w.entry, w.level),
                .vaddr = vaddr,
                .bits = bits,
                .rights = entry_rights(*w.entry),
                .attributes = entry_attributes(*w.entry, w.level),
                .device = *w.entry & ENTRY_DEVICE,
            };
            return true;
        }
        vaddr += 1ul << bits;
    }
    return false;
}

/* Count pages and tables below a table. A broken one may lead to itself, but
 * a walk goes down with every step, and so ends. */
static void count_table(struct kernel *k, const word *table, unsigned level,
                        struct vspace_view *v)
{
    unsigned n = level == LEVEL_PML4 ? PML4_USER_ENTRIES : TABLE_ENTRIES;
    word most = k->h.config.memory_size / TABLE_BYTES;

    for (unsigned i = 0; i < n; i++) {
        const word *below;

        if (entry_is_page(table[i], level)) {
            v->pages++;
            v->bytes += 1ul << level_bits(level);
        }
        if (!entry_is_table(table[i], level) || v->tables >= most)
            continue;
        below = table_at(k, entry_target(table[i], level));
        if (below) {
            v->tables++;
            count_table(k, below, level - 1, v);
        }
    }
}

bool vspace_view(struct kernel *k, paddr pml4, struct vspace_view *ret)
{
    const word *table = table_at(k, pml4);
    struct image_process *p;

    if (!table)
        return false;
    p = process_of_vspace(k, pml4);
    *ret = (struct vspace_view){ .asid = asid_of_vspace(k, pml4) };
    ret->process = p ? (uint32_t)(p - k->h.process) : 0;
    count_table(k, table, LEVEL_PML4, ret);
    return true;
}
