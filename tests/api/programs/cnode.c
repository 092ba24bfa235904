/* SPDX-License-Identifier: BSD-2-Clause */
/* CNode operations: Copy, Mint, Move, Mutate, Rotate, Delete, Revoke. */
#include "as_classic.h"

#define BASE FREE

static seL4_CPtr ep, node, ntfn;

static void copy_and_mint(void)
{
    seL4_CPtr badged = mint(ep, ALL, 0x77);

    say("Copy and Mint");
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE, 64, ep, 64, ALL);
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE, 64, ep, 64, ALL);
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE + 1, 64, BASE + 9, 64, ALL);
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE, 64, BASE + 9, 64, ALL);
    INVOKE(ROOT, CNodeCopy, NONE, BASE + 1, 64, ep, 64, ALL);
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE + 1, 64, ep, 64);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE + 1, 64, ep, 64, ALL);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE + 1, 64, ep, 64, ALL, 5);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE + 2, 64, BASE + 1, 64, ALL, 5);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE + 2, 64, BASE + 1, 64, ALL, 0);
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE + 2, 64, BASE + 1, 64, ALL);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE + 3, 64, ep, 64, ALL, 0);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE + 4, 64, BASE + 3, 64, 0, 1);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE + 5, 64, BASE + 4, 64, ALL, 1);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE + 5, 64, ntfn, 64, ALL, -1ul);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE + 6, 64, BASE + 5, 64, ALL, 1);
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE + 6, 64, badged, 64, -1ul);
    INVOKE(ROOT, CNodeCopy, CAPS(ep), BASE + 7, 64, badged, 64, ALL);
    INVOKE(ROOT, CNodeCopy, CAPS(0), BASE + 7, 64, badged, 64, ALL);
    SLOTS(BASE, 9);
    for (seL4_CPtr i = 0; i < 9; i++)
        delete (BASE + i);
}

static void depths(void)
{
    static const seL4_Word deep[] = { 0,  1,  12, 13,  50,  51,  52,
                                      63, 64, 65, 128, 256, 320, -1ul };

    say("depths");
    for (size_t i = 0; i < COUNT(deep); i++) {
        say("depth %u", deep[i]);
        INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE, deep[i], ep, 64, ALL);
        delete (BASE);
        INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE, 64, ep, deep[i], ALL);
        delete (BASE);
        INVOKE(node, CNodeCopy, CAPS(ROOT), 3, deep[i], ep, 64, ALL);
        QUIETLY(node, CNodeDelete, NONE, 3, 4);
        INVOKE(ROOT, CNodeDelete, NONE, BASE, deep[i]);
        INVOKE(ROOT, CNodeRevoke, NONE, BASE, deep[i]);
        INVOKE(ROOT, CNodeSaveCaller, NONE, BASE, deep[i]);
        INVOKE(ROOT, CNodeCancelBadgedSends, NONE, ep, deep[i]);
    }
    say("paths through two CNodes");
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE, 64, node, 64, ALL,
           (0x5ul << 6) | 3);
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), 1, 64, ep, 64, ALL);
    INVOKE(BASE, CNodeCopy, CAPS(ROOT), 0x5a, 7, ep, 64, ALL);
    INVOKE(BASE, CNodeCopy, CAPS(ROOT), 0x4b, 7, ep, 64, ALL);
    INVOKE(BASE, CNodeCopy, CAPS(ROOT), 0x5b, 8, ep, 64, ALL);
    INVOKE(BASE, CNodeCopy, CAPS(ROOT), 0x5b, 6, ep, 64, ALL);
    INVOKE(BASE, CNodeCopy, CAPS(ROOT), 0x5b, 2, ep, 64, ALL);
    INVOKE(node, CNodeCopy, CAPS(BASE), 11, 4, 0x5a, 7, ALL);
    INVOKE(node, CNodeCopy, CAPS(node), 12, 4, 10, 4, ALL);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE + 1, 64, node, 64, ALL,
           (0x1ul << 6) | 61);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE + 1, 64, node, 64, ALL,
           (0x1ul << 6) | 60);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE + 2, 64, node, 64, ALL, -1ul);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE + 2, 64, BASE + 1, 64, ALL,
           (0x2ul << 6) | 2);
    INVOKE(BASE + 2, CNodeDelete, NONE, 0x2a, 6);
    INVOKE(BASE + 2, CNodeDelete, NONE, 0x2a, 6);
    INVOKE(BASE + 2, CNodeDelete, NONE, 0x1a, 6);
    for (int i = 0; i < 3; i++)
        delete (BASE + (seL4_CPtr)i);
    INVOKE(ROOT, CNodeRevoke, NONE, node, 64);
    for (seL4_Word i = 0; i < 16; i++)
        QUIETLY(node, CNodeDelete, NONE, i, 4);
}

