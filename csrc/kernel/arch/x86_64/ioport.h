/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * I/O ports: issuing ranges of them, and reading and writing them.
 */
#ifndef SEL4EMU_KERNEL_ARCH_X86_64_IOPORT_H
#define SEL4EMU_KERNEL_ARCH_X86_64_IOPORT_H

#include "kernel/decode.h"

enum outcome decode_io_port_control(struct kernel *k, struct call *call);
enum outcome decode_io_port(struct kernel *k, struct call *call);

/* The last capability of a range is gone: it may be issued again. */
void io_ports_free(struct kernel *k, union cap range);
/* First port of a range that was issued; none: the one behind the last. */
word io_ports_first_used(struct kernel *k, word first, word last);

#endif
