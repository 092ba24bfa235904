/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reply objects and lent scheduling contexts (kernel/reply.c, and the MCS half
 * of kernel/endpoint.c and kernel/syscall.c).
 */
#include "mcs.h"

/* A passive server that waits, and a client that runs. */
struct bench {
    struct machine m;
    word ep, reply;
    struct context by; /* the client's */
    struct thread server, client;
};

static struct bench bench_new(void)
{
    struct bench b = { .m = machine_mcs() };

    b.ep = object_new(&b.m, OBJECT_ENDPOINT, 0);
    b.reply = reply_new(&b.m);
    b.server = passive_server(&b.m, 50, b.ep, b.reply);
    b.by = context_with(&b.m, 1000, 1000);
    b.client = thread_by(&b.m, 50, b.by);
    CHECK_EQ(running(&b.m), b.client.tcb);
    return b;
}

static struct tcb *caller_of(struct machine *m, word reply)
{
    return tcb_of(m, reply_of(m, reply)->tcb);
}

/* ---- one call ---- */

static void a_passive_server_runs_by_its_clients_context(void)
{
    struct bench b = bench_new();

    call(&b.m, b.client, b.ep, MESSAGE(7, 1, 2));
    CHECK_EQ(running(&b.m), b.server.tcb);
    CHECK_EQ(got_label(&b.m, b.server.tcb), 7);
    CHECK_EQ(got_word(&b.m, b.server.tcb, 1), 2);
    CHECK_EQ(runs_by(&b.m, b.by), b.server.tcb);
    CHECK_EQ(context_held(&b.m, b.client), 0);
    CHECK_EQ(state_of(&b.m, b.client), STATE_BLOCKED_ON_REPLY);
    CHECK_EQ(caller_of(&b.m, b.reply), tcb_of(&b.m, b.client.tcb));
    CHECK_EQ(context_of(&b.m, b.by)->reply, object_of(&b.m, b.reply));
    machine_free(&b.m);
}

static void the_answer_gives_the_context_back(void)
{
    struct bench b = bench_new();

    call(&b.m, b.client, b.ep, MESSAGE(0, 0));
    answer(&b.m, b.server, b.reply, MESSAGE(5, 6));
    CHECK_EQ(running(&b.m), b.client.tcb);
    CHECK_EQ(got_label(&b.m, b.client.tcb), 5);
    CHECK_EQ(got_badge(&b.m, b.client.tcb), 0);
    CHECK_EQ(context_held(&b.m, b.client), b.by.sc);
    CHECK_EQ(context_of(&b.m, b.by)->reply, 0);
    CHECK_EQ(reply_of(&b.m, b.reply)->tcb, 0);
    /* the server has not done with its turn, but nothing to do it by */
    CHECK_EQ(state_of(&b.m, b.server), STATE_RUNNING);
    machine_free(&b.m);
}

static void who_answers_and_receives_can_be_called_again(void)
{
    struct bench b = bench_new();

    for (word i = 0; i < 3; i++) {
        call(&b.m, b.client, b.ep, MESSAGE(i, 0));
        CHECK_EQ(running(&b.m), b.server.tcb);
        CHECK_EQ(got_label(&b.m, b.server.tcb), i);
        message_store(&b.m, b.server.tcb, MESSAGE(i + 10, 0));
        trap_reply(&b.m, b.server, SYS_REPLY_RECV, b.ep, b.reply);
        CHECK_EQ(running(&b.m), b.client.tcb);
        CHECK_EQ(got_label(&b.m, b.client.tcb), i + 10);
        CHECK_EQ(state_of(&b.m, b.server), STATE_BLOCKED_ON_RECEIVE);
    }
    machine_free(&b.m);
}

