/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Uses its heap, and calls the server meanwhile; with "wrong" as argument it
 * writes behind a block in the line that says so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sel4/sel4.h>
#include <sel4emu/client.h>

__attribute__((noinline)) static void fill(char *block, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        block[i] = (char)i; /* the planted error */
}

int main(int argc, char **argv)
{
    seL4_CPtr endpoint = sel4emu_cap("ep");

    for (unsigned i = 0; i < 20; i++) {
        unsigned extra = argc > 1 && strcmp(argv[1], "wrong") == 0 && i == 10;
        char *block = malloc(100);

        fill(block, 100 + extra);
        seL4_SetMR(0, i);
        seL4_Call(endpoint, seL4_MessageInfo_new(0, 0, 0, 1));
        if (seL4_GetMR(0) != i + 1 || block[99] != 99)
            return 1;
        free(block);
    }
    return 0;
}
