/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ASID pools: making and using them up, assigning, and what is left of a
 * vspace whose pool is gone (kernel/arch/x86_64/asid.c).
 */
#include "paging.h"

#define CONTROL SEL4_CAP_ASID_CONTROL

static word make_pool(struct machine *m, word untyped, word dest)
{
    return INVOKE(m, CONTROL, METHOD_X86_ASID_CONTROL_MAKE_POOL,
                  WORDS(dest, 64), CAPS(untyped, ROOT));
}

static word assign(struct machine *m, word pool, word vspace)
{
    return INVOKE(m, pool, METHOD_X86_ASID_POOL_ASSIGN, CAPS(vspace));
}

/* A pool besides the first; its slot. */
static word pool_new(struct machine *m)
{
    word untyped = object_new(m, OBJECT_UNTYPED, SEL4_ASID_POOL_BITS);
    word pool = m->next_slot++;

    CHECK_EQ(make_pool(m, untyped, pool), SEL4_NO_ERROR);
    return pool;
}

static void the_first_vspace_has_asid_1(void)
{
    struct machine m = machine_new();
    word vspace = SEL4_CAP_INIT_THREAD_VSPACE;
    word copy = vspace_new(&m);

    CHECK_EQ(slot_of(&m, vspace)->cap.pml4.asid, 1);
    CHECK_EQ(slot_of(&m, copy)->cap.pml4.asid, 2);
    CHECK_EQ(kernel_vspace_of(m.k, m.k->h.boot.root_tcb),
             m.k->h.boot.root_vspace);
    machine_free(&m);
}

static void seven_more_pools_can_be_made(void)
{
    struct machine m = machine_new();
    word pml4 = object_new(&m, OBJECT_PML4, 0);
    word pool = 0, untyped;

    for (int i = 1; i < 8; i++) {
        pool = pool_new(&m);
        CHECK_EQ(slot_of(&m, pool)->cap.asid_pool.base, 512 * i);
    }
    untyped = object_new(&m, OBJECT_UNTYPED, SEL4_ASID_POOL_BITS);
    CHECK_EQ(make_pool(&m, untyped, m.next_slot), SEL4_DELETE_FIRST);
    CHECK_REASON(&m, REASON_ASID_POOLS);
    CHECK_EQ(assign(&m, pool, pml4), SEL4_NO_ERROR);
    CHECK_EQ(slot_of(&m, pml4)->cap.pml4.asid, 7 * 512);
    machine_free(&m);
}

