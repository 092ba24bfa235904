/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MCS: timeout faults. Who has used up its budget, and has a handler for that,
 * does not wait for more, but its handler is told.
 */
#include "transcript.h"

#define MS 1000ul /* in us */
#define BADGE 0x7ea

static struct thread spinner, client, server;
static seL4_CPtr handler, badged, reply, done, ep;
SHARED int go_on, client_is_done;
SHARED seL4_CPtr service, served;

/* --- the ones who run out of time ------------------------------------------- */

static void spin(seL4_Word unused)
{
    (void)unused;
    while (!go_on)
        ;
    say("the spinner goes on");
    stop(spinner.tcb);
}

/* Spins with a known value in every register that it may. */
void spin_with_registers(void);
__asm__(".text\n"
        "spin_with_registers:\n"
        "1: jmp 1b\n");

/* What the answer to a timeout put into registers. */
__attribute__((used)) SHARED seL4_Word seen[20];
void look(void);
__asm__(".text\n"
        "look:\n"
        "movq %rax, seen+24\n"
        "pushfq\n"
        "popq %rax\n"
        "movq %rax, seen+16\n"
        "movq %rsp, seen+8\n"
        "movq %rbx, seen+32\n"
        "movq %rcx, seen+40\n"
        "movq %rdx, seen+48\n"
        "movq %rsi, seen+56\n"
        "movq %rdi, seen+64\n"
        "movq %rbp, seen+72\n"
        "movq %r8, seen+80\n"
        "movq %r9, seen+88\n"
        "movq %r10, seen+96\n"
        "movq %r11, seen+104\n"
        "movq %r12, seen+112\n"
        "movq %r13, seen+120\n"
        "movq %r14, seen+128\n"
        "movq %r15, seen+136\n"
        "movq %fs:0, %rax\n"
        "movq %rax, seen+144\n"
        "movq $1, seen+0\n"
        "ud2\n");

static void call(seL4_Word endpoint)
{
    seL4_MessageInfo_t info;

    seL4_SetMR(0, 0x11);
    info = seL4_Call(endpoint, seL4_MessageInfo_new(1, 0, 0, 1));
    put("| the client is answered: label %u", seL4_MessageInfo_get_label(info));
    put_words(seL4_MessageInfo_get_length(info));
    put("\n");
    client_is_done = 1;
    stop(client.tcb);
}

/* A passive server that spins whenever it is called. */
static void serve(seL4_Word unused)
{
    seL4_Word badge;

    (void)unused;
    seL4_NBSendRecv(done, seL4_MessageInfo_new(0, 0, 0, 0), ep, &badge,
                    own_reply);
    while (!go_on)
        ;
    say("the server goes on");
    seL4_SetMR(0, 0x22);
    seL4_ReplyRecv(ep, seL4_MessageInfo_new(2, 0, 0, 1), &badge, own_reply);
    say("the server is called again");
    stop(server.tcb);
}

/* --- the handler, which is the root task ------------------------------------ */

static void told(seL4_MessageInfo_t info, seL4_Word badge)
{
    seL4_Word label = seL4_MessageInfo_get_label(info);
    seL4_Word time = seL4_GetMR(seL4_Timeout_Consumed);

    put("| badge %x label %u length %u", badge, label,
        seL4_MessageInfo_get_length(info));
    if (label == seL4_Fault_Timeout)
        put(" data %x, consumed: %d", seL4_GetMR(seL4_Timeout_Data),
            time > 0 && time < 2000 * MS);
    put("\n");
}

static void hear(void)
{
    seL4_Word badge;
    seL4_MessageInfo_t info = seL4_Recv(handler, &badge, reply);

    told(info, badge);
}

static void answer(seL4_Word label, seL4_Word length)
{
    seL4_Send(reply, seL4_MessageInfo_new(label, 0, 0, length));
}

static void set_time(seL4_CPtr context, seL4_Word budget, seL4_Word period)
{
    QUIETLY(sched_control(), SchedControlConfigureFlags, CAPS(context), budget,
            period, 0, BADGE, 0);
}

static void begin(void (*entry)(seL4_Word), seL4_Word budget, seL4_Word period)
{
    seL4_TCB_Suspend(spinner.tcb);
    go_on = 0;
    set_time(spinner.context, budget, period);
    seL4_SchedContext_Consumed(spinner.context);
    thread_go(&spinner, entry, 0);
}

