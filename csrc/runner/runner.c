/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runner: the process of a VSpace that seL4 calls alone have made. It has
 * nothing but itself, all of it in PML4 slot 255: its text, the image (direct
 * gate), its threads' signal stacks and what Linux put there. Everything else
 * of the address space belongs to the emulated program.
 *
 * The group leader is the service thread: it talks to the monitor and makes a
 * Linux thread for each seL4 thread. Those enter the kernel by signals only:
 * SIGSYS for `syscall` (syscall user dispatch: any outside of the runner's own
 * text), faults, and the kick. A thread's block lies at the bottom of its
 * stack area, so that no register of the program's is needed to find it.
 *
 * No libc: everything here is compiled freestanding.
 */
#include <asm/prctl.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <ucontext.h>

#include "client/block.h"
#include "gate/sys.h"

#define SLOT_255 0x7f8000000000ul
#define FIRST_ADDRESS 0x1000ul
#define IMAGE_BASE 0x7fd000000000ul
#define STACK_BASE 0x7fb000000000ul
#define AREA (128ul << 10) /* block, guard page, signal stack; its alignment */
#define GUARD 4096ul
#define AUTODISARM (1u << 31)
#define KERNEL_MASK_BYTES 8
#define VECTOR_OVERFLOW 4    /* of `int $4` in 64-bit code */
#define VECTOR_PROTECTION 13 /* general protection fault */
#define VECTOR_TRAP 0x9e     /* from here on: see software_interrupt() */
#define VECTOR_NOTHING 0xff
#define LENGTH_INT 2     /* of `int n` */
#define CODE_INTERRUPT 2 /* of a protection fault: the IDT refuses */

struct kernel_sigaction {
    void (*handler)(int, siginfo_t *, void *);
    unsigned long flags;
    void (*restorer)(void);
    unsigned long mask;
};

/* All of one piece: no detour through a global offset table. */
#pragma GCC visibility push(hidden)
extern char __executable_start[], etext[];
void runner_restore(void);
long runner_clone(word flags, void *stack, void (*run)(void *), void *arg);
_Noreturn void runner_exit(void *memory, word size);
_Noreturn void runner_main(word *stack);
#pragma GCC visibility pop

struct gate_process gate_process;

/* A thread's area, from its start. */
struct area {
    struct gate_thread block;
    struct message_thread message;
    uint32_t started;
};

static struct area *area_here(void)
{
    return (struct area *)((word)__builtin_frame_address(0) & ~(AREA - 1));
}

/* --- signals ---------------------------------------------------------------- */

/* The TLS bases are no part of a signal frame. */
static void load_bases(const struct gate_thread *g)
{
    static const int codes[] = { ARCH_SET_FS, ARCH_SET_GS };
    static const int gets[] = { ARCH_GET_FS, ARCH_GET_GS };

    for (int i = 0; i < 2; i++) {
        word want = g->registers[REG_FS_BASE + i], have = 0;

        sys_call(SYS_arch_prctl, gets[i], &have, 0, 0, 0, 0);
        if (have != want)
            sys_call(SYS_arch_prctl, codes[i], want, 0, 0, 0, 0);
    }
}

/*
 * Is the instruction at ip rdtsc or rdtscp? Its length, or 0. It was executed,
 * so it can be read: the second byte of one that begins with 0f, and the third
 * of one that begins with 0f 01.
 */
static uint32_t reads_counter(word ip)
{
    const uint8_t *code = (const uint8_t *)ip;

    if (!map_in_window(ip) || code[0] != 0x0f)
        return 0;
    if (code[1] == 0x31)
        return 2;
    return code[1] == 0x01 && code[2] == 0xf9 ? 3 : 0;
}

/*
 * An `int n` instruction. The kernel lets programs have vectors from
 * VECTOR_TRAP on, and takes them for system calls; the last one does nothing.
 * Others are protection faults, even if Linux offers them to its programs.
 */
static struct kernel_cause software_interrupt(unsigned vector, word ip,
                                              void *context)
{
    struct kernel_cause cause = { .kind = CAUSE_EXCEPTION, .number = vector };

    if (vector >= VECTOR_TRAP) {
        frame_set_ip(context, ip + LENGTH_INT);
    } else {
        frame_set_ip(context, ip);
        cause.number = VECTOR_PROTECTION;
        /* Processors multiply by 8, but QEMU, whose PC this is, by 16. */
        cause.code = 16 * vector + CODE_INTERRUPT;
    }
    if (vector == VECTOR_NOTHING)
        cause.kind = CAUSE_NONE;
    return cause;
}

