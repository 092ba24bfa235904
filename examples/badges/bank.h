/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can be asked of the bank: message labels. DEPOSIT carries an amount;
 * both are answered with the balance.
 */
#ifndef EXAMPLES_BADGES_BANK_H
#define EXAMPLES_BADGES_BANK_H

enum bank_label {
    BANK_DEPOSIT = 1, /* word 0: amount */
    BANK_BALANCE = 2,
    BANK_REFUSED = 3, /* answer to anything else */
};

#endif
