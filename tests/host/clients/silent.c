/* SPDX-License-Identifier: BSD-2-Clause */
/* Never shakes hands: a constructor before libsel4's own waits for ever. */
#include <stdio.h>
#include <unistd.h>

#include <sel4/sel4.h>

__attribute__((constructor(101))) static void wait_before(void)
{
    for (;;)
        pause();
}

int main(void)
{
    seL4_Yield();
    return 0;
}
