/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The root task's part of the boot: its address space and its thread.
 *
 * The image's pages are one run of frames, so that the host can write the
 * program's segments there by their addresses. A machine that has a root task
 * boots paused: first the host writes image and boot info.
 */
#include "kernel/arch.h"
#include "kernel/boot.h"
#include "kernel/cdt.h"
#include "kernel/sched.h"
#include "kernel/tcb.h"

#define PAGE (1ul << SEL4_PAGE_BITS)
#define LAST_PAGES 3 /* IPC buffer, boot info, extra boot info */

/* The paging structures, from the top, and how much one of them covers. */
static const struct {
    enum sel4_object type;
    word bits;
} levels[] = {
    { OBJECT_PDPT, SEL4_PAGE_BITS + 3 * SEL4_PAGE_TABLE_INDEX_BITS },
    { OBJECT_PAGE_DIRECTORY, SEL4_PAGE_BITS + 2 * SEL4_PAGE_TABLE_INDEX_BITS },
    { OBJECT_PAGE_TABLE, SEL4_PAGE_BITS + SEL4_PAGE_TABLE_INDEX_BITS },
};

static const struct image_range *image_of(const struct boot *b)
{
    return &b->k->h.config.image;
}

static word slots_left(const struct boot *b)
{
    return (1ul << b->k->h.config.cnode_bits) - b->next_slot;
}

/* False: there is no memory, or no slot. */
static bool map_tables(struct boot *b)
{
    struct kernel *k = b->k;
    word end = image_of(b)->end + LAST_PAGES * PAGE;

    k->h.boot.paging_start = b->next_slot;
    for (unsigned i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        word covers = 1ul << levels[i].bits;

        for (word at = image_of(b)->start & -covers; at < end; at += covers) {
            paddr table = boot_take(&b->ram, PAGE, PAGE);

            if (!table || slots_left(b) == 0)
                return false;
            boot_put(b, b->next_slot++,
                     arch_boot_map(k, b->pml4, levels[i].type, table, at));
        }
    }
    k->h.boot.paging_end = b->next_slot;
    return true;
}

static void map_page(struct boot *b, word slot, paddr frame, word vaddr)
{
    boot_put(b, slot, arch_boot_map(b->k, b->pml4, OBJECT_PAGE, frame, vaddr));
}

static void map_pages(struct boot *b)
{
    struct kernel *k = b->k;
    word start = image_of(b)->start, end = image_of(b)->end;

    map_page(b, SEL4_CAP_INIT_THREAD_IPC_BUFFER, b->ipc_buffer, end);
    map_page(b, SEL4_CAP_BOOT_INFO_FRAME, b->bootinfo, end + PAGE);
    k->h.boot.extra_start = b->next_slot;
    map_page(b, b->next_slot++, k->h.boot.extra, end + 2 * PAGE);
    k->h.boot.extra_end = b->next_slot;
    k->h.boot.image_start = b->next_slot;
    for (word at = start; at < end; at += PAGE)
        map_page(b, b->next_slot++, k->h.boot.image + (at - start), at);
    k->h.boot.image_end = b->next_slot;
}

const char *boot_image(struct boot *b)
{
    const struct image_range *image = image_of(b);
    struct kernel *k = b->k;
    word size = image->end - image->start;

    k->h.boot.image = boot_take(&b->ram, size, PAGE);
    k->h.boot.extra = boot_take(&b->ram, PAGE, PAGE);
    if (!k->h.boot.image || !k->h.boot.extra || !map_tables(b))
        return "memory_size is too small for the root task";
    if (slots_left(b) < 1 + size / PAGE)
        return "cnode_bits is too small for the root task's frames";
    map_pages(b);
    return NULL;
}

void boot_image_thread(struct boot *b)
{
    struct kernel *k = b->k;
    struct tcb *t = tcb_at(k, b->tcb);

    t->ipc_buffer = image_of(b)->end;
    t->regs[REG_RIP] = t->fault_ip = k->h.config.image_entry;
    t->regs[REG_RDI] = image_of(b)->end + PAGE;
    t->state = STATE_RUNNING;
    sched_enqueue(k, t);
    k->h.paused = 1;
}
