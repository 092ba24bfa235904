/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copying messages.
 *
 * The first four words travel in registers, the rest in the IPC buffers of
 * sender and receiver; where one of them has none, the message ends after
 * four words and carries no capabilities. A capability to the very endpoint
 * that the message goes through is not copied: the receiver is told its badge.
 * Of others one is copied, to the slot that the receiver named in its buffer.
 */
#include "kernel/ipc.h"
#include "kernel/cap.h"
#include "kernel/cdt.h"
#include "kernel/cspace.h"
#include "kernel/fault.h"
#include "kernel/sched.h"
#include "kernel/tcb.h"

static const uint8_t message_register[SEL4_FAST_MESSAGE_REGISTERS] = {
    REG_MR0,
    REG_MR1,
    REG_MR2,
    REG_MR3,
};

word message_get(const struct tcb *t, const word *buffer, word i)
{
    if (i < SEL4_FAST_MESSAGE_REGISTERS)
        return t->regs[message_register[i]];
    return buffer[BUFFER_MSG + i];
}

word message_set(struct tcb *t, word *buffer, word i, word value)
{
    if (i < SEL4_FAST_MESSAGE_REGISTERS)
        t->regs[message_register[i]] = value;
    else if (buffer)
        buffer[BUFFER_MSG + i] = value;
    else
        return SEL4_FAST_MESSAGE_REGISTERS;
    return i + 1;
}

/* Copy n words; returns how many went. */
static word copy_words(struct tcb *from, const word *from_buffer,
                       struct tcb *to, word *to_buffer, word n)
{
    if (n > SEL4_FAST_MESSAGE_REGISTERS && (!from_buffer || !to_buffer))
        n = SEL4_FAST_MESSAGE_REGISTERS;
    for (word i = 0; i < n; i++)
        message_set(to, to_buffer, i, message_get(from, from_buffer, i));
    return n;
}

enum outcome ipc_lookup_extra_caps(struct kernel *k, struct tcb *t,
                                   const word *buffer, struct cte **extra,
                                   word *cptr)
{
    word n = buffer ? info_extra_caps(t->regs[REG_INFO]) : 0;

    extra[0] = NULL;
    for (word i = 0; i < n; i++) {
        *cptr = buffer[BUFFER_CAPS + i];
        if (cspace_lookup(k, t, *cptr, &extra[i]) != OUTCOME_DONE) {
            error_note(k, WHY(REASON_EXTRA_CAP, *cptr, i));
            extra[0] = NULL;
            return OUTCOME_FAULT;
        }
        extra[i + 1] = NULL;
    }
    return OUTCOME_DONE;
}

/* The empty slot where the receiver wants a capability, or NULL. */
static struct cte *receive_slot(struct kernel *k, struct tcb *t,
                                const word *buffer)
{
    struct cte *root;
    struct cte *slot;

    if (cspace_lookup(k, t, buffer[BUFFER_RECEIVE_CNODE], &root) !=
        OUTCOME_DONE)
        return NULL;
    if (cspace_target_slot(k, root->cap, buffer[BUFFER_RECEIVE_INDEX],
                           buffer[BUFFER_RECEIVE_DEPTH], &slot) != OUTCOME_DONE)
        return NULL;
    return cap_is_null(slot->cap) ? slot : NULL;
}

static bool transfer_one(struct kernel *k, struct cte *source, struct cte *dest)
{
    union cap cap;

    if (!dest || cap_derive(k, source, source->cap, &cap) != OUTCOME_DONE ||
        cap_is_null(cap))
        return false;
    cdt_insert(k, cap, source, dest);
    return true;
}

/* Capabilities of a message; *unwrapped: bits of those that became badges. */
static word transfer_caps(struct kernel *k, const struct transfer *x,
                          struct cte **extra, word *buffer, word *unwrapped)
{
    struct cte *dest;
    word i;

