/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MCS: TCB invocations that take what the classic kernel's do not: scheduling
 * contexts, and fault handlers as capabilities.
 */
#include "transcript.h"

#define BASE FREE

static seL4_CPtr tcb, other, sc, second, ep, weak, mute, reply_only, ntfn, node,
    frame;

static void configure(void)
{
    say("Configure");
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, frame), 0, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, frame), 0, 0, 0);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, 0), 0, 0, 0);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, 0), 0, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, ep), 0, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, frame), 0, 0, 0x1001);
    INVOKE(tcb, TCBConfigure, CAPS(0, 0, 0), 0, 0, 0x1001);
    INVOKE(tcb, TCBConfigure, CAPS(0, VSPACE, frame), 0, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, 0, frame), 0, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(sc, VSPACE, frame), 0, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, sc, frame), 0, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, frame), 51, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, frame), 52, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, frame), 0, 1, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(node, VSPACE, frame), 60, 0, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(node, VSPACE, frame), -1ul, -1ul, 0x1000);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE, frame), 0, 0);
    INVOKE(tcb, TCBConfigure, CAPS(ROOT, VSPACE), 0, 0, 0);
}

static void set_space(void)
{
    const struct {
        const char *name;
        seL4_CPtr cap;
    } handlers[] = {
        { "null", 0 },
        { "empty slot", 8000 },
        { "endpoint", ep },
        { "Write", weak },
        { "Read and Grant", mute },
        { "Write and GrantReply", reply_only },
        { "notification", ntfn },
        { "TCB", tcb },
        { "CNode", ROOT },
        { "scheduling context", sc },
    };

    say("fault handlers");
    for (size_t i = 0; i < COUNT(handlers); i++) {
        seL4_CPtr handler = handlers[i].cap;

        say("%s", handlers[i].name);
        INVOKE(tcb, TCBSetSpace, CAPS(handler, ROOT, VSPACE), 0, 0);
        INVOKE(tcb, TCBSetSpace, CAPS(handler, 0, VSPACE), 0, 0);
        INVOKE(tcb, TCBSetSpace, CAPS(handler, ROOT, 0), 0, 0);
        INVOKE(tcb, TCBSetTimeoutEndpoint, CAPS(handler));
        INVOKE(tcb, TCBSetSchedParams, CAPS(SELF, sc, handler), 1, 1);
        INVOKE(tcb, TCBSetSchedParams, CAPS(SELF, 0, handler), 1, 1);
        INVOKE(tcb, TCBSetSchedParams, CAPS(SELF, ep, handler), 1, 1);
        INVOKE(tcb, TCBSetSchedParams, CAPS(ep, ep, handler), 1, 1);
    }
    say("too short");
    INVOKE(tcb, TCBSetSpace, CAPS(ep, ROOT, VSPACE), 0);
    INVOKE(tcb, TCBSetSpace, CAPS(ep, ROOT), 0, 0);
    INVOKE(tcb, TCBSetSpace, CAPS(ROOT, VSPACE), 0, 0, 0);
    INVOKE(tcb, TCBSetTimeoutEndpoint, NONE);
    INVOKE(tcb, TCBSetSchedParams, CAPS(SELF, sc), 1, 1);
    INVOKE(tcb, TCBSetSchedParams, CAPS(SELF), 1, 1);
    INVOKE(tcb, TCBSetSchedParams, NONE, 1, 1);
    INVOKE(tcb, TCBSetSchedParams, CAPS(SELF, sc, ep), 1);
    say("the handler is a copy, which goes with what it was copied from");
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE, 64, ep, 64, ALL, 5);
    INVOKE(tcb, TCBSetSpace, CAPS(BASE, ROOT, VSPACE), 0, 0);
    INVOKE(tcb, TCBSetTimeoutEndpoint, CAPS(BASE));
    INVOKE(ROOT, CNodeRevoke, NONE, BASE, 64);
    INVOKE(ROOT, CNodeDelete, NONE, BASE, 64);
}

