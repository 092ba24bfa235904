/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mapping frames and paging structures into vspaces (seL4 manual 7).
 */
#ifndef SEL4EMU_KERNEL_ARCH_X86_64_VSPACE_H
#define SEL4EMU_KERNEL_ARCH_X86_64_VSPACE_H

#include "kernel/decode.h"

/* log2 of a frame's size. */
word frame_bits(enum frame_size size);
/* The paging level whose table a capability names (page table, page directory,
 * PDPT), and the log2 of what the whole table covers. */
unsigned table_level(enum cap_type type);
word table_covers(enum cap_type type);

/* The rights of a frame capability that a copy with `rights` has. */
enum frame_rights frame_rights_mask(enum frame_rights have, word rights);

/* The checks that all Map methods share, where the vspace is capability 1 of
 * the message: is it a vspace that has an ASID? OUTCOME_ERROR. */
enum outcome check_vspace_type(struct kernel *k, union cap vspace);
/* ... and has it that ASID still? */
enum outcome check_vspace_asid(struct kernel *k, union cap vspace);
/* Entry for vaddr in a table of this level, if there is that table. */
enum outcome vspace_find_entry(struct kernel *k, paddr vspace, word vaddr,
                               unsigned level, word **ret);

/* Take a mapped frame, a mapped table, out of its vspace, if it is there. */
void frame_unmap(struct kernel *k, union cap frame);
void table_unmap(struct kernel *k, union cap table);

enum outcome decode_frame(struct kernel *k, struct call *call);
enum outcome decode_table(struct kernel *k, struct call *call);

#endif
