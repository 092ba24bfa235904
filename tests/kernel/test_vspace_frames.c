/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames in vspaces: mapping, remapping and unmapping them, in the order in
 * which the checks are made (kernel/arch/x86_64/frame.c).
 *
 *      BASE                +4 KiB              +8 KiB
 *      | frame             | other             |
 *      one page table, one page directory, one PDPT
 */
#include "paging.h"

static void a_frame_is_mapped_read_and_unmapped(void)
{
    struct machine m = machine_new();
    struct space s = space_new(&m);
    word frame = object_new(&m, OBJECT_PAGE, 0);
    struct kernel_mapping at;

    CHECK_EQ(page_map(&m, frame, s.pml4, BASE, RW), SEL4_NO_ERROR);
    at = look(&m, s.pml4, BASE + 0x123);
    CHECK_EQ(at.frame, object_of(&m, frame));
    CHECK_EQ(at.vaddr, BASE);
    CHECK_EQ(at.bits, 12);
    CHECK(at.write && at.user && !at.device);
    CHECK_EQ(look(&m, s.pml4, BASE + 0x1000).bits, 12);
    CHECK_EQ(frame_at(&m, s.pml4, BASE + 0x1000), 0);

    CHECK_EQ(INVOKE_PLAIN(&m, frame, METHOD_X86_PAGE_GET_ADDRESS),
             SEL4_NO_ERROR);
    CHECK_WORDS(&m, 1);
    CHECK_WORD(&m, 0, object_of(&m, frame));

    CHECK_EQ(page_unmap(&m, frame), SEL4_NO_ERROR);
    CHECK_EQ(frame_at(&m, s.pml4, BASE), 0);
    CHECK_EQ(page_unmap(&m, frame), SEL4_NO_ERROR); /* once is enough */
    machine_free(&m);
}

static void holes_reach_as_far_as_the_missing_table(void)
{
    struct machine m = machine_new();
    word pml4 = vspace_new(&m);
    struct space s;
    struct kernel_mapping at;

    at = look(&m, pml4, TIB_HALF + 0x5000);
    CHECK_EQ(at.frame, 0);
    CHECK_EQ(at.bits, 39);
    CHECK_EQ(at.vaddr, TIB_HALF);
    s = space_new(&m);
    CHECK_EQ(look(&m, s.pml4, BASE + GIB).bits, 30);
    CHECK_EQ(look(&m, s.pml4, BASE + MIB2).bits, 21);
    CHECK_EQ(look(&m, s.pml4, BASE).bits, 12);
    /* not the user's, and nobody's vspace */
    kernel_translate(m.k, object_of(&m, s.pml4), 1ul << 47, &at);
    CHECK_EQ(at.frame, 0);
    kernel_translate(m.k, 0, BASE, &at);
    CHECK_EQ(at.frame, 0);
    kernel_translate(m.k, object_of(&m, s.pt), BASE, &at);
    CHECK_EQ(at.frame, 0);
    machine_free(&m);
}

/* Untyped memory of 1 GiB that is not the one objects are made of. */
static word gib_untyped(struct machine *m)
{
    for (word i = m->k->h.boot.untyped_start; i < m->k->h.boot.untyped_end; i++)
        if (!slot_of(m, i)->cap.untyped.device && i != m->untyped &&
            slot_of(m, i)->cap.untyped.bits == 30)
            return i;
    abort();
}

