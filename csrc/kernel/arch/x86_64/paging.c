/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walking page tables, and telling the host what changed in them.
 *
 * Nobody but the emulator reads these tables, so an entry that leads out of
 * memory (a broken image) is taken for an empty one: a walk never leaves the
 * image.
 */
#include "kernel/arch/x86_64/paging.h"

#include "kernel/arch/x86_64/asid.h"

word entry_page(union cap frame, enum frame_rights rights, word attributes)
{
    unsigned level = frame.frame.size;
    word e = (word)frame.obj | ENTRY_PRESENT;

    if (frame.frame.device)
        e |= ENTRY_DEVICE;
    if (rights != FRAME_READ_ONLY)
        e |= ENTRY_WRITE;
    if (rights != FRAME_KERNEL_ONLY)
        e |= ENTRY_USER;
    if (attributes & SEL4_VM_WRITE_THROUGH)
        e |= ENTRY_WRITE_THROUGH;
    if (attributes & SEL4_VM_CACHE_DISABLED)
        e |= ENTRY_CACHE_DISABLED;
    if (level != LEVEL_PT)
        e |= ENTRY_LARGE;
    /* the real kernel drops the third attribute bit of huge pages */
    if ((attributes & SEL4_VM_WRITE_COMBINING) && level != LEVEL_PDPT)
        e |= level == LEVEL_PT ? ENTRY_PAT_SMALL : ENTRY_PAT_LARGE;
    return e;
}

word entry_table(paddr table, word attributes)
{
    word e = table | ENTRY_PRESENT | ENTRY_WRITE | ENTRY_USER;

    if (attributes & SEL4_VM_WRITE_THROUGH)
        e |= ENTRY_WRITE_THROUGH;
    if (attributes & SEL4_VM_CACHE_DISABLED)
        e |= ENTRY_CACHE_DISABLED;
    return e;
}

word *table_at(struct kernel *k, paddr p)
{
    word size = k->h.config.memory_size;

    if (p == 0 || p % TABLE_BYTES != 0 || size < TABLE_BYTES ||
        p > size - TABLE_BYTES)
        return NULL;
    return kernel_memory(k, p);
}

static unsigned entry_index(word vaddr, unsigned level)
{
    return vaddr >> level_bits(level) & (TABLE_ENTRIES - 1);
}

struct paging_walk paging_walk(struct kernel *k, paddr pml4, word vaddr,
                               unsigned target)
{
    unsigned level = LEVEL_PML4;
    word *table = kernel_memory(k, pml4);
    word *entry = &table[entry_index(vaddr, level)];

    while (level > target && entry_is_table(*entry, level)) {
        table = table_at(k, entry_target(*entry, level));
        if (!table)
            break;
        level--;
        entry = &table[entry_index(vaddr, level)];
    }
    return (struct paging_walk){ entry, level };
}

void kernel_translate(struct kernel *k, paddr vspace, word vaddr,
                      struct kernel_mapping *ret)
{
    struct paging_walk w = { NULL, LEVEL_PML4 };
    word e = 0;

    *ret = (struct kernel_mapping){ .frame = 0 };
    if (vaddr >> 47 == 0 && asid_of_vspace(k, vspace)) {
        w = paging_walk(k, vspace, vaddr, LEVEL_PT);
        e = *w.entry;
    }
    ret->bits = level_bits(w.level);
    ret->vaddr = vaddr & -(1ul << ret->bits);
    if (!entry_is_page(e, w.level))
        return;
    ret->frame = entry_target(e, w.level);
    ret->user = e & ENTRY_USER;
    ret->write = ret->user && (e & ENTRY_WRITE);
    ret->device = (e & ENTRY_DEVICE) && ret->frame >= FIRMWARE_END;
}

struct image_process *process_of_vspace(struct kernel *k, paddr pml4)
{
    word *table = table_at(k, pml4);
    word i = table ? table[VSPACE_PROCESS_WORD] : 0;

    if (i == 0 || i >= IMAGE_PROCESSES || k->h.process[i].vspace != pml4)
        return NULL;
    return &k->h.process[i];
}

void vspace_retire(struct kernel *k, paddr pml4)
{
    word *table = kernel_memory(k, pml4);
    struct image_process *p = process_of_vspace(k, pml4);

    if (p) {
        p->vspace = 0;
        k->h.events |= EVENT_PROCESS_RETIRED;
    }
    table[VSPACE_PROCESS_WORD] = 0;
    table[VSPACE_ASID_WORD] = 0;
}

void vspace_changed(struct kernel *k, paddr pml4, word vaddr, word bits)
{
    struct image_process *p = process_of_vspace(k, pml4);

    if (!p || p->flush_all)
        return;
    if (p->change_count >= IMAGE_CHANGES) {
        p->flush_all = 1;
        return;
    }
    p->change[p->change_count].vaddr = vaddr;
    p->change[p->change_count].bits = bits;
    p->change_count++;
}
