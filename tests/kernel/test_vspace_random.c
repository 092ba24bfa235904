/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random mapping, unmapping, copying and deleting, with a model of the host
 * beside it: each vspace gets a process that fills in what it touches, as a TLB
 * does, and forgets what the kernel says has changed. Never may it remember
 * what is not so any more. The machine checks itself after every entry.
 */
#include "kernel/arch.h"
#include "paging.h"

#define SEEDS 20
#define STEPS 2000
#define SLOTS 48
#define PROCESSES 6

/* Addresses that are mapped at and looked at. */
static const word places[] = {
    BASE,
    BASE + 0x1000,
    BASE + 0x2000,
    BASE + MIB2,
    BASE + 3 * MIB2 + 0x5000,
    GIB,
    GIB + 0x1000,
    TIB_HALF,
    TIB_HALF + 0x1000,
    TIB_HALF + GIB + MIB2,
};
#define PLACES (sizeof places / sizeof *places)

struct model {
    struct machine m;
    word state;  /* of the random numbers */
    word first;  /* of the slots */
    word memory; /* slot of the untyped memory that is played with */
    struct kernel_mapping filled[PROCESSES + 1][PLACES];
};

static word draw(struct model *r, word below)
{
    r->state ^= r->state << 13;
    r->state ^= r->state >> 7;
    r->state ^= r->state << 17;
    return (r->state >> 11) % below;
}

static word any_slot(struct model *r)
{
    return r->first + draw(r, SLOTS);
}

/* A slot that holds a capability of this type, or any slot. */
static word slot_with(struct model *r, enum cap_type type)
{
    word start = draw(r, SLOTS);

    for (word i = 0; i < SLOTS; i++) {
        word slot = r->first + (start + i) % SLOTS;

        if (slot_of(&r->m, slot)->cap.type == (word)type)
            return slot;
    }
    return any_slot(r);
}

/* ---- the host ---- */

/* A vspace that has an ASID and no process gets one, if one is free. */
static void host_adopt(struct model *r)
{
    struct kernel *k = r->m.k;

    for (word i = 0; i < SLOTS; i++) {
        union cap cap = slot_of(&r->m, r->first + i)->cap;
        word *pml4 = kernel_memory(k, cap.obj);
        word p = 1;

        if (arch_vspace_of(k, cap) == 0 || pml4[VSPACE_PROCESS_WORD])
            continue;
        while (p <= PROCESSES && k->h.process[p].flags)
            p++;
        if (p > PROCESSES)
            return;
        k->h.process[p].flags = PROCESS_USED;
        k->h.process[p].vspace = cap.obj;
        pml4[VSPACE_PROCESS_WORD] = p;
    }
}

static void host_forget(struct model *r, word p, word vaddr, word bits)
{
    for (word i = 0; i < PLACES; i++) {
        struct kernel_mapping *f = &r->filled[p][i];

        if (f->frame && f->vaddr < vaddr + (1ul << bits) &&
            vaddr < f->vaddr + (1ul << f->bits))
            f->frame = 0;
    }
}

static void host_apply(struct model *r, word p)
{
    struct image_process *e = &r->m.k->h.process[p];

    for (uint32_t i = 0; i < e->change_count; i++)
        host_forget(r, p, e->change[i].vaddr, e->change[i].bits);
    if (e->flush_all || !e->vspace)
        host_forget(r, p, 0, 47);
    e->change_count = 0;
    e->flush_all = 0;
    if (!e->vspace)
        e->flags = 0;
}

/* What is remembered is so; and what is so is remembered from now on. */
static void host_touch(struct model *r, word p)
{
    struct image_process *e = &r->m.k->h.process[p];

    for (word i = 0; e->vspace && i < PLACES; i++) {
        struct kernel_mapping *f = &r->filled[p][i];
        struct kernel_mapping now;

        kernel_translate(r->m.k, e->vspace, places[i], &now);
        if (f->frame) {
            CHECK_EQ(f->frame, now.frame);
            CHECK_EQ(f->vaddr, now.vaddr);
            CHECK_EQ(f->bits, now.bits);
            CHECK_EQ(f->write, now.write);
            CHECK_EQ(f->user, now.user);
        }
        if (draw(r, 4))
            *f = now;
    }
}

/* ---- the program ---- */

static word retype_any(struct model *r, enum sel4_object type)
{
    word slot = slot_with(r, CAP_NULL);

    if (retype(&r->m, r->memory, type, 0, slot) == SEL4_NOT_ENOUGH_MEMORY)
        cap_revoke(&r->m, r->memory);
    return slot;
}

static void step_retype(struct model *r)
{
    static const uint8_t types[] = {
        OBJECT_PAGE,       OBJECT_PAGE,           OBJECT_LARGE_PAGE,
        OBJECT_PAGE_TABLE, OBJECT_PAGE_DIRECTORY, OBJECT_PDPT,
        OBJECT_PML4,
    };

    retype_any(r, types[draw(r, sizeof types)]);
}

