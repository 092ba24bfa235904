/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Receives one request on "ep" and ends without an answer, as its argument
 * says: "return", "exit", "_exit", "null" (a write to address 0), "abort",
 * "exec" (of another program), "unmapped" (a read where seL4's memory may be,
 * but is not: the thread stops).
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sel4/sel4.h>
#include <sel4emu/client.h>

static volatile int *volatile nowhere;
static volatile int *volatile unmapped = (volatile int *)0x40000000ul;

static int end(const char *how)
{
    if (strcmp(how, "exit") == 0)
        exit(3);
    if (strcmp(how, "_exit") == 0)
        _exit(4);
    if (strcmp(how, "null") == 0)
        *nowhere = 1;
    if (strcmp(how, "unmapped") == 0)
        return *unmapped;
    if (strcmp(how, "abort") == 0)
        abort();
    if (strcmp(how, "exec") == 0)
        execl("/bin/sh", "sh", "-c", "exit 5", (char *)NULL);
    return 2;
}

int main(int argc, char **argv)
{
    seL4_Recv(sel4emu_cap("ep"), NULL);
    return argc > 1 ? end(argv[1]) : 0;
}
