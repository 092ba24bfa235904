/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MCS: budgets that are used up. Threads spin, and what is printed is who ran
 * when another could not, which does not depend on how fast they are.
 */
#include "transcript.h"

#define MS 1000ul /* in us */

static struct thread spinner, other, handler;
static seL4_CPtr done;
SHARED int go_on, turns, order_length;
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

static void spin_until_told(seL4_Word unused)
{
    (void)unused;
    note('s');
    while (!go_on)
        ;
    note('S');
    seL4_Signal(done);
    stop(spinner.tcb);
}

static void tell(seL4_Word unused)
{
    (void)unused;
    note('o');
    go_on = 1;
    note('O');
    stop(other.tcb);
}

static void settings(const struct thread *t, seL4_Word priority,
                     seL4_Word budget, seL4_Word period)
{
    seL4_TCB_Suspend(t->tcb);
    seL4_TCB_SetPriority(t->tcb, SELF, priority);
    give_time(t->context, budget, period);
    go_on = 0;
}

static void end_of_budget(void)
{
    static const seL4_Word budgets[] = { 50 * MS, 100 * MS };

    say("who has no time left makes way for a less important thread");
    for (size_t i = 0; i < COUNT(budgets); i++) {
        settings(&spinner, 150, budgets[i], 300 * MS);
        settings(&other, 140, LONG_TIME, LONG_TIME);
        thread_go(&spinner, spin_until_told, 0);
        thread_go(&other, tell, 0);
        seL4_Wait(done, NULL);
        show("order");
    }
    say("equals take turns if their budgets are their periods");
    settings(&spinner, 150, 50 * MS, 50 * MS);
    settings(&other, 150, 50 * MS, 50 * MS);
    thread_go(&other, tell, 0);
    thread_go(&spinner, spin_until_told, 0);
    seL4_Wait(done, NULL);
    show("order");
    say("... and if they have periods");
    settings(&spinner, 150, 50 * MS, 300 * MS);
    settings(&other, 150, 50 * MS, 300 * MS);
    thread_go(&other, tell, 0);
    thread_go(&spinner, spin_until_told, 0);
    seL4_Wait(done, NULL);
    show("order");
}

/* --- Yield ------------------------------------------------------------------ */

static void yield_thrice(seL4_Word unused)
{
    (void)unused;
    for (int i = 0; i < 3; i++) {
        note('a' + i);
        seL4_Yield();
    }
    note('d');
    go_on = 1;
    seL4_Signal(done);
    stop(spinner.tcb);
}

static void count_turns(seL4_Word unused)
{
    int seen = order_length;

    (void)unused;
    note('.');
    while (!go_on) {
        if (order_length > seen + 1) {
            seen = order_length;
            note('.');
        }
    }
    stop(other.tcb);
}

static void yielding(void)
{
    say("Yield gives the rest of the budget away");
    settings(&spinner, 150, 10 * MS, 30 * MS);
    settings(&other, 140, LONG_TIME, LONG_TIME);
    thread_go(&spinner, yield_thrice, 0);
    thread_go(&other, count_turns, 0);
    seL4_Wait(done, NULL);
    show("with a period, a less important thread runs");
    settings(&spinner, 150, 10 * MS, 10 * MS);
    settings(&other, 140, LONG_TIME, LONG_TIME);
    thread_go(&spinner, yield_thrice, 0);
    thread_go(&other, count_turns, 0);
    seL4_Wait(done, NULL);
    show("without one, it does not");
    seL4_TCB_Suspend(other.tcb);
    order_length = 0;
    say("all refills are given away, one by one");
    QUIETLY(sched_control(), SchedControlConfigureFlags, CAPS(spinner.context),
            10 * MS, 30 * MS, 4, 0, 0);
    settings(&other, 140, LONG_TIME, LONG_TIME);
    thread_go(&spinner, yield_thrice, 0);
    thread_go(&other, count_turns, 0);
    seL4_Wait(done, NULL);
    show("order");
}

/* --- who waits for time ----------------------------------------------------- */

/* The spinner has no time for the next ten seconds. */
static void exhaust(void)
{
    settings(&spinner, 250, MS, 10000 * MS);
    thread_go(&spinner, yield_thrice, 0);
    own_priority(100);
    own_priority(200);
}

