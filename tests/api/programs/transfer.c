/* SPDX-License-Identifier: BSD-2-Clause */
/* Capabilities in messages: what arrives, where, and what is left behind. */
#include "as_classic.h"

#define BASE FREE
#define RECEIVE (BASE + 20)

static struct thread sender;
static seL4_CPtr ep, full, ntfn, node;
SHARED seL4_CPtr sender_tcb, send_through, sent[3];
SHARED seL4_Word sent_count, call_first;

static void report(seL4_MessageInfo_t info, seL4_Word badge)
{
    put("| received: label %u badge %x length %u caps %u unwrapped %x:",
        seL4_MessageInfo_get_label(info), badge,
        seL4_MessageInfo_get_length(info), seL4_MessageInfo_get_extraCaps(info),
        seL4_MessageInfo_get_capsUnwrapped(info));
    for (int i = 0; i < (int)seL4_MessageInfo_get_extraCaps(info); i++) {
        if (seL4_MessageInfo_get_capsUnwrapped(info) >> i & 1)
            put(" badge %x", seL4_GetBadge(i));
        else
            put(" capability");
    }
    put("\n");
}

static void work(seL4_Word unused)
{
    seL4_MessageInfo_t info;

    (void)unused;
    for (int i = 0; i < (int)sent_count; i++)
        seL4_SetCap(i, sent[i]);
    info = seL4_MessageInfo_new(3, 0, sent_count, 1);
    seL4_SetMR(0, 0x11);
    if (call_first) {
        info = seL4_Call(send_through, info);
        report(info, 0);
    } else {
        seL4_Send(send_through, info);
    }
    stop(sender_tcb);
}

static void settle(void)
{
    own_priority(50);
    own_priority(200);
}

/* The sender sends so many of sent[], this thread receives. */
static void exchange(const char *text, seL4_Word count)
{
    seL4_Word badge = 0;
    seL4_MessageInfo_t info;

    say("%s", text);
    for (int i = 0; i < 3; i++)
        seL4_SetCap(i, 0xbad);
    sent_count = count;
    seL4_TCB_Suspend(sender.tcb);
    thread_go(&sender, work, 0);
    settle();
    info = seL4_NBRecv(full, &badge);
    if (badge)
        report(info, badge);
    else
        say("nothing came");
    SLOTS(RECEIVE, 3);
    settle();
}

static void plain(void)
{
    seL4_SetCapReceivePath(ROOT, RECEIVE, 64);
    send_through = ep;
    sent[0] = ntfn;
    exchange("one capability", 1);
    exchange("the slot is occupied", 1);
    delete (RECEIVE);
    sent[1] = node;
    exchange("two capabilities", 2);
    delete (RECEIVE);
    sent[0] = BASE;
    exchange("an empty slot", 1);
    exchange("an empty slot, then a capability", 2);
    sent[0] = ntfn;
    sent[1] = BASE;
    exchange("a capability, then an empty slot", 2);
    delete (RECEIVE);
    sent[0] = 0;
    exchange("slot 0", 1);
}

static void without_grant(void)
{
    sent[0] = ntfn;
    send_through = mint(full, WRITE, 2);
    exchange("without the grant right", 1);
    send_through = mint(full, WRITE | GRANT_REPLY, 2);
    exchange("with the right to grant replies", 1);
    send_through = mint(full, WRITE | GRANT, 2);
    exchange("with the grant right", 1);
    delete (RECEIVE);
    send_through = ep;
}

static void unwrapping(void)
{
    sent[0] = mint(full, ALL, 0x100);
    sent[1] = mint(full, 0, 0x101);
    sent[2] = full;
    exchange("three badges of the endpoint itself", 3);
    sent[1] = ntfn;
    exchange("badge, capability, badge", 3);
    delete (RECEIVE);
    sent[0] = ntfn;
    sent[1] = full;
    sent[2] = node;
    exchange("capability, badge, capability", 3);
    delete (RECEIVE);
    sent[0] = make(seL4_EndpointObject, 0);
    exchange("another endpoint", 1);
    delete (RECEIVE);
    send_through = mint(full, WRITE, 2);
    sent[0] = full;
    exchange("badges without the grant right", 1);
    send_through = ep;
}

