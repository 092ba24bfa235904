/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who runs: priorities, queues, time slices, what agents may do to the current
 * thread (kernel/sched.c).
 */
#include "harness.h"

static void yield(struct machine *m)
{
    trap(m, m->k->h.current, SYS_YIELD, 0, NULL);
}

/* The current thread resumes another. */
static void resume_by_current(struct machine *m, struct thread t)
{
    paddr before = m->caller;

    m->caller = m->k->h.current;
    INVOKE_PLAIN(m, t.cap, METHOD_TCB_RESUME);
    m->caller = before;
}

static void the_highest_priority_runs_first(void)
{
    struct machine m = machine_new();
    struct thread mid = thread_running(&m, 100);
    struct thread high = thread_running(&m, 200);
    struct thread low = thread_running(&m, 1);

    CHECK_EQ(m.k->h.current, mid.tcb);
    CHECK(m.k->h.events & EVENT_KICK);
    take_kick(&m);
    CHECK_EQ(m.k->h.current, high.tcb);
    CHECK_EQ(thread_stop(&m, high), SEL4_NO_ERROR);
    take_kick(&m);
    CHECK_EQ(m.k->h.current, mid.tcb);
    CHECK_EQ(thread_stop(&m, mid), SEL4_NO_ERROR);
    take_kick(&m);
    CHECK_EQ(m.k->h.current, low.tcb);
    machine_free(&m);
}

static void of_several_that_were_resumed_the_last_runs_first(void)
{
    struct machine m = machine_new();
    struct thread boss = thread_running(&m, 100);
    struct thread t[3];

    for (int i = 0; i < 3; i++) {
        t[i] = thread_new(&m, 50);
        resume_by_current(&m, t[i]);
        CHECK_EQ(m.k->h.current, boss.tcb);
    }
    CHECK_EQ(thread_stop(&m, boss), SEL4_NO_ERROR);
    take_kick(&m);
    for (int i = 2; i >= 0; i--) {
        CHECK_EQ(m.k->h.current, t[i].tcb);
        yield(&m);
    }
    CHECK_EQ(m.k->h.current, t[2].tcb);
    machine_free(&m);
}

static void a_thread_made_ready_by_an_equal_one_comes_second(void)
{
    struct machine m = machine_new();
    struct thread a = thread_running(&m, 50);
    struct thread b = thread_new(&m, 50);

    resume_by_current(&m, b);
    CHECK_EQ(m.k->h.current, a.tcb);
    yield(&m);
    CHECK_EQ(m.k->h.current, b.tcb);
    yield(&m);
    CHECK_EQ(m.k->h.current, a.tcb);
    machine_free(&m);
}

static void a_thread_made_ready_by_a_lower_one_runs_at_once(void)
{
    struct machine m = machine_new();
    struct thread low = thread_running(&m, 10);
    struct thread high = thread_new(&m, 20);

    resume_by_current(&m, high);
    CHECK_EQ(m.k->h.current, high.tcb);
    CHECK_EQ(state_of(&m, low), STATE_RUNNING);
    CHECK_EQ(tcb_of(&m, low.tcb)->queued, 1);
    machine_free(&m);
}

/* A call to a server of lower priority runs whoever is more important. */
static void a_call_downwards_does_not_pass_by_others(void)
{
    struct machine m = machine_new();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    struct thread server = thread_running(&m, 10);

    trap(&m, server.tcb, SYS_RECV, ep, NULL);
    struct thread mid = thread_running(&m, 50);
    struct thread high = thread_running(&m, 100);
    take_kick(&m);
    CHECK_EQ(m.k->h.current, high.tcb);
    trap(&m, high.tcb, SYS_CALL, ep, MESSAGE(0));
    CHECK_EQ(m.k->h.current, mid.tcb);
    CHECK_EQ(state_of(&m, server), STATE_RUNNING);
    machine_free(&m);
}

static void a_slice_ends_after_its_ticks(void)
{
    struct machine m = machine_new();
    struct thread a = thread_running(&m, 50);
    struct thread b = thread_running(&m, 50);

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 5; i++) {
            CHECK_EQ(m.k->h.current, a.tcb);
            timer_interrupt(&m);
        }
        for (int i = 0; i < 5; i++) {
            CHECK_EQ(m.k->h.current, b.tcb);
            timer_interrupt(&m);
        }
    }
    machine_free(&m);
}

static void the_tick_is_wanted_only_while_a_slice_can_end(void)
{
    struct machine m = machine_new();
    struct thread a = thread_running(&m, 50);

    CHECK_EQ(m.k->h.deadline, TIME_NEVER);
    struct thread b = thread_running(&m, 50);
    CHECK_EQ(m.k->h.deadline, 2000000);
    CHECK(m.k->h.events & EVENT_TIMER);
    m.k->h.armed = m.k->h.deadline; /* as the host does */
    m.k->h.events = 0;
    trap(&m, a.tcb, SYS_RECV, object_new(&m, OBJECT_ENDPOINT, 0), NULL);
    CHECK_EQ(m.k->h.current, b.tcb);
    CHECK_EQ(m.k->h.deadline, TIME_NEVER);
    CHECK_EQ(m.k->h.events & EVENT_TIMER, 0);
    machine_free(&m);
}

