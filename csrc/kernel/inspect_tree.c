/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Views of the derivation tree.
 *
 * The tree is a list in pre-order, where depth is nowhere written down: a
 * slot's parent is the nearest slot before it that could be. A walk remembers
 * the ancestors of the last slot; only one of them can be the next's parent.
 */
#include "kernel/cap.h"
#include "kernel/cdt.h"
#include "kernel/check.h"
#include "kernel/inspect.h"

/* A slot whose capability can be compared with others. */
static struct cte *sound_slot(struct kernel *k, word ref)
{
    struct cte *s = slot_checked(k, ref);

    if (!s || cap_is_null(s->cap) || cap_broken(k, s->cap))
        return NULL;
    return s;
}

static bool is_parent(struct kernel *k, word parent, word child)
{
    struct cte *p = sound_slot(k, parent);
    struct cte *c = sound_slot(k, child);

    return p && c && cdt_is_parent(k, p, c);
}

/* The slot behind (before) another, if the two agree on that. */
static word list_next(struct kernel *k, word ref)
{
    struct cte *s = slot_checked(k, ref);
    word next = s ? (word)s->next_4 << 2 : 0;
    struct cte *n = slot_checked(k, next);

    return n && n->prev == ref ? next : 0;
}

static word list_prev(struct kernel *k, word ref)
{
    struct cte *s = slot_checked(k, ref);
    word prev = s ? s->prev : 0;

    return list_next(k, prev) == ref ? prev : 0;
}

word slot_parent(struct kernel *k, word slot)
{
    /* a list may be broken, but not longer than memory has slots */
    word left = (k->h.config.memory_size >> SEL4_SLOT_BITS) + IMAGE_IRQS;
    word p = list_prev(k, slot);

    while (p && p != slot && !is_parent(k, p, slot))
        p = left-- ? list_prev(k, p) : 0;
    return p != slot ? p : 0;
}

word slot_descendants(struct kernel *k, word slot)
{
    word left = (k->h.config.memory_size >> SEL4_SLOT_BITS) + IMAGE_IRQS;
    word next = list_next(k, slot);
    word n = 0;

    while (next && next != slot && left-- && is_parent(k, slot, next)) {
        n++;
        next = list_next(k, next);
    }
    return n;
}

word slot_children(struct kernel *k, word slot)
{
    word left = slot_descendants(k, slot);
    word child = list_next(k, slot);
    word n = 0;

    while (left) {
        word below = slot_descendants(k, child);

        /* step over what derives from the child itself */
        for (word i = 0; i <= below && left; i++, left--)
            child = list_next(k, child);
        n++;
    }
    return n;
}

/* ---- walking ---- */

void tree_walk_begin(struct tree_walk *w, struct kernel *k, word *memory,
                     word words)
{
    *w = (struct tree_walk){ .slot = 0 };
    word_set_init(&w->set, memory, words);
    census_begin(&w->census, k, &w->set);
}

/* The first slot of the next list; 0: there are no more. */
static word find_head(struct tree_walk *w)
{
    struct kernel *k = w->census.k;

    for (;;) {
        while (w->index < w->box.count) {
            const struct cte *s = &w->box.slot[w->index++];

            if (cap_is_null(s->cap))
                continue;
            census_note(&w->census, s->cap);
            if (list_prev(k, slot_ref(k, s)) == 0)
                return slot_ref(k, s);
        }
        if (!census_next(&w->census, &w->box))
            return 0;
        w->index = 0;
    }
}

bool tree_walk_next(struct tree_walk *w, struct tree_node *ret)
{
    struct kernel *k = w->census.k;
    word slot = w->slot ? list_next(k, w->slot) : 0;

    if (!slot) {
        w->depth = 0;
        slot = find_head(w);
    }
    w->slot = slot;
    if (!slot)
        return false;
    census_note(&w->census, slot_at(k, slot)->cap);
    while (w->depth > 0 && !is_parent(k, w->ancestor[w->depth - 1], slot))
        w->depth--;
    ret->slot = slot;
    ret->depth = w->depth;
    ret->parent = w->depth ? w->ancestor[w->depth - 1] : 0;
    if (w->depth == TREE_DEPTH)
        w->depth--;
    w->ancestor[w->depth++] = slot;
    return true;
}
