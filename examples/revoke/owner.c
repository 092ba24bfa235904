/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The owner of a service: lends a badged capability to it to another process,
 * and takes it back. Revoking reaches into the other's CSpace: every
 * capability that derives from the one that was lent is deleted, wherever it
 * has been passed on to.
 */
#include "../common.h"

#define BADGE 7
#define DEPTH seL4_WordBits

static void serve_once(seL4_CPtr service)
{
    seL4_Word badge;

    seL4_Recv(service, &badge);
    printf("owner: called with badge %lu\n", badge);
    seL4_SetMR(0, 42);
    seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 1));
}

int main(void)
{
    const seL4_CPtr cspace = seL4_CapInitThreadCNode;
    seL4_CPtr service = capability("service"), holder = capability("holder");
    seL4_CPtr lent = free_slot();

    setvbuf(stdout, NULL, _IOLBF, 0);
    check(seL4_CNode_Mint(cspace, lent, DEPTH, cspace, service, DEPTH,
                          seL4_CapRights_new(1, 0, 0, 1), BADGE),
          "seL4_CNode_Mint");
    seL4_SetCap(0, lent);
    seL4_Send(holder, seL4_MessageInfo_new(0, 0, 1, 0));
    serve_once(service);
    /* Waits until the holder is done with its call. */
    seL4_Send(holder, seL4_MessageInfo_new(0, 0, 0, 0));
    printf("owner: revokes\n");
    check(seL4_CNode_Revoke(cspace, lent, DEPTH), "seL4_CNode_Revoke");
    seL4_Send(holder, seL4_MessageInfo_new(0, 0, 0, 0));
    return 0;
}
