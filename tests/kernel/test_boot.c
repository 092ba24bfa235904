/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a new machine is made of (kernel/boot.c).
 */
#include "harness.h"

#define FIRST_SLOTS 16 /* slots that the boot contract names */

static const char *boot_with(const struct image_config *config)
{
    word size = IMAGE_HEADER_SIZE + (1ul << 20);
    void *k = mmap(NULL, size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    const char *wrong;

    CHECK(k != MAP_FAILED);
    wrong = kernel_boot(k, config, &test_host);
    munmap(k, size);
    return wrong;
}

static void wrong_configurations_are_refused_with_a_reason(void)
{
    struct image_config good = default_config();
    struct image_config c;

    c = good, c.memory_size = 4095;
    CHECK(boot_with(&c) != NULL);
    c = good, c.memory_size = 1 << 20;
    CHECK(boot_with(&c) != NULL);
    c = good, c.memory_size = 1ul << 47;
    CHECK(boot_with(&c) != NULL);
    c = good, c.domains = 0;
    CHECK(boot_with(&c) != NULL);
    c = good, c.domains = 257;
    CHECK(boot_with(&c) != NULL);
    c = good, c.cnode_bits = 7;
    CHECK(boot_with(&c) != NULL);
    c = good, c.cnode_bits = 28;
    CHECK(boot_with(&c) != NULL);
    c = good, c.slice_ticks = 0;
    CHECK(boot_with(&c) != NULL);
    c = good, c.tick_us = 0;
    CHECK(boot_with(&c) != NULL);
    c = good, c.clock = 2;
    CHECK(boot_with(&c) != NULL);
}

static void the_boot_slots_hold_what_the_contract_names(void)
{
    static const uint8_t type[FIRST_SLOTS] = {
        [SEL4_CAP_INIT_THREAD_TCB] = CAP_THREAD,
        [SEL4_CAP_INIT_THREAD_CNODE] = CAP_CNODE,
        [SEL4_CAP_INIT_THREAD_VSPACE] = CAP_PML4,
        [SEL4_CAP_IRQ_CONTROL] = CAP_IRQ_CONTROL,
        [SEL4_CAP_ASID_CONTROL] = CAP_ASID_CONTROL,
        [SEL4_CAP_INIT_THREAD_ASID_POOL] = CAP_ASID_POOL,
        [SEL4_CAP_IO_PORT_CONTROL] = CAP_IO_PORT_CONTROL,
        [SEL4_CAP_BOOT_INFO_FRAME] = CAP_FRAME,
        [SEL4_CAP_INIT_THREAD_IPC_BUFFER] = CAP_FRAME,
        [SEL4_CAP_DOMAIN] = CAP_DOMAIN,
    };
    struct machine m = machine_new();
    struct tcb *root = tcb_of(&m, m.k->h.boot.root_tcb);

    for (word i = 0; i < FIRST_SLOTS; i++)
        CHECK_EQ(slot_of(&m, i)->cap.type, type[i]);
    CHECK_EQ(root->priority, 255);
    CHECK_EQ(root->mcp, 255);
    CHECK_EQ(root->state, STATE_RUNNING);
    CHECK_EQ(m.k->h.thread[kernel_thread_of(m.k, m.caller)].flags,
             THREAD_AGENT);
    CHECK_EQ(m.k->h.current, 0);
    CHECK(buffer_of(&m, m.caller) != NULL);
    machine_free(&m);
}

/* Untyped memory is aligned; first that of devices, each ascending. */
static void check_untypeds(struct machine *m)
{
    word at = 0;
    bool ram = false;

    for (word i = m->k->h.boot.untyped_start; i < m->k->h.boot.untyped_end;
         i++) {
        union cap cap = slot_of(m, i)->cap;
        word size = 1ul << cap.untyped.bits;

        CHECK_EQ(cap.type, CAP_UNTYPED);
        CHECK_EQ(cap.obj % size, 0);
        CHECK(cap.untyped.bits >= SEL4_MIN_UNTYPED_BITS);
        if (!cap.untyped.device && !ram) {
            ram = true;
            at = 0;
        }
        CHECK_EQ(cap.untyped.device, !ram);
        CHECK(cap.obj >= at);
        at = cap.obj + size;
    }
    CHECK_EQ(slot_is_empty(m, m->k->h.boot.empty_start), true);
}

static word device_bytes(struct machine *m)
{
    word sum = 0;

    for (word i = m->k->h.boot.untyped_start; i < m->k->h.boot.untyped_end; i++)
        if (slot_of(m, i)->cap.untyped.device)
            sum += 1ul << slot_of(m, i)->cap.untyped.bits;
    return sum;
}

static void untyped_memory_covers_the_address_space(void)
{
    struct image_config c = default_config();
    struct machine m = machine_new();
    union cap first = slot_of(&m, m.k->h.boot.untyped_start)->cap;

    check_untypeds(&m);
    CHECK_EQ(first.obj, 0);
    CHECK_EQ(first.untyped.bits, 20);
    CHECK_EQ(first.untyped.device, 1);
    /* All but RAM and the pages of IOAPIC and local APIC. */
    CHECK_EQ(device_bytes(&m), (1ul << 47) - (63ul << 20) - 2 * 4096);
    CHECK_EQ(m.k->h.boot.ram_start, 1ul << 20);
    machine_free(&m);

    c.memory_size = 6ul << 30; /* RAM on both sides of the hole */
    c.check = 0;
    m = machine_new_config(&c);
    check_untypeds(&m);
    CHECK_EQ(device_bytes(&m),
             (1ul << 47) - (2ul << 30) - 0xdff00000ul - 2 * 4096);
    machine_free(&m);
}

/* Programs take what they need from the last one, as on the real kernel, where
 * it is the largest behind the first objects. */
static void the_last_untyped_memory_is_large(void)
{
    for (uint32_t mcs = 0; mcs <= 1; mcs++) {
        struct image_config config = default_config();
        config.mcs = mcs;
        struct machine m = machine_new_config(&config);
        union cap last = slot_of(&m, m.k->h.boot.untyped_end - 1)->cap;
        union cap before = slot_of(&m, m.k->h.boot.untyped_end - 2)->cap;

        CHECK_EQ(last.untyped.obj + (1ul << last.untyped.bits),
                 config.memory_size);
        CHECK(last.untyped.bits >= 16);
        CHECK(last.untyped.bits > before.untyped.bits);
        machine_free(&m);
    }
}

TESTS(TEST(wrong_configurations_are_refused_with_a_reason),
      TEST(the_boot_slots_hold_what_the_contract_names),
      TEST(untyped_memory_covers_the_address_space),
      TEST(the_last_untyped_memory_is_large))
