/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How capabilities of the architecture relate to each other, and what masking,
 * minting and copying make of them (kernel/arch/x86_64/cap.c); and the IPC
 * buffer (object.c).
 */
#include "kernel/arch.h"
#include "paging.h"

#define FRAME(at, bits_size, dev)                                              \
    ((union cap){ .frame = { .type = CAP_FRAME,                                \
                             .obj = (at),                                      \
                             .size = (bits_size),                              \
                             .device = (dev),                                  \
                             .rights = FRAME_READ_WRITE } })
#define PORTS(a, b)                                                            \
    ((union cap){                                                              \
        .io_port = { .type = CAP_IO_PORT, .first = (a), .last = (b) } })
#define OBJECT(t, at) ((union cap){ .table = { .type = (t), .obj = (at) } })

static void frames_contain_smaller_ones(void)
{
    union cap large = FRAME(4 * MIB2, FRAME_LARGE, 0);

    CHECK(arch_cap_same_region(large, large));
    CHECK(arch_cap_same_region(large, FRAME(4 * MIB2, FRAME_SMALL, 0)));
    CHECK(arch_cap_same_region(large, FRAME(5 * MIB2 - 4096, FRAME_SMALL, 0)));
    CHECK(!arch_cap_same_region(large, FRAME(5 * MIB2, FRAME_SMALL, 0)));
    CHECK(!arch_cap_same_region(large, FRAME(4 * MIB2 - 4096, FRAME_SMALL, 0)));
    CHECK(!arch_cap_same_region(FRAME(4 * MIB2, FRAME_SMALL, 0), large));
    CHECK(arch_cap_same_region(FRAME(0, FRAME_HUGE, 0), large));

    CHECK(arch_cap_same_object(large, large));
    CHECK(!arch_cap_same_object(large, FRAME(4 * MIB2, FRAME_SMALL, 0)));
    CHECK(!arch_cap_same_object(large, FRAME(4 * MIB2, FRAME_LARGE, 1)));
    CHECK(!arch_cap_same_object(large, FRAME(6 * MIB2, FRAME_LARGE, 0)));
}

static void other_objects_are_themselves_only(void)
{
    static const uint8_t types[] = { CAP_PAGE_TABLE, CAP_PAGE_DIRECTORY,
                                     CAP_PDPT, CAP_PML4, CAP_ASID_POOL };

    for (int i = 0; i < 5; i++) {
        union cap a = OBJECT(types[i], 4096);

        CHECK(arch_cap_same_region(a, a));
        CHECK(arch_cap_same_object(a, a));
        CHECK(!arch_cap_same_region(a, OBJECT(types[i], 8192)));
        CHECK(!arch_cap_same_region(a, OBJECT(types[(i + 1) % 5], 4096)));
        CHECK(!arch_cap_same_object(a, FRAME(4096, FRAME_SMALL, 0)));
        CHECK(!arch_cap_same_object(FRAME(4096, FRAME_SMALL, 0), a));
        CHECK(arch_cap_is_physical(a));
        CHECK_EQ(arch_cap_size_bits(a), 12);
    }
    CHECK_EQ(arch_cap_size_bits(FRAME(0, FRAME_LARGE, 0)), 21);
    CHECK_EQ(arch_cap_size_bits(FRAME(0, FRAME_HUGE, 0)), 30);
    CHECK_EQ(arch_cap_size_bits(PORTS(0, 7)), 0);
    CHECK(!arch_cap_is_physical(PORTS(0, 7)));
    CHECK(!arch_cap_is_physical(OBJECT(CAP_ASID_CONTROL, 0)));
}

static void control_capabilities_stand_above_what_they_issue(void)
{
    union cap control = OBJECT(CAP_IO_PORT_CONTROL, 0);
    union cap asids = OBJECT(CAP_ASID_CONTROL, 0);

    CHECK(arch_cap_same_region(control, control));
    CHECK(arch_cap_same_region(control, PORTS(1, 2)));
    CHECK(!arch_cap_same_region(control, asids));
    CHECK(!arch_cap_same_region(PORTS(1, 2), control));
    CHECK(!arch_cap_same_object(control, PORTS(1, 2)));
    CHECK(arch_cap_same_object(control, control));
    CHECK(arch_cap_same_region(PORTS(1, 2), PORTS(1, 2)));
    CHECK(!arch_cap_same_region(PORTS(1, 2), PORTS(1, 3)));
    CHECK(!arch_cap_same_region(PORTS(1, 2), PORTS(0, 2)));
    CHECK(arch_cap_same_region(asids, asids));
    CHECK(arch_cap_is_revocable(PORTS(1, 2), control));
    CHECK(!arch_cap_is_revocable(PORTS(1, 2), PORTS(1, 2)));
    CHECK(!arch_cap_is_revocable(control, control));
}