static void contexts(void)
{
    seL4_CPtr unbound = make(seL4_TCBObject, 0);
    seL4_CPtr raw = make(seL4_SchedContextObject, 8);

    say("scheduling contexts");
    QUIETLY(tcb, TCBSetSchedParams, CAPS(SELF, 0, 0), 1, 1);
    INVOKE(tcb, TCBSetSchedParams, CAPS(SELF, sc, 0), 1, 1);
    INVOKE(tcb, TCBSetSchedParams, CAPS(SELF, sc, 0), 2, 2);
    INVOKE(tcb, TCBSetSchedParams, CAPS(SELF, second, 0), 1, 1);
    INVOKE(other, TCBSetSchedParams, CAPS(SELF, sc, 0), 1, 1);
    INVOKE(other, TCBSetSchedParams, CAPS(SELF, raw, 0), 1, 1);
    INVOKE(other, TCBSetSchedParams, CAPS(SELF, second, 0), 1, 1);
    INVOKE(other, TCBSetSchedParams, CAPS(SELF, 0, 0), 1, 1);
    INVOKE(other, TCBSetSchedParams, CAPS(SELF, 0, 0), 1, 1);
    INVOKE(other, TCBSetSchedParams, CAPS(SELF, second, 0), 1, 1);
    INVOKE(tcb, TCBSetSchedParams, CAPS(SELF, reply_only, 0), 1, 1);
    INVOKE(SELF, TCBSetSchedParams, CAPS(SELF, 0, 0), 255, 255);
    INVOKE(SELF, TCBSetSchedParams, CAPS(SELF, sc, 0), 255, 255);
    INVOKE(SELF, TCBSetSchedParams, CAPS(SELF, second, 0), 255, 255);
    INVOKE(SELF, TCBSetSchedParams, CAPS(SELF, seL4_CapInitThreadSC, 0), 255,
           255);
    INVOKE(SELF, TCBSetSchedParams, CAPS(SELF, seL4_CapInitThreadSC, weak), 255,
           255);
    say("priorities come first");
    INVOKE(tcb, TCBSetSchedParams, CAPS(SELF, ep, weak), 256, 1);
    INVOKE(tcb, TCBSetSchedParams, CAPS(SELF, ep, weak), 1, 256);
    INVOKE(tcb, TCBSetSchedParams, CAPS(other, ep, weak), 2, 2);
    INVOKE(tcb, TCBSetSchedParams, CAPS(other, ep, weak), 1, 2);
    INVOKE(tcb, TCBSetSchedParams, CAPS(ntfn, ep, weak), 300, 300);
    say("Bind");
    INVOKE(sc, SchedContextBind, CAPS(tcb));
    INVOKE(sc, SchedContextBind, CAPS(unbound));
    INVOKE(raw, SchedContextBind, CAPS(other));
    INVOKE(raw, SchedContextBind, CAPS(SELF));
    INVOKE(raw, SchedContextBind, CAPS(ep));
    INVOKE(raw, SchedContextBind, CAPS(0));
    INVOKE(raw, SchedContextBind, CAPS(raw));
    INVOKE(raw, SchedContextBind, NONE);
    INVOKE(sc, SchedContextBind, CAPS(ntfn));
    INVOKE(sc, SchedContextBind, CAPS(ntfn));
    INVOKE(raw, SchedContextBind, CAPS(ntfn));
    INVOKE(sc, SchedContextBind, CAPS(make(seL4_NotificationObject, 0)));
    say("UnbindObject");
    INVOKE(sc, SchedContextUnbindObject, NONE);
    INVOKE(sc, SchedContextUnbindObject, CAPS(0));
    INVOKE(sc, SchedContextUnbindObject, CAPS(ep));
    INVOKE(sc, SchedContextUnbindObject, CAPS(other));
    INVOKE(raw, SchedContextUnbindObject, CAPS(ntfn));
    INVOKE(sc, SchedContextUnbindObject, CAPS(ntfn));
    INVOKE(sc, SchedContextUnbindObject, CAPS(ntfn));
    INVOKE(sc, SchedContextUnbindObject, CAPS(tcb));
    INVOKE(sc, SchedContextUnbindObject, CAPS(tcb));
    INVOKE(seL4_CapInitThreadSC, SchedContextUnbindObject, CAPS(SELF));
    INVOKE(seL4_CapInitThreadSC, SchedContextUnbindObject, CAPS(tcb));
    INVOKE(seL4_CapInitThreadSC, SchedContextUnbind, NONE);
    INVOKE(sc, SchedContextUnbind, NONE);
    INVOKE(sc, SchedContextUnbind, NONE, 1, 2);
    INVOKE(sc, SchedContextBind, CAPS(ntfn));
    INVOKE(sc, SchedContextBind, CAPS(tcb));
    INVOKE(sc, SchedContextUnbind, NONE);
    INVOKE(raw, SchedContextBind, CAPS(ntfn));
    INVOKE(raw, SchedContextBind, CAPS(tcb));
    say("YieldTo");
    INVOKE(sc, SchedContextYieldTo, NONE);
    INVOKE(seL4_CapInitThreadSC, SchedContextYieldTo, NONE);
    INVOKE(raw, SchedContextYieldTo, NONE);
    INVOKE(tcb, TCBSetPriority, CAPS(SELF), 255);
    INVOKE(SELF, TCBSetMCPriority, CAPS(SELF), 200);
    INVOKE(raw, SchedContextYieldTo, NONE);
    INVOKE(SELF, TCBSetPriority, CAPS(SELF), 201);
    say("what is deleted is bound no more");
    INVOKE(ROOT, CNodeDelete, NONE, tcb, 64);
    INVOKE(raw, SchedContextBind, CAPS(unbound));
    INVOKE(ROOT, CNodeDelete, NONE, raw, 64);
    INVOKE(sc, SchedContextBind, CAPS(unbound));
    INVOKE(sc, SchedContextBind, CAPS(ntfn));
    INVOKE(ROOT, CNodeDelete, NONE, ntfn, 64);
    INVOKE(sc, SchedContextBind, CAPS(make(seL4_NotificationObject, 0)));
}

int main(void)
{
    tcb = make(seL4_TCBObject, 0);
    other = make(seL4_TCBObject, 0);
    sc = make_context(LONG_TIME, LONG_TIME);
    second = make_context(LONG_TIME, LONG_TIME);
    ep = make(seL4_EndpointObject, 0);
    weak = copy(ep, WRITE);
    mute = copy(ep, READ | GRANT);
    reply_only = copy(ep, WRITE | GRANT_REPLY);
    ntfn = make(seL4_NotificationObject, 0);
    node = make(seL4_CapTableObject, 4);
    frame = make(seL4_X86_4K, 0);
    configure();
    set_space();
    contexts();
    return 0;
}
