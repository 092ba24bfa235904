/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames and paging structures: Map and Unmap, in every order. */
#include "transcript.h"

#define V 0x10000000000ul
#define GIB (1ul << 30)
#define MIB2 (1ul << 21)

static seL4_CPtr space, pdpt, pd, pt, page, large, ep;

static void empty_tables(void)
{
    seL4_CPtr bare = make(seL4_X64_PML4Object, 0);

    say("what is missing, from the top");
    INVOKE(page, X86PageMap, CAPS(space), V, ALL, 0);
    INVOKE(large, X86PageMap, CAPS(space), V, ALL, 0);
    INVOKE(pt, X86PageTableMap, CAPS(space), V, 0);
    INVOKE(pd, X86PageDirectoryMap, CAPS(space), V, 0);
    INVOKE(pdpt, X86PDPTMap, CAPS(space), V, 0);
    INVOKE(page, X86PageMap, CAPS(space), V, ALL, 0);
    INVOKE(large, X86PageMap, CAPS(space), V, ALL, 0);
    INVOKE(pt, X86PageTableMap, CAPS(space), V, 0);
    INVOKE(pd, X86PageDirectoryMap, CAPS(space), V, 0);
    INVOKE(page, X86PageMap, CAPS(space), V, ALL, 0);
    INVOKE(pt, X86PageTableMap, CAPS(space), V, 0);
    INVOKE(page, X86PageMap, CAPS(space), V, ALL, 0);
    say("what is there already");
    INVOKE(pdpt, X86PDPTMap, CAPS(space), V + (1ul << 39), 0);
    INVOKE(pd, X86PageDirectoryMap, CAPS(space), V + GIB, 0);
    INVOKE(pt, X86PageTableMap, CAPS(space), V + MIB2, 0);
    INVOKE(make(seL4_X86_PDPTObject, 0), X86PDPTMap, CAPS(space), V, 0);
    INVOKE(make(seL4_X86_PageDirectoryObject, 0), X86PageDirectoryMap,
           CAPS(space), V + 5, 0);
    INVOKE(make(seL4_X86_PageTableObject, 0), X86PageTableMap, CAPS(space),
           V + 4096, 0);
    INVOKE(large, X86PageMap, CAPS(space), V, ALL, 0);
    say("no address space");
    INVOKE(page, X86PageMap, CAPS(bare), V, ALL, 0);
    INVOKE(page, X86PageMap, CAPS(ep), V, ALL, 0);
    INVOKE(page, X86PageMap, CAPS(0), V, ALL, 0);
    INVOKE(page, X86PageMap, CAPS(pdpt), V, ALL, 0);
    INVOKE(page, X86PageMap, NONE, V, ALL, 0);
    INVOKE(page, X86PageMap, CAPS(space), V, ALL);
    INVOKE(pt, X86PageTableMap, CAPS(space), V);
    INVOKE(pt, X86PageTableMap, NONE, V, 0);
    INVOKE(make(seL4_X86_PageTableObject, 0), X86PageTableMap, CAPS(bare), V,
           0);
    INVOKE(make(seL4_X86_PDPTObject, 0), X86PDPTMap, CAPS(ep), V, 0);
    INVOKE(make(seL4_X86_PDPTObject, 0), X86PDPTMap, CAPS(bare), V, 0);
}

static void addresses(void)
{
    static const seL4_Word list[] = { 0,
                                      1,
                                      0x800,
                                      0xfff,
                                      V + 1,
                                      V + 0x800,
                                      0x7fffffffe000,
                                      0x7ffffffff000,
                                      0x7fffffffffff,
                                      0x800000000000,
                                      -4096ul,
                                      -1ul,
                                      1ul << 63,
                                      V + MIB2,
                                      V + MIB2 / 2 };
    seL4_CPtr p = make(seL4_X86_4K, 0), l = make(seL4_X86_LargePageObject, 0);

    say("addresses");
    for (size_t i = 0; i < COUNT(list); i++) {
        say("address %x", list[i]);
        INVOKE(p, X86PageMap, CAPS(space), list[i], ALL, 0);
        QUIETLY(p, X86PageUnmap, NONE);
        INVOKE(l, X86PageMap, CAPS(space), list[i], ALL, 0);
        QUIETLY(l, X86PageUnmap, NONE);
        if (list[i] < V - GIB || list[i] > V + 100 * GIB) {
            seL4_CPtr t = make(seL4_X86_PageTableObject, 0);

            INVOKE(t, X86PageTableMap, CAPS(space), list[i], 0);
            t = make(seL4_X86_PageDirectoryObject, 0);
            INVOKE(t, X86PageDirectoryMap, CAPS(space), list[i], 0);
            if (list[i] < 0x7f8000000000 || list[i] > 0x7fffffffffff) {
                t = make(seL4_X86_PDPTObject, 0);
                INVOKE(t, X86PDPTMap, CAPS(space), list[i], 0);
                INVOKE(t, X86PDPTUnmap, NONE);
            }
        }
    }
}

