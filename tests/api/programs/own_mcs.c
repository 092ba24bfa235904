/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MCS: threads that lose what they run by while they run: their scheduling
 * context, CSpace, VSpace, IPC buffer, priority, or themselves.
 */
#define THREADS 20
#include "transcript.h"

static struct thread t;
static seL4_CPtr handler, badged, reply, node;
SHARED seL4_CPtr context, own_tcb, own_ep;
SHARED int what;

static void work(seL4_Word unused)
{
    seL4_Word label = 99;

    (void)unused;
    switch (what) {
    case 0:
        label = QUIETLY(ROOT, CNodeDelete, NONE, context, 64);
        break;
    case 1:
        label = QUIETLY(ROOT, CNodeRevoke, NONE, context, 64);
        break;
    case 2:
        label = QUIETLY(context, SchedContextUnbind, NONE);
        break;
    case 3:
        label = QUIETLY(context, SchedContextUnbindObject, CAPS(own_tcb));
        break;
    case 4:
        label = QUIETLY(own_tcb, TCBSetSchedParams, CAPS(SELF, 0, 0), 255, 100);
        break;
    case 5:
        label = QUIETLY(own_tcb, TCBSetIPCBuffer, CAPS(0), 0);
        break;
    case 6:
        label = QUIETLY(own_tcb, TCBSetPriority, CAPS(SELF), 101);
        break;
    case 7:
        label = QUIETLY(sched_control(), SchedControlConfigureFlags,
                        CAPS(context), LONG_TIME, 2 * LONG_TIME, 0, 0, 0);
        break;
    case 8:
        label = QUIETLY(context, SchedContextYieldTo, NONE);
        break;
    case 9:
        label = QUIETLY(context, SchedContextBind, CAPS(own_tcb));
        break;
    case 10:
        seL4_Send(context, seL4_MessageInfo_new(SchedContextUnbind, 0, 0, 0));
        break;
    case 11:
        seL4_Yield();
        break;
    case 12:
        label = QUIETLY(own_tcb, TCBSuspend, NONE);
        break;
    case 13:
        label = QUIETLY(ROOT, CNodeDelete, NONE, own_tcb, 64);
        break;
    case 14:
        label = QUIETLY(own_tcb, TCBSetTimeoutEndpoint, CAPS(own_ep));
        break;
    case 15:
        label = QUIETLY(own_tcb, TCBSetSpace, CAPS(0, ROOT, ROOT), 0, 0);
        break;
    case 16:
        label = QUIETLY(own_tcb, TCBResume, NONE);
        break;
    case 17:
        label = QUIETLY(seL4_CapDomain, DomainSetSet, CAPS(own_tcb), 0);
        break;
    case 18:
        label = QUIETLY(seL4_CapInitThreadSC, SchedContextYieldTo, NONE);
        break;
    case 19:
        label =
            QUIETLY(own_tcb, TCBSetSpace, CAPS(own_ep, node, VSPACE), 60, 0);
        break;
    }
    say("  then: %s", error_name(label));
    *(volatile seL4_Word *)0x2000000008 = 1;
}

static void try(int i)
{
    seL4_Word badge = 0;
    seL4_MessageInfo_t info;

    say("case %d", i);
    what = i;
    t = thread_new(100);
    own_tcb = t.tcb;
    context = t.context;
    QUIETLY(t.tcb, TCBSetSpace, CAPS(badged, ROOT, VSPACE), 0, 0);
    thread_go(&t, work, 0);
    own_priority(50);
    own_priority(200);
    info = seL4_NBRecv(handler, &badge, reply);
    say("  fault %u", badge ? seL4_MessageInfo_get_label(info) : 0);
    SLOTS(own_tcb, 1);
    SLOTS(context, 1);
    say("  has a context: %s",
        error_name(QUIETLY(context, SchedContextUnbindObject, CAPS(own_tcb))));
    delete (own_tcb);
    delete (context);
}

int main(void)
{
    own_priority(200);
    handler = make(seL4_EndpointObject, 0);
    badged = mint(handler, ALL, 0xbad);
    own_ep = badged;
    reply = make(seL4_ReplyObject, 0);
    node = make(seL4_CapTableObject, 4);
    for (int i = 0; i < 20; i++)
        try(i);
    return 0;
}