/* The client comes first, and waits for the server. */
static void a_call_that_waits_lends_when_it_is_received(void)
{
    struct machine m = machine_mcs();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    word reply = reply_new(&m);
    word n = object_new(&m, OBJECT_NOTIFICATION, 0);
    struct context own = context_with(&m, 1000, 1000);
    struct context by = context_with(&m, 1000, 1000);
    struct thread client = thread_by(&m, 50, by);
    struct thread server;

    call(&m, client, ep, MESSAGE(3, 0));
    CHECK_EQ(running(&m), 0);
    server = thread_new(&m, 50);
    CHECK_EQ(INVOKE(&m, server.cap, METHOD_TCB_BIND_NOTIFICATION, CAPS(n)), 0);
    CHECK_EQ(context_bind(&m, own, n), 0);
    CHECK_EQ(context_bind(&m, own, server.cap), 0);
    CHECK_EQ(thread_resume(&m, server), 0);
    /* receiving, it gives the notification's context back */
    receive(&m, server, ep, reply);
    CHECK_EQ(running(&m), server.tcb);
    CHECK_EQ(context_held(&m, server), by.sc);
    CHECK_EQ(runs_by(&m, own), 0);
    CHECK_EQ(m.k->h.current_sc, by.sc);
    machine_free(&m);
}

static void a_server_with_time_of_its_own_borrows_none(void)
{
    struct bench b = bench_new();
    struct context own = context_with(&b.m, 1000, 1000);

    CHECK_EQ(context_bind(&b.m, own, b.server.cap), 0);
    call(&b.m, b.client, b.ep, MESSAGE(0, 0));
    CHECK_EQ(running(&b.m), b.server.tcb);
    CHECK_EQ(context_held(&b.m, b.server), own.sc);
    CHECK_EQ(context_held(&b.m, b.client), b.by.sc);
    CHECK_EQ(reply_of(&b.m, b.reply)->next, 0);
    /* equals: the server goes on when it has answered */
    answer(&b.m, b.server, b.reply, MESSAGE(0, 0));
    CHECK_EQ(running(&b.m), b.server.tcb);
    CHECK_EQ(b.m.k->h.ready[0][50].head, b.client.tcb);
    machine_free(&b.m);
}

/* ---- what is not answered ---- */

static void a_call_to_who_brought_no_reply_object_stops_the_caller(void)
{
    struct bench b = bench_new();

    CHECK_EQ(thread_stop(&b.m, b.server), 0);
    CHECK_EQ(context_bind(&b.m, context_with(&b.m, 1000, 1000), b.server.cap),
             0);
    CHECK_EQ(thread_stop(&b.m, b.client), 0);
    take_kick(&b.m);
    CHECK_EQ(thread_resume(&b.m, b.server), 0);
    trap(&b.m, b.server.tcb, SYS_WAIT, b.ep, NULL);
    CHECK_EQ(thread_resume(&b.m, b.client), 0);
    call(&b.m, b.client, b.ep, MESSAGE(1, 0));
    CHECK_EQ(running(&b.m), b.server.tcb);
    CHECK_EQ(got_label(&b.m, b.server.tcb), 1);
    CHECK_EQ(state_of(&b.m, b.client), STATE_INACTIVE);
    CHECK_EQ(context_held(&b.m, b.client), b.by.sc);
    machine_free(&b.m);
}

static void a_call_without_the_right_to_an_answer_stops_the_caller(void)
{
    struct bench b = bench_new();
    word ep = slot_new(&b.m);

    CHECK_EQ(context_bind(&b.m, context_with(&b.m, 1000, 1000), b.server.cap),
             0);
    CHECK_EQ(cap_copy(&b.m, ep, b.ep, RIGHT_WRITE), 0);
    call(&b.m, b.client, ep, MESSAGE(1, 0));
    CHECK_EQ(state_of(&b.m, b.client), STATE_INACTIVE);
    CHECK_EQ(reply_of(&b.m, b.reply)->tcb, 0);
    CHECK_EQ(running(&b.m), b.server.tcb);
    machine_free(&b.m);
}

static void a_plain_send_lends_nothing(void)
{
    struct bench b = bench_new();

    trap(&b.m, b.client.tcb, SYS_SEND, b.ep, MESSAGE(1, 0));
    CHECK_EQ(running(&b.m), b.client.tcb);
    CHECK_EQ(state_of(&b.m, b.server), STATE_RUNNING);
    CHECK_EQ(context_held(&b.m, b.server), 0);
    CHECK_EQ(reply_of(&b.m, b.reply)->tcb, 0);
    machine_free(&b.m);
}

