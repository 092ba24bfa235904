/* SPDX-License-Identifier: BSD-2-Clause */
/* What entry.S calls. */
#include "client/hosted/hosted.h"
#include "gate/sys.h"

/* A system call. */
__attribute__((visibility("hidden"))) int gate_trap(void)
{
    const struct kernel_cause cause = { .kind = CAUSE_SYSCALL };

    return (int)gate_enter(&gate_self, &cause);
}

/* Something was pending on the way out. */
__attribute__((visibility("hidden"))) void gate_recheck(void)
{
    struct gate_thread *g = &gate_self;
    const struct kernel_cause cause = { .kind = CAUSE_INTERRUPT };

    *g->fault_ip = g->registers[REG_RIP];
    gate_enter(g, &cause);
}

/* The thread's first moment, on its gate stack. */
__attribute__((visibility("hidden"))) void gate_launched(void)
{
    gate_first(&gate_self);
}

/* A Linux thread that is no seL4 thread made a call. */
__attribute__((visibility("hidden"))) _Noreturn void gate_stray(void)
{
    static const char text[] =
        "sel4emu: a Linux thread that is no seL4 thread (made by pthread_create"
        " or fork) called seL4; make threads by seL4 calls instead\n";

    sys_call(SYS_write, 2, text, sizeof(text) - 1, 0, 0, 0);
    gate_die();
}

/* The main thread cannot end without the process: it sleeps from now on. */
_Noreturn void gate_end(struct gate_thread *g)
{
    const struct message_thread_state down = {
        { MESSAGE_THREAD_DOWN, sizeof(down) }, g->index, 0
    };

    g->registers = NULL;
    if (g->home != 0)
        gate_return_home();
    gate_tell(&down, sizeof(down));
    for (;;)
        sys_call(SYS_pause, 0, 0, 0, 0, 0, 0);
}
