/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a client of sel4emu may use besides seL4's own API. seL4 sources need
 * none of it.
 */
#ifndef SEL4EMU_CLIENT_H
#define SEL4EMU_CLIENT_H

#include <poll.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The capability that the spawning script gave this client under a name
 * (Machine.spawn(..., caps={"name": capability})): its slot in the client's
 * CSpace; 0 (seL4_CapNull) if there is none of that name.
 */
uint64_t sel4emu_cap(const char *name);

/*
 * poll(2) for seL4 threads: while it waits for Linux, other seL4 threads run.
 * A plain blocking system call, by contrast, occupies the machine's processor.
 * Takes and returns what poll(2) does, but -1 only for errors other than
 * EINTR if the time-out is negative.
 */
int sel4emu_poll(struct pollfd *fds, nfds_t count, int timeout_ms);

#ifdef __cplusplus
}
#endif

#endif
