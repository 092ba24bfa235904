/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Untyped memory, and making objects of it.
 */
#ifndef SEL4EMU_KERNEL_UNTYPED_H
#define SEL4EMU_KERNEL_UNTYPED_H

#include "kernel/object.h"

/* log2 of the size of a new object. `bits` is what the caller asked for. */
word object_bits(struct kernel *k, enum sel4_object type, word bits);
/* Make an object of zeroed memory, and its first capability. */
union cap object_create(struct kernel *k, enum sel4_object type, paddr at,
                        word bits, bool device);

#endif
