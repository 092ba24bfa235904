/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bank that never asks who is calling. Each client's capability carries a
 * badge that only the holder of the original capability could set; the kernel
 * delivers it with each message, and it is the number of the account.
 */
#include "../common.h"
#include "bank.h"

#define ACCOUNTS 8

static seL4_Word balance[ACCOUNTS];

/* Handle one request; the balance goes into message register 0. */
static seL4_Word serve(seL4_Word account, seL4_Word label, seL4_Word length)
{
    if (account == 0 || account >= ACCOUNTS)
        return BANK_REFUSED;
    if (label == BANK_DEPOSIT && length == 1)
        balance[account] += seL4_GetMR(0);
    else if (label != BANK_BALANCE)
        return BANK_REFUSED;
    seL4_SetMR(0, balance[account]);
    return label;
}

int main(void)
{
    seL4_CPtr endpoint = capability("endpoint");
    seL4_Word badge;
    seL4_MessageInfo_t message = seL4_Recv(endpoint, &badge);

    for (;;) {
        seL4_Word label = serve(badge, seL4_MessageInfo_get_label(message),
                                seL4_MessageInfo_get_length(message));

        message = seL4_MessageInfo_new(label, 0, 0, label != BANK_REFUSED);
        message = seL4_ReplyRecv(endpoint, message, &badge);
    }
}
