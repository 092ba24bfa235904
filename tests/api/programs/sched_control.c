/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MCS: scheduling contexts and reply objects are made; SchedControl gives
 * time; what is refused, in which order.
 */
#include "transcript.h"

#define BASE FREE

static seL4_CPtr control, sc, ep, ntfn, tcb, reply;

static void sizes(void)
{
    seL4_CPtr ut = memory(16);

    say("sizes");
    for (seL4_Word bits = 0; bits <= 17; bits++) {
        say("bits %u", bits);
        INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_SchedContextObject, bits, 0,
               0, BASE, 1);
        INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_ReplyObject, bits, 0, 0,
               BASE + 1, 2);
        SLOTS(BASE, 4);
        for (seL4_CPtr i = 0; i < 3; i++)
            delete (BASE + i);
    }
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_SchedContextObject, 63, 0, 0,
           BASE, 1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_SchedContextObject, 64, 0, 0,
           BASE, 1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_SchedContextObject, -1ul, 0, 0,
           BASE, 1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_ReplyObject, -1ul, 0, 0, BASE,
           1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_ReplyObject, 0, 0, 0, BASE, 200);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_ReplyObject, 0, 0, 0, BASE, 256);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_ReplyObject, 0, 0, 0, BASE, 257);
    SLOTS(BASE, 3);
    INVOKE(ROOT, CNodeRevoke, NONE, ut, 64);
    say("how many fit");
    ut = memory(12);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_ReplyObject, 0, 0, 0, BASE, 127);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_ReplyObject, 0, 0, 0, BASE + 127,
           2);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_ReplyObject, 0, 0, 0, BASE + 127,
           1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_ReplyObject, 0, 0, 0, BASE + 128,
           1);
    INVOKE(ROOT, CNodeRevoke, NONE, ut, 64);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_SchedContextObject, 7, 0, 0,
           BASE, 31);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_SchedContextObject, 8, 0, 0,
           BASE + 31, 1);
    INVOKE(ut, UntypedRetype, CAPS(ROOT), seL4_SchedContextObject, 7, 0, 0,
           BASE + 31, 1);
    INVOKE(ROOT, CNodeRevoke, NONE, ut, 64);
    say("from device memory");
    INVOKE(sel4runtime_bootinfo()->untyped.start, UntypedRetype, CAPS(ROOT),
           seL4_SchedContextObject, 8, 0, 0, BASE, 1);
    INVOKE(sel4runtime_bootinfo()->untyped.start, UntypedRetype, CAPS(ROOT),
           seL4_ReplyObject, 0, 0, 0, BASE, 1);
}

/* The upper limit depends on the processor's speed. */
static void configure(const char *text, seL4_CPtr target, seL4_Word budget,
                      seL4_Word period, seL4_Word extra)
{
    seL4_Word label = QUIETLY(control, SchedControlConfigureFlags, CAPS(target),
                              budget, period, extra, 0, 0);

    put("| %s: %s", text, error_name(label));
    if (label == seL4_RangeError) {
        seL4_Word most = seL4_GetMR(1);

        put(" from %u to ", seL4_GetMR(0));
        put(most > 1ul << 40 ? "the limit" : "%u", most);
    } else if (label) {
        put_words(1);
    }
    put("\n");
}

static void times(void)
{
    static const seL4_Word list[] = {
        0, 1, 19, 20, 21, 100, 5000, 10000, 1000000, 1ul << 32, 1ul << 63, -1ul,
    };

    say("budgets and periods");
    for (size_t b = 0; b < COUNT(list); b++) {
        for (size_t p = 0; p < COUNT(list); p++) {
            say("budget %u period %u", list[b], list[p]);
            configure("with it", sc, list[b], list[p], 0);
        }
    }
    say("what comes first");
    configure("budget", ep, -1ul, -1ul, -1ul);
    configure("period", ep, 0, -1ul, -1ul);
    configure("small budget", ep, 0, 0, -1ul);
    configure("small period", ep, 20, 0, -1ul);
    configure("more budget than period", ep, 21, 20, -1ul);
    configure("no scheduling context", ep, 20, 20, -1ul);
    configure("refills", sc, 20, 20, -1ul);
}

static void extra_refills(void)
{
    static const seL4_Word extra[] = { 0,    1,    2,    3,    4,    7,
                                       8,    9,    0x17, 0x18, 0x19, 0x37,
                                       0x38, 0x39, 0x78, 0x79, 300,  -1ul };

    say("extra refills");
    for (seL4_Word bits = 7; bits <= 12; bits++) {
        seL4_CPtr context = make(seL4_SchedContextObject, bits);

        say("bits %u", bits);
        for (size_t i = 0; i < COUNT(extra); i++) {
            INVOKE(control, SchedControlConfigureFlags, CAPS(context), 1000,
                   10000, extra[i], 0, 0);
            INVOKE(control, SchedControlConfigureFlags, CAPS(context), 1000,
                   1000, extra[i], 0, 0);
        }
    }
}

