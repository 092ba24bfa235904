/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invocations: which object is meant, and the answer.
 */
#include "kernel/decode.h"
#include "kernel/arch.h"
#include "kernel/endpoint.h"
#include "kernel/ipc.h"
#include "kernel/irq.h"
#include "kernel/notification.h"
#include "kernel/reply.h"
#include "kernel/sched.h"
#include "kernel/sched_context.h"
#include "kernel/tcb.h"
#include "kernel/trace.h"

word call_argument(const struct call *call, word i)
{
    return message_get(call->caller, call->buffer, i);
}

void call_commit(struct kernel *k, struct call *call)
{
    thread_set_state(k, call->caller, STATE_RESTART);
}

void call_answer(struct kernel *k, struct call *call, const word *words,
                 word count)
{
    struct tcb *t = call->caller;
    word length = 0;

    if (call->is_call) {
        word *buffer = thread_ipc_buffer(k, t, true);

        t->regs[REG_CAP] = 0;
        for (word i = 0; i < count; i++)
            length = message_set(t, buffer, i, words[i]);
        t->regs[REG_INFO] = info_new(SEL4_NO_ERROR, 0, 0, length);
    }
    thread_set_state(k, t, STATE_RUNNING);
}

enum outcome call_check_length(struct kernel *k, const struct call *call,
                               word words, word caps)
{
    word n = 0;

    while (call->extra[n])
        n++;
    if (call->length >= words && n >= caps)
        return OUTCOME_DONE;
    return error_truncated(k,
                           WHY(REASON_TRUNCATED, call->length, n, words, caps));
}

enum outcome error_unknown_method(struct kernel *k, const struct call *call)
{
    return error_illegal_operation(k, WHY(REASON_METHOD_UNKNOWN, call->label,
                                          call->cap.type));
}

static enum outcome decode_nothing(struct kernel *k, struct call *call)
{
    return error_invalid_capability(k, 0,
                                    WHY(call->cap.type == CAP_ZOMBIE
                                            ? REASON_INVOKE_ZOMBIE
                                            : REASON_INVOKE_NULL,
                                        call->cptr));
}

static enum outcome decode_no_write(struct kernel *k, struct call *call)
{
    return error_invalid_capability(k, 0,
                                    WHY(REASON_INVOKE_NO_WRITE, call->cptr,
                                        call->cap.endpoint.rights));
}

static enum outcome decode_endpoint(struct kernel *k, struct call *call)
{
    word rights = call->cap.endpoint.rights;

    if (!(rights & RIGHT_WRITE))
        return decode_no_write(k, call);
    call_commit(k, call);
    endpoint_send(k, object_at(k, call->cap.obj), call->caller,
                  &(struct send){
                      .badge = call->cap.endpoint.badge,
                      .blocking = call->is_blocking,
                      .is_call = call->is_call,
                      .can_grant = (rights & RIGHT_GRANT) != 0,
                      .can_grant_reply = (rights & RIGHT_GRANT_REPLY) != 0,
                      .can_donate = call->can_donate,
                  });
    return OUTCOME_DONE;
}

static enum outcome decode_notification(struct kernel *k, struct call *call)
{
    if (!(call->cap.notification.rights & RIGHT_WRITE))
        return decode_no_write(k, call);
    call_commit(k, call);
    notification_signal(k, object_at(k, call->cap.obj),
                        call->cap.notification.badge);
    return OUTCOME_DONE;
}

static enum outcome decode_reply(struct kernel *k, struct call *call)
{
    if (k->h.config.mcs) {
        call_commit(k, call);
        reply_send(k, call->caller, object_at(k, call->cap.obj),
                   call->cap.reply.can_grant);
        return OUTCOME_DONE;
    }
    if (call->cap.reply.master)
        return error_invalid_capability(
            k, 0, WHY(REASON_INVOKE_MASTER_REPLY, call->cptr));
    call_commit(k, call);
    ipc_reply(k, call->caller, call->slot);
    return OUTCOME_DONE;
}

/* MCS: what the send half of a system call must not change. */
static bool is_barred_in_first_phase(union cap cap)
{
    switch (cap.type) {
    case CAP_THREAD:
    case CAP_DOMAIN:
    case CAP_CNODE:
    case CAP_SCHED_CONTROL:
    case CAP_SCHED_CONTEXT:
        return true;
    default:
        return false;
    }
}

enum outcome decode_invocation(struct kernel *k, struct call *call)
{
    word labels = SEL4_LABEL_COUNT[k->h.config.mcs];

    call->method = call->label < labels
                       ? sel4_method_of_label[k->h.config.mcs][call->label]
                       : METHOD_INVALID;
    trace_invocation(k, call->method, call->cap);
    if (cap_is_arch(call->cap))
        return arch_decode_invocation(k, call);

    if (call->first_phase && is_barred_in_first_phase(call->cap))
        return error_invalid_capability(
            k, 0, WHY(REASON_INVOKE_FIRST_PHASE, call->cap.type));

    switch (call->cap.type) {
    case CAP_ENDPOINT:
        return decode_endpoint(k, call);
    case CAP_NOTIFICATION:
        return decode_notification(k, call);
    case CAP_REPLY:
        return decode_reply(k, call);
    case CAP_THREAD:
        return decode_tcb(k, call);
    case CAP_DOMAIN:
        return decode_domain(k, call);
    case CAP_CNODE:
        return decode_cnode(k, call);
    case CAP_UNTYPED:
        return decode_untyped(k, call);
    case CAP_IRQ_CONTROL:
        return decode_irq_control(k, call);
    case CAP_IRQ_HANDLER:
        return decode_irq_handler(k, call);
    case CAP_SCHED_CONTROL:
        return decode_sched_control(k, call);
    case CAP_SCHED_CONTEXT:
        return decode_sched_context(k, call);
    default:
        return decode_nothing(k, call);
    }
}
