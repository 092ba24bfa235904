/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine with something of everything in it, for tests that look at it or
 * break it: threads that wait for all that one can wait for, a tree of
 * capabilities, a mapped vspace with a process, an interrupt and I/O ports.
 *
 *   server     runs, and owes `client` an answer
 *   ready_b, ready_a   stand in one ready queue, in this order: who is resumed
 *              last is first
 *   sender_a, sender_b stand in the queue of ep_send, with badge 5
 *   receiver   waits at ep_receive
 *   waiter_a, waiter_b wait for n_wait
 *   bound      waits for n_bound, which it is bound to
 *   stopped    was never resumed
 */
#ifndef SEL4EMU_TESTS_KERNEL_WORLD_H
#define SEL4EMU_TESTS_KERNEL_WORLD_H

#include "kernel/plat/pc99/irqs.h"
#include "paging.h"

#define WORLD_PROCESS 9
#define WORLD_VECTOR 4
#define WORLD_IRQ (SEL4_IRQ_USER_MIN + WORLD_VECTOR)

struct world {
    struct machine m;
    word untyped; /* memory of its own, with `child` in it */
    word child;
    word ep_send, ep_send_badged, ep_send_copy;
    word ep_receive, ep_call;
    word n_wait, n_bound, n_active;
    word cnode;
    struct space space;
    word frame, large;
    word pool; /* of its own */
    word port, handler;
    struct thread server, client, ready_a, ready_b, sender_a, sender_b;
    struct thread receiver, waiter_a, waiter_b, bound, stopped;
};

static struct thread world_waiting(struct world *w, enum sel4_sys sys,
                                   word cptr)
{
    struct thread t = thread_running(&w->m, 100);

    CHECK_EQ(w->m.k->h.current, t.tcb);
    trap(&w->m, t.tcb, sys, cptr, NULL);
    return t;
}

static void world_caps(struct world *w)
{
    struct machine *m = &w->m;

    w->untyped = object_new(m, OBJECT_UNTYPED, 16);
    w->child = m->next_slot++;
    CHECK_EQ(retype(m, w->untyped, OBJECT_UNTYPED, 14, w->child),
             SEL4_NO_ERROR);
    w->ep_send = object_new(m, OBJECT_ENDPOINT, 0);
    w->ep_receive = object_new(m, OBJECT_ENDPOINT, 0);
    w->ep_call = object_new(m, OBJECT_ENDPOINT, 0);
    w->ep_send_badged = m->next_slot++;
    w->ep_send_copy = m->next_slot++;
    CHECK_EQ(cap_mint(m, w->ep_send_badged, w->ep_send,
                      RIGHT_WRITE | RIGHT_GRANT, 5),
             SEL4_NO_ERROR);
    CHECK_EQ(cap_copy(m, w->ep_send_copy, w->ep_send_badged, RIGHT_WRITE),
             SEL4_NO_ERROR);
    w->n_wait = object_new(m, OBJECT_NOTIFICATION, 0);
    w->n_bound = object_new(m, OBJECT_NOTIFICATION, 0);
    w->n_active = object_new(m, OBJECT_NOTIFICATION, 0);
    trap(m, m->caller, SYS_SEND, w->n_active, MESSAGE(0, 0));
    w->cnode = object_new(m, OBJECT_CNODE, 4);
}

static void world_platform(struct world *w)
{
    struct machine *m = &w->m;
    word untyped = object_new(m, OBJECT_UNTYPED, SEL4_ASID_POOL_BITS);
    struct image_process *p = &m->k->h.process[WORLD_PROCESS];
    word *pml4;

    w->space = space_new(m);
    w->frame = object_new(m, OBJECT_PAGE, 0);
    w->large = object_new(m, OBJECT_LARGE_PAGE, 0);
    CHECK_EQ(page_map(m, w->frame, w->space.pml4, BASE, RW), SEL4_NO_ERROR);
    CHECK_EQ(page_map(m, w->large, w->space.pml4, BASE + MIB2, RIGHT_READ),
             SEL4_NO_ERROR);
    pml4 = kernel_memory(m->k, object_of(m, w->space.pml4));
    pml4[VSPACE_PROCESS_WORD] = WORLD_PROCESS;
    p->flags = PROCESS_USED;
    p->vspace = object_of(m, w->space.pml4);

    w->pool = m->next_slot++;
    CHECK_EQ(INVOKE(m, SEL4_CAP_ASID_CONTROL, METHOD_X86_ASID_CONTROL_MAKE_POOL,
                    WORDS(w->pool, 64), CAPS(untyped, ROOT)),
             SEL4_NO_ERROR);
    w->port = m->next_slot++;
    CHECK_EQ(INVOKE(m, SEL4_CAP_IO_PORT_CONTROL,
                    METHOD_X86_IO_PORT_CONTROL_ISSUE,
                    WORDS(0x3f8, 0x3ff, w->port, 64), CAPS(ROOT)),
             SEL4_NO_ERROR);
    w->handler = m->next_slot++;
    CHECK_EQ(INVOKE(m, SEL4_CAP_IRQ_CONTROL, METHOD_IRQ_CONTROL_GET_IOAPIC,
                    WORDS(w->handler, 64, 0, 4, 1, 0, WORLD_VECTOR),
                    CAPS(ROOT)),
             SEL4_NO_ERROR);
    CHECK_EQ(INVOKE(m, w->handler, METHOD_IRQ_HANDLER_SET_NOTIFICATION,
                    CAPS(w->n_active)),
             SEL4_NO_ERROR);
}

static void world_threads(struct world *w)
{
    struct machine *m = &w->m;

    w->server = world_waiting(w, SYS_RECV, w->ep_call);
    w->receiver = world_waiting(w, SYS_RECV, w->ep_receive);
    w->waiter_a = world_waiting(w, SYS_RECV, w->n_wait);
    w->waiter_b = world_waiting(w, SYS_RECV, w->n_wait);
    w->sender_a = world_waiting(w, SYS_SEND, w->ep_send_badged);
    w->sender_b = world_waiting(w, SYS_SEND, w->ep_send_badged);
    w->bound = thread_new(m, 100);
    CHECK_EQ(INVOKE(m, w->bound.cap, METHOD_TCB_BIND_NOTIFICATION,
                    CAPS(w->n_bound)),
             SEL4_NO_ERROR);
    CHECK_EQ(thread_resume(m, w->bound), SEL4_NO_ERROR);
    trap(m, w->bound.tcb, SYS_RECV, w->n_bound, NULL);
    w->stopped = thread_new(m, 100);
    w->client = world_waiting(w, SYS_CALL, w->ep_call);
    CHECK_EQ(m->k->h.current, w->server.tcb);
    w->ready_a = thread_running(m, 30);
    w->ready_b = thread_running(m, 30);
    tcb_of(m, w->ready_a.tcb)->name[0] = '\0';
}

UNUSED static struct world world_new(void)
{
    struct world w = { .m = machine_new() };

    world_caps(&w);
    world_platform(&w);
    world_threads(&w);
    return w;
}

#endif
