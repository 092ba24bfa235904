/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gate: the one way from an application into the emulated kernel.
 *
 * Where the real library has a `syscall` instruction, ours calls
 * sel4emu_syscall(). The frame stands for the registers that seL4 on x86_64
 * passes arguments and results in; a system call reads and writes only those
 * that the ABI gives it, and the caller must not look at the others.
 *
 * Being an external call, it is a barrier for the compiler: everything stored
 * before it is in memory for other threads to see, and nothing is kept in
 * registers across it. (Some of the real stubs lack that.)
 *
 * This header needs nothing else, so that assembly, the gate's own code and
 * other languages can follow it. Offsets in the frame are part of the contract
 * with the assembly: cap 0, info 8, mr 16, reply 48, dest 56.
 */
#pragma once

/* uint64_t, without the need for a C library's <stdint.h>. */
typedef __UINT64_TYPE__ sel4emu_word;

#ifdef __cplusplus
extern "C" {
#endif

struct sel4emu_frame {
    sel4emu_word cap;   /* rdi: invoked capability in, badge or result out */
    sel4emu_word info;  /* rsi: message info in and out */
    sel4emu_word mr[4]; /* r10 r8 r9 r15: first message words in and out */
    sel4emu_word reply; /* r12: reply object (MCS) */
    sel4emu_word
        dest; /* r13: destination of the send half of NBSendRecv (MCS) */
};

/*
 * Enter the kernel and come back when the calling thread runs again. `number`
 * is a system call number of the machine's kernel, negative and sign-extended.
 */
void sel4emu_syscall(sel4emu_word number, struct sel4emu_frame *frame);

#ifdef __cplusplus
}
#endif
