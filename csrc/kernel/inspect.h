/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looking at a machine: plain-data views of what is in it, for debuggers,
 * tools and the scripting layer.
 *
 * The lock has to be held, or nobody may run. Nothing is changed. Nothing is
 * believed either: every reference is checked before it is followed, so that a
 * broken machine can be looked at, too. What a view cannot say is 0.
 *
 * A slot is named by its reference (object.h, slot_ref()), an object by its
 * physical address.
 */
#ifndef SEL4EMU_KERNEL_INSPECT_H
#define SEL4EMU_KERNEL_INSPECT_H

#include "kernel/census.h"

/* ---- capabilities ---- */

struct cap_view {
    uint32_t type;      /* enum cap_type */
    bool has_object;    /* names an object in memory */
    bool device;        /* untyped memory, frame: of a device */
    bool mapped;        /* frame, paging structure; PML4: has an ASID */
    bool master;        /* reply: the master, in the caller's TCB */
    bool of_tcb;        /* zombie: of a TCB, else of a CNode */
    bool revocable;     /* original, in the sense of the derivation tree */
    const char *broken; /* NULL, or what is wrong with it */
    paddr object;
    word bits;   /* log2 of the object's size */
    word rights; /* enum cap_right; 0 for what has no rights */
    word badge;  /* endpoint, notification */
    word radix;  /* CNode: log2 of its slots */
    word guard;  /* CNode */
    word guard_bits;
    word asid;       /* frame, paging structure, PML4; pool: its first */
    word vaddr;      /* frame, paging structure: where it is mapped */
    word free_bytes; /* untyped: above the watermark */
    word irq;        /* IRQ handler */
    word first_port; /* I/O ports, inclusive both */
    word last_port;
    word slots_left; /* zombie */
};

/* False: there is no such slot. An empty slot is of type CAP_NULL. */
bool cap_view(struct kernel *k, word slot, struct cap_view *ret);

/*
 * Slots of a CNode. *index is where the search begins; the first slot in use
 * from there on is told, and its index left in *index. False: none is left.
 */
bool cnode_next(struct kernel *k, paddr cnode, word radix, word *index,
                word *slot);

/* ---- the derivation tree ---- */

/* The slot that this one derives from; 0: none. */
word slot_parent(struct kernel *k, word slot);
/* Number of slots that derive from this one, directly or not. */
word slot_descendants(struct kernel *k, word slot);
/* Number of slots that derive directly from this one. */
word slot_children(struct kernel *k, word slot);

#define TREE_DEPTH 64 /* ancestors that a walk remembers */

/*
 * A walk through every capability of the machine: one derivation list after
 * the other, each in order, parents before their children. The walk needs
 * memory: some 4 words for each CNode and TCB, and 1024.
 */
struct tree_walk {
    struct word_set set;
    struct census census;
    struct container box;
    word index; /* in that container */
    word slot;  /* the one that was told last, 0: a list is over */
    word ancestor[TREE_DEPTH];
    word depth;
};

struct tree_node {
    word slot;
    word parent; /* 0: none */
    word depth;  /* 0: no parent */
};

void tree_walk_begin(struct tree_walk *w, struct kernel *k, word *memory,
                     word words);
/* False: the walk is over (w->set.full: for want of memory). */
bool tree_walk_next(struct tree_walk *w, struct tree_node *ret);

/* ---- threads ---- */

#define VIEW_NAME 128

