/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine image: what lies where in the one shared memory file that a
 * machine is.
 *
 * The file starts with a header (struct image_header, IMAGE_HEADER_SIZE
 * bytes); behind it comes the machine's physical memory, physical address 0
 * first. Kernel objects live in that memory, at the addresses they were
 * retyped at. References inside the image are physical addresses, never
 * pointers, so that every process may map the file where it likes; 0 stands
 * for "none" (no kernel object ever lies at physical address 0).
 *
 * This header is shared by the kernel core, the gates and the monitor. Who
 * protects a field is said at its group. "The lock" is image_header.lock.
 */
#ifndef SEL4EMU_ABI_IMAGE_H
#define SEL4EMU_ABI_IMAGE_H

#include <stdint.h>

typedef uint64_t word;
typedef uint64_t paddr;

#define IMAGE_MAGIC 0x00756d65346c6573ul /* "sel4emu", little endian */
#define IMAGE_VERSION 1u
#define IMAGE_HEADER_SIZE (16ul << 20)

#define IMAGE_THREADS 16384u  /* entry 0 stands for "none" */
#define IMAGE_PROCESSES 4096u /* entry 0 stands for "the monitor" */
#define IMAGE_DOMAINS 256u
#define IMAGE_PRIORITIES 256u
#define IMAGE_TRACE_RECORDS 16384u /* a power of two */
#define IMAGE_CONSOLE_BYTES 65536u /* a power of two */
#define IMAGE_IRQS 128u
#define IMAGE_WINDOWS 8u
#define IMAGE_CHANGES 48u

/* A stretch of addresses [start, end). */
struct image_range {
    word start;
    word end;
};

/* What a machine is; fixed when it boots. */
struct image_config {
    word memory_size;       /* bytes of physical memory */
    uint32_t mcs;           /* 1: the MCS kernel, 0: the classic one */
    uint32_t domains;       /* number of scheduling domains, 1..IMAGE_DOMAINS */
    uint32_t cnode_bits;    /* log2 of the slots of the root CNode */
    uint32_t tick_us;       /* length of a kernel tick (classic) */
    uint32_t slice_ticks;   /* time slice in ticks (classic) */
    uint32_t check;         /* 1: kernel_check() after every kernel entry */
    uint32_t trace;         /* 1: every kernel entry is recorded */
    uint32_t isolation;     /* enum image_isolation */
    uint32_t clock;         /* enum image_clock */
    uint32_t tsc_mhz;       /* time-stamp counter: ticks in a microsecond */
    uint32_t boot_slice_us; /* budget of the first thread (MCS) */
    struct image_range image; /* user addresses of the root task's pages; empty:
                                 there is none, the first thread is an agent */
    word image_entry;         /* its first instruction */
};

enum image_isolation {
    ISOLATION_DIRECT,  /* clients map the image and run the core in place */
    ISOLATION_PROCESS, /* clients send their traps to the monitor */
};

/* What the machine's time is; see kernel/clock.h. */
enum image_clock {
    CLOCK_REAL,    /* the host's monotonic clock */
    CLOCK_VIRTUAL, /* advances with what is done, and jumps when all wait */
};
#define TIME_NEVER (~0ul)
/* MHz of the time-stamp counter by a virtual clock: it counts nanoseconds. */
#define CLOCK_VIRTUAL_MHZ 1000u

/* What the host counts time with. */
enum image_counter {
    COUNTER_SYSTEM, /* clock_gettime(CLOCK_MONOTONIC), a system call */
    COUNTER_TSC,    /* the processor's time-stamp counter */
};

/*
 * Run words, changed by atomic exchange only. A thread executes user code
 * only while its word is RUN_GO; whoever schedules it sets the word and wakes
 * the sleeper before the lock is released.
 */
