/* SPDX-License-Identifier: BSD-2-Clause */
/* Untyped memory and Retype: every refusal, and what memory is left. */
#include "transcript.h"

#define BASE FREE

static void every_kind_of_object(void)
{
    static const struct {
        const char *name;
        seL4_Word type, bits;
    } kinds[] = {
        { "Untyped 4", seL4_UntypedObject, 4 },
        { "Untyped 13", seL4_UntypedObject, 13 },
        { "TCB", seL4_TCBObject, 0 },
        { "Endpoint", seL4_EndpointObject, 0 },
        { "Notification", seL4_NotificationObject, 0 },
        { "CNode 1", seL4_CapTableObject, 1 },
        { "CNode 7", seL4_CapTableObject, 7 },
        { "Page", seL4_X86_4K, 0 },
        { "LargePage", seL4_X86_LargePageObject, 0 },
        { "PageTable", seL4_X86_PageTableObject, 0 },
        { "PageDirectory", seL4_X86_PageDirectoryObject, 0 },
        { "PDPT", seL4_X86_PDPTObject, 0 },
        { "PML4", seL4_X64_PML4Object, 0 },
        { "TCB with bits", seL4_TCBObject, 40 },
        { "Page with bits", seL4_X86_4K, 13 },
    };
    seL4_CPtr ut = memory(22);

    say("every kind of object");
    for (size_t i = 0; i < COUNT(kinds); i++) {
        say("%s", kinds[i].name);
        INVOKE(ut, UntypedRetype, CAPS(ROOT), kinds[i].type, kinds[i].bits, 0,
               0, BASE + i, 2);
        SLOTS(BASE + i, 2);
        QUIETLY(ROOT, CNodeRevoke, NONE, ut, 64);
        SLOTS(BASE + i, 2);
    }
}

static void wrong_types_and_sizes(void)
{
    static const seL4_Word sizes[] = { 0,  1,  3,  4,  5,  16, 20, 21, 25,
                                       42, 43, 46, 47, 48, 63, 64, 65, -1ul };
    seL4_CPtr ut = memory(20);

    say("wrong types and sizes");
    for (seL4_Word type = 11; type < 16; type++)
        INVOKE(ut, UntypedRetype, CAPS(ROOT), type + (type > 11 ? 1 : 0), 12, 0,
               0, BASE, 1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), -1ul, 12, 0, 0, BASE, 1);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        say("size %u", sizes[i]);
        INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_UntypedObject, sizes[i], 0,
               0, BASE, 1);
        delete (BASE);
        INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_CapTableObject, sizes[i], 0,
               0, BASE, 1);
        delete (BASE);
        INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, sizes[i], 0,
               0, BASE, 1);
        delete (BASE);
        INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_X86_4K, sizes[i], 0, 0, BASE,
               1);
        delete (BASE);
    }
}

