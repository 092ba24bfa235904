/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ASID pools: MakePool and Assign (seL4 manual 7.4), and looking ASIDs up.
 */
#include "kernel/arch/x86_64/asid.h"

#include "kernel/arch/x86_64/paging.h"
#include "kernel/cdt.h"
#include "kernel/cspace.h"

/* The word of an ASID in its pool; NULL: the pool is not there. */
static word *asid_entry(struct kernel *k, word asid)
{
    word high = asid >> SEL4_ASID_POOL_INDEX_BITS;
    word *pool;

    if (asid == 0 || high >= ASID_POOLS)
        return NULL;
    pool = table_at(k, k->h.asid_table[high]);
    return pool ? &pool[asid % ASID_POOL_SIZE] : NULL;
}

paddr asid_vspace(struct kernel *k, word asid)
{
    word *entry = asid_entry(k, asid);

    return entry && table_at(k, *entry) ? *entry : 0;
}

word asid_of_vspace(struct kernel *k, paddr vspace)
{
    word *table = table_at(k, vspace);
    word asid = table ? table[VSPACE_ASID_WORD] : 0;

    return asid_vspace(k, asid) == vspace ? asid : 0;
}

void asid_release(struct kernel *k, word asid, paddr vspace)
{
    if (asid_vspace(k, asid) != vspace)
        return;
    *asid_entry(k, asid) = 0;
    vspace_retire(k, vspace);
}

void asid_pool_destroy(struct kernel *k, union cap pool)
{
    paddr *table = &k->h.asid_table[pool.asid_pool.base / ASID_POOL_SIZE];
    word i;

    if (*table != pool.obj)
        return;
    for (i = 0; i < ASID_POOL_SIZE; i++) {
        word asid = pool.asid_pool.base + i;
        paddr vspace = asid_vspace(k, asid);

        if (vspace)
            asid_release(k, asid, vspace);
    }
    *table = 0;
}

void asid_assign(struct kernel *k, paddr pool, word asid, paddr vspace)
{
    word *words = kernel_memory(k, pool);
    word *pml4 = kernel_memory(k, vspace);

    words[asid % ASID_POOL_SIZE] = vspace;
    pml4[VSPACE_ASID_WORD] = asid;
}

/* Make the pool, in the memory of the untyped capability in *parent. */
static void do_make_pool(struct kernel *k, struct call *call,
                         struct cte *parent, struct cte *dest, word index)
{
    union cap pool = { .asid_pool = { .type = CAP_ASID_POOL,
                                      .obj = parent->cap.obj,
                                      .base = index * ASID_POOL_SIZE } };

    parent->cap.untyped.free = 1ul << parent->cap.untyped.bits;
    call->host->clear(k, pool.obj, 1ul << SEL4_ASID_POOL_BITS);
    cdt_insert(k, pool, parent, dest);
    k->h.asid_table[index] = pool.obj;
}

static enum outcome check_pool_untyped(struct kernel *k, struct cte *slot)
{
    union cap c = slot->cap;

    if (c.type != CAP_UNTYPED || c.untyped.bits != SEL4_ASID_POOL_BITS ||
        c.untyped.device)
        return error_invalid_capability(
            k, 1,
            WHY(REASON_ASID_POOL_UNTYPED, c.type,
                c.type == CAP_UNTYPED ? c.untyped.bits : 0,
                c.type == CAP_UNTYPED && c.untyped.device));
    return slot_ensure_childless(k, slot);
}

/* MakePool: index, depth; untyped, root. */
enum outcome decode_asid_control(struct kernel *k, struct call *call)
{
    struct cte *dest;
    enum outcome o;
    word i = 0;

    if (call->method != METHOD_X86_ASID_CONTROL_MAKE_POOL)
        return error_unknown_method(k, call);
    if (call_check_length(k, call, 2, 2) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    while (i < ASID_POOLS && k->h.asid_table[i])
        i++;
    if (i == ASID_POOLS)
        return error_delete_first(k, WHY(REASON_ASID_POOLS, ASID_POOLS));
    o = check_pool_untyped(k, call->extra[0]);
    if (o != OUTCOME_DONE)
        return o;
    o = cspace_target_slot(k, call->extra[1]->cap, call_argument(call, 0),
                           call_argument(call, 1), &dest);
    if (o != OUTCOME_DONE)
        return o;
    o = slot_ensure_empty(k, dest);
    if (o != OUTCOME_DONE)
        return o;
    call_commit(k, call);
    do_make_pool(k, call, call->extra[0], dest, i);
    return OUTCOME_DONE;
}

/* Is the invoked pool still the one that its ASIDs lead to? */
static enum outcome check_pool(struct kernel *k, union cap pool)
{
    paddr there = k->h.asid_table[pool.asid_pool.base / ASID_POOL_SIZE];

    if (!there) {
        lookup_fail_invalid_root(k);
        return error_failed_lookup(
            k, false, WHY(REASON_ASID_POOL_GONE, pool.asid_pool.base));
    }
    if (there != pool.obj)
        return error_invalid_capability(
            k, 0, WHY(REASON_ASID_POOL_OTHER, pool.asid_pool.base));
    return OUTCOME_DONE;
}

static enum outcome check_unassigned(struct kernel *k, union cap vspace)
{
    if (vspace.type != CAP_PML4)
        return error_invalid_capability(k, 1,
                                        WHY(REASON_ASID_NOT_PML4, vspace.type));
    if (vspace.pml4.asid)
        return error_invalid_capability(
            k, 1, WHY(REASON_ASID_ASSIGNED, vspace.pml4.asid));
    return OUTCOME_DONE;
}

/* Assign: vspace. */
enum outcome decode_asid_pool(struct kernel *k, struct call *call)
{
    union cap pool = call->cap;
    word asid = pool.asid_pool.base;
    word end = asid + ASID_POOL_SIZE;
    enum outcome o;

    if (call->method != METHOD_X86_ASID_POOL_ASSIGN)
        return error_unknown_method(k, call);
    if (call_check_length(k, call, 0, 1) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    o = check_unassigned(k, call->extra[0]->cap);
    if (o != OUTCOME_DONE)
        return o;
    o = check_pool(k, pool);
    if (o != OUTCOME_DONE)
        return o;
    while (asid < end && (asid == 0 || asid_vspace(k, asid)))
        asid++;
    if (asid == end)
        return error_delete_first(k, WHY(REASON_ASID_POOL_FULL));
    call_commit(k, call);
    call->extra[0]->cap.pml4.asid = asid;
    call->extra[0]->cap.pml4.mapped = 1;
    asid_assign(k, pool.obj, asid, call->extra[0]->cap.obj);
    return OUTCOME_DONE;
}