static void waiting_for_time(void)
{
    say("a thread without time");
    seL4_TCB_Suspend(other.tcb);
    exhaust();
    show("it ran");
    INVOKE(spinner.tcb, TCBSetPriority, CAPS(SELF), 100);
    INVOKE(spinner.tcb, TCBSetPriority, CAPS(SELF), 250);
    INVOKE(spinner.tcb, TCBResume, NONE);
    show("nothing lets it run");
    INVOKE(spinner.tcb, TCBSuspend, NONE);
    INVOKE(spinner.tcb, TCBResume, NONE);
    show("neither does this");
    say("%s", error_name(QUIETLY(spinner.context, SchedContextYieldTo, NONE)));
    show("yielded to it");
    give_time(spinner.context, MS, 10000 * MS);
    show("the same time anew");
    give_time(spinner.context, 2 * MS, 10000 * MS);
    show("more time");
    give_time(spinner.context, LONG_TIME, LONG_TIME);
    show("time without a period");
    exhaust();
    show("it ran");
    INVOKE(spinner.context, SchedContextUnbind, NONE);
    INVOKE(spinner.tcb, TCBSetPriority, CAPS(SELF), 150);
    INVOKE(spinner.context, SchedContextBind, CAPS(spinner.tcb));
    show("unbound and bound");
    INVOKE(spinner.context, SchedContextUnbindObject, CAPS(spinner.tcb));
    INVOKE(handler.context, SchedContextUnbind, NONE);
    INVOKE(handler.context, SchedContextBind, CAPS(spinner.tcb));
    own_priority(100);
    own_priority(200);
    show("another context");
    INVOKE(handler.context, SchedContextUnbind, NONE);
    INVOKE(handler.context, SchedContextBind, CAPS(handler.tcb));
    INVOKE(spinner.context, SchedContextBind, CAPS(spinner.tcb));
    seL4_Poll(done, NULL);
    say("blocked threads and contexts without time");
    exhaust();
    INVOKE(spinner.context, SchedContextUnbind, NONE);
    order_length = 0;
    INVOKE(spinner.tcb, TCBSetSchedParams, CAPS(SELF, spinner.context, 0), 255,
           250);
    show("bound by parameters");
    INVOKE(spinner.context, SchedContextUnbind, NONE);
    give_time(spinner.context, LONG_TIME, LONG_TIME);
    INVOKE(spinner.context, SchedContextBind, CAPS(spinner.tcb));
    own_priority(100);
    own_priority(200);
    show("with time again");
    seL4_Poll(done, NULL);
    order_length = 0;
}

/* --- unconfigured ----------------------------------------------------------- */

static void unconfigured(void)
{
    seL4_CPtr sc = make(seL4_SchedContextObject, 8);

    say("a context that was not configured");
    settings(&spinner, 250, LONG_TIME, LONG_TIME);
    INVOKE(spinner.context, SchedContextUnbind, NONE);
    thread_go(&spinner, yield_thrice, 0);
    show("without a context");
    INVOKE(sc, SchedContextBind, CAPS(spinner.tcb));
    show("bound");
    INVOKE(sc, SchedContextYieldTo, NONE);
    INVOKE(sc, SchedContextConsumed, NONE);
    INVOKE(spinner.tcb, TCBSuspend, NONE);
    INVOKE(spinner.tcb, TCBResume, NONE);
    INVOKE(spinner.tcb, TCBSetPriority, CAPS(SELF), 251);
    INVOKE(spinner.tcb, TCBSetSchedParams, CAPS(SELF, sc, 0), 255, 252);
    INVOKE(spinner.tcb, TCBSetSchedParams, CAPS(SELF, spinner.context, 0), 255,
           252);
    show("still");
    give_time(sc, LONG_TIME, LONG_TIME);
    show("configured");
    INVOKE(sc, SchedContextUnbind, NONE);
    INVOKE(spinner.context, SchedContextBind, CAPS(spinner.tcb));
    seL4_Poll(done, NULL);
}

/* --- consumed --------------------------------------------------------------- */

static void consumed(void)
{
    seL4_SchedContext_Consumed_t c;

    say("consumed");
    INVOKE(other.context, SchedContextUnbind, NONE);
    seL4_SchedContext_Consumed(other.context);
    c = seL4_SchedContext_Consumed(other.context);
    say("error %d, nothing: %d", c.error, c.consumed == 0);
    INVOKE(other.context, SchedContextBind, CAPS(other.tcb));
    settings(&spinner, 150, 20 * MS, 40 * MS);
    settings(&other, 140, LONG_TIME, LONG_TIME);
    seL4_SchedContext_Consumed(spinner.context);
    thread_go(&spinner, spin_until_told, 0);
    thread_go(&other, tell, 0);
    seL4_Wait(done, NULL);
    c = seL4_SchedContext_Consumed(spinner.context);
    say("error %d, about a budget: %d", c.error,
        c.consumed >= 19 * MS && c.consumed < 500 * MS);
    c = seL4_SchedContext_Consumed(spinner.context);
    say("error %d, nothing: %d", c.error, c.consumed == 0);
    order_length = 0;
    say("by who yields to it");
    settings(&spinner, 210, 10 * MS, 10 * MS);
    own_priority(220);
    thread_go(&spinner, yield_thrice, 0);
    own_priority(210);
    seL4_SchedContext_YieldTo_t y = seL4_SchedContext_YieldTo(spinner.context);
    say("error %d, little: %d", y.error, y.consumed < 500 * MS);
    show("yields thrice to its equal");
    seL4_Wait(done, NULL);
    own_priority(200);
    show("then");
}

int main(void)
{
    own_priority(200);
    done = make(seL4_NotificationObject, 0);
    spinner = thread_new(150);
    other = thread_new(140);
    handler = thread_new(180);
    end_of_budget();
    yielding();
    waiting_for_time();
    unconfigured();
    consumed();
    return 0;
}
