/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs for the MCS kernel: threads call each other, lend, stop,
 * delete and configure each other, and time passes; every invariant holds
 * after every entry (kernel_check). A failure prints its seed.
 *
 * Unlike test_random.c, whose programs do anything, these mostly do what makes
 * sense, so that call stacks and queues become long.
 */
#include "mcs.h"

#define SEEDS 60
#define ENTRIES 1500
#define SLOTS 40
#define EMPTY 0xffe

struct player {
    struct machine m;
    word state; /* of the random numbers */
    word first; /* of the slots */
    paddr agent;
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
    return p->first + draw(p, SLOTS);
}

/* A slot with such a capability, if one is found soon. */
static word slot_with(struct player *p, enum cap_type type)
{
    word slot = any_slot(p);

    for (word i = 0; i < 20 && slot_of(&p->m, slot)->cap.type != type; i++)
        slot = any_slot(p);
    return draw(p, 40) ? slot : any_slot(p);
}

#define TCB_SLOT(p) slot_with((p), CAP_THREAD)
#define EP_SLOT(p) slot_with((p), CAP_ENDPOINT)
#define NTFN_SLOT(p) slot_with((p), CAP_NOTIFICATION)
#define SC_SLOT(p) slot_with((p), CAP_SCHED_CONTEXT)
#define REPLY_SLOT(p) slot_with((p), CAP_REPLY)

struct request {
    word cptr;
    enum sel4_method method;
    struct message message;
};

#define REQUEST(c, m, ...)                                                     \
    (struct request)                                                           \
    {                                                                          \
        (c), (m),                                                              \
        {                                                                      \
            __VA_ARGS__                                                        \
        }                                                                      \
    }

/* ---- invocations ---- */

static struct request any_object(struct player *p)
{
    static const uint8_t types[] = {
        OBJECT_TCB,   OBJECT_TCB,   OBJECT_ENDPOINT,      OBJECT_NOTIFICATION,
        OBJECT_REPLY, OBJECT_REPLY, OBJECT_SCHED_CONTEXT, OBJECT_SCHED_CONTEXT,
    };
    uint8_t type = types[draw(p, sizeof types)];
    word number = sel4_number_of_object[1][type];

    return REQUEST(p->m.untyped, METHOD_UNTYPED_RETYPE,
                   WORDS(number, 7 + draw(p, 2), 0, 0, any_slot(p), 1),
                   CAPS(ROOT));
}

static struct request any_copy(struct player *p)
{
    static const word rights[] = { RIGHT_ALL, RIGHT_ALL, RIGHT_WRITE,
                                   RIGHT_WRITE | RIGHT_GRANT_REPLY };

    return REQUEST(ROOT, METHOD_CNODE_MINT,
                   WORDS(any_slot(p), 64, any_slot(p), 64, rights[draw(p, 4)],
                         draw(p, 3)),
                   CAPS(ROOT));
}

static struct request any_end(struct player *p)
{
    static const uint8_t methods[] = {
        METHOD_CNODE_DELETE,
        METHOD_CNODE_DELETE,
        METHOD_CNODE_REVOKE,
        METHOD_CNODE_CANCEL_BADGED_SENDS,
    };

    return REQUEST(ROOT, methods[draw(p, 4)], WORDS(any_slot(p), 64));
}

static struct request any_times(struct player *p)
{
    word budget = 20 + draw(p, 200);
    word period = draw(p, 3) ? budget + draw(p, 500) : budget;

    return REQUEST(
        p->m.k->h.boot.sched_control, METHOD_SCHED_CONTROL_CONFIGURE_FLAGS,
        WORDS(budget, period, draw(p, 4) ? 0 : draw(p, 9), 1, draw(p, 2)),
        CAPS(SC_SLOT(p)));
}

static struct request any_context(struct player *p)
{
    static const uint8_t methods[] = {
        METHOD_SCHED_CONTEXT_BIND,          METHOD_SCHED_CONTEXT_BIND,
        METHOD_SCHED_CONTEXT_BIND,          METHOD_SCHED_CONTEXT_UNBIND,
        METHOD_SCHED_CONTEXT_UNBIND_OBJECT, METHOD_SCHED_CONTEXT_YIELD_TO,
        METHOD_SCHED_CONTEXT_YIELD_TO,      METHOD_SCHED_CONTEXT_CONSUMED,
    };