static void answering_nobody_does_nothing(void)
{
    struct bench b = bench_new();

    /* the server waits with it, but to receive */
    answer(&b.m, b.client, b.reply, MESSAGE(1, 0));
    CHECK_EQ(running(&b.m), b.client.tcb);
    CHECK_EQ(state_of(&b.m, b.server), STATE_BLOCKED_ON_RECEIVE);
    answer(&b.m, b.client, reply_new(&b.m), MESSAGE(1, 0));
    CHECK_EQ(running(&b.m), b.client.tcb);
    machine_free(&b.m);
}

/* ---- the two halves of a system call ---- */

/* The client's own context goes to the server, and it waits without. */
static void nb_send_recv_lends_and_waits(void)
{
    struct bench b = bench_new();
    word ep = object_new(&b.m, OBJECT_ENDPOINT, 0);
    word reply = reply_new(&b.m);

    message_store(&b.m, b.client.tcb, MESSAGE(4, 0));
    kernel_registers(b.m.k, b.client.tcb)[REG_DEST] = b.ep;
    trap_reply(&b.m, b.client, SYS_NB_SEND_RECV, ep, reply);
    CHECK_EQ(running(&b.m), b.server.tcb);
    CHECK_EQ(got_label(&b.m, b.server.tcb), 4);
    CHECK_EQ(context_held(&b.m, b.server), b.by.sc);
    /* given for good: nobody waits for an answer */
    CHECK_EQ(context_of(&b.m, b.by)->reply, 0);
    CHECK_EQ(reply_of(&b.m, b.reply)->tcb, 0);
    CHECK_EQ(state_of(&b.m, b.client), STATE_BLOCKED_ON_RECEIVE);
    CHECK_EQ(caller_of(&b.m, reply), tcb_of(&b.m, b.client.tcb));
    machine_free(&b.m);
}

static void nb_send_wait_needs_no_reply_object(void)
{
    struct bench b = bench_new();
    word ep = object_new(&b.m, OBJECT_ENDPOINT, 0);

    message_store(&b.m, b.client.tcb, MESSAGE(4, 0));
    trap_reply(&b.m, b.client, SYS_NB_SEND_WAIT, ep, b.ep);
    CHECK_EQ(running(&b.m), b.server.tcb);
    CHECK_EQ(got_label(&b.m, b.server.tcb), 4);
    CHECK_EQ(state_of(&b.m, b.client), STATE_BLOCKED_ON_RECEIVE);
    CHECK_EQ(tcb_of(&b.m, b.client.tcb)->reply, 0);
    machine_free(&b.m);
}

static void a_first_half_that_reaches_nobody_is_dropped(void)
{
    struct bench b = bench_new();
    word ep = object_new(&b.m, OBJECT_ENDPOINT, 0);
    word n = object_new(&b.m, OBJECT_NOTIFICATION, 0);

    trap_reply(&b.m, b.client, SYS_NB_SEND_WAIT, n, ep);
    CHECK_EQ(state_of(&b.m, b.client), STATE_BLOCKED_ON_NOTIFICATION);
    CHECK_EQ(context_held(&b.m, b.client), b.by.sc);
    machine_free(&b.m);
}

/* Nothing is answered, no fault is raised; the second half is done. */
static void a_first_half_changes_no_objects(void)
{
    struct bench b = bench_new();
    word n = object_new(&b.m, OBJECT_NOTIFICATION, 0);
    const word barred[] = { b.client.cap,
                            ROOT,
                            b.by.cap,
                            SEL4_CAP_DOMAIN,
                            b.m.k->h.boot.sched_control,
                            0xfff };

    for (word i = 0; i < sizeof barred / sizeof *barred; i++) {
        trap(&b.m, b.m.caller, SYS_SEND, n, MESSAGE(0, 0));
        message_store(&b.m, b.client.tcb,
                      MESSAGE(sel4_label_of_method[1][METHOD_TCB_SUSPEND], 0));
        trap_reply(&b.m, b.client, SYS_NB_SEND_WAIT, n, barred[i]);
        CHECK_EQ(running(&b.m), b.client.tcb);
        CHECK_EQ(state_of(&b.m, b.client), STATE_RUNNING);
    }
    machine_free(&b.m);
}

