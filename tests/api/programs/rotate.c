/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rotate: three slots in three CNodes, in one, and two that change places;
 * what becomes of guards, badges and the derivation tree.
 */
#include "transcript.h"

static seL4_CPtr a, b, c, ep, thing, memory_cap, node;

static void fill(void)
{
    for (seL4_Word i = 0; i < 16; i++) {
        QUIETLY(a, CNodeDelete, NONE, i, 4);
        QUIETLY(b, CNodeDelete, NONE, i, 4);
        QUIETLY(c, CNodeDelete, NONE, i, 4);
    }
    QUIETLY(b, CNodeCopy, CAPS(ROOT), 2, 4, thing, 64, ALL);
    QUIETLY(c, CNodeCopy, CAPS(ROOT), 3, 4, node, 64, ALL);
}

/* Kinds of capabilities: they are moved to the root CNode, looked at there,
 * and put back. */
static void look(void)
{
    const seL4_Word place[][2] = { { a, 1 }, { b, 2 }, { c, 3 } };

    put("| slots:");
    for (size_t i = 0; i < COUNT(place); i++) {
        QUIETLY(ROOT, CNodeMove, CAPS(place[i][0]), FREE, 64, place[i][1], 4);
        put(" %u", (seL4_Word)seL4_DebugCapIdentify(FREE));
        QUIETLY(place[i][0], CNodeMove, CAPS(ROOT), place[i][1], 4, FREE, 64);
    }
    put("\n");
}

static void three_cnodes(void)
{
    say("destination in one CNode, pivot in the second, source in the third");
    fill();
    INVOKE(a, CNodeRotate, CAPS(b, c), 1, 4, 0, 2, 4, 5, 3, 4);
    look();
    say("the pivot is a CNode, and gets another guard");
    fill();
    INVOKE(a, CNodeRotate, CAPS(c, b), 1, 4, 5, 3, 4, 0, 2, 4);
    look();
    say("a guard that is too long");
    fill();
    INVOKE(a, CNodeRotate, CAPS(c, b), 1, 4, 62, 3, 4, 0, 2, 4);
    INVOKE(a, CNodeRotate, CAPS(b, c), 1, 4, 0, 2, 4, 62, 3, 4);
    say("data that means nothing");
    fill();
    INVOKE(a, CNodeRotate, CAPS(c, b), 1, 4, 5, 3, 4, 7, 2, 4);
    INVOKE(a, CNodeRotate, CAPS(b, c), 1, 4, 7, 2, 4, 5, 3, 4);
    look();
}

static void refusals(void)
{
    say("refusals, in the order of the checks");
    fill();
    INVOKE(a, CNodeRotate, CAPS(b, c), 1, 4, 0, 2, 4, 5, 3);
    INVOKE(a, CNodeRotate, CAPS(b), 1, 4, 0, 2, 4, 5, 3, 4);
    INVOKE(a, CNodeRotate, CAPS(b, c), 1, 65, 0, 2, 65, 5, 3, 65);
    INVOKE(a, CNodeRotate, CAPS(ep, ep), 1, 4, 0, 2, 4, 5, 3, 4);
    INVOKE(a, CNodeRotate, CAPS(b, ep), 1, 4, 0, 2, 4, 5, 3, 4);
    INVOKE(a, CNodeRotate, CAPS(ep, c), 1, 4, 0, 2, 4, 5, 3, 4);
    INVOKE(a, CNodeRotate, CAPS(b, c), 1, 4, 0, 2, 65, 5, 3, 65);
    INVOKE(a, CNodeRotate, CAPS(b, c), 1, 4, 0, 2, 65, 5, 3, 4);
    INVOKE(a, CNodeRotate, CAPS(b, c), 1, 4, 0, 2, 3, 5, 3, 5);
    INVOKE(b, CNodeRotate, CAPS(b, c), 2, 4, 0, 2, 4, 5, 3, 4);
    INVOKE(a, CNodeRotate, CAPS(c, c), 1, 4, 0, 3, 4, 5, 3, 4);
    INVOKE(a, CNodeRotate, CAPS(c, c), 1, 4, 0, 0, 4, 5, 0, 4);
    INVOKE(c, CNodeRotate, CAPS(b, c), 3, 4, 0, 2, 4, 5, 0, 4);
    INVOKE(a, CNodeRotate, CAPS(b, c), 1, 4, 0, 0, 4, 5, 1, 4);
    INVOKE(a, CNodeRotate, CAPS(b, c), 1, 4, 0, 0, 4, 5, 3, 4);
    look();
}

static void two_places(void)
{
    say("source and destination are the same: two change places");
    fill();
    INVOKE(c, CNodeRotate, CAPS(b, c), 3, 4, 0, 2, 4, 5, 3, 4);
    look();
    INVOKE(c, CNodeRotate, CAPS(b, c), 3, 4, 6, 2, 4, 0, 3, 4);
    look();
    say("an empty pivot");
    INVOKE(c, CNodeRotate, CAPS(a, c), 3, 4, 0, 1, 4, 0, 3, 4);
    INVOKE(a, CNodeRotate, CAPS(c, a), 1, 4, 0, 3, 4, 0, 1, 4);
    look();
}

static void endpoints(void)
{
    say("an endpoint cannot be rotated");
    fill();
    INVOKE(a, CNodeRotate, CAPS(ROOT, c), 1, 4, 0, ep, 64, 0, 3, 4);
    INVOKE(a, CNodeRotate, CAPS(c, ROOT), 1, 4, 0, 3, 4, 0, ep, 64);
}

static void tree(void)
{
    say("a parent is rotated away from its children");
    fill();
    INVOKE(memory_cap, UntypedRetype, CAPS(b), seL4_EndpointObject, 0, 0, 0, 5,
           1);
    INVOKE(a, CNodeRotate, CAPS(ROOT, c), 1, 4, 0, memory_cap, 64, 0, 3, 4);
    look();
    INVOKE(b, CNodeCopy, CAPS(a), 6, 4, 1, 4, ALL);
    INVOKE(ROOT, CNodeRevoke, NONE, memory_cap, 64);
    INVOKE(b, CNodeCopy, CAPS(b), 6, 4, 5, 4, ALL);
    INVOKE(a, CNodeRevoke, NONE, 1, 4);
    INVOKE(b, CNodeCopy, CAPS(b), 7, 4, 5, 4, ALL);
    INVOKE(b, CNodeCopy, CAPS(a), 6, 4, 1, 4, ALL);
    say("a child is rotated; its parent is revoked");
    INVOKE(a, CNodeDelete, NONE, 1, 4);
    memory_cap = memory(12);
    INVOKE(memory_cap, UntypedRetype, CAPS(b), seL4_UntypedObject, 5, 0, 0, 5,
           1);
    INVOKE(c, CNodeRotate, CAPS(b, ROOT), 8, 4, 0, 5, 4, 0, memory_cap, 64);
    INVOKE(b, CNodeRevoke, NONE, 5, 4);
    INVOKE(ROOT, CNodeMove, CAPS(c), FREE, 64, 8, 4);
    SLOTS(FREE, 1);
}

int main(void)
{
    a = make(seL4_CapTableObject, 4);
    b = make(seL4_CapTableObject, 4);
    c = make(seL4_CapTableObject, 4);
    ep = make(seL4_EndpointObject, 0);
    node = make(seL4_CapTableObject, 3);
    thing = make(seL4_TCBObject, 0);
    memory_cap = memory(12);
    three_cnodes();
    refusals();
    two_places();
    endpoints();
    tree();
    return 0;
}
