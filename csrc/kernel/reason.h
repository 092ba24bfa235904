/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a request was refused, or a message dropped: sel4emu's explanation
 * behind the bare error number. The core stores a reason's number and up to
 * four words (h.error); the text is filled in elsewhere, in the manner of
 * printf, from as many of the words as it has conversions.
 *
 * Each X(name, text): one refusal, one reason.
 */
#ifndef SEL4EMU_KERNEL_REASON_H
#define SEL4EMU_KERNEL_REASON_H

#include "kernel/arch/x86_64/reason.h"

/* Finding capabilities */
#define CSPACE_REASONS(X)                                                      \
    X(REASON_ROOT_NOT_CNODE,                                                   \
      "the capability to search in is not a CNode (its type is %lu)")          \
    X(REASON_DEPTH_RANGE, "a depth of %lu bits is not within 1 to 64")         \
    X(REASON_GUARD_MISMATCH,                                                   \
      "with %lu bits left of index %#lx, the CNode's guard does not match: "   \
      "guard %#lx of %lu bits")                                                \
    X(REASON_DEPTH_TOO_SMALL,                                                  \
      "with %lu bits left of index %#lx, the CNode resolves %lu bits")         \
    X(REASON_DEPTH_TOO_LARGE,                                                  \
      "index %#lx with depth %lu ends at a slot that is no CNode, with %lu "   \
      "bits left")                                                             \
    X(REASON_NO_CAP_AT, "capability pointer %#lx does not resolve")            \
    X(REASON_EXTRA_CAP,                                                        \
      "capability pointer %#lx, capability %lu of the message, does not "      \
      "resolve")                                                               \
    X(REASON_DEST_NOT_EMPTY,                                                   \
      "the destination slot holds a capability (type %lu) already")            \
    X(REASON_HAS_CHILDREN, "other capabilities derive from this one")

/* Invoking */
#define INVOKE_REASONS(X)                                                      \
    X(REASON_INVOKE_NULL, "capability pointer %#lx names an empty slot")       \
    X(REASON_INVOKE_ZOMBIE,                                                    \
      "the object of capability pointer %#lx is being deleted")                \
    X(REASON_INVOKE_MASTER_REPLY,                                              \
      "capability pointer %#lx names a master reply capability")               \
    X(REASON_INVOKE_NO_WRITE,                                                  \
      "capability pointer %#lx has no right to send (rights %#lx)")            \
    X(REASON_INVOKE_FIRST_PHASE,                                               \
      "an object of this type (%lu) cannot be invoked by the send half of "    \
      "this system call")                                                      \
    X(REASON_METHOD_UNKNOWN,                                                   \
      "label %lu is no method of this type of object (%lu)")                   \
    X(REASON_TRUNCATED,                                                        \
      "the message has %lu words and %lu capabilities; the method takes %lu "  \
      "and %lu")                                                               \
    X(REASON_RECEIVE_NOT_POSSIBLE,                                             \
      "capability pointer %#lx (type %lu) is nothing to receive from")         \
    X(REASON_RECEIVE_NO_READ,                                                  \
      "capability pointer %#lx has no right to receive (rights %#lx)")         \
    X(REASON_RECEIVE_BOUND,                                                    \
      "the notification of capability pointer %#lx is bound to another "       \
      "thread")                                                                \
    X(REASON_NO_CALLER, "nobody waits for a reply of this thread")             \
    X(REASON_NOT_REPLY,                                                        \
      "capability pointer %#lx (type %lu), given for the reply, is no reply "  \
      "object")

