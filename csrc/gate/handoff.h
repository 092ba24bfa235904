/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What follows a kernel entry: run words are set, sleepers woken, the monitor
 * called. All of it under the lock, so that a death after the unlock loses
 * nothing.
 */
#ifndef SEL4EMU_GATE_HANDOFF_H
#define SEL4EMU_GATE_HANDOFF_H

#include "kernel/kernel.h"

/* Events that the monitor has to see to. */
#define HANDOFF_MONITOR_EVENTS                                                 \
    (EVENT_THREAD_NEW | EVENT_THREAD_RETIRED | EVENT_PROCESS_RETIRED |         \
     EVENT_TIMER | EVENT_CONSOLE | EVENT_HALT | EVENT_STEP | EVENT_PREEMPTED)

/* Let the agents on h.wake go on. */
void handoff_agents(struct kernel *k);
/* The direct gate: thread `me` (0: none) makes way for h.current_thread. */
void handoff_thread(struct kernel *k, uint32_t me);
/* Wake those who wait for the node to idle, if it does. */
void handoff_idle(struct kernel *k);
/* Signal the current thread's Linux thread: it shall look at h.pending. */
void handoff_kick(struct kernel *k);
/* Set a run word; wakes a sleeper. */
void handoff_run(struct image_thread *thread, uint32_t run);
/* Current has entered the kernel: threads of its process that were lent the
 * CPU meanwhile shall stop. The lock is held. */
void handoff_recall(struct kernel *k, uint32_t process);
/* Sleep until the run word lets thread go (RUN_GO, RUN_LENT), or tells it to
 * end (RUN_EXIT); returns that word. */
uint32_t handoff_wait(struct image_thread *thread);

#endif
