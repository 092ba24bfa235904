/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What random programs like to do. One that does everything alike rarely gets
 * far with anything; so some do mostly one thing.
 */
#ifndef SEL4EMU_TESTS_KERNEL_FUZZ_TASTES_H
#define SEL4EMU_TESTS_KERNEL_FUZZ_TASTES_H

#include "fuzz/player.h"

#define METHODS(list) .methods = (list), .method_count = sizeof(list)
#define OBJECTS(list) .objects = (list), .object_count = sizeof(list)

static const struct taste usual_taste = {
    .acts = { [ACT_INVOKE] = 28,
              [ACT_RETYPE] = 6,
              [ACT_MAP] = 2,
              [ACT_MESSAGE] = 15,
              [ACT_WILD] = 2,
              [ACT_FAULT] = 3,
              [ACT_INTERRUPT] = 4,
              [ACT_HOST] = 4 },
};

/* ---- CNodes in CNodes, moved about and deleted ---- */

static const uint8_t tree_methods[] = {
    METHOD_CNODE_COPY,     METHOD_CNODE_MINT,   METHOD_CNODE_MOVE,
    METHOD_CNODE_MOVE,     METHOD_CNODE_MUTATE, METHOD_CNODE_ROTATE,
    METHOD_CNODE_ROTATE,   METHOD_CNODE_DELETE, METHOD_CNODE_DELETE,
    METHOD_CNODE_REVOKE,   METHOD_TCB_SUSPEND,  METHOD_TCB_SET_SPACE,
    METHOD_UNTYPED_RETYPE,
};
static const uint8_t tree_objects[] = {
    OBJECT_CNODE, OBJECT_CNODE, OBJECT_CNODE, OBJECT_UNTYPED, OBJECT_TCB,
};
static const struct taste tree_taste = {
    .acts = { [ACT_INVOKE] = 44,
              [ACT_RETYPE] = 12,
              [ACT_MESSAGE] = 2,
              [ACT_INTERRUPT] = 4,
              [ACT_HOST] = 2 },
    METHODS(tree_methods),
    OBJECTS(tree_objects),
};

/* ---- mappings ---- */

static const uint8_t paging_methods[] = {
    METHOD_X86_PDPT_MAP,
    METHOD_X86_PDPT_UNMAP,
    METHOD_X86_PAGE_DIRECTORY_MAP,
    METHOD_X86_PAGE_DIRECTORY_UNMAP,
    METHOD_X86_PAGE_TABLE_MAP,
    METHOD_X86_PAGE_TABLE_UNMAP,
    METHOD_X86_PAGE_MAP,
    METHOD_X86_PAGE_MAP,
    METHOD_X86_PAGE_UNMAP,
    METHOD_X86_ASID_CONTROL_MAKE_POOL,
    METHOD_X86_ASID_POOL_ASSIGN,
    METHOD_CNODE_COPY,
    METHOD_CNODE_MOVE,
    METHOD_CNODE_DELETE,
    METHOD_CNODE_REVOKE,
};
static const uint8_t paging_objects[] = {
    OBJECT_PAGE,           OBJECT_PAGE, OBJECT_LARGE_PAGE, OBJECT_PAGE_TABLE,
    OBJECT_PAGE_DIRECTORY, OBJECT_PDPT, OBJECT_PML4,       OBJECT_HUGE_PAGE,
};
static const struct taste paging_taste = {
    .acts = { [ACT_INVOKE] = 24,
              [ACT_RETYPE] = 6,
              [ACT_MAP] = 24,
              [ACT_MESSAGE] = 1,
              [ACT_INTERRUPT] = 1,
              [ACT_HOST] = 8 },
    METHODS(paging_methods),
    OBJECTS(paging_objects),
};

/* ---- messages, faults, and who may run ---- */

static const uint8_t thread_methods[] = {
    METHOD_TCB_RESUME,
    METHOD_TCB_SUSPEND,
    METHOD_TCB_CONFIGURE,
    METHOD_TCB_SET_PRIORITY,
    METHOD_TCB_SET_SCHED_PARAMS,
    METHOD_TCB_SET_TIMEOUT_ENDPOINT,
    METHOD_TCB_BIND_NOTIFICATION,
    METHOD_TCB_UNBIND_NOTIFICATION,
    METHOD_CNODE_SAVE_CALLER,
    METHOD_CNODE_MINT,
    METHOD_CNODE_DELETE,
    METHOD_CNODE_CANCEL_BADGED_SENDS,
    METHOD_SCHED_CONTROL_CONFIGURE_FLAGS,
    METHOD_SCHED_CONTEXT_BIND,
    METHOD_SCHED_CONTEXT_BIND,
    METHOD_SCHED_CONTEXT_UNBIND,
    METHOD_SCHED_CONTEXT_UNBIND_OBJECT,
    METHOD_SCHED_CONTEXT_YIELD_TO,
    METHOD_SCHED_CONTEXT_YIELD_TO,
};
static const uint8_t thread_objects[] = {
    OBJECT_TCB,   OBJECT_ENDPOINT, OBJECT_NOTIFICATION,
    OBJECT_REPLY, OBJECT_PAGE,     OBJECT_SCHED_CONTEXT,
};
static const struct taste thread_taste = {
    .acts = { [ACT_INVOKE] = 20,
              [ACT_RETYPE] = 3,
              [ACT_MESSAGE] = 30,
              [ACT_WILD] = 1,
              [ACT_FAULT] = 3,
              [ACT_INTERRUPT] = 4,
              [ACT_HOST] = 3 },
    METHODS(thread_methods),
    OBJECTS(thread_objects),
};

static inline const struct taste *any_taste(struct player *p)
{
    static const struct taste *const tastes[] = {
        &usual_taste,  &usual_taste,  &tree_taste,
        &paging_taste, &thread_taste, &thread_taste,
    };

    return tastes[draw(&p->c, sizeof tastes / sizeof *tastes)];
}

#undef METHODS
#undef OBJECTS

#endif
