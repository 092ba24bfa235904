/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Domains and their schedule (kernel/domain.c, kernel/sched.c).
 */
#include "harness.h"

#define DOMAIN SEL4_CAP_DOMAIN

static struct machine machine_with_domains(uint32_t domains)
{
    struct image_config config = default_config();

    config.domains = domains;
    return machine_new_config(&config);
}

static word configure(struct machine *m, word index, word domain, word duration)
{
    return INVOKE(m, DOMAIN, METHOD_DOMAIN_SET_SCHEDULE_CONFIGURE,
                  WORDS(index, domain, duration));
}

static word start_at(struct machine *m, word index)
{
    return INVOKE(m, DOMAIN, METHOD_DOMAIN_SET_SCHEDULE_SET_START,
                  WORDS(index));
}

static word set(struct machine *m, word tcb, word domain)
{
    return INVOKE(m, DOMAIN, METHOD_DOMAIN_SET_SET, WORDS(domain), CAPS(tcb));
}

static void set_checks_in_order(void)
{
    struct machine m = machine_with_domains(2);
    struct thread t = thread_new(&m, 10);

    CHECK_EQ(INVOKE_PLAIN(&m, DOMAIN, METHOD_TCB_RESUME),
             SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(INVOKE(&m, DOMAIN, METHOD_DOMAIN_SET_SET, CAPS(t.cap)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(INVOKE(&m, DOMAIN, METHOD_DOMAIN_SET_SET, WORDS(2)),
             SEL4_INVALID_ARGUMENT);
    CHECK_EQ(got_word(&m, m.caller, 0), 0);
    CHECK_EQ(INVOKE(&m, DOMAIN, METHOD_DOMAIN_SET_SET, WORDS(1)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(set(&m, ROOT, 1), SEL4_INVALID_ARGUMENT);
    CHECK_EQ(got_word(&m, m.caller, 0), 1);
    CHECK_EQ(set(&m, t.cap, 1), SEL4_NO_ERROR);
    CHECK_EQ(tcb_of(&m, t.tcb)->domain, 1);
    machine_free(&m);
}

static void the_schedule_is_checked_in_order(void)
{
    struct machine m = machine_with_domains(2);

    CHECK_EQ(INVOKE(&m, DOMAIN, METHOD_DOMAIN_SET_SCHEDULE_CONFIGURE,
                    WORDS(0, 0)),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(configure(&m, 99, 5, 1), SEL4_RANGE_ERROR);
    CHECK_EQ(got_word(&m, m.caller, 1), 98);
    CHECK_EQ(configure(&m, 98, 2, 1), SEL4_RANGE_ERROR);
    CHECK_EQ(got_word(&m, m.caller, 1), 1);
    CHECK_EQ(configure(&m, 98, 1, 1ul << 56), SEL4_INVALID_ARGUMENT);
    CHECK_EQ(got_word(&m, m.caller, 0), 2);
    CHECK_EQ(configure(&m, 1, 1, 0), SEL4_INVALID_ARGUMENT);
    CHECK_EQ(got_word(&m, m.caller, 0), 1);
    CHECK_EQ(configure(&m, 0, 0, 0), SEL4_INVALID_ARGUMENT);
    CHECK_EQ(got_word(&m, m.caller, 0), 2);
    CHECK_EQ(INVOKE_PLAIN(&m, DOMAIN, METHOD_DOMAIN_SET_SCHEDULE_SET_START),
             SEL4_TRUNCATED_MESSAGE);
    CHECK_EQ(start_at(&m, 100), SEL4_RANGE_ERROR);
    CHECK_EQ(got_word(&m, m.caller, 1), 99);
    CHECK_EQ(start_at(&m, 99), SEL4_INVALID_ARGUMENT);
    CHECK_EQ(start_at(&m, 3), SEL4_INVALID_ARGUMENT);
    CHECK_EQ(start_at(&m, 0), SEL4_NO_ERROR);
    machine_free(&m);
}

static void with_one_domain_the_schedule_has_one_entry(void)
{
    struct machine m = machine_new();

    CHECK_EQ(configure(&m, 1, 0, 5), SEL4_RANGE_ERROR);
    CHECK_EQ(got_word(&m, m.caller, 1), 0);
    CHECK_EQ(configure(&m, 0, 0, 5), SEL4_NO_ERROR);
    CHECK_EQ(start_at(&m, 0), SEL4_NO_ERROR);
    machine_free(&m);
}

static void domains_take_turns_whatever_the_priorities(void)
{
    struct machine m = machine_with_domains(2);
    struct thread a = thread_new(&m, 10), b = thread_new(&m, 200);

    CHECK_EQ(configure(&m, 0, 0, 2), SEL4_NO_ERROR);
    CHECK_EQ(configure(&m, 1, 1, 3), SEL4_NO_ERROR);
    CHECK_EQ(set(&m, b.cap, 1), SEL4_NO_ERROR);
    CHECK_EQ(start_at(&m, 0), SEL4_NO_ERROR);
    CHECK_EQ(thread_resume(&m, a), SEL4_NO_ERROR);
    CHECK_EQ(thread_resume(&m, b), SEL4_NO_ERROR);
    CHECK(m.k->h.deadline != TIME_NEVER);
    for (int i = 0; i < 3; i++) {
        for (int n = 0; n < 2; n++) {
            CHECK_EQ(m.k->h.current, a.tcb);
            timer_interrupt(&m);
        }
        for (int n = 0; n < 3; n++) {
            CHECK_EQ(m.k->h.current, b.tcb);
            timer_interrupt(&m);
        }
    }
    machine_free(&m);
}

static void a_domain_without_threads_idles_for_its_time(void)
{
    struct machine m = machine_with_domains(3);
    struct thread a = thread_new(&m, 10);

    CHECK_EQ(configure(&m, 0, 0, 1), SEL4_NO_ERROR);
    CHECK_EQ(configure(&m, 1, 2, 2), SEL4_NO_ERROR);
    CHECK_EQ(start_at(&m, 0), SEL4_NO_ERROR);
    CHECK_EQ(thread_resume(&m, a), SEL4_NO_ERROR);
    for (word round = 0; round < 3; round++) {
        CHECK_EQ(m.k->h.current, a.tcb);
        CHECK_EQ(m.k->h.deadline, (3 * round + 1) * 2000000);
        timer_interrupt(&m);
        CHECK_EQ(m.k->h.current, 0);
        CHECK_EQ(m.k->h.deadline, (3 * round + 3) * 2000000);
        timer_interrupt(&m);
    }
    machine_free(&m);
}

static void who_never_has_a_turn_is_not_waited_for(void)
{
    struct machine m = machine_with_domains(3);
    struct thread a = thread_new(&m, 10);

    CHECK_EQ(configure(&m, 0, 0, 1), SEL4_NO_ERROR);
    CHECK_EQ(configure(&m, 1, 2, 2), SEL4_NO_ERROR);
    CHECK_EQ(set(&m, a.cap, 1), SEL4_NO_ERROR);
    CHECK_EQ(thread_resume(&m, a), SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.current, 0);
    CHECK_EQ(m.k->h.deadline, TIME_NEVER);
    CHECK_EQ(configure(&m, 2, 1, 3), SEL4_NO_ERROR);
    CHECK_EQ(start_at(&m, 1), SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.deadline, 2 * 2000000);
    timer_interrupt(&m);
    CHECK_EQ(m.k->h.current, a.tcb);
    machine_free(&m);
}

static void a_new_thread_is_in_the_current_domain(void)
{
    struct machine m = machine_with_domains(2);

    CHECK_EQ(configure(&m, 1, 1, 5), SEL4_NO_ERROR);
    CHECK_EQ(start_at(&m, 1), SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.domain, 1);
    struct thread t = thread_running(&m, 10);
    CHECK_EQ(tcb_of(&m, t.tcb)->domain, 1);
    CHECK_EQ(m.k->h.current, t.tcb);
    /* To another domain, and it has to wait. */
    CHECK_EQ(set(&m, t.cap, 0), SEL4_NO_ERROR);
    take_kick(&m);
    CHECK_EQ(m.k->h.current, 0);
    CHECK_EQ(start_at(&m, 0), SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.current, t.tcb);
    machine_free(&m);
}

static void a_thread_that_comes_into_an_idle_domain_runs(void)
{
    struct machine m = machine_with_domains(2);
    struct thread t = thread_new(&m, 10);

    CHECK_EQ(set(&m, t.cap, 1), SEL4_NO_ERROR);
    CHECK_EQ(thread_resume(&m, t), SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.current, 0);
    CHECK_EQ(set(&m, t.cap, 0), SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.current, t.tcb);
    machine_free(&m);
}

/* As on the real kernel: it is ready, but nobody looks. */
static void a_thread_that_comes_into_the_domain_preempts_nobody(void)
{
    struct machine m = machine_with_domains(2);
    struct thread high = thread_new(&m, 20);
    struct thread low = thread_running(&m, 10);

    CHECK_EQ(set(&m, high.cap, 1), SEL4_NO_ERROR);
    CHECK_EQ(thread_resume(&m, high), SEL4_NO_ERROR);
    m.caller = low.tcb;
    CHECK_EQ(set(&m, high.cap, 0), SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.current, low.tcb);
    trap(&m, low.tcb, SYS_YIELD, 0, NULL);
    CHECK_EQ(m.k->h.current, high.tcb);
    machine_free(&m);
}

TESTS(TEST(set_checks_in_order), TEST(the_schedule_is_checked_in_order),
      TEST(with_one_domain_the_schedule_has_one_entry),
      TEST(domains_take_turns_whatever_the_priorities),
      TEST(a_domain_without_threads_idles_for_its_time),
      TEST(who_never_has_a_turn_is_not_waited_for),
      TEST(a_new_thread_is_in_the_current_domain),
      TEST(a_thread_that_comes_into_an_idle_domain_runs),
      TEST(a_thread_that_comes_into_the_domain_preempts_nobody))
