/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Three threads, made by seL4 calls, that count in turns: each waits for its
 * notification ("turn-N"), counts, and signals the next one. After `argv[1]`
 * rounds the main thread ends the client; with "stay" as second argument it
 * calls "ep" before and waits for the end of one more round.
 */
#include "thread.h"

#define WORKERS 3

static volatile unsigned long counted[WORKERS];
static volatile int stop; /* never set: compilers shall not know */

static void work(int number)
{
    seL4_CPtr mine = numbered_cap("turn", number);
    seL4_CPtr next = numbered_cap("turn", number == WORKERS ? 0 : number + 1);

    while (!stop) {
        char *heap;

        seL4_Wait(mine, NULL);
        heap = malloc(100);
        memset(heap, number, 100);
        free(heap);
        counted[number - 1]++;
        seL4_Signal(next);
    }
}

static void work_1(void)
{
    work(1);
}
static void work_2(void)
{
    work(2);
}
static void work_3(void)
{
    work(3);
}

int main(int argc, char **argv)
{
    static void (*const entry[])(void) = { work_1, work_2, work_3 };
    static const char *const name[] = { "adder", "brewer", "cutter" };
    unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : 1;
    int wrong = 0;

    for (int i = 0; i < WORKERS; i++)
        thread_start(i + 1, name[i], entry[i], 100);
    for (unsigned long i = 0; i < rounds; i++) {
        seL4_Signal(cap("turn-1"));
        seL4_Wait(cap("turn-0"), NULL);
    }
    for (int i = 0; i < WORKERS; i++)
        wrong += counted[i] != rounds;
    if (argc > 2 && strcmp(argv[2], "stay") == 0) {
        seL4_Call(cap("ep"), seL4_MessageInfo_new(0, 0, 0, 0));
        seL4_Wait(cap("turn-0"), NULL);
    }
    return wrong;
}