    return REQUEST(SC_SLOT(p), methods[draw(p, sizeof methods)],
                   CAPS(draw(p, 3) ? TCB_SLOT(p) : NTFN_SLOT(p)));
}

static struct request any_parameters(struct player *p)
{
    word sc = draw(p, 4) ? SC_SLOT(p) : EMPTY;
    word handler = draw(p, 2) ? EP_SLOT(p) : EMPTY;

    switch (draw(p, 4)) {
    case 0:
        return REQUEST(TCB_SLOT(p), METHOD_TCB_SET_TIMEOUT_ENDPOINT,
                       CAPS(handler));
    case 1:
        return REQUEST(TCB_SLOT(p), METHOD_TCB_SET_PRIORITY,
                       WORDS(50 + draw(p, 3)), CAPS(SEL4_CAP_INIT_THREAD_TCB));
    default:
        return REQUEST(TCB_SLOT(p), METHOD_TCB_SET_SCHED_PARAMS,
                       WORDS(255, 50 + draw(p, 3)),
                       CAPS(SEL4_CAP_INIT_THREAD_TCB, sc, handler));
    }
}

static struct request any_thread(struct player *p)
{
    switch (draw(p, 8)) {
    case 0:
        return REQUEST(TCB_SLOT(p), METHOD_TCB_SUSPEND, .label = 0);
    case 1:
        return REQUEST(TCB_SLOT(p), METHOD_TCB_BIND_NOTIFICATION,
                       CAPS(NTFN_SLOT(p)));
    case 2:
        return REQUEST(TCB_SLOT(p), METHOD_TCB_UNBIND_NOTIFICATION, .label = 0);
    case 3:
        return REQUEST(SEL4_CAP_DOMAIN, METHOD_DOMAIN_SET_SET,
                       WORDS(draw(p, 2)), CAPS(TCB_SLOT(p)));
    case 4:
        return REQUEST(TCB_SLOT(p), METHOD_TCB_CONFIGURE, WORDS(0, 0, 0),
                       CAPS(ROOT, SEL4_CAP_INIT_THREAD_VSPACE, EMPTY));
    default:
        return REQUEST(TCB_SLOT(p), METHOD_TCB_RESUME, .label = 0);
    }
}

static struct request any_request(struct player *p)
{
    switch (draw(p, 12)) {
    case 0:
        return any_object(p);
    case 1:
        return any_copy(p);
    case 2:
        return draw(p, 4) ? any_copy(p) : any_end(p);
    case 3:
    case 4:
        return any_times(p);
    case 5:
    case 6:
        return any_context(p);
    case 7:
    case 8:
        return any_parameters(p);
    default:
        return any_thread(p);
    }
}

static void ask(struct player *p, paddr tcb, const struct request *r)
{
    struct message m = r->message;

    m.label = sel4_label_of_method[1][r->method];
    trap(&p->m, tcb, SYS_CALL, r->cptr, &m);
}

/* ---- messages ---- */

static void talk(struct player *p, paddr tcb)
{
    static const uint8_t calls[] = {
        SYS_CALL,       SYS_CALL,         SYS_CALL,         SYS_SEND,
        SYS_NB_SEND,    SYS_RECV,         SYS_RECV,         SYS_NB_RECV,
        SYS_WAIT,       SYS_NB_WAIT,      SYS_REPLY_RECV,   SYS_REPLY_RECV,
        SYS_REPLY_RECV, SYS_NB_SEND_RECV, SYS_NB_SEND_WAIT, SYS_YIELD,
    };
    word *r = kernel_registers(p->m.k, tcb);
    enum sel4_sys sys = calls[draw(p, sizeof calls)];
    word cptr = draw(p, 5) ? EP_SLOT(p) : NTFN_SLOT(p);

    if (sys == SYS_SEND && draw(p, 2))
        cptr = REPLY_SLOT(p);
    r[REG_REPLY] = sys == SYS_NB_SEND_WAIT ? EP_SLOT(p) : REPLY_SLOT(p);
    r[REG_DEST] = draw(p, 2) ? EP_SLOT(p) : REPLY_SLOT(p);
    trap(&p->m, tcb, sys, cptr,
         &(struct message){ .label = draw(p, 2), .count = draw(p, 8) });
}

static void fault(struct player *p, paddr tcb)
{
    struct kernel_cause cause = { .kind = CAUSE_EXCEPTION, .number = 3 };

    kernel_enter(p->m.k, &test_host, tcb, &cause);
}

/* ---- who acts ---- */

