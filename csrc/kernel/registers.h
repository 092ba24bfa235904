/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invocations that read and write a thread's registers (seL4 manual 6.1.2).
 */
#ifndef SEL4EMU_KERNEL_REGISTERS_H
#define SEL4EMU_KERNEL_REGISTERS_H

#include "kernel/decode.h"

enum outcome decode_read_registers(struct kernel *k, struct call *call);
enum outcome decode_write_registers(struct kernel *k, struct call *call);
enum outcome decode_copy_registers(struct kernel *k, struct call *call);

#endif
