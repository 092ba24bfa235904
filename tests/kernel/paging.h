/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of vspaces share: a vspace with its tables, and short names
 * for the invocations. All slots are in the root CNode.
 */
#ifndef SEL4EMU_TESTS_KERNEL_PAGING_H
#define SEL4EMU_TESTS_KERNEL_PAGING_H

#include "harness.h"

#define POOL SEL4_CAP_INIT_THREAD_ASID_POOL
#define RW (RIGHT_READ | RIGHT_WRITE)

/* The addresses that the tests map things at; one page table covers them. */
#define BASE 0x10000000ul
#define MIB2 (1ul << 21)
#define GIB (1ul << 30)
#define TIB_HALF (1ul << 39)

/* A vspace that has an ASID; its slot. */
UNUSED static word vspace_new(struct machine *m)
{
    word pml4 = object_new(m, OBJECT_PML4, 0);

    CHECK_EQ(INVOKE(m, POOL, METHOD_X86_ASID_POOL_ASSIGN, CAPS(pml4)),
             SEL4_NO_ERROR);
    return pml4;
}

UNUSED static word table_map(struct machine *m, word table,
                             enum sel4_method method, word vspace, word vaddr)
{
    return INVOKE(m, table, method, WORDS(vaddr, 0), CAPS(vspace));
}

UNUSED static word map_pdpt(struct machine *m, word t, word vspace, word vaddr)
{
    return table_map(m, t, METHOD_X86_PDPT_MAP, vspace, vaddr);
}
UNUSED static word map_pd(struct machine *m, word t, word vspace, word vaddr)
{
    return table_map(m, t, METHOD_X86_PAGE_DIRECTORY_MAP, vspace, vaddr);
}
UNUSED static word map_pt(struct machine *m, word t, word vspace, word vaddr)
{
    return table_map(m, t, METHOD_X86_PAGE_TABLE_MAP, vspace, vaddr);
}
UNUSED static word page_map(struct machine *m, word frame, word vspace,
                            word vaddr, word rights)
{
    return INVOKE(m, frame, METHOD_X86_PAGE_MAP, WORDS(vaddr, rights, 0),
                  CAPS(vspace));
}
UNUSED static word page_unmap(struct machine *m, word frame)
{
    return INVOKE_PLAIN(m, frame, METHOD_X86_PAGE_UNMAP);
}

/* Slots of a vspace and of the tables for BASE. */
struct space {
    word pml4, pdpt, pd, pt;
};

UNUSED static struct space space_new(struct machine *m)
{
    struct space s = { .pml4 = vspace_new(m) };

    s.pdpt = object_new(m, OBJECT_PDPT, 0);
    s.pd = object_new(m, OBJECT_PAGE_DIRECTORY, 0);
    s.pt = object_new(m, OBJECT_PAGE_TABLE, 0);
    CHECK_EQ(map_pdpt(m, s.pdpt, s.pml4, BASE), SEL4_NO_ERROR);
    CHECK_EQ(map_pd(m, s.pd, s.pml4, BASE), SEL4_NO_ERROR);
    CHECK_EQ(map_pt(m, s.pt, s.pml4, BASE), SEL4_NO_ERROR);
    return s;
}

UNUSED static struct kernel_mapping look(struct machine *m, word vspace,
                                         word vaddr)
{
    struct kernel_mapping ret;

    kernel_translate(m->k, object_of(m, vspace), vaddr, &ret);
    return ret;
}

/* What is mapped at vaddr: a frame's address, or 0. */
UNUSED static paddr frame_at(struct machine *m, word vspace, word vaddr)
{
    return look(m, vspace, vaddr).frame;
}

/* The raw entry of a table in `slot`, for an address. */
UNUSED static word *entry_of(struct machine *m, word slot, word vaddr,
                             unsigned level)
{
    word *table = kernel_memory(m->k, object_of(m, slot));

    return &table[vaddr >> (12 + 9 * level) & 511];
}

/* The answer to a refused call: how many words, and which. */
#define CHECK_WORDS(m, n) CHECK_EQ(got_length((m), (m)->caller), (n))
#define CHECK_WORD(m, i, value)                                                \
    CHECK_EQ(got_word((m), (m)->caller, (i)), (value))
#define CHECK_REASON(m, id) CHECK_EQ((m)->k->h.error.reason, (id))

/* FailedLookup: the capability for `bits` of the address is missing. */
UNUSED static void check_no_table(struct machine *m, word bits)
{
    CHECK_WORDS(m, 3);
    CHECK_WORD(m, 0, 0);
    CHECK_WORD(m, 1, SEL4_LOOKUP_MISSING_CAPABILITY);
    CHECK_WORD(m, 2, bits);
    CHECK_REASON(m, REASON_NO_TABLE);
    CHECK_EQ(m->k->h.error.argument[0], (bits - 21) / 9); /* its level */
    CHECK_EQ(m->k->h.error.argument[2], bits);
}

#endif
