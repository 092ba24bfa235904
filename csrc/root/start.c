/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A root task's life around main(): TLS and IPC buffer of its first thread,
 * constructors; afterwards destructors, and then the thread stops for good.
 * Nothing is printed, and nobody is told an exit code: seL4 has nobody to tell
 * it to.
 */
#include <stddef.h>

#include <sel4runtime.h>

#define TLS_BYTES 16384

typedef void function(void);

/* By the linker. */
extern function *const __preinit_array_start[], *const __preinit_array_end[];
extern function *const __init_array_start[], *const __init_array_end[];
extern function *const __fini_array_start[], *const __fini_array_end[];
extern const char root_note[] __attribute__((visibility("hidden")));

int main(int argc, char **argv, char **envp);
_Noreturn void root_start(seL4_BootInfo *info);

extern seL4_BootInfo *bootinfo;

static char name[] = "rootserver";
static char *arguments[] = { name, NULL, NULL };
static char tls[TLS_BYTES] __attribute__((aligned(64)));
static sel4runtime_exit_cb *exit_callback;
static sel4runtime_pre_exit_cb *pre_exit_callback;

_Noreturn static void stop(void)
{
    for (;;)
        seL4_TCB_Suspend(seL4_CapInitThreadTCB);
}

_Noreturn void root_start(seL4_BootInfo *info)
{
    /* Linked because of this, so that the image can be told from others. */
    __asm__ volatile("" : : "r"(root_note));
    if (sel4runtime_get_tls_size() > sizeof(tls))
        __builtin_trap();
    seL4_SetTLSBase(sel4runtime_write_tls_image(tls));
    seL4_SetIPCBuffer(info->ipcBuffer);
    bootinfo = info;
    for (function *const *f = __preinit_array_start; f < __preinit_array_end;
         f++)
        (*f)();
    for (function *const *f = __init_array_start; f < __init_array_end; f++)
        (*f)();
    sel4runtime_exit(main(1, arguments, arguments + 1));
    stop();
}

void sel4runtime_exit(int code)
{
    if (pre_exit_callback)
        code = pre_exit_callback(code);
    for (function *const *f = __fini_array_end; f > __fini_array_start; f--)
        f[-1]();
    if (exit_callback)
        exit_callback(code);
    stop();
}

sel4runtime_exit_cb *sel4runtime_set_exit(sel4runtime_exit_cb *cb)
{
    sel4runtime_exit_cb *before = exit_callback;

    exit_callback = cb;
    return before;
}

sel4runtime_pre_exit_cb *sel4runtime_set_pre_exit(sel4runtime_pre_exit_cb *cb)
{
    sel4runtime_pre_exit_cb *before = pre_exit_callback;

    pre_exit_callback = cb;
    return before;
}

seL4_BootInfo *sel4runtime_bootinfo(void)
{
    return bootinfo;
}

char const *sel4runtime_process_name(void)
{
    return name;
}

int sel4runtime_argc(void)
{
    return 1;
}

char const *const *sel4runtime_argv(void)
{
    return (char const *const *)arguments;
}

char const *const *sel4runtime_envp(void)
{
    return (char const *const *)arguments + 1;
}
