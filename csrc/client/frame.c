/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernel entries from a signal handler: registers move between the signal
 * frame and the register file, and the thread sleeps in the handler while
 * others run. Signal frames restore the FPU by themselves.
 */
#include <signal.h>
#include <ucontext.h>

#include "client/block.h"

/* Where each register of enum kernel_register is in a signal frame
 * (asm/sigcontext.h); fs and gs bases are not in it. */
static const uint8_t frame_index[] = {
    [REG_RIP] = 16, [REG_RSP] = 15, [REG_RFLAGS] = 17, [REG_RAX] = 13,
    [REG_RBX] = 11, [REG_RCX] = 14, [REG_RDX] = 12,    [REG_RSI] = 9,
    [REG_RDI] = 8,  [REG_RBP] = 10, [REG_R8] = 0,      [REG_R9] = 1,
    [REG_R10] = 2,  [REG_R11] = 3,  [REG_R12] = 4,     [REG_R13] = 5,
    [REG_R14] = 6,  [REG_R15] = 7,
};
enum {
    FRAME_ERR = 19,
    FRAME_TRAPNO = 20,
    FRAME_CR2 = 22
};
enum {
    VECTOR_PAGE_FAULT = 14
};
/* Of RFLAGS: processors set it in what a fault saves, QEMU does not. */
#define FLAG_RESUME 0x10000l

static greg_t *registers_of(const void *context)
{
    return ((ucontext_t *)context)->uc_mcontext.gregs;
}

word frame_ip(const void *context)
{
    return (word)registers_of(context)[frame_index[REG_RIP]];
}

void frame_set_ip(void *context, word ip)
{
    registers_of(context)[frame_index[REG_RIP]] = (greg_t)ip;
}

struct kernel_cause frame_cause(int signal, word address, const void *context)
{
    const greg_t *frame = registers_of(context);
    struct kernel_cause cause = { .kind = CAUSE_INTERRUPT };

    if (signal == SIGURG)
        return cause;
    cause.kind = CAUSE_EXCEPTION;
    cause.number = (uint32_t)frame[FRAME_TRAPNO];
    cause.code = (word)frame[FRAME_ERR];
    if (cause.number == VECTOR_PAGE_FAULT) {
        cause.kind = CAUSE_VM_FAULT;
        cause.address = address;
    }
    return cause;
}

/* Leave the gate as hosted/entry.S does: mark first, then look once more. */
static void leave(struct gate_thread *g)
{
    const struct kernel_cause interrupt = { .kind = CAUSE_INTERRUPT };

    for (;;) {
        __atomic_store_n(&g->in_gate, 0, __ATOMIC_RELAXED);
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        if (__atomic_load_n(g->pending, __ATOMIC_ACQUIRE) == 0)
            return;
        __atomic_store_n(&g->in_gate, 1, __ATOMIC_RELAXED);
        *g->fault_ip = g->registers[REG_RIP];
        gate_enter(g, &interrupt);
    }
}

void frame_leave(struct gate_thread *g, void *context)
{
    greg_t *frame = registers_of(context);

    leave(g);
    for (unsigned i = 0; i < sizeof(frame_index); i++)
        frame[frame_index[i]] = (greg_t)g->registers[i];
}

enum gate_exit frame_enter(struct gate_thread *g, void *context,
                           const struct kernel_cause *cause)
{
    const greg_t *frame = registers_of(context);

    g->in_gate = 1;
    for (unsigned i = 0; i < sizeof(frame_index); i++)
        g->registers[i] = (word)frame[frame_index[i]];
    g->registers[REG_RFLAGS] &= ~FLAG_RESUME;
    *g->fault_ip = g->registers[REG_RIP];
    if (cause->kind == CAUSE_SYSCALL)
        *g->fault_ip -= 2; /* the length of `syscall` */
    if (gate_enter(g, cause) == GATE_CRASH) {
        g->in_gate = 0;
        return GATE_CRASH;
    }
    frame_leave(g, context);
    return GATE_FULL;
}
