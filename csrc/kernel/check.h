/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of kernel_check() share.
 *
 * The check runs in steps that build on each other: every capability is met
 * and judged, and what it vouches for is noted as a fact; then threads, queues,
 * interrupts and page tables are compared with these facts. A step returns
 * false as soon as something is wrong.
 *
 * The facts need memory. They are kept in the end of the image's header, which
 * nothing else uses (check_begin). A machine that has more of them than fit
 * (some 260,000) passes the check from where that shows.
 */
#ifndef SEL4EMU_KERNEL_CHECK_H
#define SEL4EMU_KERNEL_CHECK_H

#include "kernel/census.h"

/* Facts of the check, beside the containers of census.h. */
enum check_fact {
    FACT_LISTED = FACT_FIRST_FREE, /* a TCB that is in the list of all TCBs */
    FACT_TCB,                      /* a capability names this TCB, */
    FACT_ENDPOINT,                 /* ... endpoint, */
    FACT_NOTIFICATION,             /* ... notification, */
    FACT_POOL,                     /* ... pool, which is in the ASID table, */
    FACT_VSPACE,                   /* ... PML4, which has the ASID it says, */
    FACT_IRQ,                      /* ... interrupt (its number), */
    FACT_PORTS,                    /* ... or I/O ports (first << 16 | last) */
    FACT_ENTRY,      /* a capability says what this entry of a table says */
    FACT_IPC_QUEUED, /* a TCB that was met in the queue of an endpoint or
                        notification, */
    FACT_READY,      /* ... or in a ready queue */
    FACT_SLOT,       /* a slot that lies in a container */
    FACT_WALKED,     /* the first slot of a list that was found otherwise */
    FACT_REPLY,      /* MCS: a capability names this reply object, */
    FACT_CONTEXT,    /* ... or scheduling context */
    FACT_STACKED,  /* a reply object that was met from the bottom of a stack */
    FACT_RELEASED, /* a TCB that was met in the release queue */
    FACT_CONTEXT_SIZE, /* ... plus log2 of the size of a scheduling context */
};

struct check {
    struct kernel *k;
    const char *broken; /* NULL: nothing is wrong so far */
    paddr where;
    struct word_set facts;
    struct census census;
    word *ports; /* I/O ports that were issued to nobody yet */
    word *roots; /* regions of capabilities without a parent */
    word root_max;
    word root_count;
    word slots_seen;   /* slots in use, as their containers show them, */
    word slots_listed; /* ... and as the derivation lists do */
    bool hidden;       /* lists were found that begin in no container */
};

/* Is the fact known? Also asked of addresses that cannot be. */
static inline bool check_has(const struct check *c, word address, word tag)
{
    return address >> 48 == 0 && word_set_has(&c->facts, fact(address, tag));
}

/* Note what is wrong: "name: explanation". Returns false. */
bool check_fail(struct check *c, const char *broken, paddr where);

/* check_cap.c: what is wrong with the capability's own fields, or NULL. One
 * that is not null and passes may be given to all functions of cap.h. */
const char *cap_broken(struct kernel *k, union cap cap);
/* ... and is there the TCB that it names? */
bool check_cap(struct check *c, struct cte *slot);
/* check_tree.c: all slots, and the derivation tree. */
bool check_slots(struct check *c);
/* check_thread.c: TCBs, and the queues they wait in. */
bool check_tcb_list(struct check *c);
bool check_queues(struct check *c);
bool check_threads(struct check *c);
/* check_mcs.c: scheduling contexts, reply objects, the release queue. */
bool check_mcs(struct check *c);
bool check_deadline(struct check *c);
bool check_notification_mcs(struct check *c, paddr p);
/* ... what is wrong with what a thread says of them, and with one that is
 * ready; or NULL. */
const char *check_thread_mcs(struct check *c, const struct tcb *t, paddr p);
const char *check_ready_mcs(struct check *c, const struct tcb *t);
/* check_sched.c: ready queues, who is current, and the host's entries. */
bool check_ready(struct check *c);
bool check_current(struct check *c);
bool check_entries(struct check *c);
/* check_platform.c: interrupts and I/O ports. */
bool check_irqs(struct check *c);
bool check_ports(struct check *c);
/* check_vspace.c: ASIDs and page tables. */
bool check_vspaces(struct check *c);
/* Note the entry that a mapped frame or paging structure accounts for. */
void check_note_mapping(struct check *c, union cap cap);

#endif
