/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sel4runtime for hosted programs. The C library has started the program; a
 * constructor, which it hands main()'s arguments too, keeps them.
 */
#include <sel4runtime.h>

#include <stdlib.h>
#include <string.h>

extern seL4_BootInfo *bootinfo;

static struct {
    int argc;
    char const *const *argv;
    char const *const *envp;
    sel4runtime_exit_cb *exit;
    sel4runtime_pre_exit_cb *pre_exit;
} runtime;

__attribute__((constructor)) static void runtime_init(int argc, char **argv,
                                                      char **envp)
{
    runtime.argc = argc;
    runtime.argv = (char const *const *)argv;
    runtime.envp = (char const *const *)envp;
}

seL4_BootInfo *sel4runtime_bootinfo(void)
{
    return bootinfo;
}

char const *sel4runtime_process_name(void)
{
    char const *name = runtime.argc > 0 ? runtime.argv[0] : "";
    char const *slash = strrchr(name, '/');

    return slash ? slash + 1 : name;
}

int sel4runtime_argc(void)
{
    return runtime.argc;
}

char const *const *sel4runtime_argv(void)
{
    return runtime.argv;
}

char const *const *sel4runtime_envp(void)
{
    return runtime.envp;
}

sel4runtime_exit_cb *sel4runtime_set_exit(sel4runtime_exit_cb *cb)
{
    sel4runtime_exit_cb *before = runtime.exit;

    runtime.exit = cb;
    return before;
}

sel4runtime_pre_exit_cb *sel4runtime_set_pre_exit(sel4runtime_pre_exit_cb *cb)
{
    sel4runtime_pre_exit_cb *before = runtime.pre_exit;

    runtime.pre_exit = cb;
    return before;
}

void sel4runtime_exit(int code)
{
    if (runtime.pre_exit)
        code = runtime.pre_exit(code);
    if (runtime.exit)
        runtime.exit(code);
    exit(code);
}
