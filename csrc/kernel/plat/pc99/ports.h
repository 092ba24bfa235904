/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices behind I/O ports.
 */
#ifndef SEL4EMU_KERNEL_PLAT_PC99_PORTS_H
#define SEL4EMU_KERNEL_PLAT_PC99_PORTS_H

#include "kernel/object.h"

/*
 * A device, and the ports that it answers. Its state stands in the image. An
 * access of several bytes belongs to the device of the lowest port.
 */
struct port_device {
    uint16_t first; /* inclusive both */
    uint16_t last;
    uint32_t (*in)(struct kernel *k, word port, unsigned bytes);
    void (*out)(struct kernel *k, word port, unsigned bytes, uint32_t value);
};

/* The machine's devices, up to a NULL. */
extern const struct port_device *const port_devices[];

/* Access 1, 2 or 4 bytes. A port of no device reads as all ones, and swallows
 * what is written, as an ISA bus does where no card answers. */
uint32_t port_in(struct kernel *k, const struct port_device *const *devices,
                 word port, unsigned bytes);
void port_out(struct kernel *k, const struct port_device *const *devices,
              word port, unsigned bytes, uint32_t value);

#endif
