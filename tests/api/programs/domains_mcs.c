/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MCS with several domains: whose threads run when. Durations are ticks of the
 * time-stamp counter: tens of milliseconds.
 */
#include "transcript.h"

#define SHORT 100000000ul

static struct thread a, b, server;
static seL4_CPtr done, ep, service;
SHARED int told, order_length;
SHARED char order[64];

static void note(char c)
{
    if (order_length < 60)
        order[order_length++] = c;
}

static void show(const char *text)
{
    order[order_length] = '\0';
    put("| %s: ", text);
    for (int i = 0; i < order_length; i++)
        put("%c", order[i]);
    put("\n");
    order_length = 0;
}

static void tell(seL4_Word i)
{
    note(i ? 'b' : 'a');
    told |= 1 << i;
    seL4_Signal(done);
    note(i ? 'B' : 'A');
    stop(i ? b.tcb : a.tcb);
}

static void spin(seL4_Word i)
{
    note(i ? 'b' : 'a');
    while (!told)
        ;
    note(i ? 'B' : 'A');
    seL4_Signal(done);
    stop(i ? b.tcb : a.tcb);
}

static void serve(seL4_Word unused)
{
    seL4_Word badge;
    seL4_MessageInfo_t info =
        seL4_NBSendRecv(done, seL4_MessageInfo_new(0, 0, 0, 0), ep, &badge,
                        own_reply);

    (void)unused;
    for (;;) {
        note('s');
        seL4_SetMR(0, seL4_GetMR(0) + 1);
        info = seL4_ReplyRecv(ep, seL4_MessageInfo_new(badge, 0, 0, 1), &badge,
                              own_reply);
    }
}

static void call(seL4_Word i)
{
    seL4_MessageInfo_t info;

    seL4_SetMR(0, 10 * i);
    info = seL4_Call(service, seL4_MessageInfo_new(1, 0, 0, 1));
    say("answered: label %x word %u", seL4_MessageInfo_get_label(info),
        seL4_GetMR(0));
    seL4_Signal(done);
    stop(i ? b.tcb : a.tcb);
}

static void schedule(seL4_Word i, seL4_Word domain, seL4_Word duration)
{
    if (QUIETLY(seL4_CapDomain, DomainScheduleConfigure, NONE, i, domain,
                duration))
        say("entry %u is not possible", i);
}

static void move(seL4_CPtr tcb, seL4_Word domain)
{
    say("to domain %u: %s", domain,
        error_name(QUIETLY(seL4_CapDomain, DomainSetSet, CAPS(tcb), domain)));
}

static void let_others_run(void)
{
    own_priority(50);
    own_priority(200);
}

static void begin(void (*first)(seL4_Word), void (*second)(seL4_Word))
{
    seL4_TCB_Suspend(a.tcb);
    seL4_TCB_Suspend(b.tcb);
    seL4_Poll(done, NULL);
    told = 0;
    thread_go(&a, first, 0);
    thread_go(&b, second, 1);
}

static void placement(void)
{
    static const seL4_Word domains[] = { 0, 1, 3, 4, 255, -1ul };

    say("domains");
    for (size_t i = 0; i < COUNT(domains); i++)
        INVOKE(seL4_CapDomain, DomainSetSet, CAPS(b.tcb), domains[i]);
    for (size_t i = 0; i < COUNT(domains); i++)
        INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 1, domains[i], 5);
    INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 1, 0, 0);
    INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 1, 0, 1ul << 56);
    INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 99, 0, 0);
    INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 98, 0, 1);
    INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 99, 0, 1);
    INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 100, 0, 1);
    INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 98, 0, 0);
    INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 1, 0, 0);
    INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 0, 0, 0);
    INVOKE(seL4_CapDomain, DomainScheduleSetStart, NONE, 1);
    INVOKE(seL4_CapDomain, DomainScheduleSetStart, NONE, 99);
    INVOKE(seL4_CapDomain, DomainScheduleSetStart, NONE, 100);
    say("a domain that has no turn");
    move(a.tcb, 0);
    move(b.tcb, 1);
    begin(tell, tell);
    let_others_run();
    show("ran");
    move(b.tcb, 0);
    let_others_run();
    show("moved");
}

static void turns(void)
{
    say("domains take turns, whatever the priorities");
    schedule(0, 0, SHORT);
    schedule(1, 1, SHORT);
    INVOKE(seL4_CapDomain, DomainScheduleSetStart, NONE, 0);
    move(a.tcb, 0);
    move(b.tcb, 1);
    begin(spin, tell);
    while (told == 0)
        ;
    show("b tells");
    let_others_run();
    show("a hears of it");
    say("both spin; this thread waits for them");
    begin(spin, spin);
    own_priority(150);
    order_length = 0;
    while (order_length < 1 || order[order_length - 1] != 'b')
        ;
    told = 1;
    own_priority(50);
    seL4_Wait(done, NULL);
    own_priority(200);
    say("ran: %d", order_length >= 2);
    order_length = 0;
    say("the last thread of a domain blocks: nobody runs until its turn ends");
    begin(spin, tell);
    seL4_Wait(done, NULL);
    show("waited for b");
    say("messages from one to the other");
    schedule(2, 2, SHORT / 4);
    move(server.tcb, 1);
    seL4_TCB_Suspend(a.tcb);
    thread_go(&server, serve, 0);
    seL4_Wait(done, NULL);
    begin(call, call);
    own_priority(50);
    seL4_Wait(done, NULL);
    seL4_Wait(done, NULL);
    own_priority(200);
    say("a passive server of another domain");
    INVOKE(server.context, SchedContextUnbindObject, CAPS(server.tcb));
    begin(call, call);
    own_priority(50);
    seL4_Wait(done, NULL);
    seL4_Wait(done, NULL);
    own_priority(200);
    INVOKE(server.context, SchedContextBind, CAPS(server.tcb));
    order_length = 0;
}

int main(void)
{
    own_priority(200);
    done = make(seL4_NotificationObject, 0);
    ep = make(seL4_EndpointObject, 0);
    service = mint(ep, ALL, 0x5e);
    a = thread_new(100);
    b = thread_new(100);
    server = thread_new(120);
    placement();
    turns();
    return 0;
}
