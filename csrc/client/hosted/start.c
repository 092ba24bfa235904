/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Start-up of a hosted client: an ordinary Linux executable linked with our
 * libsel4. Before main() (a constructor) it shakes hands with the monitor over
 * the inherited socket, maps the image (direct gate), reserves address space
 * for frames, and waits until its first seL4 thread is scheduled: that is the
 * main thread.
 *
 * A service thread listens to the monitor. Each further seL4 thread becomes a
 * Linux thread by pthread_create(), so that libc, TLS, sanitizers and gdb know
 * it, and is then switched to the registers that it was given.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "client/hosted/hosted.h"
#include "client/valgrind.h"
#include "libsel4/include/sel4emu/client.h"

#define GATE_STACK (32ul << 10)
#define SIGNAL_STACK (64ul << 10)
#define GUARD 4096ul
#define STACKS_SIZE (2 * GUARD + GATE_STACK + SIGNAL_STACK)
#define STACKS_START 0x60000000ul
#define STACKS_END 0x7f000000ul
#define LINUX_STACK (256ul << 10)
#define IMAGE_HINT ((void *)0x590000000000ul)

__thread struct gate_thread gate_self;
struct gate_process gate_process;

/* libsel4's own */
extern __thread void *__sel4_ipc_buffer;
void seL4_InitBootInfo(void *bootinfo);

