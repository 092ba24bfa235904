/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ELF note by which a root task is known, and the kernel configuration it
 * was built for (struct sel4emu_note in abi/message.h).
 */
#ifdef SEL4EMU_MCS
#define NOTE_MCS 1
#else
#define NOTE_MCS 0
#endif
        .section .note.sel4emu, "a", @note
        .balign 4
        .globl  root_note
        .hidden root_note
root_note:
        .long   8, 12, 1        /* name size, descriptor size, type */
        .asciz  "sel4emu"
        .long   1, NOTE_MCS, 2  /* SEL4EMU_ABI_VERSION, MCS, NOTE_ROOT */
        .section .note.GNU-stack, "", @progbits
