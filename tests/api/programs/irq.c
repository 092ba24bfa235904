/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupt control and handlers; no interrupt comes. */
#include "transcript.h"

#define CONTROL seL4_CapIRQControl
#define BASE FREE

static void ioapic(void)
{
    static const seL4_Word vectors[] = { 0,   1,   50,  106, 107, 108, 109,
                                         110, 127, 128, 255, 256, -1ul };
    static const seL4_Word pins[] = { 16, 23, 24, 25, 255, 256, -1ul };

    say("GetIOAPIC: root; index, depth, ioapic, pin, level, polarity, vector");
    for (size_t i = 0; i < COUNT(vectors); i++) {
        say("vector %u", vectors[i]);
        INVOKE(CONTROL, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT), BASE, 64, 0,
               20, 1, 1, vectors[i]);
        delete (BASE);
    }
    for (size_t i = 0; i < COUNT(pins); i++) {
        say("pin %u", pins[i]);
        INVOKE(CONTROL, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT), BASE, 64, 0,
               pins[i], 1, 1, 60);
        delete (BASE);
    }
    INVOKE(CONTROL, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT), BASE, 64, 1, 20, 1,
           1, 60);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT), BASE, 64, -1ul, 20,
           1, 1, 60);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT), BASE, 64, 0, 20, 2,
           1, 60);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT), BASE, 64, 0, 20, 1,
           2, 60);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT), BASE, 64, 0, 20, 2,
           2, 600);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT), BASE, 64, 0, 20, 0,
           0, 60);
    SLOTS(BASE, 1);
    say("in use");
    INVOKE(CONTROL, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT), BASE + 1, 64, 0,
           21, 0, 0, 60);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT), BASE, 64, 0, 21, 0,
           0, 60);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT), BASE, 64, 0, 21, 0,
           0, 61);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT), BASE + 1, 64, 0,
           20, 0, 0, 61);
    SLOTS(BASE, 2);
    say("wrong places");
    INVOKE(CONTROL, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT), BASE + 2, 60, 0,
           20, 0, 0, 62);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT), BASE + 2, 65, 0,
           20, 0, 0, 62);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT), BASE + 2, 0, 0, 20,
           0, 0, 62);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerIOAPIC, CAPS(CONTROL), BASE + 2, 64, 0,
           20, 0, 0, 62);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT), 8192, 64, 0, 20, 0,
           0, 62);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerIOAPIC, NONE, BASE + 2, 64, 0, 20, 0,
           0, 62);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT), BASE + 2, 64, 0,
           20, 0, 0);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT));
}

static void msi(void)
{
    say("GetMSI: root; index, depth, bus, device, function, handle, vector");
    INVOKE(CONTROL, X86IRQIssueIRQHandlerMSI, CAPS(ROOT), BASE + 3, 64, 0, 0, 0,
           0, 70);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerMSI, CAPS(ROOT), BASE + 4, 64, 0, 0, 0,
           0, 70);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerMSI, CAPS(ROOT), BASE + 3, 64, 0, 0, 0,
           0, 71);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerMSI, CAPS(ROOT), BASE + 4, 64, 255, 31,
           7, 0, 72);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerMSI, CAPS(ROOT), BASE + 5, 64, 256, 0,
           0, 0, 73);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerMSI, CAPS(ROOT), BASE + 5, 64, 0, 32,
           0, 0, 73);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerMSI, CAPS(ROOT), BASE + 5, 64, 0, 0, 8,
           0, 73);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerMSI, CAPS(ROOT), BASE + 5, 64, 0, 0, 0,
           -1ul, 73);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerMSI, CAPS(ROOT), BASE + 6, 64, 0, 0, 0,
           0, 108);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerMSI, CAPS(ROOT), BASE + 6, 64, 0, 0, 0,
           0, -1ul);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerMSI, NONE, BASE + 6, 64, 0, 0, 0, 0,
           74);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerMSI, CAPS(ROOT), BASE + 6, 64, 0, 0, 0,
           0);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerMSI, CAPS(ROOT), BASE + 6, 63, 0, 0, 0,
           0, 74);
    SLOTS(BASE, 7);
}