__attribute__((format(printf, 1, 2))) _Noreturn static void give_up(
    const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("sel4emu: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    _exit(126);
}

/* One message of the expected type, and its descriptors, or -1. */
static bool receive(void *message, uint32_t type, size_t size,
                    int fds[MESSAGE_DESCRIPTORS])
{
    char control[CMSG_SPACE(MESSAGE_DESCRIPTORS * sizeof(int))];
    struct iovec iov = { message, size };
    struct msghdr msg = { .msg_iov = &iov,
                          .msg_iovlen = 1,
                          .msg_control = control,
                          .msg_controllen = sizeof(control) };
    const struct message_header *header = message;
    struct cmsghdr *cmsg;
    ssize_t n;

    do
        n = recvmsg(gate_process.socket, &msg, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    for (int i = 0; i < MESSAGE_DESCRIPTORS; i++)
        fds[i] = -1;
    cmsg = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
    if (cmsg != NULL && cmsg->cmsg_type == SCM_RIGHTS)
        memcpy(fds, CMSG_DATA(cmsg), cmsg->cmsg_len - CMSG_LEN(0));
    return n == (ssize_t)size && header->type == type;
}

/* --- threads --------------------------------------------------------------- */

/*
 * Where the next stacks may go. They keep to themselves, below everything else:
 * gdb wants callers on higher addresses, and valgrind takes a small step of the
 * stack pointer for growth, even if it leads to another stack.
 */
static void *stacks_hint(void)
{
    static word taken;
    word n = __atomic_fetch_add(&taken, STACKS_SIZE, __ATOMIC_RELAXED);

    return (void *)(STACKS_START + n % (STACKS_END - STACKS_START));
}

/* The block's stacks: gate stack below, alternate signal stack above, a guard
 * page under each. */
static bool allocate_stacks(struct gate_thread *g)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    char *p = mmap(stacks_hint(), STACKS_SIZE, PROT_READ | PROT_WRITE,
                   flags | MAP_32BIT, -1, 0);

    if (p == MAP_FAILED)
        p = mmap(NULL, STACKS_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (p == MAP_FAILED)
        return false;
    mprotect(p, GUARD, PROT_NONE);
    mprotect(p + GUARD + GATE_STACK, GUARD, PROT_NONE);
    g->memory = p;
    g->stack = (word)(p + GUARD + GATE_STACK);
    g->valgrind =
        valgrind_ask(VALGRIND_STACK_REGISTER, (word)(p + GUARD), g->stack - 1);
    signal_stack(g, p + 2 * GUARD + GATE_STACK, SIGNAL_STACK);
    return true;
}

static void free_stacks(struct gate_thread *g)
{
    sigaltstack(&g->old_stack, NULL);
    valgrind_ask(VALGRIND_STACK_DEREGISTER, g->valgrind, 0);
    munmap(g->memory, STACKS_SIZE);
    g->memory = NULL;
}

static void tell_state(uint32_t type, uint32_t index, uint32_t tid)
{
    const struct message_thread_state message = { { type, sizeof(message) },
                                                  index,
                                                  tid };

    gate_tell(&message, sizeof(message));
}

/* Make the calling Linux thread the seL4 thread of a THREAD message. */
static void become(const struct message_thread *message, int socket)
{
    struct gate_thread *g = &gate_self;
    struct kernel *k = gate_process.kernel;
    uint32_t tid = (uint32_t)syscall(SYS_gettid);

    if (!allocate_stacks(g))
        give_up("no memory for the stacks of thread '%s'", message->name);
    g->index = message->index;
    g->tcb = message->tcb;
    g->socket = socket;
    g->fault_ip = k ? kernel_fault_ip(k, g->tcb) : &g->local_fault_ip;
    g->pending = k ? &k->h.pending : &g->kicked;
    g->in_gate = 1;
    __sel4_ipc_buffer = (void *)message->ipc_buffer;
    prctl(PR_SET_NAME, message->name);
    g->registers = k ? kernel_registers(k, g->tcb) : g->local;
    if (k)
        __atomic_store_n(&k->h.thread[g->index].tid, tid, __ATOMIC_SEQ_CST);
    tell_state(MESSAGE_THREAD_UP, g->index, tid);
}

struct thread_start {
    struct message_thread message;
    int socket;
};

static void *thread_main(void *argument)
{
    struct thread_start start = *(struct thread_start *)argument;
    sigset_t none;

    free(argument);
    become(&start.message, start.socket);
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    gate_launch();
    free_stacks(&gate_self);
    if (gate_self.socket >= 0)
        close(gate_self.socket);
    tell_state(MESSAGE_THREAD_DOWN, start.message.index, 0);
    return NULL;
}

static bool thread_create(const struct message_thread *message, int socket)
{
    struct thread_start *start = malloc(sizeof(*start));
    pthread_attr_t attributes;
    pthread_t thread;
    int error;

    if (start == NULL)
        return false;
    start->message = *message;
    start->socket = socket;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, LINUX_STACK);
    error = pthread_create(&thread, &attributes, thread_main, start);
    pthread_attr_destroy(&attributes);
    if (error != 0)
        free(start);
    return error == 0;
}

/* The service thread: makes threads; ends the process with the monitor. */
static void *serve(void *unused)
{
    struct message_thread message;
    int fds[MESSAGE_DESCRIPTORS];

    (void)unused;
    prctl(PR_SET_NAME, "sel4emu");
    while (receive(&message, MESSAGE_THREAD, sizeof(message), fds)) {
        message.name[sizeof(message.name) - 1] = '\0';
        if (!thread_create(&message, fds[0]))
            tell_state(MESSAGE_THREAD_UP, message.index, 0);
    }
    _exit(127);
}

static void start_service(void)
{
    pthread_attr_t attributes;
    sigset_t all, old;
    pthread_t thread;
    int error;

    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, LINUX_STACK);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    error = pthread_create(&thread, &attributes, serve, NULL);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attributes);
    if (error != 0)
        give_up("pthread_create: %s", strerror(error));
}

/* --- the process ----------------------------------------------------------- */

static int inherited_socket(void)
{
    const char *text = getenv(SEL4EMU_SOCKET_VARIABLE);
    char *end;
    long fd;

    if (text == NULL)
        give_up("this program is an seL4 client: start it from a script, by"
                " sel4emu.Machine.spawn()");
    fd = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || fcntl((int)fd, F_GETFD) < 0)
        give_up("%s=%s names no open descriptor", SEL4EMU_SOCKET_VARIABLE,
                text);
    unsetenv(SEL4EMU_SOCKET_VARIABLE);
    /* Else an exec would go unseen. */
    fcntl((int)fd, F_SETFD, FD_CLOEXEC);
    return (int)fd;
}

