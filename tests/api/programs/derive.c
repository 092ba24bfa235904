/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every kind of capability: what Copy, Mint, Mutate, Move, Revoke and Delete
 * do with it, and with what derives from it.
 */
#include "transcript.h"

#define BASE FREE

static struct {
    const char *name;
    seL4_CPtr cap;
} kinds[] = {
    { "null", 0 },
    { "TCB", SELF },
    { "CNode", ROOT },
    { "VSpace", VSPACE },
    { "IRQControl", seL4_CapIRQControl },
    { "ASIDControl", seL4_CapASIDControl },
    { "ASIDPool", seL4_CapInitThreadASIDPool },
    { "IOPortControl", seL4_CapIOPortControl },
    { "IOSpace", seL4_CapIOSpace },
    { "bootinfo frame, mapped", seL4_CapBootInfoFrame },
    { "IPC buffer, mapped", seL4_CapInitThreadIPCBuffer },
    { "Domain", seL4_CapDomain },
    { "SMMU", seL4_CapSMMUSIDControl },
    { "SchedContext", seL4_CapInitThreadSC },
    { "page table, mapped", 0 },
    { "page directory, mapped", 0 },
    { "PDPT, mapped", 0 },
    { "untyped", 0 },
    { "untyped with a child", 0 },
    { "TCB", 0 },
    { "endpoint", 0 },
    { "badged endpoint", 0 },
    { "notification", 0 },
    { "badged notification", 0 },
    { "CNode", 0 },
    { "page", 0 },
    { "large page", 0 },
    { "page table", 0 },
    { "page directory", 0 },
    { "PDPT", 0 },
    { "PML4", 0 },
    { "PML4 with an ASID", 0 },
    { "IRQ handler", 0 },
    { "I/O ports", 0 },
#ifdef CONFIG_KERNEL_MCS
    { "scheduling context", 0 },
    { "reply", 0 },
#endif
};

#ifdef CONFIG_KERNEL_MCS

static void fill_mcs(size_t i)
{
    kinds[i].cap = make(seL4_SchedContextObject, 8);
    kinds[i + 1].cap = make(seL4_ReplyObject, 0);
    say("SchedControl is copied");
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE, 64, sched_control(), 64, 0);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE + 1, 64, BASE, 64, ALL, 5);
    SLOTS(BASE, 2);
    INVOKE(ROOT, CNodeRevoke, NONE, sched_control(), 64);
    SLOTS(BASE, 2);
    delete (BASE);
    delete (BASE + 1);
}

#else

static void fill_mcs(size_t i)
{
    (void)i;
}

#endif

static void fill(void)
{
    seL4_SlotRegion paging = sel4runtime_bootinfo()->userImagePaging;
    size_t i = 14;
    seL4_CPtr parent, vspace, irq = next_slot++, ports = next_slot++;

    kinds[i++].cap = paging.end - 1;
    kinds[i++].cap = paging.start + 1;
    kinds[i++].cap = paging.start;
    kinds[i++].cap = memory(12);
    parent = kinds[i++].cap = memory(12);
    QUIETLY(parent, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, 0, 0,
            next_slot++, 1);
    kinds[i++].cap = make(seL4_TCBObject, 0);
    kinds[i++].cap = make(seL4_EndpointObject, 0);
    kinds[i++].cap = mint(make(seL4_EndpointObject, 0), ALL, 5);
    kinds[i++].cap = make(seL4_NotificationObject, 0);
    kinds[i++].cap = mint(make(seL4_NotificationObject, 0), ALL, 5);
    kinds[i++].cap = make(seL4_CapTableObject, 4);
    kinds[i++].cap = make(seL4_X86_4K, 0);
    kinds[i++].cap = make(seL4_X86_LargePageObject, 0);
    kinds[i++].cap = make(seL4_X86_PageTableObject, 0);
    kinds[i++].cap = make(seL4_X86_PageDirectoryObject, 0);
    kinds[i++].cap = make(seL4_X86_PDPTObject, 0);
    kinds[i++].cap = make(seL4_X64_PML4Object, 0);
    vspace = kinds[i++].cap = make(seL4_X64_PML4Object, 0);
    INVOKE(seL4_CapInitThreadASIDPool, X86ASIDPoolAssign, CAPS(vspace));
    kinds[i++].cap = irq;
    INVOKE(seL4_CapIRQControl, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT), irq, 64,
           0, 20, 1, 1, 20);
    kinds[i++].cap = ports;
    INVOKE(seL4_CapIOPortControl, X86IOPortControlIssue, CAPS(ROOT), 0x9000,
           0x900f, ports, 64);
    fill_mcs(i);
}

static void copies(size_t i)
{
    seL4_CPtr cap = kinds[i].cap;

    say("%s (%u)", kinds[i].name, (seL4_Word)seL4_DebugCapIdentify(cap));
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE, 64, cap, 64, ALL);
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE + 1, 64, cap, 64, 0);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE + 2, 64, cap, 64, ALL, 0);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE + 3, 64, cap, 64, ALL, 0x1234);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE + 4, 64, cap, 64, READ, -1ul);
    INVOKE(ROOT, CNodeMutate, CAPS(ROOT), BASE + 5, 64, BASE, 64, 0);
    INVOKE(ROOT, CNodeMutate, CAPS(ROOT), BASE + 6, 64, BASE + 1, 64, 0x1234);
    INVOKE(ROOT, CNodeMove, CAPS(ROOT), BASE + 7, 64, BASE + 2, 64);
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE + 8, 64, BASE + 7, 64, ALL);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE + 9, 64, BASE + 7, 64, ALL, 77);
    SLOTS(BASE, 10);
    INVOKE(ROOT, CNodeRevoke, NONE, BASE + 3, 64);
    SLOTS(BASE, 10);
    INVOKE(ROOT, CNodeRevoke, NONE, BASE + 7, 64);
    SLOTS(BASE, 10);
}

static void clean(void)
{
    for (seL4_CPtr i = 0; i < 10; i++)
        delete (BASE + i);
}

/* Those whose original can be revoked without ending this program. */
static int is_harmless(size_t i)
{
    return i == 7 || i == 4 || i == 5 || i == 6 || i == 11 || i >= 17;
}

int main(void)
{
    fill();
    for (size_t i = 0; i < COUNT(kinds); i++) {
        copies(i);
        if (is_harmless(i)) {
            INVOKE(ROOT, CNodeRevoke, NONE, kinds[i].cap, 64);
            SLOTS(BASE, 10);
        }
        clean();
    }
    say("moved away and back");
    for (size_t i = 0; i < COUNT(kinds); i++) {
        seL4_CPtr cap = kinds[i].cap;

        say("%s (%u)", kinds[i].name, (seL4_Word)seL4_DebugCapIdentify(cap));
        INVOKE(ROOT, CNodeMove, CAPS(ROOT), BASE, 64, cap, 64);
        SLOTS(BASE, 1);
        QUIETLY(i == 2 ? BASE : ROOT, CNodeMove, CAPS(i == 2 ? BASE : ROOT),
                cap, 64, BASE, 64);
        SLOTS(BASE, 1);
    }
    say("deleted");
    for (size_t i = 17; i < COUNT(kinds); i++) {
        say("%s", kinds[i].name);
        INVOKE(ROOT, CNodeDelete, NONE, kinds[i].cap, 64);
        SLOTS(kinds[i].cap, 1);
    }
    return 0;
}
