/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Telling a program while it is played: a line for each entry.
 */
#ifndef SEL4EMU_TESTS_KERNEL_FUZZ_STORY_H
#define SEL4EMU_TESTS_KERNEL_FUZZ_STORY_H

#include "abi/sel4_names.h"
#include "fuzz/player.h"
#include "kernel/cspace.h"

static const char *const cap_names[32] = {
    [CAP_NULL] = "null",
    [CAP_UNTYPED] = "Untyped",
    [CAP_ENDPOINT] = "Endpoint",
    [CAP_NOTIFICATION] = "Notification",
    [CAP_REPLY] = "Reply",
    [CAP_CNODE] = "CNode",
    [CAP_THREAD] = "TCB",
    [CAP_IRQ_CONTROL] = "IRQControl",
    [CAP_IRQ_HANDLER] = "IRQHandler",
    [CAP_ZOMBIE] = "Zombie",
    [CAP_DOMAIN] = "DomainSet",
    [CAP_SCHED_CONTEXT] = "SchedContext",
    [CAP_SCHED_CONTROL] = "SchedControl",
    [CAP_FRAME] = "Page",
    [CAP_PAGE_TABLE] = "PageTable",
    [CAP_PAGE_DIRECTORY] = "PageDirectory",
    [CAP_PDPT] = "PDPT",
    [CAP_PML4] = "PML4",
    [CAP_ASID_CONTROL] = "ASIDControl",
    [CAP_ASID_POOL] = "ASIDPool",
    [CAP_IO_PORT] = "IOPort",
    [CAP_IO_PORT_CONTROL] = "IOPortControl",
};

static const char *const cause_names[] = {
    [CAUSE_NONE] = "nothing",
    [CAUSE_SYSCALL] = "system call",
    [CAUSE_VM_FAULT] = "VM fault",
    [CAUSE_EXCEPTION] = "exception",
    [CAUSE_INTERRUPT] = "interrupt",
    [CAUSE_HOST_BLOCK] = "waits for the host",
    [CAUSE_HOST_WAKE] = "is woken by the host",
    [CAUSE_LOST] = "has lost its Linux thread",
    [CAUSE_TSC] = "reads the time",
};

/* Threads that the program made are told by their addresses. */
static inline const char *name_of(struct player *p, paddr tcb)
{
    static char made[32];
    const char *name = tcb ? kernel_name(p->m.k, tcb) : "nobody";

    if (*name && strncmp(name, "child", 5) != 0)
        return name;
    snprintf(made, sizeof made, "TCB@%#lx", tcb);
    return made;
}

static inline void tell_cap(struct player *p, paddr tcb, word cptr)
{
    struct cte *slot;

    if (cspace_lookup(p->m.k, tcb_of(&p->m, tcb), cptr, &slot) == OUTCOME_DONE)
        printf("%#lx:%s@%#lx", cptr, cap_names[slot->cap.type],
               slot->cap.type == CAP_NULL ? 0 : (word)slot->cap.obj);
    else
        printf("%#lx:?", cptr);
}

static inline void tell_arguments(struct player *p, paddr tcb,
                                  const struct sel4_param *param)
{
    word *buffer = buffer_of(&p->m, tcb);

    for (int i = 0; param[i].name; i++) {
        word at = param[i].index;

        printf("%s%s=", i ? ", " : "", param[i].name);
        if (!buffer && (param[i].bits == 0 || at > 3)) {
            printf("?");
        } else if (param[i].bits == 0) {
            tell_cap(p, tcb, buffer[BUFFER_CAPS + at]);
        } else {
            word value = got_word(&p->m, tcb, at) >> param[i].shift;

            if (param[i].bits < 64)
                value &= (1ul << param[i].bits) - 1;
            printf(param[i].bits > 64 ? "%#lx..." : "%#lx", value);
        }
    }
}

static inline enum sel4_sys sys_of(struct player *p, paddr tcb)
{
    word n = -kernel_registers(p->m.k, tcb)[REG_SYSTEM_CALL];

    return n < SEL4_SYSCALLS_MAX ? sel4_sys_of_number[mcs_of(p)][n]
                                 : SYS_UNKNOWN;
}

/* What is sent: a message, or a request for an object. */
static inline void tell_message(struct player *p, paddr tcb, word cptr)
{
    word info = kernel_registers(p->m.k, tcb)[REG_INFO];
    word label = info_label(info);
    word method = METHOD_INVALID;

    if (label < SEL4_LABEL_COUNT[mcs_of(p)])
        method = sel4_method_of_label[mcs_of(p)][label];
    if (method && !kernel_is_message(p->m.k, tcb, cptr)) {
        printf(" %s(", sel4_method_name[method]);
        tell_arguments(p, tcb, sel4_method_params[mcs_of(p)][method]);
        printf(")");
    } else {
        printf(" label %#lx", label);
    }
    printf(", %lu words, %lu caps", info_length(info), info_extra_caps(info));
}

static inline void tell_syscall(struct player *p, paddr tcb)
{
    const word *r = kernel_registers(p->m.k, tcb);
    enum sel4_sys sys = sys_of(p, tcb);

    printf("%s ", sel4_sys_name[sys]);
    tell_cap(p, tcb, r[REG_CAP]);
    switch ((int)sys) {
    case SYS_CALL:
    case SYS_SEND:
    case SYS_NB_SEND:
        tell_message(p, tcb, r[REG_CAP]);
        break;
    case SYS_NB_SEND_RECV:
    case SYS_NB_SEND_WAIT:
        printf(", to ");
        tell_cap(p, tcb, r[REG_DEST]);
        tell_message(p, tcb, r[REG_DEST]);
        break;
    default:
        break;
    }
    if (!mcs_of(p) || sys == SYS_CALL)
        return;
    printf(", reply ");
    tell_cap(p, tcb, r[REG_REPLY]);
}

/* Somebody is about to enter. */
static inline void tell_entry(struct player *p, paddr tcb,
                              const struct kernel_cause *cause)
{
    if (!p->tells)
        return;
    printf("%4lu %s: ", p->step, name_of(p, tcb));
    if (cause->kind == CAUSE_SYSCALL)
        tell_syscall(p, tcb);
    else
        printf("%s (number %u, address %#lx, code %#lx)",
               cause_names[cause->kind], cause->number, cause->address,
               cause->code);
    if (p->m.k->h.pending)
        printf(", pending %#x", p->m.k->h.pending);
    fflush(stdout);
}

/* ... and has; then somebody goes on. */
static inline void tell_result(struct player *p)
{
    if (!p->tells)
        return;
    if (p->m.k->h.error.error)
        printf(" = %s", sel4_error_name[p->m.k->h.error.error]);
    printf("; %s runs\n", name_of(p, p->m.k->h.current));
    fflush(stdout);
}

/* The host does something. */
#define TELL(p, ...)                                                           \
    do {                                                                       \
        if ((p)->tells) {                                                      \
            printf("%4lu ", (p)->step);                                        \
            printf(__VA_ARGS__);                                               \
            printf("\n");                                                      \
        }                                                                      \
    } while (0)

#endif