static void move_and_mutate(void)
{
    seL4_CPtr badged = mint(ep, ALL, 0x77);

    say("Move and Mutate");
    INVOKE(ROOT, CNodeMove, CAPS(ROOT), BASE, 64, badged, 64);
    INVOKE(ROOT, CNodeMove, CAPS(ROOT), BASE, 64, badged, 64);
    INVOKE(ROOT, CNodeMove, CAPS(ROOT), BASE + 1, 64, badged, 64);
    INVOKE(ROOT, CNodeMove, CAPS(ROOT), BASE, 64, BASE, 64);
    INVOKE(ROOT, CNodeMove, CAPS(ROOT), BASE + 1, 64, BASE);
    INVOKE(ROOT, CNodeMutate, CAPS(ROOT), BASE + 1, 64, BASE, 64);
    INVOKE(ROOT, CNodeMutate, CAPS(ROOT), BASE + 1, 64, BASE, 64, 0x77);
    INVOKE(ROOT, CNodeMutate, CAPS(ROOT), BASE + 1, 64, ep, 64, 1);
    INVOKE(ROOT, CNodeMutate, CAPS(ROOT), BASE + 1, 64, ntfn, 64, 0);
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE + 1, 64, node, 64, ALL);
    INVOKE(ROOT, CNodeMutate, CAPS(ROOT), BASE + 2, 64, BASE + 1, 64,
           (0x3ul << 6) | 2);
    INVOKE(BASE + 2, CNodeCopy, CAPS(ROOT), 0x31, 6, ep, 64, ALL);
    INVOKE(BASE + 2, CNodeCopy, CAPS(ROOT), 0x21, 6, ep, 64, ALL);
    INVOKE(ROOT, CNodeMutate, CAPS(ROOT), BASE + 1, 64, BASE + 2, 64, -1ul);
    INVOKE(ROOT, CNodeMutate, CAPS(ROOT), BASE + 3, 64, BASE + 2, 64, 0);
    INVOKE(BASE + 3, CNodeDelete, NONE, 1, 4);
    SLOTS(BASE, 4);
    for (seL4_CPtr i = 0; i < 4; i++)
        delete (BASE + i);
}