static void receiving_needs_a_reply_object(void)
{
    struct bench b = bench_new();
    word handler = object_new(&b.m, OBJECT_ENDPOINT, 0);

    CHECK_EQ(INVOKE(&b.m, b.client.cap, METHOD_TCB_SET_SPACE, WORDS(0, 0),
                    CAPS(handler, ROOT, SEL4_CAP_INIT_THREAD_VSPACE)),
             0);
    receive(&b.m, b.client, b.ep, b.ep);
    CHECK_EQ(state_of(&b.m, b.client), STATE_BLOCKED_ON_SEND);
    CHECK_EQ(tcb_of(&b.m, b.client.tcb)->fault.type, FAULT_CAP);
    CHECK_EQ(tcb_of(&b.m, b.client.tcb)->fault.a, b.ep);
    CHECK_EQ(tcb_of(&b.m, b.client.tcb)->fault.b, 1);
    machine_free(&b.m);
}

static void waiting_and_notifications_need_none(void)
{
    struct bench b = bench_new();
    word ep = object_new(&b.m, OBJECT_ENDPOINT, 0);
    word n = object_new(&b.m, OBJECT_NOTIFICATION, 0);

    trap_reply(&b.m, b.client, SYS_NB_WAIT, ep, 0xfff);
    CHECK_EQ(got_badge(&b.m, b.client.tcb), 0);
    CHECK_EQ(running(&b.m), b.client.tcb);
    trap_reply(&b.m, b.client, SYS_NB_RECV, n, 0xfff);
    CHECK_EQ(running(&b.m), b.client.tcb);
    trap_reply(&b.m, b.client, SYS_WAIT, ep, 0xfff);
    CHECK_EQ(state_of(&b.m, b.client), STATE_BLOCKED_ON_RECEIVE);
    machine_free(&b.m);
}

/* ---- calls within calls ---- */

/* client -> middle -> server, all by the client's context. */
struct chain {
    struct bench b;
    word ep, reply;
    struct thread middle;
};

static struct chain chain_new(void)
{
    struct chain c = { .b = { .m = machine_mcs() } };
    struct machine *m = &c.b.m;

    c.b.ep = object_new(m, OBJECT_ENDPOINT, 0);
    c.b.reply = reply_new(m);
    c.ep = object_new(m, OBJECT_ENDPOINT, 0);
    c.reply = reply_new(m);
    c.b.server = passive_server(m, 50, c.b.ep, c.b.reply);
    c.middle = passive_server(m, 50, c.ep, c.reply);
    c.b.by = context_with(m, 1000, 1000);
    c.b.client = thread_by(m, 50, c.b.by);
    call(m, c.b.client, c.ep, MESSAGE(1, 0));
    call(m, c.middle, c.b.ep, MESSAGE(2, 0));
    CHECK_EQ(running(m), c.b.server.tcb);
    CHECK_EQ(runs_by(m, c.b.by), c.b.server.tcb);
    return c;
}

static void a_context_goes_up_and_down_a_chain_of_calls(void)
{
    struct chain c = chain_new();
    struct machine *m = &c.b.m;

    CHECK_EQ(context_of(m, c.b.by)->reply, object_of(m, c.b.reply));
    CHECK_EQ(reply_of(m, c.b.reply)->prev, object_of(m, c.reply));
    answer(m, c.b.server, c.b.reply, MESSAGE(0, 0));
    CHECK_EQ(running(m), c.middle.tcb);
    CHECK_EQ(context_of(m, c.b.by)->reply, object_of(m, c.reply));
    answer(m, c.middle, c.reply, MESSAGE(0, 0));
    CHECK_EQ(running(m), c.b.client.tcb);
    CHECK_EQ(context_of(m, c.b.by)->reply, 0);
    machine_free(m);
}

/* Middle answers its own caller first: the stack is cut there, and the context
 * stays with the server; the client has nothing to run by. */
