/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invocations of TCBs (seL4 manual 6.1). Those that read and write registers
 * stand in registers.c.
 *
 * Configure, SetSpace, SetIPCBuffer, SetPriority, SetMCPriority, SetSchedParams
 * and SetTimeoutEndpoint all change some of the same settings; each collects
 * what it shall change in a struct setting, and do_settings() makes the change.
 *
 * The fault handler is a capability pointer in the classic kernel, and comes
 * with the spaces; in the MCS kernel it is a capability, which stands in front
 * of them in the message of SetSpace, and is last in that of SetSchedParams.
 */
#include "kernel/tcb.h"
#include "kernel/arch.h"
#include "kernel/cap.h"
#include "kernel/cdt.h"
#include "kernel/cspace.h"
#include "kernel/decode.h"
#include "kernel/notification.h"
#include "kernel/registers.h"
#include "kernel/sched.h"
#include "kernel/sched_context.h"

/* A capability that shall go into a slot of the TCB, and where it is from. */
struct install {
    union cap cap;
    struct cte *source; /* NULL: the slot becomes empty */
};

struct setting {
    bool space, buffer, mcp, priority;      /* which of them */
    bool handler, timeout_handler, context; /* MCS */
    word fault_handler;                     /* classic, with space */
    struct install ctable, vtable;
    struct install handler_cap;        /* of either kind of handler */
    struct sched_context *new_context; /* NULL: it loses what it has */
    word buffer_address;
    struct install frame;
    word new_mcp;
    word new_priority;
};

static struct tcb *target_of(struct kernel *k, const struct call *call)
{
    return tcb_at(k, call->cap.obj);
}

/* ---- making the change ---- */

/*
 * Emptying the slot may have deleted anything, the source and the TCB's own
 * capability included: then nothing is put there.
 */
static enum outcome install(struct kernel *k, struct call *call,
                            enum tcb_slot index, const struct install *what)
{
    struct cte *slot = &target_of(k, call)->slot[index];
    enum outcome o = slot_delete(k, slot);

    if (o != OUTCOME_DONE)
        return o;
    if (!cap_is_null(what->cap) &&
        cap_same_object(k, what->cap, what->source->cap) &&
        cap_same_object(k, call->cap, call->slot->cap))
        cdt_insert(k, what->cap, what->source, slot);
    return OUTCOME_DONE;
}

/*
 * The thread keeps its Linux thread if it gets the VSpace that it has; so
 * its entry is held back while the slot is empty.
 */
static enum outcome install_vspace(struct kernel *k, struct call *call,
                                   const struct install *what)
{
    struct tcb *t = target_of(k, call);
    bool agent = thread_is_agent(k, t);
    uint32_t index = thread_index(k, t);
    enum outcome o;

    t->thread = 0;
    o = install(k, call, TCB_VTABLE, what);
    t->thread = index;
    if (!agent && !thread_keeps_vspace(k, t) &&
        arch_vspace_of(k, t->slot[TCB_VTABLE].cap) != t->thread_vspace)
        thread_retire(k, t);
    return o;
}

static enum outcome set_space(struct kernel *k, struct call *call,
                              const struct setting *s)
{
    enum outcome o = install(k, call, TCB_CTABLE, &s->ctable);

    if (o != OUTCOME_DONE)
        return o;
    return install_vspace(k, call, &s->vtable);
}

/* What is loaded with a thread was changed: current is loaded once more. */
static void choose_anew(struct kernel *k, struct tcb *t)
{
    if (object_ref(k, t) == k->h.current)
        sched_require(k);
}

static enum outcome set_buffer(struct kernel *k, struct call *call,
                               const struct setting *s)
{
    struct tcb *t = target_of(k, call);
    struct cte *slot = &t->slot[TCB_BUFFER];
    enum outcome o = slot_delete(k, slot);

    if (o != OUTCOME_DONE)
        return o;
    t->ipc_buffer = s->buffer_address;
    o = install(k, call, TCB_BUFFER, &s->frame);
    choose_anew(k, t);
    return o;
}

static void set_context(struct kernel *k, struct tcb *t,
                        struct sched_context *sc)
{
    if (sc)
        sched_context_bind(k, sc, t);
    else
        sched_context_unbind(k, object_at(k, t->sched_context));
}

