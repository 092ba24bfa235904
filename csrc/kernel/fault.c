/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults. A fault becomes a message that the kernel sends in the thread's
 * name, as a call, through the endpoint of its fault handler; the answer may
 * change registers, and lets the thread go on.
 *
 * The classic kernel looks the handler up when the fault happens, in the
 * thread's own CSpace; the MCS kernel keeps its capability in the TCB. A thread
 * without a usable handler just stops.
 */
#include "kernel/fault.h"
#include "kernel/console.h"
#include "kernel/cspace.h"
#include "kernel/endpoint.h"
#include "kernel/ipc.h"
#include "kernel/sched_context.h"
#include "kernel/tcb.h"

static const uint8_t syscall_registers[] = {
    REG_RAX, REG_RBX, REG_RCX, REG_RDX,      REG_RSI, REG_RDI,
    REG_RBP, REG_R8,  REG_R9,  REG_R10,      REG_R11, REG_R12,
    REG_R13, REG_R14, REG_R15, REG_FAULT_IP, REG_RSP, REG_RFLAGS,
};

static const uint8_t exception_registers[] = {
    REG_FAULT_IP,
    REG_RSP,
    REG_RFLAGS,
};

static const uint8_t timeout_registers[] = {
    REG_FAULT_IP, REG_RSP, REG_RFLAGS, REG_RAX, REG_RBX,     REG_RCX, REG_RDX,
    REG_RSI,      REG_RDI, REG_RBP,    REG_R8,  REG_R9,      REG_R10, REG_R11,
    REG_R12,      REG_R13, REG_R14,    REG_R15, REG_FS_BASE,
};

_Static_assert(sizeof timeout_registers == SEL4_TIMEOUT_REPLY_LENGTH,
               "words of the answer to a timeout");
_Static_assert(sizeof syscall_registers == SEL4_UNKNOWN_SYSCALL_SYSCALL,
               "words of an unknown system call before its number");
_Static_assert(sizeof exception_registers == SEL4_USER_EXCEPTION_NUMBER,
               "words of an exception before its number");

word fault_label(struct kernel *k, word type)
{
    static const uint8_t fault[FAULT_TYPES] = {
        [FAULT_NONE] = SEL4_FAULT_NULL,
        [FAULT_CAP] = SEL4_FAULT_CAP,
        [FAULT_UNKNOWN_SYSCALL] = SEL4_FAULT_UNKNOWN_SYSCALL,
        [FAULT_USER_EXCEPTION] = SEL4_FAULT_USER_EXCEPTION,
        [FAULT_VM] = SEL4_FAULT_VM,
        [FAULT_TIMEOUT] = SEL4_FAULT_TIMEOUT,
    };

    return sel4_fault_label[k->h.config.mcs][fault[type]];
}

/* ---- raising ---- */

static void describe(struct kernel *k, const struct fault *f)
{
    static const char *const name[FAULT_TYPES] = {
        [FAULT_NONE] = "no fault",
        [FAULT_CAP] = "capability fault at",
        [FAULT_UNKNOWN_SYSCALL] = "unknown system call",
        [FAULT_USER_EXCEPTION] = "exception",
        [FAULT_VM] = "VM fault at",
        [FAULT_TIMEOUT] = "timeout of",
    };

    console_text(k, name[f->type]);
    console_text(k, " 0x");
    console_number(k, f->a, 16);
}

/* Nobody can be told but who reads the console. */
static void report(struct kernel *k, struct tcb *t, const struct fault *f)
{
    console_text(k, "sel4emu: thread \"");
    console_text(k, t->name);
    console_text(k, "\" stops without a fault handler: ");
    describe(k, f);
    console_text(k, ", instruction at 0x");
    console_number(k, t->fault_ip, 16);
    console_text(k, "\n");
}

static bool look_up_handler(struct kernel *k, struct tcb *t, union cap *ret)
{
    struct cte *slot;

    if (k->h.config.mcs) {
        *ret = t->slot[TCB_FAULT_HANDLER].cap;
        if (ret->type == CAP_ENDPOINT)
            return true;
        error_note(k, WHY(REASON_NO_HANDLER_CAP));
        return false;
    }
    if (cspace_lookup(k, t, t->fault_handler, &slot) != OUTCOME_DONE) {
        error_note(k, WHY(REASON_NO_HANDLER, t->fault_handler));
        return false;
    }
    *ret = slot->cap;
    if (ret->type == CAP_ENDPOINT && ret->endpoint.rights & RIGHT_WRITE &&
        ret->endpoint.rights & (RIGHT_GRANT | RIGHT_GRANT_REPLY))
        return true;
    error_note(k, WHY(REASON_BAD_HANDLER, t->fault_handler, ret->type,
                      ret->type == CAP_ENDPOINT ? ret->endpoint.rights : 0));
    return false;
}

/*
 * The endpoint capability that t's faults go to; false: it has none. Why it has
 * none is noted only if nothing is known of the fault itself, which says more.
 */
static bool find_handler(struct kernel *k, struct tcb *t, union cap *ret)
{
    struct reason first = { .id = k->h.error.reason };
    bool found;

    for (int i = 0; i < 4; i++)
        first.argument[i] = k->h.error.argument[i];
    found = look_up_handler(k, t, ret);
    if (!found && first.id != REASON_NONE)
        error_note(k, &first);
    return found;
}

bool fault_is_handled(struct kernel *k, struct tcb *t)
{
    union cap handler;

    return find_handler(k, t, &handler);
}

