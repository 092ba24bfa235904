/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals as kernel entries: SIGURG is the kick (the current thread shall
 * enter the kernel), SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGTRAP are faults.
 * The handler runs on an alternate stack.
 *
 * Faults that nobody in seL4 handles go to whoever handled them before:
 * a sanitizer, the program itself, or Linux.
 */
#include <signal.h>
#include <string.h>

#include "client/hosted/hosted.h"

static const int fault_signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
static struct sigaction previous[65];

extern char gate_leaving[], gate_left[];
void gate_again(void);

/* Hand a signal to its handler from before, or to Linux: the instruction is
 * executed again, and now ends the process. */
static void pass_on(int signal, siginfo_t *info, void *context)
{
    const struct sigaction *old = &previous[signal];

    if (old->sa_flags & SA_SIGINFO)
        old->sa_sigaction(signal, info, context);
    else if (old->sa_handler != SIG_DFL && old->sa_handler != SIG_IGN)
        old->sa_handler(signal);
    else if (info->si_code <= 0 && old->sa_handler == SIG_IGN)
        return;
    else
        sigaction(signal, old, NULL);
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
    struct kernel_cause cause =
        frame_cause(signal, (word)info->si_addr, context);
    struct gate_thread *g = &gate_self;
    word rip = frame_ip(context);

    if (g->registers == NULL || (signal != SIGURG && info->si_code <= 0)) {
        if (signal != SIGURG)
            pass_on(signal, info, context);
        return;
    }
    if (g->in_gate) {
        if (signal != SIGURG)
            gate_panic(g, "a fault inside the kernel core");
        g->kicked = 1;
        return;
    }
    if (signal == SIGURG && rip >= (word)gate_leaving && rip < (word)gate_left)
        frame_set_ip(context, (word)gate_again);
    else if (frame_enter(g, context, &cause) == GATE_CRASH)
        pass_on(signal, info, context);
}

void signal_install(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGURG);
    sigaction(SIGURG, &action, &previous[SIGURG]);
    for (size_t i = 0; i < sizeof(fault_signals) / sizeof(int); i++)
        sigaction(fault_signals[i], &action, &previous[fault_signals[i]]);
}

void signal_stack(struct gate_thread *g, void *stack, size_t size)
{
    const stack_t ours = { .ss_sp = stack, .ss_size = size };

    sigaltstack(&ours, &g->old_stack);
}