static void let_others_run(void)
{
    own_priority(50);
    own_priority(200);
}

static void simple(void)
{
    seL4_CPtr weak = mint(handler, WRITE, 1), mute = mint(handler, READ, 2);

    say("what can be a handler");
    INVOKE(spinner.tcb, TCBSetTimeoutEndpoint, CAPS(weak));
    INVOKE(spinner.tcb, TCBSetTimeoutEndpoint, CAPS(mute));
    INVOKE(spinner.tcb, TCBSetTimeoutEndpoint, CAPS(done));
    INVOKE(spinner.tcb, TCBSetTimeoutEndpoint, CAPS(spinner.tcb));
    INVOKE(spinner.tcb, TCBSetTimeoutEndpoint, NONE);
    INVOKE(spinner.tcb, TCBSetTimeoutEndpoint, CAPS(0));
    INVOKE(spinner.tcb, TCBSetTimeoutEndpoint,
           CAPS(mint(handler, WRITE | GRANT, 3)));
    INVOKE(spinner.tcb, TCBSetTimeoutEndpoint,
           CAPS(mint(handler, WRITE | GRANT_REPLY, 4)));
    INVOKE(spinner.tcb, TCBSetTimeoutEndpoint, CAPS(badged));
    say("a timeout; answered, it comes a period later");
    begin(spin, 5 * MS, 50 * MS);
    hear();
    answer(0, 0);
    hear();
    say("answered with more time");
    go_on = 1;
    set_time(spinner.context, LONG_TIME, LONG_TIME);
    answer(0, 0);
    let_others_run();
    say("answered with a label: it stays stopped");
    begin(spin, 5 * MS, 50 * MS);
    hear();
    go_on = 1;
    answer(1, 0);
    let_others_run();
    INVOKE(spinner.tcb, TCBResume, NONE);
    set_time(spinner.context, LONG_TIME, LONG_TIME);
    let_others_run();
    say("suspended and resumed instead of an answer");
    begin(spin, 5 * MS, 50 * MS);
    hear();
    go_on = 1;
    INVOKE(spinner.tcb, TCBSuspend, NONE);
    answer(0, 0);
    set_time(spinner.context, LONG_TIME, LONG_TIME);
    let_others_run();
    say("resumed");
    INVOKE(spinner.tcb, TCBResume, NONE);
    let_others_run();
    say("without a period there is no timeout");
    begin(spin, 5 * MS, 5 * MS);
    own_priority(150);
    seL4_Yield();
    go_on = 1;
    own_priority(200);
    let_others_run();
}

static void registers(void)
{
    static seL4_Word block[2] = { 0xf5, 0 }; /* for TLS */

    say("answers with registers");
    for (seL4_Word length = 0; length <= 20; length += length < 3 ? 1 : 4) {
        begin((void (*)(seL4_Word))spin_with_registers, 5 * MS, 20 * MS);
        hear();
        set_time(spinner.context, LONG_TIME, LONG_TIME);
        for (int i = 0; i < 20; i++)
            seL4_SetMR(i, 0x700 + (seL4_Word)i);
        seL4_SetMR(seL4_TimeoutReply_FaultIP, (seL4_Word)look);
        seL4_SetMR(seL4_TimeoutReply_RSP, (seL4_Word)spinner.stack_top);
        seL4_SetMR(seL4_TimeoutReply_FLAGS, 0x8d5);
        seL4_SetMR(seL4_TimeoutReply_TLS_BASE, (seL4_Word)block);
        seen[0] = 0;
        answer(0, length);
        if (length > 0)
            let_others_run();
        seL4_TCB_Suspend(spinner.tcb);
        put("| length %u:", length);
        for (int i = 3; i < 18; i++)
            put(" %x", length > 3 ? seen[i] : 0);
        put(length > 3 && seen[18] == 0xf5 ? " and TLS\n" : "\n");
    }
}

