/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the C tests of the kernel core stand on: a machine in ordinary memory,
 * without gates, processes or Linux threads. A test plays every thread by
 * setting its registers and entering the kernel in its name.
 *
 * Invocations are made by m->caller, which is the root agent unless a test
 * says otherwise; all of them use the root CNode, where every slot resolves
 * at depth 64. A test checks with CHECK_EQ() and friends, which print both
 * values and end the program, and prints nothing otherwise.
 */
#ifndef SEL4EMU_TESTS_KERNEL_HARNESS_H
#define SEL4EMU_TESTS_KERNEL_HARNESS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel/ipc.h"
#include "kernel/kernel.h"
#include "kernel/object.h"
#include "kernel/reason.h"

#define UNUSED __attribute__((unused))

/* ---- checking ---- */

struct test {
    const char *name;
    void (*run)(void);
};
static const char *test_now; /* name of the test that runs */

#define TEST(function)                                                         \
    {                                                                          \
#function, function                                                    \
    }
/* main() of a test program: TESTS(TEST(a), TEST(b), ...) */
#define TESTS(...)                                                             \
    int main(void)                                                             \
    {                                                                          \
        const struct test all[] = { __VA_ARGS__ };                             \
        for (size_t i = 0; i < sizeof all / sizeof *all; i++) {                \
            test_now = all[i].name;                                            \
            all[i].run();                                                      \
        }                                                                      \
        return 0;                                                              \
    }

