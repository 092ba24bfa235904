/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages over endpoints: who meets whom in which order, what arrives, and
 * what rights allow. Threads have priorities of their own, so that their order
 * is the same everywhere.
 */
#include "as_classic.h"

#define WORKERS 4

SHARED seL4_CPtr worker_tcb[WORKERS];
static struct thread worker[WORKERS];
static seL4_CPtr ep, full;

/* What a worker is to do, and how it went. */
SHARED struct job {
    enum {
        SEND,
        NBSEND,
        CALL,
        RECV,
        NBRECV
    } what;
    seL4_CPtr cap;
    seL4_Word label, length, first;
} job[WORKERS];

static const char *const names[WORKERS] = { "A", "B", "C", "D" };

static void report(const char *who, seL4_MessageInfo_t info, seL4_Word badge)
{
    put("| %s: label %u badge %x", who, seL4_MessageInfo_get_label(info),
        badge);
    put_words(seL4_MessageInfo_get_length(info));
    put(" caps %u unwrapped %x\n", seL4_MessageInfo_get_extraCaps(info),
        seL4_MessageInfo_get_capsUnwrapped(info));
}

static void work(seL4_Word i)
{
    volatile struct job *j = &job[i];
    seL4_MessageInfo_t info = seL4_MessageInfo_new(j->label, 0, 0, j->length);
    seL4_Word badge = 0;

    for (;;) {
        for (seL4_Word w = 0; w < j->length; w++)
            seL4_SetMR((int)w, j->first + w);
        switch (j->what) {
        case SEND:
            seL4_Send(j->cap, info);
            say("%s: sent", names[i]);
            break;
        case NBSEND:
            seL4_NBSend(j->cap, info);
            say("%s: sent", names[i]);
            break;
        case CALL:
            report(names[i], seL4_Call(j->cap, info), 0);
            break;
        case RECV:
            info = seL4_Recv(j->cap, &badge);
            report(names[i], info, badge);
            break;
        case NBRECV:
            seL4_NBRecv(j->cap, &badge);
            say("%s: badge %x", names[i], badge);
            break;
        }
        for (;;)
            QUIETLY(worker_tcb[i], TCBSuspend, NONE);
    }
}

/* Give a worker a job; it runs until it blocks or is done. */
static void start(int i, struct job j)
{
    seL4_TCB_Suspend(worker[i].tcb);
    job[i] = j;
    thread_go(&worker[i], work, (seL4_Word)i);
    own_priority(50);
    own_priority(200);
}

/* Let workers that are ready run. */
static void settle(void)
{
    own_priority(50);
    own_priority(200);
}

static void receive(void)
{
    seL4_Word badge = 0;
    seL4_MessageInfo_t info;

    /* If there is nothing, only the badge is defined. */
    info = seL4_NBRecv(full, &badge);
    if (badge)
        report("received", info, badge);
    else
        say("nothing");
}

static void nobody_waits(void)
{
    seL4_Word badge = 0x55;

    say("nobody waits");
    seL4_NBSend(ep, seL4_MessageInfo_new(1, 0, 0, 0));
    seL4_NBRecv(full, &badge);
    say("badge %x", badge);
}

static void senders_queue(void)
{
    seL4_CPtr b = mint(full, ALL, 0xb), c = mint(full, WRITE, 0xc);

    say("senders queue in the order of their coming");
    start(0, (struct job){ SEND, ep, 1, 2, 100 });
    start(1, (struct job){ CALL, b, 2, 5, 200 });
    start(2, (struct job){ SEND, c, 3, 0, 0 });
    start(3, (struct job){ NBSEND, c, 3, 0, 0 });
    receive();
    settle();
    receive();
    settle();
    seL4_SetMR(0, 77);
    seL4_SetMR(5, 78);
    seL4_Reply(seL4_MessageInfo_new(9, 0, 0, 6));
    settle();
    receive();
    settle();
    receive();
}

static void receivers_queue(void)
{
    say("receivers queue in the order of their coming");
    start(0, (struct job){ RECV, ep, 0, 0, 0 });
    start(1, (struct job){ RECV, ep, 0, 0, 0 });
    start(2, (struct job){ NBRECV, ep, 0, 0, 0 });
    for (seL4_Word i = 0; i < 3; i++) {
        seL4_SetMR(0, 10 + i);
        seL4_NBSend(ep, seL4_MessageInfo_new(i, 0, 0, 1));
        settle();
    }
}