/* What a signal says of the cause. */
static struct kernel_cause cause_of(int signal, const siginfo_t *info,
                                    void *context)
{
    struct kernel_cause cause =
        frame_cause(signal, (word)info->si_addr, context);
    uint32_t length;

    word ip = frame_ip(context);

    if (signal == SIGSYS && info->si_arch == AUDIT_ARCH_I386)
        return software_interrupt(0x80, ip - LENGTH_INT, context);
    if (signal == SIGSYS)
        cause.kind = CAUSE_SYSCALL;
    if (cause.kind != CAUSE_EXCEPTION)
        return cause;
    if (cause.number == VECTOR_OVERFLOW)
        return software_interrupt(VECTOR_OVERFLOW, ip - LENGTH_INT, context);
    if (cause.number == VECTOR_PROTECTION && cause.code & CODE_INTERRUPT)
        return software_interrupt((unsigned)cause.code >> 3, ip, context);
    if (gate_process.clock != CLOCK_VIRTUAL ||
        cause.number != VECTOR_PROTECTION)
        return cause;
    length = reads_counter(ip);
    if (length != 0)
        cause = (struct kernel_cause){ .kind = CAUSE_TSC, .number = length };
    return cause;
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
    struct area *area = area_here();
    struct gate_thread *g = &area->block;
    struct kernel_cause cause;

    if (g->in_gate) {
        if (signal != SIGURG)
            gate_panic(g, "a fault inside the kernel core");
        g->kicked = 1;
        return;
    }
    if (!area->started) {
        area->started = 1;
        g->in_gate = 1;
        gate_first(g);
        frame_leave(g, context);
    } else {
        cause = cause_of(signal, info, context);
        if (cause.kind == CAUSE_NONE)
            return;
        frame_enter(g, context, &cause);
    }
    load_bases(g);
}

static void install(int signal)
{
    const struct kernel_sigaction action = { on_signal,
                                             SA_SIGINFO | SA_ONSTACK |
                                                 0x04000000 /* SA_RESTORER */,
                                             runner_restore, ~0ul };

    sys_call(SYS_rt_sigaction, signal, &action, 0, KERNEL_MASK_BYTES, 0, 0);
}

/* --- threads ---------------------------------------------------------------- */

_Noreturn void gate_end(struct gate_thread *g)
{
    struct area *area = (struct area *)g;
    const struct message_thread_state down = {
        { MESSAGE_THREAD_DOWN, sizeof(down) }, g->index, 0
    };

    if (g->socket >= 0)
        sys_call(SYS_close, g->socket, 0, 0, 0, 0, 0);
    gate_tell(&down, sizeof(down));
    runner_exit(area, AREA);
}

static void run_thread(void *argument)
{
    struct area *area = argument;
    struct gate_thread *g = &area->block;
    uint32_t tid = (uint32_t)sys_call(SYS_gettid, 0, 0, 0, 0, 0, 0);
    const stack_t stack = { .ss_sp = (char *)area + GUARD * 2,
                            .ss_flags = (int)AUTODISARM,
                            .ss_size = AREA - GUARD * 2 };
    const struct message_thread_state up = { { MESSAGE_THREAD_UP, sizeof(up) },
                                             g->index,
                                             tid };
    const word none = 0;

    sys_call(SYS_sigaltstack, &stack, 0, 0, 0, 0, 0);
    sys_call(SYS_prctl, PR_SET_NAME, area->message.name, 0, 0, 0, 0);
    sys_call(SYS_prctl, PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON,
             __executable_start, etext - __executable_start, 0, 0);
    if (gate_process.clock == CLOCK_VIRTUAL)
        sys_call(SYS_prctl, PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0, 0);
    if (gate_process.kernel)
        __atomic_store_n(&gate_process.kernel->h.thread[g->index].tid, tid,
                         __ATOMIC_SEQ_CST);
    gate_tell(&up, sizeof(up));
    /* The handler takes it from here; it does not come back. A kick that comes
     * before is another signal, a later one: it is not lost. */
    sys_tgkill((uint32_t)sys_call(SYS_getpid, 0, 0, 0, 0, 0, 0), tid, SIGILL);
    sys_call(SYS_rt_sigprocmask, SIG_SETMASK, &none, 0, KERNEL_MASK_BYTES, 0,
             0);
    gate_die();
}

/* An aligned area with a guard page below the stack; NULL: no memory. */
static struct area *make_area(void)
{
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    long p = sys_call(SYS_mmap, STACK_BASE, 2 * AREA, PROT_READ | PROT_WRITE,
                      flags, -1, 0);
    word start = ((word)p + AREA - 1) & ~(AREA - 1), end = (word)p + 2 * AREA;

    if (p < 0)
        return NULL;
    if (start > (word)p)
        sys_call(SYS_munmap, p, start - (word)p, 0, 0, 0, 0);
    if (end > start + AREA)
        sys_call(SYS_munmap, start + AREA, end - start - AREA, 0, 0, 0, 0);
    sys_call(SYS_mprotect, start + GUARD, GUARD, PROT_NONE, 0, 0, 0);
    return (struct area *)start;
}

