/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The contract with the host: agents, thread entries, pausing and stepping,
 * waiting for the host, lost threads, trace and panic (kernel/entry.c,
 * kernel/thread.c, kernel/trace.c).
 */
#include "harness.h"

/* ---- agents ---- */

static uint32_t take_wake(struct machine *m)
{
    uint32_t index = m->k->h.wake;

    if (index)
        m->k->h.wake = m->k->h.thread[index].next;
    return index;
}

static void agents_block_and_are_woken_once(void)
{
    struct machine m = machine_new();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    struct thread agent = agent_new(&m);

    trap(&m, agent.tcb, SYS_RECV, ep, NULL);
    CHECK_EQ(kernel_state(m.k, agent.tcb), KERNEL_BLOCKED);
    CHECK_EQ(m.k->h.wake, 0);
    trap(&m, m.caller, SYS_SEND, ep, MESSAGE(4));
    CHECK_EQ(kernel_state(m.k, agent.tcb), KERNEL_RUNNABLE);
    CHECK_EQ(take_wake(&m), kernel_thread_of(m.k, agent.tcb));
    CHECK_EQ(m.k->h.wake, 0);
    CHECK_EQ(got_label(&m, agent.tcb), 4);
    CHECK_EQ(kernel_registers(m.k, agent.tcb)[REG_RIP], TRAP_IP + 2);

    /* Woken, stopped, woken: still one place in the list. */
    trap(&m, agent.tcb, SYS_RECV, ep, NULL);
    trap(&m, m.caller, SYS_SEND, ep, MESSAGE(4));
    CHECK_EQ(thread_stop(&m, agent), SEL4_NO_ERROR);
    CHECK_EQ(thread_resume(&m, agent), SEL4_NO_ERROR);
    CHECK(take_wake(&m) != 0);
    CHECK_EQ(take_wake(&m), 0);
    machine_free(&m);
}

static void an_agent_never_runs_on_the_node(void)
{
    struct machine m = machine_new();
    struct thread agent = agent_new(&m);
    struct thread t = thread_running(&m, 1);

    CHECK_EQ(m.k->h.current, t.tcb);
    CHECK_EQ(INVOKE(&m, agent.cap, METHOD_TCB_SET_PRIORITY, WORDS(200),
                    CAPS(SEL4_CAP_INIT_THREAD_TCB)),
             SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.wake, 0);
    CHECK_EQ(m.k->h.ready_l1[0], 0);
    trap(&m, agent.tcb, SYS_YIELD, 0, NULL);
    CHECK_EQ(m.k->h.current, t.tcb);
    machine_free(&m);
}

static void a_restarted_agent_is_told_to_repeat_its_call(void)
{
    struct machine m = machine_new();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    struct thread agent = agent_new(&m);

    trap(&m, agent.tcb, SYS_CALL, ep, MESSAGE(1));
    CHECK_EQ(cap_delete(&m, ep), SEL4_NO_ERROR);
    CHECK_EQ(kernel_state(m.k, agent.tcb), KERNEL_RUNNABLE);
    CHECK_EQ(kernel_registers(m.k, agent.tcb)[REG_RIP],
             *kernel_fault_ip(m.k, agent.tcb));
    CHECK(take_wake(&m) != 0);
    machine_free(&m);
}

static void an_agent_calls_a_thread_and_a_thread_an_agent(void)
{
    struct machine m = machine_new();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    struct thread t = thread_running(&m, 10);

    trap(&m, t.tcb, SYS_RECV, ep, NULL);
    trap(&m, m.caller, SYS_CALL, ep, MESSAGE(1, 5));
    CHECK_EQ(kernel_state(m.k, m.caller), KERNEL_BLOCKED);
    CHECK_EQ(m.k->h.current, t.tcb);
    trap(&m, t.tcb, SYS_REPLY, 0, MESSAGE(2, 6));
    CHECK_EQ(m.k->h.current, t.tcb);
    CHECK_EQ(take_wake(&m), kernel_thread_of(m.k, m.caller));
    CHECK_EQ(got_word(&m, m.caller, 0), 6);

    trap(&m, t.tcb, SYS_CALL, ep, MESSAGE(3));
    CHECK_EQ(m.k->h.current, 0);
    trap(&m, m.caller, SYS_RECV, ep, NULL);
    CHECK_EQ(got_label(&m, m.caller), 3);
    trap(&m, m.caller, SYS_REPLY, 0, MESSAGE(4));
    CHECK_EQ(m.k->h.current, t.tcb);
    CHECK_EQ(got_label(&m, t.tcb), 4);
    machine_free(&m);
}