static void plain(void)
{
    say("Get: root; irq, index, depth");
    INVOKE(CONTROL, IRQIssueIRQHandler, CAPS(ROOT), 1, BASE + 8, 64);
    INVOKE(CONTROL, IRQIssueIRQHandler, CAPS(ROOT), 200, BASE + 8, 64);
    INVOKE(CONTROL, IRQIssueIRQHandler, NONE, 1, BASE + 8, 64);
    INVOKE(CONTROL, IRQIssueIRQHandler, CAPS(ROOT), 1, BASE + 8);
    INVOKE(CONTROL, InvalidInvocation, NONE);
    INVOKE(CONTROL, CNodeDelete, NONE, 1, 64);
    INVOKE(CONTROL, 300, NONE);
}

static void handlers(void)
{
    seL4_CPtr ntfn = make(seL4_NotificationObject, 0), badged, mute;
    seL4_CPtr ep = make(seL4_EndpointObject, 0);

    badged = mint(ntfn, ALL, 7);
    mute = mint(ntfn, READ, 7);
    say("handlers");
    INVOKE(BASE, IRQAckIRQ, NONE);
    INVOKE(BASE, IRQClearIRQHandler, NONE);
    INVOKE(BASE, IRQSetIRQHandler, NONE);
    INVOKE(BASE, IRQSetIRQHandler, CAPS(0));
    INVOKE(BASE, IRQSetIRQHandler, CAPS(ep));
    INVOKE(BASE, IRQSetIRQHandler, CAPS(mute));
    INVOKE(BASE, IRQSetIRQHandler, CAPS(badged));
    INVOKE(BASE, IRQSetIRQHandler, CAPS(ntfn));
    INVOKE(ROOT, CNodeRevoke, NONE, ntfn, 64);
    SLOTS(badged, 2);
    INVOKE(BASE, IRQClearIRQHandler, NONE);
    INVOKE(BASE, IRQAckIRQ, NONE, 1, 2);
    INVOKE(BASE, TCBSuspend, NONE);
    INVOKE(BASE, InvalidInvocation, NONE);
    say("copies");
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE + 10, 64, BASE, 64, 0);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE + 11, 64, BASE, 64, ALL, 5);
    INVOKE(BASE + 10, IRQSetIRQHandler, CAPS(ntfn));
    INVOKE(ROOT, CNodeRevoke, NONE, BASE, 64);
    SLOTS(BASE, 12);
    INVOKE(ROOT, CNodeDelete, NONE, BASE, 64);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT), BASE + 12, 64, 0,
           20, 0, 0, 60);
    INVOKE(ROOT, CNodeDelete, NONE, BASE + 10, 64);
    INVOKE(ROOT, CNodeDelete, NONE, BASE + 11, 64);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT), BASE + 12, 64, 0,
           20, 0, 0, 60);
    say("revoking the control takes all handlers");
    INVOKE(ROOT, CNodeRevoke, NONE, CONTROL, 64);
    SLOTS(BASE, 13);
    INVOKE(CONTROL, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT), BASE, 64, 0, 20, 0,
           0, 60);
    INVOKE(ROOT, CNodeMove, CAPS(ROOT), BASE + 1, 64, CONTROL, 64);
    INVOKE(BASE + 1, X86IRQIssueIRQHandlerIOAPIC, CAPS(ROOT), BASE + 2, 64, 0,
           21, 0, 0, 61);
    INVOKE(ROOT, CNodeRevoke, NONE, BASE + 1, 64);
    SLOTS(BASE, 3);
}

int main(void)
{
    ioapic();
    msi();
    plain();
    handlers();
    return 0;
}
