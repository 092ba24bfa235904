/* SPDX-License-Identifier: BSD-2-Clause */
/* Types of x86_64: the root of an address space, a thread's registers. */
#pragma once

#include <sel4/config.h>
#include <sel4/simple_types.h>

typedef seL4_CPtr seL4_X64_PML4;

/* Registers, in the order that invocations transfer them. */
typedef struct seL4_UserContext_ {
    seL4_Word rip, rsp, rflags;
    seL4_Word rax, rbx, rcx, rdx, rsi, rdi, rbp;
    seL4_Word r8, r9, r10, r11, r12, r13, r14, r15;
    seL4_Word fs_base, gs_base;
} seL4_UserContext;
