/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A customer: deposits the amounts of its command line, then tries to become
 * somebody else by giving its capability another badge.
 */
#include "../common.h"
#include "bank.h"

static seL4_Word ask(seL4_CPtr bank, seL4_Word label, seL4_Word amount)
{
    seL4_MessageInfo_t message = seL4_MessageInfo_new(label, 0, 0, 1);

    seL4_SetMR(0, amount);
    message = seL4_Call(bank, message);
    if (seL4_MessageInfo_get_label(message) != label) {
        fprintf(stderr, "the bank refused\n");
        exit(1);
    }
    return seL4_GetMR(0);
}

static seL4_Error forge(seL4_CPtr bank, seL4_CPtr slot, seL4_Word badge)
{
    return seL4_CNode_Mint(seL4_CapInitThreadCNode, slot, seL4_WordBits,
                           seL4_CapInitThreadCNode, bank, seL4_WordBits,
                           seL4_AllRights, badge);
}

int main(int argc, char **argv)
{
    seL4_CPtr bank = capability("bank");

    for (int i = 1; i < argc; i++)
        ask(bank, BANK_DEPOSIT, strtoul(argv[i], NULL, 0));
    printf("balance %lu", ask(bank, BANK_BALANCE, 0));
    printf(", another badge: %s\n", error_name(forge(bank, free_slot(), 3)));
    return 0;
}