enum run_word {
    RUN_STOP,  /* not scheduled; its Linux thread is on its way to sleep */
    RUN_GO,    /* scheduled */
    RUN_SLEEP, /* not scheduled; its Linux thread sleeps on the word (futex) */
    RUN_EXIT,  /* its TCB is gone: its Linux thread shall end */
    RUN_LENT,  /* not scheduled, but may run user code until it is kicked */
};

enum image_thread_flags {
    THREAD_AGENT = 1,    /* an external agent: never occupies the node */
    THREAD_NEW = 2,      /* wants a Linux thread; the monitor makes it */
    THREAD_RETIRED = 4,  /* its TCB is gone; entry is freed by the monitor */
    THREAD_DIRTY = 8,    /* registers were changed: load all of them */
    THREAD_RENAMED = 16, /* its TCB got a name: its Linux thread takes it */
};

/* The host's side of a TCB: its Linux thread. One cache line. */
struct image_thread {
    uint32_t run;       /* enum run_word; atomic */
    uint32_t tid;       /* Linux thread id, 0 while there is none */
    uint32_t process;   /* index of its process; 0: the monitor (agents) */
    uint32_t flags;     /* enum image_thread_flags; under the lock */
    paddr tcb;          /* 0: entry is free or retired; under the lock */
    uint32_t next;      /* free list, or list of agents to wake */
    uint32_t kicks;     /* kicks sent; under the lock */
    uint32_t preempted; /* parked in the middle of user code */
    uint32_t started;   /* it has run user code; under the lock */
    word reserved[3];
};

enum image_process_flags {
    PROCESS_USED = 1,
    PROCESS_HOSTED = 2, /* an ordinary Linux executable; else bare */
    PROCESS_DEAD = 4,   /* the process ended; the entry is being cleaned up */
};

/*
 * The host's side of a VSpace: its Linux process. Under the lock. Mappings
 * that changed are queued here, and applied before a thread of the process
 * runs user code again.
 */
struct image_process {
    uint32_t pid; /* Linux process id, 0 while there is none */
    uint32_t flags;
    paddr vspace; /* the PML4, 0 when it is gone */
    uint32_t window_count;
    uint32_t change_count;
    uint32_t flush_all; /* the queue overflowed: drop every mapping */
    uint32_t lent;      /* 1: some of its threads are RUN_LENT */
    struct image_range window[IMAGE_WINDOWS]; /* hosted: where frames may go */
    struct {
        word vaddr;
        word bits; /* log2 of the size of the page, or of the whole table */
    } change[IMAGE_CHANGES];
    char name[32];
    word reserved[8];
};

/* What entered the kernel. */
enum image_cause {
    CAUSE_NONE,
    CAUSE_SYSCALL,    /* registers hold the call */
    CAUSE_VM_FAULT,   /* address, code: x86 page fault error code */
    CAUSE_EXCEPTION,  /* number: x86 vector, code: error code */
    CAUSE_INTERRUPT,  /* a kick: look at image_header.pending */
    CAUSE_HOST_BLOCK, /* the thread waits for the host: it leaves the node */
    CAUSE_HOST_WAKE,  /* ... and the host has answered */
    CAUSE_TSC,        /* the thread executed rdtsc or rdtscp, and was trapped */
    CAUSE_LOST,       /* the Linux thread or process of this TCB is gone */
};

/* One kernel entry, as the trace ring keeps it. */
struct image_trace {
    word sequence;        /* 1, 2, 3...; 0: never written */
    word time_ns;         /* the machine's clock */
    paddr tcb;            /* who entered */
    uint32_t thread;      /* its index in image_header.thread, 0: none */
    uint16_t cause;       /* enum image_cause */
    uint16_t system_call; /* enum sel4_sys */
    word cap;             /* capability pointer, or fault address */
    word info;            /* message info of the call, or fault code */
    uint16_t method;      /* enum sel4_method of an invocation, else 0 */
    uint16_t error;       /* enum sel4_error it was answered with */
    uint16_t reason;      /* enum kernel_reason behind the error */
    uint16_t object;      /* type of the capability that was invoked */
    paddr next;           /* who runs after this entry, 0: nobody */
};

