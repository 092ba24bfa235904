/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Slots, and the capability derivation tree.
 *
 * Every slot in use is visited twice: once where it lies, in a CNode, a TCB or
 * the table of interrupts, and once where it stands in a derivation list. Both
 * ways have to meet the same slots.
 *
 * The lists tell more than who derives from whom. A new object's capability is
 * put right behind its parent, and memory is handed out upwards; so, going
 * down a list, the object of each capability lies inside the one before it
 * (which is untyped memory, and so its parent), is the same, or lies entirely
 * below. As all objects are aligned powers of two, this one look at
 * the neighbour is enough to know that no two objects of a list overlap. What
 * has no parent is sorted by address and compared likewise.
 */
#include "kernel/arch/x86_64/asid.h"
#include "kernel/cap.h"
#include "kernel/cdt.h"
#include "kernel/check.h"

#define PATH_MAX 64 /* below, a walk forgets all but the oldest ancestors */

/* The ancestors of a slot, the oldest first. */
struct path {
    struct cte *slot[PATH_MAX];
    unsigned depth;
};

/* How an object lies towards another. */
enum relation {
    INSIDE,
    SAME,
    BELOW,
    OTHER
};

static bool fail(struct check *c, const struct cte *slot, const char *broken)
{
    return check_fail(c, broken, slot_ref(c->k, slot));
}

static word end_of(struct kernel *k, union cap cap)
{
    return cap.obj + (1ul << cap_size_bits(k, cap));
}

static enum relation relation(struct kernel *k, union cap cap, union cap to)
{
    if (end_of(k, cap) <= to.obj)
        return BELOW;
    if (!cap_same_region(k, to, cap))
        return OTHER;
    if (to.type == CAP_UNTYPED)
        return INSIDE;
    return cap.obj == to.obj && end_of(k, cap) == end_of(k, to) ? SAME : OTHER;
}

/* ---- one slot in its list ---- */

/* Find the slot's parent among the ancestors of the one before it. */
static struct cte *descend(struct check *c, struct path *p, struct cte *slot)
{
    struct cte *parent = NULL;

    while (p->depth > 0 && !parent) {
        if (cdt_is_parent(c->k, p->slot[p->depth - 1], slot))
            parent = p->slot[p->depth - 1];
        else
            p->depth--;
    }
    if (p->depth == PATH_MAX)
        p->depth--;
    p->slot[p->depth++] = slot;
    return parent;
}

static bool add_root(struct check *c, union cap cap)
{
    if (c->root_count < c->root_max)
        c->roots[c->root_count++] =
            (word)cap.obj << 6 | cap_size_bits(c->k, cap);
    return true;
}

static bool check_place(struct check *c, struct cte *parent, struct cte *prev,
                        struct cte *slot)
{
    enum relation r = OTHER;

    if (!cap_is_physical(c->k, slot->cap))
        return true;
    if (prev && cap_is_physical(c->k, prev->cap))
        r = relation(c->k, slot->cap, prev->cap);
    if (!parent)
        return r == SAME || add_root(c, slot->cap);
    if (r == OTHER)
        return fail(c, slot,
                    "object-overlap: an object lies where its neighbour in "
                    "the derivation tree is");
    return true;
}

/* Device memory holds frames, and smaller pieces of itself. */
static bool is_device_alike(union cap untyped, union cap cap)
{
    if (cap.type == CAP_UNTYPED)
        return untyped.untyped.device == cap.untyped.device;
    if (cap.type == CAP_FRAME)
        return untyped.untyped.device == cap.frame.device;
    return !untyped.untyped.device;
}

/* The untyped memory that the last slot of the path lies in, or NULL. */
static struct cte *untyped_of(const struct path *p, struct cte *parent)
{
    if (parent && parent->cap.type == CAP_UNTYPED)
        return parent;
    for (unsigned i = p->depth - 1; i > 0; i--)
        if (p->slot[i - 1]->cap.type == CAP_UNTYPED)
            return p->slot[i - 1];
    return NULL;
}

