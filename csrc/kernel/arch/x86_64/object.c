/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making the architecture's objects, and what threads need of them: the root
 * of a VSpace, and the frame of an IPC buffer.
 */
#include "kernel/arch.h"
#include "kernel/arch/x86_64/asid.h"
#include "kernel/arch/x86_64/paging.h"
#include "kernel/arch/x86_64/vspace.h"

#define FIRST_ASID 1

word arch_object_bits(enum sel4_object type)
{
    switch (type) {
    case OBJECT_HUGE_PAGE:
        return SEL4_HUGE_PAGE_BITS;
    case OBJECT_LARGE_PAGE:
        return SEL4_LARGE_PAGE_BITS;
    default: /* a page, or one of the tables */
        return SEL4_PAGE_BITS;
    }
}

static union cap frame_new(enum frame_size size, paddr at, bool device)
{
    return (union cap){ .frame = { .type = CAP_FRAME,
                                   .obj = at,
                                   .size = size,
                                   .rights = FRAME_READ_WRITE,
                                   .device = device } };
}

static union cap table_new(enum cap_type type, paddr at)
{
    return (union cap){ .table = { .type = type, .obj = at } };
}

union cap arch_object_create(struct kernel *k, enum sel4_object type, paddr at,
                             bool device)
{
    (void)k;
    switch (type) {
    case OBJECT_PAGE:
        return frame_new(FRAME_SMALL, at, device);
    case OBJECT_LARGE_PAGE:
        return frame_new(FRAME_LARGE, at, device);
    case OBJECT_HUGE_PAGE:
        return frame_new(FRAME_HUGE, at, device);
    case OBJECT_PAGE_TABLE:
        return table_new(CAP_PAGE_TABLE, at);
    case OBJECT_PAGE_DIRECTORY:
        return table_new(CAP_PAGE_DIRECTORY, at);
    case OBJECT_PDPT:
        return table_new(CAP_PDPT, at);
    case OBJECT_PML4:
        return table_new(CAP_PML4, at);
    default:
        return cap_null();
    }
}

bool arch_is_vspace_root(union cap cap)
{
    return cap.type == CAP_PML4 && cap.pml4.mapped;
}

paddr arch_vspace_of(struct kernel *k, union cap root)
{
    if (!arch_is_vspace_root(root) ||
        asid_vspace(k, root.pml4.asid) != root.obj)
        return 0;
    return root.obj;
}

enum outcome arch_check_ipc_buffer(struct kernel *k, word vaddr, union cap cap)
{
    word size = 1ul << SEL4_IPC_BUFFER_SIZE_BITS;

    if (cap.type != CAP_FRAME)
        return error_illegal_operation(k,
                                       WHY(REASON_IPC_BUFFER_TYPE, cap.type));
    if (cap.frame.device)
        return error_illegal_operation(k,
                                       WHY(REASON_IPC_BUFFER_DEVICE, cap.obj));
    if (vaddr % size)
        return error_alignment(k,
                               WHY(REASON_IPC_BUFFER_UNALIGNED, vaddr, size));
    return OUTCOME_DONE;
}

paddr arch_ipc_buffer(union cap cap, word vaddr, bool write)
{
    if (cap.type != CAP_FRAME || cap.frame.device)
        return 0;
    if (cap.frame.rights != FRAME_READ_WRITE &&
        (write || cap.frame.rights != FRAME_READ_ONLY))
        return 0;
    return cap.obj + (vaddr & ((1ul << frame_bits(cap.frame.size)) - 1));
}

void arch_boot(struct kernel *k, paddr pml4, paddr asid_pool, union cap *vspace,
               union cap *pool)
{
    k->h.asid_table[FIRST_ASID / ASID_POOL_SIZE] = asid_pool;
    asid_assign(k, asid_pool, FIRST_ASID, pml4);
    *vspace = (union cap){ .pml4 = { .type = CAP_PML4,
                                     .obj = pml4,
                                     .asid = FIRST_ASID,
                                     .mapped = 1 } };
    *pool = (union cap){
        .asid_pool = { .type = CAP_ASID_POOL, .obj = asid_pool, .base = 0 }
    };
}

union cap arch_boot_map(struct kernel *k, paddr pml4, enum sel4_object type,
                        paddr at, word vaddr)
{
    union cap cap = arch_object_create(k, type, at, false);
    unsigned level =
        cap.type == CAP_FRAME ? LEVEL_PT : table_level(cap.type) + 1;
    struct paging_walk w = paging_walk(k, pml4, vaddr, level);

    if (cap.type == CAP_FRAME) {
        cap.frame.asid = FIRST_ASID;
        cap.frame.vaddr = vaddr;
        cap.frame.map = FRAME_MAP_VSPACE;
        *w.entry = entry_page(cap, FRAME_READ_WRITE, 0);
    } else {
        cap.table.asid = FIRST_ASID;
        cap.table.vaddr = vaddr;
        cap.table.mapped = 1;
        *w.entry = entry_table(at, 0);
    }
    return cap;
}
