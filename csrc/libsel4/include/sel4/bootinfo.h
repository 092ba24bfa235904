/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A place to keep the pointer to the boot information. Deprecated: programs
 * get it from their start-up code, as sel4runtime_bootinfo() does.
 */
#pragma once

#include <sel4/bootinfo_types.h>
#include <sel4/macros.h>
#include <sel4/types.h>

#ifdef __cplusplus
extern "C" {
#endif

void seL4_InitBootInfo(seL4_BootInfo *bi)
    SEL4_DEPRECATED("keep the pointer to the boot information yourself");
seL4_BootInfo *seL4_GetBootInfo(void)
    SEL4_DEPRECATED("keep the pointer to the boot information yourself");

#ifdef __cplusplus
}
#endif
