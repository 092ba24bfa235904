/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The small machine that random programs begin with.
 *
 *   yard    CNode of 32 slots: nearly everything
 *   shed    CNode of 16 slots: copies, a little memory, empty slots
 *   gate    CNode of 16 slots without a guard; leads to yard and shed, and has
 *           VSpaces and their tables
 *
 *   root, helper   agents, in yard and behind the gate
 *   t0, t1         threads of one priority, in yard and shed
 *   t2             a thread of a lower priority, behind the gate
 *
 * t1 and t2 may be servers, which wait for calls from the beginning.
 *
 * Nobody can name the root CNode, so the memory that all this is made of stays.
 */
#ifndef SEL4EMU_TESTS_KERNEL_FUZZ_SETUP_H
#define SEL4EMU_TESTS_KERNEL_FUZZ_SETUP_H

#include "fuzz/player.h"
#include "mcs.h"

#define SETUP_MEMORY (8ul << 20)
#define YARD_BITS 5
#define SHED_BITS 4
#define GATE_BITS 4

struct setup {
    struct machine *m;
    bool servers;
    word yard, shed, gate; /* slots of the root CNode */
    word in_yard, in_shed, in_gate;
    struct thread t[3];
    struct thread helper;
    struct context context[3]; /* MCS */
    word vspace[2];
    word root_space;
};

static inline void setup_fails(const char *what)
{
    fprintf(stderr, "the machine of random programs: %s\n", what);
    abort();
}

