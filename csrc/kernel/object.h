/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The layout of every kernel object and of the capabilities that name them.
 *
 * Objects live in the machine's physical memory and have the sizes that
 * seL4's API promises (asserted at the end). What one object knows of another
 * is its physical address; 0 is "none". A slot is named by its address too,
 * and as the slots of the interrupt handlers stand in the image's header, in
 * front of physical address 0, a slot's address may be "negative": always go
 * through slot_at() and slot_ref().
 *
 * A capability is two words. The type stands in the low 5 bits of word 0; for
 * every type that has an object, its address stands in bits 17 to 63 of word
 * 0. Types are numbered as in the real kernel, whose numbers show through
 * seL4_DebugCapIdentify(): odd ones belong to the architecture.
 */
#ifndef SEL4EMU_KERNEL_OBJECT_H
#define SEL4EMU_KERNEL_OBJECT_H

#include "abi/sel4_api.h"
#include "kernel/kernel.h"

enum cap_type {
    CAP_NULL = 0,
    CAP_UNTYPED = 2,
    CAP_ENDPOINT = 4,
    CAP_NOTIFICATION = 6,
    CAP_REPLY = 8,
    CAP_CNODE = 10,
    CAP_THREAD = 12,
    CAP_IRQ_CONTROL = 14,
    CAP_IRQ_HANDLER = 16,
    CAP_ZOMBIE = 18,
    CAP_DOMAIN = 20,
    CAP_SCHED_CONTEXT = 22, /* MCS */
    CAP_SCHED_CONTROL = 24, /* MCS */

    CAP_FRAME = 1,
    CAP_PAGE_TABLE = 3,
    CAP_PAGE_DIRECTORY = 5,
    CAP_PDPT = 7,
    CAP_PML4 = 9,
    CAP_ASID_CONTROL = 11,
    CAP_ASID_POOL = 13,
    CAP_IO_PORT = 19,
    CAP_IO_PORT_CONTROL = 31,
};

/* Rights as the API's rights word has them (seL4 manual 3.1.3). */
enum cap_right {
    RIGHT_WRITE = 1,
    RIGHT_READ = 2,
    RIGHT_GRANT = 4,
    RIGHT_GRANT_REPLY = 8,
    RIGHT_ALL = 15,
};

union cap {
    word words[2];
    struct {
        word type : 5;
        word : 12;
        word obj : 47; /* physical address of the object */
        word : 64;
    };
    struct {
        word type : 5;
        word bits : 6;   /* log2 of its size */
        word device : 1; /* not backed by RAM: holds frames only */
        word : 5;
        word obj : 47;
        word free; /* bytes used so far, from its start */
    } untyped;
    struct {
        word type : 5;
        word rights : 4; /* enum cap_right */
        word : 8;
        word obj : 47;
        word badge;
    } endpoint, notification; /* a notification has no grant rights */
    struct {
        word type : 5;
        word master : 1; /* classic: the one in the caller's own TCB */
        word can_grant : 1;
        word : 10;
        word obj : 47; /* classic: TCB of the caller; MCS: reply object */
        word : 64;
    } reply;
    struct {
        word type : 5;
        word radix : 6;      /* log2 of the number of slots */
        word guard_size : 6; /* bits */
        word obj : 47;
        word guard;
    } cnode;
    struct {
        word type : 5;
        word : 12;
        word obj : 47;
        word : 64;
    } thread;
    struct {
        word type : 5;
        word : 59;
        word irq;
    } irq_handler;
    struct {
        word type : 5;
        word tcb : 1;   /* remains of a TCB, else of a CNode */
        word radix : 6; /* of a CNode */
        word : 5;
        word obj : 47;
        word count; /* slots, from the first, that may still be in use */
    } zombie;
    struct {
        word type : 5;
        word bits : 6; /* log2 of its size */
        word : 6;
        word obj : 47;
        word : 64;
    } sched_context; /* MCS */
    struct {
        word type : 5;
        word : 59;
        word core;
    } sched_control; /* MCS */

    struct {
        word type : 5;
        word size : 2; /* enum frame_size */
        word device : 1;
        word rights : 2; /* enum frame_rights */
        word map : 2;    /* enum frame_map */
        word : 5;
        word obj : 47;
        word asid : 16; /* 0: not mapped */
        word vaddr : 48;
    } frame;
    struct {
        word type : 5;
        word mapped : 1;
        word : 11;
        word obj : 47;
        word asid : 16;
        word vaddr : 48;
    } table; /* page table, page directory, PDPT */
    struct {
        word type : 5;
        word mapped : 1; /* has an ASID */
        word : 11;
        word obj : 47;
        word asid : 16;
        word : 48;
    } pml4;
    struct {
        word type : 5;
        word : 12;
        word obj : 47;
        word base; /* its first ASID */
    } asid_pool;
    struct {
        word type : 5;
        word : 59;
        word first : 16; /* inclusive both */
        word last : 16;
        word : 32;
    } io_port;
};

