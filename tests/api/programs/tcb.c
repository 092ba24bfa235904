/* SPDX-License-Identifier: BSD-2-Clause */
/* TCB invocations on threads that do not run. */
#include "transcript.h"

#define BASE FREE

static seL4_CPtr tcb, ep, ntfn, node, frame, pml4;

static void configure(void)
{
    seL4_CPtr device = BASE + 8, read_only = copy(frame, READ);
    seL4_CPtr none = copy(frame, 0), large = make(seL4_X86_LargePageObject, 0);

    say("Configure");
    QUIETLY(sel4runtime_bootinfo()->untyped.start, UntypedRetype, CAPS(ROOT),
            seL4_X86_4K, 0, 0, 0, device, 1);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, frame), 0, 0, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, frame), 0, 0, 0, 0x1400);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, frame), 0, 0, 0, 0x1200);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, frame), 0, 0, 0, 0x1001);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, 0), 0, 0, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, 0), 0, 0, 0, 0);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, frame), 0, 0, 0, 0);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, frame), 0, 0, 0, -1024ul);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, ep), 0, 0, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, device), 0, 0, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, read_only), 0, 0, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, none), 0, 0, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, large), 0, 0, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(0, VSPACE, frame), 0, 0, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ep, VSPACE, frame), 0, 0, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, 0, frame), 0, 0, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, pml4, frame), 0, 0, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, ROOT, frame), 0, 0, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(VSPACE, ROOT, frame), 0, 0, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE), 0, 0, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT), 0, 0, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, NONE, 0, 0, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, frame), 0, 0, 0);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, frame));
    say("guards");
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, frame), 0, 51, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, frame), 0, 52, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, frame), 0, 63, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, frame), 0, 5 << 6 | 51, 0,
           0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(node, VSPACE, frame), 0, 60, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(node, VSPACE, frame), 0, 61, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(node, VSPACE, frame), 0, -1ul, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, frame), 0, 0, 1, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, frame), 0, 0, -1ul, 0x1000);
    say("fault handlers are looked up when a fault comes");
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, frame), ep, 0, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, frame), -1ul, 0, 0, 0x1000);
    delete (device);
}

static void space_and_buffer(void)
{
    say("SetSpace");
    INVOKE(tcb, TCBSetSpace, CAPS(ROOT, VSPACE), 0, 0, 0);
    INVOKE(tcb, TCBSetSpace, CAPS(node, VSPACE), 7, 60, 0);
    INVOKE(tcb, TCBSetSpace, CAPS(node, VSPACE), 7, 61, 0);
    INVOKE(tcb, TCBSetSpace, CAPS(ROOT, pml4), 0, 0, 0);
    INVOKE(tcb, TCBSetSpace, CAPS(ROOT, 0), 0, 0, 0);
    INVOKE(tcb, TCBSetSpace, CAPS(0, VSPACE), 0, 0, 0);
    INVOKE(tcb, TCBSetSpace, CAPS(tcb, VSPACE), 0, 0, 0);
    INVOKE(tcb, TCBSetSpace, CAPS(ROOT, VSPACE), 0, 0, 5);
    INVOKE(tcb, TCBSetSpace, CAPS(ROOT), 0, 0, 0);
    INVOKE(tcb, TCBSetSpace, NONE, 0, 0, 0);
    INVOKE(tcb, TCBSetSpace, CAPS(ROOT, VSPACE), 0, 0);
    say("a CNode with children, and its copy");
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE, 64, node, 64, ALL);
    INVOKE(tcb, TCBSetSpace, CAPS(BASE, VSPACE), 0, 60, 0);
    INVOKE(ROOT, CNodeDelete, NONE, BASE, 64);
    INVOKE(ROOT, CNodeRevoke, NONE, node, 64);
    SLOTS(node, 1);
    say("SetIPCBuffer");
    INVOKE(tcb, TCBSetIPCBuffer, CAPS(frame), 0x2000);
    INVOKE(tcb, TCBSetIPCBuffer, CAPS(frame), 0x2004);
    INVOKE(tcb, TCBSetIPCBuffer, CAPS(frame), 0);
    INVOKE(tcb, TCBSetIPCBuffer, CAPS(0), 0x2000);
    INVOKE(tcb, TCBSetIPCBuffer, CAPS(0), 0);
    INVOKE(tcb, TCBSetIPCBuffer, CAPS(ep), 0x2000);
    INVOKE(tcb, TCBSetIPCBuffer, CAPS(ep), 0);
    INVOKE(tcb, TCBSetIPCBuffer, NONE, 0x2000);
    INVOKE(tcb, TCBSetIPCBuffer, NONE);
    INVOKE(tcb, TCBSetIPCBuffer, CAPS(frame));
}

