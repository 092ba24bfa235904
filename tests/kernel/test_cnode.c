/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operations on CNodes, each with its refusals in the order of the checks
 * (kernel/cnode.c, kernel/cdt.c).
 */
#include "harness.h"

static void a_copy_has_no_more_rights_than_asked_for(void)
{
    struct machine m = machine_new();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    word a = slot_new(&m), b = slot_new(&m);

    CHECK_EQ(cap_copy(&m, a, ep, RIGHT_READ | RIGHT_GRANT), SEL4_NO_ERROR);
    CHECK_EQ(slot_of(&m, a)->cap.endpoint.rights, RIGHT_READ | RIGHT_GRANT);
    CHECK_EQ(cap_copy(&m, b, a, RIGHT_ALL), SEL4_NO_ERROR);
    CHECK_EQ(slot_of(&m, b)->cap.endpoint.rights, RIGHT_READ | RIGHT_GRANT);
    machine_free(&m);
}

static void copy_checks_in_order(void)
{
    struct machine m = machine_new();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    word used = object_new(&m, OBJECT_ENDPOINT, 0);
    word empty = slot_new(&m);

    /* Too short; the slot named does not matter then. */
    CHECK_EQ(INVOKE(&m, ROOT, METHOD_CNODE_COPY, WORDS(used)),
             SEL4_TRUNCATED_MESSAGE);
    /* A bad destination, before the other words are missed. */
    CHECK_EQ(INVOKE(&m, ROOT, METHOD_CNODE_COPY, WORDS(used, 65)),
             SEL4_RANGE_ERROR);
    CHECK_EQ(INVOKE(&m, ROOT, METHOD_CNODE_COPY, WORDS(used, 64, ep),
                    CAPS(ROOT)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(INVOKE(&m, ROOT, METHOD_CNODE_COPY, WORDS(used, 64, ep, 64, 15)),
             SEL4_TRUNCATED_MESSAGE);
    /* A used destination, before a bad source. */
    CHECK_EQ(INVOKE(&m, ROOT, METHOD_CNODE_COPY, WORDS(used, 64, ep, 65, 15),
                    CAPS(ROOT)),
             SEL4_DELETE_FIRST);
    CHECK_EQ(INVOKE(&m, ROOT, METHOD_CNODE_COPY, WORDS(empty, 64, ep, 65),
                    CAPS(ROOT)),
             SEL4_RANGE_ERROR);
    /* A bad source, before the rights are missed. */
    CHECK_EQ(INVOKE(&m, ROOT, METHOD_CNODE_COPY, WORDS(empty, 64, ep, 64),
                    CAPS(ROOT)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK(slot_is_empty(&m, empty));
    machine_free(&m);
}

static void a_method_of_another_object_is_illegal(void)
{
    struct machine m = machine_new();

    CHECK_EQ(INVOKE_PLAIN(&m, ROOT, METHOD_TCB_SUSPEND),
             SEL4_ILLEGAL_OPERATION);
    trap(&m, m.caller, SYS_CALL, ROOT, MESSAGE(12345));
    CHECK_EQ(got_label(&m, m.caller), SEL4_ILLEGAL_OPERATION);
    machine_free(&m);
}

static void a_badge_is_set_once(void)
{
    struct machine m = machine_new();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    word a = slot_new(&m), b = slot_new(&m), c = slot_new(&m);

    CHECK_EQ(cap_mint(&m, a, ep, RIGHT_ALL, 0), SEL4_NO_ERROR);
    CHECK_EQ(cap_mint(&m, b, a, RIGHT_ALL, 5), SEL4_NO_ERROR);
    CHECK_EQ(slot_of(&m, b)->cap.endpoint.badge, 5);
    CHECK_EQ(cap_mint(&m, c, b, RIGHT_ALL, 5), SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(cap_mint(&m, c, b, RIGHT_ALL, 0), SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(m.k->h.error.reason, REASON_CAP_DATA_ENDPOINT);
    CHECK_EQ(cap_copy(&m, c, b, RIGHT_ALL), SEL4_NO_ERROR);
    CHECK_EQ(slot_of(&m, c)->cap.endpoint.badge, 5);
    machine_free(&m);
}

static void endpoints_cannot_be_mutated(void)
{
    struct machine m = machine_new();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    word to = slot_new(&m);

    CHECK_EQ(cap_mutate(&m, to, ep, 5), SEL4_ILLEGAL_OPERATION);
    CHECK(slot_is_empty(&m, to));
    CHECK(!slot_is_empty(&m, ep));
    machine_free(&m);
}

static void a_guard_and_radix_of_more_than_64_bits_are_refused(void)
{
    struct machine m = machine_new();
    word cnode = object_new(&m, OBJECT_CNODE, 4);
    word a = slot_new(&m), b = slot_new(&m);

    CHECK_EQ(cap_mint(&m, a, cnode, RIGHT_ALL, 61), SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(m.k->h.error.reason, REASON_CAP_DATA_GUARD);
    CHECK_EQ(cap_mint(&m, a, cnode, RIGHT_ALL, 0xffff << 6 | 8), SEL4_NO_ERROR);
    CHECK_EQ(slot_of(&m, a)->cap.cnode.guard, 0xff);
    CHECK_EQ(slot_of(&m, a)->cap.cnode.guard_size, 8);
    CHECK_EQ(cap_mutate(&m, b, a, 60), SEL4_NO_ERROR);
    CHECK_EQ(slot_of(&m, b)->cap.cnode.guard_size, 60);
    CHECK(slot_is_empty(&m, a));
    machine_free(&m);
}

static void mint_ignores_data_where_there_is_nothing_to_set(void)
{
    struct machine m = machine_new();
    word to = slot_new(&m);

    CHECK_EQ(cap_mint(&m, to, SEL4_CAP_INIT_THREAD_TCB, 0, 99), SEL4_NO_ERROR);
    CHECK_EQ(slot_of(&m, to)->cap.type, CAP_THREAD);
    machine_free(&m);
}

static void control_capabilities_cannot_be_copied_but_moved(void)
{
    struct machine m = machine_new();
    word a = slot_new(&m), b = slot_new(&m);

    CHECK_EQ(cap_copy(&m, a, SEL4_CAP_IRQ_CONTROL, RIGHT_ALL),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(m.k->h.error.reason, REASON_CAP_NOT_COPYABLE);
    CHECK_EQ(cap_copy(&m, a, SEL4_CAP_IO_PORT_CONTROL, RIGHT_ALL),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(cap_copy(&m, a, SEL4_CAP_DOMAIN, RIGHT_ALL), SEL4_NO_ERROR);
    CHECK_EQ(cap_move(&m, b, SEL4_CAP_IRQ_CONTROL), SEL4_NO_ERROR);
    CHECK(slot_is_empty(&m, SEL4_CAP_IRQ_CONTROL));
    CHECK_EQ(slot_of(&m, b)->cap.type, CAP_IRQ_CONTROL);
    machine_free(&m);
}

static void revoking_a_copy_removes_nothing_and_the_original_all(void)
{
    struct machine m = machine_new();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    word copy = slot_new(&m), second = slot_new(&m), badged = slot_new(&m);
    word third = slot_new(&m);

    CHECK_EQ(cap_copy(&m, copy, ep, RIGHT_ALL), SEL4_NO_ERROR);
    CHECK_EQ(cap_copy(&m, second, copy, RIGHT_ALL), SEL4_NO_ERROR);
    CHECK_EQ(cap_mint(&m, badged, copy, RIGHT_ALL, 3), SEL4_NO_ERROR);
    CHECK_EQ(cap_copy(&m, third, badged, RIGHT_ALL), SEL4_NO_ERROR);

    CHECK_EQ(cap_revoke(&m, copy), SEL4_NO_ERROR);
    CHECK(!slot_is_empty(&m, second));
    CHECK_EQ(cap_revoke(&m, badged), SEL4_NO_ERROR);
    CHECK(slot_is_empty(&m, third));
    CHECK(!slot_is_empty(&m, second));
    CHECK_EQ(cap_revoke(&m, ep), SEL4_NO_ERROR);
    CHECK(slot_is_empty(&m, copy));
    CHECK(slot_is_empty(&m, second));
    CHECK(slot_is_empty(&m, badged));
    CHECK(!slot_is_empty(&m, ep));
    machine_free(&m);
}

static void equal_badges_minted_apart_are_revoked_apart(void)
{
    struct machine m = machine_new();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    word a = slot_new(&m), b = slot_new(&m), of_a = slot_new(&m);

    CHECK_EQ(cap_mint(&m, a, ep, RIGHT_ALL, 3), SEL4_NO_ERROR);
    CHECK_EQ(cap_mint(&m, b, ep, RIGHT_ALL, 3), SEL4_NO_ERROR);
    CHECK_EQ(cap_copy(&m, of_a, a, RIGHT_ALL), SEL4_NO_ERROR);
    CHECK_EQ(cap_revoke(&m, b), SEL4_NO_ERROR);
    CHECK(!slot_is_empty(&m, a));
    CHECK(!slot_is_empty(&m, of_a));
    CHECK_EQ(cap_revoke(&m, a), SEL4_NO_ERROR);
    CHECK(slot_is_empty(&m, of_a));
    machine_free(&m);
}

static word rotate(struct machine *m, word dest, word pivot, word source)
{
    return INVOKE(m, ROOT, METHOD_CNODE_ROTATE,
                  WORDS(dest, 64, 0, pivot, 64, 0, source, 64),
                  CAPS(ROOT, ROOT));
}

static void rotate_moves_three_slots_or_swaps_two(void)
{
    struct machine m = machine_new();
    word a = object_new(&m, OBJECT_TCB, 0);
    word b = object_new(&m, OBJECT_TCB, 0);
    word c = slot_new(&m);
    paddr pa = object_of(&m, a), pb = object_of(&m, b);

    CHECK_EQ(rotate(&m, c, b, a), SEL4_NO_ERROR);
    CHECK(slot_is_empty(&m, a));
    CHECK_EQ(object_of(&m, b), pa);
    CHECK_EQ(object_of(&m, c), pb);
    /* Neighbours in the derivation tree change places. */
    CHECK_EQ(rotate(&m, b, c, b), SEL4_NO_ERROR);
    CHECK_EQ(object_of(&m, b), pb);
    CHECK_EQ(object_of(&m, c), pa);
    CHECK_EQ(rotate(&m, c, b, c), SEL4_NO_ERROR);
    CHECK_EQ(object_of(&m, b), pa);
    CHECK_EQ(object_of(&m, c), pb);
    CHECK_EQ(cap_revoke(&m, m.untyped), SEL4_NO_ERROR);
    CHECK(slot_is_empty(&m, b));
    CHECK(slot_is_empty(&m, c));
    machine_free(&m);
}

static void rotate_checks_in_order(void)
{
    struct machine m = machine_new();
    word a = object_new(&m, OBJECT_TCB, 0);
    word b = object_new(&m, OBJECT_TCB, 0);
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    word e1 = slot_new(&m), e2 = slot_new(&m);

    CHECK_EQ(INVOKE(&m, ROOT, METHOD_CNODE_ROTATE,
                    WORDS(e1, 64, 0, b, 64, 0, a), CAPS(ROOT, ROOT)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(INVOKE(&m, ROOT, METHOD_CNODE_ROTATE,
                    WORDS(e1, 64, 0, b, 64, 0, a, 64), CAPS(ROOT)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(rotate(&m, e1, e2, e2), SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(rotate(&m, e1, e1, a), SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(rotate(&m, ep, b, a), SEL4_DELETE_FIRST);
    CHECK_EQ(rotate(&m, e1, b, e2), SEL4_FAILED_LOOKUP);
    CHECK_EQ(got_word(&m, m.caller, 0), 1);
    CHECK_EQ(rotate(&m, e1, e2, a), SEL4_FAILED_LOOKUP);
    CHECK_EQ(got_word(&m, m.caller, 0), 0);
    CHECK_EQ(rotate(&m, e1, b, ep), SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(rotate(&m, e1, ep, a), SEL4_ILLEGAL_OPERATION);
    CHECK(!slot_is_empty(&m, a));
    machine_free(&m);
}

TESTS(TEST(a_copy_has_no_more_rights_than_asked_for),
      TEST(copy_checks_in_order), TEST(a_method_of_another_object_is_illegal),
      TEST(a_badge_is_set_once), TEST(endpoints_cannot_be_mutated),
      TEST(a_guard_and_radix_of_more_than_64_bits_are_refused),
      TEST(mint_ignores_data_where_there_is_nothing_to_set),
      TEST(control_capabilities_cannot_be_copied_but_moved),
      TEST(revoking_a_copy_removes_nothing_and_the_original_all),
      TEST(equal_badges_minted_apart_are_revoked_apart),
      TEST(rotate_moves_three_slots_or_swaps_two), TEST(rotate_checks_in_order))