/* Untyped memory */
#define UNTYPED_REASONS(X)                                                     \
    X(REASON_OBJECT_TYPE, "there is no object type %lu")                       \
    X(REASON_OBJECT_TOO_LARGE,                                                 \
      "an object of type %lu with size_bits %lu is too large")                 \
    X(REASON_CNODE_TOO_SMALL, "a CNode needs a size_bits of at least 1")       \
    X(REASON_UNTYPED_TOO_SMALL,                                                \
      "untyped memory of 2^%lu bytes is too small, the least is 2^%lu")        \
    X(REASON_SCHED_CONTEXT_TOO_SMALL,                                          \
      "a scheduling context of 2^%lu bytes is too small, the least is 2^%lu")  \
    X(REASON_RETYPE_NO_CNODE,                                                  \
      "where the new capabilities shall go is no CNode (its type is %lu)")     \
    X(REASON_RETYPE_OFFSET,                                                    \
      "the offset %lu is beyond the destination CNode of %lu slots")           \
    X(REASON_RETYPE_COUNT,                                                     \
      "the number of objects, %lu, is not within 1 to %lu")                    \
    X(REASON_RETYPE_WINDOW,                                                    \
      "%lu capabilities from offset %lu do not fit into the destination "      \
      "CNode of %lu slots")                                                    \
    X(REASON_RETYPE_SLOT_USED,                                                 \
      "slot %lu of the destination CNode holds a capability already")          \
    X(REASON_RETYPE_NO_MEMORY,                                                 \
      "%lu objects of 2^%lu bytes do not fit into the %lu bytes left of the "  \
      "untyped memory (%lu bytes in all)")                                     \
    X(REASON_RETYPE_DEVICE,                                                    \
      "an object of type %lu cannot be made of device memory")

/* CNodes */
#define CNODE_REASONS(X)                                                       \
    X(REASON_SOURCE_EMPTY, "the source slot (index %#lx) is empty")            \
    X(REASON_PIVOT_EMPTY, "the pivot slot (index %#lx) is empty")              \
    X(REASON_CAP_NOT_COPYABLE,                                                 \
      "a capability of this type (%lu) cannot be copied")                      \
    X(REASON_CAP_DATA_ENDPOINT,                                                \
      "the badge %#lx cannot be set: the capability has badge %#lx already, "  \
      "or is moved")                                                           \
    X(REASON_CAP_DATA_GUARD,                                                   \
      "guard of %lu bits and radix of %lu bits are more than 64 together")     \
    X(REASON_ROTATE_PIVOT,                                                     \
      "the pivot slot is the same as the source or the destination slot")      \
    X(REASON_CANCEL_RIGHTS,                                                    \
      "cancelling sends needs an endpoint capability with all rights (type "   \
      "%lu, rights %#lx)")

/* Threads */
#define TCB_REASONS(X)                                                         \
    X(REASON_REGISTERS_OWN, "a thread cannot read or write its own registers") \
    X(REASON_REGISTERS_COUNT,                                                  \
      "the number of registers, %lu, is not within 1 to %lu")                  \
    X(REASON_REGISTERS_SHORT,                                                  \
      "%lu registers shall be written, the message has %lu")                   \
    X(REASON_SOURCE_NOT_TCB, "the source is not a TCB capability (type %lu)")  \
    X(REASON_AUTHORITY_NOT_TCB,                                                \
      "the authority is not a TCB capability (type %lu)")                      \
    X(REASON_PRIORITY,                                                         \
      "priority %lu is above the authority's maximum controlled priority, "    \
      "%lu")                                                                   \
    X(REASON_CSPACE_NOT_CNODE,                                                 \
      "the CSpace root is not a CNode capability, or its guard is invalid "    \
      "(type %lu)")                                                            \
    X(REASON_VSPACE_INVALID,                                                   \
      "the VSpace root is no top-level paging structure that has an ASID "     \
      "(type %lu)")                                                            \
    X(REASON_SPACE_BEING_DELETED,                                              \
      "the thread's present CSpace or VSpace is being deleted")                \
    X(REASON_BIND_TCB_BOUND, "the thread has a bound notification already")    \
    X(REASON_BIND_NOT_NOTIFICATION,                                            \
      "the capability is no notification (type %lu)")                          \
    X(REASON_BIND_NO_READ,                                                     \
      "the notification capability has no right to receive (rights %#lx)")     \
    X(REASON_BIND_IN_USE,                                                      \
      "the notification is bound already, or somebody waits on it")            \
    X(REASON_UNBIND_NOT_BOUND, "the thread has no bound notification")

