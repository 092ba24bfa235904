/* SPDX-License-Identifier: BSD-2-Clause */
/* Stubs of all invocations. Generated from small.toml; do not edit. */
#pragma once

#include <sel4/config.h>
#include <sel4/types.h>
#include <sel4/sel4_arch/constants.h>
#include <sel4/functions.h>
#include <sel4/syscalls.h>
#include <sel4/sel4_arch/syscalls.h>
#include <sel4/invocation.h>

/* The layout of messages relies on these sizes. */
SEL4_COMPILE_ASSERT(libsel4_size_of_seL4_Bool,
                    sizeof(seL4_Bool) == 1)
SEL4_COMPILE_ASSERT(libsel4_size_of_seL4_Uint8,
                    sizeof(seL4_Uint8) == 1)
SEL4_COMPILE_ASSERT(libsel4_size_of_seL4_Word,
                    sizeof(seL4_Word) == 8)
SEL4_COMPILE_ASSERT(libsel4_size_of_seL4_CapRights_t,
                    sizeof(seL4_CapRights_t) == 8)
SEL4_COMPILE_ASSERT(libsel4_size_of_seL4_UserContext,
                    sizeof(seL4_UserContext) == 160)
SEL4_COMPILE_ASSERT(libsel4_size_of_seL4_CNode,
                    sizeof(seL4_CNode) == 8)
SEL4_COMPILE_ASSERT(libsel4_size_of_seL4_TCB,
                    sizeof(seL4_TCB) == 8)

struct seL4_TCB_Ask {
    int error;
    seL4_Uint8 low;
    seL4_Bool flag;
    seL4_Word word;
};
typedef struct seL4_TCB_Ask seL4_TCB_Ask_t;

/* Words of an invocation travel in registers, or all in the IPC buffer. */
#ifndef CONFIG_LIB_SEL4_STUBS_USE_IPC_BUFFER_ONLY
static inline seL4_MessageInfo_t libsel4_call(seL4_CPtr service,
                                              seL4_MessageInfo_t tag,
                                              seL4_Word mr[4])
{
    return seL4_CallWithMRs(service, tag, &mr[0], &mr[1], &mr[2], &mr[3]);
}
#else
static inline seL4_MessageInfo_t libsel4_call(seL4_CPtr service,
                                              seL4_MessageInfo_t tag,
                                              seL4_Word mr[4])
{
    for (int i = 0; i < 4; i++) {
        seL4_SetMR(i, mr[i]);
    }
    tag = seL4_Call(service, tag);
    for (int i = 0; i < 4; i++) {
        mr[i] = seL4_GetMR(i);
    }
    return tag;
}
#endif

/* Print the error text that the kernel left in the IPC buffer, if it does. */
#ifdef CONFIG_KERNEL_INVOCATION_REPORT_ERROR_IPC
static inline void libsel4_print_error(void)
{
    if (seL4_CanPrintError()) {
        seL4_DebugPutString(seL4_GetDebugError());
    }
}
#else
static inline void libsel4_print_error(void)
{
}
#endif

/*
 * Invoke a capability. `tag` holds the label and the numbers of capabilities
 * and words; the first four words are in `mr`, the others and the capabilities
 * in the IPC buffer. On error the words of the answer go to the IPC buffer,
 * where callers look for details.
 */
static inline seL4_Error libsel4_invoke(seL4_CPtr service,
                                        seL4_MessageInfo_t tag, seL4_Word mr[4])
{
    seL4_Error error;

    tag = libsel4_call(service, tag, mr);
    error = (seL4_Error)seL4_MessageInfo_get_label(tag);
    if (error != seL4_NoError) {
        for (int i = 0; i < 4; i++) {
            seL4_SetMR(i, mr[i]);
        }
        libsel4_print_error();
    }
    return error;
}

