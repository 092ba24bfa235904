/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the architecture does for the portable core. The arch_cap functions are
 * called for capabilities of the architecture only (cap_is_arch()), and mean
 * what their namesakes in cap.h mean.
 */
#ifndef SEL4EMU_KERNEL_ARCH_H
#define SEL4EMU_KERNEL_ARCH_H

#include "kernel/cap.h"
#include "kernel/decode.h"
#include "kernel/object.h"

enum outcome arch_cap_derive(struct kernel *k, struct cte *slot, union cap cap,
                             union cap *ret);
union cap arch_cap_mask_rights(union cap cap, word rights);
union cap arch_cap_update_data(union cap cap, bool preserve, word data);
bool arch_cap_same_region(union cap a, union cap b); /* both of the arch. */
bool arch_cap_same_object(union cap a, union cap b);
bool arch_cap_is_revocable(union cap derived, union cap source);
bool arch_cap_is_physical(union cap cap);
word arch_cap_size_bits(union cap cap);
/* Its remainder is always null: nothing here takes long to delete. */
struct finalised arch_cap_finalise(struct kernel *k, union cap cap, bool final);
void arch_cap_deleted(struct kernel *k, union cap cleanup);

enum outcome arch_decode_invocation(struct kernel *k, struct call *call);

/* Objects that belong to the architecture. */
word arch_object_bits(enum sel4_object type);
union cap arch_object_create(struct kernel *k, enum sel4_object type, paddr at,
                             bool device);

/* May the capability be a thread's VSpace root? */
bool arch_is_vspace_root(union cap cap);
/* The VSpace that a root stands for, while it is assigned; 0: none. */
paddr arch_vspace_of(struct kernel *k, union cap root);

/* May `cap` be the IPC buffer at vaddr? OUTCOME_ERROR. */
enum outcome arch_check_ipc_buffer(struct kernel *k, word vaddr, union cap cap);
/* Physical address of the buffer with user address vaddr in the frame `cap`;
 * 0: not a frame, device memory, or its rights do not do (`write`). */
paddr arch_ipc_buffer(union cap cap, word vaddr, bool write);

/*
 * Boot: two zeroed pages become the first VSpace and the first ASID pool, the
 * former assigned in the latter. *vspace and *pool are their capabilities.
 */
void arch_boot(struct kernel *k, paddr pml4, paddr asid_pool, union cap *vspace,
               union cap *pool);
/*
 * Boot: map an object of zeroed memory, a page or one of the structures, into
 * the first VSpace, where what leads there is mapped already. Its capability.
 */
union cap arch_boot_map(struct kernel *k, paddr pml4, enum sel4_object type,
                        paddr at, word vaddr);

#endif