/* Scheduling contexts (MCS) */
#define SCHED_CONTEXT_REASONS(X)                                               \
    X(REASON_SCHED_TIME,                                                       \
      "a budget or period of %lu us is not within %lu to %lu us")              \
    X(REASON_SCHED_BUDGET,                                                     \
      "the budget, %lu us, is longer than the period, %lu us")                 \
    X(REASON_NOT_SCHED_CONTEXT,                                                \
      "the capability is no scheduling context (type %lu)")                    \
    X(REASON_SCHED_REFILLS,                                                    \
      "the scheduling context has no room for %lu extra refills, only for "    \
      "%lu")                                                                   \
    X(REASON_SC_BOUND, "the scheduling context is bound to another already")   \
    X(REASON_SC_TCB_BOUND, "the thread has a scheduling context already")      \
    X(REASON_SC_NOTIFICATION_BOUND,                                            \
      "the notification has a scheduling context already")                     \
    X(REASON_SC_NOT_RELEASED,                                                  \
      "the thread is blocked, and the scheduling context has no time to use "  \
      "now")                                                                   \
    X(REASON_SC_OBJECT,                                                        \
      "a scheduling context is bound to a thread or notification, not to "     \
      "this (type %lu)")                                                       \
    X(REASON_SC_NOT_BOUND,                                                     \
      "the scheduling context is not bound to this object")                    \
    X(REASON_SC_OWN, "a thread cannot take its own scheduling context away")   \
    X(REASON_YIELD_NOBODY, "no thread has the scheduling context")             \
    X(REASON_YIELD_SELF, "the scheduling context is the caller's own")         \
    X(REASON_HANDLER_CAP,                                                      \
      "the handler is no endpoint capability with Write and Grant or "         \
      "GrantReply (type %lu, rights %#lx)")

/* Domains */
#define DOMAIN_REASONS(X)                                                      \
    X(REASON_DOMAIN, "domain %lu does not exist: there are %lu")               \
    X(REASON_DOMAIN_NOT_TCB, "the capability is no TCB (type %lu)")            \
    X(REASON_DOMAIN_INDEX,                                                     \
      "index %lu is outside the domain schedule of %lu entries")               \
    X(REASON_DOMAIN_DURATION, "a duration of %lu does not fit into 56 bits")   \
    X(REASON_DOMAIN_END_MARKER,                                                \
      "an entry of duration 0 ends the schedule; its domain must be 0, not "   \
      "%lu")                                                                   \
    X(REASON_DOMAIN_START_EMPTY,                                               \
      "entry %lu, where the schedule starts, cannot have a duration of 0")     \
    X(REASON_DOMAIN_START,                                                     \
      "the schedule cannot start at entry %lu, which ends it")

/* Faults */
#define FAULT_REASONS(X)                                                       \
    X(REASON_NO_HANDLER_CAP, "the thread has no fault handler")                \
    X(REASON_NO_HANDLER,                                                       \
      "the fault handler's capability pointer %#lx does not resolve")          \
    X(REASON_BAD_HANDLER,                                                      \
      "the fault handler's capability pointer %#lx is no endpoint with Write " \
      "and Grant or GrantReply (type %lu, rights %#lx)")                       \
    X(REASON_UNKNOWN_SYSCALL, "there is no system call %ld")

#define KERNEL_REASONS(X)                                                      \
    CSPACE_REASONS(X)                                                          \
    INVOKE_REASONS(X)                                                          \
    UNTYPED_REASONS(X)                                                         \
    CNODE_REASONS(X)                                                           \
    TCB_REASONS(X)                                                             \
    SCHED_CONTEXT_REASONS(X)                                                   \
    DOMAIN_REASONS(X)                                                          \
    FAULT_REASONS(X)                                                           \
    ARCH_REASONS(X)

enum kernel_reason {
    REASON_NONE,
#define X(name, text) name,
    KERNEL_REASONS(X)
#undef X
    REASON_COUNT,
};

#endif