/* The classic kernel calls in the thread's name. */
static void send_fault(struct kernel *k, struct tcb *t, union cap handler,
                       bool can_donate)
{
    word rights = handler.endpoint.rights;
    bool classic = !k->h.config.mcs;

    endpoint_send(k, object_at(k, handler.obj), t,
                  &(struct send){
                      .badge = handler.endpoint.badge,
                      .blocking = true,
                      .is_call = classic,
                      .can_grant = (rights & RIGHT_GRANT) != 0,
                      .can_grant_reply =
                          classic || (rights & RIGHT_GRANT_REPLY) != 0,
                      .can_donate = can_donate,
                  });
}

void fault_raise(struct kernel *k, struct tcb *t, const struct fault *f)
{
    struct lookup_failure why = *lookup_failure(k);
    union cap handler;

    if (!find_handler(k, t, &handler)) {
        /* Who plays an agent is told by the host. */
        if (!thread_is_agent(k, t))
            report(k, t, f);
        t->unhandled = *f;
        thread_set_state(k, t, STATE_INACTIVE);
        return;
    }
    t->fault = *f;
    if (f->type == FAULT_CAP)
        t->lookup_failure = why;
    send_fault(k, t, handler, t->sched_context != 0);
}

void fault_raise_timeout(struct kernel *k, struct tcb *t)
{
    const struct sched_context *sc = object_at(k, t->sched_context);

    t->fault = (struct fault){ .type = FAULT_TIMEOUT, .a = sc->badge };
    send_fault(k, t, t->slot[TCB_TIMEOUT_HANDLER].cap, false);
}

void fault_raise_cap(struct kernel *k, struct tcb *t, word cptr, bool receiving)
{
    fault_raise(
        k, t, &(struct fault){ .type = FAULT_CAP, .a = cptr, .b = receiving });
}

/* ---- the message ---- */

struct writer {
    struct tcb *to;
    word *buffer;
    word length;
};

static void put(struct writer *w, word index, word value)
{
    w->length = message_set(w->to, w->buffer, index, value);
}

static void put_registers(struct writer *w, struct tcb *t,
                          const uint8_t *registers, word n)
{
    for (word i = 0; i < n; i++)
        put(w, i, register_get(t, registers[i]));
}

static void put_cap_fault(struct writer *w, struct tcb *t)
{
    word details[4];
    word n = lookup_failure_words(&t->lookup_failure, details);

    put(w, SEL4_CAP_FAULT_IP, t->fault_ip);
    put(w, SEL4_CAP_FAULT_ADDR, t->fault.a);
    put(w, SEL4_CAP_FAULT_IN_RECV_PHASE, t->fault.b);
    for (word i = 0; i < n; i++)
        put(w, SEL4_CAP_FAULT_LOOKUP_FAILURE_TYPE + i, details[i]);
}

static void put_vm_fault(struct writer *w, struct tcb *t)
{
    put(w, SEL4_VM_FAULT_IP, t->fault_ip);
    put(w, SEL4_VM_FAULT_ADDR, t->fault.a);
    put(w, SEL4_VM_FAULT_PREFETCH_FAULT, t->fault.c);
    put(w, SEL4_VM_FAULT_FSR, t->fault.b);
}

static void put_timeout(struct kernel *k, struct writer *w, struct tcb *t)
{
    struct sched_context *sc = object_at(k, t->sched_context);

    put(w, SEL4_TIMEOUT_DATA, t->fault.a);
    if (sc)
        put(w, SEL4_TIMEOUT_CONSUMED, sched_context_take_consumed(sc));
}

word fault_message(struct kernel *k, struct tcb *sender, struct tcb *receiver,
                   word *buffer)
{
    struct writer w = { receiver, buffer, 0 };

    switch (sender->fault.type) {
    case FAULT_CAP:
        put_cap_fault(&w, sender);
        break;
    case FAULT_UNKNOWN_SYSCALL:
        put_registers(&w, sender, syscall_registers, sizeof syscall_registers);
        put(&w, SEL4_UNKNOWN_SYSCALL_SYSCALL, sender->fault.a);
        break;
    case FAULT_USER_EXCEPTION:
        put_registers(&w, sender, exception_registers,
                      sizeof exception_registers);
        put(&w, SEL4_USER_EXCEPTION_NUMBER, sender->fault.a);
        put(&w, SEL4_USER_EXCEPTION_CODE, sender->fault.b);
        break;
    case FAULT_VM:
        put_vm_fault(&w, sender);
        break;
    case FAULT_TIMEOUT:
        put_timeout(k, &w, sender);
        break;
    default:
        break;
    }
    return w.length;
}

/* ---- the answer ---- */

static void take_registers(struct kernel *k, struct tcb *t, struct tcb *handler,
                           const uint8_t *registers, word n)
{
    const word *buffer = thread_ipc_buffer(k, handler, false);
    word length = info_length(handler->regs[REG_INFO]);

    if (n > length)
        n = length;
    if (n > SEL4_FAST_MESSAGE_REGISTERS && !buffer)
        n = SEL4_FAST_MESSAGE_REGISTERS;
    for (word i = 0; i < n; i++)
        register_set(t, registers[i],
                     register_sanitise(registers[i],
                                       message_get(handler, buffer, i)));
    thread_mark_dirty(k, t);
}

bool fault_answer(struct kernel *k, struct tcb *t, struct tcb *handler)
{
    switch (t->fault.type) {
    case FAULT_UNKNOWN_SYSCALL:
        take_registers(k, t, handler, syscall_registers,
                       sizeof syscall_registers);
        break;
    case FAULT_USER_EXCEPTION:
        take_registers(k, t, handler, exception_registers,
                       sizeof exception_registers);
        break;
    case FAULT_TIMEOUT:
        take_registers(k, t, handler, timeout_registers,
                       sizeof timeout_registers);
        break;
    default:
        return true;
    }
    return info_label(handler->regs[REG_INFO]) == 0;
}
