/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel_check() on broken threads, queues and schedules
 * (kernel/check_thread.c, kernel/check_sched.c).
 */
#include "breaks.h"
#include "kernel/cdt.h"
#include "kernel/sched.h"

#define EP(s) ((struct endpoint *)OBJECT(s))
#define NTFN(s) ((struct notification *)OBJECT(s))
#define READY(p) (&k->h.ready[0][p])

static void the_list_of_tcbs(void)
{
    BREAKS("tcb-list", w.ready_a.tcb, TCB(w.ready_a)->all_next = 0x777);
    BREAKS("tcb-list", ANYWHERE, TCB(w.ready_a)->all_prev = 0);
    BREAKS("tcb-list", ANYWHERE,
           TCB(w.ready_a)->all_next = w.ready_b.tcb); /* a circle */
    BREAKS("tcb-list", 0, k->h.tcbs = k->h.config.memory_size);
    /* one that is left out is missed by its capabilities */
    BREAKS("cap-tcb", ANYWHERE,
           TCB(w.ready_b)->all_next = TCB(w.ready_a)->all_next,
           tcb_of(m, TCB(w.ready_a)->all_next)->all_prev = w.ready_b.tcb);
}

static void fields_of_threads(void)
{
    BREAKS("thread-state", w.stopped.tcb, TCB(w.stopped)->state = STATE_COUNT);
    BREAKS("thread-domain", w.stopped.tcb, TCB(w.stopped)->domain = 1);
    BREAKS("thread-fault", w.stopped.tcb,
           TCB(w.stopped)->fault.type = FAULT_TYPES);
    BREAKS("thread-buffer", w.stopped.tcb, TCB(w.stopped)->ipc_buffer |= 8);
}

/* Put a copy of the capability in slot `from` into an empty slot of a TCB. */
static void put(struct machine *m, struct cte *empty, word from)
{
    struct cte *source = slot_of(m, from);
    struct cte *next = slot_next(m->k, source);

    empty->cap = source->cap;
    empty->prev = slot_ref(m->k, source);
    empty->next_4 = source->next_4;
    source->next_4 = slot_ref(m->k, empty) >> 2;
    if (next)
        next->prev = slot_ref(m->k, empty);
}

static void slots_of_tcbs(void)
{
    BREAKS("thread-slots", w.stopped.tcb,
           put(m, &TCB(w.stopped)->slot[TCB_CALLER], w.ep_call));
    BREAKS("thread-slots", w.stopped.tcb,
           put(m, &TCB(w.stopped)->slot[TCB_REPLY], w.ep_call));
    BREAKS("thread-slots", w.stopped.tcb,
           CHECK_EQ(cap_revoke(m, w.stopped.frame), 0),
           put(m, &TCB(w.stopped)->slot[TCB_BUFFER], w.ep_call));
    BREAKS("thread-slots", w.stopped.tcb,
           CHECK_EQ(cap_revoke(m, SEL4_CAP_INIT_THREAD_CNODE), 0),
           put(m, &TCB(w.stopped)->slot[TCB_CTABLE], w.ep_call));
    BREAKS("thread-slots", w.stopped.tcb,
           word bare = object_new(m, OBJECT_PML4, 0);
           CHECK_EQ(cap_revoke(m, SEL4_CAP_INIT_THREAD_VSPACE), 0);
           put(m, &TCB(w.stopped)->slot[TCB_VTABLE], bare));
    BREAKS("thread-caller", w.receiver.tcb,
           cdt_move(k, TCB(w.server)->slot[TCB_CALLER].cap,
                    &TCB(w.server)->slot[TCB_CALLER],
                    &TCB(w.receiver)->slot[TCB_CALLER]));
}

static void threads_without_capability(void)
{
    BREAKS("thread-cap", w.stopped.tcb,
           cdt_remove(k, slot_of(m, w.stopped.cap)));
}

