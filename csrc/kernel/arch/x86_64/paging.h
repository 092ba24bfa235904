/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page tables of x86_64, as they stand in the machine's memory.
 *
 * A table has 512 entries of 8 bytes in the processor's own format. Level 0 is
 * the page table (its entries map 4 KiB), 1 the page directory, 2 the PDPT, 3
 * the PML4. Of a PML4 the lower 256 entries are the user's. Of the others only
 * two words are used, and hold no entries: the index of the vspace's process
 * (VSPACE_PROCESS_WORD of abi/image.h) and its ASID.
 */
#ifndef SEL4EMU_KERNEL_ARCH_X86_64_PAGING_H
#define SEL4EMU_KERNEL_ARCH_X86_64_PAGING_H

#include "kernel/object.h"

enum paging_level {
    LEVEL_PT,
    LEVEL_PD,
    LEVEL_PDPT,
    LEVEL_PML4
};

#define TABLE_ENTRIES 512u
#define TABLE_BYTES 4096u
#define PML4_USER_ENTRIES 256u

/* Bits of an entry (Intel SDM 3A, 4.5). */
#define ENTRY_PRESENT (1ul << 0)
#define ENTRY_WRITE (1ul << 1)
#define ENTRY_USER (1ul << 2)
#define ENTRY_WRITE_THROUGH (1ul << 3)
#define ENTRY_CACHE_DISABLED (1ul << 4)
#define ENTRY_PAT_SMALL (1ul << 7) /* level 0 */
#define ENTRY_LARGE (1ul << 7)     /* levels 1 and 2: maps a page */
#define ENTRY_DEVICE (1ul << 9)    /* free for software: device memory */
#define ENTRY_PAT_LARGE (1ul << 12)
#define ENTRY_ADDRESS 0x000ffffffffff000ul

/* Word of a PML4 that holds its ASID; 0: it has none, or lost it. */
#define VSPACE_ASID_WORD 510

/* Device memory below is bytes of the image all the same: there the monitor
 * puts what a PC's firmware leaves in the first MiB. */
#define FIRMWARE_END (1ul << 20)

/* The first address that sel4emu keeps for itself in a bare process: PML4 slot
 * 255 holds the runner, the image and the gates' stacks. */
#define VSPACE_RESERVED_START 0x7f8000000000ul

/* log2 of what one entry of a table of this level covers. */
static inline word level_bits(unsigned level)
{
    return SEL4_PAGE_BITS + SEL4_PAGE_TABLE_INDEX_BITS * level;
}

static inline bool entry_is_page(word entry, unsigned level)
{
    return (entry & ENTRY_PRESENT) &&
           (level == LEVEL_PT || (level < LEVEL_PML4 && (entry & ENTRY_LARGE)));
}

static inline bool entry_is_table(word entry, unsigned level)
{
    return (entry & ENTRY_PRESENT) && !entry_is_page(entry, level);
}

/* Where the page or the table of an entry begins. */
static inline paddr entry_target(word entry, unsigned level)
{
    paddr p = entry & ENTRY_ADDRESS;

    if (entry_is_page(entry, level))
        p &= -(1ul << level_bits(level));
    return p;
}

/* An entry for a frame, with rights and with attributes as the API has them
 * (enum sel4_vm_attributes), and for a table. */
word entry_page(union cap frame, enum frame_rights rights, word attributes);
word entry_table(paddr table, word attributes);

/* A table, if one can be at this address; else NULL. */
word *table_at(struct kernel *k, paddr p);

/*
 * Go down from a PML4 towards the entry for vaddr in a table of level
 * `target`. The walk ends there, or before, at the entry where nothing leads
 * on. vaddr must be the user's.
 */
struct paging_walk {
    word *entry;
    unsigned level; /* of the table that the entry is in */
};
struct paging_walk paging_walk(struct kernel *k, paddr pml4, word vaddr,
                               unsigned target);

/* The process of a vspace; NULL: it has none. */
struct image_process *process_of_vspace(struct kernel *k, paddr pml4);
/* The vspace ends: its process is told so, and it has no ASID any more. */
void vspace_retire(struct kernel *k, paddr pml4);
/* What is mapped at [vaddr, vaddr + 2^bits) changed. */
void vspace_changed(struct kernel *k, paddr pml4, word vaddr, word bits);

#endif
