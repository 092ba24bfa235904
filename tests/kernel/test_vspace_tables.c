/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paging structures: mapping them in each other's order, unmapping, and what
 * becomes of copies (kernel/arch/x86_64/table.c, cap.c).
 */
#include "paging.h"

static void tables_are_mapped_from_the_top(void)
{
    struct machine m = machine_new();
    word pml4 = vspace_new(&m);
    word pdpt = object_new(&m, OBJECT_PDPT, 0);
    word pd = object_new(&m, OBJECT_PAGE_DIRECTORY, 0);
    word pt = object_new(&m, OBJECT_PAGE_TABLE, 0);

    CHECK_EQ(map_pt(&m, pt, pml4, BASE), SEL4_FAILED_LOOKUP);
    check_no_table(&m, 39);
    CHECK_EQ(map_pd(&m, pd, pml4, BASE), SEL4_FAILED_LOOKUP);
    check_no_table(&m, 39);
    CHECK_EQ(map_pdpt(&m, pdpt, pml4, BASE), SEL4_NO_ERROR);
    CHECK_EQ(map_pt(&m, pt, pml4, BASE), SEL4_FAILED_LOOKUP);
    check_no_table(&m, 30);
    CHECK_EQ(map_pd(&m, pd, pml4, BASE), SEL4_NO_ERROR);
    CHECK_EQ(map_pt(&m, pt, pml4, BASE), SEL4_NO_ERROR);
    CHECK_EQ(*entry_of(&m, pml4, BASE, 3), object_of(&m, pdpt) | 7);
    CHECK_EQ(*entry_of(&m, pdpt, BASE, 2), object_of(&m, pd) | 7);
    CHECK_EQ(*entry_of(&m, pd, BASE, 1), object_of(&m, pt) | 7);
    machine_free(&m);
}

static void addresses_are_rounded_down(void)
{
    struct machine m = machine_new();
    word pml4 = vspace_new(&m);
    word pdpt = object_new(&m, OBJECT_PDPT, 0);
    word pd = object_new(&m, OBJECT_PAGE_DIRECTORY, 0);
    word pt = object_new(&m, OBJECT_PAGE_TABLE, 0);

    CHECK_EQ(map_pdpt(&m, pdpt, pml4, TIB_HALF + 12345), SEL4_NO_ERROR);
    CHECK_EQ(map_pd(&m, pd, pml4, TIB_HALF + GIB + 777), SEL4_NO_ERROR);
    CHECK_EQ(map_pt(&m, pt, pml4, TIB_HALF + GIB + MIB2 + 1), SEL4_NO_ERROR);
    CHECK_EQ(slot_of(&m, pdpt)->cap.table.vaddr, TIB_HALF);
    CHECK_EQ(slot_of(&m, pd)->cap.table.vaddr, TIB_HALF + GIB);
    CHECK_EQ(slot_of(&m, pt)->cap.table.vaddr, TIB_HALF + GIB + MIB2);
    machine_free(&m);
}

