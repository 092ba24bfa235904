/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every method of every kind of capability with too few words and too few
 * capabilities, and methods that it does not have.
 */
#include "transcript.h"

#ifdef CONFIG_KERNEL_MCS
#define LABELS 64
#else
#define LABELS 56
#endif

static struct {
    const char *name;
    seL4_CPtr cap;
} kinds[] = {
    { "untyped", 0 },        { "TCB", 0 },
    { "CNode", 0 },          { "IRQControl", seL4_CapIRQControl },
    { "IRQHandler", 0 },     { "ASIDControl", seL4_CapASIDControl },
    { "ASIDPool", 6 },       { "IOPortControl", seL4_CapIOPortControl },
    { "IOPort", 0 },         { "Domain", seL4_CapDomain },
    { "page", 0 },           { "page table", 0 },
    { "page directory", 0 }, { "PDPT", 0 },
    { "PML4", 0 },           { "null", 0 },
#ifdef CONFIG_KERNEL_MCS
    { "SchedContext", 0 },   { "SchedControl", 0 },
    { "Reply", 0 },
#endif
};

#ifdef CONFIG_KERNEL_MCS

static void fill_mcs(void)
{
    kinds[16].cap = make(seL4_SchedContextObject, 8);
    kinds[17].cap = sched_control();
    kinds[18].cap = make(seL4_ReplyObject, 0);
}

#else

static void fill_mcs(void)
{
}

#endif

static void fill(void)
{
    kinds[0].cap = memory(12);
    kinds[1].cap = make(seL4_TCBObject, 0);
    kinds[2].cap = make(seL4_CapTableObject, 4);
    kinds[4].cap = next_slot++;
    QUIETLY(seL4_CapIRQControl, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT),
            kinds[4].cap, 64, 0, 20, 0, 0, 60);
    kinds[8].cap = next_slot++;
    QUIETLY(seL4_CapIOPortControl, X86IOPortControlIssue, CAPS(ROOT), 0x9000,
            0x900f, kinds[8].cap, 64);
    kinds[10].cap = make(seL4_X86_4K, 0);
    kinds[11].cap = make(seL4_X86_PageTableObject, 0);
    kinds[12].cap = make(seL4_X86_PageDirectoryObject, 0);
    kinds[13].cap = make(seL4_X86_PDPTObject, 0);
    kinds[14].cap = make(seL4_X64_PML4Object, 0);
    fill_mcs();
}

static int gives_hardware(seL4_Word label)
{
    return label == X86PageGetAddress ||
           (label >= X86IOPortIn8 && label <= X86IOPortIn32);
}

/* One answer, unless it is the one before. */
static void try(seL4_CPtr cap, seL4_Word label, size_t words, size_t caps)
{
    static const seL4_Word zeros[24];
    seL4_MessageInfo_t info =
        invoke_quietly(cap, label, (struct words){ zeros, caps },
                       (struct words){ zeros, words });

    put(" %s", error_name(seL4_MessageInfo_get_label(info)));
    if (seL4_MessageInfo_get_label(info) || !gives_hardware(label))
        put_words(seL4_MessageInfo_get_length(info));
}

int main(void)
{
    fill();
    for (size_t i = 0; i < COUNT(kinds); i++) {
        say("%s", kinds[i].name);
        for (seL4_Word label = 0; label < LABELS; label++) {
            if (label == TCBResume)
                continue;
            put("| %u:", label);
            for (size_t caps = 0; caps <= 3; caps++) {
                for (size_t words = 0; words <= 4; words++)
                    try(kinds[i].cap, label, words, caps);
            }
            try(kinds[i].cap, label, 5, 3);
            try(kinds[i].cap, label, 6, 1);
            try(kinds[i].cap, label, 7, 1);
            try(kinds[i].cap, label, 8, 1);
            try(kinds[i].cap, label, 8, 2);
            put("\n");
        }
    }
    return 0;
}
