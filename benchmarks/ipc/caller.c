/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The client of the benchmark: calls an endpoint with four message words and
 * waits for the answer, over and over.
 */
#include <sel4/sel4.h>
#include <sel4emu/client.h>

#include "measure.h"

static void call(void *argument)
{
    seL4_CPtr ep = *(seL4_CPtr *)argument;
    seL4_Word a = 1, b = 2, c = 3, d = 4;

    seL4_CallWithMRs(ep, seL4_MessageInfo_new(0, 0, 0, 4), &a, &b, &c, &d);
}

int main(int argc, char **argv)
{
    struct measurement m = measurement_from(argc, argv);
    seL4_CPtr ep = sel4emu_cap("ep");

    measure(&m, call, &ep);
    return 0;
}
