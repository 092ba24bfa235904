/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the programs of this folder have in common. Each is a root task that
 * prints, line by line, what it asks the kernel and what it gets: the same
 * program runs on the real kernel and on the emulator, and what they print has
 * to be the same.
 *
 * Nothing is printed that a kernel may choose: no physical addresses, no
 * times, no message words beyond the length of an answer. Every line begins
 * with "| ", which tells it from what kernels themselves print.
 */
#ifndef TRANSCRIPT_H
#define TRANSCRIPT_H

#include <stdarg.h>
#include <stddef.h>

#include <sel4/sel4.h>
#include <sel4runtime.h>

#define ROOT seL4_CapInitThreadCNode
#define SELF seL4_CapInitThreadTCB
#define VSPACE seL4_CapInitThreadVSpace
#define PAGE 4096ul

/*
 * What one thread writes and another reads: compilers see neither the other
 * thread nor that a system call lets it run.
 */
#define SHARED static volatile

/* Slots from here on are free on every kernel that boots as usual. */
#define FREE 1024ul

/*
 * The real kernel loads every program header, that of thread-local storage
 * too, and so clears what follows the place where .tbss seems to be: this.
 */
__attribute__((section(".data.rel.ro"), used)) static char tbss_room[64];

/* --- printing --------------------------------------------------------------- */

static void put_text(const char *text)
{
    while (*text)
        seL4_DebugPutChar(*text++);
}

static void put_number(seL4_Word n, unsigned base)
{
    char digits[24];
    char *p = digits + sizeof digits;

    *--p = '\0';
    do {
        *--p = "0123456789abcdef"[n % base];
        n /= base;
    } while (n);
    put_text(p);
}

/* %s text, %d signed int, %u word, %x word as 0x..., %c character. */
static void put_list(const char *format, va_list list)
{
    for (; *format; format++) {
        int d;

        if (*format != '%') {
            seL4_DebugPutChar(*format);
            continue;
        }
        switch (*++format) {
        case 's':
            put_text(va_arg(list, const char *));
            break;
        case 'd':
            d = va_arg(list, int);
            if (d < 0)
                seL4_DebugPutChar('-');
            put_number((seL4_Word)(d < 0 ? -d : d), 10);
            break;
        case 'u':
            put_number(va_arg(list, seL4_Word), 10);
            break;
        case 'x':
            put_text("0x");
            put_number(va_arg(list, seL4_Word), 16);
            break;
        case 'c':
            seL4_DebugPutChar((char)va_arg(list, int));
            break;
        }
    }
}

/* A piece of a line. */
__attribute__((unused)) static void put(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    put_list(format, list);
    va_end(list);
}

/* A whole line. */
__attribute__((unused)) static void say(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    put_text("| ");
    put_list(format, list);
    put_text("\n");
    va_end(list);
}

/* Assertions of libsel4 end here. */
void __assert_fail(const char *text, const char *file, int line,
                   const char *function);
void __assert_fail(const char *text, const char *file, int line,
                   const char *function)
{
    (void)file;
    (void)line;
    say("assertion failed in %s: %s", function, text);
    __builtin_trap();
}

__attribute__((unused)) static const char *error_name(seL4_Word label)
{
    static const char *const names[] = {
        "ok",
        "InvalidArgument",
        "InvalidCapability",
        "IllegalOperation",
        "RangeError",
        "AlignmentError",
        "FailedLookup",
        "TruncatedMessage",
        "DeleteFirst",
        "RevokeFirst",
        "NotEnoughMemory",
    };

    return label < sizeof names / sizeof names[0] ? names[label] : "?";
}

/* The words that a message's length covers. */
static void put_words(seL4_Word length)
{
    if (length == 0)
        return;
    put_text(" [");
    for (seL4_Word i = 0; i < length; i++)
        put(i ? " %x" : "%x", seL4_GetMR((int)i));
    put_text("]");
}

/* --- invocations ------------------------------------------------------------ */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
/* Lists that may be empty: the first word is there for the compiler. */
#define LIST(...) ((const seL4_Word[]){ 0, ##__VA_ARGS__ })
#define CAPS(...) LIST(__VA_ARGS__), COUNT(LIST(__VA_ARGS__)) - 1
#define NONE CAPS()

struct words {
    const seL4_Word *first;
    size_t count;
};

__attribute__((unused)) static seL4_MessageInfo_t invoke_quietly(
    seL4_CPtr cap, seL4_Word label, struct words caps, struct words words)
{
    for (size_t i = 0; i < caps.count; i++)
        seL4_SetCap((int)i, caps.first[i]);
    for (size_t i = 0; i < words.count; i++)
        seL4_SetMR((int)i, words.first[i]);
    return seL4_Call(cap,
                     seL4_MessageInfo_new(label, 0, caps.count, words.count));
}

__attribute__((unused)) static seL4_Word invoke_list(const char *text,
                                                     seL4_CPtr cap,
                                                     seL4_Word label,
                                                     struct words caps,
                                                     struct words words)
{
    seL4_MessageInfo_t info = invoke_quietly(cap, label, caps, words);
    seL4_Word error = seL4_MessageInfo_get_label(info);

