/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MCS: system calls that send and then receive. The half that sends takes any
 * capability, but invokes endpoints, notifications and reply objects only; the
 * half that receives wants a reply object. Each is done by a thread with a
 * fault handler, which is told what was wrong.
 */
#include "transcript.h"

static struct thread t, other;
static seL4_CPtr handler, ep, ntfn, signal, reply, target_ntfn, target;
static int bound;

enum {
    NBSEND_RECV,
    NBSEND_WAIT,
    REPLY_RECV,
    RECV,
    NBRECV,
    WAIT,
    NBWAIT,
    CALLS
};
static const char *const names[] = {
    "NBSendRecv", "NBSendWait", "ReplyRecv", "Recv", "NBRecv", "Wait", "NBWait",
};

SHARED struct {
    int what;
    seL4_CPtr dest, from, reply;
    seL4_Word label, length, caps;
    seL4_CPtr cap;
} job;

static void work(seL4_Word unused)
{
    seL4_Word badge = 0x5555;
    seL4_MessageInfo_t info =
        seL4_MessageInfo_new(job.label, 0, job.caps, job.length);

    (void)unused;
    seL4_SetCap(0, job.cap);
    seL4_SetCap(1, job.cap);
    seL4_SetCap(2, job.cap);
    for (int i = 0; i < 4; i++)
        seL4_SetMR(i, 0);
    switch (job.what) {
    case NBSEND_RECV:
        info = seL4_NBSendRecv(job.dest, info, job.from, &badge, job.reply);
        break;
    case NBSEND_WAIT:
        info = seL4_NBSendWait(job.dest, info, job.from, &badge);
        break;
    case REPLY_RECV:
        info = seL4_ReplyRecv(job.from, info, &badge, job.reply);
        break;
    case RECV:
        info = seL4_Recv(job.from, &badge, job.reply);
        break;
    case NBRECV:
        info = seL4_NBRecv(job.from, &badge, job.reply);
        break;
    case WAIT:
        info = seL4_Wait(job.from, &badge);
        break;
    case NBWAIT:
        info = seL4_NBWait(job.from, &badge);
        break;
    }
    say("  got badge %x", badge);
    stop(t.tcb);
}

static void settle(void)
{
    own_priority(50);
    own_priority(200);
}

/* But for the instruction pointer. */
static void tell_fault(void)
{
    seL4_Word badge = 0;
    seL4_MessageInfo_t info = seL4_NBRecv(handler, &badge, reply);

    if (!badge)
        return;
    put("|   fault %u", seL4_MessageInfo_get_label(info));
    for (int i = 1; i < (int)seL4_MessageInfo_get_length(info); i++)
        put(" %x", seL4_GetMR(i));
    put("\n");
}

static void try(const char *text, int what)
{
    seL4_Word badge = 0;

    say("%s %s", names[what], text);
    job.what = what;
    seL4_TCB_Suspend(t.tcb);
    seL4_Signal(signal);
    thread_go(&t, work, 0);
    settle();
    tell_fault();
    seL4_Poll(ntfn, &badge);
    if (badge)
        say("  nothing was received");
    if (bound)
        return;
    seL4_Poll(target_ntfn, &badge);
    if (badge)
        say("  signalled %x", badge);
}

