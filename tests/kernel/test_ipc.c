/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages between threads: who waits, what is copied, and who goes on
 * (kernel/endpoint.c, kernel/ipc.c, kernel/syscall.c).
 */
#include "harness.h"

/* A client of priority 50 and a server of 100 that waits at the endpoint. */
struct pair {
    struct machine m;
    word ep;
    struct thread server, client;
};

static struct pair pair_new(void)
{
    struct pair p = { .m = machine_new() };

    p.ep = object_new(&p.m, OBJECT_ENDPOINT, 0);
    p.client = thread_running(&p.m, 50);
    p.server = thread_running(&p.m, 100);
    take_kick(&p.m);
    CHECK_EQ(p.m.k->h.current, p.server.tcb);
    trap(&p.m, p.server.tcb, SYS_RECV, p.ep, NULL);
    CHECK_EQ(p.m.k->h.current, p.client.tcb);
    return p;
}

/* The same, and the client has come to call with these rights on its cap. */
static struct pair pair_called(word rights)
{
    struct pair p = pair_new();
    word cap = slot_new(&p.m);

    CHECK_EQ(cap_mint(&p.m, cap, p.ep, rights, 7), SEL4_NO_ERROR);
    trap(&p.m, p.client.tcb, SYS_CALL, cap, MESSAGE(1, 11));
    CHECK_EQ(p.m.k->h.current, p.server.tcb);
    CHECK_EQ(got_badge(&p.m, p.server.tcb), 7);
    return p;
}

static void a_call_reaches_a_waiting_server_and_is_answered(void)
{
    struct pair p = pair_new();
    struct machine *m = &p.m;
    word badged = slot_new(m);

    CHECK_EQ(cap_mint(m, badged, p.ep, RIGHT_ALL, 77), SEL4_NO_ERROR);
    trap(m, p.client.tcb, SYS_CALL, badged, MESSAGE(5, 1, 2, 3, 4, 5, 6));
    CHECK_EQ(m->k->h.current, p.server.tcb);
    CHECK_EQ(got_badge(m, p.server.tcb), 77);
    CHECK_EQ(got_label(m, p.server.tcb), 5);
    CHECK_EQ(got_length(m, p.server.tcb), 6);
    for (word i = 0; i < 6; i++)
        CHECK_EQ(got_word(m, p.server.tcb, i), i + 1);
    CHECK_EQ(state_of(m, p.client), STATE_BLOCKED_ON_REPLY);

    trap(m, p.server.tcb, SYS_REPLY_RECV, p.ep, MESSAGE(9, 42));
    CHECK_EQ(m->k->h.current, p.client.tcb);
    CHECK_EQ(got_label(m, p.client.tcb), 9);
    CHECK_EQ(got_word(m, p.client.tcb, 0), 42);
    CHECK_EQ(got_badge(m, p.client.tcb), 0);
    CHECK_EQ(kernel_registers(m->k, p.client.tcb)[REG_RIP], TRAP_IP + 2);
    CHECK_EQ(state_of(m, p.server), STATE_BLOCKED_ON_RECEIVE);
    machine_free(m);
}

static void senders_wait_in_the_order_they_came(void)
{
    struct machine m = machine_new();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    struct thread receiver = thread_running(&m, 10);
    struct thread a = thread_running(&m, 30);

    take_kick(&m);
    trap(&m, a.tcb, SYS_SEND, ep, MESSAGE(1));
    struct thread b = thread_running(&m, 40);
    take_kick(&m);
    trap(&m, b.tcb, SYS_SEND, ep, MESSAGE(2));
    CHECK_EQ(m.k->h.current, receiver.tcb);
    trap(&m, receiver.tcb, SYS_RECV, ep, NULL);
    CHECK_EQ(got_label(&m, receiver.tcb), 1);
    CHECK_EQ(m.k->h.current, a.tcb);
    trap(&m, a.tcb, SYS_RECV, ep, NULL);
    CHECK_EQ(got_label(&m, a.tcb), 2);
    CHECK_EQ(m.k->h.current, b.tcb);
    machine_free(&m);
}

static void nonblocking_calls_do_not_wait(void)
{
    struct machine m = machine_new();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    struct thread t = thread_running(&m, 10);

    trap(&m, t.tcb, SYS_NB_SEND, ep, MESSAGE(1));
    CHECK_EQ(state_of(&m, t), STATE_RUNNING);
    kernel_registers(m.k, t.tcb)[REG_INFO] = 0x5000;
    trap(&m, t.tcb, SYS_NB_RECV, ep, NULL);
    CHECK_EQ(state_of(&m, t), STATE_RUNNING);
    CHECK_EQ(got_badge(&m, t.tcb), 0);
    CHECK_EQ(kernel_registers(m.k, t.tcb)[REG_INFO], 0x5000);
    machine_free(&m);
}

