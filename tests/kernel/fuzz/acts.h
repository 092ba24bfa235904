/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a step of a random program may do: system calls that invoke, or pass
 * messages, or are nonsense; faults; interrupts.
 */
#ifndef SEL4EMU_TESTS_KERNEL_FUZZ_ACTS_H
#define SEL4EMU_TESTS_KERNEL_FUZZ_ACTS_H

#include "fuzz/arguments.h"
#include "fuzz/host.h"
#include "kernel/plat/pc99/irqs.h"

/* ---- system calls ---- */

static inline bool invokes(enum sel4_sys sys)
{
    switch ((int)sys) {
    case SYS_CALL:
    case SYS_SEND:
    case SYS_NB_SEND:
    case SYS_NB_SEND_RECV:
    case SYS_NB_SEND_WAIT:
        return true;
    default:
        return false;
    }
}

/* Where a capability that is received shall go. */
static inline void set_receive_path(struct player *p, word *buffer)
{
    int at = find_cap(p, CAP_CNODE);

    if (at < 0)
        return;
    p->cnode = p->view.at[at].slot->cap;
    buffer[BUFFER_RECEIVE_CNODE] = p->view.at[at].cptr;
    buffer[BUFFER_RECEIVE_INDEX] = an_index(p, true);
    buffer[BUFFER_RECEIVE_DEPTH] = a_depth(p);
}

/* The host stops the node while an agent does more than pass a message; if it
 * did not, the core should stand that, too. */
static inline void enter_parked(struct player *p, bool park)
{
    struct kernel *k = p->m.k;
    paddr actor = p->actor;

    park = park && k->h.current && actor != k->h.current && draw(&p->c, 4);
    if (park) {
        k->h.paused++;
        k->h.pending |= PENDING_PAUSE;
        enter_for(p, k->h.current, CAUSE_INTERRUPT);
    }
    /* What was due by then may have been the agent's end. */
    if (!k->h.panicked && kernel_thread_of(k, actor))
        enter_for(p, actor, CAUSE_SYSCALL);
    if (park)
        host_resumes(p);
}

static inline void make_call(struct player *p, enum sel4_sys sys, word cptr,
                             const struct message *message)
{
    word *r = kernel_registers(p->m.k, p->actor);
    word *buffer = buffer_of(&p->m, p->actor);

    if (message)
        message_store(&p->m, p->actor, message);
    if (buffer && draw(&p->c, 4) == 0)
        set_receive_path(p, buffer);
    if (mcs_of(p)) {
        r[REG_REPLY] = cptr_with(p, CAP_REPLY);
        r[REG_DEST] = cptr_with(p, CAP_ENDPOINT);
    }
    r[REG_SYSTEM_CALL] = sys_number(&p->m, sys);
    r[REG_CAP] = cptr;
    r[REG_RIP] = TRAP_IP + 2;
    *kernel_fault_ip(p->m.k, p->actor) = TRAP_IP;
    p->invocations += invokes(sys);
    enter_parked(p, invokes(sys) && !kernel_is_message(p->m.k, p->actor, cptr));
}

/* ---- invocations ---- */

/* Is the actor still there, and free to act? */
static inline bool can_act(struct player *p)
{
    struct kernel *k = p->m.k;

    return !k->h.panicked && kernel_thread_of(k, p->actor) &&
           kernel_state(k, p->actor) == KERNEL_RUNNABLE &&
           (p->actor == k->h.current || is_agent(p, p->actor));
}

/* Invoke what is at a place of the view; returns the answer. */
static inline word invoke_at(struct player *p, int at, enum sel4_method method,
                             const struct message *m)
{
    enum sel4_sys sys = draw(&p->c, 16) ? SYS_CALL : SYS_SEND;

    make_call(p, sys, p->view.at[at].cptr, m);
    p->answers[method][p->m.k->h.error.error]++;
    return p->m.k->h.error.error;
}

/* What to make, if it shall be something. */
static inline void any_object(struct player *p)
{
    static const uint8_t often[] = {
        OBJECT_UNTYPED,    OBJECT_TCB,  OBJECT_ENDPOINT, OBJECT_NOTIFICATION,
        OBJECT_CNODE,      OBJECT_PAGE, OBJECT_REPLY,    OBJECT_SCHED_CONTEXT,
        OBJECT_PAGE_TABLE, OBJECT_PAGE, OBJECT_TCB,      OBJECT_PML4,
    };

    p->new_type = draw(&p->c, 2) ? draw(&p->c, OBJECT_COUNT)
                                 : often[draw(&p->c, sizeof often)];
}

static inline word any_size(struct player *p)
{
    switch (p->new_type) {
    case OBJECT_UNTYPED:
        return draw(&p->c, 2) ? 12 : 4 + draw(&p->c, 12);
    case OBJECT_CNODE:
        return 1 + draw(&p->c, 4);
    case OBJECT_SCHED_CONTEXT:
        return 7 + draw(&p->c, 3);
    default:
        return 0;
    }
}