static void lengths(void)
{
    static const seL4_Word n[] = { 0, 1, 3, 4, 5, 119, 120, 121, 127 };

    say("lengths");
    for (size_t i = 0; i < COUNT(n); i++) {
        start(0, (struct job){ SEND, ep, 1ul << 40, n[i] > 120 ? 120 : n[i],
                               0x1000 });
        receive();
        settle();
    }
    say("length fields beyond the longest message");
    start(0, (struct job){ RECV, ep, 0, 0, 0 });
    for (int w = 0; w < 120; w++)
        seL4_SetMR(w, (seL4_Word)w);
    seL4_MessageInfo_t info = { { 0x7fffffffffffful << 12 | 127 } };
    seL4_NBSend(ep, info);
    settle();
}

static void without_buffers(void)
{
    say("a sender without an IPC buffer");
    seL4_TCB_Suspend(worker[0].tcb);
    INVOKE(worker[0].tcb, TCBSetIPCBuffer, CAPS(0), 0);
    start(0, (struct job){ SEND, ep, 4, 10, 0x500 });
    receive();
    settle();
    say("a receiver without an IPC buffer");
    for (int w = 0; w < 10; w++)
        worker[0].buffer->msg[w] = 0xeee;
    start(0, (struct job){ RECV, ep, 0, 0, 0 });
    for (int w = 0; w < 10; w++)
        seL4_SetMR(w, 0x600 + (seL4_Word)w);
    seL4_NBSend(ep, seL4_MessageInfo_new(4, 0, 0, 10));
    settle();
    say("with a buffer for reading only");
    INVOKE(worker[0].tcb, TCBSetIPCBuffer,
           CAPS(copy(worker[0].buffer_frame, READ)),
           (seL4_Word)worker[0].buffer);
    start(0, (struct job){ SEND, ep, 4, 6, 0x700 });
    receive();
    settle();
    start(0, (struct job){ RECV, ep, 0, 0, 0 });
    for (int w = 0; w < 10; w++)
        seL4_SetMR(w, 0x800 + (seL4_Word)w);
    seL4_NBSend(ep, seL4_MessageInfo_new(4, 0, 0, 10));
    settle();
    INVOKE(worker[0].tcb, TCBSetIPCBuffer, CAPS(worker[0].buffer_frame),
           (seL4_Word)worker[0].buffer);
    say("words behind the length stay");
    for (int w = 0; w < 10; w++)
        worker[0].buffer->msg[w] = 0xeee;
    start(0, (struct job){ RECV, ep, 0, 0, 0 });
    seL4_NBSend(ep, seL4_MessageInfo_new(4, 0, 0, 6));
    settle();
    say("word 6: %x, word 9: %x", worker[0].buffer->msg[6],
        worker[0].buffer->msg[9]);
}

static void rights(void)
{
    static const seL4_Word sets[] = { WRITE, WRITE | GRANT, WRITE | GRANT_REPLY,
                                      READ,  READ | WRITE,  0 };

    say("rights of a caller");
    for (size_t i = 0; i < COUNT(sets); i++) {
        say("rights %x", sets[i]);
        start(0, (struct job){ CALL, mint(full, sets[i], 3), 5, 1, 0x31 });
        receive();
        settle();
        seL4_SetMR(0, 0x99);
        seL4_Reply(seL4_MessageInfo_new(8, 0, 0, 1));
        settle();
    }
    say("rights of a sender");
    for (size_t i = 0; i < COUNT(sets); i++) {
        say("rights %x", sets[i]);
        start(0, (struct job){ SEND, mint(full, sets[i], 3), 5, 1, 0x31 });
        receive();
        settle();
    }
}

/* Reply capabilities are the classic kernel's. */
#ifdef CONFIG_KERNEL_MCS

static void saved_replies(void)
{
}

#else