static void a_length_beyond_the_limit_counts_as_the_limit(void)
{
    struct pair p = pair_new();

    trap(&p.m, p.client.tcb, SYS_SEND, p.ep,
         &(struct message){ .label = 3, .count = 120 });
    trap(&p.m, p.server.tcb, SYS_RECV, p.ep, NULL);
    kernel_registers(p.m.k, p.client.tcb)[REG_INFO] = info_new(4, 0, 0, 127);
    trap(&p.m, p.client.tcb, SYS_SEND, p.ep, NULL);
    CHECK_EQ(got_label(&p.m, p.server.tcb), 4);
    CHECK_EQ(got_length(&p.m, p.server.tcb), 120);
    machine_free(&p.m);
}

static void without_a_buffer_four_words_go(void)
{
    struct pair p = pair_new();

    CHECK_EQ(INVOKE(&p.m, p.client.cap, METHOD_TCB_SET_IPC_BUFFER, WORDS(0),
                    CAPS(p.client.frame)),
             SEL4_NO_ERROR);
    trap(&p.m, p.client.tcb, SYS_SEND, p.ep, MESSAGE(1, 1, 2, 3, 4, 5));
    CHECK_EQ(got_length(&p.m, p.server.tcb), 4);
    CHECK_EQ(got_word(&p.m, p.server.tcb, 3), 4);
    machine_free(&p.m);
}

static void words_beyond_the_length_stay_in_the_buffer(void)
{
    struct pair p = pair_new();

    buffer_of(&p.m, p.server.tcb)[BUFFER_MSG + 6] = 0x77;
    trap(&p.m, p.client.tcb, SYS_SEND, p.ep, MESSAGE(1, 1, 2, 3, 4, 5, 6));
    CHECK_EQ(got_word(&p.m, p.server.tcb, 5), 6);
    CHECK_EQ(got_word(&p.m, p.server.tcb, 6), 0x77);
    machine_free(&p.m);
}

/* Let the receiver name an empty slot for a capability. */
static word offer_slot(struct machine *m, struct thread t)
{
    word slot = slot_new(m);
    word *buffer = buffer_of(m, t.tcb);

    buffer[BUFFER_RECEIVE_CNODE] = ROOT;
    buffer[BUFFER_RECEIVE_INDEX] = slot;
    buffer[BUFFER_RECEIVE_DEPTH] = 64;
    return slot;
}

static void one_capability_goes_with_grant(void)
{
    struct pair p = pair_new();
    struct machine *m = &p.m;
    word slot = offer_slot(m, p.server);
    word a = object_new(m, OBJECT_NOTIFICATION, 0);
    word b = object_new(m, OBJECT_NOTIFICATION, 0);

    trap(m, p.client.tcb, SYS_CALL, p.ep,
         &(struct message){ .label = 1, CAPS(a, b) });
    CHECK_EQ(got_caps(m, p.server.tcb), 1);
    CHECK_EQ(got_unwrapped(m, p.server.tcb), 0);
    CHECK_EQ(object_of(m, slot), object_of(m, a));
    CHECK_EQ(slot_of(m, slot)->cap.type, CAP_NOTIFICATION);
    machine_free(m);
}

static void no_capability_goes_without_grant(void)
{
    struct pair p = pair_new();
    struct machine *m = &p.m;
    word slot = offer_slot(m, p.server);
    word cap = slot_new(m);

    CHECK_EQ(cap_copy(m, cap, p.ep, RIGHT_WRITE | RIGHT_GRANT_REPLY),
             SEL4_NO_ERROR);
    trap(m, p.client.tcb, SYS_CALL, cap,
         &(struct message){ .label = 1, CAPS(p.client.cap) });
    CHECK_EQ(got_caps(m, p.server.tcb), 0);
    CHECK(slot_is_empty(m, slot));
    CHECK_EQ(state_of(m, p.client), STATE_BLOCKED_ON_REPLY);
    machine_free(m);
}