/* Invoke a CNode's method on a slot that is in use. */
static inline void act_cnode(struct player *p, enum sel4_method method)
{
    int at = find_cap(p, CAP_CNODE);
    struct message m;

    if (at < 0)
        return;
    any_invocation(p, method, p->view.at[at].slot->cap, &m);
    invoke_at(p, at, method, &m);
}

/* Make an object (OBJECT_COUNT: any), in an empty slot of some CNode. If that
 * fails for want of a slot or of memory, make room. */
static inline void act_retype(struct player *p, word type)
{
    struct message m;
    word error;
    int at;

    p->new_type = type;
    if (type >= OBJECT_COUNT ||
        sel4_number_of_object[mcs_of(p)][type] == NOTHING)
        any_object(p);
    p->new_bits = any_size(p);
    p->method = METHOD_UNTYPED_RETYPE;
    at = find_cap(p, CAP_UNTYPED);
    if (at < 0)
        return;
    any_invocation(p, METHOD_UNTYPED_RETYPE, p->view.at[at].slot->cap, &m);
    error = invoke_at(p, at, METHOD_UNTYPED_RETYPE, &m);
    if (!can_act(p) || draw(&p->c, 2))
        return;
    if (error == SEL4_DELETE_FIRST)
        act_cnode(p, METHOD_CNODE_DELETE);
    if (error == SEL4_NOT_ENOUGH_MEMORY)
        act_cnode(p, METHOD_CNODE_REVOKE);
}

/* Object types by what their capabilities are. */
static inline word object_of_cap(enum cap_type type)
{
    switch ((int)type) {
    case CAP_THREAD:
        return OBJECT_TCB;
    case CAP_CNODE:
        return OBJECT_CNODE;
    case CAP_FRAME:
        return OBJECT_PAGE;
    case CAP_PAGE_TABLE:
        return OBJECT_PAGE_TABLE;
    case CAP_PAGE_DIRECTORY:
        return OBJECT_PAGE_DIRECTORY;
    case CAP_PDPT:
        return OBJECT_PDPT;
    case CAP_SCHED_CONTEXT:
        return OBJECT_SCHED_CONTEXT;
    default:
        return OBJECT_COUNT;
    }
}

/* Methods that make or undo what the others need are chosen more often. */
static inline enum sel4_method any_method(struct player *p)
{
    static const uint8_t often[] = {
        METHOD_CNODE_COPY,
        METHOD_CNODE_MINT,
        METHOD_CNODE_MOVE,
        METHOD_CNODE_DELETE,
        METHOD_CNODE_MINT,
        METHOD_TCB_RESUME,
        METHOD_TCB_RESUME,
        METHOD_TCB_CONFIGURE,
        METHOD_TCB_CONFIGURE,
        METHOD_SCHED_CONTEXT_BIND,
        METHOD_SCHED_CONTROL_CONFIGURE_FLAGS,
    };
    static const uint8_t starts[] = {
        METHOD_TCB_RESUME,
        METHOD_SCHED_CONTEXT_BIND,
        METHOD_SCHED_CONTROL_CONFIGURE_FLAGS,
    };
    const struct taste *t = p->taste;
    word method = 1 + draw(&p->c, METHOD_COUNT - 1);

    if (t->methods)
        return t->methods[draw(&p->c, t->method_count)];
    if (draw(&p->c, 3) == 0)
        method = often[draw(&p->c, sizeof often)];
    /* Nobody runs: somebody should; the slots are full: some should not be. */
    if (!p->m.k->h.current && draw(&p->c, 4) == 0)
        method = starts[draw(&p->c, mcs_of(p) ? 3 : 1)];
    if (8 * p->view.used > 7 * p->view.count && draw(&p->c, 4) == 0)
        method = METHOD_CNODE_DELETE;
    if (!sel4_label_of_method[mcs_of(p)][method])
        method = METHOD_CNODE_COPY;
    return method;
}

static inline void act_invoke(struct player *p)
{
    enum sel4_method method = any_method(p);
    enum cap_type type = played.cap_of[method];
    struct message m;
    int at;

    p->method = method;
    at = find_cap(p, type);

    if (at < 0 || method == METHOD_UNTYPED_RETYPE) {
        act_retype(p, object_of_cap(type));
        return;
    }
    any_invocation(p, method, p->view.at[at].slot->cap, &m);
    invoke_at(p, at, method, &m);
}

/* ---- mapping ---- */

