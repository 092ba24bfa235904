/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way into a gate and out of it.
 *
 * sel4emu_syscall() loads the registers of the trap ABI and calls gate_entry
 * by a two-byte instruction, which takes the place of `syscall`: its address
 * is what the kernel reports for a blocked thread; resuming there repeats the
 * call, resuming two bytes later continues after it.
 *
 * The way out clears in_gate and then looks at the pending word once more. A
 * kick that arrives in between (from gate_leaving to gate_left) finds a thread
 * that is neither inside nor outside; the signal handler sends it back to
 * gate_again, which is harmless as the register file still has everything.
 */
#include "client/block.h"

#define SELF(field) %fs:gate_self@tpoff + field

        .text

/* void sel4emu_syscall(seL4_Word number, struct sel4emu_frame *frame) */
        .globl  sel4emu_syscall
        .type   sel4emu_syscall, @function
sel4emu_syscall:
        .cfi_startproc
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbx, 0
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbp, 0
        pushq   %r12
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r12, 0
        pushq   %r13
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r13, 0
        pushq   %r14
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r14, 0
        pushq   %r15
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r15, 0
        pushq   %rsi
        .cfi_adjust_cfa_offset 8
        movq    %rdi, %rdx
        movq    0(%rsi), %rdi
        movq    16(%rsi), %r10
        movq    24(%rsi), %r8
        movq    32(%rsi), %r9
        movq    40(%rsi), %r15
        movq    48(%rsi), %r12
        movq    56(%rsi), %r13
        movq    8(%rsi), %rsi
        leaq    gate_entry(%rip), %rax
        callq   *%rax
        popq    %rcx
        .cfi_adjust_cfa_offset -8
        movq    %rdi, 0(%rcx)
        movq    %rsi, 8(%rcx)
        movq    %r10, 16(%rcx)
        movq    %r8, 24(%rcx)
        movq    %r9, 32(%rcx)
        movq    %r15, 40(%rcx)
        popq    %r15
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r15
        popq    %r14
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r14
        popq    %r13
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r13
        popq    %r12
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r12
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbp
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbx
        ret
        .cfi_endproc
        .size   sel4emu_syscall, . - sel4emu_syscall

/*
 * Registers as the trap ABI has them, return address on the user's stack.
 * rcx and r11 are dead. The unwinder finds the user's stack through rbp.
 */
        .hidden gate_entry
        .globl  gate_entry
        .type   gate_entry, @function
gate_entry:
        .cfi_startproc
        movq    SELF(BLOCK_REGISTERS), %rcx
        testq   %rcx, %rcx
        jz      gate_stray
        movl    $1, SELF(BLOCK_IN_GATE)
        movq    %rax, OFFSET_RAX(%rcx)
        movq    %rbx, OFFSET_RBX(%rcx)
        movq    %rdx, OFFSET_RDX(%rcx)
        movq    %rsi, OFFSET_RSI(%rcx)
        movq    %rdi, OFFSET_RDI(%rcx)
        movq    %rbp, OFFSET_RBP(%rcx)
        movq    %r8, OFFSET_R8(%rcx)
        movq    %r9, OFFSET_R9(%rcx)
        movq    %r10, OFFSET_R10(%rcx)
        movq    %r12, OFFSET_R12(%rcx)
        movq    %r13, OFFSET_R13(%rcx)
        movq    %r14, OFFSET_R14(%rcx)
        movq    %r15, OFFSET_R15(%rcx)
        movq    $0x202, OFFSET_RFLAGS(%rcx)
        movq    $0x202, OFFSET_R11(%rcx)
        movq    (%rsp), %rax
        movq    %rax, OFFSET_RIP(%rcx)
        movq    %rax, OFFSET_RCX(%rcx)
        movq    %rax, SELF(BLOCK_NEXT_RIP)
        subq    $2, %rax
        movq    SELF(BLOCK_FAULT_IP), %r11
        movq    %rax, (%r11)
        leaq    8(%rsp), %rax
        movq    %rax, OFFSET_RSP(%rcx)
        movq    %rsp, %rbp
        .cfi_def_cfa %rbp, 8
        movq    SELF(BLOCK_STACK), %rsp
        call    gate_trap
        testl   %eax, %eax
        jnz     gate_leave_full
        .globl  gate_leaving
        .hidden gate_leaving
