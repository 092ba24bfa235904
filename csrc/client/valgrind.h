/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Talking to valgrind, if it runs this program: by instructions that change
 * nothing on a real processor (valgrind.h's client requests for amd64).
 */
#ifndef SEL4EMU_CLIENT_VALGRIND_H
#define SEL4EMU_CLIENT_VALGRIND_H

#include "abi/image.h"

enum valgrind_request {
    VALGRIND_RUNNING = 0x1001,
    /* (lowest byte, highest byte) of a stack: switching to it is no growth of
     * another one. The answer is its number. */
    VALGRIND_STACK_REGISTER = 0x1501,
    VALGRIND_STACK_DEREGISTER = 0x1502, /* (number) */
};

/* Returns 0 where there is no valgrind. */
static inline word valgrind_ask(word request, word a, word b)
{
    const word words[6] = { request, a, b };
    word answer = 0;

    __asm__ volatile("rolq $3, %%rdi; rolq $13, %%rdi\n\t"
                     "rolq $61, %%rdi; rolq $51, %%rdi\n\t"
                     "xchgq %%rbx, %%rbx"
                     : "+d"(answer)
                     : "a"(words)
                     : "cc", "memory");
    return answer;
}

#endif
