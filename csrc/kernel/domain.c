/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invocations of the domain capability: which domain a thread is in, and the
 * schedule of domains (seL4 manual 6.3).
 */
#include "kernel/cap.h"
#include "kernel/decode.h"
#include "kernel/sched.h"
#include "kernel/tcb.h"

#define DURATION_MAX ((1ul << SEL4_DOMAIN_DURATION_BITS) - 1)

static enum outcome decode_set(struct kernel *k, struct call *call)
{
    word domains = k->h.config.domains;
    union cap cap;
    word domain;

    if (call_check_length(k, call, 1, 0) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    domain = call_argument(call, 0);
    if (domain >= domains)
        return error_invalid_argument(k, 0,
                                      WHY(REASON_DOMAIN, domain, domains));
    if (call_check_length(k, call, 1, 1) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    cap = call->extra[0]->cap;
    if (cap.type != CAP_THREAD)
        return error_invalid_argument(k, 1,
                                      WHY(REASON_DOMAIN_NOT_TCB, cap.type));
    call_commit(k, call);
    thread_set_domain(k, tcb_at(k, cap.obj), domain);
    return OUTCOME_DONE;
}

static enum outcome check_entry(struct kernel *k, word index, word domain,
                                word duration)
{
    word entries = sched_domain_entries(k);
    word domains = k->h.config.domains;

    /* The last entry is always an end marker. */
    if (index >= entries - 1)
        return error_range(k, 0, entries - 2,
                           WHY(REASON_DOMAIN_INDEX, index, entries - 1));
    if (domain >= domains)
        return error_range(k, 0, domains - 1,
                           WHY(REASON_DOMAIN, domain, domains));
    if (duration > DURATION_MAX)
        return error_invalid_argument(k, 2,
                                      WHY(REASON_DOMAIN_DURATION, duration));
    if (duration == 0 && domain != 0)
        return error_invalid_argument(k, 1,
                                      WHY(REASON_DOMAIN_END_MARKER, domain));
    if (duration == 0 && index == k->h.domain_start)
        return error_invalid_argument(k, 2,
                                      WHY(REASON_DOMAIN_START_EMPTY, index));
    return OUTCOME_DONE;
}

static enum outcome decode_configure(struct kernel *k, struct call *call)
{
    word index, domain, duration;

    if (call_check_length(k, call, 3, 0) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    index = call_argument(call, 0);
    domain = call_argument(call, 1);
    duration = call_argument(call, 2);
    if (check_entry(k, index, domain, duration) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    call_commit(k, call);
    k->h.domain_schedule[index].domain = domain;
    k->h.domain_schedule[index].duration = duration;
    return OUTCOME_DONE;
}

static enum outcome decode_set_start(struct kernel *k, struct call *call)
{
    word entries = sched_domain_entries(k);
    word index;

    if (call_check_length(k, call, 1, 0) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    index = call_argument(call, 0);
    if (index >= entries)
        return error_range(k, 0, entries - 1,
                           WHY(REASON_DOMAIN_INDEX, index, entries));
    if (k->h.domain_schedule[index].duration == 0)
        return error_invalid_argument(k, 0, WHY(REASON_DOMAIN_START, index));
    call_commit(k, call);
    sched_domain_restart(k, index);
    return OUTCOME_DONE;
}

enum outcome decode_domain(struct kernel *k, struct call *call)
{
    switch (call->method) {
    case METHOD_DOMAIN_SET_SET:
        return decode_set(k, call);
    case METHOD_DOMAIN_SET_SCHEDULE_CONFIGURE:
        return decode_configure(k, call);
    case METHOD_DOMAIN_SET_SCHEDULE_SET_START:
        return decode_set_start(k, call);
    default:
        return error_unknown_method(k, call);
    }
}