static void messages(void)
{
    seL4_CPtr copied = copy(control, 0), weak = copy(sc, 0);

    say("capabilities and words");
    INVOKE(control, SchedControlConfigureFlags, NONE, 1000, 10000, 0, 0, 0);
    INVOKE(control, SchedControlConfigureFlags, NONE);
    INVOKE(control, SchedControlConfigureFlags, CAPS(sc), 1000, 10000, 0, 0);
    INVOKE(control, SchedControlConfigureFlags, CAPS(sc), -1ul, 10000, 0, 0);
    INVOKE(control, SchedControlConfigureFlags, CAPS(sc));
    INVOKE(control, SchedControlConfigureFlags, CAPS(0), 1000, 10000, 0, 0, 0);
    INVOKE(control, SchedControlConfigureFlags, CAPS(tcb), 1000, 10000, 0, 0,
           0);
    INVOKE(control, SchedControlConfigureFlags, CAPS(control), 1000, 10000, 0,
           0, 0);
    INVOKE(control, SchedControlConfigureFlags, CAPS(reply), 1000, 10000, 0, 0,
           0);
    INVOKE(control, SchedControlConfigureFlags, CAPS(ROOT), 1000, 10000, 9, 0,
           0);
    INVOKE(control, SchedControlConfigureFlags, CAPS(sc, ep), 1000, 10000, 0, 0,
           0);
    INVOKE(control, SchedControlConfigureFlags, CAPS(weak), 1000, 10000, 0, 0,
           0);
    INVOKE(copied, SchedControlConfigureFlags, CAPS(sc), 1000, 10000, 8, -1ul,
           0);
    for (seL4_Word flags = 0; flags < 4; flags++)
        INVOKE(control, SchedControlConfigureFlags, CAPS(sc), 1000, 10000, 0, 5,
               flags);
    INVOKE(control, SchedControlConfigureFlags, CAPS(sc), 1000, 10000, 0, -1ul,
           -1ul);
    INVOKE(control, SchedControlConfigureFlags, CAPS(sc), 1000, 10000, 0, 0, 0,
           1, 2, 3);
    say("other methods");
    INVOKE(control, SchedContextBind, CAPS(tcb));
    INVOKE(control, InvalidInvocation, NONE);
    INVOKE(control, UntypedRetype, NONE);
    INVOKE(sc, SchedControlConfigureFlags, CAPS(sc), 1000, 10000, 0, 0, 0);
    INVOKE(sc, InvalidInvocation, NONE);
    INVOKE(sc, TCBSuspend, NONE);
    INVOKE(sc, 999, NONE);
    INVOKE(tcb, SchedContextBind, CAPS(sc));
    INVOKE(ROOT, SchedContextConsumed, NONE);
}

static void replies(void)
{
    say("reply objects that nobody waits for take what they get");
    INVOKE(reply, InvalidInvocation, NONE);
    INVOKE(reply, SchedContextConsumed, NONE, 1, 2, 3);
    INVOKE(reply, 999, CAPS(ep));
    seL4_Send(reply, seL4_MessageInfo_new(1, 0, 0, 2));
    seL4_NBSend(reply, seL4_MessageInfo_new(1, 0, 1, 2));
    say("copies");
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE, 64, reply, 64, ALL);
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE + 1, 64, reply, 64, 0);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE + 2, 64, reply, 64, ALL, 0);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE + 3, 64, reply, 64, ALL, 7);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE + 4, 64, reply, 64, WRITE, -1ul);
    INVOKE(ROOT, CNodeMutate, CAPS(ROOT), BASE + 5, 64, BASE, 64, 1);
    INVOKE(ROOT, CNodeMutate, CAPS(ROOT), BASE + 6, 64, BASE + 1, 64, 0);
    INVOKE(ROOT, CNodeMove, CAPS(ROOT), BASE + 7, 64, BASE + 2, 64);
    SLOTS(BASE, 8);
    INVOKE(ROOT, CNodeRevoke, NONE, BASE + 7, 64);
    SLOTS(BASE, 8);
    INVOKE(ROOT, CNodeRevoke, NONE, reply, 64);
    SLOTS(BASE, 8);
    SLOTS(reply, 1);
    INVOKE(ROOT, CNodeCancelBadgedSends, NONE, reply, 64);
    INVOKE(ROOT, CNodeCancelBadgedSends, NONE, sc, 64);
}

int main(void)
{
    control = sched_control();
    sc = make(seL4_SchedContextObject, 8);
    ep = make(seL4_EndpointObject, 0);
    ntfn = make(seL4_NotificationObject, 0);
    tcb = make(seL4_TCBObject, 0);
    reply = make(seL4_ReplyObject, 0);
    say("the first slots");
    SLOTS(0, 20);
    SLOTS(sc, 5);
    sizes();
    times();
    extra_refills();
    messages();
    replies();
    return 0;
}