static void destinations(void)
{
    seL4_CPtr ut = memory(20), node = make(seL4_CapTableObject, 4);
    seL4_CPtr ep = make(seL4_EndpointObject, 0);

    say("destinations");
    INVOKE(ut, UntypedRetype, NONE, seL4_EndpointObject, 0, 0, 0, BASE, 1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, 0, 0, BASE);
    INVOKE(ut, UntypedRetype, CAPS(ROOT));
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, 0, 0, BASE,
           0);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, 0, 0, BASE,
           257);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, 0, 0, BASE,
           256);
    QUIETLY(ROOT, CNodeRevoke, NONE, ut, 64);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, 0, 0, 8192,
           1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, 0, 0, 8191,
           2);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, 0, 0, -1ul,
           2);
    INVOKE(ut, UntypedRetype, CAPS(node), seL4_EndpointObject, 0, 0, 0, 0, 16);
    INVOKE(ut, UntypedRetype, CAPS(node), seL4_EndpointObject, 0, 0, 0, 15, 1);
    INVOKE(ut, UntypedRetype, CAPS(node), seL4_EndpointObject, 0, 0, 0, 15, 2);
    INVOKE(ut, UntypedRetype, CAPS(node), seL4_EndpointObject, 0, 0, 0, 16, 1);
    INVOKE(ut, UntypedRetype, CAPS(node), seL4_EndpointObject, 0, 0, 0, 0, 17);
    INVOKE(ut, UntypedRetype, CAPS(ep), seL4_EndpointObject, 0, 0, 0, 0, 1);
    INVOKE(ut, UntypedRetype, CAPS(0), seL4_EndpointObject, 0, 0, 0, 0, 1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT, ROOT), seL4_EndpointObject, 0, 0, 0,
           BASE, 1);
    delete (BASE);
    say("by node index and depth");
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, node, 64, 3,
           1);
    QUIETLY(node, CNodeDelete, NONE, 3, 4);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, node, 64, 3,
           1);
    QUIETLY(node, CNodeDelete, NONE, 3, 4);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, ep, 64, 3, 1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, BASE + 99, 64,
           3, 1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, node, 63, 3,
           1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, node, 13, 3,
           1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, node, 65, 3,
           1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, node, 256, 3,
           1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, node, 320, 3,
           1);
    INVOKE(ut, UntypedRetype, CAPS(ep), seL4_EndpointObject, 0, node, 64, 3, 1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0,
           node | 1ul << 40, 64, 3, 1);
}

static void all_or_nothing(void)
{
    seL4_CPtr ut = memory(13);

    say("all or nothing");
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, 0, 0,
           BASE + 3, 1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, 0, 0, BASE,
           8);
    SLOTS(BASE, 8);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_X86_4K, 0, 0, 0, BASE + 10, 2);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_X86_4K, 0, 0, 0, BASE + 10, 1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, 0, 0,
           BASE + 11, 1);
    delete (BASE + 10);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, 0, 0,
           BASE + 11, 1);
    delete (BASE + 3);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_X86_4K, 0, 0, 0, BASE, 2);
    SLOTS(BASE, 12);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_UntypedObject, 4, 0, 0, BASE + 2,
           1);
    INVOKE(ROOT, CNodeRevoke, NONE, ut, 64);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_UntypedObject, 13, 0, 0,
           BASE + 2, 1);
    INVOKE(BASE + 2, UntypedRetype, CAPS(ROOT), seL4_UntypedObject, 12, 0, 0,
           BASE + 3, 2);
    INVOKE(BASE + 4, UntypedRetype, CAPS(ROOT), seL4_TCBObject, 0, 0, 0,
           BASE + 5, 2);
    INVOKE(BASE + 4, UntypedRetype, CAPS(ROOT), seL4_TCBObject, 0, 0, 0,
           BASE + 7, 1);
    SLOTS(BASE, 8);
    INVOKE(ROOT, CNodeRevoke, NONE, BASE + 4, 64);
    SLOTS(BASE, 8);
    INVOKE(ROOT, CNodeRevoke, NONE, ut, 64);
    SLOTS(BASE, 8);
}

static void alignment_costs_memory(void)
{
    seL4_CPtr ut = memory(14);

    say("alignment costs memory");
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, 0, 0, BASE,
           1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_X86_4K, 0, 0, 0, BASE + 1, 1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, 0, 0,
           BASE + 2, 1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_X86_4K, 0, 0, 0, BASE + 3, 2);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_X86_4K, 0, 0, 0, BASE + 3, 1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_TCBObject, 0, 0, 0, BASE + 4, 1);
    INVOKE(ROOT, CNodeRevoke, NONE, ut, 64);
}

