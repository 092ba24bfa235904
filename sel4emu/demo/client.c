/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The demonstration's client: calls the server a few times, with three
 * numbers, and prints the answers.
 */
#include <stdio.h>
#include <stdlib.h>

#include <sel4/sel4.h>
#include <sel4emu/client.h>

#define CALLS 3
#define WORDS 3

int main(int argc, char **argv)
{
    seL4_CPtr endpoint = sel4emu_cap("ep");
    seL4_Word first = argc > 1 ? strtoul(argv[1], NULL, 0) : 1;

    if (endpoint == seL4_CapNull) {
        fprintf(stderr, "client: no capability named 'ep' was given\n");
        return 1;
    }
    for (seL4_Word call = 0; call < CALLS; call++) {
        seL4_Word base = first + 10 * call;

        for (int i = 0; i < WORDS; i++)
            seL4_SetMR(i, base + (seL4_Word)i);
        seL4_Call(endpoint, seL4_MessageInfo_new(call, 0, 0, WORDS));
        printf("seL4_Call: %lu + %lu + %lu = %lu (call number %lu)\n", base,
               base + 1, base + 2, seL4_GetMR(0), seL4_GetMR(1));
    }
    return 0;
}