static void one_frame_many_times(void)
{
    seL4_CPtr second = copy(page, ALL), third = copy(page, READ);
    seL4_CPtr other = make(seL4_X86_4K, 0);

    say("a frame is mapped once for each capability");
    INVOKE(page, X86PageMap, CAPS(space), V, ALL, 0);
    INVOKE(page, X86PageMap, CAPS(space), V, READ, 0);
    INVOKE(page, X86PageMap, CAPS(space), V + 4096, READ, 0);
    INVOKE(page, X86PageMap, CAPS(VSPACE), V, READ, 0);
    INVOKE(second, X86PageMap, CAPS(space), V + 4096, ALL, 0);
    INVOKE(third, X86PageMap, CAPS(space), V + 8192, ALL, 0);
    say("another frame over it");
    INVOKE(other, X86PageMap, CAPS(space), V, ALL, 0);
    INVOKE(page, X86PageMap, CAPS(space), V, ALL, 0);
    INVOKE(other, X86PageUnmap, NONE);
    INVOKE(other, X86PageUnmap, NONE);
    INVOKE(page, X86PageUnmap, NONE);
    INVOKE(page, X86PageMap, CAPS(space), V + 8192, ALL, 0);
    INVOKE(third, X86PageUnmap, NONE);
    INVOKE(page, X86PageUnmap, NONE);
    INVOKE(page, X86PageMap, CAPS(space), V, ALL, 0);
    say("copies of a mapped frame are not mapped");
    INVOKE(copy(page, ALL), X86PageMap, CAPS(space), V + 3 * 4096, ALL, 0);
    INVOKE(ROOT, CNodeMove, CAPS(ROOT), next_slot, 64, page, 64);
    INVOKE(next_slot, X86PageMap, CAPS(space), V + 4 * 4096, ALL, 0);
    INVOKE(next_slot, X86PageMap, CAPS(space), V, ALL, 0);
    INVOKE(ROOT, CNodeMove, CAPS(ROOT), page, 64, next_slot, 64);
    say("attributes and rights");
    for (seL4_Word a = 0; a < 9; a++)
        INVOKE(page, X86PageMap, CAPS(space), V, a, a);
    INVOKE(page, X86PageMap, CAPS(space), V, -1ul, -1ul);
}

static void unmapping_tables(void)
{
    seL4_CPtr second = copy(pt, ALL);

    say("unmapping tables");
    SLOTS(second, 1);
    INVOKE(pt, X86PageTableUnmap, NONE);
    INVOKE(second, X86PageTableUnmap, NONE);
    INVOKE(ROOT, CNodeDelete, NONE, second, 64);
    INVOKE(pt, X86PageTableUnmap, NONE);
    INVOKE(pt, X86PageTableUnmap, NONE);
    say("the frame still counts as mapped");
    INVOKE(page, X86PageMap, CAPS(space), V + 4096, ALL, 0);
    INVOKE(page, X86PageMap, CAPS(space), V, ALL, 0);
    INVOKE(pt, X86PageTableMap, CAPS(space), V, 0);
    INVOKE(page, X86PageMap, CAPS(space), V + 4096, ALL, 0);
    INVOKE(page, X86PageMap, CAPS(space), V, ALL, 0);
    INVOKE(pd, X86PageDirectoryUnmap, NONE);
    INVOKE(page, X86PageMap, CAPS(space), V, ALL, 0);
    INVOKE(pd, X86PageDirectoryMap, CAPS(space), V, 0);
    INVOKE(page, X86PageMap, CAPS(space), V, ALL, 0);
    INVOKE(pt, X86PageTableMap, CAPS(space), V, 0);
    INVOKE(pt, X86PageTableUnmap, NONE);
    INVOKE(pt, X86PageTableMap, CAPS(space), V, 0);
    INVOKE(page, X86PageMap, CAPS(space), V, ALL, 0);
    INVOKE(pdpt, X86PDPTUnmap, NONE);
    INVOKE(pdpt, X86PDPTMap, CAPS(space), V, 0);
    INVOKE(pd, X86PageDirectoryUnmap, NONE);
    INVOKE(pt, X86PageTableUnmap, NONE);
    INVOKE(page, X86PageUnmap, NONE);
    INVOKE(pd, X86PageDirectoryMap, CAPS(space), V, 0);
    say("a large page, and a table in its place");
    INVOKE(large, X86PageMap, CAPS(space), V, ALL, 0);
    INVOKE(pt, X86PageTableMap, CAPS(space), V, 0);
    INVOKE(page, X86PageMap, CAPS(space), V, ALL, 0);
    INVOKE(make(seL4_X86_LargePageObject, 0), X86PageMap, CAPS(space), V, ALL,
           0);
    INVOKE(large, X86PageMap, CAPS(space), V + MIB2, ALL, 0);
    INVOKE(large, X86PageUnmap, NONE);
    INVOKE(pt, X86PageTableMap, CAPS(space), V, 0);
    say("tables are deleted");
    INVOKE(page, X86PageMap, CAPS(space), V, ALL, 0);
    INVOKE(ROOT, CNodeDelete, NONE, pd, 64);
    INVOKE(page, X86PageMap, CAPS(space), V, ALL, 0);
    INVOKE(pt, X86PageTableUnmap, NONE);
    INVOKE(page, X86PageUnmap, NONE);
    INVOKE(page, X86PageMap, CAPS(space), V, ALL, 0);
}

