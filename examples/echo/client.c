/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The client: sends each of its arguments to the server and prints what comes
 * back.
 */
#include "../common.h"

int main(int argc, char **argv)
{
    seL4_CPtr endpoint = capability("endpoint");

    for (int i = 1; i < argc; i++) {
        seL4_Word length = text_put(0, argv[i]);
        seL4_MessageInfo_t message = seL4_MessageInfo_new(0, 0, 0, length);

        message = seL4_Call(endpoint, message);
        length = seL4_MessageInfo_get_length(message);
        printf("%s (%lu words)\n", text_get(0, length), length);
    }
    return 0;
}
