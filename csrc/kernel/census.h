/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding every capability of a machine.
 *
 * Capabilities stand in slots, and slots in CNodes, in TCBs and in the table of
 * the interrupts. A census visits all of these: the first CNode, every TCB, the
 * interrupts, and each CNode that a capability names which somebody has met
 * (census_note). Nothing is believed: what lies outside of memory is not
 * visited, so that a census also ends well in a broken image.
 *
 * References to slots and TCBs that were not checked yet go through the
 * functions below, which give NULL for what cannot be one.
 */
#ifndef SEL4EMU_KERNEL_CENSUS_H
#define SEL4EMU_KERNEL_CENSUS_H

#include "kernel/object.h"
#include "kernel/wordset.h"

/*
 * What is known of an address, as a member of a word set: the address above, a
 * tag in the low 8 bits. Tags below 64 are CNodes, the tag their radix.
 */
enum fact_tag {
    FACT_TCB_SLOTS = 64, /* a TCB, or what is left of one: 5 slots */
    FACT_IRQ_SLOTS,      /* the table of the interrupts; address 0 */
    FACT_FIRST_FREE,     /* from here on they are the user's own */
};

static inline word fact(word address, word tag)
{
    return address << 8 | tag;
}

static inline word fact_address(word f)
{
    return f >> 8;
}

static inline word fact_tag(word f)
{
    return f & 255;
}

struct census {
    struct kernel *k;
    struct word_set *set; /* the containers, and whatever the caller adds */
    word next;            /* member that is looked at next */
};

/* Slots that lie in a row. */
struct container {
    struct cte *slot;
    word count;
};

/* Begin with a set that holds no containers yet. */
void census_begin(struct census *c, struct kernel *k, struct word_set *set);
/* A capability was met: if it names a CNode, or the rest of a CNode or a TCB,
 * that is visited, too. */
void census_note(struct census *c, union cap cap);
/* The next container; false: there are no more. */
bool census_next(struct census *c, struct container *ret);

/* Does memory of this size (log2) lie at p, aligned? Never at 0. */
bool memory_valid(struct kernel *k, paddr p, word bits);
/* Slot that a reference names, if it can be one; 0 and nonsense: NULL. */
struct cte *slot_checked(struct kernel *k, word ref);
struct tcb *tcb_checked(struct kernel *k, paddr p);

#endif