static void an_answer_out_of_order_leaves_the_context_where_it_is(void)
{
    struct chain c = chain_new();
    struct machine *m = &c.b.m;

    answer(m, c.b.server, c.reply, MESSAGE(9, 0));
    CHECK_EQ(running(m), c.b.server.tcb);
    CHECK_EQ(got_label(m, c.b.client.tcb), 9);
    CHECK_EQ(state_of(m, c.b.client), STATE_RUNNING);
    CHECK_EQ(context_held(m, c.b.client), 0);
    CHECK_EQ(reply_of(m, c.b.reply)->prev, 0);
    answer(m, c.b.server, c.b.reply, MESSAGE(0, 0));
    CHECK_EQ(running(m), c.middle.tcb);
    CHECK_EQ(context_held(m, c.middle), c.b.by.sc);
    machine_free(m);
}

/* As the real kernel does: no thread gives up twice what it lent once. */
static void a_caller_with_another_context_by_then_gets_none_back(void)
{
    struct bench b = bench_new();
    struct context other = context_with(&b.m, 1000, 1000);

    call(&b.m, b.client, b.ep, MESSAGE(0, 0));
    CHECK_EQ(context_bind(&b.m, other, b.client.cap), 0);
    answer(&b.m, b.server, b.reply, MESSAGE(0, 0));
    CHECK_EQ(context_held(&b.m, b.client), other.sc);
    CHECK_EQ(context_held(&b.m, b.server), b.by.sc);
    CHECK_EQ(context_of(&b.m, b.by)->reply, 0);
    machine_free(&b.m);
}

/* ---- using a reply object twice ---- */

static void receiving_again_with_it_forgets_the_caller(void)
{
    struct bench b = bench_new();

    call(&b.m, b.client, b.ep, MESSAGE(0, 0));
    receive(&b.m, b.server, b.ep, b.reply);
    CHECK_EQ(state_of(&b.m, b.client), STATE_INACTIVE);
    CHECK_EQ(context_held(&b.m, b.client), 0);
    CHECK_EQ(context_held(&b.m, b.server), b.by.sc);
    CHECK_EQ(context_of(&b.m, b.by)->reply, 0);
    CHECK_EQ(caller_of(&b.m, b.reply), tcb_of(&b.m, b.server.tcb));
    machine_free(&b.m);
}

static void receiving_with_anothers_wakes_nobody(void)
{
    struct bench b = bench_new();
    word ep = object_new(&b.m, OBJECT_ENDPOINT, 0);

    receive(&b.m, b.client, ep, b.reply);
    CHECK_EQ(state_of(&b.m, b.server), STATE_INACTIVE);
    CHECK_EQ(caller_of(&b.m, b.reply), tcb_of(&b.m, b.client.tcb));
    machine_free(&b.m);
}

/* ---- the end of one of them ---- */

static void deleting_the_reply_object_gives_the_context_back(void)
{
    struct bench b = bench_new();

    call(&b.m, b.client, b.ep, MESSAGE(0, 0));
    CHECK_EQ(cap_delete(&b.m, b.reply), 0);
    CHECK_EQ(state_of(&b.m, b.client), STATE_INACTIVE);
    CHECK_EQ(context_held(&b.m, b.client), b.by.sc);
    take_kick(&b.m);
    CHECK_EQ(running(&b.m), 0);
    CHECK_EQ(thread_resume(&b.m, b.client), 0);
    CHECK_EQ(running(&b.m), b.client.tcb);
    CHECK_EQ(kernel_registers(b.m.k, b.client.tcb)[REG_RIP], TRAP_IP);
    machine_free(&b.m);
}

static void deleting_a_reply_object_stops_who_waits_with_it(void)
{
    struct bench b = bench_new();

    CHECK_EQ(cap_delete(&b.m, b.reply), 0);
    CHECK_EQ(state_of(&b.m, b.server), STATE_INACTIVE);
    machine_free(&b.m);
}

static void deleting_a_reply_in_the_middle_cuts_the_stack(void)
{
    struct chain c = chain_new();
    struct machine *m = &c.b.m;

    CHECK_EQ(cap_delete(m, c.reply), 0);
    CHECK_EQ(state_of(m, c.b.client), STATE_INACTIVE);
    CHECK_EQ(context_held(m, c.b.client), 0);
    CHECK_EQ(running(m), c.b.server.tcb);
    answer(m, c.b.server, c.b.reply, MESSAGE(0, 0));
    CHECK_EQ(context_held(m, c.middle), c.b.by.sc);
    machine_free(m);
}