static void sending_to_everything(void)
{
    seL4_CPtr full = make(seL4_EndpointObject, 0);
    struct {
        const char *name;
        seL4_CPtr cap;
        seL4_Word label;
    } list[] = {
        { "to a TCB: Resume", other.tcb, TCBResume },
        { "to a TCB: Suspend", t.tcb, TCBSuspend },
        { "to a CNode", ROOT, CNodeDelete },
        { "to an untyped", memory(12), UntypedRetype },
        { "to a scheduling context", t.context, SchedContextUnbind },
        { "to SchedControl", sched_control(), SchedControlConfigureFlags },
        { "to a page", make(seL4_X86_4K, 0), X86PageGetAddress },
        { "to a VSpace", VSPACE, 0 },
        { "to IRQControl", seL4_CapIRQControl, 0 },
        { "to Domain", seL4_CapDomain, 0 },
        { "to an endpoint that nobody waits at", full, 5 },
        { "to one without Write", copy(full, READ), 5 },
        { "to a notification", target_ntfn, 5 },
        { "to one without Write", mint(target, READ, 2), 5 },
        { "to a reply object", make(seL4_ReplyObject, 0), 5 },
        { "to an empty slot", 8000, 5 },
        { "to slot 0", 0, 5 },
        { "to nowhere", 1ul << 40, 5 },
    };

    job.from = ntfn;
    job.reply = reply;
    job.caps = job.length = 0;
    for (size_t i = 0; i < COUNT(list); i++) {
        job.dest = list[i].cap;
        job.label = list[i].label;
        try(list[i].name, NBSEND_RECV);
        job.caps = 1;
        job.cap = 1ul << 40;
        try("the same with a capability from nowhere", NBSEND_RECV);
        job.caps = 0;
    }
    say("the reply's place is used for what is sent to");
    for (size_t i = 0; i < COUNT(list); i++) {
        job.dest = job.reply = list[i].cap;
        job.label = list[i].label;
        try(list[i].name, NBSEND_WAIT);
        try(list[i].name, REPLY_RECV);
        job.from = ep;
        try(list[i].name, REPLY_RECV);
        job.from = ntfn;
    }
}

static void receiving_from_everything(void)
{
    struct {
        const char *name;
        seL4_CPtr cap;
    } list[] = {
        { "TCB", other.tcb },
        { "CNode", ROOT },
        { "scheduling context", t.context },
        { "reply object", reply },
        { "notification", ntfn },
        { "notification without Read", mint(target, WRITE, 3) },
        { "empty notification", target_ntfn },
        { "endpoint", ep },
        { "endpoint without Read", copy(ep, WRITE | GRANT) },
        { "empty slot", 8000 },
        { "nowhere", 1ul << 40 },
    };

    job.label = 0;
    for (size_t r = 0; r < COUNT(list); r++) {
        say("reply object: %s", list[r].name);
        job.reply = list[r].cap;
        for (size_t i = 0; i < COUNT(list); i++) {
            job.from = list[i].cap;
            job.dest = target_ntfn;
            for (int what = 0; what < CALLS; what++) {
                /* the same as elsewhere */
                if (r > 0 && what >= WAIT)
                    continue;
                try(list[i].name, what);
            }
        }
    }
}

static void bound_to_others(void)
{
    say("a notification that is bound to another thread");
    job.from = target_ntfn;
    job.reply = reply;
    job.dest = ep;
    bound = 1;
    INVOKE(other.tcb, TCBBindNotification, CAPS(target_ntfn));
    for (int what = 0; what < CALLS; what++)
        try("from it", what);
    INVOKE(other.tcb, TCBUnbindNotification, NONE);
    INVOKE(t.tcb, TCBBindNotification, CAPS(target_ntfn));
    for (int what = 0; what < CALLS; what++)
        try("from its own", what);
}

int main(void)
{
    own_priority(200);
    t = thread_new(100);
    other = thread_new(90);
    handler = make(seL4_EndpointObject, 0);
    ep = make(seL4_EndpointObject, 0);
    ntfn = make(seL4_NotificationObject, 0);
    signal = mint(ntfn, ALL, 0x10);
    target = make(seL4_NotificationObject, 0);
    target_ntfn = mint(target, ALL, 0x20);
    reply = make(seL4_ReplyObject, 0);
    INVOKE(t.tcb, TCBSetSpace, CAPS(mint(handler, ALL, 0xf), ROOT, VSPACE), 0,
           0);
    sending_to_everything();
    receiving_from_everything();
    bound_to_others();
    return 0;
}
