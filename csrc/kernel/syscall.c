/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls: sending, receiving, answering (seL4 manual 2.2 and 10.3).
 */
#include "kernel/syscall.h"
#include "kernel/budget.h"
#include "kernel/cdt.h"
#include "kernel/cspace.h"
#include "kernel/decode.h"
#include "kernel/endpoint.h"
#include "kernel/fault.h"
#include "kernel/ipc.h"
#include "kernel/notification.h"
#include "kernel/sched.h"
#include "kernel/tcb.h"

/* ---- sending ---- */

static void answer_error(struct kernel *k, struct tcb *t)
{
    word *buffer = thread_ipc_buffer(k, t, true);
    word length = 0;

    t->regs[REG_CAP] = 0;
    for (word i = 0; i < k->h.error.word_count; i++)
        length = message_set(t, buffer, i, k->h.error.words[i]);
    t->regs[REG_INFO] = info_new(k->h.error.error, 0, 0, length);
}

static void answer_success(struct tcb *t)
{
    t->regs[REG_CAP] = 0;
    t->regs[REG_INFO] = info_new(SEL4_NO_ERROR, 0, 0, 0);
}

/* The invoked capability and those of the message; false: one faulted. */
static bool find_caps(struct kernel *k, struct call *call)
{
    word cptr = call->cptr;
    enum outcome o = cspace_lookup(k, call->caller, cptr, &call->slot);

    if (o == OUTCOME_DONE)
        o = ipc_lookup_extra_caps(k, call->caller, call->buffer, call->extra,
                                  &cptr);
    if (o == OUTCOME_DONE) {
        call->cap = call->slot->cap;
        return true;
    }
    if (call->is_blocking)
        fault_raise_cap(k, call->caller, cptr, false);
    return false;
}

static enum outcome invoke(struct kernel *k, struct call *call, word cptr)
{
    struct tcb *t = call->caller;
    word info = t->regs[REG_INFO];
    enum outcome o;

    call->cptr = cptr;
    call->buffer = thread_ipc_buffer(k, t, false);
    call->label = info_label(info);
    call->length = info_length(info);
    if (!call->buffer && call->length > SEL4_FAST_MESSAGE_REGISTERS)
        call->length = SEL4_FAST_MESSAGE_REGISTERS;
    if (!find_caps(k, call))
        return OUTCOME_DONE;

    o = decode_invocation(k, call);
    if (o == OUTCOME_PREEMPTED)
        return o;
    if (o == OUTCOME_ERROR) {
        if (call->is_call)
            answer_error(k, t);
        return OUTCOME_DONE;
    }
    /* What was tried and given up on the way is no error of the call. */
    k->h.error.error = SEL4_NO_ERROR;
    if (t->state == STATE_RESTART) {
        if (call->is_call)
            answer_success(t);
        thread_set_state(k, t, STATE_RUNNING);
    }
    return OUTCOME_DONE;
}

/* ---- receiving ---- */

/* Nothing can be received there: a fault of the receive phase. */
static void receive_fails(struct kernel *k, struct tcb *t, word cptr,
                          const struct reason *why)
{
    error_note(k, why);
    lookup_fail_missing_capability(k, 0);
    fault_raise_cap(k, t, cptr, true);
}

/* How a system call receives. */
struct receive_call {
    bool blocking;
    bool with_reply; /* MCS: names a reply object */
};

/* MCS: the reply object that the system call names; false: it faulted. */
static bool find_reply(struct kernel *k, struct tcb *t, struct reply **ret)
{
    word cptr = t->regs[REG_REPLY];
    struct cte *slot;

    if (cspace_lookup(k, t, cptr, &slot) != OUTCOME_DONE) {
        fault_raise_cap(k, t, cptr, true);
        return false;
    }
    if (slot->cap.type != CAP_REPLY) {
        receive_fails(k, t, cptr, WHY(REASON_NOT_REPLY, cptr, slot->cap.type));
        return false;
    }
    *ret = object_at(k, slot->cap.obj);
    return true;
}

static void receive_endpoint(struct kernel *k, struct tcb *t, union cap cap,
                             const struct receive_call *how)
{
    word cptr = t->regs[REG_CAP];
    struct reply *reply = NULL;

    if (!(cap.endpoint.rights & RIGHT_READ)) {
        receive_fails(k, t, cptr,
                      WHY(REASON_RECEIVE_NO_READ, cptr, cap.endpoint.rights));
        return;
    }
    /* Classic: who was served until now will not be answered. */
    if (!k->h.config.mcs)
        slot_delete_one(k, &t->slot[TCB_CALLER]);
    if (how->with_reply && !find_reply(k, t, &reply))
        return;
    endpoint_receive(k, t,
                     &(struct receive){ .cap = cap,
                                        .reply = reply,
                                        .blocking = how->blocking });
}

static void receive_notification(struct kernel *k, struct tcb *t, union cap cap,
                                 bool blocking)
{
    struct notification *n = object_at(k, cap.obj);
    word cptr = t->regs[REG_CAP];

    if (!(cap.notification.rights & RIGHT_READ))
        receive_fails(k, t, cptr,
                      WHY(REASON_RECEIVE_NO_READ, cptr,
                          cap.notification.rights));
    else if (n->bound_tcb && n->bound_tcb != object_ref(k, t))
        receive_fails(k, t, cptr, WHY(REASON_RECEIVE_BOUND, cptr));
    else
        notification_receive(k, t, n, blocking);
}

