/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages between the monitor and a client process.
 *
 * Sockets are pairs of type SOCK_SEQPACKET, so a message arrives whole or not
 * at all. Every message starts with its type and its size in bytes; a receiver
 * drops a peer whose message has another size than its type asks for.
 *
 * One socket per process (inherited; its number is in the environment variable
 * SEL4EMU_SOCKET) carries the life-cycle:
 *
 *   client                      monitor
 *   HELLO            ------->
 *                    <-------   WELCOME + descriptors: the image, and for the
 *                               direct gate the machine's timer
 *   READY            ------->                       (windows are reserved)
 *                    <-------   THREAD (+ socket of the thread: server gate)
 *   THREAD_UP        ------->
 *   DOORBELL         ------->                       (look at h.events)
 *   THREAD_DOWN      ------->                       (its Linux thread ended)
 *
 * With the server gate each thread has a socket of its own besides:
 *
 *   TRAP             ------->
 *                    <-------   RESUME
 */
#ifndef SEL4EMU_ABI_MESSAGE_H
#define SEL4EMU_ABI_MESSAGE_H

#include "abi/image.h"

/* Version of all that a client and the monitor share: image and messages. */
#define SEL4EMU_ABI_VERSION 1u
#define SEL4EMU_SOCKET_VARIABLE "SEL4EMU_SOCKET"

/* The ELF note of a client: name "sel4emu", type 1, and this. */
#define SEL4EMU_NOTE_NAME "sel4emu"
#define SEL4EMU_NOTE_TYPE 1u
struct sel4emu_note {
    uint32_t abi_version;
    uint32_t mcs;
    uint32_t kind; /* enum sel4emu_note_kind */
};
enum sel4emu_note_kind {
    NOTE_HOSTED = 1,
    NOTE_ROOT = 2,
};

enum message_type {
    MESSAGE_HELLO = 1,
    MESSAGE_WELCOME,
    MESSAGE_READY,
    MESSAGE_THREAD,
    MESSAGE_THREAD_UP,
    MESSAGE_THREAD_DOWN,
    MESSAGE_DOORBELL,
    MESSAGE_TRAP,
    MESSAGE_RESUME,
};

/* Descriptors that come with a message, at most. */
#define MESSAGE_DESCRIPTORS 2

struct message_header {
    uint32_t type;
    uint32_t size;
};

struct message_hello {
    struct message_header header;
    uint32_t abi_version;
    uint32_t pid;
};

struct message_welcome {
    struct message_header header;
    uint32_t isolation; /* enum image_isolation */
    uint32_t process;   /* index in image_header.process[] */
    uint32_t clock;     /* enum image_clock */
    uint32_t reserved;
    word image_size; /* bytes of the image file */
};

struct message_ready {
    struct message_header header;
    uint32_t window_count;
    uint32_t reserved;
    struct image_range window[IMAGE_WINDOWS];
};

struct message_thread {
    struct message_header header;
    uint32_t index; /* in image_header.thread[] */
    uint32_t first; /* 1: the process's main thread shall be it */
    paddr tcb;
    word ipc_buffer; /* user addresses, or 0 */
    word bootinfo;   /* of the first thread only */
    char name[32];
};

/* THREAD_UP and THREAD_DOWN */
struct message_thread_state {
    struct message_header header;
    uint32_t index;
    uint32_t tid; /* Linux thread id; 0 in THREAD_UP: it could not be made */
};

struct message_doorbell {
    struct message_header header;
};

#define MESSAGE_REGISTERS 20

struct message_trap {
    struct message_header header;
    uint32_t cause; /* enum image_cause */
    uint32_t number;
    word address;
    word code;
    word fault_ip;
    word registers[MESSAGE_REGISTERS];
};

enum message_resume_action {
    RESUME_RUN,   /* go on with these registers */
    RESUME_CRASH, /* nobody handles this fault: let Linux have it */
    RESUME_EXIT,  /* the TCB is gone: end the Linux thread */
};

/* What is now at an address: a page of the image, or nothing. */
struct message_change {
    word vaddr;
    word bits;
    paddr frame;    /* physical address; 0: nothing */
    uint32_t write; /* may be written */
    uint32_t reserved;
};

#define MESSAGE_CHANGES (IMAGE_CHANGES + 1)

struct message_resume {
    struct message_header header;
    uint32_t action;
    uint32_t full;      /* every register counts, not just the results */
    uint32_t flush_all; /* first drop every mapping */
    uint32_t change_count;
    uint32_t renamed; /* take this name */
    uint32_t reserved;
    char name[32];
    word registers[MESSAGE_REGISTERS];
    struct message_change change[MESSAGE_CHANGES];
};

#endif