static void each_make_pool_check_refuses_in_its_order(void)
{
    struct machine m = machine_new();
    word small = object_new(&m, OBJECT_UNTYPED, 11);
    word untyped = object_new(&m, OBJECT_UNTYPED, 12);
    word dest = m.next_slot++, used = m.next_slot++;

    CHECK_EQ(INVOKE_PLAIN(&m, CONTROL, METHOD_X86_ASID_POOL_ASSIGN),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(INVOKE(&m, CONTROL, METHOD_X86_ASID_CONTROL_MAKE_POOL, WORDS(dest),
                    CAPS(untyped, ROOT)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(INVOKE(&m, CONTROL, METHOD_X86_ASID_CONTROL_MAKE_POOL,
                    WORDS(dest, 64), CAPS(untyped)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(make_pool(&m, small, dest), SEL4_INVALID_CAPABILITY);
    CHECK_WORD(&m, 0, 1);
    CHECK_EQ(make_pool(&m, ROOT, dest), SEL4_INVALID_CAPABILITY);
    CHECK_REASON(&m, REASON_ASID_POOL_UNTYPED);
    CHECK_EQ(retype(&m, m.k->h.boot.untyped_start, OBJECT_UNTYPED, 12, used),
             SEL4_NO_ERROR); /* of device memory */
    CHECK_EQ(make_pool(&m, used, dest), SEL4_INVALID_CAPABILITY);
    CHECK_EQ(retype(&m, untyped, OBJECT_ENDPOINT, 0, m.next_slot),
             SEL4_NO_ERROR);
    CHECK_EQ(make_pool(&m, untyped, dest), SEL4_REVOKE_FIRST);
    CHECK_EQ(cap_revoke(&m, untyped), SEL4_NO_ERROR);
    CHECK_EQ(INVOKE(&m, CONTROL, METHOD_X86_ASID_CONTROL_MAKE_POOL,
                    WORDS(dest, 65), CAPS(untyped, ROOT)),
             SEL4_RANGE_ERROR);
    CHECK_EQ(INVOKE(&m, CONTROL, METHOD_X86_ASID_CONTROL_MAKE_POOL,
                    WORDS(dest, 64), CAPS(untyped, untyped)),
             SEL4_FAILED_LOOKUP);
    CHECK_EQ(make_pool(&m, untyped, used), SEL4_DELETE_FIRST);
    CHECK_EQ(m.k->h.asid_table[1], 0);

    CHECK_EQ(make_pool(&m, untyped, dest), SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.asid_table[1], object_of(&m, untyped));
    CHECK_EQ(object_of(&m, dest), object_of(&m, untyped));
    machine_free(&m);
}

/* What an untyped held before must not be taken for ASIDs. */
static void a_pool_begins_empty(void)
{
    struct machine m = machine_new();
    word untyped = object_new(&m, OBJECT_UNTYPED, 12);
    word frame = m.next_slot++, pool = m.next_slot++;

    CHECK_EQ(retype(&m, untyped, OBJECT_PAGE, 0, frame), SEL4_NO_ERROR);
    memset(kernel_memory(m.k, object_of(&m, frame)), 0xff, 4096);
    CHECK_EQ(cap_delete(&m, frame), SEL4_NO_ERROR);
    CHECK_EQ(make_pool(&m, untyped, pool), SEL4_NO_ERROR);
    CHECK_EQ(assign(&m, pool, object_new(&m, OBJECT_PML4, 0)), SEL4_NO_ERROR);
    /* and the untyped memory is in use now */
    CHECK_EQ(retype(&m, untyped, OBJECT_ENDPOINT, 0, m.next_slot),
             SEL4_NOT_ENOUGH_MEMORY);
    CHECK_WORD(&m, 0, 0);
    machine_free(&m);
}

static void a_pool_has_512_asids_but_the_first(void)
{
    struct machine m = machine_new();
    word base = m.next_slot;
    word second;

    m.k->h.config.check = 0; /* once at the end is enough */
    for (int i = 2; i < 512; i++)
        vspace_new(&m);
    m.k->h.config.check = 1;
    CHECK_EQ(assign(&m, POOL, object_new(&m, OBJECT_PML4, 0)),
             SEL4_DELETE_FIRST);
    CHECK_REASON(&m, REASON_ASID_POOL_FULL);
    CHECK_EQ(cap_delete(&m, base + 7), SEL4_NO_ERROR);
    second = object_new(&m, OBJECT_PML4, 0);
    CHECK_EQ(assign(&m, POOL, second), SEL4_NO_ERROR);
    CHECK_EQ(slot_of(&m, second)->cap.pml4.asid, 9); /* the one that is free */
    machine_free(&m);
}

static void each_assign_check_refuses_in_its_order(void)
{
    struct machine m = machine_new();
    word pool = pool_new(&m);
    word pml4 = object_new(&m, OBJECT_PML4, 0);
    word copy = m.next_slot++;

    CHECK_EQ(INVOKE_PLAIN(&m, pool, METHOD_X86_ASID_CONTROL_MAKE_POOL),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(INVOKE_PLAIN(&m, pool, METHOD_X86_ASID_POOL_ASSIGN),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(assign(&m, pool, ROOT), SEL4_INVALID_CAPABILITY);
    CHECK_WORD(&m, 0, 1);
    CHECK_REASON(&m, REASON_ASID_NOT_PML4);
    CHECK_EQ(assign(&m, pool, pml4), SEL4_NO_ERROR);
    CHECK_EQ(assign(&m, POOL, pml4), SEL4_INVALID_CAPABILITY);
    CHECK_WORD(&m, 0, 1);
    CHECK_REASON(&m, REASON_ASID_ASSIGNED);
    CHECK_EQ(cap_copy(&m, copy, pool, RIGHT_ALL), SEL4_NO_ERROR);
    CHECK_EQ(cap_delete(&m, pool), SEL4_NO_ERROR);
    CHECK(m.k->h.asid_table[1] != 0); /* a copy is left */
    CHECK_EQ(assign(&m, copy, object_new(&m, OBJECT_PML4, 0)), SEL4_NO_ERROR);
    machine_free(&m);
}

static void a_vspace_without_its_pool_is_of_no_use(void)
{
    struct machine m = machine_new();
    word pool = pool_new(&m);
    word pml4 = object_new(&m, OBJECT_PML4, 0);
    word pdpt = object_new(&m, OBJECT_PDPT, 0);
    word frame = object_new(&m, OBJECT_PAGE, 0);

    CHECK_EQ(assign(&m, pool, pml4), SEL4_NO_ERROR);
    CHECK_EQ(map_pdpt(&m, pdpt, pml4, BASE), SEL4_NO_ERROR);
    CHECK_EQ(cap_delete(&m, pool), SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.asid_table[1], 0);
    CHECK_EQ(look(&m, pml4, BASE).bits, 39); /* the tables are not reached */
    CHECK_EQ(page_map(&m, frame, pml4, BASE, RW), SEL4_FAILED_LOOKUP);
    CHECK_WORDS(&m, 2);
    CHECK_WORD(&m, 0, 0);
    CHECK_WORD(&m, 1, SEL4_LOOKUP_INVALID_ROOT);
    CHECK_REASON(&m, REASON_VSPACE_NO_ASID);
    CHECK_EQ(assign(&m, POOL, pml4), SEL4_INVALID_CAPABILITY);
    CHECK_EQ(INVOKE_PLAIN(&m, pdpt, METHOD_X86_PDPT_UNMAP), SEL4_NO_ERROR);

    /* another pool takes the same ASIDs; the old vspace is not in it */
    pool = pool_new(&m);
    CHECK_EQ(slot_of(&m, pool)->cap.asid_pool.base, 512);
    CHECK_EQ(assign(&m, pool, object_new(&m, OBJECT_PML4, 0)), SEL4_NO_ERROR);
    CHECK_EQ(page_map(&m, frame, pml4, BASE, RW), SEL4_INVALID_CAPABILITY);
    CHECK_WORD(&m, 0, 1);
    CHECK_REASON(&m, REASON_VSPACE_OTHER_ASID);
    CHECK_EQ(cap_delete(&m, pml4), SEL4_NO_ERROR);
    CHECK(*(word *)kernel_memory(m.k, object_of(&m, pool)) != 0);
    machine_free(&m);
}

/* The capability of a pool whose place was taken by another one. */
static void a_pool_that_was_destroyed_under_a_capability(void)
{
    struct machine m = machine_new();
    word untyped = object_new(&m, OBJECT_UNTYPED, 12);
    word pool = m.next_slot++;

    CHECK_EQ(make_pool(&m, untyped, pool), SEL4_NO_ERROR);
    m.k->h.config.check = 0; /* no invocation leads there */
    m.k->h.asid_table[1] = 0;
    CHECK_EQ(assign(&m, pool, object_new(&m, OBJECT_PML4, 0)),
             SEL4_FAILED_LOOKUP);
    CHECK_WORDS(&m, 2);
    CHECK_WORD(&m, 0, 0);
    CHECK_WORD(&m, 1, SEL4_LOOKUP_INVALID_ROOT);
    CHECK_REASON(&m, REASON_ASID_POOL_GONE);
    m.k->h.asid_table[1] = m.k->h.asid_table[0];
    CHECK_EQ(assign(&m, pool, object_new(&m, OBJECT_PML4, 0)),
             SEL4_INVALID_CAPABILITY);
    CHECK_WORD(&m, 0, 0);
    CHECK_REASON(&m, REASON_ASID_POOL_OTHER);
    machine_free(&m);
}

TESTS(TEST(the_first_vspace_has_asid_1), TEST(seven_more_pools_can_be_made),
      TEST(each_make_pool_check_refuses_in_its_order),
      TEST(a_pool_begins_empty), TEST(a_pool_has_512_asids_but_the_first),
      TEST(each_assign_check_refuses_in_its_order),
      TEST(a_vspace_without_its_pool_is_of_no_use),
      TEST(a_pool_that_was_destroyed_under_a_capability))
