/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who plays a random program, and on what.
 *
 * The machine is small, so that its objects meet often: CNodes of 32 and 16
 * slots, a few untyped memories, and threads of which two are agents. A step
 * looks at what the thread that acts can reach, so that what it asks for means
 * something more often than not.
 */
#ifndef SEL4EMU_TESTS_KERNEL_FUZZ_PLAYER_H
#define SEL4EMU_TESTS_KERNEL_FUZZ_PLAYER_H

#include "fuzz/choices.h"
#include "harness.h"
#include "kernel/cdt.h"
#include "kernel/untyped.h"

#define VIEW_MAX 128
#define VIEW_DEPTH 3
#define PLAYER_PROCESSES 4

/* Slots that a thread can name, and how. */
struct view {
    word count;
    word used;
    struct {
        word cptr;
        struct cte *slot;
    } at[VIEW_MAX];
};

enum act {
    ACT_INVOKE,    /* a method of some object */
    ACT_RETYPE,    /* a new object */
    ACT_MAP,       /* a frame, with the tables that it lacks */
    ACT_MESSAGE,   /* send, receive, answer */
    ACT_WILD,      /* registers full of anything */
    ACT_FAULT,     /* a page fault or an exception */
    ACT_INTERRUPT, /* the timer, or a device */
    ACT_HOST,      /* what Linux may do to a thread, or a process */
    ACT_COUNT,
};

/* What a program likes to do. */
struct taste {
    uint8_t acts[ACT_COUNT]; /* how often, of 64 steps */
    const uint8_t *methods;  /* that are invoked; NULL: all of them */
    word method_count;
};

struct player {
    struct machine m;
    struct choices c;
    const struct taste *taste;
    /* called before process i forgets what has changed in its VSpace */
    void (*applies)(struct player *p, word i);

    /* the step that is under way */
    paddr actor;
    struct view view; /* what the actor can name */
    enum sel4_method method;
    union cap cnode;    /* CNode that indices are for */
    word new_type;      /* of object that shall be made, */
    word new_bits;      /* ... and its size_bits */
    bool wild;          /* arguments may be nonsense */
    bool wants_nothing; /* an index shall name an empty slot */

    /* counters */
    word entries;
    word invocations;
    word step;
    word busy; /* steps that began with a current thread */
    uint32_t answers[METHOD_COUNT][SEL4_NOT_ENOUGH_MEMORY + 1];

    bool tells; /* every entry is printed */
};

static inline word mcs_of(const struct player *p)
{
    return p->m.k->h.config.mcs;
}

/* ---- what a thread can name ---- */

static inline void view_add(struct view *v, word cptr, struct cte *slot)
{
    if (v->count == VIEW_MAX)
        return;
    v->at[v->count].cptr = cptr;
    v->at[v->count].slot = slot;
    v->count++;
    v->used += slot->cap.type != CAP_NULL;
}

/* A CNode, with `left` bits of the pointer to go; prefix: those above. */
static void view_collect(struct player *p, union cap node, word prefix,
                         word left, word depth)
{
    word level = node.cnode.guard_size + node.cnode.radix;
    struct cte *slots = kernel_memory(p->m.k, node.obj);

    if (level > left || depth > VIEW_DEPTH)
        return;
    if (node.cnode.guard_size)
        prefix |= (word)node.cnode.guard << (left - node.cnode.guard_size);
    left -= level;
    for (word i = 0; i < 1ul << node.cnode.radix && i < VIEW_MAX; i++) {
        word cptr = prefix | i << left;

        if (left && slots[i].cap.type == CAP_CNODE)
            view_collect(p, slots[i].cap, cptr, left, depth + 1);
        else
            view_add(&p->view, cptr, &slots[i]);
    }
}

static inline void view_open(struct player *p, paddr tcb)
{
    union cap root = tcb_of(&p->m, tcb)->slot[TCB_CTABLE].cap;

    p->actor = tcb;
    p->view.count = p->view.used = 0;
    if (root.type == CAP_CNODE)
        view_collect(p, root, 0, 64, 1);
}