static void act(struct player *p, paddr tcb)
{
    struct request r;

    if (draw(p, 3)) {
        talk(p, tcb);
        return;
    }
    r = any_request(p);
    ask(p, tcb, &r);
}

static void act_as_current(struct player *p)
{
    paddr tcb = p->m.k->h.current;

    switch (draw(p, 30)) {
    case 0:
        fault(p, tcb);
        break;
    case 1:
        enter(&p->m, tcb, CAUSE_HOST_BLOCK);
        break;
    case 2:
        enter(&p->m, tcb, CAUSE_INTERRUPT);
        break;
    case 3:
        enter(&p->m, tcb, CAUSE_TSC);
        break;
    case 4:
        trap(&p->m, tcb, SYS_DEBUG_CAP_IDENTIFY, any_slot(p), NULL);
        break;
    case 5:
        if (draw(p, 8) == 0)
            enter(&p->m, tcb, CAUSE_LOST);
        break;
    default:
        act(p, tcb);
    }
}

static void act_as_agent(struct player *p, paddr tcb)
{
    struct request r;

    if (!tcb || !kernel_thread_of(p->m.k, tcb))
        return;
    if (kernel_state(p->m.k, tcb) != KERNEL_RUNNABLE) {
        if (draw(p, 3))
            return;
        kernel_agent(p->m.k, tcb);
    }
    r = any_request(p);
    if (tcb == p->m.k->h.boot.root_tcb || draw(p, 2))
        ask(p, tcb, &r);
    else
        talk(p, tcb);
    p->m.k->h.wake = 0;
}

static void act_as_host(struct player *p)
{
    struct kernel *k = p->m.k;

    if (draw(p, 4) == 0) {
        k->h.paused = !k->h.paused;
        if (!k->h.paused)
            kernel_reschedule(k);
        return;
    }
    k->h.work = draw(p, 100);
    if (draw(p, 4) == 0)
        k->h.pending |= draw(p, 4);
    for (paddr t = kernel_next_thread(k, 0), next; t; t = next) {
        next = kernel_next_thread(k, t);
        if (kernel_state(k, t) == KERNEL_HOST)
            enter(&p->m, t, CAUSE_HOST_WAKE);
        else if (draw(p, 200) == 0)
            enter(&p->m, t, CAUSE_LOST);
    }
}

/* Often the interrupt comes in time; sometimes somebody enters before. */
static void let_time_pass(struct player *p)
{
    struct kernel *k = p->m.k;

    k->h.time += draw(p, 3) ? draw(p, 10 * US) : draw(p, 200 * US);
    if (k->h.time < k->h.deadline || draw(p, 4) == 0)
        return;
    k->h.pending |= PENDING_TIMER;
    if (k->h.current)
        enter(&p->m, k->h.current, CAUSE_INTERRUPT);
    else
        kernel_reschedule(k);
}

/* ---- a game ---- */

static void begin(struct player *p)
{
    for (word d = 0; d < p->m.k->h.config.domains; d++)
        CHECK_EQ(INVOKE(&p->m, SEL4_CAP_DOMAIN,
                        METHOD_DOMAIN_SET_SCHEDULE_CONFIGURE,
                        WORDS(d, d, 500 * 1000)),
                 0);
    for (word i = 0; i < 6 * SLOTS; i++) {
        struct request r = any_object(p);

        ask(p, p->m.caller, &r);
    }
    for (word i = 0; i < 20; i++) {
        struct request r =
            REQUEST(TCB_SLOT(p), METHOD_TCB_CONFIGURE, WORDS(0, 0, 0),
                    CAPS(ROOT, SEL4_CAP_INIT_THREAD_VSPACE, EMPTY));

        ask(p, p->m.caller, &r);
    }
}

static void play(word seed)
{
    struct image_config config = mcs_config();
    struct player p = { .state = seed * 0x9e3779b97f4a7c15 };

    config.domains = seed % 4 == 0 ? 2 : 1;
    if (seed % 3 == 0)
        config.clock = CLOCK_VIRTUAL;
    p.m = machine_new_config(&config);
    p.agent = agent_new(&p.m).tcb;
    p.first = p.m.next_slot;
    begin(&p);
    for (int i = 0; i < ENTRIES && !p.m.k->h.panicked; i++) {
        let_time_pass(&p);
        if (draw(&p, 30) == 0)
            act_as_host(&p);
        else if (p.m.k->h.current && draw(&p, 4))
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
