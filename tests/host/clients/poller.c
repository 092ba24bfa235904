/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waits for stdin, by sel4emu_poll() or, with "read" as argument, by a plain
 * read(); then writes what came back to stdout in capitals, and calls "ep" so
 * that the script knows. Ends with its input.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sel4/sel4.h>
#include <sel4emu/client.h>

int main(int argc, char **argv)
{
    struct pollfd fds = { .fd = 0, .events = POLLIN };
    int plain = argc > 1 && strcmp(argv[1], "read") == 0;
    char bytes[128];
    ssize_t size;

    for (seL4_Word i = 0;; i++) {
        seL4_SetMR(0, i);
        seL4_Call(sel4emu_cap("ep"), seL4_MessageInfo_new(0, 0, 0, 1));
        if (seL4_GetMR(0) != i + 1)
            return 1;
        if (!plain && sel4emu_poll(&fds, 1, -1) != 1)
            return 2;
        size = read(0, bytes, sizeof(bytes));
        if (size <= 0)
            return size < 0;
        for (ssize_t n = 0; n < size; n++)
            bytes[n] = (char)toupper(bytes[n]);
        if (write(1, bytes, (size_t)size) != size)
            return 3;
    }
}