static enum outcome do_settings(struct kernel *k, struct call *call,
                                const struct setting *s)
{
    struct tcb *t = target_of(k, call);
    enum outcome o = OUTCOME_DONE;

    call_commit(k, call);
    if (s->space)
        t->fault_handler = s->fault_handler;
    if (s->handler)
        o = install(k, call, TCB_FAULT_HANDLER, &s->handler_cap);
    if (s->timeout_handler)
        o = install(k, call, TCB_TIMEOUT_HANDLER, &s->handler_cap);
    if (o == OUTCOME_DONE && s->mcp)
        t->mcp = s->new_mcp;
    if (o == OUTCOME_DONE && s->space)
        o = set_space(k, call, s);
    if (o == OUTCOME_DONE && s->buffer)
        o = set_buffer(k, call, s);
    if (o == OUTCOME_DONE && s->priority)
        thread_set_priority(k, t, s->new_priority);
    if (o == OUTCOME_DONE && s->context)
        set_context(k, t, s->new_context);
    return o;
}

/* ---- CSpace, VSpace, buffer ---- */

static enum outcome check_buffer(struct kernel *k, word address,
                                 struct cte *source, struct setting *s)
{
    s->buffer = true;
    s->buffer_address = address;
    if (address == 0)
        return OUTCOME_DONE;
    s->frame.source = source;
    if (cap_derive(k, source, source->cap, &s->frame.cap) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    return arch_check_ipc_buffer(k, address, s->frame.cap);
}

/* A root: as it is, or with its badge or guard set if data is not 0. */
static enum outcome derive_root(struct kernel *k, struct cte *source, word data,
                                struct install *ret)
{
    union cap cap = source->cap;

    if (data != 0)
        cap = cap_update_data(cap, false, data);
    ret->source = source;
    return cap_derive(k, source, cap, &ret->cap);
}

/* Roots of the two spaces: the indices of their data words, and of their
 * capabilities. */
static enum outcome check_space(struct kernel *k, struct call *call, word data,
                                word caps, struct setting *s)
{
    struct tcb *t = target_of(k, call);
    struct cte *croot = call->extra[caps];
    struct cte *vroot = call->extra[caps + 1];

    s->space = true;
    if (slot_is_long_running(k, &t->slot[TCB_CTABLE]) ||
        slot_is_long_running(k, &t->slot[TCB_VTABLE]))
        return error_illegal_operation(k, WHY(REASON_SPACE_BEING_DELETED));
    if (derive_root(k, croot, call_argument(call, data), &s->ctable) !=
        OUTCOME_DONE)
        return OUTCOME_ERROR;
    if (s->ctable.cap.type != CAP_CNODE)
        return error_illegal_operation(k, WHY(REASON_CSPACE_NOT_CNODE,
                                              croot->cap.type));
    if (derive_root(k, vroot, call_argument(call, data + 1), &s->vtable) !=
        OUTCOME_DONE)
        return OUTCOME_ERROR;
    if (!arch_is_vspace_root(s->vtable.cap))
        return error_illegal_operation(k, WHY(REASON_VSPACE_INVALID,
                                              vroot->cap.type));
    return OUTCOME_DONE;
}

/* MCS: capability `index` of the message is a handler's, or null. */
static enum outcome check_handler(struct kernel *k, struct call *call,
                                  word index, struct setting *s)
{
    struct cte *source = call->extra[index];
    union cap cap = source->cap;
    word rights = cap.type == CAP_ENDPOINT ? cap.endpoint.rights : 0;

    s->handler_cap = (struct install){ cap, source };
    if (cap_is_null(cap))
        return OUTCOME_DONE;
    if (rights & RIGHT_WRITE && rights & (RIGHT_GRANT | RIGHT_GRANT_REPLY))
        return OUTCOME_DONE;
    return error_invalid_capability(k, index + 1,
                                    WHY(REASON_HANDLER_CAP, cap.type, rights));
}

/* Classic: the words begin with the fault handler's capability pointer. */
static enum outcome decode_configure(struct kernel *k, struct call *call)
{
    struct setting s = { 0 };
    word data = k->h.config.mcs ? 0 : 1;

