/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux's own calls from a client: stdin to stdout, stderr, a file (argv[1]),
 * time and sleep, a Linux thread, a child process. Exit status: 0, or the
 * number of the step that failed.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sel4/sel4.h>
#include <sel4emu/client.h>

static seL4_CPtr endpoint;
static seL4_Word number;

/* An seL4 call between the steps: they must not disturb each other. */
static void step(int which)
{
    seL4_SetMR(0, number);
    seL4_Call(endpoint, seL4_MessageInfo_new(0, 0, 0, 1));
    if (seL4_GetMR(0) != ++number)
        exit(which);
}

static int use_file(const char *path)
{
    char line[32] = "";
    FILE *file = fopen(path, "w+");

    if (file == NULL)
        return 0;
    fputs("written by a client\n", file);
    rewind(file);
    if (fgets(line, sizeof(line), file) == NULL)
        line[0] = 0;
    return fclose(file) == 0 && strcmp(line, "written by a client\n") == 0;
}

static int sleeps(void)
{
    const struct timespec time = { 0, 50000000 };
    struct timespec from, to;

    clock_gettime(CLOCK_MONOTONIC, &from);
    if (nanosleep(&time, NULL) != 0)
        return 0;
    clock_gettime(CLOCK_MONOTONIC, &to);
    return (to.tv_sec - from.tv_sec) * 1000000000L + to.tv_nsec -
               from.tv_nsec >=
           50000000;
}

static void *linux_thread(void *argument)
{
    *(int *)argument = 42;
    return NULL;
}

static int has_threads(void)
{
    pthread_t thread;
    int value = 0;

    return pthread_create(&thread, NULL, linux_thread, &value) == 0 &&
           pthread_join(thread, NULL) == 0 && value == 42;
}

static int has_children(void)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0)
        _exit(7);
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 7;
}

int main(int argc, char **argv)
{
    char word[32] = "";

    endpoint = sel4emu_cap("ep");
    step(1);
    if (scanf("%31s", word) != 1)
        return 2;
    printf("out: %s\n", word);
    fflush(stdout);
    fprintf(stderr, "err: %s\n", word);
    step(3);
    if (argc < 2 || !use_file(argv[1]))
        return 4;
    step(5);
    if (!sleeps())
        return 6;
    step(7);
    if (!has_threads())
        return 8;
    step(9);
    if (!has_children())
        return 10;
    step(11);
    return 0;
}