static void large_and_huge_frames_need_fewer_tables(void)
{
    struct image_config config = default_config();
    struct machine m;
    struct space s;
    word large, huge;

    config.memory_size = 4ul << 30;
    m = machine_new_config(&config);
    s = space_new(&m);
    large = object_new(&m, OBJECT_LARGE_PAGE, 0);
    huge = m.next_slot++;
    CHECK_EQ(retype(&m, gib_untyped(&m), OBJECT_HUGE_PAGE, 0, huge),
             SEL4_NO_ERROR);
    CHECK_EQ(page_map(&m, large, s.pml4, BASE + MIB2, RW), SEL4_NO_ERROR);
    CHECK_EQ(look(&m, s.pml4, BASE + MIB2 + 0x12345).bits, 21);
    CHECK_EQ(frame_at(&m, s.pml4, BASE + 2 * MIB2 - 1), object_of(&m, large));
    CHECK_EQ(page_map(&m, huge, s.pml4, 4 * GIB, RIGHT_READ), SEL4_NO_ERROR);
    CHECK_EQ(look(&m, s.pml4, 5 * GIB - 1).bits, 30);
    CHECK_EQ(look(&m, s.pml4, 5 * GIB - 1).write, 0);
    CHECK_EQ(cap_delete(&m, huge), SEL4_NO_ERROR);
    CHECK_EQ(frame_at(&m, s.pml4, 4 * GIB), 0);
    machine_free(&m);
}