enum image_pending {
    PENDING_TIMER = 1,      /* the deadline has passed */
    PENDING_RESCHEDULE = 2, /* somebody more important became ready */
    PENDING_PAUSE = 4,      /* the node shall stop */
    PENDING_IRQ = 8,        /* see image_header.irq_pending */
};

/* Set by the core under the lock, taken by the host after an entry. */
enum image_event {
    EVENT_THREAD_NEW = 1,      /* an entry of thread[] is THREAD_NEW */
    EVENT_THREAD_RETIRED = 2,  /* an entry of thread[] is THREAD_RETIRED */
    EVENT_PROCESS_RETIRED = 4, /* an entry of process[] lost its VSpace */
    EVENT_TIMER = 8,           /* the deadline is before what is armed */
    EVENT_CONSOLE = 16,        /* a line for the console is complete */
    EVENT_KICK = 32,           /* current must enter: see pending */
    EVENT_HALT = 64,           /* seL4_DebugHalt, or a panic */
    EVENT_STEP = 128,          /* a step is done: the node is paused again */
    EVENT_PREEMPTED = 256,     /* a thread was parked in its user code */
};

struct image_queue {
    paddr head;
    paddr tail;
};

struct image_header {
    /* constant after boot */
    word magic;
    uint32_t version;
    uint32_t header_size;
    struct image_config config;

    /* the lock (futex): owner + 1 (index of a process, 0: the monitor), or 0:
     * free; bit 31: somebody sleeps on it; bit 30: a sleeper is next */
    uint32_t lock;
    /* written by anyone, atomically, read by current's gate */
    uint32_t pending; /* enum image_pending */
    uint32_t irq_pending[IMAGE_IRQS / 32];
    /* atomic; the host's doorbell: 1 when the monitor has been called */
    uint32_t doorbell;
    /* futex: raised by one whenever the node stops (idle or paused) */
    uint32_t idle_count;
    uint32_t idle_waiters; /* atomic: who sleeps on idle_count */
    /* futex: raised by one with every event that the monitor has handled */
    uint32_t event_count;
    uint32_t panicked; /* 1: the machine stopped for good */

    /* the node, under the lock */
    paddr current;           /* TCB that runs, 0: idle */
    uint32_t current_thread; /* its index in thread[], 0: idle */
    uint32_t paused;         /* > 0: nobody is scheduled */
    uint32_t step;           /* kernel entries left until it pauses again */
    uint32_t events;         /* enum image_event, not yet taken by the host */
    uint32_t wake;           /* list of agents that may run, by .next */
    uint32_t thread_free;    /* free list of thread[], by .next */
    uint32_t thread_top;     /* entries ever used */
    uint32_t host_blocked;   /* threads that wait for the host */
    uint32_t domain;         /* current domain, time left in it, its place */
    uint32_t domain_index;
    paddr tcbs;           /* list of every TCB, newest first */
    word action;          /* inside an entry: see kernel/sched.h */
    uint32_t work;        /* steps of a long operation since the last look */
    uint32_t preemptible; /* 1: such an operation may be cut short */
    uint32_t overtaken;   /* 1: somebody was moved into the current domain, and
                             waits for the next choice, however important */
    word domain_time;     /* classic: ticks left; MCS: its end, 0: it is over */
    word domain_start;
    /* Times are ns since boot. CLOCK_REAL: the host writes `time` before every
     * entry. The kernel wants to be entered (PENDING_TIMER) once `deadline` is
     * over; TIME_NEVER: it waits for no time. The host keeps in `armed` what
     * its timer is set to. */
    word time;
    word deadline;
    word armed;
    word tick_at; /* classic: when the next tick is due, TIME_NEVER: none is */
    /* MCS: the scheduling context that pays (0: nobody does), and until when it
     * has paid; who waits for a refill, by time */
    paddr current_sc;
    word charged_until;
    struct image_queue release;
    uint32_t reprogram;   /* the time of this entry has been acted on */
    word entries;         /* kernel entries that threads have made so far, */
    word current_entries; /* ... and those of the current ones */
    /* the host's own, see gate/clock.h: time is base_time + (counter -
     * base_count) * scale / 2^32 */
    struct {
        uint32_t counter; /* enum image_counter */
        uint32_t stopped; /* 1: time stands still */
        word scale;
        word base_count;
        word base_time;
        word base_monotonic; /* Linux's monotonic time then */
        word idle_since; /* virtual: monotonic time since when the node idles
                            while a thread waits for the host, else 0 */
    } clock;
    struct {
        word domain;
        word duration;
    } domain_schedule[IMAGE_DOMAINS];

