/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deleting and revoking capabilities.
 *
 * Most capabilities go at one stroke. Threads and CNodes hold capabilities
 * themselves: when the last capability to one is deleted, the slot gets a
 * zombie, which counts how many slots of the object may still be in use, and
 * which is eaten up from its end, with looks at h.pending in between. A
 * zombie whose own slot lies in the object that it stands for (a CNode that
 * holds its own last capability) would never be done; it is first swapped
 * with the slot through which the deletion came.
 *
 * `exposed` below tells whether the slot was named by a user, who may wait as
 * long as it takes, or was met while eating another zombie; then a cyclic
 * zombie is left for the outer deletion.
 */
#include "kernel/budget.h"
#include "kernel/cap.h"
#include "kernel/cdt.h"
#include "kernel/clock.h"
#include "kernel/tcb.h"

#define WORK_BETWEEN_LOOKS 100

struct progress {
    enum outcome outcome;
    bool emptied; /* the slot's capability may be taken away */
    union cap cleanup;
};

static enum outcome delete_slot(struct kernel *k, struct cte *slot,
                                bool exposed);

enum outcome preemption_point(struct kernel *k)
{
    if (++k->h.work < WORK_BETWEEN_LOOKS)
        return OUTCOME_DONE;
    return preemption_point_now(k);
}

static bool is_time_to_look(struct kernel *k)
{
    return k->h.time >= k->h.deadline ||
           (k->h.config.mcs && !budget_allows_more(k)) ||
           __atomic_load_n(&k->h.pending, __ATOMIC_SEQ_CST);
}

enum outcome preemption_point_now(struct kernel *k)
{
    k->h.work = 0;
    clock_work(k);
    if (k->h.preemptible && is_time_to_look(k))
        return OUTCOME_PREEMPTED;
    return OUTCOME_DONE;
}

static void empty_slot(struct kernel *k, struct cte *slot, union cap cleanup)
{
    if (cap_is_null(slot->cap))
        return;
    if (slot->cap.type == CAP_PML4)
        thread_vspace_lost(k, slot);
    cdt_remove(k, slot);
    if (!cap_is_null(cleanup))
        cap_deleted(k, cleanup);
}

/* Nothing of the object is left but, at most, the slot itself? */
static bool is_removable(struct kernel *k, union cap cap, struct cte *slot)
{
    if (cap.type != CAP_ZOMBIE)
        return true;
    return cap.zombie.count == 0 ||
           (cap.zombie.count == 1 && slot_at(k, cap.obj) == slot);
}

static bool is_cyclic(struct kernel *k, union cap cap, struct cte *slot)
{
    return cap.type == CAP_ZOMBIE && slot_at(k, cap.obj) == slot;
}

/* Delete what stands in the last slot in use of the zombie in `slot`. */
static enum outcome eat_last(struct kernel *k, struct cte *slot)
{
    union cap before = slot->cap;
    struct cte *last = slot_at(k, before.obj) + before.zombie.count - 1;
    enum outcome o = delete_slot(k, last, false);

    if (o != OUTCOME_DONE)
        return o;
    /*
     * The deletion may have swapped a zombie that contained our slot with it;
     * then it is that one's turn, and ours has come elsewhere.
     */
    if (slot->cap.words[0] == before.words[0] &&
        slot->cap.words[1] == before.words[1])
        slot->cap.zombie.count--;
    return OUTCOME_DONE;
}

static enum outcome reduce_zombie(struct kernel *k, struct cte *slot,
                                  bool exposed)
{
    if (exposed)
        return eat_last(k, slot);

    struct cte *first = slot_at(k, slot->cap.obj);
    cdt_swap(k, first->cap, first, slot->cap, slot);
    return OUTCOME_DONE;
}

static struct progress finalise_slot(struct kernel *k, struct cte *slot,
                                     bool exposed)
{
    struct progress p = { OUTCOME_DONE, true, cap_null() };

    while (!cap_is_null(slot->cap)) {
        struct finalised f = cap_finalise(k, slot->cap, cdt_is_final(k, slot));

        p.cleanup = f.cleanup;
        if (is_removable(k, f.remainder, slot))
            return p;
        slot->cap = f.remainder;
        if (!exposed && is_cyclic(k, f.remainder, slot)) {
            p.emptied = false;
            return p;
        }
        p.outcome = reduce_zombie(k, slot, exposed);
        if (p.outcome == OUTCOME_DONE)
            p.outcome = preemption_point(k);
        if (p.outcome != OUTCOME_DONE)
            return p;
    }
    p.cleanup = cap_null();
    return p;
}

static enum outcome delete_slot(struct kernel *k, struct cte *slot,
                                bool exposed)
{
    struct progress p = finalise_slot(k, slot, exposed);

    if (p.outcome != OUTCOME_DONE)
        return p.outcome;
    if (exposed || p.emptied)
        empty_slot(k, slot, p.cleanup);
    return OUTCOME_DONE;
}

enum outcome slot_delete(struct kernel *k, struct cte *slot)
{
    return delete_slot(k, slot, true);
}

enum outcome slot_revoke(struct kernel *k, struct cte *slot)
{
    while (cdt_has_children(k, slot)) {
        enum outcome o = delete_slot(k, slot_next(k, slot), true);

        if (o == OUTCOME_DONE)
            o = preemption_point(k);
        if (o != OUTCOME_DONE)
            return o;
    }
    return OUTCOME_DONE;
}

void slot_delete_one(struct kernel *k, struct cte *slot)
{
    if (cap_is_null(slot->cap))
        return;
    cap_finalise(k, slot->cap, cdt_is_final(k, slot));
    empty_slot(k, slot, cap_null());
}

bool slot_is_long_running(struct kernel *k, struct cte *slot)
{
    switch (slot->cap.type) {
    case CAP_THREAD:
    case CAP_CNODE:
    case CAP_ZOMBIE:
        return cdt_is_final(k, slot);
    default:
        return false;
    }
}
