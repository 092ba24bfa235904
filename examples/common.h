/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every example needs: an end with a message where a call must not fail,
 * the names of seL4's errors, capabilities by name, free slots, and text in
 * message registers.
 */
#ifndef EXAMPLES_COMMON_H
#define EXAMPLES_COMMON_H

#include <sel4/sel4.h>
#include <sel4emu/client.h>
#include <sel4runtime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Name of an error; also of the label that a refused seL4_Call returns. */
static inline const char *error_name(seL4_Word error)
{
    static const char *const names[] = {
        [seL4_NoError] = "seL4_NoError",
        [seL4_InvalidArgument] = "seL4_InvalidArgument",
        [seL4_InvalidCapability] = "seL4_InvalidCapability",
        [seL4_IllegalOperation] = "seL4_IllegalOperation",
        [seL4_RangeError] = "seL4_RangeError",
        [seL4_AlignmentError] = "seL4_AlignmentError",
        [seL4_FailedLookup] = "seL4_FailedLookup",
        [seL4_TruncatedMessage] = "seL4_TruncatedMessage",
        [seL4_DeleteFirst] = "seL4_DeleteFirst",
        [seL4_RevokeFirst] = "seL4_RevokeFirst",
        [seL4_NotEnoughMemory] = "seL4_NotEnoughMemory",
    };

    return error < sizeof(names) / sizeof(names[0]) ? names[error] : "unknown";
}

/* End the program if `what` was refused. */
static inline void check(seL4_Word error, const char *what)
{
    if (error == seL4_NoError)
        return;
    fprintf(stderr, "%s: %s\n", what, error_name(error));
    exit(1);
}

/* The slot of the capability that the script gave under this name. */
static inline seL4_CPtr capability(const char *name)
{
    seL4_CPtr slot = sel4emu_cap(name);

    if (slot == seL4_CapNull) {
        fprintf(stderr, "the script gave no capability '%s'\n", name);
        exit(1);
    }
    return slot;
}

/* A slot of this program's CSpace that was never used. */
static inline seL4_CPtr free_slot(void)
{
    static seL4_Word used;
    seL4_SlotRegion empty = sel4runtime_bootinfo()->empty;

    if (empty.start + used == empty.end) {
        fprintf(stderr, "the CSpace is full\n");
        exit(1);
    }
    return empty.start + used++;
}

/* Put text into message words, from word `first` on; the number of words of
 * the whole message is returned. Text that is too long is cut. */
static inline seL4_Word text_put(seL4_Word first, const char *text)
{
    seL4_Word room = (seL4_MsgMaxLength - first) * sizeof(seL4_Word);
    seL4_Word *words = &seL4_GetIPCBuffer()->msg[first];
    seL4_Word length = strnlen(text, room - 1);

    memset(words, 0, length + sizeof(seL4_Word) - length % sizeof(seL4_Word));
    memcpy(words, text, length);
    return first + length / sizeof(seL4_Word) + 1;
}

/* The text in a message of `count` words, from word `first` on; it is valid
 * until the next system call. */
static inline const char *text_get(seL4_Word first, seL4_Word count)
{
    seL4_Word *words = &seL4_GetIPCBuffer()->msg[first];

    if (count <= first)
        return "";
    ((char *)words)[(count - first) * sizeof(seL4_Word) - 1] = '\0';
    return (const char *)words;
}

#endif
