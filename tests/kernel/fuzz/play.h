/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Playing a random program.
 *
 * Each step is one entry into the kernel, rarely some more: by the current
 * thread or by an agent, for a system call, a fault or an interrupt; or the
 * host does something. What a step does follows from its block of bytes and
 * from what the machine is like by then. After every entry the machine checks
 * itself (h.config.check).
 */
#ifndef SEL4EMU_TESTS_KERNEL_FUZZ_PLAY_H
#define SEL4EMU_TESTS_KERNEL_FUZZ_PLAY_H

#include "fuzz/acts.h"
#include "fuzz/setup.h"

/* The core allocates nothing; and the leak checker cannot run where a process
 * is traced. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

/* ---- steps ---- */

static const struct taste usual_taste = {
    .acts = {
        [ACT_INVOKE] = 28,
        [ACT_RETYPE] = 6,
        [ACT_MAP] = 2,
        [ACT_MESSAGE] = 15,
        [ACT_WILD] = 2,
        [ACT_FAULT] = 3,
        [ACT_INTERRUPT] = 4,
        [ACT_HOST] = 4,
    },
};

static inline enum act any_act(struct player *p)
{
    const uint8_t *acts = p->taste->acts;
    word n = draw(&p->c, 64);
    int act = 0;

    while (act + 1 < ACT_COUNT && n >= acts[act])
        n -= acts[act++];
    return (enum act)act;
}

/* Who acts: the current thread, or an agent; 0: nobody can. An agent that
 * waits gives that up. */
static inline paddr any_actor(struct player *p)
{
    struct kernel *k = p->m.k;
    paddr t;

    if (k->h.current && draw(&p->c, 4))
        return k->h.current;
    t = find_thread(p, is_agent);
    if (!t)
        return k->h.current;
    if (kernel_state(k, t) != KERNEL_RUNNABLE) {
        TELL(p, "%s gives up waiting", name_of(p, t));
        kernel_agent(k, t);
    }
    return t;
}

/* Long operations are cut short: an interrupt comes in the middle. */
static inline void interrupt_soon(struct player *p)
{
    if (draw(&p->c, 8))
        return;
    timer_due(&p->m);
    p->m.k->h.work = 90 + (uint32_t)draw(&p->c, 10);
}

static inline void act_of_thread(struct player *p, enum act act)
{
    switch (act) {
    case ACT_INVOKE:
        act_invoke(p);
        break;
    case ACT_RETYPE:
        act_retype(p, OBJECT_COUNT);
        break;
    case ACT_MAP:
        act_map(p);
        break;
    case ACT_MESSAGE:
        act_message(p);
        break;
    case ACT_WILD:
        act_wild(p);
        break;
    default:
        act_fault(p);
        break;
    }
}

/* Nobody runs, but might as soon as it is time. */
static inline void time_passes(struct player *p)
{
    if (p->m.k->h.deadline == TIME_NEVER)
        return;
    TELL(p, "time passes");
    timer_due(&p->m);
    reschedule(p);
}

/* One step; false: it is over, one way or the other. */
static inline bool play_step(struct player *p, const uint8_t *block)
{
    struct kernel *k = p->m.k;
    enum act act;
    paddr actor;

    choices_open(&p->c, block);
    p->step++;
    p->busy += k->h.current != 0;
    if (k->h.paused && draw(&p->c, 4) == 0)
        host_resumes(p);
    if (!k->h.current && draw(&p->c, 4) == 0)
        time_passes(p);
    if (k->h.current && k->h.pending && draw(&p->c, 2))
        enter_for(p, k->h.current, CAUSE_INTERRUPT);
    act = any_act(p);
    actor = any_actor(p);
    if (!actor && k->h.deadline == TIME_NEVER)
        return false;
    if (actor)
        view_open(p, actor);
    if (act == ACT_HOST) {
        host_acts(p);
    } else if (act == ACT_INTERRUPT) {
        act_interrupt(p);
    } else if (actor) {
        if (actor == k->h.current)
            interrupt_soon(p);
        act_of_thread(p, act);
    }
    return !k->h.panicked;
}

/* ---- programs ---- */

struct program {
    const uint8_t *bytes;
    size_t size;
    int mcs; /* 0, 1; -1: the program itself says which kernel it is for */
    bool tells;
    const struct taste *taste; /* NULL: the usual one */
};

static inline void play_begin(struct player *p, const struct program *program)
{
    struct image_config config = default_config();

    arguments_check();
    *p = (struct player){
        .tells = program->tells,
        .taste = program->taste ? program->taste : &usual_taste,
    };
    choices_open(&p->c, program->bytes);
    config.memory_size = SETUP_MEMORY;
    config.cnode_bits = 8;
    config.mcs = (uint32_t)draw(&p->c, 2);
    if (program->mcs >= 0)
        config.mcs = (uint32_t)program->mcs;
    config.domains = draw(&p->c, 3) ? 1 : 3;
    config.clock = draw(&p->c, 2) ? CLOCK_REAL : CLOCK_VIRTUAL;
    config.trace = 0;
    setup_machine(p, &config, draw(&p->c, 2));
}

/* Play it to its end, or to the first violation. */
static inline void play(struct player *p, const struct program *program)
{
    play_begin(p, program);
    for (size_t at = BLOCK; at + BLOCK <= program->size; at += BLOCK)
        if (!play_step(p, program->bytes + at))
            break;
    if (p->m.k->h.panicked)
        TELL(p, "%s, at %#lx", p->m.k->h.panic, p->m.k->h.error.argument[0]);
}

#endif
