/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's time (kernel/clock.c): the host's, or one that the core moves
 * by itself.
 */
#include "harness.h"

#define TICK 2000000ul

static struct machine machine_with_clock(uint32_t clock)
{
    struct image_config config = default_config();

    config.clock = clock;
    config.domains = 2;
    return machine_new_config(&config);
}

static struct machine machine_with_virtual_clock(void)
{
    return machine_with_clock(CLOCK_VIRTUAL);
}

static void yield(struct machine *m)
{
    trap(m, m->k->h.current, SYS_YIELD, 0, NULL);
}

/* One turn of domain 0, then one of domain 1. */
static void schedule(struct machine *m, word first, word second)
{
    const word durations[] = { first, second };

    for (word i = 0; i < 2; i++)
        CHECK_EQ(INVOKE(m, SEL4_CAP_DOMAIN,
                        METHOD_DOMAIN_SET_SCHEDULE_CONFIGURE,
                        WORDS(i, i, durations[i])),
                 SEL4_NO_ERROR);
    CHECK_EQ(INVOKE(m, SEL4_CAP_DOMAIN, METHOD_DOMAIN_SET_SCHEDULE_SET_START,
                    WORDS(0)),
             SEL4_NO_ERROR);
}

static void move(struct machine *m, struct thread t, word domain)
{
    CHECK_EQ(INVOKE(m, SEL4_CAP_DOMAIN, METHOD_DOMAIN_SET_SET, WORDS(domain),
                    CAPS(t.cap)),
             SEL4_NO_ERROR);
}

static void the_core_leaves_the_hosts_time_alone(void)
{
    struct machine m = machine_with_clock(CLOCK_REAL);

    thread_running(&m, 50);
    m.k->h.time = 77;
    yield(&m);
    CHECK_EQ(m.k->h.time, 77);
    machine_free(&m);
}

static void every_call_of_a_program_takes_the_same_virtual_time(void)
{
    struct machine m = machine_with_virtual_clock();
    struct thread t = thread_running(&m, 50);
    word before = m.k->h.time, step;

    yield(&m);
    step = m.k->h.time - before;
    CHECK(step > 0);
    yield(&m);
    trap(&m, t.tcb, SYS_SEND, ROOT, MESSAGE(0));
    CHECK_EQ(m.k->h.time, before + 3 * step);
    machine_free(&m);
}

/* How often Linux disturbs a program is chance. */
static void interrupts_take_no_virtual_time(void)
{
    struct machine m = machine_with_virtual_clock();
    struct thread t = thread_running(&m, 50);
    word before = m.k->h.time;

    enter(&m, t.tcb, CAUSE_INTERRUPT);
    CHECK_EQ(m.k->h.time, before);
    machine_free(&m);
}

static void agents_take_no_virtual_time(void)
{
    struct machine m = machine_with_virtual_clock();
    word before;

    thread_running(&m, 50);
    before = m.k->h.time;
    object_new(&m, OBJECT_ENDPOINT, 0);
    CHECK_EQ(m.k->h.time, before);
    machine_free(&m);
}

static void the_trace_tells_when(void)
{
    struct machine m = machine_with_virtual_clock();

    thread_running(&m, 50);
    for (int i = 0; i < 2; i++) {
        yield(&m);
        CHECK_EQ(m.k->h.trace[m.k->h.trace_count - 1].time_ns, m.k->h.time);
    }
    machine_free(&m);
}

/* Domain 0 has nobody else: b of domain 1 runs as soon as a blocks. */
static void virtual_time_jumps_when_nobody_can_run(void)
{
    struct machine m = machine_with_virtual_clock();
    struct thread a = thread_new(&m, 50), b = thread_new(&m, 50);
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);

    schedule(&m, 1000, 10);
    move(&m, b, 1);
    CHECK_EQ(thread_resume(&m, a), SEL4_NO_ERROR);
    CHECK_EQ(thread_resume(&m, b), SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.current, a.tcb);
    trap(&m, a.tcb, SYS_RECV, ep, NULL);
    CHECK_EQ(m.k->h.current, b.tcb);
    CHECK_EQ(m.k->h.time, 1000 * TICK);
    machine_free(&m);
}

static void virtual_time_stands_still_when_nobody_waits_for_it(void)
{
    struct machine m = machine_with_virtual_clock();
    struct thread a = thread_running(&m, 50);
    word before = m.k->h.time;

    trap(&m, a.tcb, SYS_RECV, object_new(&m, OBJECT_ENDPOINT, 0), NULL);
    CHECK_EQ(m.k->h.current, 0);
    CHECK_EQ(m.k->h.deadline, TIME_NEVER);
    CHECK(m.k->h.time < before + TICK);
    machine_free(&m);
}

