/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MCS: threads without a scheduling context of their own. They run by those of
 * their clients, of faulting threads, and of notifications; chains of them, and
 * what becomes of a chain that loses a member.
 *
 * The client calls the first of three servers, which calls the second, which
 * calls the third. Each says what it gets.
 */
#include "transcript.h"

#define SERVERS 3

static struct thread client, server[SERVERS], handler, waiter;
static seL4_CPtr ntfn, fault_ep, badged_fault;
SHARED seL4_CPtr ep[SERVERS + 1], reply[SERVERS], wait_for, receive_from;
SHARED seL4_CPtr tcbs[8];
SHARED int last, spins;

static void settle(void)
{
    own_priority(50);
    own_priority(200);
}

static void told(const char *who, seL4_Word i, const char *what,
                 seL4_MessageInfo_t info, seL4_Word badge)
{
    put("| %s %u %s: label %u badge %x", who, i, what,
        seL4_MessageInfo_get_label(info), badge);
    put_words(seL4_MessageInfo_get_length(info));
    put("\n");
}

static void call(seL4_Word endpoint)
{
    seL4_MessageInfo_t info;

    say("client calls");
    seL4_SetMR(0, 100);
    info = seL4_Call(endpoint, seL4_MessageInfo_new(1, 0, 0, 1));
    told("client", 0, "is answered", info, 0);
    stop(client.tcb);
}

/* Answers what it is asked, after having asked the next one. */
static void serve(seL4_Word i)
{
    seL4_Word badge = 0;
    seL4_MessageInfo_t info =
        seL4_NBSendRecv(ntfn, seL4_MessageInfo_new(0, 0, 0, 0), ep[i], &badge,
                        reply[i]);

    for (;;) {
        told("server", i, "is asked", info, badge);
        if (i < (seL4_Word)last) {
            seL4_SetMR(0, 101 + i);
            info = seL4_Call(ep[i + 1], seL4_MessageInfo_new(2, 0, 0, 1));
            told("server", i, "is answered", info, 0);
        }
        if (spins && i == (seL4_Word)last)
            seL4_Wait(wait_for, &badge);
        seL4_SetMR(0, 201 + i);
        info = seL4_ReplyRecv(ep[i], seL4_MessageInfo_new(3, 0, 0, 1), &badge,
                              reply[i]);
    }
}

/* It gets time until it waits for its clients. */
static void start_server(int i)
{
    seL4_TCB_Suspend(server[i].tcb);
    QUIETLY(server[i].context, SchedContextUnbind, NONE);
    if (QUIETLY(server[i].context, SchedContextBind, CAPS(server[i].tcb)))
        say("server %u has another context", (seL4_Word)i);
    thread_go(&server[i], serve, (seL4_Word)i);
    settle();
    QUIETLY(server[i].context, SchedContextUnbindObject, CAPS(server[i].tcb));
    seL4_Poll(ntfn, NULL);
}

static void start_all(int last_one, int waits)
{
    seL4_TCB_Suspend(client.tcb);
    QUIETLY(client.context, SchedContextUnbind, NONE);
    for (int i = 0; i < SERVERS; i++)
        seL4_TCB_Suspend(server[i].tcb);
    QUIETLY(client.context, SchedContextBind, CAPS(client.tcb));
    seL4_Poll(wait_for, NULL);
    last = last_one;
    spins = waits;
    for (int i = 0; i < SERVERS; i++)
        start_server(i);
}

static void start_client(void)
{
    thread_go(&client, call, ep[0]);
    settle();
}

/* Who has the client's context? The others are told apart by an error. */
static void who_has_it(void)
{
    put("| the client's context is with");
    for (int i = 0; i < 5; i++) {
        if (QUIETLY(client.context, SchedContextUnbindObject, CAPS(tcbs[i])))
            continue;
        put(" %u", (seL4_Word)i);
        QUIETLY(client.context, SchedContextBind, CAPS(tcbs[i]));
    }
    put("\n");
}

static void chains(void)
{
    for (int n = 0; n < SERVERS; n++) {
        say("a chain of %u", n + 1ul);
        start_all(n, 0);
        start_client();
    }
    say("the client's priority is the lowest");
    seL4_TCB_SetPriority(client.tcb, SELF, 60);
    start_all(2, 0);
    start_client();
    seL4_TCB_SetPriority(client.tcb, SELF, 100);
}

static void lose(const char *text, int waits, void (*what)(void))
{
    say("%s", text);
    start_all(2, waits);
    start_client();
    what();
    settle();
    settle();
    if (waits)
        seL4_Signal(wait_for);
    settle();
    who_has_it();
    for (int i = 0; i < 5; i++)
        INVOKE(tcbs[i], TCBResume, NONE);
    settle();
    if (waits)
        seL4_Signal(wait_for);
    settle();
    who_has_it();
}

static void suspend_client(void)
{
    INVOKE(client.tcb, TCBSuspend, NONE);
}

static void suspend_first(void)
{
    INVOKE(server[0].tcb, TCBSuspend, NONE);
}