/* The child of a fork is no seL4 thread, and has no image. */
static void after_fork(void)
{
    gate_self.registers = NULL;
    close(gate_process.socket);
    close(gate_process.timer);
    gate_process.socket = gate_process.timer = -1;
}

static void map_image(void)
{
    void *p = mmap(IMAGE_HINT, gate_process.image_size, PROT_READ | PROT_WRITE,
                   MAP_SHARED, gate_process.image_fd, 0);

    if (p == MAP_FAILED)
        give_up("cannot map the machine's image: %s", strerror(errno));
    /* A forked child must not write to it. */
    madvise(p, gate_process.image_size, MADV_DONTFORK);
    gate_process.kernel = p;
}

static void shake_hands(void)
{
    const struct message_hello hello = { { MESSAGE_HELLO, sizeof(hello) },
                                         SEL4EMU_ABI_VERSION,
                                         (uint32_t)getpid() };
    struct message_welcome welcome;
    struct message_ready ready = { .header = { MESSAGE_READY, sizeof(ready) } };
    int fds[MESSAGE_DESCRIPTORS];

    gate_tell(&hello, sizeof(hello));
    if (!receive(&welcome, MESSAGE_WELCOME, sizeof(welcome), fds))
        _exit(127);
    gate_process.image_fd = fds[0];
    gate_process.timer = fds[1];
    gate_process.isolation = welcome.isolation;
    gate_process.index = welcome.process;
    gate_process.clock = welcome.clock;
    gate_process.image_size = welcome.image_size;
    if (welcome.isolation == ISOLATION_DIRECT)
        map_image();
    map_reserve();
    ready.window_count = gate_process.window_count;
    memcpy(ready.window, gate_process.window, sizeof(ready.window));
    gate_tell(&ready, sizeof(ready));
}

__attribute__((constructor(101))) void sel4emu_hosted_start(void)
{
    struct message_thread message;
    int fds[MESSAGE_DESCRIPTORS];

    gate_process.socket = inherited_socket();
    shake_hands();
    if (!receive(&message, MESSAGE_THREAD, sizeof(message), fds))
        _exit(127);
    signal_install();
    pthread_atfork(NULL, NULL, after_fork);
    start_service();
    become(&message, fds[0]);
    if (message.bootinfo != 0)
        seL4_InitBootInfo((void *)message.bootinfo);
    gate_first(&gate_self);
    gate_self.in_gate = 0;
    /* Enter again if a kick came meanwhile. */
    if (__atomic_load_n(gate_self.pending, __ATOMIC_SEQ_CST) != 0)
        raise(SIGURG);
}

/* --- <sel4emu/client.h> ---------------------------------------------------- */

/* SEL4EMU_CAPS: name=slot,name=slot... */
uint64_t sel4emu_cap(const char *name)
{
    const char *p = getenv("SEL4EMU_CAPS");
    size_t length = strlen(name);

    while (p != NULL && *p != '\0') {
        if (strncmp(p, name, length) == 0 && p[length] == '=')
            return strtoull(p + length + 1, NULL, 0);
        p = strchr(p, ',');
        p = p == NULL ? NULL : p + 1;
    }
    return 0;
}

int sel4emu_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    struct gate_thread *g = &gate_self;
    int result;

    if (g->registers == NULL)
        return poll(fds, count, timeout_ms);
    g->in_gate = 1;
    result = gate_poll(g, fds, count, timeout_ms);
    g->in_gate = 0;
    if (__atomic_load_n(g->pending, __ATOMIC_SEQ_CST) != 0)
        raise(SIGURG);
    if (result < 0) {
        errno = -result;
        result = -1;
    }
    return result;
}
