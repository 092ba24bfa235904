/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file server's protocol. A request's label says what is wanted; an
 * answer's label is 0 or a number of errno. Data travel in the message
 * registers, so one request moves at most FILE_CHUNK bytes.
 */
#ifndef EXAMPLES_FILE_SERVER_FILES_H
#define EXAMPLES_FILE_SERVER_FILES_H

#include <sel4/sel4.h>

enum file_request {
    FILE_OPEN = 1, /* word 0: flags; then the name. Answer: handle */
    FILE_READ,     /* words: handle, count. Answer: count, then the bytes */
    FILE_WRITE,    /* words: handle, count, then the bytes. Answer: count */
    FILE_CLOSE,    /* word 0: handle. Answer: nothing */
};

enum file_flags {
    FILE_FOR_READING = 0,
    FILE_FOR_WRITING = 1, /* made, or emptied if it exists */
};

/* Words in front of the bytes, and how many bytes there may be. */
#define FILE_HEADER 2
#define FILE_CHUNK ((seL4_MsgMaxLength - FILE_HEADER) * sizeof(seL4_Word))

/* Message words that a header and `bytes` bytes take. */
static inline seL4_Word file_words(seL4_Word bytes)
{
    return FILE_HEADER + (bytes + sizeof(seL4_Word) - 1) / sizeof(seL4_Word);
}

/* The bytes in the IPC buffer. */
static inline char *file_bytes(void)
{
    return (char *)&seL4_GetIPCBuffer()->msg[FILE_HEADER];
}

#endif
