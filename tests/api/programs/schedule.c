/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who runs next: priorities, ready queues, Yield, and what changes them. What
 * a thread writes is the order in which threads ran. Each runs for a moment
 * only, so no time slice ends.
 */
#include "transcript.h"

#define COUNT_WORKERS 4

static struct thread worker[COUNT_WORKERS];
SHARED seL4_CPtr worker_tcb[COUNT_WORKERS], ep, ntfn;
SHARED char order[256];
SHARED int length;
SHARED int script[COUNT_WORKERS];

enum {
    ONCE,
    YIELDS,
    RAISES,
    LOWERS,
    WAKES,
    SIGNALS,
    WAITS,
    SUSPENDS
};

static void note(char c)
{
    order[length++] = c;
}

static void work(seL4_Word i)
{
    char c = (char)('a' + i);

    note(c);
    switch (script[i]) {
    case YIELDS:
        for (int n = 0; n < 3; n++) {
            seL4_Yield();
            note(c);
        }
        break;
    case RAISES:
        seL4_TCB_SetPriority(worker_tcb[(i + 1) % COUNT_WORKERS], SELF, 150);
        note(c);
        break;
    case LOWERS:
        seL4_TCB_SetPriority(worker_tcb[i], SELF, 60);
        note(c);
        seL4_TCB_SetPriority(worker_tcb[i], SELF, 100);
        note(c);
        break;
    case WAKES:
        seL4_TCB_Resume(worker_tcb[(i + 1) % COUNT_WORKERS]);
        note(c);
        break;
    case SIGNALS:
        seL4_Signal(ntfn);
        note(c);
        seL4_Signal(ntfn);
        note(c);
        break;
    case WAITS:
        seL4_Wait(ntfn, NULL);
        note((char)(c - 32));
        break;
    case SUSPENDS:
        seL4_TCB_Suspend(worker_tcb[(i + 1) % COUNT_WORKERS]);
        note(c);
        break;
    }
    stop(worker_tcb[i]);
}

static void ready(int i, int what)
{
    seL4_TCB_Suspend(worker_tcb[i]);
    script[i] = what;
    thread_go(&worker[i], work, (seL4_Word)i);
}

static void prepare(int i, int what)
{
    seL4_UserContext r = {
        .rip = (seL4_Word)work,
        .rsp = (seL4_Word)worker[i].stack_top,
        .rdi = (seL4_Word)i,
        .rflags = 0x202,
        .fs_base = worker[i].tls,
    };

    seL4_TCB_Suspend(worker_tcb[i]);
    script[i] = what;
    seL4_TCB_WriteRegisters(worker_tcb[i], 0, 0, 20, &r);
}

static void priorities(seL4_Word a, seL4_Word b, seL4_Word c, seL4_Word d)
{
    const seL4_Word p[] = { a, b, c, d };

    for (int i = 0; i < COUNT_WORKERS; i++) {
        seL4_TCB_Suspend(worker_tcb[i]);
        seL4_TCB_SetPriority(worker_tcb[i], SELF, p[i]);
    }
}

static void run(const char *text)
{
    own_priority(50);
    own_priority(200);
    order[length] = '\0';
    put("| %s: ", text);
    for (int i = 0; i < length; i++)
        put("%c", order[i]);
    put("\n");
    length = 0;
}

int main(void)
{
    own_priority(200);
    ep = make(seL4_EndpointObject, 0);
    ntfn = make(seL4_NotificationObject, 0);
    for (int i = 0; i < COUNT_WORKERS; i++) {
        worker[i] = thread_new(100);
        worker_tcb[i] = worker[i].tcb;
    }
    priorities(100, 100, 100, 100);
    for (int i = 0; i < 4; i++)
        ready(i, ONCE);
    run("made ready one after the other");
    for (int i = 0; i < 4; i++)
        ready(i, YIELDS);
    run("yielding");
    priorities(101, 100, 103, 102);
    for (int i = 0; i < 4; i++)
        ready(i, ONCE);
    run("by priority");
    for (int i = 0; i < 4; i++)
        ready(i, YIELDS);
    run("yielding changes nothing");
    priorities(100, 90, 95, 80);
    ready(0, RAISES);
    ready(1, ONCE);
    ready(2, ONCE);
    run("raised above its raiser");
    priorities(100, 100, 95, 80);
    ready(1, ONCE);
    ready(2, ONCE);
    ready(0, LOWERS);
    run("lowers itself");
    priorities(100, 100, 100, 100);
    ready(2, ONCE);
    ready(1, ONCE);
    ready(0, LOWERS);
    run("lowers itself among equals");
    priorities(100, 100, 100, 100);
    prepare(1, ONCE);
    ready(2, ONCE);
    ready(0, WAKES);
    run("wakes an equal");
    priorities(100, 120, 100, 100);
    prepare(1, ONCE);
    ready(2, ONCE);
    ready(0, WAKES);
    run("wakes a higher one");
    priorities(100, 80, 100, 100);
    prepare(1, ONCE);
    ready(2, ONCE);
    ready(0, WAKES);
    run("wakes a lower one");
    priorities(100, 110, 90, 100);
    ready(1, WAITS);
    ready(2, WAITS);
    run("two wait");
    ready(0, SIGNALS);
    run("signals both");
    priorities(100, 100, 100, 100);
    ready(1, WAITS);
    ready(2, WAITS);
    run("two wait");
    ready(3, ONCE);
    ready(0, SIGNALS);
    run("signals both, all equal");
    priorities(100, 90, 90, 90);
    ready(0, SUSPENDS);
    ready(1, ONCE);
    ready(2, ONCE);
    run("suspends one that is ready");
    priorities(100, 100, 100, 100);
    for (int i = 0; i < 4; i++)
        ready(i, YIELDS);
    INVOKE(worker_tcb[1], TCBSetPriority, CAPS(SELF), 100);
    run("priority set to what it was");
    for (int i = 0; i < 4; i++)
        ready(i, YIELDS);
    INVOKE(worker_tcb[1], TCBSetSchedParams, CAPS(SELF), 255, 101);
    INVOKE(worker_tcb[1], TCBSetSchedParams, CAPS(SELF), 255, 100);
    run("raised and lowered");
    for (int i = 0; i < 4; i++)
        ready(i, YIELDS);
    INVOKE(worker_tcb[2], TCBSuspend, NONE);
    INVOKE(worker_tcb[2], TCBResume, NONE);
    INVOKE(worker_tcb[0], TCBResume, NONE);
    run("suspended and resumed");
    return 0;
}