#define CHECK_EQ(have, want)                                                   \
    check_eq((word)(have), (word)(want), #have, #want, __FILE__, __LINE__)
#define CHECK(condition) CHECK_EQ((condition) != 0, 1)

UNUSED static void check_eq(word have, word want, const char *have_text,
                            const char *want_text, const char *file, int line)
{
    if (have == want)
        return;
    fprintf(stderr, "%s:%d: %s: %s is %#lx (%ld), not %s, %#lx (%ld)\n", file,
            line, test_now, have_text, have, (long)have, want_text, want,
            (long)want);
    exit(1);
}

/* ---- the machine ---- */

struct machine {
    struct kernel *k;
    word size;
    paddr caller;   /* who makes the invocations */
    word next_slot; /* first slot of the root CNode that was never used */
    word untyped;   /* slot of the untyped memory that objects are made of */
};

static void host_clear(struct kernel *k, paddr start, word size)
{
    memset(kernel_memory(k, start), 0, size);
}

static const struct kernel_host test_host = { .clear = host_clear };

/* The largest untyped memory that is RAM. */
static word machine_find_untyped(struct machine *m)
{
    struct cte *root = kernel_memory(m->k, m->k->h.boot.root_cnode);
    word best = 0;

    for (word i = m->k->h.boot.untyped_start; i < m->k->h.boot.untyped_end; i++)
        if (!root[i].cap.untyped.device &&
            (!best || root[i].cap.untyped.bits > root[best].cap.untyped.bits))
            best = i;
    return best;
}

static struct image_config default_config(void)
{
    return (struct image_config){
        .memory_size = 64ul << 20,
        .domains = 1,
        .cnode_bits = 12,
        .tick_us = 2000,
        .slice_ticks = 5,
        .tsc_mhz = 1000,
        .boot_slice_us = 5000,
        .check = 1,
        .trace = 1,
    };
}

static struct machine machine_new_config(const struct image_config *config)
{
    struct machine m = { .size = IMAGE_HEADER_SIZE + config->memory_size };
    const char *wrong;

    m.k = mmap(NULL, m.size, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (m.k == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    wrong = kernel_boot(m.k, config, &test_host);
    if (wrong) {
        fprintf(stderr, "kernel_boot: %s\n", wrong);
        exit(1);
    }
    m.caller = m.k->h.boot.root_tcb;
    m.next_slot = m.k->h.boot.empty_start;
    m.untyped = machine_find_untyped(&m);
    return m;
}

UNUSED static struct machine machine_new(void)
{
    struct image_config config = default_config();

    return machine_new_config(&config);
}

UNUSED static void machine_free(struct machine *m)
{
    munmap(m->k, m->size);
}

UNUSED static struct cte *slot_of(struct machine *m, word cptr)
{
    return (struct cte *)kernel_memory(m->k, m->k->h.boot.root_cnode) + cptr;
}

UNUSED static struct tcb *tcb_of(struct machine *m, paddr tcb)
{
    return kernel_memory(m->k, tcb);
}

/* ---- entering ---- */

#define TRAP_IP 0x400000ul /* address of every system call instruction */

UNUSED static void enter(struct machine *m, paddr tcb, uint32_t kind)
{
    struct kernel_cause cause = { .kind = kind };

    kernel_enter(m->k, &test_host, tcb, &cause);
    if (m->k->h.panicked) {
        fprintf(stderr, "%s: panic: %s at %#lx\n", test_now, m->k->h.panic,
                m->k->h.error.argument[0]);
        exit(1);
    }
}

/* What the kernel waits for comes: its timer is due. */
UNUSED static void timer_due(struct machine *m)
{
    if (m->k->h.deadline != TIME_NEVER && m->k->h.deadline > m->k->h.time)
        m->k->h.time = m->k->h.deadline;
    m->k->h.pending |= PENDING_TIMER;
}

/* ... and whoever runs is told, or the idle node. */
UNUSED static void timer_interrupt(struct machine *m)
{
    timer_due(m);
    if (m->k->h.current)
        enter(m, m->k->h.current, CAUSE_INTERRUPT);
    else
        kernel_reschedule(m->k);
}

static word sys_number(struct machine *m, enum sel4_sys sys)
{
    for (word i = 0; i < SEL4_SYSCALLS_MAX; i++)
        if (sel4_sys_of_number[m->k->h.config.mcs][i] == sys)
            return -i;
    abort();
}

/* A message to be sent. */
struct message {
    word label;
    word count;
    word words[SEL4_MSG_MAX_LENGTH];
    word cap_count;
    word caps[SEL4_MSG_MAX_EXTRA_CAPS];
};

UNUSED static word *buffer_of(struct machine *m, paddr tcb)
{
    word vaddr;
    paddr frame;

    if (!kernel_ipc_buffer(m->k, tcb, &vaddr, &frame))
        return NULL;
    return kernel_memory(m->k, frame);
}

static void message_store(struct machine *m, paddr tcb,
                          const struct message *message)
{
    static const int mr[] = { REG_MR0, REG_MR1, REG_MR2, REG_MR3 };
    word *r = kernel_registers(m->k, tcb);
    word *buffer = buffer_of(m, tcb);

    for (word i = 0; i < 4; i++)
        r[mr[i]] = message->words[i];
    for (word i = 4; buffer && i < message->count; i++)
        buffer[BUFFER_MSG + i] = message->words[i];
    for (word i = 0; buffer && i < message->cap_count; i++)
        buffer[BUFFER_CAPS + i] = message->caps[i];
    r[REG_INFO] =
        info_new(message->label, 0, message->cap_count, message->count);
}

/* A system call by any TCB, at TRAP_IP. */
UNUSED static void trap(struct machine *m, paddr tcb, enum sel4_sys sys,
                        word cptr, const struct message *message)
{
    word *r = kernel_registers(m->k, tcb);

    if (message)
        message_store(m, tcb, message);
    r[REG_SYSTEM_CALL] = sys_number(m, sys);
    r[REG_CAP] = cptr;
    r[REG_RIP] = TRAP_IP + 2;
    *kernel_fault_ip(m->k, tcb) = TRAP_IP;
    enter(m, tcb, CAUSE_SYSCALL);
}

#define MESSAGE(l, ...)                                                        \
    (&(struct message){ .label = (l),                                          \
                        .count = sizeof((word[]){ __VA_ARGS__ }) / 8,          \
                        .words = { __VA_ARGS__ } })

/* What is in the registers of who has received or been answered. */
UNUSED static word got_label(struct machine *m, paddr tcb)
{
    return info_label(kernel_registers(m->k, tcb)[REG_INFO]);
}
UNUSED static word got_length(struct machine *m, paddr tcb)
{
    return info_length(kernel_registers(m->k, tcb)[REG_INFO]);
}
UNUSED static word got_caps(struct machine *m, paddr tcb)
{
    return info_extra_caps(kernel_registers(m->k, tcb)[REG_INFO]);
}
UNUSED static word got_unwrapped(struct machine *m, paddr tcb)
{
    return kernel_registers(m->k, tcb)[REG_INFO] >> 9 & 7;
}
UNUSED static word got_badge(struct machine *m, paddr tcb)
{
    return kernel_registers(m->k, tcb)[REG_CAP];
}
UNUSED static word got_word(struct machine *m, paddr tcb, word i)
{
    static const int mr[] = { REG_MR0, REG_MR1, REG_MR2, REG_MR3 };

    return i < 4 ? kernel_registers(m->k, tcb)[mr[i]]
                 : buffer_of(m, tcb)[BUFFER_MSG + i];
}

/* ---- invocations by m->caller; they return its error ---- */

static word invoke(struct machine *m, word cptr, enum sel4_method method,
                   struct message *message)
{
    message->label = sel4_label_of_method[m->k->h.config.mcs][method];
    trap(m, m->caller, SYS_CALL, cptr, message);
    return got_label(m, m->caller);
}

#define WORDS(...)                                                             \
    .count = sizeof((word[]){ __VA_ARGS__ }) / 8, .words = { __VA_ARGS__ }
#define CAPS(...)                                                              \
    .cap_count = sizeof((word[]){ __VA_ARGS__ }) / 8, .caps = { __VA_ARGS__ }
/* INVOKE(m, cptr, METHOD_X, WORDS(...), CAPS(...)) */
#define INVOKE(m, cptr, method, ...)                                           \
    invoke((m), (cptr), (method), &(struct message){ __VA_ARGS__ })
#define INVOKE_PLAIN(m, cptr, method)                                          \
    invoke((m), (cptr), (method), &(struct message){ .label = 0 })

#define ROOT SEL4_CAP_INIT_THREAD_CNODE

UNUSED static word retype(struct machine *m, word untyped,
                          enum sel4_object type, word bits, word dest)
{
    word number = sel4_number_of_object[m->k->h.config.mcs][type];

    return INVOKE(m, untyped, METHOD_UNTYPED_RETYPE,
                  WORDS(number, bits, 0, 0, dest, 1), CAPS(ROOT));
}

/* A new object of the machine's untyped memory; its slot. */
UNUSED static word object_new(struct machine *m, enum sel4_object type,
                              word bits)
{
    word slot = m->next_slot++;

    CHECK_EQ(retype(m, m->untyped, type, bits, slot), SEL4_NO_ERROR);
    return slot;
}

UNUSED static paddr object_of(struct machine *m, word cptr)
{
    return slot_of(m, cptr)->cap.obj;
}

UNUSED static word cap_copy(struct machine *m, word dest, word source,
                            word rights)
{
    return INVOKE(m, ROOT, METHOD_CNODE_COPY,
                  WORDS(dest, 64, source, 64, rights), CAPS(ROOT));
}

UNUSED static word cap_mint(struct machine *m, word dest, word source,
                            word rights, word badge)
{
    return INVOKE(m, ROOT, METHOD_CNODE_MINT,
                  WORDS(dest, 64, source, 64, rights, badge), CAPS(ROOT));
}

UNUSED static word cap_move(struct machine *m, word dest, word source)
{
    return INVOKE(m, ROOT, METHOD_CNODE_MOVE, WORDS(dest, 64, source, 64),
                  CAPS(ROOT));
}

UNUSED static word cap_mutate(struct machine *m, word dest, word source,
                              word data)
{
    return INVOKE(m, ROOT, METHOD_CNODE_MUTATE,
                  WORDS(dest, 64, source, 64, data), CAPS(ROOT));
}

UNUSED static bool slot_is_empty(struct machine *m, word cptr)
{
    return slot_of(m, cptr)->cap.type == CAP_NULL;
}

/* A slot that is empty still. */
UNUSED static word slot_new(struct machine *m)
{
    return m->next_slot++;
}

UNUSED static word cap_delete(struct machine *m, word slot)
{
    return INVOKE(m, ROOT, METHOD_CNODE_DELETE, WORDS(slot, 64));
}

UNUSED static word cap_revoke(struct machine *m, word slot)
{
    return INVOKE(m, ROOT, METHOD_CNODE_REVOKE, WORDS(slot, 64));
}

/* ---- threads ---- */

/* A thread of the tests: TCB slot and object, frame of its IPC buffer. */
struct thread {
    word cap;
    paddr tcb;
    word frame;
};

#define THREAD_BUFFER 0x1000000ul /* address of every IPC buffer */

/* The classic kernel's message begins with the fault handler. */
static word thread_configure(struct machine *m, struct thread t)
{
    if (m->k->h.config.mcs)
        return INVOKE(m, t.cap, METHOD_TCB_CONFIGURE,
                      WORDS(0, 0, THREAD_BUFFER),
                      CAPS(ROOT, SEL4_CAP_INIT_THREAD_VSPACE, t.frame));
    return INVOKE(m, t.cap, METHOD_TCB_CONFIGURE, WORDS(0, 0, 0, THREAD_BUFFER),
                  CAPS(ROOT, SEL4_CAP_INIT_THREAD_VSPACE, t.frame));
}

/* Made, with the root agent's CSpace and VSpace, but not resumed. */
UNUSED static struct thread thread_new(struct machine *m, word priority)
{
    struct thread t;

    t.cap = object_new(m, OBJECT_TCB, 0);
    t.frame = object_new(m, OBJECT_PAGE, 0);
    t.tcb = object_of(m, t.cap);
    CHECK_EQ(thread_configure(m, t), SEL4_NO_ERROR);
    CHECK_EQ(INVOKE(m, t.cap, METHOD_TCB_SET_PRIORITY, WORDS(priority),
                    CAPS(SEL4_CAP_INIT_THREAD_TCB)),
             SEL4_NO_ERROR);
    return t;
}

UNUSED static word thread_resume(struct machine *m, struct thread t)
{
    return INVOKE_PLAIN(m, t.cap, METHOD_TCB_RESUME);
}

UNUSED static word thread_stop(struct machine *m, struct thread t)
{
    return INVOKE_PLAIN(m, t.cap, METHOD_TCB_SUSPEND);
}

UNUSED static struct thread thread_running(struct machine *m, word priority)
{
    struct thread t = thread_new(m, priority);

    CHECK_EQ(thread_resume(m, t), SEL4_NO_ERROR);
    return t;
}

/* The current thread takes the kick that it was sent, if it was. */
UNUSED static void take_kick(struct machine *m)
{
    while (m->k->h.current && m->k->h.pending)
        enter(m, m->k->h.current, CAUSE_INTERRUPT);
}

UNUSED static enum thread_state state_of(struct machine *m, struct thread t)
{
    return tcb_of(m, t.tcb)->state;
}

/* An agent beside the root agent, in its CSpace. */
UNUSED static struct thread agent_new(struct machine *m)
{
    struct thread t = thread_new(m, 255);

    CHECK(kernel_agent(m->k, t.tcb) != 0);
    return t;
}

#endif
