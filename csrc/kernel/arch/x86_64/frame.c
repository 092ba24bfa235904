/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames: Map, Unmap and GetAddress.
 *
 * The order of the checks is the real kernel's, and so is what may look odd:
 * an entry that maps another frame of the same size is simply overwritten, and
 * the capability of a frame says where it was mapped until it is unmapped,
 * even if the entry went meanwhile. One check is the emulator's own: a frame
 * cannot go where the client process needs the addresses for itself.
 */
#include "kernel/arch/x86_64/asid.h"
#include "kernel/arch/x86_64/paging.h"
#include "kernel/arch/x86_64/vspace.h"

word frame_bits(enum frame_size size)
{
    return level_bits(size);
}

enum frame_rights frame_rights_mask(enum frame_rights have, word rights)
{
    if (have == FRAME_KERNEL_ONLY || !(rights & RIGHT_READ))
        return FRAME_KERNEL_ONLY;
    return rights & RIGHT_WRITE ? have : FRAME_READ_ONLY;
}

/* Is the frame not mapped yet, or just where it shall go? */
static enum outcome check_place(struct kernel *k, union cap frame, word asid,
                                word vaddr)
{
    word bits = frame_bits(frame.frame.size);

    if (frame.frame.asid) {
        if (frame.frame.asid != asid)
            return error_invalid_capability(
                k, 1, WHY(REASON_FRAME_MAPPED_ASID, frame.frame.asid, asid));
        if (frame.frame.vaddr != vaddr)
            return error_invalid_argument(
                k, 0, WHY(REASON_FRAME_MAPPED_VADDR, frame.frame.vaddr, vaddr));
        return OUTCOME_DONE;
    }
    if (vaddr > SEL4_USER_TOP || vaddr + (1ul << bits) > SEL4_USER_TOP)
        return error_invalid_argument(
            k, 0, WHY(REASON_VADDR_TOO_HIGH, vaddr, SEL4_USER_TOP, bits));
    return OUTCOME_DONE;
}

static bool is_hosted(const struct image_process *p)
{
    return p && p->flags & PROCESS_HOSTED;
}

/* Does a hosted process leave these addresses to frames? */
static enum outcome check_window(struct kernel *k, paddr vspace, word vaddr,
                                 word bits)
{
    struct image_process *p = process_of_vspace(k, vspace);
    word end = vaddr + (1ul << bits);

    if (!is_hosted(p))
        return OUTCOME_DONE;
    for (uint32_t i = 0; i < p->window_count && i < IMAGE_WINDOWS; i++)
        if (vaddr >= p->window[i].start && end <= p->window[i].end)
            return OUTCOME_DONE;
    return error_invalid_argument(k, 0,
                                  WHY(REASON_VADDR_WINDOW, bits, vaddr,
                                      p->window[0].start, p->window[0].end));
}

/* ... or a bare one? */
static enum outcome check_reserved(struct kernel *k, paddr vspace, word vaddr,
                                   word bits)
{
    if (is_hosted(process_of_vspace(k, vspace)) ||
        vaddr + (1ul << bits) <= VSPACE_RESERVED_START)
        return OUTCOME_DONE;
    return error_invalid_argument(
        k, 0, WHY(REASON_VADDR_RESERVED, bits, vaddr, VSPACE_RESERVED_START));
}

/* The entry that shall map a frame; no table may hang there. */
static enum outcome find_entry(struct kernel *k, paddr vspace, word vaddr,
                               unsigned level, word **ret)
{
    word *entry = NULL;
    enum outcome o = vspace_find_entry(k, vspace, vaddr, level, &entry);

    if (o != OUTCOME_DONE)
        return o;
    if (entry_is_table(*entry, level))
        return error_delete_first(k, WHY(REASON_TABLE_IN_WAY, vaddr,
                                         level_bits(level)));
    *ret = entry;
    return OUTCOME_DONE;
}

/* Page_Map: vaddr, rights, attributes; vspace. */
static enum outcome decode_map(struct kernel *k, struct call *call)
{
    union cap frame = call->cap;
    word bits = frame_bits(frame.frame.size);
    word *entry = NULL;
    enum frame_rights rights;
    enum outcome o;

    if (call_check_length(k, call, 3, 1) != OUTCOME_DONE)
        return OUTCOME_ERROR;
    union cap vspace = call->extra[0]->cap;
    word vaddr = call_argument(call, 0);

    o = check_vspace_type(k, vspace);
    if (o == OUTCOME_DONE)
        o = check_place(k, frame, vspace.pml4.asid, vaddr);
    if (o == OUTCOME_DONE)
        o = check_vspace_asid(k, vspace);
    if (o != OUTCOME_DONE)
        return o;
    if (vaddr & ((1ul << bits) - 1))
        return error_alignment(k, WHY(REASON_VADDR_UNALIGNED, vaddr, bits));
    o = check_window(k, vspace.obj, vaddr, bits);
    if (o == OUTCOME_DONE)
        o = find_entry(k, vspace.obj, vaddr, frame.frame.size, &entry);
    if (o == OUTCOME_DONE)
        o = check_reserved(k, vspace.obj, vaddr, bits);
    if (o != OUTCOME_DONE)
        return o;

    call_commit(k, call);
    rights = frame_rights_mask(frame.frame.rights, call_argument(call, 1));
    call->slot->cap.frame.asid = vspace.pml4.asid;
    call->slot->cap.frame.vaddr = vaddr;
    call->slot->cap.frame.map = FRAME_MAP_VSPACE;
    *entry = entry_page(frame, rights, call_argument(call, 2));
    vspace_changed(k, vspace.obj, vaddr, bits);
    return OUTCOME_DONE;
}

void frame_unmap(struct kernel *k, union cap frame)
{
    unsigned level = frame.frame.size;
    paddr vspace = asid_vspace(k, frame.frame.asid);
    struct paging_walk w;

    if (!vspace)
        return;
    w = paging_walk(k, vspace, frame.frame.vaddr, level);
    if (w.level != level || !entry_is_page(*w.entry, level) ||
        entry_target(*w.entry, level) != frame.obj)
        return;
    *w.entry = 0;
    vspace_changed(k, vspace, frame.frame.vaddr, level_bits(level));
}

enum outcome decode_frame(struct kernel *k, struct call *call)
{
    union cap *cap = &call->slot->cap;
    word address = call->cap.obj;

    switch (call->method) {
    case METHOD_X86_PAGE_MAP:
        return decode_map(k, call);
    case METHOD_X86_PAGE_UNMAP:
        call_commit(k, call);
        frame_unmap(k, *cap);
        cap->frame.asid = 0;
        cap->frame.vaddr = 0;
        cap->frame.map = FRAME_MAP_NONE;
        return OUTCOME_DONE;
    case METHOD_X86_PAGE_GET_ADDRESS:
        call_commit(k, call);
        call_answer(k, call, &address, 1);
        return OUTCOME_DONE;
    default:
        return error_unknown_method(k, call);
    }
}
