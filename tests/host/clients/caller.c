/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls the server of server.c `argv[1]` times (0: for ever) and checks each
 * reply. Exit status: 0, or 1 after a wrong reply.
 */
#include <stdio.h>
#include <stdlib.h>

#include <sel4/sel4.h>
#include <sel4emu/client.h>

static seL4_Word call_server(seL4_CPtr endpoint, seL4_Word number)
{
    seL4_SetMR(0, number);
    seL4_Call(endpoint, seL4_MessageInfo_new(0, 0, 0, 1));
    return seL4_GetMR(0);
}

int main(int argc, char **argv)
{
    unsigned long calls = argc > 1 ? strtoul(argv[1], NULL, 0) : 0;
    seL4_CPtr endpoint = sel4emu_cap("ep");

    for (unsigned long i = 0; calls == 0 || i < calls; i++) {
        seL4_Word next = call_server(endpoint, i);

        if (next != i + 1 || seL4_GetMR(1) != i + 1) {
            fprintf(stderr, "call %lu: answered %lu, counted %lu\n", i,
                    (unsigned long)next, (unsigned long)seL4_GetMR(1));
            return 1;
        }
    }
    return 0;
}
