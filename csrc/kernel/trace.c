/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trace ring. The record of the entry that is under way is filled in
 * place, as number 0; it gets its number when it is complete.
 */
#include "kernel/trace.h"
#include "kernel/ipc.h"
#include "kernel/tcb.h"

static struct image_trace *record(struct kernel *k)
{
    return &k->h.trace[k->h.trace_count % IMAGE_TRACE_RECORDS];
}

/* Reading the time is no system call, and may be done all the time. */
static bool is_traced(struct kernel *k)
{
    return k->h.config.trace && k->h.inside.cause != CAUSE_TSC;
}

static void note_system_call(struct kernel *k, struct tcb *t)
{
    word n = -t->regs[REG_SYSTEM_CALL];

    k->h.inside.system_call = n < SEL4_SYSCALLS_MAX
                                  ? sel4_sys_of_number[k->h.config.mcs][n]
                                  : SYS_UNKNOWN;
    k->h.inside.cap = t->regs[REG_CAP];
    k->h.inside.info = t->regs[REG_INFO];
}

void trace_begin(struct kernel *k, struct tcb *t,
                 const struct kernel_cause *cause)
{
    k->h.inside.tcb = object_ref(k, t);
    k->h.inside.cause = cause->kind;
    k->h.inside.system_call = 0;
    k->h.inside.cap = cause->address;
    k->h.inside.info = cause->code;
    if (cause->kind == CAUSE_EXCEPTION)
        k->h.inside.cap = cause->number;
    if (cause->kind == CAUSE_SYSCALL)
        note_system_call(k, t);
    if (!is_traced(k))
        return;
    *record(k) = (struct image_trace){
        .time_ns = k->h.time,
        .tcb = k->h.inside.tcb,
        .thread = thread_index(k, t),
        .cause = cause->kind,
        .system_call = k->h.inside.system_call,
        .cap = k->h.inside.cap,
        .info = k->h.inside.info,
    };
}

/* A message has a label of its own choice: it names no method. */
static bool carries_message(union cap cap)
{
    return cap.type == CAP_ENDPOINT || cap.type == CAP_NOTIFICATION ||
           cap.type == CAP_REPLY;
}

void trace_invocation(struct kernel *k, uint32_t method, union cap cap)
{
    if (!k->h.config.trace)
        return;
    record(k)->method = carries_message(cap) ? METHOD_INVALID : method;
    record(k)->object = cap.type;
}

void trace_end(struct kernel *k)
{
    bool traced = is_traced(k);

    k->h.inside.tcb = 0;
    k->h.inside.cause = CAUSE_NONE;
    if (!traced)
        return;

    struct image_trace *r = record(k);
    r->error = k->h.error.error;
    r->reason = k->h.error.reason;
    r->next = k->h.current;
    r->sequence = ++k->h.trace_count;
}
