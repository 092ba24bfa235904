/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting a client: the service thread forks (vfork: the child shares our
 * memory until its exec, so it only makes system calls), and the child dies
 * with that thread (PR_SET_PDEATHSIG).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gate/lock.h"
#include "gate/sys.h"
#include "host/monitor.h"

#define FIRST_FREE_FD 10

struct child {
    const struct host_spawn *spawn;
    char **environment;
    int stdio[3];
    int socket;
    int cpu;
    pid_t parent;
    volatile int error;      /* errno, set by the child */
    volatile bool in_folder; /* ... by its chdir() */
};

/* Signals as a fresh program expects them: Python ignores SIGPIPE, say. */
static void child_signals(void)
{
    const struct sigaction fresh = { .sa_handler = SIG_DFL };
    sigset_t none;

    for (int i = 1; i < 65; i++) {
        if (i != SIGKILL && i != SIGSTOP && i != 32 && i != 33)
            sigaction(i, &fresh, NULL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static int child_descriptors(struct child *c)
{
    for (int i = 0; i < 3; i++) {
        if (c->stdio[i] >= 0 && dup2(c->stdio[i], i) < 0)
            return -1;
    }
    sys_call(SYS_close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC, 0, 0, 0);
    return fcntl(c->socket, F_SETFD, 0);
}

/* In the child. Returns on failure only. */
static void child_exec(struct child *c)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != c->parent)
        return;
    host_bind(c->cpu);
    child_signals();
    if (child_descriptors(c) != 0)
        return;
    if (c->spawn->cwd != NULL && chdir(c->spawn->cwd) != 0) {
        c->in_folder = true;
        return;
    }
    execve(c->spawn->path, c->spawn->argv, c->environment);
}

static pid_t fork_exec(struct child *c)
{
    pid_t pid = vfork();

    if (pid == 0) {
        child_exec(c);
        c->error = errno ? errno : ECHILD;
        _exit(127);
    }
    return pid;
}

/* The caller's environment and ours; NULL: no memory. The first string is to
 * be freed with the array. */
static char **make_environment(const struct host_spawn *spawn, int socket)
{
    char **environment, *own;
    size_t n = 0;

    while (spawn->envp[n] != NULL)
        n++;
    environment = calloc(n + 2, sizeof(char *));
    own = malloc(64);
    if (environment == NULL || own == NULL) {
        free(environment);
        free(own);
        return NULL;
    }
    snprintf(own, 64, "%s=%d", SEL4EMU_SOCKET_VARIABLE, socket);
    environment[0] = own;
    memcpy(environment + 1, spawn->envp, n * sizeof(char *));
    return environment;
}

/* Copies above 0..2, so that dup2() in the child cannot overwrite one. */
static int lift_descriptors(struct child *c)
{
    for (int i = 0; i < 3; i++)
        c->stdio[i] = -1;
    for (int i = 0; i < 3; i++) {
        if (c->spawn->stdio[i] < 0)
            continue;
        c->stdio[i] = fcntl(c->spawn->stdio[i], F_DUPFD_CLOEXEC, FIRST_FREE_FD);
        if (c->stdio[i] < 0)
            return -1;
    }
    return 0;
}

static int start_child(struct host_machine *m, struct spawn_request *request,
                       int client_socket)
{
    struct child child = { .spawn = request->spawn,
                           .socket = client_socket,
                           .cpu = m->cpu,
                           .parent = getpid() };
    int error = 0;

    child.environment = make_environment(request->spawn, client_socket);
    if (child.environment == NULL)
        return ENOMEM;
    if (lift_descriptors(&child) != 0) {
        error = errno;
    } else {
        pid_t pid = fork_exec(&child);

        if (pid < 0) {
            error = errno;
        } else if (child.error != 0) {
            error = child.error;
            request->in_folder = child.in_folder;
            while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
        } else {
            request->process->pid = pid;
        }
    }
    for (int i = 0; i < 3; i++) {
        if (child.stdio[i] >= 0)
            close(child.stdio[i]);
    }
    free(child.environment[0]);
    free(child.environment);
    return error;
}

void spawn_start(struct host_machine *m, struct spawn_request *request)
{
    struct host_process *p = request->process;
    const int on = 1;
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        request->error = errno;
        return;
    }
    /* Who greets is what Linux says, not what the message does. Set before
     * anybody can send: senders are noted when they do. */
    setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
    p->socket = fcntl(pair[0], F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    request->client_socket = fcntl(pair[1], F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    close(pair[0]);
    close(pair[1]);
    if (p->socket < 0 || request->client_socket < 0)
        request->error = errno;
    else
        request->error = start_child(m, request, request->client_socket);
    if (request->client_socket >= 0)
        close(request->client_socket);
    if (request->error != 0)
        return;
    p->pidfd = (int)sys_call(SYS_pidfd_open, p->pid, 0, 0, 0, 0, 0);
    fcntl(p->socket, F_SETFL, O_NONBLOCK);
    if (p->pidfd < 0 ||
        monitor_watch(m, p->socket, WATCH_PROCESS, p->index) != 0 ||
        monitor_watch(m, p->pidfd, WATCH_PIDFD, p->index) != 0) {
        request->error = p->pidfd < 0 ? -p->pidfd : errno;
        kill(p->pid, SIGKILL);
        while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
            ;
        /* Here, where no event of theirs can be under way. */
        close(p->socket);
        if (p->pidfd >= 0)
            close(p->pidfd);
        p->socket = p->pidfd = -1;
    }
}
