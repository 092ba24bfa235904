/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The server of the benchmark: answers every message with its own words.
 */
#include <sel4/sel4.h>
#include <sel4emu/client.h>

int main(void)
{
    seL4_CPtr ep = sel4emu_cap("ep");
    seL4_Word sender, a, b, c, d;

    seL4_RecvWithMRs(ep, &sender, &a, &b, &c, &d);
    for (;;)
        seL4_ReplyRecvWithMRs(ep, seL4_MessageInfo_new(0, 0, 0, 4), &sender, &a,
                              &b, &c, &d);
}