static void not_heard(void)
{
    seL4_CPtr e = make(seL4_EndpointObject, 0);

    say("nobody hears: the thread waits");
    begin(spin, 5 * MS, 20 * MS);
    go_on = 0;
    let_others_run();
    say("the handler is taken away");
    INVOKE(spinner.tcb, TCBSetTimeoutEndpoint, CAPS(0));
    go_on = 1;
    set_time(spinner.context, LONG_TIME, LONG_TIME);
    let_others_run();
    hear();
    answer(0, 0);
    let_others_run();
    say("the endpoint is deleted while it waits");
    INVOKE(spinner.tcb, TCBSetTimeoutEndpoint, CAPS(e));
    begin(spin, 5 * MS, 20 * MS);
    own_priority(50);
    own_priority(200);
    go_on = 1;
    INVOKE(ROOT, CNodeRevoke, NONE, e, 64);
    INVOKE(ROOT, CNodeDelete, NONE, e, 64);
    set_time(spinner.context, LONG_TIME, LONG_TIME);
    let_others_run();
    INVOKE(spinner.tcb, TCBResume, NONE);
    let_others_run();
    INVOKE(spinner.tcb, TCBSetTimeoutEndpoint, CAPS(badged));
}

/* --- servers ---------------------------------------------------------------- */

static void start_server(void)
{
    go_on = 0;
    INVOKE(server.context, SchedContextBind, CAPS(server.tcb));
    thread_go(&server, serve, 0);
    seL4_Wait(done, NULL);
    INVOKE(server.context, SchedContextUnbindObject, CAPS(server.tcb));
}

static void servers(void)
{
    say("a server runs out of its client's time");
    INVOKE(server.tcb, TCBSetTimeoutEndpoint, CAPS(badged));
    start_server();
    set_time(client.context, 5 * MS, 50 * MS);
    seL4_SchedContext_Consumed(client.context);
    thread_go(&client, call, service);
    hear();
    say("the handler gives it more");
    go_on = 1;
    set_time(client.context, LONG_TIME, LONG_TIME);
    answer(0, 0);
    let_others_run();
    say("the handler answers the client on its behalf");
    seL4_TCB_Suspend(server.tcb);
    start_server();
    set_time(client.context, 5 * MS, 50 * MS);
    seL4_SchedContext_Consumed(client.context);
    thread_go(&client, call, service);
    hear();
    seL4_SetMR(0, 0x33);
    seL4_Send(server.reply, seL4_MessageInfo_new(3, 0, 0, 1));
    say("answered");
    set_time(client.context, LONG_TIME, LONG_TIME);
    let_others_run();
    say("... and the client has a handler, too");
    seL4_TCB_Suspend(server.tcb);
    INVOKE(client.tcb, TCBSetTimeoutEndpoint,
           CAPS(mint(handler, ALL, 0xc11e47)));
    start_server();
    set_time(client.context, 5 * MS, 500 * MS);
    seL4_SchedContext_Consumed(client.context);
    thread_go(&client, call, service);
    hear();
    seL4_SetMR(0, 0x33);
    seL4_Send(server.reply, seL4_MessageInfo_new(4, 0, 0, 1));
    say("answered");
    seL4_Word badge;
    seL4_MessageInfo_t info = seL4_Recv(handler, &badge, reply);
    say("badge %x label %u length %u data %x", badge,
        seL4_MessageInfo_get_label(info), seL4_MessageInfo_get_length(info),
        seL4_GetMR(0));
    set_time(client.context, LONG_TIME, LONG_TIME);
    answer(0, 0);
    let_others_run();
    say("the server has no handler: it waits for its client's next period");
    seL4_TCB_Suspend(server.tcb);
    INVOKE(client.tcb, TCBSetTimeoutEndpoint, CAPS(0));
    INVOKE(server.tcb, TCBSetTimeoutEndpoint, CAPS(0));
    start_server();
    set_time(client.context, 5 * MS, 50 * MS);
    thread_go(&client, call, service);
    let_others_run();
    go_on = 1;
    client_is_done = 0;
    own_priority(50);
    while (!client_is_done)
        ;
    own_priority(200);
}

int main(void)
{
    own_priority(200);
    handler = make(seL4_EndpointObject, 0);
    badged = mint(handler, ALL, 0xbad);
    reply = make(seL4_ReplyObject, 0);
    done = make(seL4_NotificationObject, 0);
    ep = make(seL4_EndpointObject, 0);
    service = mint(ep, ALL, 0x5e);
    spinner = thread_new(150);
    client = thread_new(150);
    server = thread_new(160);
    seL4_SchedContext_UnbindObject(server.context, server.tcb);
    simple();
    registers();
    not_heard();
    servers();
    return 0;
}
