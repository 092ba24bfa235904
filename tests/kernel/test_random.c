/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs: whatever threads and agents ask for, every invariant of
 * the machine holds after every entry (kernel_check), and nothing is touched
 * that should not be (the sanitizers). A failure prints its seed.
 */
#include "harness.h"

#define SEEDS 40
#define ENTRIES 1500
#define SLOTS 48 /* of the root CNode, where programs play */

struct player {
    struct machine m;
    word state;  /* of the random numbers */
    word first;  /* of the slots */
    paddr agent; /* beside the root agent */
};

static word draw(struct player *p, word below)
{
    p->state ^= p->state << 13;
    p->state ^= p->state >> 7;
    p->state ^= p->state << 17;
    return (p->state >> 11) % below;
}

static word any_slot(struct player *p)
{
    if (draw(p, 12) == 0)
        return draw(p, 16);
    return p->first + draw(p, SLOTS);
}

/* A word that means something to some method. */
static word any_word(struct player *p)
{
    switch (draw(p, 8)) {
    case 0:
        return draw(p, 16);
    case 1:
        return 64;
    case 2:
        return draw(p, 300);
    case 3:
        return 0x400000 + (draw(p, 16) << 12);
    case 4:
        return p->state;
    default:
        return any_slot(p);
    }
}

static struct message any_message(struct player *p)
{
    struct message m = { .count = draw(p, 10), .cap_count = draw(p, 4) };

    m.label = 1 + draw(p, SEL4_LABEL_COUNT[0]);
    for (word i = 0; i < m.count; i++)
        m.words[i] = any_word(p);
    for (word i = 0; i < m.cap_count; i++)
        m.caps[i] = draw(p, 3) ? any_slot(p) : ROOT;
    return m;
}

/* Messages that mostly succeed, so that there is something to play with. */
static struct message likely_message(struct player *p, word *cptr)
{
    static const uint8_t methods[] = {
        METHOD_CNODE_COPY,
        METHOD_CNODE_MINT,
        METHOD_CNODE_MOVE,
        METHOD_CNODE_DELETE,
        METHOD_CNODE_REVOKE,
        METHOD_CNODE_SAVE_CALLER,
        METHOD_CNODE_CANCEL_BADGED_SENDS,
    };
    uint8_t method = methods[draw(p, sizeof methods)];

    *cptr = ROOT;
    if (draw(p, 2) == 0) {
        static const uint8_t types[] = { 0, 1, 2, 3, 4, 2, 1, 3, 8, 10 };
        word type = types[draw(p, sizeof types)];
        word bits = type == OBJECT_UNTYPED ? 12 + draw(p, 6) : 1 + draw(p, 7);

        *cptr = draw(p, 2) ? p->m.untyped : any_slot(p);
        return (struct message){
            .label = sel4_label_of_method[0][METHOD_UNTYPED_RETYPE],
            WORDS(type, bits, 0, 0, any_slot(p), 1 + draw(p, 3)),
            CAPS(ROOT)
        };
    }
    /* Sometimes into a CNode other than the root. */
    bool inside = draw(p, 4) == 0;
    if (inside)
        *cptr = any_slot(p);
    return (struct message){ .label = sel4_label_of_method[0][method],
                             WORDS(inside ? draw(p, 8) : any_slot(p),
                                   inside ? 1 + draw(p, 7) : 64, any_slot(p),
                                   64, draw(p, 16), draw(p, 4)),
                             CAPS(ROOT) };
}

/* A TCB invocation that mostly succeeds. */
static struct message likely_tcb(struct player *p)
{
    static const uint8_t methods[] = {
        METHOD_TCB_RESUME,
        METHOD_TCB_SUSPEND,
        METHOD_TCB_SET_PRIORITY,
        METHOD_TCB_BIND_NOTIFICATION,
        METHOD_TCB_UNBIND_NOTIFICATION,
        METHOD_TCB_CONFIGURE,
        METHOD_TCB_WRITE_REGISTERS,
        METHOD_TCB_COPY_REGISTERS,
        METHOD_TCB_READ_REGISTERS,
        METHOD_TCB_SET_FLAGS,
        METHOD_TCB_RESUME,
        METHOD_TCB_CONFIGURE,
    };
    uint8_t method = methods[draw(p, sizeof methods)];
    struct message m = { .label = sel4_label_of_method[0][method],
                         WORDS(draw(p, 4), 0, 0, 0x400),
                         CAPS(any_slot(p), any_slot(p), any_slot(p)) };

    if (method == METHOD_TCB_CONFIGURE) {
        m.words[0] = any_slot(p);
        m.caps[0] = ROOT;
        m.caps[1] = SEL4_CAP_INIT_THREAD_VSPACE;
        m.words[3] = draw(p, 2) ? 0x400 : 0;
    }
    if (method == METHOD_TCB_SET_PRIORITY)
        m.caps[0] = SEL4_CAP_INIT_THREAD_TCB;
    return m;
}