static void each_map_check_refuses_and_changes_nothing(void)
{
    struct machine m = machine_new();
    struct space s = space_new(&m);
    word other = vspace_new(&m);
    word frame = object_new(&m, OBJECT_PAGE, 0);
    word large = object_new(&m, OBJECT_LARGE_PAGE, 0);
    word bare = object_new(&m, OBJECT_PML4, 0);

    CHECK_EQ(INVOKE(&m, frame, METHOD_X86_PAGE_MAP, WORDS(BASE, RW),
                    CAPS(s.pml4)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(INVOKE(&m, frame, METHOD_X86_PAGE_MAP, WORDS(BASE, RW, 0)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_WORDS(&m, 0);

    /* the vspace is judged before the address */
    CHECK_EQ(page_map(&m, frame, frame, 1, RW), SEL4_INVALID_CAPABILITY);
    CHECK_WORDS(&m, 1);
    CHECK_WORD(&m, 0, 1);
    CHECK_REASON(&m, REASON_NOT_VSPACE);
    CHECK_EQ(page_map(&m, frame, bare, 1, RW), SEL4_INVALID_CAPABILITY);

    CHECK_EQ(page_map(&m, frame, s.pml4, SEL4_USER_TOP, RW),
             SEL4_INVALID_ARGUMENT);
    CHECK_WORDS(&m, 1);
    CHECK_WORD(&m, 0, 0);
    CHECK_REASON(&m, REASON_VADDR_TOO_HIGH);
    CHECK_EQ(page_map(&m, large, s.pml4, SEL4_USER_TOP - 0x1000, RW),
             SEL4_INVALID_ARGUMENT);
    CHECK_REASON(&m, REASON_VADDR_TOO_HIGH);
    CHECK_EQ(page_map(&m, frame, s.pml4, -0x1000ul, RW), /* wraps around */
             SEL4_INVALID_ARGUMENT);
    CHECK_REASON(&m, REASON_VADDR_TOO_HIGH);

    CHECK_EQ(page_map(&m, frame, s.pml4, BASE + 1, RW), SEL4_ALIGNMENT_ERROR);
    CHECK_EQ(page_map(&m, large, s.pml4, BASE + 0x1000, RW),
             SEL4_ALIGNMENT_ERROR);
    CHECK_WORDS(&m, 0);
    CHECK_REASON(&m, REASON_VADDR_UNALIGNED);

    CHECK_EQ(page_map(&m, frame, other, BASE, RW), SEL4_FAILED_LOOKUP);
    check_no_table(&m, 39);
    CHECK_EQ(page_map(&m, frame, s.pml4, BASE + GIB, RW), SEL4_FAILED_LOOKUP);
    check_no_table(&m, 30);
    CHECK_EQ(page_map(&m, frame, s.pml4, BASE + MIB2, RW), SEL4_FAILED_LOOKUP);
    check_no_table(&m, 21);
    CHECK_EQ(page_map(&m, large, other, BASE, RW), SEL4_FAILED_LOOKUP);
    check_no_table(&m, 39);
    CHECK_EQ(page_map(&m, large, s.pml4, BASE, RW), SEL4_DELETE_FIRST);
    CHECK_REASON(&m, REASON_TABLE_IN_WAY);

    CHECK_EQ(INVOKE_PLAIN(&m, frame, METHOD_X86_PAGE_TABLE_MAP),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(slot_of(&m, frame)->cap.frame.asid, 0);
    CHECK_EQ(slot_of(&m, large)->cap.frame.asid, 0);
    CHECK_EQ(frame_at(&m, s.pml4, BASE), 0);
    machine_free(&m);
}

/* What the emulator keeps for itself in a bare process. */
static void reserved_addresses_are_refused_once_tables_lead_there(void)
{
    struct machine m = machine_new();
    struct space s = space_new(&m);
    word frame = object_new(&m, OBJECT_PAGE, 0);
    word reserved = 0x7f8000000000;

    CHECK_EQ(page_map(&m, frame, s.pml4, reserved, RW), SEL4_FAILED_LOOKUP);
    check_no_table(&m, 39);
    CHECK_EQ(map_pdpt(&m, object_new(&m, OBJECT_PDPT, 0), s.pml4, reserved),
             SEL4_NO_ERROR);
    CHECK_EQ(map_pd(&m, object_new(&m, OBJECT_PAGE_DIRECTORY, 0), s.pml4,
                    reserved),
             SEL4_NO_ERROR);
    CHECK_EQ(map_pt(&m, object_new(&m, OBJECT_PAGE_TABLE, 0), s.pml4, reserved),
             SEL4_NO_ERROR);
    CHECK_EQ(page_map(&m, frame, s.pml4, reserved, RW), SEL4_INVALID_ARGUMENT);
    CHECK_WORD(&m, 0, 0);
    CHECK_REASON(&m, REASON_VADDR_RESERVED);
    CHECK_EQ(slot_of(&m, frame)->cap.frame.asid, 0);
    machine_free(&m);
}

static void a_mapped_frame_can_be_remapped_where_it_is_only(void)
{
    struct machine m = machine_new();
    struct space s = space_new(&m);
    struct space t = space_new(&m);
    word frame = object_new(&m, OBJECT_PAGE, 0);
    word copy = m.next_slot++;

    CHECK_EQ(page_map(&m, frame, s.pml4, BASE, RW), SEL4_NO_ERROR);
    CHECK_EQ(page_map(&m, frame, s.pml4, BASE, RIGHT_READ), SEL4_NO_ERROR);
    CHECK_EQ(look(&m, s.pml4, BASE).write, 0);

    CHECK_EQ(page_map(&m, frame, s.pml4, BASE + 0x1000, RW),
             SEL4_INVALID_ARGUMENT);
    CHECK_WORD(&m, 0, 0);
    CHECK_REASON(&m, REASON_FRAME_MAPPED_VADDR);
    CHECK_EQ(page_map(&m, frame, t.pml4, BASE, RW), SEL4_INVALID_CAPABILITY);
    CHECK_WORD(&m, 0, 1);
    CHECK_REASON(&m, REASON_FRAME_MAPPED_ASID);

    /* a copy is mapped on its own */
    CHECK_EQ(cap_copy(&m, copy, frame, RIGHT_ALL), SEL4_NO_ERROR);
    CHECK_EQ(slot_of(&m, copy)->cap.frame.asid, 0);
    CHECK_EQ(page_map(&m, copy, t.pml4, BASE, RW), SEL4_NO_ERROR);
    CHECK_EQ(frame_at(&m, t.pml4, BASE), object_of(&m, frame));

    /* the state survives the page table, until Unmap */
    CHECK_EQ(cap_delete(&m, s.pt), SEL4_NO_ERROR);
    CHECK_EQ(page_map(&m, frame, s.pml4, BASE + 0x1000, RW),
             SEL4_INVALID_ARGUMENT);
    CHECK_EQ(page_unmap(&m, frame), SEL4_NO_ERROR);
    CHECK_EQ(page_map(&m, frame, s.pml4, BASE + 0x1000, RW),
             SEL4_FAILED_LOOKUP);
    CHECK_EQ(frame_at(&m, t.pml4, BASE), object_of(&m, frame));
    machine_free(&m);
}

static void mapping_over_another_frame_replaces_it(void)
{
    struct machine m = machine_new();
    struct space s = space_new(&m);
    word first = object_new(&m, OBJECT_PAGE, 0);
    word second = object_new(&m, OBJECT_PAGE, 0);

    CHECK_EQ(page_map(&m, first, s.pml4, BASE, RW), SEL4_NO_ERROR);
    CHECK_EQ(page_map(&m, second, s.pml4, BASE, RW), SEL4_NO_ERROR);
    CHECK_EQ(frame_at(&m, s.pml4, BASE), object_of(&m, second));
    /* what is not there any more is not unmapped by mistake */
    CHECK_EQ(page_unmap(&m, first), SEL4_NO_ERROR);
    CHECK_EQ(frame_at(&m, s.pml4, BASE), object_of(&m, second));
    CHECK_EQ(page_map(&m, first, s.pml4, BASE, RW), SEL4_NO_ERROR);
    CHECK_EQ(page_unmap(&m, first), SEL4_NO_ERROR);
    CHECK_EQ(frame_at(&m, s.pml4, BASE), 0); /* a hole */
    CHECK_EQ(page_map(&m, second, s.pml4, BASE, RW), SEL4_NO_ERROR);
    machine_free(&m);
}

static void rights_and_attributes_reach_the_entry(void)
{
    struct machine m = machine_new();
    struct space s = space_new(&m);
    word frame = object_new(&m, OBJECT_PAGE, 0);
    word read_only = m.next_slot++;
    word *entry = entry_of(&m, s.pt, BASE, 0);
    static const struct {
        word rights, low_bits;
    } cases[] = {
        { RW, 7 },          { RIGHT_ALL, 7 },
        { RIGHT_READ, 5 },  /* present, user */
        { RIGHT_WRITE, 3 }, /* write-only is nothing: present, supervisor */
        { 0, 3 },
    };

    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_EQ(page_map(&m, frame, s.pml4, BASE, cases[i].rights),
                 SEL4_NO_ERROR);
        CHECK_EQ(*entry, object_of(&m, frame) | cases[i].low_bits);
        CHECK_EQ(look(&m, s.pml4, BASE).user, cases[i].low_bits >> 2);
        CHECK_EQ(look(&m, s.pml4, BASE).write, cases[i].low_bits == 7);
    }
    for (word attributes = 0; attributes < 16; attributes++) {
        CHECK_EQ(INVOKE(&m, frame, METHOD_X86_PAGE_MAP,
                        WORDS(BASE, RW, attributes), CAPS(s.pml4)),
                 SEL4_NO_ERROR);
        CHECK_EQ(*entry & 0xff8, (attributes & 3) << 3 |
                                     (attributes & 4) << 5); /* PAT: bit 7 */
    }
    CHECK_EQ(cap_copy(&m, read_only, frame, RIGHT_READ), SEL4_NO_ERROR);
    CHECK_EQ(slot_of(&m, read_only)->cap.frame.rights, FRAME_READ_ONLY);
    CHECK_EQ(page_map(&m, read_only, s.pml4, BASE + 0x1000, RW), SEL4_NO_ERROR);
    CHECK_EQ(look(&m, s.pml4, BASE + 0x1000).write, 0);
    machine_free(&m);
}

static void large_pages_have_their_attribute_bit_elsewhere(void)
{
    struct machine m = machine_new();
    struct space s = space_new(&m);
    word large = object_new(&m, OBJECT_LARGE_PAGE, 0);

    CHECK_EQ(INVOKE(&m, large, METHOD_X86_PAGE_MAP,
                    WORDS(BASE + MIB2, RW, SEL4_VM_WRITE_COMBINING),
                    CAPS(s.pml4)),
             SEL4_NO_ERROR);
    CHECK_EQ(*entry_of(&m, s.pd, BASE + MIB2, 1),
             object_of(&m, large) | 1ul << 12 | 0x87);
    CHECK_EQ(frame_at(&m, s.pml4, BASE + MIB2), object_of(&m, large));
    machine_free(&m);
}

static void device_frames_are_marked(void)
{
    struct machine m = machine_new();
    struct space s = space_new(&m);
    word i = m.k->h.boot.untyped_start;
    word high = m.next_slot++, low = m.next_slot++;

    /* the first device memory is the first MiB, which the image has */
    CHECK_EQ(slot_of(&m, i)->cap.untyped.device, 1);
    CHECK_EQ(object_of(&m, i), 0);
    CHECK_EQ(retype(&m, i, OBJECT_PAGE, 0, m.next_slot++), SEL4_NO_ERROR);
    CHECK_EQ(retype(&m, i, OBJECT_PAGE, 0, low), SEL4_NO_ERROR);
    CHECK_EQ(retype(&m, i + 1, OBJECT_PAGE, 0, high), SEL4_NO_ERROR);
    CHECK(object_of(&m, high) >= m.k->h.config.memory_size);
    CHECK_EQ(page_map(&m, high, s.pml4, BASE, RW), SEL4_NO_ERROR);
    CHECK_EQ(page_map(&m, low, s.pml4, BASE + 0x1000, RW), SEL4_NO_ERROR);
    CHECK_EQ(look(&m, s.pml4, BASE).device, 1);
    CHECK_EQ(look(&m, s.pml4, BASE).frame, object_of(&m, high));
    CHECK_EQ(look(&m, s.pml4, BASE + 0x1000).device, 0);
    machine_free(&m);
}

static void deleting_a_frame_unmaps_it(void)
{
    struct machine m = machine_new();
    struct space s = space_new(&m);
    word frame = object_new(&m, OBJECT_PAGE, 0);
    word copy = m.next_slot++;

    CHECK_EQ(page_map(&m, frame, s.pml4, BASE, RW), SEL4_NO_ERROR);
    CHECK_EQ(cap_copy(&m, copy, frame, RIGHT_ALL), SEL4_NO_ERROR);
    CHECK_EQ(cap_delete(&m, copy), SEL4_NO_ERROR);
    CHECK_EQ(frame_at(&m, s.pml4, BASE), object_of(&m, frame));
    CHECK_EQ(cap_copy(&m, copy, frame, RIGHT_ALL), SEL4_NO_ERROR);
    CHECK_EQ(cap_delete(&m, frame), SEL4_NO_ERROR); /* although a copy is */
    CHECK_EQ(frame_at(&m, s.pml4, BASE), 0);
    CHECK_EQ(page_map(&m, copy, s.pml4, BASE, RW), SEL4_NO_ERROR);
    /* moving takes the mapping along */
    CHECK_EQ(cap_move(&m, frame, copy), SEL4_NO_ERROR);
    CHECK_EQ(frame_at(&m, s.pml4, BASE), object_of(&m, frame));
    CHECK_EQ(page_unmap(&m, frame), SEL4_NO_ERROR);
    CHECK_EQ(frame_at(&m, s.pml4, BASE), 0);
    machine_free(&m);
}

TESTS(TEST(a_frame_is_mapped_read_and_unmapped),
      TEST(holes_reach_as_far_as_the_missing_table),
      TEST(large_and_huge_frames_need_fewer_tables),
      TEST(each_map_check_refuses_and_changes_nothing),
      TEST(reserved_addresses_are_refused_once_tables_lead_there),
      TEST(a_mapped_frame_can_be_remapped_where_it_is_only),
      TEST(mapping_over_another_frame_replaces_it),
      TEST(rights_and_attributes_reach_the_entry),
      TEST(large_pages_have_their_attribute_bit_elsewhere),
      TEST(device_frames_are_marked), TEST(deleting_a_frame_unmaps_it))