static void suspend_second(void)
{
    INVOKE(server[1].tcb, TCBSuspend, NONE);
}

static void suspend_last(void)
{
    INVOKE(server[2].tcb, TCBSuspend, NONE);
}

static void resume_second(void)
{
    INVOKE(server[1].tcb, TCBResume, NONE);
}

static void renew_reply(int i)
{
    INVOKE(ROOT, CNodeDelete, NONE, reply[i], 64);
    QUIETLY(ROOT, CNodeMove, CAPS(ROOT), reply[i], 64,
            make(seL4_ReplyObject, 0), 64);
}

static void delete_first_reply(void)
{
    renew_reply(0);
}

static void delete_second_reply(void)
{
    renew_reply(1);
}

static void delete_last_reply(void)
{
    renew_reply(2);
}

static void answer_first(void)
{
    seL4_SetMR(0, 77);
    seL4_Send(reply[0], seL4_MessageInfo_new(7, 0, 0, 1));
}

static void answer_second(void)
{
    seL4_SetMR(0, 77);
    seL4_Send(reply[1], seL4_MessageInfo_new(7, 0, 0, 1));
}

static void answer_last(void)
{
    seL4_SetMR(0, 77);
    seL4_Send(reply[2], seL4_MessageInfo_new(7, 0, 0, 1));
}

static void use_first_reply(void)
{
    seL4_Word badge;

    seL4_NBRecv(fault_ep, &badge, reply[0]);
    say("received with another's reply object");
}

static void unbind_context(void)
{
    INVOKE(client.context, SchedContextUnbind, NONE);
}

static void unbind_from_last(void)
{
    INVOKE(client.context, SchedContextUnbindObject, CAPS(server[2].tcb));
}

static void bind_to_client(void)
{
    INVOKE(client.context, SchedContextUnbindObject, CAPS(server[2].tcb));
    INVOKE(client.context, SchedContextBind, CAPS(client.tcb));
}

static void another_for_client(void)
{
    INVOKE(handler.context, SchedContextUnbind, NONE);
    INVOKE(handler.context, SchedContextBind, CAPS(client.tcb));
}

static void another_for_second(void)
{
    INVOKE(handler.context, SchedContextUnbind, NONE);
    INVOKE(handler.context, SchedContextBind, CAPS(server[1].tcb));
}

static void delete_context(void)
{
    INVOKE(ROOT, CNodeDelete, NONE, client.context, 64);
    QUIETLY(ROOT, CNodeMove, CAPS(ROOT), client.context, 64,
            make_context(LONG_TIME, LONG_TIME), 64);
}

static void delete_second_endpoint(void)
{
    INVOKE(ROOT, CNodeDelete, NONE, ep[1], 64);
    QUIETLY(ROOT, CNodeMove, CAPS(ROOT), ep[1], 64,
            make(seL4_EndpointObject, 0), 64);
}

static void broken_chains(void)
{
    static const struct {
        const char *name;
        void (*what)(void);
    } list[] = {
        { "suspend the client", suspend_client },
        { "suspend the first", suspend_first },
        { "suspend the second", suspend_second },
        { "suspend the last", suspend_last },
        { "resume the second", resume_second },
        { "delete the first reply", delete_first_reply },
        { "delete the second reply", delete_second_reply },
        { "delete the last reply", delete_last_reply },
        { "answer the client for the first", answer_first },
        { "answer the first for the second", answer_second },
        { "answer the second for the last", answer_last },
        { "receive with the first reply", use_first_reply },
        { "unbind the context", unbind_context },
        { "unbind the context from the last", unbind_from_last },
        { "give it back to the client", bind_to_client },
        { "the client has another one", another_for_client },
        { "the second has another one", another_for_second },
        { "delete the context", delete_context },
        { "delete an endpoint", delete_second_endpoint },
    };

    for (size_t i = 0; i < COUNT(list); i++)
        lose(list[i].name, 1, list[i].what);
}

/* --- notifications ---------------------------------------------------------- */

static void wait_for_it(seL4_Word i)
{
    seL4_Word badge = 0;
    seL4_MessageInfo_t info;

    for (;;) {
        if (i == 0)
            info = seL4_Wait(wait_for, &badge);
        else
            info = seL4_Recv(receive_from, &badge, own_reply);
        say("waiter: badge %x", badge);
    }
}