static void kinds(void)
{
    seL4_CPtr ut = memory(12), parent = memory(12), gate;

    QUIETLY(parent, UntypedRetype, CAPS(ROOT), seL4_EndpointObject, 0, 0, 0,
            next_slot++, 1);
    sent[0] = parent;
    exchange("untyped memory with a child", 1);
    sent[0] = ut;
    exchange("untyped memory", 1);
    delete (RECEIVE);
    sent[0] = make(seL4_X86_PageTableObject, 0);
    exchange("a page table that is not mapped", 1);
    sent[0] = seL4_CapIRQControl;
    exchange("IRQControl", 1);
    sent[0] = seL4_CapIOPortControl;
    exchange("IOPortControl", 1);
    sent[0] = SELF;
    exchange("this thread", 1);
    delete (RECEIVE);
    sent[0] = sender.buffer_frame;
    exchange("a mapped frame", 1);
    INVOKE(RECEIVE, X86PageUnmap, NONE);
    delete (RECEIVE);
    gate = mint(ntfn, READ, 0x9);
    sent[0] = gate;
    exchange("a badged notification without Write", 1);
    INVOKE(ROOT, CNodeMint, CAPS(ROOT), BASE, 64, RECEIVE, 64, ALL, 5);
    INVOKE(ROOT, CNodeCopy, CAPS(ROOT), BASE, 64, RECEIVE, 64, ALL);
    say("revoking the original takes what was sent");
    INVOKE(ROOT, CNodeRevoke, NONE, gate, 64);
    SLOTS(RECEIVE, 1);
    INVOKE(ROOT, CNodeRevoke, NONE, ntfn, 64);
    SLOTS(RECEIVE, 1);
    delete (RECEIVE);
}

static void receive_paths(void)
{
    sent[0] = ntfn;
    seL4_SetCapReceivePath(node, 3, 4);
    exchange("into another CNode", 1);
    INVOKE(node, CNodeDelete, NONE, 3, 4);
    seL4_SetCapReceivePath(node, 3, 5);
    exchange("wrong depth", 1);
    seL4_SetCapReceivePath(node, 3, 0);
    exchange("depth 0", 1);
    seL4_SetCapReceivePath(ROOT, 8192, 64);
    exchange("index out of range", 1);
    seL4_SetCapReceivePath(0, RECEIVE, 64);
    exchange("no CNode", 1);
    seL4_SetCapReceivePath(ntfn, RECEIVE, 64);
    exchange("not a CNode", 1);
    seL4_SetCapReceivePath(8191, RECEIVE, 64);
    exchange("an empty slot", 1);
    seL4_SetCapReceivePath(-1ul, RECEIVE, 64);
    exchange("nowhere", 1);
    seL4_SetCapReceivePath(ROOT, RECEIVE, 64);
    sent[0] = mint(full, ALL, 0x55);
    seL4_SetCapReceivePath(ROOT, 0, 65);
    exchange("a badge needs no slot", 1);
    seL4_SetCapReceivePath(ROOT, RECEIVE, 64);
}

/* The caller gets a capability with the reply. */
static void in_replies(void)
{
    static const seL4_Word sets[] = { ALL, WRITE | GRANT, WRITE | GRANT_REPLY };
    seL4_Word badge;
    volatile seL4_IPCBuffer *theirs = sender.buffer;
    seL4_CPtr receivers[] = { full, copy(full, READ),
                              copy(full, READ | GRANT) };

    call_first = 1;
    for (size_t i = 0; i < COUNT(sets); i++) {
        for (size_t r = 0; r < COUNT(receivers); r++) {
            say("call with rights %x, receiver %u", sets[i], r);
            send_through = mint(full, sets[i], 7);
            theirs->receiveCNode = ROOT;
            theirs->receiveIndex = RECEIVE + 1;
            theirs->receiveDepth = 64;
            sent_count = 0;
            seL4_TCB_Suspend(sender.tcb);
            thread_go(&sender, work, 0);
            settle();
            seL4_Recv(receivers[r], &badge);
            seL4_SetCap(0, ntfn);
            seL4_SetCap(1, full);
            seL4_Reply(seL4_MessageInfo_new(4, 0, 2, 0));
            settle();
            SLOTS(RECEIVE, 3);
            delete (RECEIVE + 1);
        }
    }
    call_first = 0;
}

int main(void)
{
    own_priority(200);
    full = make(seL4_EndpointObject, 0);
    ep = mint(full, ALL, 1);
    ntfn = make(seL4_NotificationObject, 0);
    node = make(seL4_CapTableObject, 4);
    sender = thread_new(100);
    sender_tcb = sender.tcb;
    plain();
    without_grant();
    unwrapping();
    kinds();
    receive_paths();
    in_replies();
    return 0;
}
