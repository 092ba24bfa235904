/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs in volume: plays one program after the other, until so many
 * invocations were made. How to use it is told by usage().
 *
 * The programs are played in a child process. If one breaks an invariant, or
 * dies of a sanitizer, or does not end, its steps are taken out one after the
 * other, in more child processes, as long as it goes on doing so; what is left
 * is told line by line.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/play.h"

#define STEPS_MAX 20000
#define ERRORS (SEL4_NOT_ENOUGH_MEMORY + 1)
#define SECONDS_FOR_ONE 5 /* a program that takes longer does not end */

struct options {
    word seed;
    word invocations; /* to make */
    word steps;       /* of a program */
    int mcs;          /* as in struct program */
    bool verbose;     /* tell of the methods */
    const char *file; /* play this program instead */
    const char *save; /* where the shortest failing program goes */
};

/* What a child process tells its parent, in shared memory. */
struct result {
    word seed;     /* that is being played */
    word programs; /* played to their ends */
    word invocations;
    word entries;
    word steps;
    word busy;
    word answers[METHOD_COUNT][ERRORS];
    word step; /* the last one that was played */
    char broken[256];
};

static struct result *result;
static uint8_t bytes[BLOCK * (STEPS_MAX + 1)]; /* of the program */

/* ---- one program ---- */

/* Of processor time. The signal that ends it is SIGPROF. */
static void limit_time(void)
{
    const struct itimerval limit = { .it_value = { SECONDS_FOR_ONE, 0 } };

    setitimer(ITIMER_PROF, &limit, NULL);
}

static bool play_one(const struct program *program)
{
    static struct player p;

    limit_time();
    play(&p, program);
    result->step = p.step;
    result->invocations += p.invocations;
    result->entries += p.entries;
    result->steps += p.step;
    result->busy += p.busy;
    for (int i = 0; i < METHOD_COUNT; i++)
        for (int e = 0; e < ERRORS; e++)
            result->answers[i][e] += p.answers[i][e];
    if (p.m.k->h.panicked)
        memcpy(result->broken, p.m.k->h.panic, sizeof result->broken);
    machine_free(&p.m);
    return result->broken[0] == '\0';
}

