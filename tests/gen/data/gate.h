/* SPDX-License-Identifier: BSD-2-Clause */
/* What programs of the stub tests see of the gate that writes down. */
#pragma once

#include <sel4/sel4.h>

#define GATE_BADGE 0xbad9e
#define GATE_ANSWER 0xf1f2f3f4f5f6f700

/* Fill the buffer with a pattern; the next entries answer with this label. */
void gate_reset(seL4_Word label);

/* Print what has changed in the buffer. */
void gate_show(void);