/* Rows: what a frame's capability allows; columns: the rights of the copy. */
static void masking_a_frames_rights(void)
{
    enum {
        KO = FRAME_KERNEL_ONLY,
        RO = FRAME_READ_ONLY,
        RW_ = FRAME_READ_WRITE
    };
    static const uint8_t result[4][4] = {
        /* none, write, read, both */
        [KO] = { KO, KO, KO, KO },
        [RO] = { KO, KO, RO, RO },
        [RW_] = { KO, KO, RO, RW_ },
    };

    for (int have = KO; have <= RW_; have++)
        for (word rights = 0; rights < 16; rights++) {
            union cap cap = FRAME(0, FRAME_SMALL, 0);

            cap.frame.rights = have;
            CHECK_EQ(arch_cap_mask_rights(cap, rights).frame.rights,
                     result[have][rights & 3]);
        }
    CHECK_EQ(arch_cap_mask_rights(PORTS(3, 4), 0).io_port.first, 3);
}

static void minting_sets_nothing(void)
{
    struct machine m = machine_new();
    struct space s = space_new(&m);
    word frame = object_new(&m, OBJECT_PAGE, 0);
    word copy = m.next_slot++;

    CHECK_EQ(page_map(&m, frame, s.pml4, BASE, RW), SEL4_NO_ERROR);
    CHECK_EQ(cap_mint(&m, copy, frame, RIGHT_READ, 1234), SEL4_NO_ERROR);
    CHECK_EQ(slot_of(&m, copy)->cap.frame.rights, FRAME_READ_ONLY);
    CHECK_EQ(slot_of(&m, copy)->cap.frame.map, FRAME_MAP_NONE);
    CHECK_EQ(slot_of(&m, copy)->cap.frame.vaddr, 0);
    CHECK_EQ(slot_of(&m, frame)->cap.frame.map, FRAME_MAP_VSPACE);
    machine_free(&m);
}

static word set_buffer(struct machine *m, struct thread t, word vaddr,
                       word frame)
{
    return INVOKE(m, t.cap, METHOD_TCB_SET_IPC_BUFFER, WORDS(vaddr),
                  CAPS(frame));
}

static void what_may_be_an_ipc_buffer(void)
{
    struct machine m = machine_new();
    struct thread t = thread_new(&m, 1);
    word device = m.next_slot++;
    word large = object_new(&m, OBJECT_LARGE_PAGE, 0);

    CHECK_EQ(retype(&m, m.k->h.boot.untyped_start, OBJECT_PAGE, 0, device),
             SEL4_NO_ERROR);
    CHECK_EQ(set_buffer(&m, t, 0x1000, t.cap), SEL4_ILLEGAL_OPERATION);
    CHECK_REASON(&m, REASON_IPC_BUFFER_TYPE);
    CHECK_EQ(set_buffer(&m, t, 0x1001, device), SEL4_ILLEGAL_OPERATION);
    CHECK_REASON(&m, REASON_IPC_BUFFER_DEVICE);
    CHECK_EQ(set_buffer(&m, t, 0x1200, large), SEL4_ALIGNMENT_ERROR);
    CHECK_REASON(&m, REASON_IPC_BUFFER_UNALIGNED);
    CHECK_EQ(set_buffer(&m, t, 0x40001400, large), SEL4_NO_ERROR);
    CHECK_EQ(buffer_of(&m, t.tcb),
             kernel_memory(m.k, object_of(&m, large) + 0x1400));
    machine_free(&m);
}

static void a_buffers_rights_decide_what_it_is_good_for(void)
{
    union cap frame = FRAME(0x8000, FRAME_SMALL, 0);

    CHECK_EQ(arch_ipc_buffer(frame, 0x12345400, true), 0x8400);
    CHECK_EQ(arch_ipc_buffer(frame, 0x12345400, false), 0x8400);
    frame.frame.rights = FRAME_READ_ONLY;
    CHECK_EQ(arch_ipc_buffer(frame, 0x400, true), 0);
    CHECK_EQ(arch_ipc_buffer(frame, 0x400, false), 0x8400);
    frame.frame.rights = FRAME_KERNEL_ONLY;
    CHECK_EQ(arch_ipc_buffer(frame, 0x400, false), 0);
    CHECK_EQ(arch_ipc_buffer(FRAME(0x8000, FRAME_SMALL, 1), 0, false), 0);
    CHECK_EQ(arch_ipc_buffer(OBJECT(CAP_PML4, 0x8000), 0, false), 0);
}

TESTS(TEST(frames_contain_smaller_ones),
      TEST(other_objects_are_themselves_only),
      TEST(control_capabilities_stand_above_what_they_issue),
      TEST(masking_a_frames_rights), TEST(minting_sets_nothing),
      TEST(what_may_be_an_ipc_buffer),
      TEST(a_buffers_rights_decide_what_it_is_good_for))