    if (call_check_length(k, call, data + 3, 3) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    if (data != 0)
        s.fault_handler = call_argument(call, 0);
    if (check_buffer(k, call_argument(call, data + 2), call->extra[2], &s) !=
            OUTCOME_DONE ||
        check_space(k, call, data, 0, &s) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    return do_settings(k, call, &s);
}

static enum outcome decode_set_space(struct kernel *k, struct call *call)
{
    struct setting s = { .handler = k->h.config.mcs };
    word data = s.handler ? 0 : 1;
    word caps = s.handler ? 1 : 0;

    if (call_check_length(k, call, data + 2, caps + 2) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    if (data != 0)
        s.fault_handler = call_argument(call, 0);
    if (check_space(k, call, data, caps, &s) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    if (s.handler && check_handler(k, call, 0, &s) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    return do_settings(k, call, &s);
}

/* MCS */
static enum outcome decode_set_timeout(struct kernel *k, struct call *call)
{
    struct setting s = { .timeout_handler = true };

    if (call_check_length(k, call, 0, 1) != OUTCOME_DONE ||
        check_handler(k, call, 0, &s) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    return do_settings(k, call, &s);
}

static enum outcome decode_set_ipc_buffer(struct kernel *k, struct call *call)
{
    struct setting s = { 0 };

    if (call_check_length(k, call, 1, 1) != OUTCOME_DONE ||
        check_buffer(k, call_argument(call, 0), call->extra[0], &s) !=
            OUTCOME_DONE)
        return OUTCOME_ERROR;
    return do_settings(k, call, &s);
}

/* ---- priorities ---- */

/* Has the authority, capability 1 of the message, the right to give it? */
static enum outcome check_priority(struct kernel *k, struct call *call,
                                   word priority)
{
    union cap authority = call->extra[0]->cap;
    word most;

    if (authority.type != CAP_THREAD)
        return error_invalid_capability(
            k, 1, WHY(REASON_AUTHORITY_NOT_TCB, authority.type));
    most = tcb_at(k, authority.obj)->mcp;
    if (priority > most)
        return error_range(k, SEL4_MIN_PRIO, most,
                           WHY(REASON_PRIORITY, priority, most));
    return OUTCOME_DONE;
}

static enum outcome decode_set_priority(struct kernel *k, struct call *call)
{
    struct setting s = { .priority = true };

    if (call_check_length(k, call, 1, 1) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    s.new_priority = call_argument(call, 0);
    if (check_priority(k, call, s.new_priority) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    return do_settings(k, call, &s);
}

static enum outcome decode_set_mcp(struct kernel *k, struct call *call)
{
    struct setting s = { .mcp = true };

    if (call_check_length(k, call, 1, 1) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    s.new_mcp = call_argument(call, 0);
    if (check_priority(k, call, s.new_mcp) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    return do_settings(k, call, &s);
}

/* MCS: the scheduling context that t shall have, capability 2 of the message;
 * null: none. */
static enum outcome check_context(struct kernel *k, struct call *call,
                                  struct setting *s)
{
    struct tcb *t = target_of(k, call);
    union cap cap = call->extra[1]->cap;
    struct sched_context *sc = NULL;

    if (cap.type == CAP_SCHED_CONTEXT) {
        sc = object_at(k, cap.obj);
        if (t->sched_context != cap.obj && t->sched_context)
            return error_illegal_operation(k, WHY(REASON_SC_TCB_BOUND));
        if (t->sched_context != cap.obj && sc->tcb)
            return error_illegal_operation(k, WHY(REASON_SC_BOUND));
        if (thread_is_blocked(t) && !sched_context_is_released(k, sc))
            return error_illegal_operation(k, WHY(REASON_SC_NOT_RELEASED));
    } else if (!cap_is_null(cap)) {
        return error_invalid_capability(
            k, 2, WHY(REASON_NOT_SCHED_CONTEXT, cap.type));
    } else if (t == call->caller) {
        return error_illegal_operation(k, WHY(REASON_SC_OWN));
    }
    s->new_context = sc;
    s->context = object_at(k, t->sched_context) != sc;
    return OUTCOME_DONE;
}

static enum outcome decode_set_sched_params(struct kernel *k, struct call *call)
{
    bool mcs = k->h.config.mcs;
    struct setting s = { .mcp = true, .priority = true, .handler = mcs };

    if (call_check_length(k, call, 2, mcs ? 3 : 1) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    s.new_mcp = call_argument(call, 0);
    s.new_priority = call_argument(call, 1);
    if (check_priority(k, call, s.new_mcp) != OUTCOME_DONE ||
        check_priority(k, call, s.new_priority) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    if (mcs && (check_context(k, call, &s) != OUTCOME_DONE ||
                check_handler(k, call, 2, &s) != OUTCOME_DONE))
        return OUTCOME_ERROR;
    return do_settings(k, call, &s);
}

/* ---- notifications ---- */

static enum outcome check_bind(struct kernel *k, struct call *call,
                               struct notification **ret)
{
    union cap cap = call->extra[0]->cap;

    if (target_of(k, call)->bound_notification)
        return error_illegal_operation(k, WHY(REASON_BIND_TCB_BOUND));
    if (cap.type != CAP_NOTIFICATION)
        return error_illegal_operation(k, WHY(REASON_BIND_NOT_NOTIFICATION,
                                              cap.type));
    if (!(cap.notification.rights & RIGHT_READ))
        return error_illegal_operation(k, WHY(REASON_BIND_NO_READ,
                                              cap.notification.rights));
    *ret = object_at(k, cap.obj);
    if ((*ret)->head || (*ret)->bound_tcb)
        return error_illegal_operation(k, WHY(REASON_BIND_IN_USE));
    return OUTCOME_DONE;
}

static enum outcome decode_bind(struct kernel *k, struct call *call)
{
    struct notification *n = NULL;

    if (call_check_length(k, call, 0, 1) != OUTCOME_DONE ||
        check_bind(k, call, &n) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    call_commit(k, call);
    notification_bind(k, n, target_of(k, call));
    return OUTCOME_DONE;
}

static enum outcome decode_unbind(struct kernel *k, struct call *call)
{
    struct tcb *t = target_of(k, call);

    if (!t->bound_notification)
        return error_illegal_operation(k, WHY(REASON_UNBIND_NOT_BOUND));
    call_commit(k, call);
    notification_unbind(k, object_at(k, t->bound_notification));
    return OUTCOME_DONE;
}

/* ---- running, flags ---- */

static enum outcome decode_suspend(struct kernel *k, struct call *call)
{
    call_commit(k, call);
    thread_suspend(k, target_of(k, call));
    return OUTCOME_DONE;
}

static enum outcome decode_resume(struct kernel *k, struct call *call)
{
    call_commit(k, call);
    thread_restart(k, target_of(k, call));
    return OUTCOME_DONE;
}

static enum outcome decode_set_tls_base(struct kernel *k, struct call *call)
{
    struct tcb *t = target_of(k, call);

    if (call_check_length(k, call, 1, 0) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    call_commit(k, call);
    t->regs[REG_FS_BASE] = call_argument(call, 0);
    thread_mark_dirty(k, t);
    choose_anew(k, t);
    return OUTCOME_DONE;
}

static enum outcome decode_set_flags(struct kernel *k, struct call *call)
{
    struct tcb *t = target_of(k, call);
    word clear, set;

    if (call_check_length(k, call, 2, 0) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    clear = call_argument(call, 0);
    set = call_argument(call, 1);
    call_commit(k, call);
    t->flags = (t->flags & ~clear) | (set & SEL4_TCB_FLAG_FPU_DISABLED);
    thread_mark_dirty(k, t);
    call_answer(k, call, &t->flags, 1);
    return OUTCOME_DONE;
}

enum outcome decode_tcb(struct kernel *k, struct call *call)
{
    switch (call->method) {
    case METHOD_TCB_READ_REGISTERS:
        return decode_read_registers(k, call);
    case METHOD_TCB_WRITE_REGISTERS:
        return decode_write_registers(k, call);
    case METHOD_TCB_COPY_REGISTERS:
        return decode_copy_registers(k, call);
    case METHOD_TCB_SUSPEND:
        return decode_suspend(k, call);
    case METHOD_TCB_RESUME:
        return decode_resume(k, call);
    case METHOD_TCB_CONFIGURE:
        return decode_configure(k, call);
    case METHOD_TCB_SET_PRIORITY:
        return decode_set_priority(k, call);
    case METHOD_TCB_SET_MC_PRIORITY:
        return decode_set_mcp(k, call);
    case METHOD_TCB_SET_SCHED_PARAMS:
        return decode_set_sched_params(k, call);
    case METHOD_TCB_SET_TIMEOUT_ENDPOINT:
        return decode_set_timeout(k, call);
    case METHOD_TCB_SET_IPC_BUFFER:
        return decode_set_ipc_buffer(k, call);
    case METHOD_TCB_SET_SPACE:
        return decode_set_space(k, call);
    case METHOD_TCB_BIND_NOTIFICATION:
        return decode_bind(k, call);
    case METHOD_TCB_UNBIND_NOTIFICATION:
        return decode_unbind(k, call);
    case METHOD_TCB_SET_TLS_BASE:
        return decode_set_tls_base(k, call);
    case METHOD_TCB_SET_FLAGS:
        return decode_set_flags(k, call);
    default:
        return error_unknown_method(k, call);
    }
}
