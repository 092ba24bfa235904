/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests of kernel_check(): break something in a world, and see which
 * invariant is named, and who is blamed.
 */
#ifndef SEL4EMU_TESTS_KERNEL_BREAKS_H
#define SEL4EMU_TESTS_KERNEL_BREAKS_H

#ifndef BREAKS_WORLD
#define BREAKS_WORLD "world.h"
#endif
#include BREAKS_WORLD

#define ANYWHERE (~0ul)

/* The check has to find the invariant `name` broken, at `where`. */
UNUSED static void check_names(struct machine *m, const char *name, word where,
                               int line)
{
    paddr found = ANYWHERE;
    const char *broken = kernel_check(m->k, &found);
    size_t n = strlen(name);

    if (!broken || strncmp(broken, name, n) != 0 || broken[n] != ':') {
        fprintf(stderr, "line %d: %s expected, found: %s (at %#lx)\n", line,
                name, broken ? broken : "nothing", found);
        exit(1);
    }
    if (where != ANYWHERE && where != found) {
        fprintf(stderr, "line %d: %s at %#lx, not at %#lx\n", line, name, found,
                where);
        exit(1);
    }
}

/*
 * BREAKS("name", where, statements): in a new world `w`, with `m` its machine
 * and `k` its kernel, after the statements the invariant is broken at `where`.
 */
#define BREAKS(name, where, ...)                                               \
    do {                                                                       \
        struct world w = world_new();                                          \
        struct machine *m = &w.m;                                              \
        struct kernel *k = m->k;                                               \
        CHECK_EQ(kernel_check(k, &(paddr){ 0 }), 0);                           \
        __VA_ARGS__;                                                           \
        check_names(m, (name), (where), __LINE__);                             \
        machine_free(m);                                                       \
    } while (0)

/* Short names for what is broken. */
#define CAP(s) (slot_of(m, (s))->cap)
#define REF(s) slot_ref(k, slot_of(m, (s)))
#define TCB(t) (tcb_of(m, (t).tcb))
#define OBJECT(s) kernel_memory(k, object_of(m, (s)))
#define TCB_REF(t, i) slot_ref(k, &TCB(t)->slot[i])

#endif
