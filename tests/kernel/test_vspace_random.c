/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random mapping, unmapping, copying and deleting, with a model of the host's
 * processes beside it: each fills in what it touches, as a TLB does, and
 * forgets what the kernel says has changed. Never may one remember what is not
 * so any more. The machine checks itself after every entry.
 */
#include "fuzz/play.h"

#define SEEDS 40
#define STEPS 1000

struct model {
    struct player p; /* first: see host_forgets() */
    struct kernel_mapping filled[PLAYER_PROCESSES + 1][PLACES];
};

static const uint8_t methods[] = {
    METHOD_X86_PDPT_MAP,
    METHOD_X86_PDPT_UNMAP,
    METHOD_X86_PAGE_DIRECTORY_MAP,
    METHOD_X86_PAGE_DIRECTORY_UNMAP,
    METHOD_X86_PAGE_TABLE_MAP,
    METHOD_X86_PAGE_TABLE_UNMAP,
    METHOD_X86_PAGE_MAP,
    METHOD_X86_PAGE_MAP,
    METHOD_X86_PAGE_UNMAP,
    METHOD_X86_ASID_CONTROL_MAKE_POOL,
    METHOD_X86_ASID_POOL_ASSIGN,
    METHOD_CNODE_COPY,
    METHOD_CNODE_MOVE,
    METHOD_CNODE_DELETE,
    METHOD_CNODE_REVOKE,
};

static const struct taste taste = {
    .acts = { [ACT_INVOKE] = 24,
              [ACT_RETYPE] = 6,
              [ACT_MAP] = 24,
              [ACT_MESSAGE] = 1,
              [ACT_INTERRUPT] = 1,
              [ACT_HOST] = 8 },
    .methods = methods,
    .method_count = sizeof methods,
};

static void forget(struct model *m, word i, word vaddr, word bits)
{
    for (word j = 0; j < PLACES; j++) {
        struct kernel_mapping *f = &m->filled[i][j];

        if (f->frame && f->vaddr < vaddr + (1ul << bits) &&
            vaddr < f->vaddr + (1ul << f->bits))
            f->frame = 0;
    }
}

static void host_forgets(struct player *p, word i)
{
    const struct image_process *e = &p->m.k->h.process[i];
    struct model *m = (struct model *)p;

    for (uint32_t j = 0; j < e->change_count; j++)
        forget(m, i, e->change[j].vaddr, e->change[j].bits);
    if (e->flush_all || !e->vspace)
        forget(m, i, 0, 47);
}

static void check_same(const struct kernel_mapping *f,
                       const struct kernel_mapping *now)
{
    CHECK_EQ(f->frame, now->frame);
    CHECK_EQ(f->vaddr, now->vaddr);
    CHECK_EQ(f->bits, now->bits);
    CHECK_EQ(f->write, now->write);
    CHECK_EQ(f->user, now->user);
}

/* What is remembered is so; and what is so is remembered from now on, mostly.
 * Returns how much was remembered. */
static word host_touches(struct model *m, word i)
{
    struct kernel *k = m->p.m.k;
    word remembered = 0;

    for (word j = 0; k->h.process[i].vspace && j < PLACES; j++) {
        struct kernel_mapping *f = &m->filled[i][j];
        struct kernel_mapping now;

        kernel_translate(k, k->h.process[i].vspace, places[j], &now);
        if (f->frame) {
            check_same(f, &now);
            remembered++;
        }
        if (draw_word(&m->p.c) % 4)
            *f = now;
    }
    return remembered;
}

static word play_seed(word seed)
{
    static uint8_t bytes[BLOCK * (STEPS + 1)];
    const struct program program = { .bytes = bytes, .taste = &taste };
    struct model m = { 0 };
    word remembered = 0;

    bytes_of_seed(seed, bytes, sizeof bytes);
    play_begin(&m.p, &program);
    m.p.applies = host_forgets;
    for (size_t step = 1; step <= STEPS; step++) {
        if (!play_step(&m.p, bytes + BLOCK * step))
            break;
        for (word i = 1; i <= PLAYER_PROCESSES; i++) {
            process_applies(&m.p, i);
            remembered += host_touches(&m, i);
        }
    }
    CHECK_EQ(m.p.m.k->h.panicked, 0);
    machine_free(&m.p.m);
    return remembered;
}

static void a_process_never_remembers_what_is_not_so(void)
{
    static char name[64];
    word remembered = 0;

    for (word seed = 1; seed <= SEEDS; seed++) {
        snprintf(name, sizeof name, "a random program, seed %lu", seed);
        test_now = name;
        remembered += play_seed(seed);
    }
    CHECK(remembered > SEEDS * STEPS / 4); /* there was something to know */
}

TESTS(TEST(a_process_never_remembers_what_is_not_so))