static void any_call(struct player *p, paddr tcb)
{
    static const uint8_t calls[] = {
        SYS_CALL,
        SYS_CALL,
        SYS_CALL,
        SYS_SEND,
        SYS_NB_SEND,
        SYS_RECV,
        SYS_NB_RECV,
        SYS_REPLY,
        SYS_REPLY_RECV,
        SYS_YIELD,
        SYS_DEBUG_CAP_IDENTIFY,
        SYS_SET_TLS_BASE,
    };
    word cptr = any_slot(p);
    struct message m = any_message(p);
    enum sel4_sys sys = calls[draw(p, sizeof calls)];

    switch (draw(p, 4)) {
    case 0:
        m = likely_message(p, &cptr);
        sys = SYS_CALL;
        break;
    case 1:
        m = likely_tcb(p);
        sys = SYS_CALL;
        break;
    default:
        break;
    }
    trap(&p->m, tcb, sys, cptr, &m);
}

static void fault(struct player *p, paddr tcb)
{
    struct kernel_cause cause = {
        .kind = draw(p, 2) ? CAUSE_VM_FAULT : CAUSE_EXCEPTION,
        .number = draw(p, 20),
        .address = any_word(p),
        .code = draw(p, 32),
    };

    kernel_enter(p->m.k, &test_host, tcb, &cause);
}

/* Let every thread that waits for the host go on. */
static void wake_from_host(struct player *p)
{
    for (paddr t = kernel_next_thread(p->m.k, 0), next; t; t = next) {
        next = kernel_next_thread(p->m.k, t);
        if (kernel_state(p->m.k, t) == KERNEL_HOST)
            enter(&p->m, t, CAUSE_HOST_WAKE);
    }
}

static void act_as_current(struct player *p)
{
    paddr tcb = p->m.k->h.current;

    switch (draw(p, 16)) {
    case 0:
        p->m.k->h.pending |= draw(p, 4);
        enter(&p->m, tcb, CAUSE_INTERRUPT);
        break;
    case 1:
        fault(p, tcb);
        break;
    case 2:
        enter(&p->m, tcb, CAUSE_HOST_BLOCK);
        break;
    case 3:
        if (draw(p, 8) == 0)
            enter(&p->m, tcb, CAUSE_LOST);
        break;
    default:
        any_call(p, tcb);
    }
}

static void act_as_host(struct player *p)
{
    struct kernel *k = p->m.k;

    switch (draw(p, 4)) {
    case 0:
        k->h.paused = !k->h.paused;
        if (!k->h.paused)
            kernel_reschedule(k);
        break;
    case 1:
        k->h.pending |= draw(p, 4);
        k->h.work = draw(p, 100); /* long operations are cut short early */
        break;
    default:
        wake_from_host(p);
    }
}

/* An agent acts if it can; one that has gone is not missed. */
static void act_as_agent(struct player *p, paddr tcb)
{
    if (tcb && kernel_thread_of(p->m.k, tcb) &&
        kernel_state(p->m.k, tcb) != KERNEL_HOST) {
        if (kernel_state(p->m.k, tcb) != KERNEL_RUNNABLE)
            kernel_agent(p->m.k, tcb);
        any_call(p, tcb);
    }
    p->m.k->h.wake = 0;
}

/* Threads are preempted in the middle of their calls, too. */
static void interrupt_soon(struct player *p)
{
    if (draw(p, 4) == 0) {
        timer_due(&p->m);
        p->m.k->h.work = 90 + draw(p, 10);
    }
}

static void play(word seed)
{
    struct image_config config = default_config();
    struct player p = { .state = seed * 0x9e3779b97f4a7c15 };

    config.domains = 1 + seed % 2;
    p.m = machine_new_config(&config);
    p.agent = agent_new(&p.m).tcb;
    p.m.untyped = object_new(&p.m, OBJECT_UNTYPED, 19);
    p.first = p.m.next_slot;
    for (int i = 0; i < ENTRIES && !p.m.k->h.panicked; i++) {
        interrupt_soon(&p);
        if (draw(&p, 20) == 0)
            act_as_host(&p);
        else if (p.m.k->h.current && draw(&p, 3))
            act_as_current(&p);
        else
            act_as_agent(&p, draw(&p, 4) ? p.m.k->h.boot.root_tcb : p.agent);
    }
    if (p.m.k->h.panicked) {
        fprintf(stderr, "seed %lu: %s at %#lx\n", seed, p.m.k->h.panic,
                p.m.k->h.error.argument[0]);
        exit(1);
    }
    machine_free(&p.m);
}

static void every_invariant_holds_after_every_entry(void)
{
    for (word seed = 1; seed <= SEEDS; seed++)
        play(seed);
}

TESTS(TEST(every_invariant_holds_after_every_entry))
