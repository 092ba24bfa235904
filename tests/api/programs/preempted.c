/* SPDX-License-Identifier: BSD-2-Clause */
/* A thread that was interrupted between two instructions stands still until it
 * is its turn again, whatever others do meanwhile. */
#include "as_classic.h"

static struct thread t;
SHARED seL4_Word count, told;

static void counts(seL4_Word unused)
{
    (void)unused;
    for (;;)
        count++;
}

static void tells(seL4_Word unused)
{
    (void)unused;
    told = 1;
    stop(t.tcb);
}

/* It begins to count, and is interrupted when its time slice ends. */
static void let_it_count(void)
{
    seL4_Word before = count;

    own_priority(100);
    while (count == before)
        seL4_Yield();
    own_priority(200);
}

static int stands_still(void)
{
    seL4_Word before = count;

    for (int i = 0; i < 10000; i++)
        seL4_TCB_SetMCPriority(t.tcb, SELF, 255);
    return count == before;
}

int main(void)
{
    own_priority(200);
    t = thread_new(100);
    TAKES_TURNS(t);
    thread_go(&t, counts, 0);
    for (int i = 0; i < 4; i++) {
        let_it_count();
        say("it stands still: %d", stands_still());
    }
    say("sent elsewhere meanwhile, it goes there");
    seL4_TCB_Suspend(t.tcb);
    say("it stands still: %d", stands_still());
    thread_go(&t, tells, 0);
    own_priority(50);
    own_priority(200);
    say("there: %d", told);
    return 0;
}