/* A stretch of this program's own address space, with its contents. */
static void contents(void)
{
    volatile seL4_Word *p = (volatile seL4_Word *)0x3000000000ul;
    seL4_CPtr d = make(seL4_X86_PageDirectoryObject, 0);
    seL4_CPtr t = make(seL4_X86_PageTableObject, 0);
    seL4_CPtr a = make(seL4_X86_4K, 0), b = make(seL4_X86_4K, 0);
    seL4_CPtr big = make(seL4_X86_LargePageObject, 0), again = copy(a, ALL);

    say("contents");
    INVOKE(d, X86PageDirectoryMap, CAPS(VSPACE), (seL4_Word)p, 0);
    INVOKE(t, X86PageTableMap, CAPS(VSPACE), (seL4_Word)p, 0);
    INVOKE(a, X86PageMap, CAPS(VSPACE), (seL4_Word)p, ALL, 0);
    say("new frames are zero: %x %x", p[0], p[511]);
    p[0] = 1;
    p[511] = 2;
    INVOKE(again, X86PageMap, CAPS(VSPACE), (seL4_Word)p + 4096, ALL, 0);
    say("seen twice: %x %x", p[512], p[1023]);
    p[513] = 3;
    say("written by the other: %x", p[1]);
    INVOKE(b, X86PageMap, CAPS(VSPACE), (seL4_Word)p, ALL, 0);
    say("another in its place: %x %x", p[0], p[1]);
    INVOKE(b, X86PageUnmap, NONE);
    INVOKE(a, X86PageMap, CAPS(VSPACE), (seL4_Word)p, READ, 0);
    say("back again: %x %x", p[0], p[1]);
    INVOKE(big, X86PageMap, CAPS(VSPACE), (seL4_Word)p + MIB2, ALL, 0);
    for (seL4_Word i = 0; i < 512; i++)
        p[MIB2 / 8 + 512 * i] = i;
    say("a large page: %x %x %x", p[MIB2 / 8], p[MIB2 / 8 + 512],
        p[MIB2 / 8 + 512 * 511]);
    INVOKE(big, X86PageUnmap, NONE);
    INVOKE(big, X86PageMap, CAPS(VSPACE), (seL4_Word)p + 2 * MIB2, READ, 0);
    say("somewhere else: %x %x", p[MIB2 / 4], p[MIB2 / 4 + 512 * 300]);
    INVOKE(ROOT, CNodeDelete, NONE, a, 64);
    say("the copy is still there: %x", p[512]);
    INVOKE(again, X86PageUnmap, NONE);
}

static void wrong_methods(void)
{
    say("wrong methods");
    INVOKE(space, X86PageMap, CAPS(space), V, ALL, 0);
    INVOKE(space, InvalidInvocation, NONE);
    INVOKE(page, X86PageTableMap, CAPS(space), V, 0);
    INVOKE(pt, X86PageMap, CAPS(space), V, ALL, 0);
    INVOKE(pt, X86PageDirectoryMap, CAPS(space), V, 0);
    INVOKE(pt, X86PageDirectoryUnmap, NONE);
    INVOKE(page, TCBSuspend, NONE);
    INVOKE(page, 60, NONE);
    INVOKE(make(seL4_X86_PDPTObject, 0), X86PageTableUnmap, NONE);
    INVOKE(make(seL4_X86_PDPTObject, 0), X86PDPTUnmap, NONE);
    INVOKE(make(seL4_X86_PageDirectoryObject, 0), X86PageDirectoryUnmap, NONE);
}

int main(void)
{
    space = make(seL4_X64_PML4Object, 0);
    pdpt = make(seL4_X86_PDPTObject, 0);
    pd = make(seL4_X86_PageDirectoryObject, 0);
    pt = make(seL4_X86_PageTableObject, 0);
    page = make(seL4_X86_4K, 0);
    large = make(seL4_X86_LargePageObject, 0);
    ep = make(seL4_EndpointObject, 0);
    INVOKE(seL4_CapInitThreadASIDPool, X86ASIDPoolAssign, CAPS(space));
    empty_tables();
    addresses();
    one_frame_many_times();
    unmapping_tables();
    contents();
    wrong_methods();
    return 0;
}
