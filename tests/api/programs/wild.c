/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads that do anything: see wild.h. */
#include "wild.h"

int main(void)
{
    wild(7, 500);
    return 0;
}