static void rotate(void)
{
    say("Rotate");
    copy(ep, ALL);
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE, 64, ep, 64, ALL);
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE + 1, 64, ntfn, 64, ALL);
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE + 2, 64, node, 64, ALL);
    /* destination, pivot, source */
    INVOKE(ROOT, CNodeRotate, CAPS(ROOT, ROOT), BASE + 3, 64, 0, BASE, 64, 0,
           BASE + 1, 64);
    SLOTS(BASE, 4);
    INVOKE(ROOT, CNodeRotate, CAPS(ROOT, ROOT), BASE + 3, 64, 0, BASE, 64, 0,
           BASE + 2, 64);
    INVOKE(ROOT, CNodeRotate, CAPS(ROOT, ROOT), BASE + 3, 64, 0, BASE + 3, 64,
           0, BASE + 2, 64);
    INVOKE(ROOT, CNodeRotate, CAPS(ROOT, ROOT), BASE + 3, 64, 0, BASE + 2, 64,
           0, BASE + 2, 64);
    INVOKE(ROOT, CNodeRotate, CAPS(ROOT, ROOT), BASE + 1, 64, 0, BASE + 2, 64,
           0, BASE + 9, 64);
    INVOKE(ROOT, CNodeRotate, CAPS(ROOT, ROOT), BASE + 1, 64, 0, BASE + 9, 64,
           0, BASE + 2, 64);
    INVOKE(ROOT, CNodeRotate, CAPS(ROOT, ROOT), BASE + 9, 64, 0, BASE + 9, 64,
           0, BASE + 9, 64);
    say("source and destination are the same: exchange");
    INVOKE(ROOT, CNodeRotate, CAPS(ROOT, ROOT), BASE, 64, 0, BASE + 2, 64, 0,
           BASE, 64);
    SLOTS(BASE, 4);
    say("with data");
    INVOKE(ROOT, CNodeRotate, CAPS(ROOT, ROOT), BASE, 64, 1, BASE + 2, 64, 0,
           BASE, 64);
    INVOKE(ROOT, CNodeRotate, CAPS(ROOT, ROOT), BASE, 64, 0, BASE + 2, 64, 1,
           BASE, 64);
    INVOKE(ROOT, CNodeRotate, CAPS(ROOT, ROOT), BASE, 64, 0, BASE, 64, 1,
           BASE + 2, 64);
    INVOKE(ROOT, CNodeRotate, CAPS(ROOT, ROOT), BASE, 64, -1ul, BASE + 2, 64,
           -1ul, BASE, 64);
    SLOTS(BASE, 4);
    say("too short");
    INVOKE(ROOT, CNodeRotate, CAPS(ROOT), BASE, 64, 0, BASE + 2, 64, 0, BASE,
           64);
    INVOKE(ROOT, CNodeRotate, CAPS(ROOT, ROOT), BASE, 64, 0, BASE + 2, 64, 0,
           BASE);
    INVOKE(ROOT, CNodeRotate, CAPS(ep, ROOT), BASE, 64, 0, BASE + 2, 64, 0,
           BASE, 64);
    INVOKE(ROOT, CNodeRotate, CAPS(ROOT, ep), BASE, 64, 0, BASE + 2, 64, 0,
           BASE, 64);
    INVOKE(ROOT, CNodeRotate, CAPS(ROOT, ROOT), BASE, 60, 0, BASE + 2, 64, 0,
           BASE, 64);
    INVOKE(ROOT, CNodeRotate, CAPS(ROOT, ROOT), BASE, 64, 0, BASE + 2, 0, 0,
           BASE, 64);
    INVOKE(ROOT, CNodeRotate, CAPS(ROOT, ROOT), BASE, 64, 0, BASE + 2, 64, 0,
           BASE, 65);
    for (seL4_CPtr i = 0; i < 4; i++)
        delete (BASE + i);
}