static void capabilities_to_the_endpoint_itself_become_badges(void)
{
    struct pair p = pair_new();
    struct machine *m = &p.m;
    word slot = offer_slot(m, p.server);
    word badged = slot_new(m);
    word *buffer = buffer_of(m, p.server.tcb);

    CHECK_EQ(cap_mint(m, badged, p.ep, RIGHT_ALL, 0x99), SEL4_NO_ERROR);
    trap(m, p.client.tcb, SYS_CALL, p.ep,
         &(struct message){ .label = 1, CAPS(badged, p.client.cap, p.ep) });
    CHECK_EQ(got_caps(m, p.server.tcb), 3);
    CHECK_EQ(got_unwrapped(m, p.server.tcb), 5);
    CHECK_EQ(buffer[BUFFER_CAPS], 0x99);
    CHECK_EQ(buffer[BUFFER_CAPS + 2], 0);
    CHECK_EQ(slot_of(m, slot)->cap.type, CAP_THREAD);
    machine_free(m);
}

static void the_first_capability_that_cannot_go_ends_the_transfer(void)
{
    struct pair p = pair_new();
    struct machine *m = &p.m;
    word slot = offer_slot(m, p.server);
    word empty = slot_new(m);

    trap(m, p.client.tcb, SYS_CALL, p.ep,
         &(struct message){ .label = 1, CAPS(p.ep, empty, p.ep) });
    CHECK_EQ(got_caps(m, p.server.tcb), 1);
    CHECK_EQ(got_unwrapped(m, p.server.tcb), 1);
    CHECK(slot_is_empty(m, slot));
    machine_free(m);
}

static void a_used_receive_slot_gets_nothing(void)
{
    struct pair p = pair_new();
    struct machine *m = &p.m;
    word slot = offer_slot(m, p.server);

    CHECK_EQ(cap_copy(m, slot, p.ep, RIGHT_ALL), SEL4_NO_ERROR);
    trap(m, p.client.tcb, SYS_CALL, p.ep,
         &(struct message){ .label = 1, CAPS(p.client.cap) });
    CHECK_EQ(got_caps(m, p.server.tcb), 0);
    CHECK_EQ(slot_of(m, slot)->cap.type, CAP_ENDPOINT);
    machine_free(m);
}

static void untyped_memory_with_children_is_not_copied(void)
{
    struct pair p = pair_new();
    struct machine *m = &p.m;
    word slot = offer_slot(m, p.server);

    trap(m, p.client.tcb, SYS_CALL, p.ep,
         &(struct message){ .label = 1, CAPS(m->untyped) });
    CHECK_EQ(got_caps(m, p.server.tcb), 0);
    CHECK(slot_is_empty(m, slot));
    machine_free(m);
}

static void a_call_without_grant_rights_stops_the_caller(void)
{
    struct pair p = pair_called(RIGHT_WRITE);

    CHECK_EQ(state_of(&p.m, p.client), STATE_INACTIVE);
    CHECK(cap_is_null(tcb_of(&p.m, p.server.tcb)->slot[TCB_CALLER].cap));
    machine_free(&p.m);
}

static void capabilities_in_a_reply_need_grant_of_the_receiver(void)
{
    for (int grant = 0; grant < 2; grant++) {
        struct pair p = pair_called(RIGHT_ALL);
        struct machine *m = &p.m;
        word slot = offer_slot(m, p.client);

        trap(m, p.server.tcb, SYS_REPLY, 0, MESSAGE(0));
        word receiver = slot_new(m);
        CHECK_EQ(cap_copy(m, receiver, p.ep,
                          RIGHT_READ | (grant ? RIGHT_GRANT : 0)),
                 SEL4_NO_ERROR);
        trap(m, p.server.tcb, SYS_RECV, receiver, NULL);
        trap(m, p.client.tcb, SYS_CALL, p.ep, MESSAGE(1));
        trap(m, p.server.tcb, SYS_REPLY, 0,
             &(struct message){ .label = 2, CAPS(p.server.cap) });
        CHECK_EQ(got_caps(m, p.client.tcb), grant);
        CHECK_EQ(slot_is_empty(m, slot), !grant);
        machine_free(m);
    }
}