/* Who gives up does not get back what was lent. */
static void a_caller_that_is_stopped_has_lent_for_good(void)
{
    struct bench b = bench_new();

    call(&b.m, b.client, b.ep, MESSAGE(0, 0));
    CHECK_EQ(thread_stop(&b.m, b.client), 0);
    CHECK_EQ(reply_of(&b.m, b.reply)->tcb, 0);
    CHECK_EQ(context_held(&b.m, b.server), b.by.sc);
    CHECK_EQ(context_of(&b.m, b.by)->reply, 0);
    answer(&b.m, b.server, b.reply, MESSAGE(0, 0));
    CHECK_EQ(running(&b.m), b.server.tcb);
    CHECK_EQ(state_of(&b.m, b.client), STATE_INACTIVE);
    machine_free(&b.m);
}

static void a_caller_in_the_middle_that_is_stopped_cuts_the_stack(void)
{
    struct chain c = chain_new();
    struct machine *m = &c.b.m;

    CHECK_EQ(thread_stop(m, c.middle), 0);
    CHECK_EQ(context_of(m, c.b.by)->reply, 0);
    CHECK_EQ(reply_of(m, c.reply)->next, 0);
    CHECK_EQ(state_of(m, c.b.client), STATE_BLOCKED_ON_REPLY);
    CHECK_EQ(running(m), c.b.server.tcb);
    machine_free(m);
}

static void deleting_the_server_loses_the_context_until_the_answer(void)
{
    struct bench b = bench_new();

    call(&b.m, b.client, b.ep, MESSAGE(0, 0));
    CHECK_EQ(cap_delete(&b.m, b.server.cap), 0);
    CHECK_EQ(running(&b.m), 0);
    CHECK_EQ(runs_by(&b.m, b.by), 0);
    CHECK_EQ(state_of(&b.m, b.client), STATE_BLOCKED_ON_REPLY);
    trap(&b.m, b.m.caller, SYS_SEND, b.reply, MESSAGE(8, 0));
    CHECK_EQ(running(&b.m), b.client.tcb);
    CHECK_EQ(got_label(&b.m, b.client.tcb), 8);
    CHECK_EQ(context_held(&b.m, b.client), b.by.sc);
    machine_free(&b.m);
}

static void deleting_the_caller_leaves_the_context_with_the_server(void)
{
    struct bench b = bench_new();

    call(&b.m, b.client, b.ep, MESSAGE(0, 0));
    CHECK_EQ(cap_delete(&b.m, b.client.cap), 0);
    CHECK_EQ(running(&b.m), b.server.tcb);
    CHECK_EQ(context_held(&b.m, b.server), b.by.sc);
    CHECK_EQ(reply_of(&b.m, b.reply)->tcb, 0);
    machine_free(&b.m);
}

static void deleting_the_context_leaves_the_call_open(void)
{
    struct chain c = chain_new();
    struct machine *m = &c.b.m;

    CHECK_EQ(cap_delete(m, c.b.by.cap), 0);
    CHECK_EQ(reply_of(m, c.b.reply)->next, 0);
    CHECK_EQ(reply_of(m, c.b.reply)->prev, object_of(m, c.reply));
    CHECK_EQ(state_of(m, c.middle), STATE_BLOCKED_ON_REPLY);
    take_kick(m);
    CHECK_EQ(running(m), 0);
    trap(m, m->caller, SYS_SEND, c.b.reply, MESSAGE(8, 0));
    CHECK_EQ(state_of(m, c.middle), STATE_RUNNING);
    CHECK_EQ(reply_of(m, c.reply)->next, 0);
    CHECK_EQ(running(m), 0);
    machine_free(m);
}

/* An agent answers in the server's stead, while the server runs. */
static void an_agent_may_answer_for_a_server_that_runs(void)
{
    struct bench b = bench_new();

    call(&b.m, b.client, b.ep, MESSAGE(0, 0));
    pass(&b.m, 400);
    trap(&b.m, b.m.caller, SYS_SEND, b.reply, MESSAGE(8, 0));
    CHECK_EQ(context_held(&b.m, b.client), b.by.sc);
    CHECK_EQ(b.m.k->h.ready[0][50].head, b.client.tcb);
    take_kick(&b.m);
    CHECK_EQ(running(&b.m), b.client.tcb);
    CHECK_EQ(refill_of(&b.m, b.by, 0).amount, 600 * US);
    machine_free(&b.m);
}