static void queues_of_endpoints(void)
{
    BREAKS("endpoint-state", object_of(m, w.ep_send), EP(w.ep_send)->state = 0);
    BREAKS("endpoint-state", object_of(m, w.ep_send), EP(w.ep_send)->state = 3);
    BREAKS("endpoint-state", object_of(m, w.ep_call), EP(w.ep_call)->state = 1);
    BREAKS("queue-member", w.sender_a.tcb,
           EP(w.ep_send)->state = ENDPOINT_RECEIVE);
    BREAKS("queue-member", w.sender_b.tcb,
           TCB(w.sender_b)->blocked_on = object_of(m, w.ep_call));
    BREAKS("queue-member", w.sender_a.tcb,
           TCB(w.sender_a)->state = STATE_INACTIVE);
    BREAKS("queue-links", object_of(m, w.ep_send),
           TCB(w.sender_b)->ep_prev = 0);
    BREAKS("queue-links", object_of(m, w.ep_send),
           TCB(w.sender_a)->ep_next = ~0ul);
    BREAKS("queue-links", object_of(m, w.ep_send),
           EP(w.ep_send)->tail_4 = w.sender_a.tcb >> 2);
    BREAKS("queue-links", object_of(m, w.ep_send), /* a circle */
           TCB(w.sender_b)->ep_next = w.sender_a.tcb);
    BREAKS("queue-links", object_of(m, w.ep_receive),
           TCB(w.receiver)->ep_next = w.receiver.tcb);
}

static void queues_of_notifications(void)
{
    BREAKS("notification-state", object_of(m, w.n_wait),
           NTFN(w.n_wait)->state = NOTIFICATION_IDLE);
    BREAKS("notification-state", object_of(m, w.n_active),
           NTFN(w.n_active)->state = 3);
    BREAKS("notification-word", object_of(m, w.n_wait),
           NTFN(w.n_wait)->badge = 1);
    BREAKS("queue-links", object_of(m, w.n_wait),
           NTFN(w.n_wait)->tail_4 = w.waiter_a.tcb >> 2);
    BREAKS("notification-bound", object_of(m, w.n_bound),
           TCB(w.bound)->bound_notification = 0);
    BREAKS("notification-bound", object_of(m, w.n_bound),
           NTFN(w.n_bound)->bound_tcb = 4096);
    BREAKS("notification-waiter", object_of(m, w.n_wait),
           NTFN(w.n_wait)->bound_tcb = w.ready_a.tcb,
           TCB(w.ready_a)->bound_notification = object_of(m, w.n_wait));
    BREAKS("thread-bound", w.bound.tcb, NTFN(w.n_bound)->bound_tcb = 0);
    BREAKS("thread-bound", w.ready_a.tcb,
           TCB(w.ready_a)->bound_notification = ~0ul);
}

static void threads_that_wait(void)
{
    BREAKS("blocked-on", w.receiver.tcb,
           EP(w.ep_receive)->head = EP(w.ep_receive)->tail_4 = 0,
           EP(w.ep_receive)->state = ENDPOINT_IDLE,
           TCB(w.receiver)->blocked_on = object_of(m, w.frame));
    BREAKS("blocked-queue", w.receiver.tcb,
           EP(w.ep_receive)->head = EP(w.ep_receive)->tail_4 = 0,
           EP(w.ep_receive)->state = ENDPOINT_IDLE);
    BREAKS("queue-member", w.stopped.tcb,
           TCB(w.stopped)->ep_next = w.sender_a.tcb);
}