static void virtual_time_waits_with_those_who_wait_for_the_host(void)
{
    struct machine m = machine_with_virtual_clock();
    struct thread a = thread_new(&m, 50), b = thread_new(&m, 50);

    schedule(&m, 1000, 10);
    move(&m, b, 1);
    CHECK_EQ(thread_resume(&m, a), SEL4_NO_ERROR);
    CHECK_EQ(thread_resume(&m, b), SEL4_NO_ERROR);
    m.k->h.armed = TIME_NEVER;
    m.k->h.events = 0;
    enter(&m, a.tcb, CAUSE_HOST_BLOCK);
    CHECK_EQ(m.k->h.host_blocked, 1);
    CHECK_EQ(m.k->h.current, 0);
    CHECK_EQ(m.k->h.deadline, 1000 * TICK);
    CHECK(m.k->h.events & EVENT_TIMER);
    timer_interrupt(&m);
    CHECK_EQ(m.k->h.current, b.tcb);
    enter(&m, a.tcb, CAUSE_HOST_WAKE);
    CHECK_EQ(m.k->h.host_blocked, 0);
    machine_free(&m);
}

/* Nobody disturbs it: it is the time that it takes itself. */
static void a_long_revoke_ends_its_threads_turn(void)
{
    struct machine m = machine_with_virtual_clock();
    struct thread a = thread_running(&m, 50);
    struct thread b = thread_running(&m, 50);
    word untyped = object_new(&m, OBJECT_UNTYPED, 20);

    CHECK_EQ(INVOKE(&m, untyped, METHOD_UNTYPED_RETYPE,
                    WORDS(OBJECT_ENDPOINT, 0, 0, 0, m.next_slot, 250),
                    CAPS(ROOT)),
             SEL4_NO_ERROR);
    tcb_of(&m, a.tcb)->time_slice = 1;
    m.k->h.time = m.k->h.deadline - 5000;
    m.caller = a.tcb;
    cap_revoke(&m, untyped);
    CHECK_EQ(m.k->h.pending, 0);
    CHECK_EQ(m.k->h.current, b.tcb);
    CHECK_EQ(kernel_registers(m.k, a.tcb)[REG_RIP], TRAP_IP); /* again */
    CHECK(!slot_is_empty(&m, m.next_slot));
    machine_free(&m);
}

/* ---- the time-stamp counter ---- */

static void read_counter(struct machine *m, paddr tcb, uint32_t length)
{
    const struct kernel_cause cause = { .kind = CAUSE_TSC, .number = length };
    word *r = kernel_registers(m->k, tcb);

    r[REG_RIP] = 0x400000;
    r[REG_RAX] = r[REG_RDX] = r[REG_RCX] = ~0ul;
    kernel_enter(m->k, &test_host, tcb, &cause);
}

static void the_counter_counts_virtual_time(void)
{
    struct machine m = machine_with_virtual_clock();
    paddr t = thread_running(&m, 50).tcb;
    word *r = kernel_registers(m.k, t), count = m.k->h.trace_count;

    m.k->h.time = 5000000000ul;
    read_counter(&m, t, 2);
    CHECK_EQ(r[REG_RDX] << 32 | r[REG_RAX], m.k->h.time); /* 1000 MHz */
    CHECK(m.k->h.time > 5000000000ul);
    CHECK_EQ(r[REG_RDX], 1);
    CHECK_EQ(r[REG_RIP], 0x400002);
    CHECK_EQ(r[REG_RCX], ~0ul);
    read_counter(&m, t, 3);
    CHECK_EQ(r[REG_RDX] << 32 | r[REG_RAX], m.k->h.time);
    CHECK_EQ(r[REG_RIP], 0x400003);
    CHECK_EQ(r[REG_RCX], 0);
    CHECK_EQ(m.k->h.trace_count, count);
    machine_free(&m);
}

static void who_reads_the_counter_long_enough_has_had_its_turn(void)
{
    struct machine m = machine_with_virtual_clock();
    struct thread a = thread_running(&m, 50);
    struct thread b = thread_running(&m, 50);

    for (int i = 0; i < 1000000 && m.k->h.current == a.tcb; i++)
        read_counter(&m, a.tcb, 2);
    CHECK_EQ(m.k->h.current, b.tcb);
    CHECK_EQ(m.k->h.time % TICK, 0);
    machine_free(&m);
}

TESTS(TEST(the_core_leaves_the_hosts_time_alone),
      TEST(every_call_of_a_program_takes_the_same_virtual_time),
      TEST(interrupts_take_no_virtual_time), TEST(agents_take_no_virtual_time),
      TEST(the_trace_tells_when), TEST(virtual_time_jumps_when_nobody_can_run),
      TEST(virtual_time_stands_still_when_nobody_waits_for_it),
      TEST(virtual_time_waits_with_those_who_wait_for_the_host),
      TEST(a_long_revoke_ends_its_threads_turn),
      TEST(the_counter_counts_virtual_time),
      TEST(who_reads_the_counter_long_enough_has_had_its_turn))
