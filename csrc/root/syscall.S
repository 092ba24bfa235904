/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Root tasks have no gate: they enter the kernel by the `syscall` instruction,
 * with the registers of seL4's own stubs. The kernel keeps all of them but
 * rcx, r11 and rsp, which waits in rbx meanwhile.
 *
 * void sel4emu_syscall(sel4emu_word number, struct sel4emu_frame *frame)
 */
        .text

        .globl  sel4emu_syscall
        .type   sel4emu_syscall, @function
sel4emu_syscall:
        .cfi_startproc
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        pushq   %r12
        .cfi_adjust_cfa_offset 8
        pushq   %r13
        .cfi_adjust_cfa_offset 8
        pushq   %r15
        .cfi_adjust_cfa_offset 8
        movq    %rdi, %rdx
        movq    %rsi, %rbp      /* the frame: see sel4emu/gate.h */
        movq    (%rbp), %rdi
        movq    8(%rbp), %rsi
        movq    16(%rbp), %r10
        movq    24(%rbp), %r8
        movq    32(%rbp), %r9
        movq    40(%rbp), %r15
        movq    48(%rbp), %r12
        movq    56(%rbp), %r13
        movq    %rsp, %rbx
        .cfi_def_cfa_register %rbx
        syscall
        movq    %rbx, %rsp
        .cfi_def_cfa_register %rsp
        movq    %rdi, (%rbp)
        movq    %rsi, 8(%rbp)
        movq    %r10, 16(%rbp)
        movq    %r8, 24(%rbp)
        movq    %r9, 32(%rbp)
        movq    %r15, 40(%rbp)
        popq    %r15
        .cfi_adjust_cfa_offset -8
        popq    %r13
        .cfi_adjust_cfa_offset -8
        popq    %r12
        .cfi_adjust_cfa_offset -8
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        ret
        .cfi_endproc
        .size   sel4emu_syscall, . - sel4emu_syscall
        .section .note.GNU-stack, "", @progbits
