/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of a machine: something that cannot be was found. The machine stays
 * as it is, to be looked at.
 */
#include "kernel/console.h"
#include "kernel/kernel.h"

void kernel_panic(struct kernel *k, const char *message)
{
    word i;

    if (k->h.panicked)
        return;
    for (i = 0; message[i] && i + 1 < sizeof k->h.panic; i++)
        k->h.panic[i] = message[i];
    k->h.panic[i] = '\0';
    k->h.panicked = 1;
    k->h.events |= EVENT_HALT;
    console_text(k, "sel4emu: kernel panic: ");
    console_text(k, k->h.panic);
    console_text(k, "\n");
}