enum frame_size {
    FRAME_SMALL,
    FRAME_LARGE,
    FRAME_HUGE
};
enum frame_rights {
    FRAME_KERNEL_ONLY = 1,
    FRAME_READ_ONLY = 2,
    FRAME_READ_WRITE = 3,
};
enum frame_map {
    FRAME_MAP_NONE,
    FRAME_MAP_VSPACE
};

/*
 * A capability slot: the capability and its place in the derivation tree.
 * The tree is kept as a list in pre-order; see cdt.h.
 */
struct cte {
    union cap cap;
    word prev; /* slot before it in the list, 0: none */
    word revocable : 1;
    word first_badged : 1;
    word next_4 : 62; /* slot behind it, divided by 4; see slot_next() */
};

/* Number of slots at the start of a TCB, and what they hold. */
enum tcb_slot {
    TCB_CTABLE,
    TCB_VTABLE,
    TCB_REPLY,  /* classic: its master reply capability */
    TCB_CALLER, /* classic: reply capability of whom it serves */
    TCB_BUFFER,
    TCB_SLOTS,
    TCB_FAULT_HANDLER = TCB_REPLY,    /* MCS */
    TCB_TIMEOUT_HANDLER = TCB_CALLER, /* MCS */
};

enum thread_state {
    STATE_INACTIVE,
    STATE_RUNNING,
    STATE_RESTART, /* runnable; goes on at fault_ip */
    STATE_BLOCKED_ON_RECEIVE,
    STATE_BLOCKED_ON_SEND,
    STATE_BLOCKED_ON_REPLY,
    STATE_BLOCKED_ON_NOTIFICATION,
    STATE_BLOCKED_ON_HOST, /* waits for the host outside of seL4 */
    STATE_COUNT,
};

/* The faults a thread may have. Their message labels: fault_label(). */
enum fault_type {
    FAULT_NONE,
    FAULT_CAP,             /* a = capability pointer, b = receive phase */
    FAULT_UNKNOWN_SYSCALL, /* a = number */
    FAULT_USER_EXCEPTION,  /* a = vector, b = error code */
    FAULT_VM,              /* a = address, b = error code, c = fetch */
    FAULT_TIMEOUT,         /* MCS: a = data of the scheduling context */
    FAULT_TYPES,
};

struct fault {
    word type; /* enum fault_type */
    word a;
    word b;
    word c;
};

/* Why resolving an address failed (seL4 manual 3.4). */
struct lookup_failure {
    word type;      /* enum sel4_lookup_failure */
    word detail[3]; /* the words of its message */
};

#define TCB_NAME_SIZE 848

struct tcb {
    struct cte slot[TCB_SLOTS];

    word regs[REG_COUNT]; /* enum kernel_register */
    word fault_ip;

    uint32_t state;      /* enum thread_state */
    uint32_t thread;     /* index in h.thread[], 0: never ran */
    paddr thread_vspace; /* VSpace that entry was made for */

    /* what it is blocked on: object, and the properties of a send */
    paddr blocked_on;
    word badge;        /* badge of a blocked send */
    uint8_t can_grant; /* sender or receiver: its capability has Grant */
    uint8_t can_grant_reply;
    uint8_t is_call;
    uint8_t queued;     /* stands in a ready queue */
    uint8_t in_release; /* MCS: stands in the release queue */
    uint8_t priority;
    uint8_t mcp;
    uint8_t domain;

    paddr ep_next, ep_prev;       /* queue of an endpoint or notification */
    paddr sched_next, sched_prev; /* ready queue; MCS: or release queue */
    paddr all_next, all_prev;     /* every TCB there is, h.tcbs */

    paddr bound_notification;
    word flags;         /* seL4_TCBFlag */
    word time_slice;    /* classic: ticks left */
    word fault_handler; /* classic: capability pointer */
    word ipc_buffer;    /* address of the IPC buffer in its VSpace */
    struct fault fault;
    struct lookup_failure lookup_failure; /* of a capability fault */
    struct fault unhandled; /* stopped it, as nobody handles its faults */