static void copies(void)
{
    seL4_CPtr ut = memory(13);

    say("copies of untyped memory");
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE, 64, ut, 64, ALL);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, 0, 0,
           BASE + 1, 1);
    INVOKE(BASE, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, 0, 0,
           BASE + 1, 1);
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE + 2, 64, BASE, 64, ALL);
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE + 2, 64, ut, 64, ALL);
    INVOKE(ROOT, CNodeMove, CAPS(ROOT), BASE + 2, 64, BASE, 64);
    INVOKE(BASE + 2, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, 0, 0,
           BASE + 3, 1);
    SLOTS(BASE, 4);
    INVOKE(ROOT, CNodeDelete, NONE, BASE + 2, 64);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, 0, 0,
           BASE + 4, 1);
    SLOTS(BASE, 5);
    INVOKE(ROOT, CNodeRevoke, NONE, ut, 64);
    SLOTS(BASE, 5);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, 0, 0,
           BASE + 4, 1);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE, 64, ut, 64, ALL, 7);
    delete (BASE + 4);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE, 64, ut, 64, 0, 7);
    INVOKE(BASE, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, 0, 0,
           BASE + 1, 1);
    INVOKE(ROOT, CNodeMutate, CAPS(ROOT), BASE + 3, 64, BASE, 64, 9);
    SLOTS(BASE, 5);
    INVOKE(ROOT, CNodeRevoke, NONE, ut, 64);
}

/* Device memory: only frames and untypeds, and no page of it is touched. */
static void device_memory(void)
{
    seL4_BootInfo *info = sel4runtime_bootinfo();
    seL4_CPtr ut = info->untyped.start;

    say("device memory: address %x, 2^%u bytes, device %u",
        info->untypedList[0].paddr, (seL4_Word)info->untypedList[0].sizeBits,
        (seL4_Word)info->untypedList[0].isDevice);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, 0, 0, BASE,
           1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_TCBObject, 0, 0, 0, BASE, 1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_CapTableObject, 4, 0, 0, BASE,
           1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_X86_PageTableObject, 0, 0, 0,
           BASE, 1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_X64_PML4Object, 0, 0, 0, BASE,
           1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_X86_LargePageObject, 0, 0, 0,
           BASE, 1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_X86_4K, 0, 0, 0, BASE, 3);
    INVOKE(BASE, X86PageGetAddress, NONE);
    INVOKE(BASE + 2, X86PageGetAddress, NONE);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_UntypedObject, 14, 0, 0,
           BASE + 3, 1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_X86_4K, 0, 0, 0, BASE + 4, 1);
    INVOKE(BASE + 4, X86PageGetAddress, NONE);
    INVOKE(BASE + 3, UntypedRetype, CAPS(ROOT), seL4_X86_4K, 0, 0, 0, BASE + 5,
           4);
    INVOKE(BASE + 8, X86PageGetAddress, NONE);
    INVOKE(BASE + 3, UntypedRetype, CAPS(ROOT), seL4_X86_4K, 0, 0, 0, BASE + 9,
           1);
    SLOTS(BASE, 10);
    INVOKE(ROOT, CNodeRevoke, NONE, ut, 64);
    SLOTS(BASE, 10);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_X86_4K, 0, 0, 0, BASE, 1);
    INVOKE(BASE, X86PageGetAddress, NONE);
    INVOKE(ROOT, CNodeRevoke, NONE, ut, 64);
}

static void wrong_methods(void)
{
    seL4_CPtr ut = memory(12);

    say("wrong methods");
    INVOKE(ut, InvalidInvocation, NONE);
    INVOKE(ut, TCBSuspend, NONE);
    INVOKE(ut, CNodeDelete, NONE, 1, 64);
    INVOKE(ut, 1000, NONE);
    INVOKE(ut, -1ul >> 12, NONE);
    INVOKE(BASE, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, 0, 0, BASE,
           1);
    INVOKE(0, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, 0, 0, BASE, 1);
}

int main(void)
{
    every_kind_of_object();
    wrong_types_and_sizes();
    destinations();
    all_or_nothing();
    alignment_costs_memory();
    copies();
    device_memory();
    wrong_methods();
    return 0;
}