    if (!extra[0] || !buffer)
        return 0;
    dest = receive_slot(k, x->receiver, buffer);
    for (i = 0; i < SEL4_MSG_MAX_EXTRA_CAPS && extra[i]; i++) {
        union cap cap = extra[i]->cap;

        if (cap.type == CAP_ENDPOINT && cap.obj == x->endpoint) {
            buffer[BUFFER_CAPS + i] = cap.endpoint.badge;
            *unwrapped |= 1ul << i;
        } else if (transfer_one(k, extra[i], dest)) {
            dest = NULL;
        } else {
            break;
        }
    }
    return i;
}

static void transfer_message(struct kernel *k, const struct transfer *x,
                             word *buffer)
{
    struct cte *extra[SEL4_MSG_MAX_EXTRA_CAPS + 1] = { NULL };
    word *from_buffer = thread_ipc_buffer(k, x->sender, false);
    word info = x->sender->regs[REG_INFO];
    word unwrapped = 0;
    word cptr;

    if (x->can_grant)
        ipc_lookup_extra_caps(k, x->sender, from_buffer, extra, &cptr);
    word n = copy_words(x->sender, from_buffer, x->receiver, buffer,
                        info_length(info));
    word caps = transfer_caps(k, x, extra, buffer, &unwrapped);
    x->receiver->regs[REG_INFO] =
        info_new(info_label(info), unwrapped, caps, n);
}

void ipc_transfer(struct kernel *k, const struct transfer *x)
{
    word *buffer = thread_ipc_buffer(k, x->receiver, true);

    if (x->sender->fault.type == FAULT_NONE) {
        transfer_message(k, x, buffer);
    } else {
        word n = fault_message(k, x->sender, x->receiver, buffer);

        x->receiver->regs[REG_INFO] =
            info_new(fault_label(k, x->sender->fault.type), 0, 0, n);
    }
    x->receiver->regs[REG_CAP] = x->badge;
}

/* ---- replies of the classic kernel ---- */

void ipc_set_reply_master(struct kernel *k, struct tcb *t)
{
    struct cte *slot = &t->slot[TCB_REPLY];

    if (k->h.config.mcs || !cap_is_null(slot->cap))
        return;
    slot->cap = cap_plain_new(CAP_REPLY);
    slot->cap.obj = object_ref(k, t);
    slot->cap.reply.master = true;
    slot->cap.reply.can_grant = true;
    slot->revocable = true;
    slot->first_badged = true;
}

void ipc_set_caller(struct kernel *k, struct tcb *caller, struct tcb *receiver,
                    bool can_grant)
{
    union cap cap = cap_plain_new(CAP_REPLY);

    thread_set_state(k, caller, STATE_BLOCKED_ON_REPLY);
    cap.obj = object_ref(k, caller);
    cap.reply.can_grant = can_grant;
    cdt_insert(k, cap, &caller->slot[TCB_REPLY], &receiver->slot[TCB_CALLER]);
}

static void answer_fault(struct kernel *k, struct tcb *sender, struct tcb *t)
{
    bool goes_on = fault_answer(k, t, sender);

    t->fault.type = FAULT_NONE;
    thread_set_state(k, t, goes_on ? STATE_RESTART : STATE_INACTIVE);
    if (goes_on)
        sched_possible_switch(k, t);
}

void ipc_reply(struct kernel *k, struct tcb *sender, struct cte *slot)
{
    struct tcb *t = tcb_at(k, slot->cap.obj);
    bool can_grant = slot->cap.reply.can_grant;

    if (t->fault.type != FAULT_NONE) {
        slot_delete_one(k, slot);
        answer_fault(k, sender, t);
        return;
    }
    ipc_transfer(k, &(struct transfer){ .sender = sender,
                                        .receiver = t,
                                        .can_grant = can_grant });
    slot_delete_one(k, slot);
    thread_set_state(k, t, STATE_RUNNING);
    sched_possible_switch(k, t);
}