gate_leaving:
        movl    $0, SELF(BLOCK_IN_GATE)
        movq    SELF(BLOCK_PENDING), %rax
        cmpl    $0, (%rax)
        jne     gate_again
        movq    SELF(BLOCK_REGISTERS), %rcx
        movq    OFFSET_RDI(%rcx), %rdi
        movq    OFFSET_RSI(%rcx), %rsi
        movq    OFFSET_R8(%rcx), %r8
        movq    OFFSET_R9(%rcx), %r9
        movq    OFFSET_R10(%rcx), %r10
        movq    OFFSET_R15(%rcx), %r15
        movq    %rbp, %rsp
        .cfi_def_cfa %rsp, 8
        movq    OFFSET_RBP(%rcx), %rbp
        movq    SELF(BLOCK_NEXT_RIP), %r11
        movq    %r11, (%rsp)
        ret
        .cfi_endproc
        .size   gate_entry, . - gate_entry

/* Every register comes from the register file; nothing is written to the
 * user's memory. */
        .globl  gate_leave_full
        .hidden gate_leave_full
        .type   gate_leave_full, @function
gate_leave_full:
        .cfi_startproc
        .cfi_undefined %rip
        movl    $0, SELF(BLOCK_IN_GATE)
        movq    SELF(BLOCK_PENDING), %rax
        cmpl    $0, (%rax)
        jne     gate_again
        movq    SELF(BLOCK_STACK), %rsp
        movq    SELF(BLOCK_REGISTERS), %rcx
        movq    OFFSET_RIP(%rcx), %rax
        movq    %rax, SELF(BLOCK_EXIT_RIP)
        movq    OFFSET_RSP(%rcx), %rax
        movq    %rax, SELF(BLOCK_EXIT_RSP)
        pushq   OFFSET_RFLAGS(%rcx)
        popfq
        movq    OFFSET_RAX(%rcx), %rax
        movq    OFFSET_RBX(%rcx), %rbx
        movq    OFFSET_RDX(%rcx), %rdx
        movq    OFFSET_RSI(%rcx), %rsi
        movq    OFFSET_RDI(%rcx), %rdi
        movq    OFFSET_RBP(%rcx), %rbp
        movq    OFFSET_R8(%rcx), %r8
        movq    OFFSET_R9(%rcx), %r9
        movq    OFFSET_R10(%rcx), %r10
        movq    OFFSET_R11(%rcx), %r11
        movq    OFFSET_R12(%rcx), %r12
        movq    OFFSET_R13(%rcx), %r13
        movq    OFFSET_R14(%rcx), %r14
        movq    OFFSET_R15(%rcx), %r15
        movq    OFFSET_RCX(%rcx), %rcx
        movq    SELF(BLOCK_EXIT_RSP), %rsp
        jmp     *SELF(BLOCK_EXIT_RIP)
        .globl  gate_left
        .hidden gate_left
gate_left:
        .cfi_endproc
        .size   gate_leave_full, . - gate_leave_full

        .globl  gate_again
        .hidden gate_again
        .type   gate_again, @function
gate_again:
        .cfi_startproc
        .cfi_undefined %rip
        movl    $1, SELF(BLOCK_IN_GATE)
        movq    SELF(BLOCK_STACK), %rsp
        call    gate_recheck
        jmp     gate_leave_full
        .cfi_endproc
        .size   gate_again, . - gate_again

/* void gate_launch(void): keeps the callee-saved registers on this stack and
 * its stack pointer in .home, for gate_return_home(). */
        .globl  gate_launch
        .hidden gate_launch
        .type   gate_launch, @function
gate_launch:
        .cfi_startproc
        pushq   %rbx
        pushq   %rbp
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        movl    $1, SELF(BLOCK_IN_GATE)
        movq    %rsp, SELF(BLOCK_HOME)
        .cfi_undefined %rip
        movq    SELF(BLOCK_STACK), %rsp
        xorl    %ebp, %ebp
        call    gate_launched
        jmp     gate_leave_full
        .cfi_endproc
        .size   gate_launch, . - gate_launch

        .globl  gate_return_home
        .hidden gate_return_home
        .type   gate_return_home, @function
gate_return_home:
        .cfi_startproc
        .cfi_undefined %rip
        movq    SELF(BLOCK_HOME), %rsp
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbp
        popq    %rbx
        cld
        ret
        .cfi_endproc
        .size   gate_return_home, . - gate_return_home

        .section .note.GNU-stack, "", @progbits