static void an_agent_may_be_called_and_answers(void)
{
    struct machine m = machine_mcs();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    word reply = reply_new(&m);
    struct thread agent = agent_new(&m);
    struct context by = context_with(&m, 1000, 1000);
    struct thread client = thread_by(&m, 50, by);

    receive(&m, agent, ep, reply);
    call(&m, client, ep, MESSAGE(3, 0));
    CHECK_EQ(running(&m), 0);
    CHECK_EQ(got_label(&m, agent.tcb), 3);
    CHECK_EQ(m.k->h.wake, tcb_of(&m, agent.tcb)->thread);
    answer(&m, agent, reply, MESSAGE(4, 0));
    CHECK_EQ(running(&m), client.tcb);
    CHECK_EQ(got_label(&m, client.tcb), 4);
    CHECK_EQ(context_held(&m, client), by.sc);
    machine_free(&m);
}

static void an_agent_may_call_a_passive_server(void)
{
    struct bench b = bench_new();
    paddr sc = tcb_of(&b.m, b.m.caller)->sched_context;

    CHECK_EQ(thread_stop(&b.m, b.client), 0);
    take_kick(&b.m);
    trap(&b.m, b.m.caller, SYS_CALL, b.ep, MESSAGE(3, 0));
    CHECK_EQ(running(&b.m), b.server.tcb);
    CHECK_EQ(context_held(&b.m, b.server), sc);
    message_store(&b.m, b.server.tcb, MESSAGE(4, 0));
    trap_reply(&b.m, b.server, SYS_REPLY_RECV, b.ep, b.reply);
    CHECK_EQ(running(&b.m), 0);
    CHECK_EQ(got_label(&b.m, b.m.caller), 4);
    CHECK_EQ(tcb_of(&b.m, b.m.caller)->sched_context, sc);
    machine_free(&b.m);
}

/* The server's answer comes when its client's time is over: an agent gives it,
 * while the server has not noticed yet. */
static void an_answer_comes_with_what_is_left_of_the_time(void)
{
    struct bench b = bench_new();

    CHECK_EQ(context_configure(&b.m, b.by, 100, 1000), 0);
    take_kick(&b.m);
    call(&b.m, b.client, b.ep, MESSAGE(0, 0));
    pass(&b.m, 95);
    trap(&b.m, b.m.caller, SYS_SEND, b.reply, MESSAGE(8, 0));
    CHECK_EQ(context_held(&b.m, b.client), b.by.sc);
    CHECK(tcb_of(&b.m, b.client.tcb)->in_release);
    CHECK_EQ(refill_of(&b.m, b.by, 0).time, 995 * US);
    take_kick(&b.m);
    CHECK_EQ(running(&b.m), 0);
    machine_free(&b.m);
}

/* ---- sporadic contexts begin when their thread is ready again ---- */

#define SPORADIC(m, c)                                                         \
    CHECK_EQ(INVOKE((m), (m)->k->h.boot.sched_control,                         \
                    METHOD_SCHED_CONTROL_CONFIGURE_FLAGS,                      \
                    WORDS(100, 1000, 0, 0, SEL4_SCHED_CONTEXT_FLAG_SPORADIC),  \
                    CAPS((c).cap)),                                            \
             0)

/* A server that has time of its own, more important than its client. */
static struct bench active_bench(void)
{
    struct bench b = bench_new();

    CHECK_EQ(context_bind(&b.m, context_with(&b.m, 9000, 9000), b.server.cap),
             0);
    CHECK_EQ(INVOKE(&b.m, b.server.cap, METHOD_TCB_SET_PRIORITY, WORDS(60),
                    CAPS(SEL4_CAP_INIT_THREAD_TCB)),
             0);
    SPORADIC(&b.m, b.by);
    take_kick(&b.m);
    CHECK_EQ(running(&b.m), b.client.tcb);
    return b;
}

