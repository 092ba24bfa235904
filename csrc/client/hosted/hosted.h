/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of a hosted client's run-time share. */
#ifndef SEL4EMU_CLIENT_HOSTED_H
#define SEL4EMU_CLIENT_HOSTED_H

#include "client/block.h"

/* This thread's block (TLS); without registers: not an seL4 thread. */
extern __thread struct gate_thread gate_self
    __attribute__((visibility("hidden"), tls_model("local-exec")));

/* entry.S */
/* Go back to the caller of gate_launch(): the thread ends. */
_Noreturn void gate_return_home(void);
/* Run gate_first() on the gate stack, then the thread; returns at its end. */
void gate_launch(void);

/* signal.c */
void signal_install(void);
void signal_stack(struct gate_thread *g, void *stack, size_t size);

#endif