static bool make_thread(const struct message_thread *message, int socket)
{
    const word flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
                       CLONE_THREAD | CLONE_SYSVSEM;
    struct kernel *k = gate_process.kernel;
    struct area *area = make_area();
    struct gate_thread *g = &area->block;

    if (area == NULL)
        return false;
    area->message = *message;
    g->index = message->index;
    g->tcb = message->tcb;
    g->socket = socket;
    g->registers = k ? kernel_registers(k, g->tcb) : g->local;
    g->fault_ip = k ? kernel_fault_ip(k, g->tcb) : &g->local_fault_ip;
    g->pending = k ? &k->h.pending : &g->kicked;
    if (runner_clone(flags, (char *)area + AREA - 64, run_thread, area) < 0) {
        sys_call(SYS_munmap, area, AREA, 0, 0, 0, 0);
        return false;
    }
    return true;
}

/* --- the process ------------------------------------------------------------ */

/* One message of the expected type, and its descriptors, or -1. */
static bool receive(void *message, uint32_t type, size_t size,
                    int fds[MESSAGE_DESCRIPTORS])
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(MESSAGE_DESCRIPTORS * sizeof(int))];
    } control;
    struct iovec iov = { message, size };
    struct msghdr msg = { .msg_iov = &iov,
                          .msg_iovlen = 1,
                          .msg_control = &control,
                          .msg_controllen = sizeof(control) };
    long n;

    do
        n = sys_call(SYS_recvmsg, gate_process.socket, &msg, MSG_CMSG_CLOEXEC,
                     0, 0, 0);
    while (n == -4 /* EINTR */);
    for (int i = 0; i < MESSAGE_DESCRIPTORS; i++)
        fds[i] = -1;
    if (n > 0 && msg.msg_controllen >= sizeof(control.header) &&
        control.header.cmsg_type == SCM_RIGHTS)
        memcpy(fds, CMSG_DATA(&control.header),
               control.header.cmsg_len - CMSG_LEN(0));
    return n == (long)size && *(const uint32_t *)message == type;
}

static int inherited_socket(word *stack)
{
    static const char name[] = SEL4EMU_SOCKET_VARIABLE "=";
    char **environment = (char **)(stack + 1 + stack[0] + 1);

    for (; *environment != NULL; environment++) {
        const char *p = *environment;
        int fd = 0;

        if (memcmp(p, name, sizeof(name) - 1) != 0)
            continue;
        for (p += sizeof(name) - 1; *p >= '0' && *p <= '9'; p++)
            fd = 10 * fd + *p - '0';
        return fd;
    }
    gate_die();
}

static void shake_hands(void)
{
    const struct message_hello hello = { { MESSAGE_HELLO, sizeof(hello) },
                                         SEL4EMU_ABI_VERSION,
                                         (uint32_t)sys_call(SYS_getpid, 0, 0, 0,
                                                            0, 0, 0) };
    struct message_ready ready = {
        .header = { MESSAGE_READY, sizeof(ready) },
        .window_count = 1,
        .window = { { FIRST_ADDRESS, SLOT_255 } },
    };
    struct message_welcome welcome;
    int fds[MESSAGE_DESCRIPTORS];
    long image;

    gate_tell(&hello, sizeof(hello));
    if (!receive(&welcome, MESSAGE_WELCOME, sizeof(welcome), fds))
        gate_die();
    gate_process.image_fd = fds[0];
    gate_process.timer = fds[1];
    gate_process.isolation = welcome.isolation;
    gate_process.index = welcome.process;
    gate_process.clock = welcome.clock;
    gate_process.image_size = welcome.image_size;
    gate_process.window_count = ready.window_count;
    gate_process.window[0] = ready.window[0];
    gate_process.bare = 1;
    if (welcome.isolation == ISOLATION_DIRECT) {
        image =
            sys_call(SYS_mmap, IMAGE_BASE, welcome.image_size,
                     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE,
                     gate_process.image_fd, 0);
        if (image != (long)IMAGE_BASE)
            gate_die();
        gate_process.kernel = (struct kernel *)image;
    }
    gate_tell(&ready, sizeof(ready));
}

_Noreturn void runner_main(word *stack)
{
    static const int signals[] = { SIGSYS, SIGURG, SIGSEGV, SIGBUS,
                                   SIGILL, SIGFPE, SIGTRAP };
    const word all = ~0ul;
    struct message_thread message;
    int fds[MESSAGE_DESCRIPTORS];

    gate_process.socket = inherited_socket(stack);
    sys_call(SYS_fcntl, gate_process.socket, F_SETFD, FD_CLOEXEC, 0, 0, 0);
    for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        install(signals[i]);
    sys_call(SYS_rt_sigprocmask, SIG_SETMASK, &all, 0, KERNEL_MASK_BYTES, 0, 0);
    shake_hands();
    while (receive(&message, MESSAGE_THREAD, sizeof(message), fds)) {
        const struct message_thread_state failed = {
            { MESSAGE_THREAD_UP, sizeof(failed) }, message.index, 0
        };

        if (!make_thread(&message, fds[0]))
            gate_tell(&failed, sizeof(failed));
    }
    gate_die();
}
