/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bare processes: a VSpace that seL4 calls alone have made gets its Linux
 * process, the runner, when one of its threads is scheduled for the first
 * time, and loses it when the VSpace is deleted.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/monitor.h"

void bare_want(struct host_machine *m, paddr vspace)
{
    for (uint32_t i = 0; i < m->wanted_count; i++) {
        if (m->wanted[i] == vspace)
            return;
    }
    if (m->wanted_count < BARE_WANTED)
        m->wanted[m->wanted_count++] = vspace;
}

/* Is there a process for this VSpace, perhaps one that is still starting? */
static bool has_process(struct host_machine *m, paddr vspace)
{
    const struct image_process *process = m->k->h.process;

    for (uint32_t i = 1; i < IMAGE_PROCESSES; i++) {
        if (m->process[i] != NULL && process[i].vspace == vspace &&
            !(process[i].flags & PROCESS_DEAD))
            return true;
    }
    return false;
}

static void start(struct host_machine *m, paddr vspace)
{
    char *argv[] = { m->runner, NULL }, *envp[] = { NULL };
    const struct host_spawn spawn = {
        .path = m->runner, .argv = argv, .envp = envp, .stdio = { -1, -1, -1 }
    };
    struct spawn_request request = { .spawn = &spawn, .client_socket = -1 };
    struct host_error error;
    char text[256];

    request.process = process_allocate(m, "vspace", vspace, 0, &error);
    if (request.process == NULL) {
        kernel_panic(m->k, error.text);
        return;
    }
    spawn_start(m, &request);
    pthread_mutex_lock(&m->mutex);
    if (request.error == 0) {
        m->live++;
    } else {
        snprintf(text, sizeof(text), "cannot start %s: %s", m->runner,
                 strerror(request.error));
        process_forget(m, request.process);
        kernel_panic(m->k, text);
    }
    pthread_mutex_unlock(&m->mutex);
}

void bare_start(struct host_machine *m)
{
    for (uint32_t i = 0; i < m->wanted_count; i++) {
        if (!m->k->h.panicked && !m->closing && !has_process(m, m->wanted[i]))
            start(m, m->wanted[i]);
    }
    m->wanted_count = 0;
}

void bare_retire(struct host_machine *m)
{
    for (uint32_t i = 1; i < IMAGE_PROCESSES; i++) {
        struct host_process *p = m->process[i];

        if (p != NULL && p->state >= PROCESS_READY && p->pidfd >= 0 &&
            m->k->h.process[i].vspace == 0)
            process_break(m, p, "its VSpace was deleted");
    }
}
