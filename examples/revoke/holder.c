/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The holder: gets a capability in a message, uses it, and uses it once more
 * when its owner has revoked it.
 */
#include "../common.h"

static void use(seL4_CPtr service)
{
    seL4_MessageInfo_t answer = seL4_MessageInfo_new(0, 0, 0, 0);
    seL4_Word label;

    answer = seL4_Call(service, answer);
    label = seL4_MessageInfo_get_label(answer);
    /* A service could answer with any label; ours answers with 0. */
    if (label == 0)
        printf("holder: the service answers %lu\n", seL4_GetMR(0));
    else
        printf("holder: %s\n", error_name(label));
}

int main(void)
{
    seL4_CPtr inbox = capability("inbox"), received = free_slot();
    seL4_MessageInfo_t message;

    setvbuf(stdout, NULL, _IOLBF, 0);
    seL4_SetCapReceivePath(seL4_CapInitThreadCNode, received, seL4_WordBits);
    message = seL4_Recv(inbox, NULL);
    printf("holder: received %lu capability\n",
           seL4_MessageInfo_get_extraCaps(message));
    use(received);
    seL4_Recv(inbox, NULL);
    seL4_Recv(inbox, NULL);
    use(received);
    return 0;
}
