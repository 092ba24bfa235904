/* SPDX-License-Identifier: BSD-2-Clause */
/* Words and capability pointers at random, fit for the methods of wild.h. */
#ifndef WILD_WORDS_H
#define WILD_WORDS_H

#include "wild_worker.h"

static seL4_Word random_state;

static seL4_Word random_word(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static seL4_Word below(seL4_Word n)
{
    return (random_word() >> 11) % n;
}

static int chance(seL4_Word percent)
{
    return below(100) < percent;
}

/* --- words ------------------------------------------------------------------ */

static seL4_Word odd_word(void)
{
    static const seL4_Word words[] = {
        0,   1,    2,    3,    4,         5,         7,    11,  12,
        13,  15,   16,   20,   21,        30,        31,   46,  47,
        48,  63,   64,   65,   99,        127,       128,  254, 256,
        257, 1024, 4095, 4096, 1ul << 21, 1ul << 47, -1ul,
    };

    if (chance(10))
        return random_word() | 1ul << 40;
    return words[below(COUNT(words))];
}

static seL4_Word small(seL4_Word n)
{
    return chance(4) ? odd_word() : below(n);
}

static seL4_Word any_slot(void)
{
    return WORLD + below(WORLD_SLOTS);
}

/* What the slots hold: numbers of seL4_DebugCapIdentify. */
static unsigned char kinds[SLOTS_ALL];

static seL4_CPtr slot_of(unsigned kind)
{
    seL4_Word slot = 0;

    for (int i = 0; i < 60; i++) {
        slot = chance(30) ? below(WORLD) : any_slot();
        if (kinds[slot] == kind)
            break;
    }
    return slot;
}

static seL4_Word address(void)
{
    seL4_Word base = 0x10000000000ul;

    switch (below(20)) {
    case 0:
        return odd_word() < 0x10000 ? 0x20000000 : odd_word() | 1ul << 39;
    case 1:
        return 0x7fffffffful << 12;
    case 2:
        return base + below(1ul << 30);
    case 3:
    case 4:
        return base + (below(3) << 39);
    case 5:
    case 6:
        return base + (below(3) << 30);
    case 7:
    case 8:
    case 9:
        return base + (below(3) << 21);
    default:
        return base + (below(4) << 12);
    }
}

/* Methods, with their capabilities and words: letters of cap_for, word_for. */
static const struct method {
    unsigned label;
    unsigned char kind;
    const char *caps, *words;
} methods[] = {
    { UntypedRetype, 2, "n", "tk00sn" },
    { TCBReadRegisters, 12, "", "fc" },
    { TCBWriteRegisters, 12, "", "fcRxxxxxxxxxxxxxxxxxxx" },
    { TCBCopyRegisters, 12, "t", "m" },
    { TCBSuspend, 12, "", "" },
    { TCBResume, 12, "", "" },
    { TCBResume, 12, "", "" },
    { TCBSetPriority, 12, "T", "p" },
    { TCBSetMCPriority, 12, "T", "p" },
    { TCBBindNotification, 12, "N", "" },
    { TCBBindNotification, 12, "N", "" },
    { TCBUnbindNotification, 12, "", "" },
    { TCBSetTLSBase, 12, "", "a" },
    { TCBSetFlags, 12, "", "bb" },
    { TCBSetIPCBuffer, 12, "f", "B" },
#ifdef CONFIG_KERNEL_MCS
    { TCBConfigure, 12, "nvf", "gGB" },
    { TCBSetSchedParams, 12, "Tse", "pp" },
    { TCBSetSpace, 12, "env", "gG" },
    { TCBSetTimeoutEndpoint, 12, "e", "" },
#else
    { TCBConfigure, 12, "nvf", "egGB" },
    { TCBSetSchedParams, 12, "T", "pp" },
    { TCBSetSpace, 12, "nv", "egG" },
    { CNodeSaveCaller, 10, "", "ED" },
    { CNodeSaveCaller, 10, "", "ED" },
#endif
    { CNodeRevoke, 10, "", "SD" },
    { CNodeDelete, 10, "", "SD" },
    { CNodeDelete, 10, "", "SD" },
    { CNodeCancelBadgedSends, 10, "", "SD" },
    { CNodeCopy, 10, "n", "EDSDr" },
    { CNodeCopy, 10, "n", "EDSDr" },
    { CNodeMint, 10, "n", "EDSDrg" },
    { CNodeMint, 10, "n", "EDSDrg" },
    { CNodeMove, 10, "n", "EDSD" },
    { CNodeMutate, 10, "n", "EDSDG" },
    { CNodeRotate, 10, "nn", "EDxSDxSD" },
    { IRQIssueIRQHandler, 14, "n", "VED" },
    { IRQAckIRQ, 16, "", "" },
    { IRQSetIRQHandler, 16, "N", "" },
    { IRQClearIRQHandler, 16, "", "" },
    { DomainSetSet, 20, "t", "d" },
    { X86PDPTMap, 7, "v", "av" },
    { X86PDPTUnmap, 7, "", "" },
    { X86PageDirectoryMap, 5, "v", "av" },
    { X86PageDirectoryUnmap, 5, "", "" },
    { X86PageTableMap, 3, "v", "av" },
    { X86PageTableUnmap, 3, "", "" },
    { X86PageMap, 1, "v", "arv" },
    { X86PageMap, 1, "v", "arv" },
    { X86PageUnmap, 1, "", "" },
    { X86ASIDControlMakePool, 11, "un", "ED" },
    { X86ASIDPoolAssign, 13, "q", "" },
    { X86IOPortControlIssue, 31, "n", "oOED" },
    { X86IOPortIn8, 19, "", "o" },
    { X86IOPortIn16, 19, "", "o" },
    { X86IOPortIn32, 19, "", "o" },
    { X86IOPortOut8, 19, "", "ox" },
    { X86IOPortOut16, 19, "", "ox" },
    { X86IOPortOut32, 19, "", "ox" },
    { X86IRQIssueIRQHandlerIOAPIC, 14, "n", "EDzibbV" },
    { X86IRQIssueIRQHandlerMSI, 14, "n", "EDbbbbV" },
};

static seL4_Word data_word(void)
{
    return chance(60) ? below(4) : odd_word() << 6 | below(64);
}

static seL4_Word object_type(void)
{
    return chance(5) ? odd_word() : below(16);
}

static seL4_Word word_for(char shape)
{
    switch (shape) {
    case 't':
        return object_type();
    case 'k':
        return chance(70) ? 4 + below(9) : small(22);
    case '0':
        return chance(3) ? odd_word() : 0;
    case 's':
        return chance(3) ? odd_word() : any_slot();
    case 'E': /* where something shall go */
        return chance(3) ? odd_word() : chance(80) ? slot_of(0) : any_slot();
    case 'S':
        return chance(4) ? odd_word() : chance(8) ? below(16) : any_slot();
    case 'D':
        return chance(3) ? odd_word() : 64;
    case 'n':
        return small(4);
    case 'c':
        return small(24);
    case 'f':
        return small(4);
    case 'm':
        return chance(90) ? below(16) : odd_word();
    case 'R': /* an instruction */
        return chance(90) ? (seL4_Word)code[below(WORKERS)] : OUTSIDE - 8;
    case 'e':
        return chance(50) ? FAULTS : chance(50) ? 0 : slot_of(4);
    case 'g':
    case 'G':
        return data_word();
    case 'p': /* nobody shares the root task's */
        return chance(90) ? 100 + below(100) : odd_word() & -2ul;
    case 'd':
        return chance(70) ? 0 : odd_word();
    case 'a':
        return address();
    case 'B':
        return chance(50) ? 0x10000 + (below(8) << 10) : address();
    case 'r':
        return small(16);
    case 'v':
        return small(6);
    case 'o':
    case 'O':
        return 0x9000 + (chance(5) ? odd_word() : below(24));
    case 'z':
        return chance(5) ? odd_word() : 0;
    case 'i':
        return chance(5) ? 24 + small(9) : 16 + below(8);
    case 'V':
        return chance(5) ? odd_word() | 64 : 40 + below(12);
    case 'b':
        return small(3);
    default:
        return odd_word();
    }
}

static seL4_CPtr cap_for(char shape)
{
    if (chance(12))
        return chance(40) ? below(WORLD) : any_slot();
    switch (shape) {
    case 'n':
        return chance(85) ? NODE : slot_of(10);
    case 't':
        return slot_of(12);
    case 'T':
        return TCB(below(WORKERS));
    case 'v':
        return chance(70) ? SPACE : slot_of(9);
    case 'q':
        return slot_of(9);
    case 'f':
        return slot_of(1);
    case 'N':
        return slot_of(6);
    case 'e':
        return chance(50) ? FAULTS : slot_of(4);
    default:
        return slot_of(2);
    }
}

#endif
