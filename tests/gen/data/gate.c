/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A gate that answers nothing but writes down what it was asked, for the tests
 * of the stubs: one line for each entry, with the registers and every word of
 * the IPC buffer that is not what gate_reset() put there. It answers with the
 * label of gate_reset() and words that count up from GATE_ANSWER.
 */
#include "gate.h"

#include <stdio.h>
#include <string.h>

__thread seL4_IPCBuffer *__sel4_ipc_buffer;
seL4_IPCBuffer gate_buffer;
seL4_Word gate_label;

static seL4_Word untouched(int word)
{
    return 0xbb00 + (seL4_Word)word;
}

/* Words of the buffer that somebody has written. */
static void print_buffer(void)
{
    const seL4_Word *words = (const seL4_Word *)&gate_buffer;

    for (int i = 0; i < 128; i++)
        if (words[i] != untouched(i))
            printf(" b%d=%lx", i, words[i]);
}

void gate_reset(seL4_Word label)
{
    seL4_Word *words = (seL4_Word *)&gate_buffer;

    for (int i = 0; i < 128; i++)
        words[i] = untouched(i);
    gate_label = label;
    seL4_SetIPCBuffer(&gate_buffer);
}

void gate_show(void)
{
    printf("after:");
    print_buffer();
    printf("\n");
}

void sel4emu_syscall(sel4emu_word number, struct sel4emu_frame *frame)
{
    printf("enter %ld: cap=%lx info=%lx mr=%lx,%lx,%lx,%lx reply=%lx dest=%lx",
           (long)number, frame->cap, frame->info, frame->mr[0], frame->mr[1],
           frame->mr[2], frame->mr[3], frame->reply, frame->dest);
    print_buffer();
    printf("\n");
    frame->cap = GATE_BADGE;
    frame->info = gate_label << 12 | 5;
    for (int i = 0; i < 4; i++)
        frame->mr[i] = GATE_ANSWER + (sel4emu_word)i;
    for (int i = 4; i < 20; i++)
        gate_buffer.msg[i] = GATE_ANSWER + (seL4_Word)i;
}
