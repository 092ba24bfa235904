/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console's ring. A writer never waits: if nobody takes the bytes away,
 * the oldest are lost, which the reader sees from the counters.
 */
#include "kernel/console.h"

void console_put(struct kernel *k, char c)
{
    word waiting;

    k->h.console[k->h.console_written++ % IMAGE_CONSOLE_BYTES] = c;
    waiting = k->h.console_written - k->h.console_taken;
    if (c == '\n' || waiting >= IMAGE_CONSOLE_BYTES / 2)
        k->h.events |= EVENT_CONSOLE;
}

void console_text(struct kernel *k, const char *text)
{
    while (*text)
        console_put(k, *text++);
}

void console_number(struct kernel *k, word n, unsigned base)
{
    char digits[65];
    unsigned i = sizeof digits - 1;

    digits[i] = '\0';
    do {
        digits[--i] = "0123456789abcdef"[n % base];
        n /= base;
    } while (n);
    console_text(k, digits + i);
}
