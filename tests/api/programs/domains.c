/* SPDX-License-Identifier: BSD-2-Clause */
/* Four domains: who is in which, and when each has its turn. */
#include "transcript.h"

#define WORKERS 3
/* Ticks: more than anybody needs here, but for the root task's loops. */
#define LONG 50ul

static struct thread worker[WORKERS];
SHARED seL4_Word ran[WORKERS], count;

static void work(seL4_Word me)
{
    ran[me] = ++count;
    stop(worker[me].tcb);
}

static void words_out_of_range(void)
{
    static const seL4_Word words[] = { 0,   1,   2,   3,   4,   98,  99,
                                       100, 101, 255, 256, 257, -1ul };
    seL4_CPtr tcb = make(seL4_TCBObject, 0);

    say("words that are out of range");
    for (size_t i = 0; i < COUNT(words); i++) {
        say("word %u", words[i]);
        INVOKE(seL4_CapDomain, DomainSetSet, CAPS(tcb), words[i]);
        INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, words[i], 0, 5);
        INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 2, words[i], 5);
        INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 2, words[i], 0);
    }
    say("lengths");
    INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 99, 0, 0);
    INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 0, 0, 0);
    INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 0, 0, 7);
    INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 5, 0, 0);
    INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 1, 2, 1ul << 56);
    INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 1, 2,
           (1ul << 56) - 1);
    INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 1, 2, -1ul);
    INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 1, 0, 0);
    INVOKE(seL4_CapDomain, DomainScheduleSetStart, NONE, 1);
    INVOKE(seL4_CapDomain, DomainScheduleSetStart, NONE, 98);
    INVOKE(seL4_CapDomain, DomainScheduleSetStart, NONE, 99);
    INVOKE(seL4_CapDomain, DomainScheduleSetStart, NONE, 100);
    INVOKE(seL4_CapDomain, DomainScheduleSetStart, NONE, -1ul);
    say("too little");
    INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 1, 2);
    INVOKE(seL4_CapDomain, DomainScheduleSetStart, NONE);
    INVOKE(seL4_CapDomain, DomainSetSet, NONE, 0);
    INVOKE(seL4_CapDomain, DomainSetSet, NONE, 4);
    INVOKE(seL4_CapDomain, DomainSetSet, NONE);
    INVOKE(seL4_CapDomain, DomainSetSet, CAPS(tcb));
    INVOKE(seL4_CapDomain, DomainSetSet, CAPS(ROOT), 0);
    INVOKE(seL4_CapDomain, DomainSetSet, CAPS(0), 3);
    for (seL4_Word i = 2; i < 99; i++)
        QUIETLY(seL4_CapDomain, DomainScheduleConfigure, NONE, i, 0, 0);
}

/* Worker i is made in domain i, and ready. */
static void start_workers(void)
{
    for (seL4_Word i = 0; i < WORKERS; i++) {
        QUIETLY(worker[i].tcb, TCBSuspend, NONE);
        QUIETLY(worker[i].tcb, TCBSetPriority, CAPS(SELF), 200 + i);
        INVOKE(seL4_CapDomain, DomainSetSet, CAPS(worker[i].tcb), i);
        ran[i] = 0;
        thread_go(&worker[i], work, i);
    }
    count = 0;
}

static void say_who(const char *text)
{
    own_priority(50);
    own_priority(255);
    say("%s: %u %u %u", text, ran[0], ran[1], ran[2]);
}

/* Until all have run. */
static void wait_for(seL4_Word number, const char *text)
{
    own_priority(50);
    while (count < number)
        seL4_Yield();
    say_who(text);
}

static void placement(void)
{
    say("only threads of the current domain run");
    start_workers();
    say_who("domain 0 alone");
    INVOKE(seL4_CapDomain, DomainSetSet, CAPS(worker[1].tcb), 0);
    say_who("a thread comes over");
    say("a schedule of domains 0 and 2");
    INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 0, 0, LONG);
    INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 1, 2, LONG);
    INVOKE(seL4_CapDomain, DomainScheduleSetStart, NONE, 0);
    wait_for(3, "the other domain had its turn");
}

static void order(const char *text, const seL4_Word *domain)
{
    say("%s", text);
    for (seL4_Word i = 0; i < 4; i++)
        INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, i, domain[i],
               LONG);
    INVOKE(seL4_CapDomain, DomainScheduleSetStart, NONE, 0);
    start_workers();
    wait_for(3, "all had their turns");
}

/* Whoever goes to another domain itself, stops until that has its turn. */
static void leave(seL4_Word me)
{
    ran[me] = ++count;
    QUIETLY(seL4_CapDomain, DomainSetSet, CAPS(worker[me].tcb), 3);
    ran[me] += 10;
    stop(worker[me].tcb);
}

static void leaving(void)
{
    say("a thread sends itself to another domain");
    ran[0] = count = 0;
    QUIETLY(seL4_CapDomain, DomainSetSet, CAPS(worker[0].tcb), 0);
    thread_go(&worker[0], leave, 0);
    say_who("at once");
    own_priority(50);
    while (ran[0] < 10)
        seL4_Yield();
    own_priority(255);
    say("in its turn: %u", ran[0]);
    say("the root task goes to domain 3, and on there");
    INVOKE(seL4_CapDomain, DomainSetSet, CAPS(SELF), 3);
    INVOKE(seL4_CapDomain, DomainSetSet, CAPS(SELF), 0);
    say("a schedule without domain 0: the root task comes along");
    INVOKE(seL4_CapDomain, DomainSetSet, CAPS(SELF), 1);
    for (seL4_Word i = 0; i < 4; i++)
        INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, i, 1, LONG);
    INVOKE(seL4_CapDomain, DomainScheduleSetStart, NONE, 2);
    say("here");
}

int main(void)
{
    static const seL4_Word up[] = { 0, 1, 2, 3 }, down[] = { 0, 2, 1, 3 };

    words_out_of_range();
    for (seL4_Word i = 0; i < WORKERS; i++)
        worker[i] = thread_new(200 + i);
    placement();
    order("in the order of the schedule", up);
    order("in another order", down);
    leaving();
    return 0;
}
