/* SPDX-License-Identifier: BSD-2-Clause */
/* ASID pools: making them, assigning address spaces, and their end. */
#include "transcript.h"

#define POOL seL4_CapInitThreadASIDPool
#define CONTROL seL4_CapASIDControl
#define BASE FREE
#define V 0x10000000000ul

static void assigning(void)
{
    seL4_CPtr space = make(seL4_X64_PML4Object, 0);
    seL4_CPtr pdpt = make(seL4_X86_PDPTObject, 0);

    say("assigning");
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE, 64, space, 64, ALL);
    INVOKE(POOL, X86ASIDPoolAssign, NONE);
    INVOKE(POOL, X86ASIDPoolAssign, CAPS(0));
    INVOKE(POOL, X86ASIDPoolAssign, CAPS(pdpt));
    INVOKE(POOL, X86ASIDPoolAssign, CAPS(ROOT));
    INVOKE(POOL, X86ASIDPoolAssign, CAPS(VSPACE));
    INVOKE(POOL, X86ASIDPoolAssign, CAPS(space));
    INVOKE(POOL, X86ASIDPoolAssign, CAPS(space));
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE, 64, space, 64, ALL);
    INVOKE(POOL, X86ASIDPoolAssign, CAPS(BASE));
    INVOKE(pdpt, X86PDPTMap, CAPS(BASE), V, 0);
    INVOKE(ROOT, CNodeDelete, NONE, space, 64);
    INVOKE(pdpt, X86PDPTUnmap, NONE);
    INVOKE(pdpt, X86PDPTMap, CAPS(BASE), V, 0);
    INVOKE(ROOT, CNodeDelete, NONE, BASE, 64);
    INVOKE(pdpt, X86PDPTMap, CAPS(VSPACE), V, 0);
    INVOKE(pdpt, X86PDPTUnmap, NONE);
    INVOKE(POOL, InvalidInvocation, NONE);
    INVOKE(POOL, X86ASIDControlMakePool, NONE);
}

static void making_pools(void)
{
    seL4_CPtr ut = memory(12), small = memory(11), used = memory(12);

    say("making pools");
    INVOKE(used, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, 0, 0,
           BASE + 9, 1);
    INVOKE(CONTROL, X86ASIDControlMakePool, NONE, BASE, 64);
    INVOKE(CONTROL, X86ASIDControlMakePool, CAPS(ut), BASE, 64);
    INVOKE(CONTROL, X86ASIDControlMakePool, CAPS(ut, ROOT), BASE);
    INVOKE(CONTROL, X86ASIDControlMakePool, CAPS(ROOT, ROOT), BASE, 64);
    INVOKE(CONTROL, X86ASIDControlMakePool, CAPS(small, ROOT), BASE, 64);
    INVOKE(CONTROL, X86ASIDControlMakePool, CAPS(used, ROOT), BASE, 64);
    INVOKE(CONTROL, X86ASIDControlMakePool, CAPS(ut, ut), BASE, 64);
    INVOKE(CONTROL, X86ASIDControlMakePool, CAPS(ut, ROOT), BASE, 65);
    INVOKE(CONTROL, X86ASIDControlMakePool, CAPS(ut, ROOT), BASE, 60);
    INVOKE(CONTROL, X86ASIDControlMakePool, CAPS(ut, ROOT), ut, 64);
    INVOKE(CONTROL, InvalidInvocation, NONE);
    INVOKE(CONTROL, X86ASIDPoolAssign, CAPS(VSPACE));
    INVOKE(CONTROL, X86ASIDControlMakePool, CAPS(ut, ROOT), BASE, 64);
    SLOTS(BASE, 1);
    INVOKE(CONTROL, X86ASIDControlMakePool, CAPS(ut, ROOT), BASE + 1, 64);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, 0, 0,
           BASE + 1, 1);
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE + 1, 64, BASE, 64, ALL);
    INVOKE(ROOT, CNodeRevoke, NONE, BASE, 64);
    SLOTS(BASE, 2);
    INVOKE(ROOT, CNodeRevoke, NONE, ut, 64);
    SLOTS(BASE, 2);
    say("as many as there are");
    for (seL4_Word i = 0; i < 9; i++)
        INVOKE(CONTROL, X86ASIDControlMakePool, CAPS(memory(12), ROOT),
               BASE + i, 64);
    SLOTS(BASE, 9);
    say("one goes, another comes");
    INVOKE(ROOT, CNodeDelete, NONE, BASE + 3, 64);
    INVOKE(CONTROL, X86ASIDControlMakePool, CAPS(memory(12), ROOT), BASE + 3,
           64);
    INVOKE(CONTROL, X86ASIDControlMakePool, CAPS(memory(12), ROOT), BASE + 8,
           64);
}

static void deleted_pools(void)
{
    seL4_CPtr space = make(seL4_X64_PML4Object, 0);
    seL4_CPtr later = make(seL4_X64_PML4Object, 0);
    seL4_CPtr pdpt = make(seL4_X86_PDPTObject, 0), saved;

    say("a pool is deleted");
    INVOKE(BASE + 1, X86ASIDPoolAssign, CAPS(space));
    INVOKE(pdpt, X86PDPTMap, CAPS(space), V, 0);
    saved = copy(BASE + 1, ALL);
    INVOKE(ROOT, CNodeDelete, NONE, BASE + 1, 64);
    INVOKE(saved, X86ASIDPoolAssign, CAPS(later));
    INVOKE(ROOT, CNodeDelete, NONE, saved, 64);
    INVOKE(pdpt, X86PDPTUnmap, NONE);
    INVOKE(pdpt, X86PDPTMap, CAPS(space), V, 0);
    INVOKE(pdpt, X86PDPTMap, CAPS(later), V, 0);
    INVOKE(BASE + 2, X86ASIDPoolAssign, CAPS(space));
    INVOKE(BASE + 2, X86ASIDPoolAssign, CAPS(later));
    say("its ASIDs are used again");
    INVOKE(CONTROL, X86ASIDControlMakePool, CAPS(memory(12), ROOT), BASE + 1,
           64);
    INVOKE(BASE + 1, X86ASIDPoolAssign, CAPS(make(seL4_X64_PML4Object, 0)));
    INVOKE(pdpt, X86PDPTMap, CAPS(space), V, 0);
    INVOKE(ROOT, CNodeDelete, NONE, space, 64);
}

static void a_full_pool(void)
{
    seL4_Word made = 0, error = 0;

    say("a full pool");
    while (!error) {
        seL4_CPtr space = make(seL4_X64_PML4Object, 0);

        error = QUIETLY(BASE + 4, X86ASIDPoolAssign, CAPS(space));
        made += !error;
    }
    say("%u, then %s", made, error_name(error));
    INVOKE(ROOT, CNodeDelete, NONE, next_slot - 3, 64);
    INVOKE(BASE + 4, X86ASIDPoolAssign, CAPS(next_slot - 1));
    INVOKE(ROOT, CNodeDelete, NONE, BASE + 4, 64);
}

int main(void)
{
    assigning();
    making_pools();
    deleted_pools();
    a_full_pool();
    return 0;
}
