/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernel entries by what they put into registers and take out of them. The
 * names are those of the real library's inline assembly; here all of them go
 * through the gate.
 */
#pragma once

#include <sel4/config.h>
#include <sel4/macros.h>
#include <sel4/simple_types.h>
#include <sel4emu/gate.h>

/* Hand out what came back in the registers. */
static inline void libsel4_results(const struct sel4emu_frame *frame,
                                   seL4_Word *cap, seL4_Word *info,
                                   seL4_Word *mr0, seL4_Word *mr1,
                                   seL4_Word *mr2, seL4_Word *mr3)
{
    *cap = frame->cap;
    *info = frame->info;
    *mr0 = frame->mr[0];
    *mr1 = frame->mr[1];
    *mr2 = frame->mr[2];
    *mr3 = frame->mr[3];
}

/* Enter with nothing but the number. */
static inline void x64_sys_null(seL4_Word sys)
{
    struct sel4emu_frame frame = { 0, 0, { 0, 0, 0, 0 }, 0, 0 };

    sel4emu_syscall(sys, &frame);
}

/* Send without message words. */
static inline void x64_sys_send_null(seL4_Word sys, seL4_Word dest,
                                     seL4_Word info)
{
    struct sel4emu_frame frame = { dest, info, { 0, 0, 0, 0 }, 0, 0 };

    sel4emu_syscall(sys, &frame);
}

static inline void x64_sys_send(seL4_Word sys, seL4_Word dest, seL4_Word info,
                                seL4_Word msg0, seL4_Word msg1, seL4_Word msg2,
                                seL4_Word msg3)
{
    struct sel4emu_frame frame = {
        dest, info, { msg0, msg1, msg2, msg3 }, 0, 0
    };

    sel4emu_syscall(sys, &frame);
}

#ifndef CONFIG_KERNEL_MCS
static inline void x64_sys_reply(seL4_Word sys, seL4_Word info, seL4_Word msg0,
                                 seL4_Word msg1, seL4_Word msg2, seL4_Word msg3)
{
    x64_sys_send(sys, 0, info, msg0, msg1, msg2, msg3);
}
#endif

static inline void x64_sys_recv(seL4_Word sys, seL4_Word src,
                                seL4_Word *out_badge, seL4_Word *out_info,
                                seL4_Word *out_mr0, seL4_Word *out_mr1,
                                seL4_Word *out_mr2, seL4_Word *out_mr3,
                                seL4_Word reply)
{
    struct sel4emu_frame frame = { src, 0, { 0, 0, 0, 0 }, reply, 0 };

    sel4emu_syscall(sys, &frame);
    libsel4_results(&frame, out_badge, out_info, out_mr0, out_mr1, out_mr2,
                    out_mr3);
}

static inline void x64_sys_send_recv(seL4_Word sys, seL4_Word dest,
                                     seL4_Word *out_dest, seL4_Word info,
                                     seL4_Word *out_info, seL4_Word *in_out_mr0,
                                     seL4_Word *in_out_mr1,
                                     seL4_Word *in_out_mr2,
                                     seL4_Word *in_out_mr3, seL4_Word reply)
{
    struct sel4emu_frame frame = { dest,
                                   info,
                                   { *in_out_mr0, *in_out_mr1, *in_out_mr2,
                                     *in_out_mr3 },
                                   reply,
                                   0 };

    sel4emu_syscall(sys, &frame);
    libsel4_results(&frame, out_dest, out_info, in_out_mr0, in_out_mr1,
                    in_out_mr2, in_out_mr3);
}

#ifdef CONFIG_KERNEL_MCS
static inline void x64_sys_nbsend_recv(seL4_Word sys, seL4_Word dest,
                                       seL4_Word src, seL4_Word *out_dest,
                                       seL4_Word info, seL4_Word *out_info,
                                       seL4_Word *in_out_mr0,
                                       seL4_Word *in_out_mr1,
                                       seL4_Word *in_out_mr2,
                                       seL4_Word *in_out_mr3, seL4_Word reply)
{
    struct sel4emu_frame frame = { src,
                                   info,
                                   { *in_out_mr0, *in_out_mr1, *in_out_mr2,
                                     *in_out_mr3 },
                                   reply,
                                   dest };

    sel4emu_syscall(sys, &frame);
    libsel4_results(&frame, out_dest, out_info, in_out_mr0, in_out_mr1,
                    in_out_mr2, in_out_mr3);
}
#endif