static void an_answer_begins_a_sporadic_period(void)
{
    struct bench b = active_bench();

    call(&b.m, b.client, b.ep, MESSAGE(0, 0));
    CHECK_EQ(running(&b.m), b.server.tcb);
    pass(&b.m, 300);
    answer(&b.m, b.server, b.reply, MESSAGE(0, 0));
    CHECK_EQ(running(&b.m), b.server.tcb);
    CHECK_EQ(refill_of(&b.m, b.by, 0).time, 300 * US);
    machine_free(&b.m);
}

static void so_does_the_receipt_of_what_was_sent(void)
{
    struct bench b = active_bench();

    CHECK_EQ(thread_stop(&b.m, b.server), 0);
    trap(&b.m, b.client.tcb, SYS_SEND, b.ep, MESSAGE(0, 0));
    CHECK_EQ(running(&b.m), 0);
    pass(&b.m, 300);
    CHECK_EQ(thread_resume(&b.m, b.server), 0);
    receive(&b.m, b.server, b.ep, b.reply);
    CHECK_EQ(running(&b.m), b.server.tcb);
    CHECK_EQ(state_of(&b.m, b.client), STATE_RUNNING);
    CHECK_EQ(refill_of(&b.m, b.by, 0).time, 300 * US);
    machine_free(&b.m);
}

static void so_does_a_message_that_was_waited_for(void)
{
    struct bench b = active_bench();

    trap(&b.m, b.client.tcb, SYS_WAIT, b.ep, NULL);
    CHECK_EQ(running(&b.m), 0);
    CHECK_EQ(thread_stop(&b.m, b.server), 0);
    CHECK_EQ(thread_resume(&b.m, b.server), 0);
    pass(&b.m, 300);
    trap(&b.m, b.server.tcb, SYS_SEND, b.ep, MESSAGE(0, 0));
    CHECK_EQ(running(&b.m), b.server.tcb);
    CHECK_EQ(state_of(&b.m, b.client), STATE_RUNNING);
    CHECK_EQ(refill_of(&b.m, b.by, 0).time, 300 * US);
    machine_free(&b.m);
}

TESTS(TEST(a_passive_server_runs_by_its_clients_context),
      TEST(the_answer_gives_the_context_back),
      TEST(who_answers_and_receives_can_be_called_again),
      TEST(a_call_that_waits_lends_when_it_is_received),
      TEST(a_server_with_time_of_its_own_borrows_none),
      TEST(a_call_to_who_brought_no_reply_object_stops_the_caller),
      TEST(a_call_without_the_right_to_an_answer_stops_the_caller),
      TEST(a_plain_send_lends_nothing), TEST(answering_nobody_does_nothing),
      TEST(nb_send_recv_lends_and_waits),
      TEST(nb_send_wait_needs_no_reply_object),
      TEST(a_first_half_that_reaches_nobody_is_dropped),
      TEST(a_first_half_changes_no_objects),
      TEST(receiving_needs_a_reply_object),
      TEST(waiting_and_notifications_need_none),
      TEST(a_context_goes_up_and_down_a_chain_of_calls),
      TEST(an_answer_out_of_order_leaves_the_context_where_it_is),
      TEST(a_caller_with_another_context_by_then_gets_none_back),
      TEST(receiving_again_with_it_forgets_the_caller),
      TEST(receiving_with_anothers_wakes_nobody),
      TEST(deleting_the_reply_object_gives_the_context_back),
      TEST(deleting_a_reply_object_stops_who_waits_with_it),
      TEST(deleting_a_reply_in_the_middle_cuts_the_stack),
      TEST(a_caller_that_is_stopped_has_lent_for_good),
      TEST(a_caller_in_the_middle_that_is_stopped_cuts_the_stack),
      TEST(deleting_the_server_loses_the_context_until_the_answer),
      TEST(deleting_the_caller_leaves_the_context_with_the_server),
      TEST(deleting_the_context_leaves_the_call_open),
      TEST(an_agent_may_answer_for_a_server_that_runs),
      TEST(an_agent_may_be_called_and_answers),
      TEST(an_agent_may_call_a_passive_server),
      TEST(an_answer_comes_with_what_is_left_of_the_time),
      TEST(an_answer_begins_a_sporadic_period),
      TEST(so_does_the_receipt_of_what_was_sent),
      TEST(so_does_a_message_that_was_waited_for))