static bool check_in_untyped(struct check *c, struct cte *untyped,
                             struct cte *slot)
{
    union cap u = untyped->cap;

    if (!is_device_alike(u, slot->cap))
        return fail(c, slot,
                    "device-memory: an object is not of the kind of memory "
                    "that it lies in");
    if (end_of(c->k, slot->cap) > u.obj + u.untyped.free)
        return fail(c, slot,
                    "untyped-watermark: an object lies in memory that "
                    "counts as free");
    return true;
}

/* A copy has no more rights than its original. (One with another badge would
 * not count as its copy in the first place.) */
static bool check_authority(struct check *c, struct cte *parent,
                            struct cte *slot)
{
    union cap p = parent->cap;
    union cap s = slot->cap;

    if (p.type != s.type)
        return true;
    if ((s.type == CAP_FRAME && s.frame.rights > p.frame.rights) ||
        ((s.type == CAP_ENDPOINT || s.type == CAP_NOTIFICATION) &&
         (s.endpoint.rights & ~p.endpoint.rights)))
        return fail(c, slot,
                    "derived-rights: a copy has more rights than its "
                    "original");
    return true;
}

/* Classic: a thread's master, and behind it at most one capability. */
static bool check_reply(struct check *c, struct cte *slot)
{
    struct tcb *t = tcb_at(c->k, slot->cap.obj);

    if (slot->cap.reply.master) {
        if (slot != &t->slot[TCB_REPLY] || slot->prev)
            return fail(c, slot,
                        "reply-master: a master reply capability is not in "
                        "its TCB");
        return true;
    }
    if (slot_prev(c->k, slot) != &t->slot[TCB_REPLY] || slot->next_4)
        return fail(c, slot,
                    "reply-single: there is more than one reply capability "
                    "to a thread, or it has no master");
    if (t->state != STATE_BLOCKED_ON_REPLY)
        return fail(c, slot,
                    "reply-caller: a thread that waits for no reply could be "
                    "replied to");
    return true;
}

static bool check_kind(struct check *c, struct cte *prev, struct cte *slot)
{
    struct cte *next = slot_checked(c->k, (word)slot->next_4 << 2);

    switch (slot->cap.type) {
    case CAP_UNTYPED:
    case CAP_IRQ_CONTROL:
        if (!slot->revocable)
            return fail(c, slot,
                        "revocable: untyped memory and IRQControl can always "
                        "be revoked");
        return true;
    case CAP_REPLY:
        return c->k->h.config.mcs || check_reply(c, slot);
    case CAP_ZOMBIE:
        if ((prev && prev->cap.type != CAP_UNTYPED &&
             prev->cap.obj == slot->cap.obj) ||
            (next && next->cap.type != CAP_NULL &&
             cap_is_physical(c->k, next->cap) &&
             next->cap.obj == slot->cap.obj))
            return fail(c, slot,
                        "zombie-final: the object of a zombie has another "
                        "capability");
        return true;
    default:
        return true;
    }
}

static void note(struct check *c, union cap cap)
{
    struct kernel *k = c->k;

    census_note(&c->census, cap);
    switch (cap.type) {
    case CAP_THREAD:
        word_set_add(&c->facts, fact(cap.obj, FACT_TCB));
        break;
    case CAP_ENDPOINT:
        word_set_add(&c->facts, fact(cap.obj, FACT_ENDPOINT));
        break;
    case CAP_NOTIFICATION:
        word_set_add(&c->facts, fact(cap.obj, FACT_NOTIFICATION));
        break;
    case CAP_REPLY:
        if (k->h.config.mcs)
            word_set_add(&c->facts, fact(cap.obj, FACT_REPLY));
        break;
    case CAP_SCHED_CONTEXT:
        word_set_add(&c->facts, fact(cap.obj, FACT_CONTEXT));
        word_set_add(&c->facts,
                     fact(cap.obj, FACT_CONTEXT_SIZE + cap.sched_context.bits));
        break;
    case CAP_IRQ_HANDLER:
        word_set_add(&c->facts, fact(cap.irq_handler.irq, FACT_IRQ));
        break;
    case CAP_IO_PORT:
        word_set_add(&c->facts,
                     fact((word)cap.io_port.first << 16 | cap.io_port.last,
                          FACT_PORTS));
        break;
    case CAP_ASID_POOL:
        if (k->h.asid_table[cap.asid_pool.base / ASID_POOL_SIZE] == cap.obj)
            word_set_add(&c->facts, fact(cap.obj, FACT_POOL));
        break;
    case CAP_PML4:
        if (cap.pml4.mapped && asid_vspace(k, cap.pml4.asid) == cap.obj)
            word_set_add(&c->facts, fact(cap.obj, FACT_VSPACE));
        break;
    default:
        check_note_mapping(c, cap);
        break;
    }
}