static void a_lower_priority_of_its_own_takes_effect_at_once(void)
{
    struct machine m = machine_new();
    struct thread a = thread_running(&m, 50);
    struct thread b = thread_running(&m, 40);

    m.caller = a.tcb;
    CHECK_EQ(INVOKE(&m, a.cap, METHOD_TCB_SET_PRIORITY, WORDS(30),
                    CAPS(SEL4_CAP_INIT_THREAD_TCB)),
             SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.current, b.tcb);
    CHECK_EQ(m.k->h.ready[0][30].head, a.tcb);
    machine_free(&m);
}

static void a_higher_priority_of_a_ready_thread_takes_effect_at_once(void)
{
    struct machine m = machine_new();
    struct thread a = thread_running(&m, 50);
    struct thread b = thread_running(&m, 40);

    m.caller = a.tcb;
    INVOKE(&m, b.cap, METHOD_TCB_SET_PRIORITY, WORDS(60),
           CAPS(SEL4_CAP_INIT_THREAD_TCB));
    CHECK_EQ(m.k->h.current, b.tcb);
    machine_free(&m);
}

static void an_agent_never_takes_current_away(void)
{
    struct machine m = machine_new();
    struct thread a = thread_running(&m, 50);

    m.k->h.events = 0;
    CHECK_EQ(thread_stop(&m, a), SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.current, a.tcb);
    CHECK_EQ(m.k->h.pending, PENDING_RESCHEDULE);
    CHECK(m.k->h.events & EVENT_KICK);
    /* What it asks for meanwhile is not done. */
    trap(&m, a.tcb, SYS_SEND, ROOT, MESSAGE(0));
    CHECK_EQ(m.k->h.current, 0);
    CHECK_EQ(state_of(&m, a), STATE_INACTIVE);
    CHECK_EQ(thread_resume(&m, a), SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.current, a.tcb);
    CHECK_EQ(kernel_registers(m.k, a.tcb)[REG_RIP], TRAP_IP);
    machine_free(&m);
}

static void stopping_and_resuming_current_leaves_it_current(void)
{
    struct machine m = machine_new();
    struct thread a = thread_running(&m, 50);

    CHECK_EQ(thread_stop(&m, a), SEL4_NO_ERROR);
    CHECK_EQ(thread_resume(&m, a), SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.current, a.tcb);
    take_kick(&m);
    CHECK_EQ(m.k->h.current, a.tcb);
    CHECK_EQ(state_of(&m, a), STATE_RUNNING);
    machine_free(&m);
}

/* An agent acts with the priority of the current thread. */
static void an_agent_queues_as_current_would(void)
{
    struct machine m = machine_new();
    struct thread a = thread_running(&m, 50);
    struct thread equal[2] = { thread_new(&m, 50), thread_new(&m, 50) };

    m.k->h.events = 0;
    CHECK_EQ(thread_resume(&m, equal[0]), SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.pending, 0);
    CHECK_EQ(m.k->h.events & EVENT_KICK, 0);
    thread_running(&m, 40);
    CHECK_EQ(m.k->h.pending, 0);
    CHECK_EQ(thread_resume(&m, equal[1]), SEL4_NO_ERROR);
    yield(&m);
    CHECK_EQ(m.k->h.current, equal[1].tcb);
    yield(&m);
    CHECK_EQ(m.k->h.current, equal[0].tcb);
    yield(&m);
    CHECK_EQ(m.k->h.current, a.tcb);
    machine_free(&m);
}

static void the_bitmaps_find_every_priority(void)
{
    static const word priorities[] = { 0,   1,   62,  63,  64, 127,
                                       128, 191, 192, 254, 255 };
    enum {
        N = sizeof priorities / sizeof *priorities
    };
    struct machine m = machine_new();

    m.k->h.paused = 1;
    for (int i = 0; i < N; i++)
        thread_running(&m, priorities[i * 7 % N]);
    m.k->h.paused = 0;
    kernel_reschedule(m.k);
    for (int i = N - 1; i >= 0; i--) {
        CHECK_EQ(tcb_of(&m, m.k->h.current)->priority, priorities[i]);
        trap(&m, m.k->h.current, SYS_RECV, 99, NULL); /* stops: no handler */
    }
    CHECK_EQ(m.k->h.current, 0);
    machine_free(&m);
}

TESTS(TEST(the_highest_priority_runs_first),
      TEST(of_several_that_were_resumed_the_last_runs_first),
      TEST(a_thread_made_ready_by_an_equal_one_comes_second),
      TEST(a_thread_made_ready_by_a_lower_one_runs_at_once),
      TEST(a_call_downwards_does_not_pass_by_others),
      TEST(a_slice_ends_after_its_ticks),
      TEST(the_tick_is_wanted_only_while_a_slice_can_end),
      TEST(a_lower_priority_of_its_own_takes_effect_at_once),
      TEST(a_higher_priority_of_a_ready_thread_takes_effect_at_once),
      TEST(an_agent_never_takes_current_away),
      TEST(stopping_and_resuming_current_leaves_it_current),
      TEST(an_agent_queues_as_current_would),
      TEST(the_bitmaps_find_every_priority))
