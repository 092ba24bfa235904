/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pointer to the boot information, under the symbols the real library has.
 * The start-up code sets it; sel4runtime_bootinfo() reads it. `bootinfo` is
 * weak, because programs like to have a variable of that name too: then both
 * are one.
 */
#include <sel4/sel4.h>

extern seL4_BootInfo *bootinfo;

__attribute__((weak)) seL4_BootInfo *bootinfo;

void seL4_InitBootInfo(seL4_BootInfo *bi)
{
    bootinfo = bi;
}

seL4_BootInfo *seL4_GetBootInfo(void)
{
    return bootinfo;
}