static void notifications(void)
{
    seL4_CPtr n = make(seL4_NotificationObject, 0);
    seL4_CPtr signal = mint(n, ALL, 4);
    seL4_CPtr e = make(seL4_EndpointObject, 0);

    say("a notification lends its context to who waits");
    wait_for = n;
    receive_from = e;
    INVOKE(waiter.context, SchedContextUnbind, NONE);
    INVOKE(waiter.context, SchedContextBind, CAPS(n));
    thread_go(&waiter, wait_for_it, 0);
    settle();
    say("it has no time before the first signal");
    INVOKE(waiter.context, SchedContextYieldTo, NONE);
    INVOKE(waiter.context, SchedContextBind, CAPS(waiter.tcb));
    settle();
    INVOKE(waiter.context, SchedContextYieldTo, NONE);
    for (int i = 0; i < 2; i++) {
        seL4_Signal(signal);
        settle();
        INVOKE(waiter.context, SchedContextYieldTo, NONE);
    }
    say("unbound from the notification");
    INVOKE(waiter.context, SchedContextUnbindObject, CAPS(n));
    seL4_Signal(signal);
    settle();
    INVOKE(waiter.context, SchedContextBind, CAPS(n));
    settle();
    seL4_Poll(n, NULL);
    say("a bound notification, and an endpoint");
    seL4_TCB_Suspend(waiter.tcb);
    INVOKE(waiter.context, SchedContextUnbind, NONE);
    INVOKE(waiter.context, SchedContextBind, CAPS(n));
    INVOKE(waiter.tcb, TCBBindNotification, CAPS(n));
    INVOKE(client.context, SchedContextUnbind, NONE);
    INVOKE(client.context, SchedContextBind, CAPS(waiter.tcb));
    thread_go(&waiter, wait_for_it, 1);
    settle();
    INVOKE(client.context, SchedContextUnbindObject, CAPS(waiter.tcb));
    seL4_Signal(signal);
    settle();
    INVOKE(waiter.context, SchedContextUnbindObject, CAPS(waiter.tcb));
    seL4_Send(mint(e, ALL, 0x77), seL4_MessageInfo_new(0, 0, 0, 0));
    settle();
    INVOKE(waiter.tcb, TCBSuspend, NONE);
    INVOKE(waiter.tcb, TCBUnbindNotification, NONE);
    INVOKE(ROOT, CNodeDelete, NONE, n, 64);
    INVOKE(waiter.context, SchedContextUnbind, NONE);
}

/* --- faults ----------------------------------------------------------------- */

static void fault(seL4_Word unused)
{
    (void)unused;
    *(volatile seL4_Word *)0x2000000000 = 1;
    say("the faulting thread goes on");
    stop(client.tcb);
}

static void handle(seL4_Word unused)
{
    seL4_Word badge = 0;
    seL4_MessageInfo_t info =
        seL4_NBSendRecv(ntfn, seL4_MessageInfo_new(0, 0, 0, 0), fault_ep,
                        &badge, own_reply);

    (void)unused;
    for (;;) {
        say("handler: label %u length %u badge %x address %x",
            seL4_MessageInfo_get_label(info), seL4_MessageInfo_get_length(info),
            badge, seL4_GetMR(seL4_VMFault_Addr));
        if (spins)
            spins--;
        info = spins
                   ? seL4_ReplyRecv(fault_ep, seL4_MessageInfo_new(0, 0, 0, 0),
                                    &badge, own_reply)
                   : seL4_Recv(fault_ep, &badge, own_reply);
    }
}

static void faults(void)
{
    static const seL4_Word sets[] = { ALL, WRITE | GRANT, WRITE | GRANT_REPLY };

    say("a passive fault handler");
    for (size_t i = 0; i < COUNT(sets); i++) {
        say("rights %x", sets[i]);
        seL4_TCB_Suspend(client.tcb);
        seL4_TCB_Suspend(handler.tcb);
        QUIETLY(client.context, SchedContextUnbind, NONE);
        QUIETLY(handler.context, SchedContextUnbind, NONE);
        QUIETLY(client.context, SchedContextBind, CAPS(client.tcb));
        QUIETLY(handler.context, SchedContextBind, CAPS(handler.tcb));
        spins = 3;
        thread_go(&handler, handle, 0);
        settle();
        INVOKE(handler.context, SchedContextUnbindObject, CAPS(handler.tcb));
        INVOKE(client.tcb, TCBSetSchedParams,
               CAPS(SELF, client.context, mint(fault_ep, sets[i], 0xfa)), 255,
               100);
        thread_go(&client, fault, 0);
        settle();
        INVOKE(client.context, SchedContextUnbindObject, CAPS(client.tcb));
        INVOKE(client.context, SchedContextUnbindObject, CAPS(handler.tcb));
    }
    say("a faulting thread without a context");
    INVOKE(client.context, SchedContextUnbind, NONE);
    INVOKE(client.tcb, TCBResume, NONE);
    settle();
}

int main(void)
{
    own_priority(200);
    ntfn = make(seL4_NotificationObject, 0);
    wait_for = make(seL4_NotificationObject, 0);
    fault_ep = make(seL4_EndpointObject, 0);
    client = thread_new(100);
    handler = thread_new(110);
    waiter = thread_new(105);
    tcbs[0] = client.tcb;
    for (int i = 0; i < SERVERS; i++) {
        server[i] = thread_new(101 + (seL4_Word)i);
        ep[i] = make(seL4_EndpointObject, 0);
        reply[i] = make(seL4_ReplyObject, 0);
        tcbs[1 + i] = server[i].tcb;
    }
    tcbs[4] = handler.tcb;
    chains();
    broken_chains();
    for (int i = 0; i < SERVERS; i++)
        seL4_TCB_Suspend(server[i].tcb);
    seL4_TCB_Suspend(client.tcb);
    notifications();
    faults();
    return 0;
}
