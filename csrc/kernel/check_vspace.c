/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page tables. What an entry says, a capability has to say, too: while the
 * derivation lists are walked, each mapped frame and paging structure is looked
 * up in its vspace, and if the entry there is its, that is noted. Afterwards
 * every table that an ASID leads to is searched for entries that nobody
 * accounts for. The converse need not hold: a capability goes on to say where
 * it was mapped when the tables above it are gone.
 */
#include "kernel/arch/x86_64/asid.h"
#include "kernel/arch/x86_64/paging.h"
#include "kernel/arch/x86_64/vspace.h"
#include "kernel/check.h"

static paddr entry_ref(struct check *c, const word *entry)
{
    return object_ref(c->k, entry);
}

/* Does the entry grant no more than the frame's capability? */
static bool entry_rights_fit(word entry, union cap frame)
{
    if (frame.frame.rights == FRAME_KERNEL_ONLY)
        return !(entry & ENTRY_USER);
    if (frame.frame.rights == FRAME_READ_ONLY)
        return !(entry & ENTRY_USER) || !(entry & ENTRY_WRITE);
    return true;
}

void check_note_mapping(struct check *c, union cap cap)
{
    bool is_frame = cap.type == CAP_FRAME;
    struct paging_walk w;
    unsigned level;
    paddr vspace;

    if (is_frame ? !cap.frame.asid
                 : (cap.type != CAP_PAGE_TABLE &&
                    cap.type != CAP_PAGE_DIRECTORY && cap.type != CAP_PDPT) ||
                       !cap.table.mapped)
        return;
    vspace = asid_vspace(c->k, cap.table.asid);
    if (!vspace)
        return;
    level = is_frame ? (unsigned)cap.frame.size : table_level(cap.type) + 1;
    w = paging_walk(c->k, vspace, cap.table.vaddr, level);
    if (w.level != level || !(*w.entry & ENTRY_PRESENT) ||
        entry_is_page(*w.entry, level) != is_frame ||
        entry_target(*w.entry, level) != cap.obj)
        return;
    if (is_frame && (!entry_rights_fit(*w.entry, cap) ||
                     !(*w.entry & ENTRY_DEVICE) != !cap.frame.device))
        return;
    word_set_add(&c->facts, fact(entry_ref(c, w.entry), FACT_ENTRY));
}

/* A table's entries, and the tables that they lead to. */
static bool check_table(struct check *c, word *table, unsigned level)
{
    unsigned n = level == LEVEL_PML4 ? PML4_USER_ENTRIES : TABLE_ENTRIES;

    for (unsigned i = 0; i < n; i++) {
        paddr ref = entry_ref(c, &table[i]);
        bool is_table = entry_is_table(table[i], level);
        word *below =
            is_table ? table_at(c->k, entry_target(table[i], level)) : NULL;

        if (table[i] == 0)
            continue;
        if (!check_has(c, ref, FACT_ENTRY) || (is_table && !below))
            return check_fail(
                c,
                "entry-cap: no capability says what an entry of a paging "
                "structure says",
                ref);
        if (is_table && !check_table(c, below, level - 1))
            return false;
    }
    return true;
}

static bool check_vspace(struct check *c, paddr vspace, word asid)
{
    word *pml4 = table_at(c->k, vspace);

    if (asid == 0 || !pml4 || !check_has(c, vspace, FACT_VSPACE) ||
        pml4[VSPACE_ASID_WORD] != asid)
        return check_fail(
            c,
            "asid-vspace: an ASID leads to a vspace that has another, or "
            "no capability",
            vspace);
    for (unsigned i = PML4_USER_ENTRIES; i < VSPACE_HOSTED_WORD; i++)
        if (pml4[i])
            return check_fail(
                c, "vspace-upper: the upper half of a PML4 is not empty",
                vspace);
    if (pml4[VSPACE_PROCESS_WORD] && !process_of_vspace(c->k, vspace))
        return check_fail(
            c, "vspace-process: a vspace's process belongs to another vspace",
            vspace);
    return check_table(c, pml4, LEVEL_PML4);
}

static bool check_pool(struct check *c, paddr p, word base)
{
    word *pool = table_at(c->k, p);

    if (!pool || !check_has(c, p, FACT_POOL))
        return check_fail(
            c,
            "asid-pool: the ASID table leads to a pool that no capability "
            "names",
            p);
    for (word i = 0; i < ASID_POOL_SIZE; i++)
        if (pool[i] && !check_vspace(c, pool[i], base + i))
            return false;
    return true;
}

bool check_vspaces(struct check *c)
{
    for (word i = 0; i < ASID_POOLS; i++) {
        paddr pool = c->k->h.asid_table[i];

        if (pool && !check_pool(c, pool, i * ASID_POOL_SIZE))
            return false;
    }
    return true;
}