#define DO(call)                                                               \
    do {                                                                       \
        if ((call) != SEL4_NO_ERROR)                                           \
            setup_fails(#call);                                                \
    } while (0)

/* A copy of a CNode's capability, with a guard of zeros. */
static inline word with_guard(struct machine *m, word cnode, word bits)
{
    word slot = slot_new(m);

    DO(cap_mint(m, slot, cnode, RIGHT_ALL, bits));
    return slot;
}

static inline void put(struct setup *s, word cnode, word *index, word bits,
                       word source)
{
    DO(INVOKE(s->m, cnode, METHOD_CNODE_MOVE,
              WORDS((*index)++, bits, source, 64), CAPS(ROOT)));
}

static inline void put_copy(struct setup *s, word cnode, word *index, word bits,
                            word source)
{
    word slot = slot_new(s->m);

    DO(cap_copy(s->m, slot, source, RIGHT_ALL));
    put(s, cnode, index, bits, slot);
}

#define YARD(source) put(s, s->yard, &s->in_yard, YARD_BITS, (source))
#define YARD_COPY(source) put_copy(s, s->yard, &s->in_yard, YARD_BITS, (source))
#define SHED(source) put(s, s->shed, &s->in_shed, SHED_BITS, (source))
#define GATE(source) put(s, s->gate, &s->in_gate, GATE_BITS, (source))
#define SHED_COPY(source) put_copy(s, s->shed, &s->in_shed, SHED_BITS, (source))

/* Untyped memory of this size that boot left. */
static inline word boot_untyped(struct machine *m, word bits, bool device)
{
    for (word i = m->k->h.boot.untyped_start; i < m->k->h.boot.untyped_end; i++)
        if (i != m->untyped && slot_of(m, i)->cap.untyped.bits == bits &&
            slot_of(m, i)->cap.untyped.device == device)
            return i;
    setup_fails("no untyped memory of a size is left");
    return 0;
}

static inline void setup_memory(struct setup *s)
{
    struct machine *m = s->m;
    word huge = slot_new(m), large = slot_new(m), large_ram = slot_new(m);
    word device = boot_untyped(m, 32, true);

    DO(retype(m, device, OBJECT_UNTYPED, 30, huge));
    DO(retype(m, device, OBJECT_UNTYPED, 21, large));
    YARD(huge);
    YARD(large);
    DO(retype(m, boot_untyped(m, 21, false), OBJECT_UNTYPED, 21, large_ram));
    YARD(large_ram);
    YARD(object_new(m, OBJECT_UNTYPED, 16));
    YARD(object_new(m, OBJECT_UNTYPED, 14));
    YARD(object_new(m, OBJECT_UNTYPED, 12));
    SHED(object_new(m, OBJECT_UNTYPED, 14));
    SHED(object_new(m, OBJECT_UNTYPED, 12));
}

static inline void setup_objects(struct setup *s)
{
    struct machine *m = s->m;

    for (int i = 0; i < 2; i++) {
        word endpoint = object_new(m, OBJECT_ENDPOINT, 0);
        word notification = object_new(m, OBJECT_NOTIFICATION, 0);
        word badged = slot_new(m);

        DO(cap_mint(m, badged, endpoint, RIGHT_ALL, 1 + (word)i));
        SHED(badged);
        SHED_COPY(notification);
        YARD(endpoint);
        YARD(notification);
    }
    for (int i = 0; i < 2 && m->k->h.config.mcs; i++)
        SHED(object_new(m, OBJECT_REPLY, 0));
    YARD(SEL4_CAP_IRQ_CONTROL);
    YARD(SEL4_CAP_ASID_CONTROL);
    YARD(SEL4_CAP_IO_PORT_CONTROL);
    YARD_COPY(SEL4_CAP_INIT_THREAD_ASID_POOL);
    YARD_COPY(SEL4_CAP_DOMAIN);
}

/* MCS: what gives time to the threads, and what answers go through. */
static inline void setup_time(struct setup *s)
{
    struct machine *m = s->m;

    for (int i = 0; i < 3; i++) {
        s->context[i] = context_with(m, i == 1 ? 1000 : 500, 1000);
        DO(context_bind(m, s->context[i], s->t[i].cap));
    }
    YARD_COPY(m->k->h.boot.sched_control);
}

/* ---- threads ---- */

/* The endpoint that faults go to is the first one, in the yard. */
static inline word set_space(struct setup *s, word tcb, word cspace,
                             word vspace)
{
    struct machine *m = s->m;

    if (m->k->h.config.mcs)
        return INVOKE(m, tcb, METHOD_TCB_SET_SPACE, WORDS(0, 0),
                      CAPS(SEL4_CAP_NULL, cspace, vspace));
    return INVOKE(m, tcb, METHOD_TCB_SET_SPACE, WORDS(1, 0, 0),
                  CAPS(cspace, vspace));
}

/* A VSpace with an ASID. */
static inline word setup_vspace(struct machine *m)
{
    word pml4 = object_new(m, OBJECT_PML4, 0);

    DO(INVOKE(m, SEL4_CAP_INIT_THREAD_ASID_POOL, METHOD_X86_ASID_POOL_ASSIGN,
              CAPS(pml4)));
    return pml4;
}

static inline void setup_threads(struct setup *s)
{
    static const word priority[] = { 100, 100, 50 };
    static const char *const name[] = { "t0", "t1", "t2" };
    struct machine *m = s->m;

    for (int i = 0; i < 3; i++) {
        s->t[i] = thread_new(m, priority[i]);
        kernel_set_name(m->k, s->t[i].tcb, name[i]);
        DO(INVOKE(m, s->t[i].cap, METHOD_TCB_SET_MC_PRIORITY,
                  WORDS(SEL4_MAX_PRIO), CAPS(SEL4_CAP_INIT_THREAD_TCB)));
    }
    s->helper = agent_new(m);
    kernel_set_name(m->k, s->helper.tcb, "helper");
    kernel_set_name(m->k, m->k->h.boot.root_tcb, "root");
}

/* Tables for the first of the addresses that things are mapped at. */
static inline void setup_tables(struct setup *s)
{
    static const struct {
        uint8_t object, method;
    } tables[] = {
        { OBJECT_PDPT, METHOD_X86_PDPT_MAP },
        { OBJECT_PAGE_DIRECTORY, METHOD_X86_PAGE_DIRECTORY_MAP },
        { OBJECT_PAGE_TABLE, METHOD_X86_PAGE_TABLE_MAP },
    };
    struct machine *m = s->m;

    for (int i = 0; i < 3; i++) {
        word table = object_new(m, tables[i].object, 0);

        DO(INVOKE(m, table, tables[i].method, WORDS(0x10000000, 0),
                  CAPS(s->vspace[0])));
        GATE(table);
    }
}

/* ... into their spaces; the root agent follows at the end. */
static inline void setup_spaces(struct setup *s)
{
    struct machine *m = s->m;
    word yard = with_guard(m, s->yard, 64 - YARD_BITS);
    word shed = with_guard(m, s->shed, 64 - SHED_BITS);
    const word space[3] = { yard, shed, s->gate };

    s->vspace[0] = setup_vspace(m);
    s->vspace[1] = setup_vspace(m);
    GATE(with_guard(m, s->yard, 64 - GATE_BITS - YARD_BITS));
    GATE(with_guard(m, s->shed, 64 - GATE_BITS - SHED_BITS));
    for (int i = 0; i < 3; i++)
        DO(set_space(s, s->t[i].cap, space[i], s->vspace[i == 2]));
    DO(set_space(s, s->helper.cap, s->gate, s->vspace[0]));
    s->root_space = yard;
    setup_tables(s);
}

/* A server waits at its endpoint; its time, if it had any, is its callers'. */
static inline void serve(struct setup *s, word i)
{
    word gate = i == 2 ? 1ul << (64 - GATE_BITS) : 0; /* the shed's place */
    struct machine *m = s->m;

    kernel_registers(m->k, s->t[i].tcb)[REG_REPLY] = gate + 4 + i;
    trap(m, s->t[i].tcb, SYS_RECV, gate + 2 * i - 1, NULL);
    if (m->k->h.config.mcs)
        DO(context_unbind(m, s->context[i]));
}

static inline void setup_running(struct setup *s)
{
    static const uint8_t order[3] = { 1, 2, 0 };

    for (int i = 0; i < 3; i++) {
        word t = order[i];

        DO(thread_resume(s->m, s->t[t]));
        if (s->servers && t > 0)
            serve(s, t);
    }
    for (int i = 0; i < 3 && s->m->k->h.config.mcs; i++)
        YARD(s->context[i].cap);
}

static inline void setup_yard(struct setup *s)
{
    struct machine *m = s->m;

    s->yard = object_new(m, OBJECT_CNODE, YARD_BITS);
    s->shed = object_new(m, OBJECT_CNODE, SHED_BITS);
    s->gate = object_new(m, OBJECT_CNODE, GATE_BITS);
    s->in_yard = s->in_shed = 1;
    setup_objects(s);
    setup_memory(s);
    setup_threads(s);
    setup_spaces(s);
}

/* What refers to threads and CNodes goes into the yard at last. */
static inline void setup_references(struct setup *s)
{
    struct machine *m = s->m;

    YARD(with_guard(m, s->yard, 64 - YARD_BITS));
    YARD(with_guard(m, s->shed, 64 - SHED_BITS));
    SHED(with_guard(m, s->shed, 64 - SHED_BITS));
    YARD_COPY(s->gate);
    if (m->k->h.config.mcs)
        setup_time(s);
    setup_running(s);
    for (int i = 0; i < 3; i++)
        YARD(s->t[i].cap);
    SHED(s->t[0].frame);
    GATE(s->t[1].frame);
    GATE(s->t[2].frame);
    SHED(s->helper.frame);
    SHED_COPY(s->helper.cap);
    YARD(s->helper.cap);
    YARD_COPY(s->vspace[0]);
    GATE(s->vspace[0]);
    GATE(s->vspace[1]);
    DO(set_space(s, SEL4_CAP_INIT_THREAD_TCB, s->root_space,
                 SEL4_CAP_INIT_THREAD_VSPACE));
}

static inline void setup_machine(struct player *p,
                                 const struct image_config *config,
                                 bool servers)
{
    struct setup s = { .m = &p->m, .servers = servers };

    if (!test_now)
        test_now = "the machine of a random program";
    p->m = machine_new_config(config);
    setup_yard(&s);
    setup_references(&s);
    p->m.k->h.events = 0;
    p->m.k->h.wake = 0;
}

#undef DO
#undef YARD
#undef YARD_COPY
#undef SHED
#undef SHED_COPY
#undef GATE

#endif