    put("| %s -> %s", text, error_name(error));
    put_words(seL4_MessageInfo_get_length(info));
    if (seL4_MessageInfo_get_extraCaps(info) ||
        seL4_MessageInfo_get_capsUnwrapped(info))
        put(" caps %u unwrapped %x", seL4_MessageInfo_get_extraCaps(info),
            seL4_MessageInfo_get_capsUnwrapped(info));
    put("\n");
    return error;
}

#define LIST_WORDS(list, number) ((struct words){ (list) + 1, number })
#define LIST_OF(...) LIST_WORDS(__VA_ARGS__)

/*
 * Invoke a method by its label, with the capabilities and the message words of
 * the real stubs: INVOKE(ut, UntypedRetype, CAPS(ROOT), type, ...). Prints the
 * invocation as it is written, and the answer. Gives the answer's label.
 */
#define INVOKE(cap, label, caps, ...)                                          \
    invoke_list(#label "(" #cap "; " #caps "; " #__VA_ARGS__ ")", (cap),       \
                (label), LIST_OF(caps), LIST_OF(CAPS(__VA_ARGS__)))
/* The same without a line of its own. */
#define QUIETLY(cap, label, caps, ...)                                         \
    seL4_MessageInfo_get_label(invoke_quietly((cap), (label), LIST_OF(caps),   \
                                              LIST_OF(CAPS(__VA_ARGS__))))

/* What is in slots of the root CNode: the numbers of seL4_DebugCapIdentify. */
__attribute__((unused)) static void say_slots(const char *text, seL4_CPtr first,
                                              size_t count)
{
    put("| %s:", text);
    for (size_t i = 0; i < count; i++)
        put(" %u", (seL4_Word)seL4_DebugCapIdentify(first + i));
    put("\n");
}
#define SLOTS(first, count) say_slots("slots " #first, (first), (count))

/* --- objects ---------------------------------------------------------------- */

static seL4_CPtr next_slot = 4096; /* for objects that helpers make */

/* Untyped memory of this size, from memory that nothing else is made of. */
__attribute__((unused)) static seL4_CPtr memory(seL4_Word bits)
{
    static seL4_CPtr all;
    seL4_BootInfo *info = sel4runtime_bootinfo();

    for (seL4_CPtr c = info->untyped.start; !all && c < info->untyped.end;
         c++) {
        seL4_UntypedDesc *d = &info->untypedList[c - info->untyped.start];

        if (!d->isDevice && d->sizeBits == 27)
            all = c;
    }
    if (QUIETLY(all, UntypedRetype, CAPS(ROOT), seL4_UntypedObject, bits, 0, 0,
                next_slot, 1))
        say("no memory of 2^%u bytes", bits);
    return next_slot++;
}

/* An object of memory of its own. */
__attribute__((unused)) static seL4_CPtr make(seL4_Word type, seL4_Word bits)
{
    static seL4_CPtr pool;
    static seL4_Word left;
    seL4_Word error = 1;

    for (int i = 0; i < 2 && error; i++) {
        if (!left || i)
            pool = memory(22);
        left = 1;
        error = QUIETLY(pool, UntypedRetype, CAPS(ROOT), type, bits, 0, 0,
                        next_slot, 1);
    }
    if (error)
        say("object of type %u cannot be made: %s", type, error_name(error));
    return next_slot++;
}

/* Copy into a slot of the root CNode, with rights, or with a badge besides. */
__attribute__((unused)) static seL4_CPtr copy(seL4_CPtr from, seL4_Word rights)
{
    if (QUIETLY(ROOT, CNodeCopy, CAPS(ROOT), next_slot, 64, from, 64, rights))
        say("copy failed");
    return next_slot++;
}

__attribute__((unused)) static seL4_CPtr mint(seL4_CPtr from, seL4_Word rights,
                                              seL4_Word badge)
{
    if (QUIETLY(ROOT, CNodeMint, CAPS(ROOT), next_slot, 64, from, 64, rights,
                badge))
        say("mint failed");
    return next_slot++;
}

__attribute__((unused)) static void delete (seL4_CPtr slot)
{
    QUIETLY(ROOT, CNodeDelete, NONE, slot, 64);
}

/* The rights word of the API. */
enum {
    WRITE = 1,
    READ = 2,
    GRANT = 4,
    GRANT_REPLY = 8,
    ALL = 15
};

/* --- MCS: time and reply objects --------------------------------------------- */

#ifdef CONFIG_KERNEL_MCS

/* In us; so long that nobody's slice ends while a program runs. */
#define LONG_TIME 1000000000ul

static __thread seL4_CPtr own_reply;

__attribute__((unused)) static seL4_CPtr sched_control(void)
{
    return sel4runtime_bootinfo()->schedcontrol.start;
}

__attribute__((unused)) static void give_time(seL4_CPtr context,
                                              seL4_Word budget,
                                              seL4_Word period)
{
    if (QUIETLY(sched_control(), SchedControlConfigureFlags, CAPS(context),
                budget, period, 0, 0, 0))
        say("time cannot be given");
}

