/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A server that loses nothing and counts everything. A request is a sequence
 * number; the reply is the number's successor, and how many requests this
 * badge has made. Label 1 asks for a report (requests, those out of sequence,
 * badges seen), label 2 ends the server.
 */
#include <sel4/sel4.h>
#include <sel4emu/client.h>

#define BADGES 4096

static seL4_Word count[BADGES];
static seL4_Word total, errors, badges;

__attribute__((noinline)) seL4_Word handle_request(seL4_Word badge,
                                                   seL4_Word number)
{
    seL4_Word answer = number + 1;

    if (badge >= BADGES || number != count[badge])
        errors++;
    if (badge < BADGES && count[badge]++ == 0)
        badges++;
    total++;
    return answer;
}

__attribute__((noinline)) void finished(void)
{
    __asm__ volatile("");
}

static unsigned long answer(seL4_MessageInfo_t info, seL4_Word badge)
{
    if (seL4_MessageInfo_get_label(info) != 0) {
        seL4_SetMR(0, total);
        seL4_SetMR(1, errors);
        seL4_SetMR(2, badges);
        return 3;
    }
    seL4_SetMR(0, handle_request(badge, seL4_GetMR(0)));
    seL4_SetMR(1, badge < BADGES ? count[badge] : 0);
    return 2;
}

int main(void)
{
    seL4_CPtr endpoint = sel4emu_cap("ep");
    seL4_Word badge;
    seL4_MessageInfo_t info = seL4_Recv(endpoint, &badge);

    while (seL4_MessageInfo_get_label(info) != 2) {
        unsigned long length = answer(info, badge);

        info = seL4_ReplyRecv(endpoint, seL4_MessageInfo_new(0, 0, 0, length),
                              &badge);
    }
    finished();
    seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 0));
    return 0;
}