    /* what happens inside the core, for the report when somebody dies there */
    struct {
        paddr tcb; /* 0: nobody is inside */
        uint32_t cause;
        uint32_t system_call;
        word cap;
        word info;
    } inside;
    /* the last error answer and its explanation; see kernel/reason.h */
    struct {
        uint32_t error;
        uint32_t reason;
        word argument[4];
        uint32_t word_count; /* message words of the answer */
        uint32_t lookup_source;
        word words[5];
        struct {
            word type; /* enum sel4_lookup_failure */
            word detail[3];
        } lookup; /* the last address that did not resolve */
    } error;
    char panic[256];

    /* tables, under the lock */
    word ready_l1[IMAGE_DOMAINS];
    word ready_l2[IMAGE_DOMAINS][IMAGE_PRIORITIES / 64];
    paddr asid_table[8];
    struct {
        uint32_t state; /* see kernel/irq.h */
        uint32_t route;
    } irq[IMAGE_IRQS];
    word irq_slot[IMAGE_IRQS][4]; /* struct cte: notification of each IRQ */
    word io_ports[65536 / 64];    /* ports that were issued */

    /* what boot made; constant */
    struct {
        paddr root_cnode; /* CNode object of the first CSpace */
        paddr root_tcb;   /* TCB of the root task, or of the agent 'root' */
        paddr root_vspace;
        word untyped_start, untyped_end; /* slots of the untyped capabilities */
        word empty_start, empty_end;     /* free slots */
        paddr ram_start;                 /* first byte of free RAM */
        paddr ipc_buffer; /* frame of the first thread's IPC buffer */
        paddr bootinfo;   /* frame that the host may fill with boot info */
        paddr extra;      /* frame behind it in a root task's VSpace, else 0 */
        paddr image;      /* first frame of the root task's image, else 0 */
        word sched_control; /* MCS: slot of the SchedControl capability */
        word paging_start, paging_end; /* slots of its paging structures, */
        word extra_start, extra_end;   /* of the frame `extra`, */
        word image_start, image_end;   /* of the image's frames */
    } boot;

    /* console: bytes written and taken so far; under the lock */
    word console_written;
    word console_taken;
    char console[IMAGE_CONSOLE_BYTES];

    /* trace, under the lock */
    word trace_count; /* records ever written; last at (count - 1) % N */
    struct image_trace trace[IMAGE_TRACE_RECORDS];

    struct image_queue ready[IMAGE_DOMAINS][IMAGE_PRIORITIES];
    struct image_thread thread[IMAGE_THREADS];
    struct image_process process[IMAGE_PROCESSES];
};

_Static_assert(sizeof(struct image_thread) == 64, "one cache line");
_Static_assert(sizeof(struct image_trace) == 64, "trace record");
_Static_assert(sizeof(struct image_process) == 1024, "process entry");
_Static_assert(sizeof(struct image_header) <= IMAGE_HEADER_SIZE, "header");

/*
 * Word of a PML4 (in the half that belongs to the kernel) that holds the index
 * of the VSpace's process; 0: it has none yet.
 */
#define VSPACE_PROCESS_WORD 511
/* 1: that was a hosted process; the VSpace gets no other. */
#define VSPACE_HOSTED_WORD 509

#endif