    paddr sched_context; /* MCS */
    paddr yield_to;      /* MCS */
    paddr reply;         /* MCS: reply object it is blocked with */

    /* bare processes only: see registers_entered() */
    word by_syscall; /* its last entry was a `syscall` instruction */
    word kept[3];    /* rsp, rcx and r11 as of the last other entry */

    word reserved[74];
    char name[TCB_NAME_SIZE];
};

enum endpoint_state {
    ENDPOINT_IDLE,
    ENDPOINT_SEND,
    ENDPOINT_RECEIVE
};

struct endpoint {
    paddr head;
    word state : 2;   /* enum endpoint_state */
    word tail_4 : 62; /* divided by 4 */
};

enum notification_state {
    NOTIFICATION_IDLE,
    NOTIFICATION_WAITING,
    NOTIFICATION_ACTIVE,
};

struct notification {
    paddr bound_tcb;
    word badge; /* of the signals that wait, while active */
    paddr head;
    word state : 2;   /* enum notification_state */
    word tail_4 : 62; /* divided by 4 */
};

/* The MCS kernel's notification is twice as large. */
struct notification_mcs {
    struct notification n;
    paddr sched_context;
    word reserved[3];
};

/* Some time that a scheduling context may use from a moment on; both in ns. */
struct refill {
    word time;
    word amount;
};

/* MCS: the right to run. Its refills stand behind it; see refill.h. */
struct sched_context {
    word period;   /* ns; 0: round robin */
    word consumed; /* ns it has run since somebody asked */
    word core;
    paddr tcb;          /* who runs by it now */
    paddr reply;        /* top of the call stack along which it was lent */
    paddr notification; /* that lends it to whom it wakes */
    paddr yield_from;   /* TCB that yielded to it and waits for the answer */
    word badge;         /* data of its timeout faults */
    word refill_max;  /* refills there is room for in use, 0: not configured */
    word refill_head; /* index of the first, */
    word refill_tail; /* ... and of the last in use */
    word sporadic;    /* 1: time does not pass for it while it is blocked */
};

/*
 * MCS: where an answer goes. The replies along which a scheduling context was
 * lent are its call stack: `prev` is the reply below, `next` the one above;
 * the top's is the scheduling context.
 */
struct reply {
    paddr tcb; /* who waits for the answer, or to receive with this object */
    paddr prev;
    paddr next;
    word is_top; /* `next` is a scheduling context */
};

_Static_assert(sizeof(struct sched_context) + 2 * sizeof(struct refill) == 128,
               "the smallest scheduling context has two refills");
_Static_assert(sizeof(struct reply) == 32, "reply");
_Static_assert(sizeof(union cap) == 16, "a capability is two words");
_Static_assert(sizeof(struct cte) == 1u << SEL4_SLOT_BITS, "slot");
_Static_assert(sizeof(struct tcb) == 1u << SEL4_TCB_BITS, "TCB");
_Static_assert(sizeof(struct endpoint) == 1u << SEL4_ENDPOINT_BITS, "endpoint");

/* Slot at an address, and back; 0 is NULL. */
static inline struct cte *slot_at(struct kernel *k, word ref)
{
    uintptr_t base = (uintptr_t)k + IMAGE_HEADER_SIZE;

    return ref ? (struct cte *)(base + ref) : NULL;
}

static inline word slot_ref(struct kernel *k, const struct cte *slot)
{
    uintptr_t base = (uintptr_t)k + IMAGE_HEADER_SIZE;

    return slot ? (uintptr_t)slot - base : 0;
}

static inline struct cte *slot_next(struct kernel *k, const struct cte *slot)
{
    return slot_at(k, (word)slot->next_4 << 2);
}

static inline struct cte *slot_prev(struct kernel *k, const struct cte *slot)
{
    return slot_at(k, slot->prev);
}

/* Any object at an address; 0 is NULL. */
static inline void *object_at(struct kernel *k, paddr p)
{
    return p ? kernel_memory(k, p) : NULL;
}

static inline paddr object_ref(struct kernel *k, const void *object)
{
    const char *base = (const char *)k + IMAGE_HEADER_SIZE;

    return object ? (paddr)((const char *)object - base) : 0;
}

static inline struct tcb *tcb_at(struct kernel *k, paddr p)
{
    return object_at(k, p);
}

static inline bool cap_is_arch(union cap cap)
{
    return cap.type & 1;
}

static inline bool cap_is_null(union cap cap)
{
    return cap.type == CAP_NULL;
}

static inline union cap cap_null(void)
{
    return (union cap){ .words = { 0, 0 } };
}

#endif