static void a_suspended_agent_waits_to_be_resumed(void)
{
    struct machine m = machine_new();
    struct thread agent = agent_new(&m);

    CHECK_EQ(thread_stop(&m, agent), SEL4_NO_ERROR);
    trap(&m, agent.tcb, SYS_DEBUG_CAP_IDENTIFY, ROOT, NULL);
    CHECK_EQ(got_badge(&m, agent.tcb), ROOT); /* not done */
    CHECK_EQ(kernel_state(m.k, agent.tcb), KERNEL_STOPPED);
    CHECK_EQ(thread_resume(&m, agent), SEL4_NO_ERROR);
    CHECK_EQ(kernel_registers(m.k, agent.tcb)[REG_RIP], TRAP_IP);
    machine_free(&m);
}

/* ---- thread entries ---- */

static void a_thread_gets_its_entry_when_it_first_runs(void)
{
    struct machine m = machine_new();
    struct thread t = thread_new(&m, 10);
    uint32_t index;

    CHECK_EQ(kernel_thread_of(m.k, t.tcb), 0);
    m.k->h.events = 0;
    CHECK_EQ(thread_resume(&m, t), SEL4_NO_ERROR);
    index = kernel_thread_of(m.k, t.tcb);
    CHECK(index != 0);
    CHECK_EQ(m.k->h.current_thread, index);
    CHECK_EQ(m.k->h.thread[index].flags, THREAD_NEW);
    CHECK_EQ(m.k->h.thread[index].tcb, t.tcb);
    CHECK(m.k->h.events & EVENT_THREAD_NEW);
    machine_free(&m);
}

static void an_entry_that_the_host_freed_is_used_again(void)
{
    struct machine m = machine_new();
    struct thread t = thread_running(&m, 10);
    uint32_t index = kernel_thread_of(m.k, t.tcb);

    CHECK_EQ(thread_stop(&m, t), SEL4_NO_ERROR);
    take_kick(&m);
    CHECK_EQ(cap_delete(&m, t.cap), SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.thread[index].tcb, 0);
    m.k->h.thread[index].next = m.k->h.thread_free;
    m.k->h.thread_free = index;
    t = thread_running(&m, 10);
    CHECK_EQ(kernel_thread_of(m.k, t.tcb), index);
    CHECK_EQ(m.k->h.thread[index].flags, THREAD_NEW);
    machine_free(&m);
}

/* ---- pausing ---- */

static void a_paused_node_runs_nobody_and_goes_on_with_the_same(void)
{
    struct machine m = machine_new();
    struct thread a = thread_running(&m, 10);
    struct thread b = thread_running(&m, 10);
    uint32_t idle = m.k->h.idle_count;

    m.k->h.paused = 1;
    m.k->h.pending |= PENDING_PAUSE;
    enter(&m, a.tcb, CAUSE_INTERRUPT);
    CHECK_EQ(m.k->h.current, 0);
    CHECK_EQ(m.k->h.current_thread, 0);
    CHECK_EQ(m.k->h.idle_count, idle + 1);
    CHECK_EQ(m.k->h.deadline, TIME_NEVER);
    thread_running(&m, 50);
    CHECK_EQ(m.k->h.current, 0);
    CHECK_EQ(m.k->h.idle_count, idle + 1);
    m.k->h.paused = 0;
    kernel_reschedule(m.k);
    CHECK_EQ(tcb_of(&m, m.k->h.current)->priority, 50);
    trap(&m, m.k->h.current, SYS_RECV, 99, NULL);
    CHECK_EQ(m.k->h.current, a.tcb);
    CHECK_EQ(m.k->h.ready[0][10].head, b.tcb);
    machine_free(&m);
}

static void a_step_ends_after_its_entries(void)
{
    struct machine m = machine_new();
    struct thread a = thread_running(&m, 10);

    m.k->h.step = 2;
    enter(&m, a.tcb, CAUSE_INTERRUPT);      /* a mere kick does not count */
    trap(&m, m.caller, SYS_YIELD, 0, NULL); /* nor does an agent */
    trap(&m, a.tcb, SYS_YIELD, 0, NULL);
    CHECK_EQ(m.k->h.current, a.tcb);
    trap(&m, a.tcb, SYS_YIELD, 0, NULL);
    CHECK_EQ(m.k->h.current, 0);
    CHECK_EQ(m.k->h.paused, 1);
    CHECK(m.k->h.events & EVENT_STEP);
    machine_free(&m);
}

/* ---- the host ---- */

static void a_thread_waits_for_the_host_off_the_node(void)
{
    struct machine m = machine_new();
    struct thread a = thread_running(&m, 10);
    struct thread b = thread_running(&m, 10);

    enter(&m, a.tcb, CAUSE_HOST_BLOCK);
    CHECK_EQ(kernel_state(m.k, a.tcb), KERNEL_HOST);
    CHECK_EQ(m.k->h.current, b.tcb);
    enter(&m, a.tcb, CAUSE_HOST_WAKE);
    CHECK_EQ(m.k->h.current, b.tcb);
    CHECK_EQ(state_of(&m, a), STATE_RUNNING);
    trap(&m, b.tcb, SYS_YIELD, 0, NULL);
    CHECK_EQ(m.k->h.current, a.tcb);

    enter(&m, a.tcb, CAUSE_HOST_BLOCK);
    CHECK_EQ(thread_stop(&m, a), SEL4_NO_ERROR);
    enter(&m, a.tcb, CAUSE_HOST_WAKE);
    CHECK_EQ(state_of(&m, a), STATE_INACTIVE);
    CHECK_EQ(thread_resume(&m, a), SEL4_NO_ERROR);
    CHECK_EQ(state_of(&m, a), STATE_RESTART);
    machine_free(&m);
}