__attribute__((unused)) static seL4_CPtr make_context(seL4_Word budget,
                                                      seL4_Word period)
{
    seL4_CPtr context = make(seL4_SchedContextObject, 8);

    give_time(context, budget, period);
    return context;
}

#endif

/* --- threads ---------------------------------------------------------------- */

#define STACK_BYTES 8192
#ifndef THREADS
#define THREADS 12
#endif

struct thread {
    seL4_CPtr tcb;
    volatile seL4_IPCBuffer *buffer;
    seL4_CPtr buffer_frame;
    seL4_Word tls;
    char *stack_top;
    seL4_CPtr context, reply; /* MCS */
};

/* The capability of the page of the root task's image that `p` is in. */
__attribute__((unused)) static seL4_CPtr frame_of(const void *p)
{
    extern char __executable_start[];
    seL4_Word first = (seL4_Word)__executable_start & -PAGE;

    return sel4runtime_bootinfo()->userImageFrames.start +
           ((seL4_Word)p - first) / PAGE;
}

#ifdef CONFIG_KERNEL_MCS

/* Passive: it has no scheduling context. */
__attribute__((unused)) static seL4_Word thread_configure(struct thread *t)
{
    t->reply = make(seL4_ReplyObject, 0);
    sel4runtime_set_tls_variable(t->tls, own_reply, t->reply);
    return QUIETLY(t->tcb, TCBConfigure, CAPS(ROOT, VSPACE, t->buffer_frame), 0,
                   0, (seL4_Word)t->buffer);
}

/* Whose slice never ends, and this thread's neither. */
__attribute__((unused)) static seL4_Word thread_enliven(struct thread *t)
{
    static int root_has_time;

    if (!root_has_time++)
        give_time(seL4_CapInitThreadSC, LONG_TIME, LONG_TIME);
    t->context = make_context(LONG_TIME, LONG_TIME);
    return QUIETLY(t->context, SchedContextBind, CAPS(t->tcb));
}

#else

__attribute__((unused)) static seL4_Word thread_configure(struct thread *t)
{
    return QUIETLY(t->tcb, TCBConfigure, CAPS(ROOT, VSPACE, t->buffer_frame), 0,
                   0, 0, (seL4_Word)t->buffer);
}

__attribute__((unused)) static seL4_Word thread_enliven(struct thread *t)
{
    (void)t;
    return 0;
}

#endif

/*
 * A thread of this address space and CSpace, configured but not started; it
 * has a stack, a TLS block and an IPC buffer. MCS: it has a reply object, and
 * no scheduling context yet.
 */
__attribute__((unused)) static struct thread thread_passive(seL4_Word priority)
{
    static char stacks[THREADS][STACK_BYTES] __attribute__((aligned(16)));
    static char buffers[THREADS][PAGE] __attribute__((aligned(4096)));
    static char blocks[THREADS][1024] __attribute__((aligned(64)));
    static int count;
    int i = count++;
    struct thread t = {
        .tcb = make(seL4_TCBObject, 0),
        .buffer = (volatile seL4_IPCBuffer *)buffers[i],
        .buffer_frame = frame_of(buffers[i]),
        .tls = sel4runtime_write_tls_image(blocks[i]),
        .stack_top = stacks[i] + STACK_BYTES - 8,
    };

    sel4runtime_set_tls_variable(t.tls, __sel4_ipc_buffer,
                                 (seL4_IPCBuffer *)buffers[i]);
    if (thread_configure(&t) || QUIETLY(t.tcb, TCBSetTLSBase, NONE, t.tls) ||
        QUIETLY(t.tcb, TCBSetMCPriority, CAPS(SELF), 255) ||
        QUIETLY(t.tcb, TCBSetPriority, CAPS(SELF), priority))
        say("thread cannot be made");
    return t;
}

__attribute__((unused)) static struct thread thread_new(seL4_Word priority)
{
    struct thread t = thread_passive(priority);

    if (thread_enliven(&t))
        say("thread gets no time");
    return t;
}

/* Let it begin at `entry`, which gets one argument and must not return. */
__attribute__((unused)) static void thread_go(const struct thread *t,
                                              void (*entry)(seL4_Word),
                                              seL4_Word argument)
{
    seL4_UserContext r = {
        .rip = (seL4_Word)entry,
        .rsp = (seL4_Word)t->stack_top,
        .rdi = argument,
        .rflags = 0x202,
        .fs_base = t->tls,
    };

    if (seL4_TCB_WriteRegisters(t->tcb, 1, 0, sizeof r / sizeof(seL4_Word), &r))
        say("thread does not start");
}

__attribute__((unused)) static void stop(seL4_CPtr tcb)
{
    for (;;)
        QUIETLY(tcb, TCBSuspend, NONE);
}

__attribute__((unused)) static void own_priority(seL4_Word priority)
{
    QUIETLY(SELF, TCBSetPriority, CAPS(SELF), priority);
}

#endif