static void ready_queues(void)
{
    BREAKS("ready-links", w.ready_b.tcb, TCB(w.ready_a)->sched_prev = 0);
    BREAKS("ready-links", w.ready_a.tcb, READY(30)->tail = w.ready_b.tcb);
    BREAKS("ready-links", 0, READY(30)->head = 12345);
    BREAKS("ready-place", w.ready_b.tcb, TCB(w.ready_b)->priority = 31);
    BREAKS("ready-place", w.ready_a.tcb, TCB(w.ready_a)->queued = 0);
    BREAKS("ready-state", w.ready_a.tcb,
           TCB(w.ready_a)->state = STATE_INACTIVE);
    BREAKS("ready-bitmap", 0, k->h.ready_l1[0] |= 8);
    BREAKS("ready-bitmap", 0, k->h.ready_l1[0] |= 1ul << 40);
    BREAKS("ready-bitmap", 0, k->h.ready_l2[0][3] = 1);
    BREAKS("ready-bitmap", 0, k->h.ready_l2[0][3] = 1, k->h.ready_l1[0] |= 8);
    BREAKS("ready-lost", ANYWHERE, k->h.ready_l2[0][0] = 0,
           k->h.ready_l1[0] = 0);
    BREAKS("ready-lost", w.stopped.tcb, TCB(w.stopped)->queued = 1);
    BREAKS("runnable-lost", w.stopped.tcb,
           TCB(w.stopped)->state = STATE_RESTART);
    BREAKS("current-queued", w.server.tcb, sched_enqueue(k, TCB(w.server)));
}

static void who_runs(void)
{
    BREAKS("current", ~0ul << 12, k->h.current = ~0ul << 12,
           TCB(w.server)->state = STATE_INACTIVE);
    BREAKS("current-entry", w.server.tcb, k->h.current_thread++);
    BREAKS("current-entry", 0, k->h.current = 0,
           TCB(w.server)->state = STATE_INACTIVE);
    BREAKS("current-state", w.server.tcb,
           TCB(w.server)->state = STATE_INACTIVE);
    BREAKS("current-priority", w.server.tcb, TCB(w.server)->priority = 29);
    BREAKS("current-domain", w.server.tcb, k->h.config.domains = 2,
           TCB(w.server)->domain = 1);
    BREAKS("current-domain", 0, k->h.domain = 1);
    BREAKS("idle", 0, k->h.current = 0, k->h.current_thread = 0,
           TCB(w.server)->state = STATE_INACTIVE);
}

/* Until current has answered the kick, it may be what it should not be. */
static void a_current_thread_that_is_asked_to_enter(void)
{
    struct world w = world_new();

    tcb_of(&w.m, w.server.tcb)->priority = 29;
    w.m.k->h.pending |= PENDING_RESCHEDULE;
    CHECK_EQ(kernel_check(w.m.k, &(paddr){ 0 }), 0);
    w.m.k->h.pending = 0;
    check_names(&w.m, "current-priority", w.server.tcb, __LINE__);
    machine_free(&w.m);
}

static void entries_of_the_host(void)
{
    BREAKS("thread-entry", ANYWHERE,
           k->h.thread[TCB(w.receiver)->thread].tcb = 4096);
    BREAKS("thread-entry", w.receiver.tcb, TCB(w.receiver)->thread++);
    BREAKS("thread-process", w.receiver.tcb,
           k->h.thread[TCB(w.receiver)->thread].process = IMAGE_PROCESSES);
    BREAKS("wake-list", 0, k->h.wake = TCB(w.receiver)->thread);
    BREAKS("wake-list", 0, k->h.wake = IMAGE_THREADS);
    BREAKS("wake-list", 0, k->h.wake = tcb_of(m, m->caller)->thread,
           k->h.thread[k->h.wake].next = k->h.wake);
    BREAKS("thread-top", 0, k->h.thread_top = IMAGE_THREADS);
}

static void the_header(void)
{
    BREAKS("image-header", 0, k->h.magic++);
    BREAKS("image-config", 0, k->h.config.domains = 0);
    BREAKS("image-config", 0, k->h.config.memory_size = ~0ul);
}

TESTS(TEST(the_list_of_tcbs), TEST(fields_of_threads), TEST(slots_of_tcbs),
      TEST(threads_without_capability), TEST(queues_of_endpoints),
      TEST(queues_of_notifications), TEST(threads_that_wait),
      TEST(ready_queues), TEST(who_runs),
      TEST(a_current_thread_that_is_asked_to_enter), TEST(entries_of_the_host),
      TEST(the_header))
