/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ELF note by which the monitor knows a client, and the version and kernel
 * configuration it was built for (struct sel4emu_note in abi/message.h).
 */
#ifdef SEL4EMU_MCS
#define NOTE_MCS 1
#else
#define NOTE_MCS 0
#endif
        .section .note.sel4emu, "a", @note
        .balign 4
        .long   8, 12, 1        /* name size, descriptor size, type */
        .asciz  "sel4emu"
        .long   1, NOTE_MCS, 1  /* SEL4EMU_ABI_VERSION, MCS, NOTE_HOSTED */
        .section .note.GNU-stack, "", @progbits
