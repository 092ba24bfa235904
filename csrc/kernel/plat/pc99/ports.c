/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hook table of I/O ports. Values are cut to the width of the access on
 * their way in and out, so that no device has to.
 */
#include "kernel/plat/pc99/ports.h"

const struct port_device *const port_devices[] = { NULL };

static uint32_t width_mask(unsigned bytes)
{
    return bytes < 4 ? (1u << (8 * bytes)) - 1 : ~0u;
}

static const struct port_device *device_at(
    const struct port_device *const *devices, word port)
{
    while (*devices && (port < (*devices)->first || port > (*devices)->last))
        devices++;
    return *devices;
}

uint32_t port_in(struct kernel *k, const struct port_device *const *devices,
                 word port, unsigned bytes)
{
    const struct port_device *d = device_at(devices, port);

    if (!d) /* what QEMU's PC gives where it has nothing */
        return port % bytes ? 0 : width_mask(bytes);
    return d->in(k, port, bytes) & width_mask(bytes);
}

void port_out(struct kernel *k, const struct port_device *const *devices,
              word port, unsigned bytes, uint32_t value)
{
    const struct port_device *d = device_at(devices, port);

    if (d)
        d->out(k, port, bytes, value & width_mask(bytes));
}
