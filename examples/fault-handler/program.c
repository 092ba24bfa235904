/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that reads and writes memory that is not there. It knows nothing
 * of faults or of their handler: each access just takes its time.
 */
#include "../common.h"

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i++) {
        char *page = (char *)strtoul(argv[i], NULL, 0);

        printf("program: %p holds \"%s\"\n", (void *)page, page);
        page[0] = 'T';
        printf("program: now \"%s\"\n", page);
    }
    return 0;
}
