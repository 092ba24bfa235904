/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading and writing the registers of threads.
 *
 * The API's context has the order of enum kernel_register; but its first word
 * is where the thread's last fault, system call or interruption was, not
 * where it goes on. Writing it sets both. The first 18 words are the frame,
 * the last two (FS and GS base) the "integer" registers of CopyRegisters.
 */
#include "kernel/registers.h"
#include "kernel/cap.h"
#include "kernel/sched.h"
#include "kernel/tcb.h"

#define FRAME_REGISTERS 18

enum {
    FLAG_SUSPEND_SOURCE = 1,
    FLAG_RESUME_TARGET = 2,
    FLAG_FRAME = 4,
    FLAG_INTEGER = 8
};
enum {
    READ_SUSPEND = 1,
    WRITE_RESUME = 1
};

/* Register of word i of the API's context. */
static enum kernel_register context_register(word i)
{
    return i == 0 ? (enum kernel_register)REG_FAULT_IP
                  : (enum kernel_register)i;
}

static struct tcb *target_of(struct kernel *k, const struct call *call)
{
    return tcb_at(k, call->cap.obj);
}

static enum outcome check_not_self(struct kernel *k, const struct call *call)
{
    if (target_of(k, call) == call->caller)
        return error_illegal_operation(k, WHY(REASON_REGISTERS_OWN));
    return OUTCOME_DONE;
}

static void do_read(struct kernel *k, struct call *call, word n)
{
    struct tcb *t = target_of(k, call);
    word words[REG_COUNT];

    for (word i = 0; i < n; i++)
        words[i] = register_get(t, context_register(i));
    call_answer(k, call, words, n);
}

enum outcome decode_read_registers(struct kernel *k, struct call *call)
{
    word flags, n;

    if (call_check_length(k, call, 2, 0) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    flags = call_argument(call, 0);
    n = call_argument(call, 1);
    if (n < 1 || n > REG_COUNT)
        return error_range(k, 1, REG_COUNT,
                           WHY(REASON_REGISTERS_COUNT, n, REG_COUNT));
    if (check_not_self(k, call) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    call_commit(k, call);
    if (flags & READ_SUSPEND)
        thread_suspend(k, target_of(k, call));
    do_read(k, call, n);
    return OUTCOME_DONE;
}

static void do_write(struct kernel *k, struct call *call, word n)
{
    struct tcb *t = target_of(k, call);

    if (n > REG_COUNT)
        n = REG_COUNT;
    registers_replaced(k, t);
    for (word i = 0; i < n; i++) {
        enum kernel_register reg = context_register(i);

        register_set(t, reg,
                     register_sanitise(reg, call_argument(call, 2 + i)));
    }
    t->regs[REG_RIP] = t->fault_ip;
    thread_mark_dirty(k, t);
}

enum outcome decode_write_registers(struct kernel *k, struct call *call)
{
    word flags, n;

    if (call_check_length(k, call, 2, 0) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    flags = call_argument(call, 0);
    n = call_argument(call, 1);
    if (call->length - 2 < n)
        return error_truncated(k, WHY(REASON_REGISTERS_SHORT, n,
                                      call->length - 2));
    if (check_not_self(k, call) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    call_commit(k, call);
    do_write(k, call, n);
    if (flags & WRITE_RESUME)
        thread_restart(k, target_of(k, call));
    return OUTCOME_DONE;
}

static void copy(struct tcb *from, struct tcb *to, word first, word end)
{
    for (word i = first; i < end; i++) {
        enum kernel_register reg = context_register(i);

        register_set(to, reg, register_get(from, reg));
    }
}

static void do_copy(struct kernel *k, struct tcb *from, struct tcb *to,
                    word flags)
{
    if (flags & FLAG_SUSPEND_SOURCE)
        thread_suspend(k, from);
    if (flags & FLAG_RESUME_TARGET)
        thread_restart(k, to);
    registers_replaced(k, to);
    if (flags & FLAG_FRAME) {
        copy(from, to, 0, FRAME_REGISTERS);
        to->regs[REG_RIP] = to->fault_ip;
    }
    if (flags & FLAG_INTEGER)
        copy(from, to, FRAME_REGISTERS, REG_COUNT);
    thread_mark_dirty(k, to);
    if (object_ref(k, to) == k->h.current)
        sched_require(k);
}

enum outcome decode_copy_registers(struct kernel *k, struct call *call)
{
    union cap source;

    if (call_check_length(k, call, 1, 1) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    source = call->extra[0]->cap;
    if (source.type != CAP_THREAD)
        return error_invalid_capability(
            k, 1, WHY(REASON_SOURCE_NOT_TCB, source.type));
    call_commit(k, call);
    do_copy(k, tcb_at(k, source.obj), target_of(k, call),
            call_argument(call, 0));
    return OUTCOME_DONE;
}
