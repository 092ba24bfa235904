/* SPDX-License-Identifier: BSD-2-Clause */
/* What the workers of wild.h execute, and note. */
#ifndef WILD_WORKER_H
#define WILD_WORKER_H

#include "transcript.h"

#define WORKERS 6ul
/* The CSpace: a CNode of 256 slots, at this place in the root task's own. */
#define BITS 8
#define SLOTS_ALL 256ul
#define VIEW 8192ul
/* Its slots. */
#define TCB(i) (1 + (i))
#define NODE 7ul
#define SPACE 8ul
#define ASID_CONTROL 10ul
#define ASID_POOL 11ul
#define IRQ_CONTROL 12ul
#define PORT_CONTROL 13ul
#define DOMAIN 14ul
#define FAULTS 15ul
#define WORLD 16ul
#define WORLD_SLOTS 80ul

#define OUTSIDE 0x2000000000ul

/* --- workers ---------------------------------------------------------------- */

enum {
    RAX,
    RBX,
    RCX,
    RDX,
    RSI,
    RDI,
    RBP,
    RSP,
    R8,
    R9,
    R10,
    R11,
    R12,
    R13,
    R14,
    R15,
    NOTED
};
static const char *const register_name[] = {
    "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp",
    "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15",
};

/* What a worker found after its instruction, and how often it got there. */
struct notes {
    seL4_Word reg[NOTED];
    seL4_Word times, order, unused[14];
};
__attribute__((used)) volatile struct notes notes[WORKERS];
__attribute__((used)) volatile seL4_Word order;
__attribute__((used)) volatile seL4_Word parked[WORKERS];

static seL4_CPtr tcb[WORKERS], buffer_frame[WORKERS];
static volatile seL4_IPCBuffer *buffer[WORKERS];
static seL4_CPtr node;

/*
 * The code of worker i: instructions, then the notes, then suspending itself;
 * if that fails, an access to an address of its own.
 */
#define STORE(r, n) " movq %%" r ", notes + 256 * %c[i] + 8 * " #n "\n"
#define BODY(N)                                                                \
    __attribute__((used)) static void body_##N(void)                           \
    {                                                                          \
        __asm__ volatile(                                                      \
            ".globl code_" #N "\n.balign 16\n"                                 \
            "code_" #N ": syscall\n jmp 1f\n nop\n .balign 16\n"               \
            "int3\n jmp 1f\n .balign 16\n"                                     \
            "ud2\n jmp 1f\n .balign 16\n"                                      \
            "int $0x80\n jmp 1f\n .balign 16\n"                                \
            "movq (%%r12), %%r13\n jmp 1f\n .balign 16\n"                      \
            "movq %%r13, (%%r12)\n jmp 1f\n .balign 16\n"                      \
            "jmp *%%r12\n jmp 1f\n .balign 16\n"                               \
            "hlt\n jmp 1f\n .balign 16\n"                                      \
            "div %%rcx\n jmp 1f\n .balign 16\n"                                \
            "pushq %%rax\n jmp 1f\n .balign 16\n"                              \
            "int $3\n jmp 1f\n .balign 16\n"                                   \
            "inb %%dx, %%al\n jmp 1f\n .balign 16\n"                           \
            "movq %%rax, %%cr3\n jmp 1f\n .balign 16\n"                        \
            "int $13\n jmp 1f\n .balign 16\n"                                  \
            "movl (%%r12), %%r13d\n jmp 1f\n .balign 16\n"                     \
            "movb (%%r12), %%r13b\n jmp 1f\n .balign 16\n"                     \
            "1:\n" STORE("rax", 0) STORE("rbx", 1) STORE("rcx", 2)             \
                STORE("rdx", 3) STORE("rsi", 4) STORE("rdi", 5)                \
                    STORE("rbp", 6) STORE("rsp", 7) STORE("r8", 8)             \
                        STORE("r9", 9) STORE("r10", 10) STORE("r11", 11)       \
                            STORE("r12", 12) STORE("r13", 13) STORE("r14", 14) \
                                STORE("r15",                                   \
                                      15) " incq notes + 256 * %c[i] + 128\n"  \
                                          " movq order, %%rax\n incq order\n"  \
                                          " movq %%rax, notes + 256 * %c[i] "  \
                                          "+ 136\n"                            \
                                          " incq parked + 8 * %c[i]\n"         \
                                          "2: movq %[tcb], %%rdi\n"            \
                                          " movq %[info], %%rsi\n"             \
                                          " movq %[call], %%rdx\n"             \
                                          " syscall\n"                         \
                                          " movq %[out], %%rax\n"              \
                                          " movq %%rax, (%%rax)\n"             \
                                          " jmp 2b"                            \
            :                                                                  \
            : [i] "i"(N), [tcb] "i"(TCB(N)), [info] "i"(TCBSuspend << 12),     \
              [call] "i"(seL4_SysCall), [out] "i"(OUTSIDE + 4096 * N));        \
    }                                                                          \
    extern char code_##N[];
BODY(0)
BODY(1)
BODY(2)
BODY(3) BODY(4) BODY(5) static char *const code[] = { code_0, code_1, code_2,
                                                      code_3, code_4, code_5 };

enum {
    INSTRUCTIONS = 16
};

#endif