/* ---- lists ---- */

static bool check_slot(struct check *c, struct path *path, struct cte *prev,
                       struct cte *slot)
{
    struct cte *parent, *untyped;

    if (cap_is_null(slot->cap))
        return fail(c, slot,
                    "empty-slot-linked: an empty slot is in the derivation "
                    "tree");
    if (!check_cap(c, slot))
        return false;
    parent = descend(c, path, slot);
    if (!check_kind(c, prev, slot) || !check_place(c, parent, prev, slot))
        return false;
    if (parent && !check_authority(c, parent, slot))
        return false;
    untyped = untyped_of(path, parent);
    return !untyped || check_in_untyped(c, untyped, slot);
}

/*
 * Walk a derivation list from its first slot. As every step is checked to lead
 * back as well, a list cannot return into itself.
 */
static bool check_list(struct check *c, struct cte *head)
{
    struct path path = { .depth = 0 };
    struct cte *prev = NULL;
    struct cte *slot = head;

    while (slot) {
        word ref = (word)slot->next_4 << 2;
        struct cte *next = slot_checked(c->k, ref);

        if (!check_slot(c, &path, prev, slot))
            return false;
        if (ref && (!next || slot_prev(c->k, next) != slot))
            return fail(c, slot,
                        "slot-links: a slot's neighbour does not know of it");
        note(c, slot->cap);
        c->slots_listed++;
        prev = slot;
        slot = next;
    }
    return true;
}

/* Was the list that begins here found from its middle (find_hidden)? */
static bool is_walked(struct check *c, const struct cte *head)
{
    return c->hidden &&
           word_set_has(&c->facts, fact(slot_ref(c->k, head), FACT_WALKED));
}

static bool check_contained(struct check *c, struct cte *slot)
{
    struct cte *prev;

    if (cap_is_null(slot->cap)) {
        if (slot->prev || slot->next_4)
            return fail(c, slot,
                        "empty-slot-linked: an empty slot is in the "
                        "derivation tree");
        return true;
    }
    c->slots_seen++;
    census_note(&c->census, slot->cap);
    if (slot->prev == 0)
        return is_walked(c, slot) || check_list(c, slot);
    prev = slot_checked(c->k, slot->prev);
    if (!prev || slot_next(c->k, prev) != slot)
        return fail(c, slot,
                    "slot-links: a slot's neighbour does not know of it");
    return true;
}

/* ---- objects without a parent ---- */

/* Let roots[i] sink to its place in the heap of the first n. */
static void sift(word *roots, word i, word n)
{
    for (word child; (child = 2 * i + 1) < n; i = child) {
        word value = roots[i];

        if (child + 1 < n && roots[child + 1] > roots[child])
            child++;
        if (value >= roots[child])
            return;
        roots[i] = roots[child];
        roots[child] = value;
    }
}

static void sort(word *roots, word n)
{
    for (word i = n / 2; i > 0; i--)
        sift(roots, i - 1, n);
    for (word i = n; i > 1; i--) {
        word last = roots[i - 1];

        roots[i - 1] = roots[0];
        roots[0] = last;
        sift(roots, 0, i - 1);
    }
}

static bool is_sorted(const word *roots, word n)
{
    for (word i = 1; i < n; i++)
        if (roots[i - 1] > roots[i])
            return false;
    return true;
}

