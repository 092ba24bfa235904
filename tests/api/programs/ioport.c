/* SPDX-License-Identifier: BSD-2-Clause */
/* I/O ports where no device answers. */
#include "transcript.h"

#define CONTROL seL4_CapIOPortControl
#define BASE FREE

static void issuing(void)
{
    static const seL4_Word ranges[][2] = {
        { 0x9000, 0x900f }, { 0x9000, 0x900f },  { 0x900f, 0x9010 },
        { 0x8ff0, 0x9000 }, { 0x9005, 0x9006 },  { 0x9010, 0x9010 },
        { 0x9012, 0x9011 }, { 0x10020, 0x9021 }, { 0x19030, 0x19031 },
        { 0x9030, 0x9030 }, { 0xfff0, 0x10000 }, { 0xffff, 0xffff },
        { -1ul, -1ul },     { 0x9100, 0x19101 },
    };

    say("Issue: root; first, last, index, depth");
    for (size_t i = 0; i < COUNT(ranges); i++) {
        say("%x to %x", ranges[i][0], ranges[i][1]);
        INVOKE(CONTROL, X86IOPortControlIssue, CAPS(ROOT), ranges[i][0],
               ranges[i][1], BASE + i, 64);
    }
    SLOTS(BASE, 14);
    INVOKE(CONTROL, X86IOPortControlIssue, CAPS(ROOT), 0x9200, 0x9200, BASE,
           64);
    INVOKE(CONTROL, X86IOPortControlIssue, CAPS(ROOT), 0x9200, 0x9200,
           BASE + 20, 60);
    INVOKE(CONTROL, X86IOPortControlIssue, CAPS(ROOT), 0x9200, 0x9200,
           BASE + 20, 65);
    INVOKE(CONTROL, X86IOPortControlIssue, CAPS(CONTROL), 0x9200, 0x9200,
           BASE + 20, 64);
    INVOKE(CONTROL, X86IOPortControlIssue, NONE, 0x9200, 0x9200, BASE + 20, 64);
    INVOKE(CONTROL, X86IOPortControlIssue, CAPS(ROOT), 0x9200, 0x9200,
           BASE + 20);
    INVOKE(CONTROL, X86IOPortControlIssue, CAPS(ROOT));
    INVOKE(CONTROL, InvalidInvocation, NONE);
    INVOKE(CONTROL, X86IOPortIn8, NONE, 0x9200);
}

/* Only errors count: what is read is the hardware's. */
#define READ_PORT(label, ...)                                                  \
    say(#label "(" #__VA_ARGS__ ") -> %s",                                     \
        error_name(QUIETLY(BASE, label, NONE, ##__VA_ARGS__)))

static void access(void)
{
    static const seL4_Word ports[] = { 0x8fff, 0x9000, 0x900c,  0x900d, 0x900e,
                                       0x900f, 0x9010, 0x19000, -1ul,   0 };

    say("In and Out");
    for (size_t i = 0; i < COUNT(ports); i++) {
        say("port %x", ports[i]);
        READ_PORT(X86IOPortIn8, ports[i]);
        READ_PORT(X86IOPortIn16, ports[i]);
        READ_PORT(X86IOPortIn32, ports[i]);
        INVOKE(BASE, X86IOPortOut8, NONE, ports[i], 0);
        INVOKE(BASE, X86IOPortOut16, NONE, ports[i], 0);
        INVOKE(BASE, X86IOPortOut32, NONE, ports[i], 0);
        if (QUIETLY(BASE, X86IOPortIn8, NONE, ports[i]))
            INVOKE(BASE, X86IOPortIn8, NONE, ports[i]);
        if (QUIETLY(BASE, X86IOPortIn32, NONE, ports[i]))
            INVOKE(BASE, X86IOPortIn32, NONE, ports[i]);
    }
    INVOKE(BASE, X86IOPortOut8, NONE, 0x9000, 0x1ff);
    INVOKE(BASE, X86IOPortOut8, NONE, 0x9000);
    INVOKE(BASE, X86IOPortOut8, NONE);
    INVOKE(BASE, X86IOPortIn8, NONE);
    INVOKE(BASE, InvalidInvocation, NONE);
    INVOKE(BASE, X86IOPortControlIssue, CAPS(ROOT), 0x9300, 0x9300, BASE + 20,
           64);
}

static void copies(void)
{
    say("copies");
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE + 20, 64, BASE, 64, 0);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE + 21, 64, BASE, 64, ALL, 5);
    INVOKE(ROOT, CNodeDelete, NONE, BASE, 64);
    INVOKE(CONTROL, X86IOPortControlIssue, CAPS(ROOT), 0x9000, 0x9000, BASE,
           64);
    INVOKE(BASE + 20, X86IOPortOut8, NONE, 0x9001, 0);
    INVOKE(ROOT, CNodeDelete, NONE, BASE + 20, 64);
    INVOKE(ROOT, CNodeDelete, NONE, BASE + 21, 64);
    INVOKE(CONTROL, X86IOPortControlIssue, CAPS(ROOT), 0x9000, 0x9000, BASE,
           64);
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE + 20, 64, CONTROL, 64, ALL);
    say("revoking the control takes all ranges");
    INVOKE(ROOT, CNodeRevoke, NONE, CONTROL, 64);
    SLOTS(BASE, 21);
    INVOKE(CONTROL, X86IOPortControlIssue, CAPS(ROOT), 0x9000, 0x900f, BASE,
           64);
}

int main(void)
{
    issuing();
    access();
    copies();
    return 0;
}