static void saved_replies(void)
{
    seL4_CPtr saved = next_slot++;

    next_slot++;
    say("saved");
    start(2, (struct job){ CALL, ep, 3, 1, 3 });
    receive();
    INVOKE(ROOT, CNodeSaveCaller, NONE, saved, 64);
    SLOTS(saved, 1);
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), saved + 1, 64, saved, 64, ALL);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), saved + 1, 64, saved, 64, ALL, 1);
    INVOKE(ROOT, CNodeRevoke, NONE, saved, 64);
    INVOKE(ROOT, CNodeSaveCaller, NONE, saved, 64);
    INVOKE(ROOT, CNodeMove, CAPS(ROOT), saved + 1, 64, saved, 64);
    INVOKE(ROOT, CNodeMutate, CAPS(ROOT), saved, 64, saved + 1, 64, 3);
    INVOKE(ROOT, CNodeMutate, CAPS(ROOT), saved, 64, saved + 1, 64, 0);
    SLOTS(saved, 2);
    seL4_SetMR(0, 0x123);
    seL4_Send(saved, seL4_MessageInfo_new(6, 0, 0, 1));
    settle();
    SLOTS(saved, 2);
    say("a saved one that is used by Call and by NBSend");
    start(2, (struct job){ CALL, ep, 3, 1, 3 });
    receive();
    INVOKE(ROOT, CNodeSaveCaller, NONE, saved, 64);
    say("NBSend");
    seL4_NBSend(saved, seL4_MessageInfo_new(6, 0, 0, 0));
    settle();
    SLOTS(saved, 1);
    say("deleted: the caller waits for ever");
    start(2, (struct job){ CALL, ep, 3, 1, 3 });
    receive();
    INVOKE(ROOT, CNodeSaveCaller, NONE, saved, 64);
    INVOKE(ROOT, CNodeDelete, NONE, saved, 64);
    settle();
    say("resumed, it calls again");
    seL4_TCB_Resume(worker[2].tcb);
    settle();
    receive();
    say("suspended, its reply capability is gone");
    INVOKE(ROOT, CNodeSaveCaller, NONE, saved, 64);
    SLOTS(saved, 1);
    seL4_TCB_Suspend(worker[2].tcb);
    SLOTS(saved, 1);
}

#endif

static void replies(void)
{
    seL4_Word badge = 0;
    seL4_MessageInfo_t info;

    say("reply without a caller");
    seL4_Reply(seL4_MessageInfo_new(1, 0, 0, 0));
    say("a second call drops the first caller");
    start(0, (struct job){ CALL, ep, 1, 1, 1 });
    start(1, (struct job){ CALL, ep, 2, 1, 2 });
    receive();
    receive();
    seL4_Reply(seL4_MessageInfo_new(3, 0, 0, 0));
    settle();
    seL4_Reply(seL4_MessageInfo_new(4, 0, 0, 0));
    settle();
    saved_replies();
    say("reply and receive");
    start(0, (struct job){ CALL, ep, 1, 1, 1 });
    receive();
    start(1, (struct job){ CALL, mint(full, ALL, 9), 2, 1, 2 });
    seL4_SetMR(0, 0x44);
    info = seL4_ReplyRecv(full, seL4_MessageInfo_new(5, 0, 0, 1), &badge);
    report("received", info, badge);
    settle();
    seL4_Reply(seL4_MessageInfo_new(6, 0, 0, 0));
    settle();
}

static void deleting_an_endpoint(void)
{
    seL4_CPtr e = make(seL4_EndpointObject, 0), badged = mint(e, ALL, 4);
    seL4_CPtr before = full;

    say("an endpoint with senders is deleted");
    start(0, (struct job){ SEND, e, 1, 1, 1 });
    start(1, (struct job){ CALL, badged, 2, 1, 2 });
    INVOKE(ROOT, CNodeRevoke, NONE, e, 64);
    settle();
    INVOKE(ROOT, CNodeDelete, NONE, e, 64);
    settle();
    say("badged senders are cancelled");
    e = make(seL4_EndpointObject, 0);
    badged = mint(e, ALL, 4);
    full = e;
    start(0, (struct job){ SEND, badged, 1, 1, 1 });
    start(1, (struct job){ SEND, mint(e, ALL, 5), 2, 1, 2 });
    start(2, (struct job){ CALL, badged, 3, 1, 3 });
    INVOKE(ROOT, CNodeCancelBadgedSends, NONE, badged, 64);
    settle();
    receive();
    settle();
    receive();
    settle();
    receive();
    settle();
    full = before;
}

static void suspending(void)
{
    say("a blocked sender is suspended and resumed: it comes last");
    start(0, (struct job){ SEND, ep, 1, 1, 1 });
    start(1, (struct job){ SEND, ep, 2, 1, 2 });
    seL4_TCB_Suspend(worker[0].tcb);
    seL4_TCB_Resume(worker[0].tcb);
    settle();
    receive();
    receive();
    receive();
    settle();
    say("a blocked sender is only resumed: it comes last, too");
    start(0, (struct job){ SEND, ep, 1, 1, 1 });
    start(1, (struct job){ SEND, ep, 2, 1, 2 });
    seL4_TCB_Resume(worker[0].tcb);
    settle();
    receive();
    receive();
    settle();
}

int main(void)
{
    own_priority(200);
    full = make(seL4_EndpointObject, 0);
    ep = mint(full, ALL, 0x1);
    for (int i = 0; i < WORKERS; i++) {
        worker[i] = thread_new(100);
        worker_tcb[i] = worker[i].tcb;
    }
    nobody_waits();
    senders_queue();
    receivers_queue();
    lengths();
    without_buffers();
    rights();
    replies();
    deleting_an_endpoint();
    suspending();
    return 0;
}