/* Run in a child process; false: it died. */
static bool in_child(void (*run)(void *), void *argument, bool quiet)
{
    int status;
    pid_t child;

    result->broken[0] = '\0';
    result->step = 0;
    fflush(stdout);
    child = fork();
    if (child == 0) {
        int null = quiet ? open("/dev/null", O_WRONLY) : -1;

        if (quiet) {
            dup2(null, 1);
            dup2(null, 2);
        }
        run(argument);
        fflush(stdout);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        perror("fork");
        exit(2);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    snprintf(result->broken, sizeof result->broken, "%s",
             WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF
                 ? "a program did not end"
                 : "a program died");
    return false;
}

static void play_argument(void *program)
{
    play_one(program);
}

/* ---- shrinking ---- */

/* Is this what was broken before? */
static bool still_fails(const struct program *program, const char *broken)
{
    in_child(play_argument, (void *)program, true);
    return strcmp(result->broken, broken) == 0;
}

/* Leave blocks [first, first + count) out. */
static void cut(uint8_t *to, const struct program *from, word first, word count)
{
    size_t at = BLOCK * first, n = BLOCK * count;

    memcpy(to, from->bytes, at);
    memcpy(to + at, from->bytes + at + n, from->size - at - n);
}

/* Leave out so many blocks of the program in `bytes`, wherever they are not
 * needed. True: it became shorter. */
static bool leave_out(struct program *program, word count, const char *broken)
{
    static uint8_t shorter[BLOCK * (STEPS_MAX + 1)];
    size_t before = program->size;
    word first = 1;

    while (first + count <= program->size / BLOCK) {
        struct program less = *program;

        cut(shorter, program, first, count);
        less.bytes = shorter;
        less.size = program->size - BLOCK * count;
        if (still_fails(&less, broken)) {
            memcpy(bytes, shorter, less.size);
            program->size = less.size;
        } else {
            first += count;
        }
    }
    return program->size < before;
}

static void shrink(struct program *program, const char *broken)
{
    word count = program->size / BLOCK / 2;

    for (; count > 1; count /= 2)
        leave_out(program, count, broken);
    while (leave_out(program, 1, broken))
        ;
}

static void save(const char *path, const struct program *program)
{
    FILE *f = fopen(path, "wb");

    if (!f || fwrite(program->bytes, 1, program->size, f) != program->size ||
        fclose(f) != 0)
        perror(path);
}

/* How a program fails, as briefly as possible. */
static void explain(const struct options *o, struct program program)
{
    char broken[sizeof result->broken];

    program.tells = false;
    in_child(play_argument, &program, true);
    memcpy(broken, result->broken, sizeof broken);
    /* What comes behind the violation does not matter. */
    if (result->step && BLOCK * (result->step + 1) < program.size)
        program.size = BLOCK * (result->step + 1);
    printf("%s, after %lu steps; looking for a shorter program\n", broken,
           program.size / BLOCK - 1);
    fflush(stdout);
    shrink(&program, broken);
    printf("%lu steps are enough:\n", program.size / BLOCK - 1);
    program.tells = true;
    in_child(play_argument, &program, false);
    if (o->save)
        save(o->save, &program);
}

/* ---- many ---- */

static struct program program_of(const struct options *o, word seed)
{
    struct program program = { .bytes = bytes,
                               .size = BLOCK * (o->steps + 1),
                               .mcs = o->mcs };

    bytes_of_seed(seed, bytes, program.size);
    return program;
}

static void play_many(void *argument)
{
    const struct options *o = argument;

    while (result->invocations < o->invocations) {
        struct program program = program_of(o, result->seed);

        if (!play_one(&program))
            return;
        result->seed++;
        result->programs++;
    }
}

static void tell_methods(void)
{
    printf("  of %lu steps, %lu began while a thread ran\n", result->steps,
           result->busy);
    for (int i = 1; i < METHOD_COUNT; i++) {
        printf("  %-28s", sel4_method_name[i]);
        for (int e = 0; e < ERRORS; e++)
            if (result->answers[i][e])
                printf(" %s %lu", sel4_error_name[e], result->answers[i][e]);
        printf("\n");
    }
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ... of the child processes, in seconds. */
static double processor_time(void)
{
    struct rusage u;

    getrusage(RUSAGE_CHILDREN, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static int volume(const struct options *o)
{
    double begin = now(), cpu;

    result->seed = o->seed;
    in_child(play_many, (void *)o, false);
    cpu = processor_time();
    if (o->verbose)
        tell_methods();
    printf("%s kernel: %lu invocations, %lu entries, %lu programs of %lu "
           "steps, seeds from %lu on; %.1f s, of processor time %.1f s: %.0f "
           "invocations/s\n",
           o->mcs < 0 ? "either"
           : o->mcs   ? "MCS"
                      : "classic",
           result->invocations, result->entries, result->programs, o->steps,
           o->seed, now() - begin, cpu, (double)result->invocations / cpu);
    if (!result->broken[0]) {
        printf("no violation\n");
        return 0;
    }
    printf("seed %lu: ", result->seed);
    explain(o, program_of(o, result->seed));
    return 1;
}

/* ---- a file ---- */

static int replay(const struct options *o)
{
    struct program program = { .bytes = bytes, .mcs = o->mcs, .tells = true };
    FILE *f = fopen(o->file, "rb");

    if (f)
        program.size = fread(bytes, 1, sizeof bytes, f);
    if (!f || fclose(f) != 0 || program.size < BLOCK) {
        fprintf(stderr, "%s is no program\n", o->file);
        return 2;
    }
    in_child(play_argument, &program, false);
    if (!result->broken[0])
        return 0;
    explain(o, program);
    return 1;
}

/* ---- options ---- */

static int usage(void)
{
    fprintf(
        stderr,
        "usage: fuzz_volume [OPTION...] [FILE]\n"
        "Plays random programs; or the one in FILE, and tells of it. If one\n"
        "fails, it tells of the shortest that fails so, and ends with 1.\n"
        "  -k KERNEL       classic, mcs, or either (the default)\n"
        "  -s SEED         of the first program (1)\n"
        "  -n INVOCATIONS  to make before it ends (100000)\n"
        "  -l STEPS        of a program (400)\n"
        "  -o FILE         where the shortest failing program goes\n"
        "  -v              tell how often each method was tried\n");
    return 2;
}

static int kernel_of(const char *name)
{
    static const char *const names[] = { "either", "classic", "mcs" };

    for (int i = 0; i < 3; i++)
        if (strcmp(name, names[i]) == 0)
            return i - 1;
    exit(usage());
}

static bool take_option(struct options *o, int option)
{
    switch (option) {
    case 'k':
        o->mcs = kernel_of(optarg);
        return true;
    case 's':
        o->seed = strtoul(optarg, NULL, 0);
        return true;
    case 'n':
        o->invocations = strtoul(optarg, NULL, 0);
        return true;
    case 'l':
        o->steps = strtoul(optarg, NULL, 0);
        return o->steps > 0 && o->steps <= STEPS_MAX;
    case 'o':
        o->save = optarg;
        return true;
    case 'v':
        o->verbose = true;
        return true;
    default:
        return false;
    }
}

int main(int argc, char **argv)
{
    struct options o = {
        .seed = 1, .invocations = 100000, .steps = 400, .mcs = -1
    };
    int option;

    while ((option = getopt(argc, argv, "k:s:n:l:o:v")) != -1)
        if (!take_option(&o, option))
            return usage();
    result = mmap(NULL, sizeof *result, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (result == MAP_FAILED) {
        perror("mmap");
        return 2;
    }
    o.file = argv[optind];
    return o.file ? replay(&o) : volume(&o);
}
