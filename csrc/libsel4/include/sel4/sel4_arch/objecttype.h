/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers of the object types that only 64-bit x86 has. */
#pragma once

#include <sel4/config.h>
#include <sel4/objecttype.h>

typedef enum _mode_object {
    seL4_X86_PDPTObject = seL4_NonArchObjectTypeCount,
    seL4_X64_PML4Object,
#ifdef CONFIG_HUGE_PAGE
    seL4_X64_HugePageObject,
#endif
    seL4_ModeObjectTypeCount
} seL4_seL4ArchObjectType;

/* The name of the same object on 32-bit x86. */
#define seL4_IA32_PDPTObject seL4_X86_PDPTObject

/* A number that no kernel knows. */
#ifndef CONFIG_HUGE_PAGE
#define seL4_X64_HugePageObject 0xfffffffe
#endif