/**
 * Everything that can share a word, or cannot.
 * @param _service the thread
 * @param first bit 0
 * @param second bit 1
 * @param byte bits 8 to 15
 * @param word a word of its own
 * @param root a capability in between
 * @param rights a bit field
 * @param fourth the last register
 * @param fifth the first word in the buffer
 * @return seL4_NoError or why not:
 * @retval seL4_RangeError for everything
 * @retval seL4_RangeError byte is odd
 */
LIBSEL4_INLINE seL4_Error
seL4_TCB_Pack(seL4_TCB _service, seL4_Bool first, seL4_Bool second,
    seL4_Uint8 byte, seL4_Word word, seL4_CNode root, seL4_CapRights_t rights,
    seL4_Word fourth, seL4_Uint8 fifth)
{
    seL4_Word mr[4] = {
        ((seL4_Word)first & 0x1) |
            (((seL4_Word)second & 0x1) << 1) |
            (((seL4_Word)byte & 0xff) << 8),
        word,
        rights.words[0],
        fourth,
    };
    seL4_MessageInfo_t tag = seL4_MessageInfo_new(TCBPack, 0, 1, 5);

    seL4_SetCap(0, root);
    seL4_SetMR(4, (seL4_Word)fifth & 0xff);
    return libsel4_invoke(_service, tag, mr);
}

#ifdef CONFIG_KERNEL_MCS
/**
 * Results, in one kernel only.
 * @param _service the thread
 * @return error, seL4_NoError or why not; low: bits 0 to 7; flag: bit 8; word:
 *     word 1
 * @retval seL4_RangeError for everything
 */
LIBSEL4_INLINE seL4_TCB_Ask_t
seL4_TCB_Ask(seL4_TCB _service)
{
    seL4_Word mr[4] = { 0, 0, 0, 0 };
    seL4_MessageInfo_t tag = seL4_MessageInfo_new(TCBAsk, 0, 0, 0);
    seL4_TCB_Ask_t result = { 0, 0, 0, 0 };

    result.error = libsel4_invoke(_service, tag, mr);
    if (result.error == seL4_NoError) {
        result.low = (seL4_Uint8)(mr[0] & 0xff);
        result.flag = (seL4_Bool)((mr[0] >> 8) & 0x1);
        result.word = mr[1];
    }
    return result;
}
#endif

/**
 * A structure that goes in.
 * @param _service the thread
 * @param count words to send
 * @param regs the words
 * @return seL4_NoError or why not:
 * @retval seL4_RangeError for everything
 */
LIBSEL4_INLINE seL4_Error
seL4_TCB_Write(seL4_TCB _service, seL4_Word count, seL4_UserContext *regs)
{
    const seL4_Word *words_of_regs = (const seL4_Word *)regs;
    seL4_Word mr[4] = {
        count,
        words_of_regs[0],
        words_of_regs[1],
        words_of_regs[2],
    };
    seL4_MessageInfo_t tag = seL4_MessageInfo_new(TCBWrite, 0, 0, 21);

    for (seL4_Word i = 3; i < count && i < 20; i++) {
        seL4_SetMR((int)i + 1, words_of_regs[i]);
    }
    return libsel4_invoke(_service, tag, mr);
}

/**
 * A structure that comes out.
 * @param _service the thread
 * @param count words to receive
 * @param regs receives the words
 * @return seL4_NoError or why not:
 * @retval seL4_RangeError for everything
 */
LIBSEL4_INLINE seL4_Error
seL4_TCB_Read(seL4_TCB _service, seL4_Word count, seL4_UserContext *regs)
{
    seL4_Word mr[4] = { count, 0, 0, 0 };
    seL4_MessageInfo_t tag = seL4_MessageInfo_new(TCBRead, 0, 0, 1);
    seL4_Error error;

    error = libsel4_invoke(_service, tag, mr);
    if (error == seL4_NoError) {
        seL4_Word *to = (seL4_Word *)regs;

        for (seL4_Word i = 0; i < count && i < 20; i++) {
            to[i] = i < 4 ? mr[i] : seL4_GetMR((int)i);
        }
    }
    return error;
}
