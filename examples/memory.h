/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects out of untyped memory, and pages into an address space: what a
 * program on seL4 does where a program on Linux calls mmap().
 *
 * Capabilities to the new objects go into free slots of the CSpace, one after
 * the other; the memory is the first untyped that the program was given.
 */
#ifndef EXAMPLES_MEMORY_H
#define EXAMPLES_MEMORY_H

#include <sel4/sel4_arch/mapping.h>

#include "common.h"

/* Make one object and return its capability. */
static inline seL4_CPtr make(seL4_Word type)
{
    seL4_CPtr slot = free_slot();

    check(seL4_Untyped_Retype(sel4runtime_bootinfo()->untyped.start, type, 0,
                              seL4_CapInitThreadCNode, 0, 0, slot, 1),
          "seL4_Untyped_Retype");
    return slot;
}

/* Map the paging structure that a failed seL4_X86_Page_Map asked for. */
static inline void map_missing_table(seL4_CPtr vspace, seL4_Word address)
{
    const seL4_X86_VMAttributes attributes = seL4_X86_Default_VMAttributes;
    seL4_Error error;

    switch (seL4_MappingFailedLookupLevel()) {
    case SEL4_MAPPING_LOOKUP_NO_PT:
        error = seL4_X86_PageTable_Map(make(seL4_X86_PageTableObject), vspace,
                                       address, attributes);
        break;
    case SEL4_MAPPING_LOOKUP_NO_PD:
        error = seL4_X86_PageDirectory_Map(make(seL4_X86_PageDirectoryObject),
                                           vspace, address, attributes);
        break;
    default:
        error = seL4_X86_PDPT_Map(make(seL4_X86_PDPTObject), vspace, address,
                                  attributes);
    }
    check(error, "mapping a paging structure");
}

/* Map a page, with the tables that lead to it. */
static inline void map_page(seL4_CPtr page, seL4_CPtr vspace, seL4_Word address)
{
    seL4_Error error;

    while ((error = seL4_X86_Page_Map(page, vspace, address, seL4_ReadWrite,
                                      seL4_X86_Default_VMAttributes)) ==
           seL4_FailedLookup)
        map_missing_table(vspace, address);
    check(error, "seL4_X86_Page_Map");
}

#endif