static void delete_and_revoke(void)
{
    say("Delete and Revoke");
    INVOKE(ROOT, CNodeDelete, NONE, BASE, 64);
    INVOKE(ROOT, CNodeRevoke, NONE, BASE, 64);
    INVOKE(ROOT, CNodeDelete, NONE, BASE);
    INVOKE(ROOT, CNodeDelete, NONE);
    INVOKE(ROOT, CNodeRevoke, NONE, BASE);
    INVOKE(ROOT, CNodeDelete, NONE, 8192, 64);
    INVOKE(ROOT, CNodeDelete, NONE, -1ul, 64);
    INVOKE(ROOT, CNodeRevoke, NONE, 1ul << 63 | 1, 64);
    say("copies are siblings");
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE, 64, ep, 64, ALL);
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE + 1, 64, BASE, 64, ALL);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE + 2, 64, BASE, 64, ALL, 1);
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE + 3, 64, BASE + 2, 64, ALL);
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE + 4, 64, BASE + 3, 64, ALL);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE + 5, 64, ep, 64, ALL, 1);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE + 6, 64, ep, 64, ALL, 2);
    SLOTS(BASE, 7);
    INVOKE(ROOT, CNodeRevoke, NONE, BASE + 4, 64);
    SLOTS(BASE, 7);
    INVOKE(ROOT, CNodeRevoke, NONE, BASE + 1, 64);
    SLOTS(BASE, 7);
    INVOKE(ROOT, CNodeRevoke, NONE, BASE + 2, 64);
    SLOTS(BASE, 7);
    INVOKE(ROOT, CNodeRevoke, NONE, BASE, 64);
    SLOTS(BASE, 7);
    INVOKE(ROOT, CNodeRevoke, NONE, ep, 64);
    SLOTS(BASE, 7);
    SLOTS(ep, 1);
    say("a CNode that holds itself");
    INVOKE(node, CNodeCopy, CAPS(ROOT), 5, 4, node, 64, ALL);
    INVOKE(node, CNodeCopy, CAPS(ROOT), 6, 4, ep, 64, ALL);
    INVOKE(ROOT, CNodeRevoke, NONE, node, 64);
    INVOKE(node, CNodeCopy, CAPS(node), 7, 4, 5, 4, ALL);
    INVOKE(node, CNodeCopy, CAPS(ROOT), 5, 4, node, 64, ALL);
    INVOKE(ROOT, CNodeDelete, NONE, node, 64);
    SLOTS(node, 1);
    SLOTS(ep, 1);
}

static void cancel_badged_sends(void)
{
    seL4_CPtr e = make(seL4_EndpointObject, 0);
    seL4_CPtr badged = mint(e, ALL, 3), weak = mint(e, ALL - GRANT_REPLY, 3);
    seL4_CPtr n = mint(ntfn, ALL, 3);

    say("CancelBadgedSends");
    INVOKE(ROOT, CNodeCancelBadgedSends, NONE, e, 64);
    INVOKE(ROOT, CNodeCancelBadgedSends, NONE, badged, 64);
    INVOKE(ROOT, CNodeCancelBadgedSends, NONE, weak, 64);
    INVOKE(ROOT, CNodeCancelBadgedSends, NONE, n, 64);
    INVOKE(ROOT, CNodeCancelBadgedSends, NONE, BASE, 64);
    INVOKE(ROOT, CNodeCancelBadgedSends, NONE, ROOT, 64);
    INVOKE(ROOT, CNodeCancelBadgedSends, NONE, e);
    INVOKE(ROOT, CNodeCancelBadgedSends, NONE);
}

static void save_caller_and_others(void)
{
    say("SaveCaller");
    INVOKE(ROOT, CNodeSaveCaller, NONE, BASE, 64);
    SLOTS(BASE, 1);
    INVOKE(ROOT, CNodeSaveCaller, NONE, ntfn, 64);
    INVOKE(ROOT, CNodeSaveCaller, NONE, BASE);
    INVOKE(ROOT, CNodeSaveCaller, NONE, BASE, 13);
    say("methods of others");
    INVOKE(ROOT, UntypedRetype, CAPS(ROOT), 1, 0, 0, 0, BASE, 1);
    INVOKE(ROOT, TCBSuspend, NONE);
    INVOKE(ROOT, InvalidInvocation, NONE);
    INVOKE(ROOT, IRQIssueIRQHandler, NONE);
    INVOKE(BASE, CNodeDelete, NONE, 1, 64);
}

int main(void)
{
    ep = make(seL4_EndpointObject, 0);
    ntfn = make(seL4_NotificationObject, 0);
    node = make(seL4_CapTableObject, 4);
    copy_and_mint();
    depths();
    move_and_mutate();
    rotate();
    delete_and_revoke();
    cancel_badged_sends();
    save_caller_and_others();
    return 0;
}