/* A frame, and whatever tables it lacks, as a program would. */
static inline void act_map(struct player *p)
{
    static const struct {
        uint8_t bits, cap, object, method;
    } tables[] = {
        { 39, CAP_PDPT, OBJECT_PDPT, METHOD_X86_PDPT_MAP },
        { 30, CAP_PAGE_DIRECTORY, OBJECT_PAGE_DIRECTORY,
          METHOD_X86_PAGE_DIRECTORY_MAP },
        { 21, CAP_PAGE_TABLE, OBJECT_PAGE_TABLE, METHOD_X86_PAGE_TABLE_MAP },
    };
    struct message m = { WORDS(an_address(p), some_rights(p), a_small(p)) };
    int frame, vspace;

    p->method = METHOD_X86_PAGE_MAP;
    frame = find_cap(p, CAP_FRAME);
    vspace = find_cap(p, CAP_PML4);
    if (frame < 0 || vspace < 0)
        return;
    m.cap_count = 1;
    m.caps[0] = p->view.at[vspace].cptr;
    for (int i = 0; i < 4 && can_act(p); i++) {
        m.label = sel4_label_of_method[mcs_of(p)][METHOD_X86_PAGE_MAP];
        if (invoke_at(p, frame, METHOD_X86_PAGE_MAP, &m) !=
                SEL4_FAILED_LOOKUP ||
            p->m.k->h.error.words[1] != SEL4_LOOKUP_MISSING_CAPABILITY ||
            !can_act(p))
            return;
        for (int j = 0; j < 3; j++) {
            struct message table = m;
            int at;

            if (tables[j].bits != p->m.k->h.error.words[2])
                continue;
            p->method = tables[j].method;
            at = find_cap(p, tables[j].cap);
            if (at < 0 || !is_fit(p, p->view.at[at].slot)) {
                act_retype(p, tables[j].object);
                return;
            }
            table.label = sel4_label_of_method[mcs_of(p)][tables[j].method];
            table.count = 2;
            invoke_at(p, at, tables[j].method, &table);
            break;
        }
    }
}

/* ---- messages ---- */

static inline word message_cptr(struct player *p)
{
    switch (draw(&p->c, 8)) {
    case 0:
        return any_cptr(p);
    case 1:
        return cptr_with(p, CAP_REPLY);
    case 2:
    case 3:
        return cptr_with(p, CAP_NOTIFICATION);
    default:
        return cptr_with(p, CAP_ENDPOINT);
    }
}

static const uint8_t message_calls[2][16] = {
    { SYS_CALL, SYS_CALL, SYS_CALL, SYS_SEND, SYS_SEND, SYS_NB_SEND, SYS_RECV,
      SYS_RECV, SYS_NB_RECV, SYS_NB_RECV, SYS_REPLY, SYS_REPLY, SYS_REPLY_RECV,
      SYS_REPLY_RECV, SYS_YIELD, SYS_RECV },
    { SYS_CALL, SYS_CALL, SYS_CALL, SYS_SEND, SYS_SEND, SYS_NB_SEND, SYS_RECV,
      SYS_RECV, SYS_NB_RECV, SYS_REPLY_RECV, SYS_REPLY_RECV, SYS_YIELD,
      SYS_NB_SEND_RECV, SYS_NB_SEND_WAIT, SYS_WAIT, SYS_NB_WAIT },
};

static inline void act_message(struct player *p)
{
    enum sel4_sys sys = message_calls[mcs_of(p)][draw(&p->c, 16)];
    struct message m;
    word cptr;

    any_message(p, &m);
    cptr = message_cptr(p);
    make_call(p, sys, cptr, &m);
}

/* ---- anything ---- */

static inline void act_wild(struct player *p)
{
    word *r = kernel_registers(p->m.k, p->actor);
    word *buffer = buffer_of(&p->m, p->actor);

    for (int i = 0; i < REG_COUNT; i++)
        if (draw(&p->c, 2))
            r[i] = any_word(p);
    if (buffer && draw(&p->c, 2))
        for (int i = 0; i < 8; i++)
            buffer[BUFFER_CAPS - 2 + i] = any_word(p);
    r[REG_SYSTEM_CALL] = draw(&p->c, 8) ? -draw(&p->c, 40) : any_word(p);
    *kernel_fault_ip(p->m.k, p->actor) = TRAP_IP;
    enter_for(p, p->actor, CAUSE_SYSCALL);
}

static inline void act_fault(struct player *p)
{
    struct kernel_cause cause = {
        .kind = draw(&p->c, 2) ? CAUSE_VM_FAULT : CAUSE_EXCEPTION,
        .number = (uint32_t)draw(&p->c, 20),
        .address = draw(&p->c, 2) ? an_address(p) : any_word(p),
        .code = draw(&p->c, 32),
    };

    if (p->actor == p->m.k->h.current && draw(&p->c, 4) == 0)
        cause.kind = draw(&p->c, 2) ? CAUSE_HOST_BLOCK : CAUSE_TSC;
    enter_with(p, p->actor, &cause);
}

/* The timer is due, or a device raises an interrupt; who runs is told. */
static inline void act_interrupt(struct player *p)
{
    struct kernel *k = p->m.k;
    word irq = SEL4_IRQ_USER_MIN + a_vector(p);

    if (draw(&p->c, 2)) {
        timer_due(&p->m);
    } else if (draw(&p->c, 8) == 0) {
        irq_lower(k, irq);
    } else {
        k->h.irq_pending[irq % IMAGE_IRQS / 32] |= 1u << irq % 32;
        k->h.pending |= PENDING_IRQ;
    }
    if (!k->h.current)
        reschedule(p);
    else if (draw(&p->c, 4))
        enter_for(p, k->h.current, CAUSE_INTERRUPT);
}

#endif