/* Map a frame, and whatever tables it lacks, as a program would. */
static void step_map_all(struct model *r)
{
    static const struct {
        uint8_t bits, type, method;
    } tables[] = {
        { 39, OBJECT_PDPT, METHOD_X86_PDPT_MAP },
        { 30, OBJECT_PAGE_DIRECTORY, METHOD_X86_PAGE_DIRECTORY_MAP },
        { 21, OBJECT_PAGE_TABLE, METHOD_X86_PAGE_TABLE_MAP },
    };
    word frame = slot_with(r, CAP_FRAME);
    word vspace = slot_with(r, CAP_PML4);
    word vaddr = places[draw(r, PLACES)];

    for (int i = 0; i < 3; i++) {
        if (page_map(&r->m, frame, vspace, vaddr, draw(r, 4)) !=
                SEL4_FAILED_LOOKUP ||
            got_word(&r->m, r->m.caller, 1) != SEL4_LOOKUP_MISSING_CAPABILITY)
            return;
        word missing = got_word(&r->m, r->m.caller, 2);

        for (int j = 0; j < 3; j++)
            if (tables[j].bits == missing)
                table_map(&r->m, retype_any(r, tables[j].type),
                          tables[j].method, vspace, vaddr);
    }
    page_map(&r->m, frame, vspace, vaddr, RW);
}

static void step_map(struct model *r)
{
    static const struct {
        uint8_t type, method;
    } kinds[] = {
        { CAP_FRAME, METHOD_X86_PAGE_MAP },
        { CAP_PAGE_TABLE, METHOD_X86_PAGE_TABLE_MAP },
        { CAP_PAGE_DIRECTORY, METHOD_X86_PAGE_DIRECTORY_MAP },
        { CAP_PDPT, METHOD_X86_PDPT_MAP },
    };
    word kind = draw(r, 4);
    word slot = slot_with(r, kinds[kind].type);

    INVOKE(&r->m, slot, kinds[kind].method,
           WORDS(places[draw(r, PLACES)], draw(r, 16), draw(r, 8)),
           CAPS(slot_with(r, CAP_PML4)));
}

static void step_unmap(struct model *r)
{
    static const uint8_t methods[] = {
        METHOD_X86_PAGE_UNMAP,
        METHOD_X86_PAGE_TABLE_UNMAP,
        METHOD_X86_PAGE_DIRECTORY_UNMAP,
        METHOD_X86_PDPT_UNMAP,
    };
    static const uint8_t types[] = { CAP_FRAME, CAP_PAGE_TABLE,
                                     CAP_PAGE_DIRECTORY, CAP_PDPT };
    word kind = draw(r, 4);

    INVOKE_PLAIN(&r->m, slot_with(r, types[kind]), methods[kind]);
}

static void step_asid(struct model *r)
{
    word pool = draw(r, 3) ? POOL : slot_with(r, CAP_ASID_POOL);

    if (draw(r, 8)) {
        INVOKE(&r->m, pool, METHOD_X86_ASID_POOL_ASSIGN,
               CAPS(slot_with(r, CAP_PML4)));
        return;
    }
    word untyped = any_slot(r);

    retype(&r->m, r->memory, OBJECT_UNTYPED, SEL4_ASID_POOL_BITS, untyped);
    INVOKE(&r->m, SEL4_CAP_ASID_CONTROL, METHOD_X86_ASID_CONTROL_MAKE_POOL,
           WORDS(any_slot(r), 64), CAPS(untyped, ROOT));
}

static void step(struct model *r)
{
    switch (draw(r, 16)) {
    case 0:
        cap_delete(&r->m, any_slot(r));
        break;
    case 1:
        cap_copy(&r->m, any_slot(r), any_slot(r), draw(r, 16));
        break;
    case 2:
        cap_move(&r->m, any_slot(r), any_slot(r));
        break;
    case 3:
        if (draw(r, 8) == 0)
            cap_revoke(&r->m, draw(r, 4) ? any_slot(r) : r->memory);
        break;
    case 4:
    case 5:
    case 6:
        step_retype(r);
        break;
    case 7:
        step_asid(r);
        break;
    case 8:
        step_unmap(r);
        break;
    case 9:
    case 10:
        step_map(r);
        break;
    default:
        step_map_all(r);
        break;
    }
}

static word run(word seed)
{
    struct model r = { .m = machine_new(), .state = seed * 0x9e3779b97f4a7c15 };
    word filled = 0;

    r.memory = object_new(&r.m, OBJECT_UNTYPED, 24);
    r.first = r.m.next_slot;
    for (int i = 0; i < STEPS; i++) {
        step(&r);
        for (word p = 1; p <= PROCESSES; p++) {
            host_apply(&r, p);
            host_touch(&r, p);
            for (word j = 0; j < PLACES; j++)
                filled += r.filled[p][j].frame != 0;
        }
        host_adopt(&r);
    }
    machine_free(&r.m);
    return filled;
}

static void a_process_never_remembers_what_is_not_so(void)
{
    static char name[64];

    for (word seed = 1; seed <= SEEDS; seed++) {
        snprintf(name, sizeof name, "a random program, seed %lu", seed);
        test_now = name;
        CHECK(run(seed) > STEPS / 4); /* there was something to remember */
    }
}

TESTS(TEST(a_process_never_remembers_what_is_not_so))
