/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's console: what seL4_DebugPutChar() and the debug system calls
 * print, as bytes in h.console.
 */
#ifndef SEL4EMU_KERNEL_CONSOLE_H
#define SEL4EMU_KERNEL_CONSOLE_H

#include "kernel/kernel.h"

void console_put(struct kernel *k, char c);
void console_text(struct kernel *k, const char *text);
void console_number(struct kernel *k, word n, unsigned base);

#endif