static void receive(struct kernel *k, struct tcb *t,
                    const struct receive_call *how)
{
    word cptr = t->regs[REG_CAP];
    struct cte *slot;

    if (cspace_lookup(k, t, cptr, &slot) != OUTCOME_DONE) {
        fault_raise_cap(k, t, cptr, true);
        return;
    }
    switch (slot->cap.type) {
    case CAP_ENDPOINT:
        receive_endpoint(k, t, slot->cap, how);
        break;
    case CAP_NOTIFICATION:
        receive_notification(k, t, slot->cap, how->blocking);
        break;
    default:
        receive_fails(k, t, cptr,
                      WHY(REASON_RECEIVE_NOT_POSSIBLE, cptr, slot->cap.type));
    }
}

/* Classic: answer the thread that is served. */
static void reply(struct kernel *k, struct tcb *t)
{
    struct cte *slot = &t->slot[TCB_CALLER];

    if (cap_is_null(slot->cap))
        error_note(k, WHY(REASON_NO_CALLER));
    else
        ipc_reply(k, t, slot);
}

/* ---- dispatch ---- */

static enum sel4_sys system_call_of(struct kernel *k, const struct tcb *t)
{
    word n = -t->regs[REG_SYSTEM_CALL];

    return n < SEL4_SYSCALLS_MAX ? sel4_sys_of_number[k->h.config.mcs][n]
                                 : SYS_UNKNOWN;
}

static void unknown(struct kernel *k, struct tcb *t)
{
    word number = t->regs[REG_SYSTEM_CALL];

    error_note(k, WHY(REASON_UNKNOWN_SYSCALL, number));
    fault_raise(k, t,
                &(struct fault){ .type = FAULT_UNKNOWN_SYSCALL, .a = number });
}

/* SetTLSBase: the caller's own, without a capability. */
static void set_tls_base(struct kernel *k, struct tcb *t)
{
    t->regs[REG_FS_BASE] = t->regs[REG_CAP];
    thread_mark_dirty(k, t);
}

/* Debug calls are done whoever pays; all others need current to have time. */
static bool has_time(struct kernel *k, struct tcb *t, enum sel4_sys sys)
{
    if (!k->h.config.mcs || object_ref(k, t) != k->h.current)
        return true;
    return syscall_is_debug(sys) || budget_check_restart(k, t);
}

/* MCS: the half that sends never waits, and only passes messages. */
static enum outcome send_half(struct kernel *k, struct call *call, word cptr)
{
    call->is_blocking = false;
    call->can_donate = true;
    call->first_phase = true;
    return invoke(k, call, cptr);
}

/* Calls that send: all of it, or the first half. */
static enum outcome send(struct kernel *k, struct call *call, enum sel4_sys sys)
{
    struct tcb *t = call->caller;

    switch (sys) {
    case SYS_CALL:
        call->is_call = true;
        call->can_donate = true;
        return invoke(k, call, t->regs[REG_CAP]);
    case SYS_SEND:
        return invoke(k, call, t->regs[REG_CAP]);
    case SYS_NB_SEND:
        call->is_blocking = false;
        return invoke(k, call, t->regs[REG_CAP]);
    case SYS_NB_SEND_RECV:
        return send_half(k, call, t->regs[REG_DEST]);
    case SYS_NB_SEND_WAIT:
        return send_half(k, call, t->regs[REG_REPLY]);
    case SYS_REPLY_RECV:
        if (k->h.config.mcs)
            return send_half(k, call, t->regs[REG_REPLY]);
        reply(k, t);
        return OUTCOME_DONE;
    case SYS_REPLY:
        reply(k, t);
        return OUTCOME_DONE;
    default:
        return OUTCOME_DONE;
    }
}

enum outcome syscall_handle(struct kernel *k, const struct kernel_host *host,
                            struct tcb *t)
{
    struct call call = { .host = host, .caller = t, .is_blocking = true };
    enum sel4_sys sys = system_call_of(k, t);
    bool mcs = k->h.config.mcs;
    enum outcome o;

    if (!has_time(k, t, sys))
        return OUTCOME_DONE;
    o = send(k, &call, sys);
    if (o != OUTCOME_DONE)
        return o;
    switch (sys) {
    case SYS_CALL:
    case SYS_SEND:
    case SYS_NB_SEND:
    case SYS_REPLY:
        break;
    case SYS_RECV:
    case SYS_REPLY_RECV:
    case SYS_NB_SEND_RECV:
        receive(k, t, &(struct receive_call){ true, mcs });
        break;
    case SYS_NB_RECV:
        receive(k, t, &(struct receive_call){ false, mcs });
        break;
    case SYS_WAIT:
    case SYS_NB_SEND_WAIT:
        receive(k, t, &(struct receive_call){ true, false });
        break;
    case SYS_NB_WAIT:
        receive(k, t, &(struct receive_call){ false, false });
        break;
    case SYS_YIELD:
        sched_yield(k, t);
        break;
    case SYS_SET_TLS_BASE:
        set_tls_base(k, t);
        break;
    default:
        if (!syscall_debug(k, t, sys))
            unknown(k, t);
    }
    return OUTCOME_DONE;
}
