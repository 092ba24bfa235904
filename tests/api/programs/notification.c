/* SPDX-License-Identifier: BSD-2-Clause */
/* Notifications: signals, waiting, and the one that a thread is bound to. */
#include "as_classic.h"

static struct thread worker[3];
SHARED seL4_CPtr worker_tcb[3], wait_on[3], shared_ep;
static seL4_CPtr ntfn, ep;
static const char *const names[] = { "A", "B", "C" };

static void poll(const char *text)
{
    seL4_Word badge = 0x55;

    seL4_Poll(ntfn, &badge);
    say("%s: badge %x", text, badge);
}

static void signal(seL4_CPtr cap)
{
    seL4_Signal(cap);
}

static void settle(void)
{
    own_priority(50);
    own_priority(200);
}

static void wait_once(seL4_Word i)
{
    seL4_Word badge = 0;
    seL4_MessageInfo_t info = seL4_Recv(wait_on[i], &badge);

    put("| %s: badge %x", names[i], badge);
    if (wait_on[i] == shared_ep) {
        put(" label %u", seL4_MessageInfo_get_label(info));
        put_words(seL4_MessageInfo_get_length(info));
    }
    put("\n");
    stop(worker_tcb[i]);
}

static void start(int i, seL4_CPtr cap)
{
    seL4_TCB_Suspend(worker[i].tcb);
    wait_on[i] = cap;
    thread_go(&worker[i], wait_once, (seL4_Word)i);
    settle();
}

static void badges(void)
{
    seL4_CPtr b1 = mint(ntfn, ALL, 1), b4 = mint(ntfn, ALL, 4);
    seL4_CPtr big = mint(ntfn, ALL, -1ul), mute = mint(ntfn, READ, 8);

    say("badges add up");
    poll("at first");
    signal(b1);
    signal(b4);
    signal(b4);
    poll("1 and 4");
    poll("again");
    signal(ntfn);
    poll("a signal without a badge");
    poll("again");
    signal(b1);
    signal(big);
    poll("all bits");
    signal(mute);
    poll("without the right to write");
    seL4_NBSend(b4, seL4_MessageInfo_new(9, 0, 0, 3));
    poll("a message that is one");
    seL4_Call(b1, seL4_MessageInfo_new(9, 0, 0, 3));
    poll("a call that does not wait");
}

static void waiters(void)
{
    seL4_CPtr b1 = mint(ntfn, ALL, 1), b2 = mint(ntfn, ALL, 2);

    say("waiters come in the order of their coming");
    for (int i = 0; i < 3; i++)
        start(i, ntfn);
    signal(b1);
    settle();
    signal(b2);
    signal(b1);
    settle();
    signal(b2);
    poll("left over");
    say("a waiter is suspended");
    start(0, ntfn);
    start(1, ntfn);
    seL4_TCB_Suspend(worker[0].tcb);
    signal(b1);
    settle();
    say("resumed, it waits again, last");
    start(0, ntfn);
    start(1, ntfn);
    seL4_TCB_Resume(worker[0].tcb);
    settle();
    signal(b1);
    settle();
    signal(b2);
    settle();
}

static void bound(void)
{
    seL4_CPtr b1 = mint(ntfn, ALL, 1), b2 = mint(ntfn, ALL, 2);
    seL4_CPtr sender = mint(ep, ALL, 0x77);

    say("a bound notification");
    INVOKE(worker[0].tcb, TCBBindNotification, CAPS(ntfn));
    INVOKE(worker[1].tcb, TCBBindNotification, CAPS(ntfn));
    say("wakes a thread that waits on an endpoint");
    start(0, ep);
    signal(b1);
    settle();
    say("... and comes before a sender that waits");
    signal(b2);
    start(1, sender);
    start(0, ep);
    say("... also if the thread is not waiting");
    seL4_TCB_Suspend(worker[0].tcb);
    signal(b1);
    start(0, ep);
    say("the thread waits on the notification itself");
    start(0, ntfn);
    signal(b2);
    settle();
    say("a message comes as usual");
    start(0, ep);
    seL4_SetMR(0, 0x99);
    seL4_NBSend(sender, seL4_MessageInfo_new(5, 0, 0, 1));
    settle();
    say("unbound while the thread waits on its endpoint");
    start(0, ep);
    INVOKE(worker[0].tcb, TCBUnbindNotification, NONE);
    signal(b1);
    settle();
    poll("stays");
    seL4_TCB_Suspend(worker[0].tcb);
    say("bound while somebody waits");
    start(1, ntfn);
    INVOKE(worker[0].tcb, TCBBindNotification, CAPS(ntfn));
    signal(b1);
    settle();
    say("bound while a signal is pending");
    signal(b2);
    INVOKE(worker[0].tcb, TCBBindNotification, CAPS(ntfn));
    start(0, ep);
    INVOKE(worker[0].tcb, TCBUnbindNotification, NONE);
}

static void deleted(void)
{
    seL4_CPtr n = make(seL4_NotificationObject, 0);
    seL4_CPtr handler = make(seL4_EndpointObject, 0);
    seL4_Word badge = 0;
    seL4_MessageInfo_t info;

    say("a notification with a waiter is deleted");
    SET_HANDLER(worker[2].tcb, handler);
    start(2, n);
    INVOKE(ROOT, CNodeDelete, NONE, n, 64);
    settle();
    info = seL4_NBRecv(handler, &badge);
    put("| fault %u", seL4_MessageInfo_get_label(info));
    /* but for the address of the instruction */
    for (int i = 1; i < (int)seL4_MessageInfo_get_length(info); i++)
        put(" %x", i == 1 ? seL4_GetMR(i) - n : seL4_GetMR(i));
    put("\n");
    say("a bound notification is deleted");
    n = make(seL4_NotificationObject, 0);
    INVOKE(worker[0].tcb, TCBBindNotification, CAPS(n));
    start(0, ep);
    INVOKE(ROOT, CNodeDelete, NONE, n, 64);
    INVOKE(worker[0].tcb, TCBUnbindNotification, NONE);
}

int main(void)
{
    own_priority(200);
    ntfn = make(seL4_NotificationObject, 0);
    ep = make(seL4_EndpointObject, 0);
    shared_ep = ep;
    for (int i = 0; i < 3; i++) {
        worker[i] = thread_new(100);
        worker_tcb[i] = worker[i].tcb;
    }
    badges();
    waiters();
    bound();
    deleted();
    return 0;
}