static void a_lost_thread_is_suspended_wherever_it_was(void)
{
    struct machine m = machine_new();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    struct thread a = thread_running(&m, 10);
    struct thread b = thread_running(&m, 10);
    uint32_t index = kernel_thread_of(m.k, a.tcb);

    enter(&m, a.tcb, CAUSE_LOST);
    CHECK_EQ(m.k->h.current, b.tcb);
    CHECK_EQ(state_of(&m, a), STATE_INACTIVE);
    CHECK_EQ(kernel_thread_of(m.k, a.tcb), 0);
    CHECK_EQ(m.k->h.thread[index].tcb, 0);
    trap(&m, b.tcb, SYS_SEND, ep, MESSAGE(0));
    enter(&m, b.tcb, CAUSE_LOST);
    CHECK_EQ(state_of(&m, b), STATE_INACTIVE);
    CHECK_EQ(m.k->h.current, 0);
    machine_free(&m);
}

static void what_is_pending_is_taken_when_the_node_idles(void)
{
    struct machine m = machine_new();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    struct thread a = thread_running(&m, 10);

    timer_due(&m);
    trap(&m, a.tcb, SYS_RECV, ep, NULL);
    CHECK_EQ(m.k->h.current, 0);
    CHECK_EQ(m.k->h.pending, 0);
    machine_free(&m);
}

/* ---- trace, inside, panic ---- */

static void every_entry_is_recorded(void)
{
    struct machine m = machine_new();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    struct thread a = thread_running(&m, 10);
    word count = m.k->h.trace_count;
    struct image_trace *r = &m.k->h.trace[count % IMAGE_TRACE_RECORDS];

    trap(&m, a.tcb, SYS_CALL, ep, MESSAGE(7));
    CHECK_EQ(m.k->h.trace_count, count + 1);
    CHECK_EQ(r->sequence, count + 1);
    CHECK_EQ(r->tcb, a.tcb);
    CHECK_EQ(r->thread, kernel_thread_of(m.k, a.tcb));
    CHECK_EQ(r->cause, CAUSE_SYSCALL);
    CHECK_EQ(r->system_call, SYS_CALL);
    CHECK_EQ(r->cap, ep);
    CHECK_EQ(r->info, info_new(7, 0, 0, 0));
    CHECK_EQ(r->object, CAP_ENDPOINT);
    CHECK_EQ(r->next, 0);
    CHECK_EQ(m.k->h.inside.tcb, 0);

    CHECK_EQ(cap_copy(&m, ep, ep, 15), SEL4_DELETE_FIRST);
    r++;
    CHECK_EQ(r->method, METHOD_CNODE_COPY);
    CHECK_EQ(r->object, CAP_CNODE);
    CHECK_EQ(r->error, SEL4_DELETE_FIRST);
    CHECK_EQ(r->reason, REASON_DEST_NOT_EMPTY);
    machine_free(&m);
}

static void who_is_not_current_cannot_enter(void)
{
    struct machine m = machine_new();
    struct thread a = thread_running(&m, 10);
    struct thread b = thread_running(&m, 10);
    struct kernel_cause cause = { .kind = CAUSE_SYSCALL };

    CHECK_EQ(m.k->h.current, a.tcb);
    kernel_enter(m.k, &test_host, b.tcb, &cause);
    CHECK_EQ(m.k->h.panicked, 1);
    CHECK_EQ(m.k->h.current, 0);
    CHECK(m.k->h.events & EVENT_HALT);
    CHECK(strstr(m.k->h.panic, "not running") != NULL);
    kernel_panic(m.k, "another");
    CHECK(strstr(m.k->h.panic, "not running") != NULL);
    machine_free(&m);
}

TESTS(TEST(agents_block_and_are_woken_once),
      TEST(an_agent_never_runs_on_the_node),
      TEST(a_restarted_agent_is_told_to_repeat_its_call),
      TEST(an_agent_calls_a_thread_and_a_thread_an_agent),
      TEST(a_suspended_agent_waits_to_be_resumed),
      TEST(a_thread_gets_its_entry_when_it_first_runs),
      TEST(an_entry_that_the_host_freed_is_used_again),
      TEST(a_paused_node_runs_nobody_and_goes_on_with_the_same),
      TEST(a_step_ends_after_its_entries),
      TEST(a_thread_waits_for_the_host_off_the_node),
      TEST(a_lost_thread_is_suspended_wherever_it_was),
      TEST(what_is_pending_is_taken_when_the_node_idles),
      TEST(every_entry_is_recorded), TEST(who_is_not_current_cannot_enter))