static void a_saved_caller_is_answered_later(void)
{
    struct pair p = pair_called(RIGHT_ALL);
    struct machine *m = &p.m;
    word saved = slot_new(m);
    word other = slot_new(m);

    m->caller = p.server.tcb;
    CHECK_EQ(INVOKE(m, ROOT, METHOD_CNODE_SAVE_CALLER, WORDS(saved, 64)),
             SEL4_NO_ERROR);
    CHECK_EQ(slot_of(m, saved)->cap.type, CAP_REPLY);
    CHECK_EQ(cap_copy(m, other, saved, RIGHT_ALL), SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(cap_mint(m, other, saved, RIGHT_ALL, 1), SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(cap_move(m, other, saved), SEL4_NO_ERROR);
    trap(m, p.server.tcb, SYS_SEND, other, MESSAGE(3, 8));
    CHECK(slot_is_empty(m, other));
    CHECK_EQ(state_of(m, p.client), STATE_RUNNING);
    CHECK_EQ(got_label(m, p.client.tcb), 3);
    CHECK_EQ(got_word(m, p.client.tcb, 0), 8);
    machine_free(m);
}

static void saving_no_caller_succeeds_and_leaves_the_slot_empty(void)
{
    struct machine m = machine_new();
    word slot = slot_new(&m);

    CHECK_EQ(INVOKE(&m, ROOT, METHOD_CNODE_SAVE_CALLER, WORDS(slot, 64)),
             SEL4_NO_ERROR);
    CHECK(slot_is_empty(&m, slot));
    CHECK_EQ(INVOKE(&m, ROOT, METHOD_CNODE_SAVE_CALLER, WORDS(ROOT, 64)),
             SEL4_DELETE_FIRST);
    machine_free(&m);
}

static void a_deleted_reply_leaves_the_caller_blocked_until_resumed(void)
{
    struct pair p = pair_called(RIGHT_ALL);
    struct machine *m = &p.m;

    trap(m, p.server.tcb, SYS_RECV, p.ep, NULL);
    CHECK_EQ(state_of(m, p.client), STATE_BLOCKED_ON_REPLY);
    CHECK_EQ(m->k->h.current, 0);
    CHECK_EQ(thread_resume(m, p.client), SEL4_NO_ERROR);
    CHECK_EQ(m->k->h.current, p.client.tcb);
    CHECK_EQ(kernel_registers(m->k, p.client.tcb)[REG_RIP], TRAP_IP);
    machine_free(m);
}

static void suspending_a_caller_empties_the_reply_slot(void)
{
    struct pair p = pair_called(RIGHT_ALL);

    CHECK_EQ(thread_stop(&p.m, p.client), SEL4_NO_ERROR);
    CHECK(cap_is_null(tcb_of(&p.m, p.server.tcb)->slot[TCB_CALLER].cap));
    trap(&p.m, p.server.tcb, SYS_REPLY, 0, MESSAGE(0));
    CHECK_EQ(p.m.k->h.error.reason, REASON_NO_CALLER);
    CHECK_EQ(state_of(&p.m, p.client), STATE_INACTIVE);
    machine_free(&p.m);
}

static void a_deleted_endpoint_restarts_who_waits(void)
{
    struct machine m = machine_new();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    struct thread a = thread_running(&m, 30);

    trap(&m, a.tcb, SYS_SEND, ep, MESSAGE(0));
    struct thread b = thread_running(&m, 30);
    trap(&m, b.tcb, SYS_CALL, ep, MESSAGE(0));
    CHECK_EQ(m.k->h.current, 0);
    CHECK_EQ(cap_delete(&m, ep), SEL4_NO_ERROR);

    /* The last of the queue is the first to run: it was put in front. */
    CHECK_EQ(m.k->h.current, b.tcb);
    CHECK_EQ(kernel_registers(m.k, b.tcb)[REG_RIP], TRAP_IP);
    trap(&m, b.tcb, SYS_CALL, ep, MESSAGE(0));
    CHECK_EQ(got_label(&m, b.tcb), SEL4_INVALID_CAPABILITY);
    CHECK_EQ(got_length(&m, b.tcb), 1);
    CHECK_EQ(state_of(&m, a), STATE_RESTART);
    machine_free(&m);
}

static void cancelled_sends_are_those_of_one_badge(void)
{
    struct machine m = machine_new();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    word one = slot_new(&m), two = slot_new(&m), weak = slot_new(&m);
    struct thread a = thread_running(&m, 30);

    CHECK_EQ(cap_mint(&m, one, ep, RIGHT_ALL, 1), SEL4_NO_ERROR);
    CHECK_EQ(cap_mint(&m, two, ep, RIGHT_ALL, 2), SEL4_NO_ERROR);
    CHECK_EQ(cap_copy(&m, weak, one, RIGHT_WRITE), SEL4_NO_ERROR);
    trap(&m, a.tcb, SYS_SEND, one, MESSAGE(0));
    struct thread b = thread_running(&m, 30);
    trap(&m, b.tcb, SYS_SEND, two, MESSAGE(0));

    CHECK_EQ(INVOKE(&m, ROOT, METHOD_CNODE_CANCEL_BADGED_SENDS,
                    WORDS(weak, 64)),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(INVOKE(&m, ROOT, METHOD_CNODE_CANCEL_BADGED_SENDS, WORDS(ep, 64)),
             SEL4_NO_ERROR);
    CHECK_EQ(state_of(&m, a), STATE_BLOCKED_ON_SEND);
    CHECK_EQ(INVOKE(&m, ROOT, METHOD_CNODE_CANCEL_BADGED_SENDS, WORDS(one, 64)),
             SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.current, a.tcb);
    CHECK_EQ(kernel_registers(m.k, a.tcb)[REG_RIP], TRAP_IP);
    CHECK_EQ(state_of(&m, b), STATE_BLOCKED_ON_SEND);
    machine_free(&m);
}

static void an_empty_slot_answers_calls_and_swallows_sends(void)
{
    struct machine m = machine_new();
    word empty = slot_new(&m);
    struct thread t = thread_running(&m, 10);

    trap(&m, t.tcb, SYS_CALL, empty, MESSAGE(0));
    CHECK_EQ(got_label(&m, t.tcb), SEL4_INVALID_CAPABILITY);
    CHECK_EQ(got_word(&m, t.tcb, 0), 0);
    CHECK_EQ(m.k->h.error.reason, REASON_INVOKE_NULL);
    trap(&m, t.tcb, SYS_SEND, empty, MESSAGE(0));
    CHECK_EQ(state_of(&m, t), STATE_RUNNING);
    machine_free(&m);
}

static void sending_needs_the_write_right(void)
{
    struct machine m = machine_new();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    word cap = slot_new(&m);
    struct thread t = thread_running(&m, 10);

    CHECK_EQ(cap_copy(&m, cap, ep, RIGHT_READ), SEL4_NO_ERROR);
    trap(&m, t.tcb, SYS_CALL, cap, MESSAGE(0));
    CHECK_EQ(got_label(&m, t.tcb), SEL4_INVALID_CAPABILITY);
    CHECK_EQ(m.k->h.error.reason, REASON_INVOKE_NO_WRITE);
    trap(&m, t.tcb, SYS_SEND, cap, MESSAGE(0));
    CHECK_EQ(state_of(&m, t), STATE_RUNNING);
    machine_free(&m);
}

static void a_blocked_thread_resumed_goes_to_the_end_of_the_queue(void)
{
    struct machine m = machine_new();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    struct thread a = thread_running(&m, 30);

    trap(&m, a.tcb, SYS_SEND, ep, MESSAGE(1));
    struct thread b = thread_running(&m, 30);
    trap(&m, b.tcb, SYS_SEND, ep, MESSAGE(2));
    CHECK_EQ(thread_resume(&m, a), SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.current, a.tcb);
    CHECK_EQ(kernel_registers(m.k, a.tcb)[REG_RIP], TRAP_IP);
    trap(&m, a.tcb, SYS_SEND, ep, MESSAGE(1));
    trap(&m, m.caller, SYS_RECV, ep, NULL);
    CHECK_EQ(got_label(&m, m.caller), 2);
    machine_free(&m);
}

TESTS(TEST(a_call_reaches_a_waiting_server_and_is_answered),
      TEST(senders_wait_in_the_order_they_came),
      TEST(nonblocking_calls_do_not_wait),
      TEST(a_length_beyond_the_limit_counts_as_the_limit),
      TEST(without_a_buffer_four_words_go),
      TEST(words_beyond_the_length_stay_in_the_buffer),
      TEST(one_capability_goes_with_grant),
      TEST(no_capability_goes_without_grant),
      TEST(capabilities_to_the_endpoint_itself_become_badges),
      TEST(the_first_capability_that_cannot_go_ends_the_transfer),
      TEST(a_used_receive_slot_gets_nothing),
      TEST(untyped_memory_with_children_is_not_copied),
      TEST(a_call_without_grant_rights_stops_the_caller),
      TEST(capabilities_in_a_reply_need_grant_of_the_receiver),
      TEST(a_saved_caller_is_answered_later),
      TEST(saving_no_caller_succeeds_and_leaves_the_slot_empty),
      TEST(a_deleted_reply_leaves_the_caller_blocked_until_resumed),
      TEST(suspending_a_caller_empties_the_reply_slot),
      TEST(a_deleted_endpoint_restarts_who_waits),
      TEST(cancelled_sends_are_those_of_one_badge),
      TEST(an_empty_slot_answers_calls_and_swallows_sends),
      TEST(sending_needs_the_write_right),
      TEST(a_blocked_thread_resumed_goes_to_the_end_of_the_queue))