struct thread_view {
    paddr tcb;
    char name[VIEW_NAME]; /* cut to fit */
    uint32_t state;       /* enum thread_state */
    uint32_t thread;      /* entry in h.thread[]; 0: none */
    bool agent;           /* an external agent */
    bool current;         /* runs */
    bool ready;           /* in a ready queue */
    bool is_call;         /* blocked on send: by a call */
    bool can_grant;       /* blocked: the capability's rights */
    bool can_grant_reply;
    int64_t queue_position; /* in the queue it stands in; -1: in none */
    paddr blocked_on;       /* endpoint, notification */
    word badge;             /* blocked on send */
    word priority;
    word mcp;
    word domain;
    word time_slice; /* ticks left */
    word flags;
    struct fault fault;
    struct lookup_failure lookup_failure;
    word fault_handler; /* capability pointer */
    word registers[REG_COUNT];
    word fault_ip;
    word ipc_buffer;      /* address in its vspace, */
    paddr ipc_frame;      /* ... and in memory; 0: it has none */
    word slot[TCB_SLOTS]; /* references; see enum tcb_slot */
    paddr cspace;         /* its CNode */
    paddr vspace;         /* its PML4 */
    paddr bound_notification;
    paddr caller;        /* TCB that it may answer */
    paddr sched_context; /* MCS; 0: it has none */
    bool in_release;     /* MCS: waits for its next refill */
    bool schedulable;    /* runnable, and with time to run */
    word reply_slot;     /* where the capability to answer it is; 0: none */
};

bool thread_view(struct kernel *k, paddr tcb, struct thread_view *ret);
/* The TCB behind this one in the list of all; of 0: the first. 0: no more. */
paddr thread_next(struct kernel *k, paddr tcb);
/* A ready queue: the first of it, and the TCB behind another; 0: no more. */
paddr ready_first(struct kernel *k, word domain, word priority);
paddr ready_next(struct kernel *k, paddr tcb);

/* ---- endpoints and notifications ---- */

struct endpoint_view {
    uint32_t state; /* enum endpoint_state */
    paddr first;    /* first in the queue; queue_next() */
    word length;    /* of the queue */
};
bool endpoint_view(struct kernel *k, paddr p, struct endpoint_view *ret);

struct notification_view {
    uint32_t state; /* enum notification_state */
    paddr first;
    word length;
    word badge; /* of the signals that wait */
    paddr bound_tcb;
};
bool notification_view(struct kernel *k, paddr p,
                       struct notification_view *ret);

/* ---- MCS: scheduling contexts and reply objects ---- */

struct sched_context_view {
    word period; /* ns; 0: round robin */
    word budget; /* ns: what its refills add up to; 0: not configured */
    word ready;  /* ns that may be used now */
    word next;   /* when its first refill may be used, ns since boot */
    word refills;
    word refill_max;
    word consumed; /* ns */
    word badge;
    bool sporadic;
    paddr tcb;
    paddr notification;
    paddr reply; /* top of its call stack */
};
bool sched_context_view(struct kernel *k, paddr p,
                        struct sched_context_view *ret);

struct reply_view {
    paddr tcb;           /* who waits with it */
    bool is_call;        /* ... for an answer, else to receive */
    paddr below;         /* reply object below it in the call stack */
    paddr sched_context; /* it is the top of this one's */
};
bool reply_view(struct kernel *k, paddr p, struct reply_view *ret);

/* Who waits behind this TCB on the same object; 0: nobody. */
paddr queue_next(struct kernel *k, paddr tcb);

/* ---- vspaces ---- */

struct vspace_view {
    word asid;        /* 0: none, or it is no vspace */
    uint32_t process; /* 0: none */
    word pages;       /* mapped, */
    word bytes;       /* ... and their size */
    word tables;      /* paging structures below the PML4 */
};
bool vspace_view(struct kernel *k, paddr pml4, struct vspace_view *ret);

struct mapping_view {
    paddr frame;
    word vaddr;
    word bits;       /* log2 of its size */
    word rights;     /* RIGHT_READ, RIGHT_WRITE; 0: any access faults */
    word attributes; /* enum sel4_vm_attributes */
    bool device;     /* device memory */
};
/* First mapping that ends above vaddr, in address order; false: none. */
bool mapping_next(struct kernel *k, paddr pml4, word vaddr,
                  struct mapping_view *ret);

/* ---- interrupts ---- */

struct irq_view {
    bool active; /* has a handler */
    bool masked;
    bool waiting;    /* raised while masked */
    uint32_t source; /* 0: none, 1: a pin of the IOAPIC, 2: a message (MSI) */
    word pin;
    word level;                         /* level-triggered, else edge */
    word polarity;                      /* 1: active low */
    word bus, device, function, handle; /* MSI */
    word slot; /* where its notification's capability is */
};
bool irq_view(struct kernel *k, word irq, struct irq_view *ret);

#endif
