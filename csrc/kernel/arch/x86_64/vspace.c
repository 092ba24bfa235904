/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What mapping a frame and mapping a paging structure have in common: the
 * vspace that is named, and the entry that is looked for.
 */
#include "kernel/arch/x86_64/vspace.h"

#include "kernel/arch/x86_64/asid.h"
#include "kernel/arch/x86_64/paging.h"

enum outcome check_vspace_type(struct kernel *k, union cap vspace)
{
    if (vspace.type != CAP_PML4 || !vspace.pml4.mapped)
        return error_invalid_capability(k, 1,
                                        WHY(REASON_NOT_VSPACE, vspace.type));
    return OUTCOME_DONE;
}

enum outcome check_vspace_asid(struct kernel *k, union cap vspace)
{
    word asid = vspace.pml4.asid;
    paddr there = asid_vspace(k, asid);

    if (!there) {
        lookup_fail_invalid_root(k);
        return error_failed_lookup(k, false, WHY(REASON_VSPACE_NO_ASID, asid));
    }
    if (there != vspace.obj)
        return error_invalid_capability(k, 1,
                                        WHY(REASON_VSPACE_OTHER_ASID, asid));
    return OUTCOME_DONE;
}

enum outcome vspace_find_entry(struct kernel *k, paddr vspace, word vaddr,
                               unsigned level, word **ret)
{
    struct paging_walk w = paging_walk(k, vspace, vaddr, level);
    word bits = level_bits(w.level);

    if (w.level != level) {
        lookup_fail_missing_capability(k, bits);
        return error_failed_lookup(
            k, false, WHY(REASON_NO_TABLE, w.level - 1, vaddr, bits));
    }
    *ret = w.entry;
    return OUTCOME_DONE;
}
