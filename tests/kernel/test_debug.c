/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls for debugging, and the console (kernel/debug.c,
 * kernel/console.c).
 */
#include "harness.h"

static void put(struct machine *m, struct thread t, const char *text)
{
    for (; *text; text++)
        trap(m, t.tcb, SYS_DEBUG_PUT_CHAR, (word)*text, NULL);
}

/* Does the console hold the text, anywhere? */
static bool console_has(struct machine *m, const char *text)
{
    return strstr(m->k->h.console, text) != NULL;
}

static void characters_are_collected_until_the_end_of_the_line(void)
{
    struct machine m = machine_new();
    struct thread t = thread_running(&m, 10);

    m.k->h.events = 0;
    put(&m, t, "hello");
    CHECK_EQ(m.k->h.console_written, 5);
    CHECK_EQ(m.k->h.events & EVENT_CONSOLE, 0);
    put(&m, t, "\n");
    CHECK(m.k->h.events & EVENT_CONSOLE);
    CHECK(console_has(&m, "hello\n"));
    machine_free(&m);
}

static void a_half_full_ring_is_told(void)
{
    struct image_config config = default_config();
    struct machine m;

    config.check = 0;
    m = machine_new_config(&config);
    struct thread t = thread_running(&m, 10);
    m.k->h.events = 0;
    for (word i = 0; i + 1 < IMAGE_CONSOLE_BYTES / 2; i++)
        trap(&m, t.tcb, SYS_DEBUG_PUT_CHAR, 'x', NULL);
    CHECK_EQ(m.k->h.events & EVENT_CONSOLE, 0);
    put(&m, t, "x");
    CHECK(m.k->h.events & EVENT_CONSOLE);
    machine_free(&m);
}

static void capabilities_are_identified_by_the_real_numbers(void)
{
    struct machine m = machine_new();
    struct thread t = thread_running(&m, 10);
    const word slots[][2] = {
        { SEL4_CAP_NULL, 0 },
        { SEL4_CAP_INIT_THREAD_TCB, 12 },
        { SEL4_CAP_INIT_THREAD_CNODE, 10 },
        { SEL4_CAP_INIT_THREAD_VSPACE, 9 },
        { SEL4_CAP_IRQ_CONTROL, 14 },
        { SEL4_CAP_ASID_CONTROL, 11 },
        { SEL4_CAP_INIT_THREAD_ASID_POOL, 13 },
        { SEL4_CAP_IO_PORT_CONTROL, 31 },
        { SEL4_CAP_BOOT_INFO_FRAME, 1 },
        { SEL4_CAP_DOMAIN, 20 },
        { object_new(&m, OBJECT_ENDPOINT, 0), 4 },
        { object_new(&m, OBJECT_NOTIFICATION, 0), 6 },
        { m.untyped, 2 },
        { 1ul << 60, 0 },
    };

    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
        trap(&m, t.tcb, SYS_DEBUG_CAP_IDENTIFY, slots[i][0], NULL);
        CHECK_EQ(got_badge(&m, t.tcb), slots[i][1]);
    }
    machine_free(&m);
}

static void a_thread_gets_a_name(void)
{
    struct machine m = machine_new();
    struct thread t = thread_running(&m, 10);

    strcpy((char *)(buffer_of(&m, t.tcb) + BUFFER_MSG), "worker");
    trap(&m, t.tcb, SYS_DEBUG_NAME_THREAD, t.cap, NULL);
    CHECK_EQ(strcmp(kernel_name(m.k, t.tcb), "worker"), 0);
    CHECK(m.k->h.thread[kernel_thread_of(m.k, t.tcb)].flags & THREAD_RENAMED);
    machine_free(&m);
}

static void misuse_of_naming_halts(void)
{
    for (int i = 0; i < 3; i++) {
        struct machine m = machine_new();
        struct thread t = thread_running(&m, 10);

        if (i == 1)
            memset(buffer_of(&m, t.tcb), 'a', 1024);
        if (i == 2)
            INVOKE(&m, t.cap, METHOD_TCB_SET_IPC_BUFFER, WORDS(0), CAPS(ROOT));
        trap(&m, t.tcb, SYS_DEBUG_NAME_THREAD, i == 0 ? ROOT : t.cap, NULL);
        CHECK(m.k->h.events & EVENT_HALT);
        CHECK_EQ(m.k->h.current, 0);
        CHECK(console_has(&m, "seL4_DebugNameThread"));
        machine_free(&m);
    }
}

static void halting_stops_the_node(void)
{
    struct machine m = machine_new();
    struct thread t = thread_running(&m, 10);

    trap(&m, t.tcb, SYS_DEBUG_HALT, 0, NULL);
    CHECK(m.k->h.events & EVENT_HALT);
    CHECK_EQ(m.k->h.current, 0);
    CHECK_EQ(m.k->h.panicked, 0);
    CHECK(console_has(&m, "halts the machine"));
    machine_free(&m);
}

static void threads_and_capabilities_are_printed(void)
{
    struct machine m = machine_new();
    struct thread t = thread_running(&m, 77);

    trap(&m, t.tcb, SYS_DEBUG_DUMP_SCHEDULER, 0, NULL);
    CHECK(console_has(&m, "rootserver"));
    CHECK(console_has(&m, "external agent"));
    CHECK(console_has(&m, "77"));
    trap(&m, t.tcb, SYS_DEBUG_SNAPSHOT, 0, NULL);
    CHECK(console_has(&m, "slot 1: type 12"));
    CHECK_EQ(state_of(&m, t), STATE_RUNNING);
    machine_free(&m);
}

TESTS(TEST(characters_are_collected_until_the_end_of_the_line),
      TEST(a_half_full_ring_is_told),
      TEST(capabilities_are_identified_by_the_real_numbers),
      TEST(a_thread_gets_a_name), TEST(misuse_of_naming_halts),
      TEST(halting_stops_the_node), TEST(threads_and_capabilities_are_printed))
