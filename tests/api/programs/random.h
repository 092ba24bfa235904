/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random invocations, the same ones on every kernel. The world is a stretch of
 * slots in the root CNode and a small CNode besides; whatever the invocations
 * do stays within them. After each one all slots are looked at.
 */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdint.h>

#include "transcript.h"

#define WORLD FREE
#define WORLD_SLOTS 48ul
#define NODE_SLOTS 16ul

static seL4_Word random_state;

static seL4_Word random_word(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* One of 0 to n - 1. */
static seL4_Word random_below(seL4_Word n)
{
    return (random_word() >> 11) % n;
}

static int chance(seL4_Word percent)
{
    return random_below(100) < percent;
}

/* --- words ------------------------------------------------------------------ */

static seL4_Word world_slot(void)
{
    return WORLD + random_below(WORLD_SLOTS);
}

static seL4_Word odd_word(void)
{
    static const seL4_Word words[] = {
        0,   1,    2,    3,    4,         5,         7,    11,  12,
        13,  15,   16,   20,   21,        30,        31,   46,  47,
        48,  63,   64,   65,   99,        127,       128,  254, 256,
        257, 1024, 4095, 4096, 1ul << 21, 1ul << 47, -1ul,
    };

    if (chance(10))
        return random_word();
    return words[random_below(COUNT(words))];
}

static seL4_Word small(seL4_Word n)
{
    return chance(4) ? odd_word() : random_below(n);
}

static seL4_Word depth(void)
{
    return chance(4) ? odd_word() : 64;
}

static seL4_Word address(void)
{
    seL4_Word base = 0x10000000000ul;

    switch (random_below(20)) {
    case 0:
        return odd_word();
    case 1:
        return 0x7fffffffful << 12;
    case 2:
        return base + random_below(1ul << 30);
    case 3:
    case 4:
        return base + (random_below(3) << 39);
    case 5:
    case 6:
        return base + (random_below(3) << 30);
    case 7:
    case 8:
    case 9:
        return base + (random_below(3) << 21);
    default:
        return base + (random_below(4) << 12);
    }
}

/* What methods take: letters of word_for() and of cap_for(). */
static const struct {
    const char *words, *caps;
} methods[] = {
    [InvalidInvocation] = { "", NULL },
    [UntypedRetype] = { "tk00sn", "n" },
    [TCBReadRegisters] = { "bc", NULL },
    [TCBWriteRegisters] = { "bcxxxxxxxxxxxxxxxxxxxx", NULL },
    [TCBCopyRegisters] = { "b", "t" },
    [TCBSetPriority] = { "p", "T" },
    [TCBSetMCPriority] = { "p", "T" },
    [TCBSetIPCBuffer] = { "a", "f" },
    [TCBSuspend] = { "", NULL },
    [TCBResume] = { "", NULL },
    [TCBBindNotification] = { "", "N" },
    [TCBUnbindNotification] = { "", NULL },
    [TCBSetTLSBase] = { "a", NULL },
    [TCBSetFlags] = { "bb", NULL },
    [CNodeRevoke] = { "sd", NULL },
    [CNodeDelete] = { "sd", NULL },
    [CNodeCancelBadgedSends] = { "sd", NULL },
    [CNodeCopy] = { "sdSdr", "n" },
    [CNodeMint] = { "sdSdrx", "n" },
    [CNodeMove] = { "sdSd", "n" },
    [CNodeMutate] = { "sdSdg", "n" },
    [CNodeRotate] = { "sdxSdxSd", "nn" },
    [IRQIssueIRQHandler] = { "xsd", "n" },
    [IRQAckIRQ] = { "", NULL },
    [IRQSetIRQHandler] = { "", "N" },
    [IRQClearIRQHandler] = { "", NULL },
    [DomainSetSet] = { "D", "t" },
    [DomainScheduleConfigure] = { "DDx", NULL },
    [DomainScheduleSetStart] = { "D", NULL },
    [X86PDPTMap] = { "av", "v" },
    [X86PDPTUnmap] = { "", NULL },
    [X86PageDirectoryMap] = { "av", "v" },
    [X86PageDirectoryUnmap] = { "", NULL },
    [X86PageTableMap] = { "av", "v" },
    [X86PageTableUnmap] = { "", NULL },
    [X86PageMap] = { "arv", "v" },
    [X86PageUnmap] = { "", NULL },
    [X86PageGetAddress] = { "", NULL },
    [X86ASIDControlMakePool] = { "sd", "un" },
    [X86ASIDPoolAssign] = { "", "p" },
    [X86IOPortControlIssue] = { "oOsd", "n" },
    [X86IOPortIn8] = { "o", NULL },
    [X86IOPortIn16] = { "o", NULL },
    [X86IOPortIn32] = { "o", NULL },
    [X86IOPortOut8] = { "ox", NULL },
    [X86IOPortOut16] = { "ox", NULL },
    [X86IOPortOut32] = { "ox", NULL },
    [X86IRQIssueIRQHandlerIOAPIC] = { "sdzibbV", "n" },
    [X86IRQIssueIRQHandlerMSI] = { "sdbbbbV", "n" },
#ifdef CONFIG_KERNEL_MCS
    [TCBConfigure] = { "gGa", "nvf" },
    [TCBSetSchedParams] = { "pp", "TCF" },
    [TCBSetTimeoutEndpoint] = { "", "F" },
    [TCBSetSpace] = { "gG", "Fnv" },
    [SchedControlConfigureFlags] = { "BBEbb", "C" },
    [SchedContextBind] = { "", "X" },
    [SchedContextUnbind] = { "", NULL },
    [SchedContextUnbindObject] = { "", "X" },
    [SchedContextConsumed] = { "", NULL },
    [SchedContextYieldTo] = { "", NULL },
#else
    [TCBConfigure] = { "egGa", "nvf" },
    [TCBSetSchedParams] = { "pp", "T" },
    [TCBSetSpace] = { "egG", "nv" },
    [CNodeSaveCaller] = { "sd", NULL },
#endif
};

/* Labels to try; a few are nobody's. */
#ifdef CONFIG_KERNEL_MCS
#define LABELS 66ul
#define TYPES 14ul
#define SCHED_CONTROL 16 /* the first that is free */
#else
#define LABELS 60ul
#define TYPES 12ul
#endif

/* What is in the slots of the world, by seL4_DebugCapIdentify's numbers. */
static uint8_t kinds_there[WORLD_SLOTS];

/* A slot of the world with a capability of this kind, if it finds one. */
static seL4_CPtr slot_of(uint8_t kind)
{
    seL4_CPtr slot = 0;

    for (int i = 0; i < 60; i++) {
        slot = random_below(WORLD_SLOTS);
        if (kinds_there[slot] == kind)
            break;
    }
    return WORLD + slot;
}

static seL4_Word word_for(char shape)
{
    static const seL4_CPtr sources[] = { 4, 5, 6, 7, 9, 10, 11 };

    switch (shape) {
    case 't':
        return small(TYPES);
    case 'b':
        return small(4);
    case 'k':
        return chance(70) ? random_below(3) + 4 + 8 * random_below(2)
                          : small(22);
    case '0':
        return chance(3) ? odd_word() : 0;
    case 's':
        return chance(3)    ? small(8300) | 4096
               : chance(60) ? slot_of(0)
                            : world_slot();
    case 'S':
        return chance(4) ? sources[random_below(COUNT(sources))] : world_slot();
    case 'n':
        return small(4);
    case 'c':
        return small(24);
    case 'd':
        return depth();
    case 'e':
        return chance(50) ? 0 : world_slot();
    case 'g':
    case 'G':
        return chance(60) ? 0 : odd_word() << 6 | random_below(64);
    case 'p':
        return small(200);
    case 'D':
        return small(3);
    case 'a':
        return address();
    case 'r':
        return small(16);
    case 'v':
        return small(8);
    case 'o':
    case 'O':
        return 0x9000 + (chance(5) ? odd_word() : random_below(24));
    case 'z':
        return chance(5) ? odd_word() : 0;
    case 'i':
        return chance(5) ? 24 + small(9) : 16 + random_below(8);
    case 'V':
        return chance(5) ? odd_word() | 64 : 40 + random_below(12);
    case 'B':
        return chance(8) ? odd_word() : 1000000000 * (1 + random_below(3));
    case 'E':
        return small(20);
    default:
        return odd_word();
    }
}

/* A capability pointer that resolves. */
static seL4_CPtr cap_for(char shape)
{
    static const seL4_CPtr fixed[] = { SELF, ROOT, VSPACE, 0, 4, 6, 10 };

    if (chance(15))
        return chance(40) ? fixed[random_below(COUNT(fixed))] : world_slot();
    switch (shape) {
    case 'n':
        return chance(90) ? ROOT : slot_of(10);
    case 't':
        return slot_of(12);
    case 'T':
        return chance(80) ? SELF : slot_of(12);
    case 'v':
        return chance(70) ? VSPACE : slot_of(9);
    case 'p':
        return slot_of(9);
    case 'f':
        return slot_of(1);
    case 'N':
        return slot_of(6);
    case 'C':
        return chance(20) ? 0 : slot_of(22);
    case 'F':
        return chance(40) ? 0 : slot_of(4);
    case 'X':
        return slot_of(chance(60) ? 12 : 6);
    default:
        return slot_of(2);
    }
}

/* --- invocations ------------------------------------------------------------ */

/* The methods of kinds of capabilities, by seL4_DebugCapIdentify's number. */
static const struct {
    uint8_t kind, first, last;
} ranges[] = {
    { 2, UntypedRetype, UntypedRetype },
    { 12, TCBReadRegisters, TCBSetFlags },
#ifdef CONFIG_KERNEL_MCS
    { 10, CNodeRevoke, CNodeRotate },
    { 22, SchedContextBind, SchedContextYieldTo },
    { 24, SchedControlConfigureFlags, SchedControlConfigureFlags },
#else
    { 10, CNodeRevoke, CNodeSaveCaller },
#endif
    { 14, X86IRQIssueIRQHandlerIOAPIC, X86IRQIssueIRQHandlerMSI },
    { 16, IRQAckIRQ, IRQClearIRQHandler },
    { 20, DomainSetSet, DomainSetSet },
    { 7, X86PDPTMap, X86PDPTUnmap },
    { 5, X86PageDirectoryMap, X86PageDirectoryUnmap },
    { 3, X86PageTableMap, X86PageTableUnmap },
    { 1, X86PageMap, X86PageUnmap },
    { 11, X86ASIDControlMakePool, X86ASIDControlMakePool },
    { 13, X86ASIDPoolAssign, X86ASIDPoolAssign },
    { 31, X86IOPortControlIssue, X86IOPortControlIssue },
    { 19, X86IOPortIn8, X86IOPortOut32 },
};

static seL4_Word method_for(seL4_Word kind)
{
    seL4_Word label;

    for (size_t i = 0; i < COUNT(ranges); i++) {
        if (ranges[i].kind == kind && !chance(4))
            return ranges[i].first +
                   random_below(ranges[i].last - ranges[i].first + 1ul);
    }
    /* Not those that would be this thread's own end, or a physical address. */
    do
        label = random_below(LABELS);
    while (label == X86PageGetAddress || label == DomainScheduleConfigure ||
           label == DomainScheduleSetStart);
    return label;
}

static const seL4_CPtr targets[] = {
    ROOT,
    ROOT,
    seL4_CapIRQControl,
    seL4_CapASIDControl,
    seL4_CapInitThreadASIDPool,
    seL4_CapIOPortControl,
    seL4_CapDomain,
#ifdef CONFIG_KERNEL_MCS
    SCHED_CONTROL,
    SCHED_CONTROL,
#endif
};

static seL4_CPtr target(void)
{
    if (chance(45))
        return chance(60) ? ROOT : targets[random_below(COUNT(targets))];
    return chance(20) ? slot_of(12) : world_slot();
}

/* Receiving is not tried: who may not receive there would be stopped. */
static void send(seL4_CPtr cap)
{
    seL4_NBSend(cap, seL4_MessageInfo_new(7, 0, 0, 1));
    say("NBSend(%u)", cap);
}

static void print_call(seL4_Word label, seL4_CPtr cap, struct words caps,
                       struct words words)
{
    put("| %u: %u(", cap, label);
    for (size_t i = 0; i < caps.count; i++)
        put("%u ", caps.first[i]);
    put(";");
    for (size_t i = 0; i < words.count; i++)
        put(" %x", words.first[i]);
    put(") -> ");
}

/* What is read from I/O ports, times, and the longest time. */
#ifdef CONFIG_KERNEL_MCS

static int gives_hardware(seL4_Word label, seL4_MessageInfo_t info)
{
    return (label >= X86IOPortIn8 && label <= X86IOPortIn32) ||
           label == SchedContextConsumed || label == SchedContextYieldTo ||
           (label == SchedControlConfigureFlags &&
            seL4_MessageInfo_get_length(info) == 2 && seL4_GetMR(1) >> 40);
}

#else

static int gives_hardware(seL4_Word label, seL4_MessageInfo_t info)
{
    (void)info;
    return label >= X86IOPortIn8 && label <= X86IOPortIn32;
}

#endif

static void invoke_randomly(void)
{
    seL4_CPtr cap = target();
    seL4_Word kind = seL4_DebugCapIdentify(cap), label = method_for(kind);
    const char *shape = label < COUNT(methods) ? methods[label].words : "xx";
    const char *cap_shape = label < COUNT(methods) ? methods[label].caps : NULL;
    seL4_Word caps[3], words[24];
    size_t n = 0, c = 0;
    seL4_MessageInfo_t info;

    for (; shape[n]; n++)
        words[n] = word_for(shape[n]);
    for (; cap_shape && cap_shape[c]; c++)
        caps[c] = cap_for(cap_shape[c]);
    /* Nothing is moved out of the slots that this program lives on. */
    if (cap == ROOT && (label == CNodeMove || label == CNodeMutate) &&
        words[2] < WORLD)
        words[2] = world_slot();
    if (cap == ROOT && label == CNodeRotate) {
        words[3] = world_slot();
        words[6] = world_slot();
    }
    if (label == TCBCopyRegisters && caps[0] == SELF)
        caps[0] = slot_of(12); /* it may be suspended */
    if (chance(3) && n > 0)
        n -= random_below(n);
    if (chance(3) && c > 0)
        c -= 1;
    if (kind == 4 || kind == 6 || kind == 8) {
        send(cap);
        return;
    }
    print_call(label, cap, (struct words){ caps, c },
               (struct words){ words, n });
    info = invoke_quietly(cap, label, (struct words){ caps, c },
                          (struct words){ words, n });
    put("%s", error_name(seL4_MessageInfo_get_label(info)));
    if (!gives_hardware(label, info))
        put_words(seL4_MessageInfo_get_length(info));
    put("\n");
}

/* What changed in the slots of the world. */
static void look(void)
{
    int changed = 0;

    for (seL4_Word i = 0; i < WORLD_SLOTS; i++) {
        uint8_t kind = (uint8_t)seL4_DebugCapIdentify(WORLD + i);

        if (kind != kinds_there[i]) {
            put(changed ? " %u=%u" : "|   %u=%u", WORLD + i, (seL4_Word)kind);
            changed = 1;
        }
        kinds_there[i] = kind;
    }
    if (changed)
        put("\n");
}

/* Objects that the world gets. */
static const seL4_Word new_objects[][2] = {
    { seL4_TCBObject, 0 },
    { seL4_TCBObject, 0 },
    { seL4_EndpointObject, 0 },
    { seL4_NotificationObject, 0 },
    { seL4_CapTableObject, 4 },
    { seL4_X86_4K, 0 },
    { seL4_X86_4K, 0 },
    { seL4_X86_LargePageObject, 0 },
    { seL4_X86_PageTableObject, 0 },
    { seL4_X86_PageTableObject, 0 },
    { seL4_X86_PageDirectoryObject, 0 },
    { seL4_X86_PDPTObject, 0 },
    { seL4_X64_PML4Object, 0 },
    { seL4_UntypedObject, 12 },
    { seL4_UntypedObject, 13 },
    { seL4_UntypedObject, 18 },
#ifdef CONFIG_KERNEL_MCS
    { seL4_SchedContextObject, 7 },
    { seL4_SchedContextObject, 8 },
    { seL4_ReplyObject, 0 },
#endif
};

static void populate(void)
{
    for (size_t i = 0; i < COUNT(new_objects); i++) {
        seL4_CPtr cap = world_slot();

        if (seL4_DebugCapIdentify(cap) == 0)
            QUIETLY(ROOT, CNodeMove, CAPS(ROOT), cap, 64,
                    make(new_objects[i][0], new_objects[i][1]), 64);
    }
}

/* So many invocations; the world gets new objects from time to time. */
static void wander(seL4_Word seed, seL4_Word steps)
{
    random_state = seed * 0x9e3779b97f4a7c15ul + 1;
    for (int i = 0; i < 10; i++)
        random_word();
    say("seed %u", seed);
    for (seL4_Word i = 0; i < steps; i++) {
        if (i % 32 == 0)
            populate();
        invoke_randomly();
        look();
    }
    for (seL4_Word i = 0; i < WORLD_SLOTS; i++) {
        QUIETLY(ROOT, CNodeRevoke, NONE, WORLD + i, 64);
        delete (WORLD + i);
    }
    look();
}

#endif
