/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The demonstration's server: answers every call with the sum of its words,
 * and keeps count for each client, which it tells apart by badge.
 */
#include <stdio.h>

#include <sel4/sel4.h>
#include <sel4emu/client.h>

#define CLIENTS 8

int main(void)
{
    seL4_CPtr endpoint = sel4emu_cap("ep");
    seL4_Word calls[CLIENTS] = { 0 };
    seL4_Word badge;
    seL4_MessageInfo_t info;

    if (endpoint == seL4_CapNull) {
        fprintf(stderr, "server: no capability named 'ep' was given\n");
        return 1;
    }
    info = seL4_Recv(endpoint, &badge);
    for (;;) {
        seL4_Word sum = 0;

        for (seL4_Word i = 0; i < seL4_MessageInfo_get_length(info); i++)
            sum += seL4_GetMR((int)i);
        calls[badge % CLIENTS]++;
        seL4_SetMR(0, sum);
        seL4_SetMR(1, calls[badge % CLIENTS]);
        info =
            seL4_ReplyRecv(endpoint, seL4_MessageInfo_new(0, 0, 0, 2), &badge);
    }
}