static void priorities(void)
{
    static const seL4_Word levels[] = { 0, 1, 100, 254, 255, 256, -1ul };
    seL4_CPtr low = make(seL4_TCBObject, 0);

    say("priorities");
    for (size_t i = 0; i < COUNT(levels); i++) {
        say("level %u", levels[i]);
        INVOKE(tcb, TCBSetPriority, CAPS(SELF), levels[i]);
        INVOKE(tcb, TCBSetMCPriority, CAPS(SELF), levels[i]);
        INVOKE(tcb, TCBSetSchedParams, CAPS(SELF), levels[i], 7);
        INVOKE(tcb, TCBSetSchedParams, CAPS(SELF), 7, levels[i]);
        INVOKE(tcb, TCBSetPriority, CAPS(low), levels[i]);
        INVOKE(low, TCBSetMCPriority, CAPS(tcb), levels[i]);
        INVOKE(low, TCBSetSchedParams, CAPS(tcb), levels[i], 0);
    }
    INVOKE(tcb, TCBSetMCPriority, CAPS(SELF), 100);
    INVOKE(low, TCBSetPriority, CAPS(tcb), 100);
    INVOKE(low, TCBSetPriority, CAPS(tcb), 101);
    INVOKE(tcb, TCBSetMCPriority, CAPS(tcb), 101);
    INVOKE(tcb, TCBSetMCPriority, CAPS(tcb), 99);
    INVOKE(tcb, TCBSetPriority, CAPS(tcb), 99);
    INVOKE(tcb, TCBSetPriority, CAPS(tcb), 100);
    say("wrong authorities");
    INVOKE(tcb, TCBSetPriority, CAPS(ep), 1);
    INVOKE(tcb, TCBSetPriority, CAPS(0), 1);
    INVOKE(tcb, TCBSetPriority, NONE, 1);
    INVOKE(tcb, TCBSetPriority, CAPS(SELF));
    INVOKE(tcb, TCBSetMCPriority, CAPS(ep), 1);
    INVOKE(tcb, TCBSetMCPriority, NONE, 1);
    INVOKE(tcb, TCBSetMCPriority, CAPS(SELF));
    INVOKE(tcb, TCBSetSchedParams, CAPS(ep), 1, 1);
    INVOKE(tcb, TCBSetSchedParams, NONE, 1, 1);
    INVOKE(tcb, TCBSetSchedParams, CAPS(SELF), 1);
}

static void notifications(void)
{
    seL4_CPtr other = make(seL4_TCBObject, 0);
    seL4_CPtr second = make(seL4_NotificationObject, 0);
    seL4_CPtr send_only = copy(second, WRITE), badged = mint(second, ALL, 5);

    say("BindNotification");
    INVOKE(tcb, TCBUnbindNotification, NONE);
    INVOKE(tcb, TCBBindNotification, NONE);
    INVOKE(tcb, TCBBindNotification, CAPS(ep));
    INVOKE(tcb, TCBBindNotification, CAPS(0));
    INVOKE(tcb, TCBBindNotification, CAPS(send_only));
    INVOKE(tcb, TCBBindNotification, CAPS(badged));
    INVOKE(tcb, TCBBindNotification, CAPS(ntfn));
    INVOKE(other, TCBBindNotification, CAPS(second));
    INVOKE(other, TCBBindNotification, CAPS(ntfn));
    INVOKE(tcb, TCBUnbindNotification, NONE);
    INVOKE(tcb, TCBUnbindNotification, NONE);
    INVOKE(other, TCBBindNotification, CAPS(second));
    INVOKE(ROOT, CNodeDelete, NONE, other, 64);
    INVOKE(tcb, TCBBindNotification, CAPS(second));
    INVOKE(ROOT, CNodeRevoke, NONE, second, 64);
    INVOKE(ROOT, CNodeDelete, NONE, second, 64);
    INVOKE(tcb, TCBUnbindNotification, NONE);
    INVOKE(tcb, TCBBindNotification, CAPS(ntfn));
    INVOKE(tcb, TCBUnbindNotification, NONE);
}

static void flags_and_tls(void)
{
    static const seL4_Word words[] = { 0, 1, 2, 3, -1ul };

    say("SetFlags");
    for (size_t i = 0; i < COUNT(words); i++) {
        say("flags %x", words[i]);
        INVOKE(tcb, TCBSetFlags, NONE, 0, words[i]);
        INVOKE(tcb, TCBSetFlags, NONE, words[i], 0);
        INVOKE(tcb, TCBSetFlags, NONE, words[i], words[i]);
        INVOKE(tcb, TCBSetFlags, NONE, -1ul, 0);
    }
    INVOKE(tcb, TCBSetFlags, NONE, 0);
    INVOKE(tcb, TCBSetFlags, NONE);
    say("SetTLSBase");
    INVOKE(tcb, TCBSetTLSBase, NONE, 0x123456789abcul);
    INVOKE(tcb, TCBReadRegisters, NONE, 0, 20);
    INVOKE(tcb, TCBSetTLSBase, NONE, 1ul << 47);
    INVOKE(tcb, TCBReadRegisters, NONE, 0, 20);
    INVOKE(tcb, TCBSetTLSBase, NONE, -1ul);
    INVOKE(tcb, TCBReadRegisters, NONE, 0, 20);
    INVOKE(tcb, TCBSetTLSBase, NONE);
}

static void suspend_and_resume(void)
{
    say("Suspend and Resume of a thread that cannot run here");
    INVOKE(tcb, TCBSuspend, NONE);
    INVOKE(tcb, TCBSuspend, NONE, 1, 2, 3);
    INVOKE(tcb, TCBSetPriority, CAPS(SELF), 0);
    INVOKE(tcb, TCBResume, NONE);
    INVOKE(tcb, TCBResume, NONE);
    INVOKE(tcb, TCBSuspend, NONE);
    INVOKE(SELF, TCBResume, NONE);
    say("others");
    INVOKE(tcb, CNodeDelete, NONE, 1, 64);
    INVOKE(tcb, InvalidInvocation, NONE);
    INVOKE(tcb, 999, NONE);
}

int main(void)
{
    tcb = make(seL4_TCBObject, 0);
    ep = make(seL4_EndpointObject, 0);
    ntfn = make(seL4_NotificationObject, 0);
    node = make(seL4_CapTableObject, 4);
    frame = make(seL4_X86_4K, 0);
    pml4 = make(seL4_X64_PML4Object, 0);
    configure();
    space_and_buffer();
    priorities();
    notifications();
    flags_and_tls();
    suspend_and_resume();
    return 0;
}
