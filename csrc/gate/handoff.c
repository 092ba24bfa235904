/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Run words and wake-ups; see handoff.h.
 *
 * A run word is changed by exchange or compare-and-exchange only. Its thread
 * announces sleep by STOP -> SLEEP and sleeps on SLEEP; whoever sets another
 * value learns from the exchange whether there is a sleeper to wake.
 */
#include "gate/handoff.h"

#include <signal.h>

#include "gate/sys.h"

void handoff_run(struct image_thread *thread, uint32_t run)
{
    uint32_t old = __atomic_exchange_n(&thread->run, run, __ATOMIC_SEQ_CST);

    if (old == RUN_SLEEP)
        sys_futex_wake(&thread->run, 1);
}

uint32_t handoff_wait(struct image_thread *thread)
{
    for (;;) {
        uint32_t run = __atomic_load_n(&thread->run, __ATOMIC_ACQUIRE);

        if (run != RUN_STOP && run != RUN_SLEEP)
            return run;
        if (run == RUN_STOP &&
            !__atomic_compare_exchange_n(&thread->run, &run, RUN_SLEEP, false,
                                         __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            continue;
        sys_futex_wait(&thread->run, RUN_SLEEP, NULL);
    }
}

void handoff_agents(struct kernel *k)
{
    while (k->h.wake != 0) {
        struct image_thread *agent = &k->h.thread[k->h.wake];

        k->h.wake = agent->next;
        agent->next = 0;
        handoff_run(agent, RUN_GO);
    }
}

void handoff_idle(struct kernel *k)
{
    if (k->h.current == 0 &&
        __atomic_load_n(&k->h.idle_waiters, __ATOMIC_SEQ_CST) != 0)
        sys_futex_wake(&k->h.idle_count, INT32_MAX);
}

void handoff_kick(struct kernel *k)
{
    struct image_thread *thread = &k->h.thread[k->h.current_thread];

    k->h.events &= ~(uint32_t)EVENT_KICK;
    if (k->h.current_thread == 0 || thread->tid == 0)
        return;
    thread->kicks++;
    sys_tgkill(k->h.process[thread->process].pid, thread->tid, SIGURG);
}

void handoff_recall(struct kernel *k, uint32_t process)
{
    if (!k->h.process[process].lent)
        return;
    k->h.process[process].lent = 0;
    for (uint32_t i = 1; i <= k->h.thread_top; i++) {
        struct image_thread *thread = &k->h.thread[i];
        uint32_t lent = RUN_LENT;

        if (thread->process == process &&
            __atomic_compare_exchange_n(&thread->run, &lent, RUN_STOP, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            sys_tgkill(k->h.process[process].pid, thread->tid, SIGURG);
    }
}

void handoff_thread(struct kernel *k, uint32_t me)
{
    uint32_t next = k->h.current_thread;
    uint32_t go = RUN_GO;

    handoff_agents(k);
    if (me != next) {
        /* A retired thread was told to end: that stays. */
        if (me != 0)
            __atomic_compare_exchange_n(&k->h.thread[me].run, &go, RUN_STOP,
                                        false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST);
        if (next != 0)
            handoff_run(&k->h.thread[next], RUN_GO);
    }
    handoff_idle(k);
    if (k->h.events & EVENT_KICK)
        handoff_kick(k);
}
