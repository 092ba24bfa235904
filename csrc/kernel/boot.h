/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the steps of kernel_boot() share.
 */
#ifndef SEL4EMU_KERNEL_BOOT_H
#define SEL4EMU_KERNEL_BOOT_H

#include "kernel/object.h"

enum {
    BOOT_RANGES = 8
};

/* Ranges of memory, in ascending order, not touching. */
struct boot_ranges {
    struct image_range range[BOOT_RANGES];
    int count;
};

struct boot {
    struct kernel *k;
    struct cte *root; /* slots of the root CNode */
    word next_slot;
    struct boot_ranges ram; /* what is free of it */
    paddr cnode, pml4, pool, bootinfo, ipc_buffer, tcb;
    paddr sched_context; /* MCS */
};

/* Cut `size` bytes, aligned, off the top of the first range that has them; what
 * is above them stays free. 0: there is no room. */
paddr boot_take(struct boot_ranges *ram, word size, word align);
/* Put an object's first capability into a slot of the root CNode. */
void boot_put(struct boot *b, word slot, union cap cap);

/*
 * The root task (boot contract of seL4 on x86_64). boot_image() makes its
 * pages: the image, behind it IPC buffer, boot info and a page for extra boot
 * info, and what is needed to map them; from b->next_slot on come their
 * capabilities. Returns NULL or what is wrong.
 */
const char *boot_image(struct boot *b);
/* ... and its thread, which runs as soon as the machine is not paused. */
void boot_image_thread(struct boot *b);

#endif
