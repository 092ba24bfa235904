/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Further seL4 threads for test clients, made by seL4 calls alone. The script
 * gives a TCB and a frame for the IPC buffer of each: "tcb-N" and "frame-N".
 * Buffers lie behind the main thread's, where a page table is.
 */
#ifndef TEST_THREAD_H
#define TEST_THREAD_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sel4/sel4.h>
#include <sel4emu/client.h>

#define THREAD_STACK 65536

static inline void check(int error, const char *what)
{
    if (error != 0) {
        fprintf(stderr, "%s: error %d\n", what, error);
        exit(100);
    }
}

/* A capability by name; ends the client if it was not given. */
static inline seL4_CPtr cap(const char *name)
{
    seL4_CPtr slot = sel4emu_cap(name);

    if (slot == 0) {
        fprintf(stderr, "no capability '%s'\n", name);
        exit(101);
    }
    return slot;
}

static inline seL4_CPtr numbered_cap(const char *name, int number)
{
    char text[32];

    snprintf(text, sizeof(text), "%s-%d", name, number);
    return cap(text);
}

/* Start thread `number` (1, 2...) in `entry`, which must not return. */
static inline seL4_CPtr thread_start(int number, const char *name,
                                     void (*entry)(void), int priority)
{
    seL4_CPtr tcb = numbered_cap("tcb", number);
    seL4_CPtr frame = numbered_cap("frame", number);
    seL4_Word buffer = (seL4_Word)(uintptr_t)seL4_GetIPCBuffer() +
                       4096ul * (1 + (seL4_Word)number);
    char *stack = aligned_alloc(16, THREAD_STACK);
    seL4_UserContext registers;

    check(seL4_X86_Page_Map(frame, seL4_CapInitThreadVSpace, buffer,
                            seL4_ReadWrite, seL4_X86_Default_VMAttributes),
          "Page_Map");
    check(seL4_TCB_Configure(tcb, 0, seL4_CapInitThreadCNode, 0,
                             seL4_CapInitThreadVSpace, 0, buffer, frame),
          "TCB_Configure");
    check(seL4_TCB_SetPriority(tcb, seL4_CapInitThreadTCB, (seL4_Word)priority),
          "TCB_SetPriority");
    seL4_DebugNameThread(tcb, name);
    memset(&registers, 0, sizeof(registers));
    registers.rip = (seL4_Word)(uintptr_t)entry;
    registers.rsp = (seL4_Word)(uintptr_t)(stack + THREAD_STACK - 8);
    check(seL4_TCB_WriteRegisters(tcb, 1, 0, sizeof(registers) / 8, &registers),
          "TCB_WriteRegisters");
    return tcb;
}

#endif
