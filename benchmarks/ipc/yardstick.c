/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Linux itself takes for a round trip between two processes on one CPU:
 * over a pair of SEQPACKET sockets, 32 bytes each way ("socket"), and by two
 * words of shared memory that are waited for with futexes ("futex").
 */
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

static void check(int good, const char *what)
{
    if (!good) {
        perror(what);
        exit(1);
    }
}

static void pin_to_one_cpu(void)
{
    cpu_set_t set;
    int cpu = sched_getcpu();

    CPU_ZERO(&set);
    CPU_SET(cpu < 0 ? 0 : cpu, &set);
    check(sched_setaffinity(0, sizeof(set), &set) == 0, "sched_setaffinity");
}

static void socket_round_trip(void *argument)
{
    int fd = *(int *)argument;
    uint64_t words[4] = { 1, 2, 3, 4 };

    check(send(fd, words, sizeof(words), 0) == sizeof(words), "send");
    check(recv(fd, words, sizeof(words), 0) == sizeof(words), "recv");
}

static void socket_echo(int fd)
{
    uint64_t words[4];

    while (recv(fd, words, sizeof(words), 0) == sizeof(words))
        send(fd, words, sizeof(words), MSG_NOSIGNAL);
}

/* A word that one side fills and the other empties. */
static void give(uint32_t *word)
{
    __atomic_store_n(word, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void take(uint32_t *word)
{
    while (__atomic_load_n(word, __ATOMIC_SEQ_CST) == 0)
        syscall(SYS_futex, word, FUTEX_WAIT, 0, NULL, NULL, 0);
    __atomic_store_n(word, 0, __ATOMIC_SEQ_CST);
}

static void futex_round_trip(void *argument)
{
    uint32_t *words = argument;

    give(&words[0]);
    take(&words[1]);
}

static void futex_echo(uint32_t *words)
{
    for (;;) {
        take(&words[0]);
        give(&words[1]);
    }
}

int main(int argc, char **argv)
{
    struct measurement m = measurement_from(argc, argv);
    uint32_t *words = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int pair[2], is_socket = strcmp(m.name, "socket") == 0;
    pid_t child;

    check(words != MAP_FAILED, "mmap");
    check(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0, "socketpair");
    pin_to_one_cpu();
    child = fork();
    check(child >= 0, "fork");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (is_socket)
            socket_echo(pair[1]);
        else
            futex_echo(words);
        _exit(0);
    }
    if (is_socket)
        measure(&m, socket_round_trip, &pair[0]);
    else
        measure(&m, futex_round_trip, words);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return 0;
}