static inline word any_cptr(struct player *p)
{
    if (p->view.count == 0)
        return draw(&p->c, 64);
    return p->view.at[draw(&p->c, p->view.count)].cptr;
}

/* Is there room in untyped memory for the object that shall be made? */
static inline bool has_room(struct player *p, struct cte *slot)
{
    union cap cap = slot->cap;
    word bits = object_bits(p->m.k, p->new_type, p->new_bits);
    word used = cap.untyped.free;

    if (cap.untyped.device && !sel4_object_device[p->new_type])
        return false;
    if (!cdt_has_children(p->m.k, slot))
        used = 0;
    return bits < 48 && (1ul << cap.untyped.bits) - used >= 1ul << bits;
}

/* A frame for whatever the method wants it for. */
static inline bool is_fit_frame(struct player *p, union cap cap)
{
    return p->method == METHOD_X86_PAGE_MAP ||
           (!cap.frame.device && cap.frame.size == FRAME_SMALL);
}

/* Who is resumed is stopped, and has something to run in. */
static inline bool is_fit_thread(struct player *p, union cap cap)
{
    const struct tcb *t = tcb_of(&p->m, cap.obj);

    switch ((int)p->method) {
    case METHOD_TCB_RESUME:
        return t->state == STATE_INACTIVE && t->slot[TCB_VTABLE].cap.type &&
               (!mcs_of(p) || t->sched_context);
    case METHOD_SCHED_CONTEXT_BIND:
        return !t->sched_context;
    default:
        return true;
    }
}

/* Who is bound gets a scheduling context that has time and no thread. */
static inline bool is_fit_context(struct player *p, union cap cap)
{
    const struct sched_context *sc = kernel_memory(p->m.k, cap.obj);

    switch ((int)p->method) {
    case METHOD_SCHED_CONTEXT_BIND:
        return sc->refill_max && !sc->tcb;
    case METHOD_SCHED_CONTROL_CONFIGURE_FLAGS:
        return !sc->refill_max;
    default:
        return sc->tcb;
    }
}

/* Is this a capability that the method could do something with? */
static inline bool is_fit(struct player *p, struct cte *slot)
{
    union cap cap = slot->cap;

    switch ((int)cap.type) {
    case CAP_UNTYPED:
        if (p->method == METHOD_X86_ASID_CONTROL_MAKE_POOL)
            return cap.untyped.bits == SEL4_ASID_POOL_BITS &&
                   !cap.untyped.device;
        return has_room(p, slot);
    case CAP_SCHED_CONTEXT:
        return is_fit_context(p, cap);
    case CAP_PML4:
        return !cap.pml4.mapped == (p->method == METHOD_X86_ASID_POOL_ASSIGN);
    case CAP_FRAME:
        return is_fit_frame(p, cap);
    case CAP_THREAD:
        return is_fit_thread(p, cap);
    case CAP_PDPT:
        return !cap.table.mapped == (p->method == METHOD_X86_PDPT_MAP);
    case CAP_PAGE_DIRECTORY:
        return !cap.table.mapped ==
               (p->method == METHOD_X86_PAGE_DIRECTORY_MAP);
    case CAP_PAGE_TABLE:
        return !cap.table.mapped == (p->method == METHOD_X86_PAGE_TABLE_MAP);
    default:
        return true;
    }
}

/* Place in the view of a capability of this type, or -1. */
static inline int find_cap(struct player *p, enum cap_type type)
{
    word n = p->view.count;
    word start = n ? draw(&p->c, n) : 0;
    int found = -1;

    for (word i = 0; i < n; i++) {
        struct cte *slot = p->view.at[(start + i) % n].slot;

        if (slot->cap.type != (word)type)
            continue;
        found = (int)((start + i) % n);
        if (is_fit(p, slot))
            break;
    }
    return found;
}

/* Name of a capability of this type; where there is none, of any. */
static inline word cptr_with(struct player *p, enum cap_type type)
{
    int at = find_cap(p, type);

    return at < 0 ? any_cptr(p) : p->view.at[at].cptr;
}

#endif
