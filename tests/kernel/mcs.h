/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tests of the MCS kernel stand on beside harness.h: threads with a
 * scheduling context, reply objects, and the time, which is the test's to set.
 *
 * Times are in us here as in the API; the kernel has ns.
 */
#ifndef SEL4EMU_TESTS_KERNEL_MCS_H
#define SEL4EMU_TESTS_KERNEL_MCS_H

#include "harness.h"
#include "kernel/refill.h"
#include "kernel/sched.h"
#include "kernel/sched_context.h"

#define US 1000ul /* ns */

static struct image_config mcs_config(void)
{
    struct image_config config = default_config();

    config.mcs = 1;
    config.clock = CLOCK_REAL;
    return config;
}

UNUSED static struct machine machine_mcs(void)
{
    struct image_config config = mcs_config();

    return machine_new_config(&config);
}

/* ---- scheduling contexts ---- */

/* A scheduling context of the tests: the slot and the object. */
struct context {
    word cap;
    paddr sc;
};

#define CONTEXT_BITS 8 /* room for 10 refills */

static struct sched_context *context_of(struct machine *m, struct context c)
{
    return kernel_memory(m->k, c.sc);
}

UNUSED static struct context context_new(struct machine *m)
{
    struct context c = { object_new(m, OBJECT_SCHED_CONTEXT, CONTEXT_BITS), 0 };

    c.sc = object_of(m, c.cap);
    return c;
}

/* Budget and period; the same: round robin. */
static word context_configure(struct machine *m, struct context c, word budget,
                              word period)
{
    return INVOKE(m, m->k->h.boot.sched_control,
                  METHOD_SCHED_CONTROL_CONFIGURE_FLAGS,
                  WORDS(budget, period, 0, c.cap, 0), CAPS(c.cap));
}

UNUSED static struct context context_with(struct machine *m, word budget,
                                          word period)
{
    struct context c = context_new(m);

    CHECK_EQ(context_configure(m, c, budget, period), SEL4_NO_ERROR);
    return c;
}

static word context_bind(struct machine *m, struct context c, word cap)
{
    return INVOKE(m, c.cap, METHOD_SCHED_CONTEXT_BIND, CAPS(cap));
}

UNUSED static word context_unbind(struct machine *m, struct context c)
{
    return INVOKE_PLAIN(m, c.cap, METHOD_SCHED_CONTEXT_UNBIND);
}

/* Who runs by it, and whose it is. */
UNUSED static paddr runs_by(struct machine *m, struct context c)
{
    return context_of(m, c)->tcb;
}
UNUSED static paddr context_held(struct machine *m, struct thread t)
{
    return tcb_of(m, t.tcb)->sched_context;
}

UNUSED static struct refill refill_of(struct machine *m, struct context c,
                                      word i)
{
    return *refill_at(context_of(m, c), i);
}

/* ---- threads ---- */

/* Resumed, by this scheduling context. */
UNUSED static struct thread thread_by(struct machine *m, word priority,
                                      struct context c)
{
    struct thread t = thread_new(m, priority);

    CHECK_EQ(context_bind(m, c, t.cap), SEL4_NO_ERROR);
    CHECK_EQ(thread_resume(m, t), SEL4_NO_ERROR);
    return t;
}

/* Resumed, by a scheduling context of its own, in turns with others. */
UNUSED static struct thread thread_timed(struct machine *m, word priority)
{
    return thread_by(m, priority, context_with(m, 1000, 1000));
}

/* ---- system calls ---- */

UNUSED static word reply_new(struct machine *m)
{
    return object_new(m, OBJECT_REPLY, 0);
}

UNUSED static struct reply *reply_of(struct machine *m, word cap)
{
    return kernel_memory(m->k, object_of(m, cap));
}

/* A system call that names a reply object, too. */
static void trap_reply(struct machine *m, struct thread t, enum sel4_sys sys,
                       word cptr, word reply)
{
    kernel_registers(m->k, t.tcb)[REG_REPLY] = reply;
    trap(m, t.tcb, sys, cptr, NULL);
}

UNUSED static void receive(struct machine *m, struct thread t, word ep,
                           word reply)
{
    trap_reply(m, t, SYS_RECV, ep, reply);
}

UNUSED static void call(struct machine *m, struct thread t, word cptr,
                        const struct message *message)
{
    trap(m, t.tcb, SYS_CALL, cptr, message);
}

/* The answer, without waiting for more. */
UNUSED static void answer(struct machine *m, struct thread t, word reply,
                          const struct message *message)
{
    trap(m, t.tcb, SYS_SEND, reply, message);
}

/* A thread that waits at an endpoint, and has no scheduling context: who calls
 * it lends its own. Nobody else may be running. */
UNUSED static struct thread passive_server(struct machine *m, word priority,
                                           word ep, word reply)
{
    struct context c = context_with(m, 1000, 1000);
    struct thread t = thread_by(m, priority, c);

    CHECK_EQ(m->k->h.current, t.tcb);
    receive(m, t, ep, reply);
    CHECK_EQ(context_unbind(m, c), SEL4_NO_ERROR);
    return t;
}

/* ---- time ---- */

/* Time passes; nobody is told. */
UNUSED static void pass(struct machine *m, word us)
{
    m->k->h.time += us * US;
}

/* ... and whoever runs is interrupted then if it is for too long, or the node
 * wakes. */
UNUSED static void run_for(struct machine *m, word us)
{
    pass(m, us);
    if (m->k->h.time < m->k->h.deadline)
        return;
    m->k->h.pending |= PENDING_TIMER;
    if (m->k->h.current)
        enter(m, m->k->h.current, CAUSE_INTERRUPT);
    else
        kernel_reschedule(m->k);
}

UNUSED static paddr running(struct machine *m)
{
    return m->k->h.current;
}

#endif
