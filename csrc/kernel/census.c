/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The containers of capabilities, found one from another.
 */
#include "kernel/census.h"

bool memory_valid(struct kernel *k, paddr p, word bits)
{
    word size = k->h.config.memory_size;

    return p != 0 && bits < 48 && p % (1ul << bits) == 0 && p < size &&
           1ul << bits <= size - p;
}

struct cte *slot_checked(struct kernel *k, word ref)
{
    struct cte *first = (struct cte *)(void *)k->h.irq_slot[0];
    word offset = ref - slot_ref(k, first);

    if (ref == 0)
        return NULL;
    if (memory_valid(k, ref, SEL4_SLOT_BITS))
        return slot_at(k, ref);
    if (offset < sizeof k->h.irq_slot && offset % sizeof(struct cte) == 0)
        return slot_at(k, ref);
    return NULL;
}

struct tcb *tcb_checked(struct kernel *k, paddr p)
{
    return memory_valid(k, p, SEL4_TCB_BITS) ? tcb_at(k, p) : NULL;
}

static void add_cnode(struct census *c, paddr p, word radix)
{
    if (radix >= 1 && memory_valid(c->k, p, radix + SEL4_SLOT_BITS))
        word_set_add(c->set, fact(p, radix));
}

static bool add_tcb(struct census *c, paddr p)
{
    return tcb_checked(c->k, p) &&
           word_set_add(c->set, fact(p, FACT_TCB_SLOTS));
}

void census_begin(struct census *c, struct kernel *k, struct word_set *set)
{
    paddr p = k->h.tcbs;

    *c = (struct census){ .k = k, .set = set, .next = set->count };
    add_cnode(c, k->h.boot.root_cnode, k->h.config.cnode_bits);
    /* a list that turns back on itself ends where a TCB comes again */
    while (p != 0 && add_tcb(c, p))
        p = tcb_at(k, p)->all_next;
    word_set_add(set, fact(0, FACT_IRQ_SLOTS));
}

void census_note(struct census *c, union cap cap)
{
    if (cap.type == CAP_CNODE)
        add_cnode(c, cap.obj, cap.cnode.radix);
    else if (cap.type == CAP_ZOMBIE && cap.zombie.tcb)
        add_tcb(c, cap.obj);
    else if (cap.type == CAP_ZOMBIE)
        add_cnode(c, cap.obj, cap.zombie.radix);
}

bool census_next(struct census *c, struct container *ret)
{
    while (c->next < c->set->count) {
        word f = word_set_get(c->set, c->next++);
        word tag = fact_tag(f);

        ret->slot = kernel_memory(c->k, fact_address(f));
        if (tag == FACT_IRQ_SLOTS) {
            ret->slot = (struct cte *)(void *)c->k->h.irq_slot[0];
            ret->count = IMAGE_IRQS;
        } else if (tag == FACT_TCB_SLOTS) {
            ret->count = TCB_SLOTS;
        } else if (tag < FACT_TCB_SLOTS) {
            ret->count = 1ul << tag;
        } else {
            continue;
        }
        return true;
    }
    return false;
}
