/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runner's assembly: its first instruction, the end of a signal handler,
 * how a thread is made, and how it goes with its own stack.
 */
        .text

        .globl  _start
_start:
        xorl    %ebp, %ebp
        movq    %rsp, %rdi
        andq    $-16, %rsp
        call    runner_main
        ud2

        .globl  runner_restore
        .hidden runner_restore
runner_restore:
        movl    $15, %eax       /* rt_sigreturn */
        syscall
        ud2

/* long runner_clone(word flags, void *stack, void (*run)(void *), void *arg) */
        .globl  runner_clone
        .hidden runner_clone
runner_clone:
        pushq   %r12
        pushq   %r13
        movq    %rdx, %r12
        movq    %rcx, %r13
        xorl    %edx, %edx
        xorl    %r10d, %r10d
        xorl    %r8d, %r8d
        movl    $56, %eax       /* clone */
        syscall
        testq   %rax, %rax
        jz      1f
        popq    %r13
        popq    %r12
        ret
1:      xorl    %ebp, %ebp
        movq    %r13, %rdi
        call    *%r12
        ud2

/* void runner_exit(void *memory, word size): unmap the stack, end the thread */
        .globl  runner_exit
        .hidden runner_exit
runner_exit:
        movl    $11, %eax       /* munmap */
        syscall
        xorl    %edi, %edi
        movl    $60, %eax       /* exit */
        syscall
        ud2

        .section .note.GNU-stack, "", @progbits
