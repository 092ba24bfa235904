/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The smallest server: whatever comes in goes back out. A received message
 * lies in the message registers, and a reply is taken from them, so echoing is
 * doing nothing in between.
 */
#include "../common.h"

int main(void)
{
    seL4_CPtr endpoint = capability("endpoint");
    seL4_MessageInfo_t message = seL4_Recv(endpoint, NULL);

    for (;;)
        message = seL4_ReplyRecv(endpoint, message, NULL);
}
