/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address space identifiers: 8 pools of 512, and which vspace has which.
 *
 * An ASID is the index of its pool in h.asid_table times 512, plus an index in
 * that pool; a pool's word is the address of the PML4, or 0. ASID 0 stands for
 * "none". Mapped capabilities name their vspace by its ASID, so that they need
 * no care when it goes: then the ASID names nothing, or another vspace.
 */
#ifndef SEL4EMU_KERNEL_ARCH_X86_64_ASID_H
#define SEL4EMU_KERNEL_ARCH_X86_64_ASID_H

#include "kernel/decode.h"

#define ASID_POOLS (1u << SEL4_NUM_ASID_POOLS_BITS)
#define ASID_POOL_SIZE (1u << SEL4_ASID_POOL_INDEX_BITS)

/* Vspace that has the ASID; 0: none. */
paddr asid_vspace(struct kernel *k, word asid);
/* ASID that the vspace has; 0: none, or it is no vspace at all. */
word asid_of_vspace(struct kernel *k, paddr vspace);

/* Take the ASID away from a vspace, if it has it. */
void asid_release(struct kernel *k, word asid, paddr vspace);
/* The pool goes: all of its vspaces lose their ASIDs. */
void asid_pool_destroy(struct kernel *k, union cap pool);
/* Give an ASID of a pool to a vspace. */
void asid_assign(struct kernel *k, paddr pool, word asid, paddr vspace);

enum outcome decode_asid_control(struct kernel *k, struct call *call);
enum outcome decode_asid_pool(struct kernel *k, struct call *call);

#endif
