/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls for debugging: what a debug build of the real kernel offers.
 * They print to the console; misuse of them halts the machine, as there.
 */
#include "kernel/console.h"
#include "kernel/cspace.h"
#include "kernel/ipc.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"
#include "kernel/tcb.h"

static void print_field(struct kernel *k, const char *text, word width)
{
    word n = 0;

    while (text[n])
        n++;
    console_text(k, text);
    for (; n < width; n++)
        console_put(k, ' ');
}

static void halt(struct kernel *k, struct tcb *t, const char *why)
{
    console_text(k, "sel4emu: thread \"");
    console_text(k, t->name);
    console_text(k, "\" halts the machine: ");
    console_text(k, why);
    console_text(k, "\n");
    k->h.paused++;
    k->h.events |= EVENT_HALT;
}

static const char *state_name(struct kernel *k, const struct tcb *t)
{
    static const char *const name[STATE_COUNT] = {
        [STATE_INACTIVE] = "inactive",
        [STATE_RUNNING] = "running",
        [STATE_RESTART] = "restart",
        [STATE_BLOCKED_ON_RECEIVE] = "blocked on recv",
        [STATE_BLOCKED_ON_SEND] = "blocked on send",
        [STATE_BLOCKED_ON_REPLY] = "blocked on reply",
        [STATE_BLOCKED_ON_NOTIFICATION] = "blocked on ntfn",
        [STATE_BLOCKED_ON_HOST] = "blocked on host",
    };

    return thread_is_agent(k, t) ? "external agent" : name[t->state];
}

static void dump_scheduler(struct kernel *k)
{
    console_text(k, "sel4emu: all threads\n");
    print_field(k, "state", 18);
    print_field(k, "priority", 10);
    print_field(k, "domain", 8);
    console_text(k, "instruction         name\n");
    for (paddr p = k->h.tcbs; p != 0; p = tcb_at(k, p)->all_next) {
        struct tcb *t = tcb_at(k, p);

        print_field(k, state_name(k, t), 18);
        console_number(k, t->priority, 10);
        console_text(k, "\t    ");
        console_number(k, t->domain, 10);
        console_text(k, "\t0x");
        console_number(k, t->fault_ip, 16);
        console_text(k, "  ");
        console_text(k, t->name);
        console_text(k, "\n");
    }
}

/* Where every piece of boot memory has gone, in a few lines. */
static void snapshot(struct kernel *k, struct tcb *t)
{
    struct cte *root = object_at(k, k->h.boot.root_cnode);
    word slots = 1ul << k->h.config.cnode_bits;

    console_text(k, "sel4emu: snapshot, asked for by thread \"");
    console_text(k, t->name);
    console_text(k, "\"; root CNode:\n");
    for (word i = 0; i < slots; i++) {
        if (cap_is_null(root[i].cap))
            continue;
        console_text(k, "  slot ");
        console_number(k, i, 10);
        console_text(k, ": type ");
        console_number(k, root[i].cap.type, 10);
        console_text(k, ", object 0x");
        console_number(k, root[i].cap.obj, 16);
        console_text(k, "\n");
    }
    dump_scheduler(k);
}

static union cap cap_or_null(struct kernel *k, struct tcb *t)
{
    struct cte *slot;

    if (cspace_lookup(k, t, t->regs[REG_CAP], &slot) != OUTCOME_DONE)
        return cap_null();
    return slot->cap;
}

/* Has the text an end within the words of a message? */
static bool text_ends(const char *text)
{
    for (word i = 0; i < SEL4_MSG_MAX_LENGTH * sizeof(word); i++)
        if (!text[i])
            return true;
    return false;
}

static void name_thread(struct kernel *k, struct tcb *t)
{
    union cap cap = cap_or_null(k, t);
    word *buffer = thread_ipc_buffer(k, t, true);
    const char *name = buffer ? (char *)(buffer + BUFFER_MSG) : NULL;

    if (cap.type != CAP_THREAD)
        halt(k, t, "seL4_DebugNameThread needs a TCB capability");
    else if (!name)
        halt(k, t, "seL4_DebugNameThread needs an IPC buffer");
    else if (!text_ends(name))
        halt(k, t, "seL4_DebugNameThread: the name is too long");
    else
        kernel_set_name(k, cap.obj, name);
}

bool syscall_is_debug(enum sel4_sys sys)
{
    switch (sys) {
    case SYS_DEBUG_PUT_CHAR:
    case SYS_DEBUG_DUMP_SCHEDULER:
    case SYS_DEBUG_HALT:
    case SYS_DEBUG_CAP_IDENTIFY:
    case SYS_DEBUG_SNAPSHOT:
    case SYS_DEBUG_NAME_THREAD:
        return true;
    default:
        return false;
    }
}

bool syscall_debug(struct kernel *k, struct tcb *t, enum sel4_sys sys)
{
    switch (sys) {
    case SYS_DEBUG_PUT_CHAR:
        console_put(k, (char)t->regs[REG_CAP]);
        return true;
    case SYS_DEBUG_DUMP_SCHEDULER:
        dump_scheduler(k);
        return true;
    case SYS_DEBUG_HALT:
        halt(k, t, "seL4_DebugHalt");
        return true;
    case SYS_DEBUG_CAP_IDENTIFY:
        t->regs[REG_CAP] = cap_or_null(k, t).type;
        return true;
    case SYS_DEBUG_SNAPSHOT:
        snapshot(k, t);
        return true;
    case SYS_DEBUG_NAME_THREAD:
        name_thread(k, t);
        return true;
    default:
        return false;
    }
}
