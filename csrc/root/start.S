/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a root task begins: the kernel has put the address of the boot
 * information into rdi, and gives no stack.
 */
        .text

        .globl  _sel4_start
        .globl  _start
_sel4_start:
_start:
        leaq    root_stack_end(%rip), %rsp
        xorl    %ebp, %ebp
        call    root_start
        ud2

        .bss
        .balign 4096
        .skip   65536
root_stack_end:
        .section .note.GNU-stack, "", @progbits