static void each_map_check_refuses_in_its_order(void)
{
    struct machine m = machine_new();
    struct space s = space_new(&m);
    word pt = object_new(&m, OBJECT_PAGE_TABLE, 0);
    word pd = object_new(&m, OBJECT_PAGE_DIRECTORY, 0);
    word pdpt = object_new(&m, OBJECT_PDPT, 0);
    word bare = object_new(&m, OBJECT_PML4, 0);
    word large = object_new(&m, OBJECT_LARGE_PAGE, 0);

    CHECK_EQ(INVOKE(&m, s.pt, METHOD_X86_PAGE_TABLE_MAP, WORDS(BASE),
                    CAPS(s.pml4)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(INVOKE(&m, s.pt, METHOD_X86_PAGE_TABLE_MAP, WORDS(BASE, 0)),
             SEL4_TRUNCATED_MESSAGE);
    /* mapped already: before the vspace is looked at */
    CHECK_EQ(map_pt(&m, s.pt, bare, BASE), SEL4_INVALID_CAPABILITY);
    CHECK_WORD(&m, 0, 0);
    CHECK_REASON(&m, REASON_TABLE_MAPPED);
    CHECK_EQ(map_pt(&m, pt, bare, -1ul), SEL4_INVALID_CAPABILITY);
    CHECK_WORD(&m, 0, 1);
    CHECK_REASON(&m, REASON_NOT_VSPACE);
    CHECK_EQ(map_pt(&m, pt, s.pml4, -1ul), SEL4_INVALID_ARGUMENT);
    CHECK_WORD(&m, 0, 0);
    CHECK_REASON(&m, REASON_VADDR_TOO_HIGH);
    CHECK_EQ(map_pdpt(&m, pdpt, s.pml4, 1ul << 47), SEL4_INVALID_ARGUMENT);
    CHECK_EQ(map_pt(&m, pt, s.pml4, BASE), SEL4_DELETE_FIRST);
    CHECK_REASON(&m, REASON_ENTRY_IN_USE);
    CHECK_EQ(map_pd(&m, pd, s.pml4, BASE), SEL4_DELETE_FIRST);
    CHECK_EQ(map_pdpt(&m, pdpt, s.pml4, BASE), SEL4_DELETE_FIRST);
    CHECK_WORDS(&m, 0);

    CHECK_EQ(page_map(&m, large, s.pml4, BASE + MIB2, RW), SEL4_NO_ERROR);
    CHECK_EQ(map_pt(&m, pt, s.pml4, BASE + MIB2), SEL4_DELETE_FIRST);
    CHECK_EQ(INVOKE_PLAIN(&m, pt, METHOD_X86_PAGE_DIRECTORY_UNMAP),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(INVOKE_PLAIN(&m, s.pml4, METHOD_X86_PAGE_TABLE_MAP),
             SEL4_ILLEGAL_OPERATION);
    machine_free(&m);
}

/* A frame cannot lie at the end of user memory, a table for it can. */
static void the_last_pdpt_is_the_users(void)
{
    struct machine m = machine_new();
    word pml4 = vspace_new(&m);
    word pdpt = object_new(&m, OBJECT_PDPT, 0);

    CHECK_EQ(map_pdpt(&m, pdpt, pml4, 0x7ffffffff000), SEL4_NO_ERROR);
    CHECK_EQ(slot_of(&m, pdpt)->cap.table.vaddr, 0x7f8000000000);
    machine_free(&m);
}

static void unmapping_clears_the_table(void)
{
    struct machine m = machine_new();
    struct space s = space_new(&m);
    word frame = object_new(&m, OBJECT_PAGE, 0);

    CHECK_EQ(page_map(&m, frame, s.pml4, BASE, RW), SEL4_NO_ERROR);
    CHECK_EQ(INVOKE_PLAIN(&m, s.pt, METHOD_X86_PAGE_TABLE_UNMAP),
             SEL4_NO_ERROR);
    CHECK_EQ(frame_at(&m, s.pml4, BASE), 0);
    CHECK_EQ(*entry_of(&m, s.pt, BASE, 0), 0);
    CHECK_EQ(map_pt(&m, s.pt, s.pml4, BASE), SEL4_NO_ERROR);
    CHECK_EQ(frame_at(&m, s.pml4, BASE), 0); /* it does not come back */

    CHECK_EQ(INVOKE_PLAIN(&m, s.pd, METHOD_X86_PAGE_DIRECTORY_UNMAP),
             SEL4_NO_ERROR);
    /* what was below still says where it is, until it is unmapped itself */
    CHECK_EQ(map_pt(&m, s.pt, s.pml4, BASE), SEL4_INVALID_CAPABILITY);
    CHECK_EQ(map_pd(&m, s.pd, s.pml4, BASE), SEL4_NO_ERROR);
    CHECK_EQ(map_pt(&m, s.pt, s.pml4, BASE), SEL4_INVALID_CAPABILITY);
    CHECK_EQ(INVOKE_PLAIN(&m, s.pt, METHOD_X86_PAGE_TABLE_UNMAP),
             SEL4_NO_ERROR);
    CHECK_EQ(map_pt(&m, s.pt, s.pml4, BASE), SEL4_NO_ERROR);
    CHECK_EQ(INVOKE_PLAIN(&m, s.pdpt, METHOD_X86_PDPT_UNMAP), SEL4_NO_ERROR);
    CHECK_EQ(INVOKE_PLAIN(&m, s.pdpt, METHOD_X86_PDPT_UNMAP), SEL4_NO_ERROR);
    CHECK_EQ(look(&m, s.pml4, BASE).bits, 39);
    machine_free(&m);
}

/* A stale capability must not take away what is another table's by now. */
static void a_stale_table_unhooks_nothing(void)
{
    struct machine m = machine_new();
    struct space s = space_new(&m);
    word other_pd = object_new(&m, OBJECT_PAGE_DIRECTORY, 0);
    word other_pt = object_new(&m, OBJECT_PAGE_TABLE, 0);
    word frame = object_new(&m, OBJECT_PAGE, 0);

    CHECK_EQ(cap_delete(&m, s.pd), SEL4_NO_ERROR);
    CHECK_EQ(map_pd(&m, other_pd, s.pml4, BASE), SEL4_NO_ERROR);
    CHECK_EQ(map_pt(&m, other_pt, s.pml4, BASE), SEL4_NO_ERROR);
    CHECK_EQ(page_map(&m, frame, s.pml4, BASE, RW), SEL4_NO_ERROR);
    CHECK_EQ(cap_delete(&m, s.pt), SEL4_NO_ERROR);
    CHECK_EQ(frame_at(&m, s.pml4, BASE), object_of(&m, frame));
    machine_free(&m);
}

static void only_mapped_tables_can_be_copied(void)
{
    struct machine m = machine_new();
    struct space s = space_new(&m);
    word pt = object_new(&m, OBJECT_PAGE_TABLE, 0);
    word bare = object_new(&m, OBJECT_PML4, 0);
    word copy = m.next_slot++, copy_pml4 = m.next_slot++;

    CHECK_EQ(cap_copy(&m, copy, pt, RIGHT_ALL), SEL4_ILLEGAL_OPERATION);
    CHECK_REASON(&m, REASON_TABLE_NOT_MAPPED);
    CHECK_EQ(cap_copy(&m, copy, bare, RIGHT_ALL), SEL4_ILLEGAL_OPERATION);
    CHECK_REASON(&m, REASON_PML4_UNASSIGNED);
    CHECK_EQ(cap_copy(&m, copy_pml4, s.pml4, RIGHT_ALL), SEL4_NO_ERROR);
    CHECK_EQ(cap_copy(&m, copy, s.pt, RIGHT_ALL), SEL4_NO_ERROR);
    CHECK_EQ(INVOKE_PLAIN(&m, copy, METHOD_X86_PAGE_TABLE_UNMAP),
             SEL4_REVOKE_FIRST);
    CHECK_REASON(&m, REASON_TABLE_COPIES);
    CHECK_EQ(cap_delete(&m, s.pt), SEL4_NO_ERROR);
    CHECK(*entry_of(&m, s.pd, BASE, 1) != 0); /* the copy holds it */
    CHECK_EQ(INVOKE_PLAIN(&m, copy, METHOD_X86_PAGE_TABLE_UNMAP),
             SEL4_NO_ERROR);
    CHECK_EQ(*entry_of(&m, s.pd, BASE, 1), 0);
    machine_free(&m);
}

static void deleting_the_last_capability_unhooks(void)
{
    struct machine m = machine_new();
    struct space s = space_new(&m);
    word frame = object_new(&m, OBJECT_PAGE, 0);

    CHECK_EQ(page_map(&m, frame, s.pml4, BASE, RW), SEL4_NO_ERROR);
    CHECK_EQ(cap_delete(&m, s.pt), SEL4_NO_ERROR);
    CHECK_EQ(look(&m, s.pml4, BASE).bits, 21);
    CHECK_EQ(cap_delete(&m, s.pdpt), SEL4_NO_ERROR);
    CHECK_EQ(look(&m, s.pml4, BASE).bits, 39);
    CHECK_EQ(cap_revoke(&m, m.untyped), SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.boot.root_vspace,
             object_of(&m, SEL4_CAP_INIT_THREAD_VSPACE));
    machine_free(&m);
}

/* Memory that held tables and comes back is empty. */
static void revoked_tables_are_cleared_for_their_next_use(void)
{
    struct machine m = machine_new();
    struct space s = space_new(&m);
    word frame = object_new(&m, OBJECT_PAGE, 0);
    paddr pt = object_of(&m, s.pt);

    CHECK_EQ(page_map(&m, frame, s.pml4, BASE, RW), SEL4_NO_ERROR);
    CHECK_EQ(cap_revoke(&m, m.untyped), SEL4_NO_ERROR);
    s = space_new(&m);
    CHECK_EQ(object_of(&m, s.pt), pt);
    CHECK_EQ(frame_at(&m, s.pml4, BASE), 0);
    machine_free(&m);
}

TESTS(TEST(tables_are_mapped_from_the_top), TEST(addresses_are_rounded_down),
      TEST(each_map_check_refuses_in_its_order),
      TEST(the_last_pdpt_is_the_users), TEST(unmapping_clears_the_table),
      TEST(a_stale_table_unhooks_nothing),
      TEST(only_mapped_tables_can_be_copied),
      TEST(deleting_the_last_capability_unhooks),
      TEST(revoked_tables_are_cleared_for_their_next_use))