static bool check_roots(struct check *c)
{
    if (!is_sorted(c->roots, c->root_count))
        sort(c->roots, c->root_count);
    for (word i = 1; i < c->root_count; i++) {
        word before = c->roots[i - 1];
        paddr end = (before >> 6) + (1ul << (before & 63));

        if (end > c->roots[i] >> 6)
            return check_fail(
                c,
                "object-overlap: two objects overlap, and neither derives "
                "from the other",
                c->roots[i] >> 6);
    }
    return true;
}

/* ---- all of them ---- */

/* The head of a slot's list; NULL: the way back leads nowhere, or in a circle
 * (then it comes to the slot that is remembered). */
static struct cte *head_of(struct check *c, struct cte *slot)
{
    const struct cte *remembered = slot;
    word steps = 0, limit = 1;

    while (slot && slot->prev) {
        slot = slot_checked(c->k, slot->prev);
        if (slot == remembered)
            return NULL;
        if (++steps == limit) {
            remembered = slot;
            limit *= 2;
            steps = 0;
        }
    }
    return slot;
}

static bool find_unlisted(struct check *c, struct cte *slot)
{
    if (head_of(c, slot))
        return true;
    return fail(c, slot,
                "slot-unlisted: a slot's derivation list has no beginning");
}

static bool find_unreachable(struct check *c, struct cte *slot)
{
    if (slot->prev)
        return true;
    for (; slot; slot = slot_next(c->k, slot))
        if (!word_set_has(&c->facts, fact(slot_ref(c->k, slot), FACT_SLOT)))
            return fail(c, slot,
                        "slot-unreachable: a slot in the derivation tree lies "
                        "in no CNode and no TCB");
    return true;
}

static bool each_slot(struct check *c,
                      bool (*visit)(struct check *, struct cte *))
{
    struct census again = c->census;
    struct container box;

    again.next = 0;
    while (census_next(&again, &box))
        for (word i = 0; i < box.count; i++)
            if (!cap_is_null(box.slot[i].cap) && !visit(c, &box.slot[i]))
                return false;
    return true;
}

static bool note_slot(struct check *c, struct cte *slot)
{
    word_set_add(&c->facts, fact(slot_ref(c->k, slot), FACT_SLOT));
    return true;
}

/* Walk the slot's list, if it begins in a slot that was not seen. */
static bool find_hidden_list(struct check *c, struct cte *slot)
{
    struct cte *head = head_of(c, slot);
    word ref = slot_ref(c->k, head);

    if (!head || word_set_has(&c->facts, fact(ref, FACT_SLOT)) ||
        !word_set_add(&c->facts, fact(ref, FACT_WALKED)))
        return true;
    c->hidden = true;
    return check_list(c, head);
}

/*
 * A CNode that only itself, or what is in it, leads to is found by no census;
 * but lists that begin there may go on elsewhere. False: something is wrong.
 */
static bool find_hidden(struct check *c)
{
    return each_slot(c, note_slot) && each_slot(c, find_hidden_list);
}

/* Containers and lists met different numbers of slots: whose fault is it? */
static bool find_stray(struct check *c)
{
    if (!each_slot(c, find_unlisted) || !each_slot(c, find_unreachable))
        return false;
    return check_fail(c, "slot-unlisted: the derivation lists are broken", 0);
}

/* What is in the containers that were not visited yet. */
static bool check_containers(struct check *c)
{
    struct container box;

    while (census_next(&c->census, &box))
        for (word i = 0; i < box.count; i++)
            if (!check_contained(c, &box.slot[i]))
                return false;
    return true;
}

bool check_slots(struct check *c)
{
    word listed;

    census_begin(&c->census, c->k, &c->facts);
    do {
        if (!check_containers(c))
            return false;
        listed = c->slots_listed;
        if (c->slots_seen != listed && !find_hidden(c))
            return false;
    } while (c->slots_listed != listed);
    if (c->slots_seen != c->slots_listed)
        return find_stray(c);
    return check_roots(c);
}
