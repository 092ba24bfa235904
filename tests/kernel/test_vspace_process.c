/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the host hears of a vspace that has a process: every change of a
 * mapping, its end, and the windows that a hosted process leaves to frames
 * (kernel/arch/x86_64/paging.c, frame.c).
 */
#include "paging.h"

#define PROCESS 5

/* Give a vspace a process, as the monitor does. */
static struct image_process *process_new(struct machine *m, word vspace,
                                         uint32_t flags)
{
    struct image_process *p = &m->k->h.process[PROCESS];
    word *pml4 = kernel_memory(m->k, object_of(m, vspace));

    p->flags = PROCESS_USED | flags;
    p->vspace = object_of(m, vspace);
    pml4[VSPACE_PROCESS_WORD] = PROCESS;
    return p;
}

static void check_change(const struct image_process *p, uint32_t i, word vaddr,
                         word bits)
{
    CHECK_EQ(p->change[i].vaddr, vaddr);
    CHECK_EQ(p->change[i].bits, bits);
}

static void every_change_of_a_mapping_is_queued(void)
{
    struct machine m = machine_new();
    struct space s = space_new(&m);
    struct image_process *p = process_new(&m, s.pml4, 0);
    word frame = object_new(&m, OBJECT_PAGE, 0);
    word other = object_new(&m, OBJECT_PAGE, 0);
    word large = object_new(&m, OBJECT_LARGE_PAGE, 0);

    CHECK_EQ(page_map(&m, frame, s.pml4, BASE, RW), SEL4_NO_ERROR);
    CHECK_EQ(p->change_count, 1);
    check_change(p, 0, BASE, 12);
    CHECK_EQ(page_map(&m, frame, s.pml4, BASE, RIGHT_READ), SEL4_NO_ERROR);
    check_change(p, 1, BASE, 12);
    CHECK_EQ(page_map(&m, large, s.pml4, BASE + MIB2, RW), SEL4_NO_ERROR);
    check_change(p, 2, BASE + MIB2, 21);
    CHECK_EQ(page_unmap(&m, frame), SEL4_NO_ERROR);
    check_change(p, 3, BASE, 12);
    CHECK_EQ(page_map(&m, other, s.pml4, BASE, RW), SEL4_NO_ERROR);
    CHECK_EQ(cap_delete(&m, other), SEL4_NO_ERROR);
    check_change(p, 5, BASE, 12);
    CHECK_EQ(cap_delete(&m, s.pt), SEL4_NO_ERROR);
    check_change(p, 6, BASE, 21);
    CHECK_EQ(INVOKE_PLAIN(&m, s.pd, METHOD_X86_PAGE_DIRECTORY_UNMAP),
             SEL4_NO_ERROR);
    check_change(p, 7, 0, 30);
    CHECK_EQ(cap_delete(&m, s.pdpt), SEL4_NO_ERROR);
    check_change(p, 8, 0, 39);
    CHECK_EQ(p->change_count, 9);
    CHECK_EQ(p->flush_all, 0);
    /* refused, or nothing to do: no change */
    CHECK_EQ(page_map(&m, frame, s.pml4, BASE, RW), SEL4_FAILED_LOOKUP);
    CHECK_EQ(page_unmap(&m, large), SEL4_NO_ERROR);
    CHECK_EQ(p->change_count, 9);
    machine_free(&m);
}

static void a_full_queue_means_flush_all(void)
{
    struct machine m = machine_new();
    struct space s = space_new(&m);
    struct image_process *p = process_new(&m, s.pml4, 0);
    word frame = object_new(&m, OBJECT_PAGE, 0);

    for (unsigned i = 0; i < IMAGE_CHANGES; i++)
        CHECK_EQ(page_map(&m, frame, s.pml4, BASE, RW), SEL4_NO_ERROR);
    CHECK_EQ(p->change_count, IMAGE_CHANGES);
    CHECK_EQ(p->flush_all, 0);
    CHECK_EQ(page_map(&m, frame, s.pml4, BASE, RW), SEL4_NO_ERROR);
    CHECK_EQ(p->change_count, IMAGE_CHANGES);
    CHECK_EQ(p->flush_all, 1);
    machine_free(&m);
}

static void other_vspaces_changes_are_not_queued(void)
{
    struct machine m = machine_new();
    struct space s = space_new(&m);
    struct space t = space_new(&m);
    struct image_process *p = process_new(&m, s.pml4, 0);
    word frame = object_new(&m, OBJECT_PAGE, 0);

    CHECK_EQ(page_map(&m, frame, t.pml4, BASE, RW), SEL4_NO_ERROR);
    CHECK_EQ(p->change_count, 0);
    machine_free(&m);
}

static void a_hosted_process_takes_frames_in_its_windows_only(void)
{
    struct machine m = machine_new();
    struct space s = space_new(&m);
    struct image_process *p = process_new(&m, s.pml4, PROCESS_HOSTED);
    word frame = object_new(&m, OBJECT_PAGE, 0);
    word large = object_new(&m, OBJECT_LARGE_PAGE, 0);

    CHECK_EQ(page_map(&m, frame, s.pml4, BASE, RW), SEL4_INVALID_ARGUMENT);
    CHECK_WORDS(&m, 1);
    CHECK_WORD(&m, 0, 0);
    CHECK_REASON(&m, REASON_VADDR_WINDOW);
    p->window_count = 2;
    p->window[0] = (struct image_range){ GIB, 2 * GIB };
    p->window[1] = (struct image_range){ BASE, BASE + MIB2 + 0x1000 };
    CHECK_EQ(page_map(&m, frame, s.pml4, BASE, RW), SEL4_NO_ERROR);
    CHECK_EQ(page_unmap(&m, frame), SEL4_NO_ERROR);
    CHECK_EQ(page_map(&m, frame, s.pml4, BASE - 0x1000, RW),
             SEL4_INVALID_ARGUMENT);
    CHECK_REASON(&m, REASON_VADDR_WINDOW);
    /* one that only begins in a window */
    CHECK_EQ(page_map(&m, large, s.pml4, BASE + MIB2, RW),
             SEL4_INVALID_ARGUMENT);
    CHECK_REASON(&m, REASON_VADDR_WINDOW);
    /* what the kernel itself has to say comes first */
    CHECK_EQ(page_map(&m, frame, s.pml4, 3 * GIB + 1, RW),
             SEL4_ALIGNMENT_ERROR);
    CHECK_EQ(page_map(&m, frame, s.pml4, SEL4_USER_TOP, RW),
             SEL4_INVALID_ARGUMENT);
    CHECK_REASON(&m, REASON_VADDR_TOO_HIGH);
    /* the part that a bare process needs itself is free here */
    p->window[0] = (struct image_range){ 0x7f8000000000, 0x7f8040000000 };
    CHECK_EQ(page_map(&m, frame, s.pml4, 0x7f8000000000, RW),
             SEL4_FAILED_LOOKUP);
    machine_free(&m);
}

static void the_end_of_a_vspace_retires_its_process(void)
{
    struct machine m = machine_new();
    struct space s = space_new(&m);
    struct image_process *p = process_new(&m, s.pml4, 0);
    paddr pml4 = object_of(&m, s.pml4);
    word copy = m.next_slot++;

    CHECK_EQ(cap_copy(&m, copy, s.pml4, RIGHT_ALL), SEL4_NO_ERROR);
    CHECK_EQ(cap_delete(&m, s.pml4), SEL4_NO_ERROR);
    CHECK_EQ(p->vspace, pml4);
    CHECK_EQ(m.k->h.events & EVENT_PROCESS_RETIRED, 0);
    CHECK_EQ(cap_delete(&m, copy), SEL4_NO_ERROR);
    CHECK_EQ(p->vspace, 0);
    CHECK(m.k->h.events & EVENT_PROCESS_RETIRED);
    CHECK_EQ(p->flags, PROCESS_USED); /* the monitor clears the entry */
    machine_free(&m);
}

static void the_end_of_a_pool_retires_its_processes(void)
{
    struct machine m = machine_new();
    word untyped = object_new(&m, OBJECT_UNTYPED, 12);
    word pml4 = object_new(&m, OBJECT_PML4, 0);
    word pool = m.next_slot++;
    struct image_process *p;

    CHECK_EQ(INVOKE(&m, SEL4_CAP_ASID_CONTROL,
                    METHOD_X86_ASID_CONTROL_MAKE_POOL, WORDS(pool, 64),
                    CAPS(untyped, ROOT)),
             SEL4_NO_ERROR);
    CHECK_EQ(INVOKE(&m, pool, METHOD_X86_ASID_POOL_ASSIGN, CAPS(pml4)),
             SEL4_NO_ERROR);
    p = process_new(&m, pml4, 0);
    CHECK_EQ(cap_revoke(&m, untyped), SEL4_NO_ERROR);
    CHECK_EQ(p->vspace, 0);
    CHECK(m.k->h.events & EVENT_PROCESS_RETIRED);
    machine_free(&m);
}

/* A thread whose vspace is gone faults at its own instruction. */
static void a_thread_without_vspace_faults(void)
{
    struct machine m = machine_new();
    struct space s = space_new(&m);
    struct thread t = thread_new(&m, 100);
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);

    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_SET_SPACE, WORDS(ep, 0, 0),
                    CAPS(ROOT, s.pml4)),
             SEL4_NO_ERROR);
    kernel_registers(m.k, t.tcb)[REG_RIP] = 0x1234000;
    *kernel_fault_ip(m.k, t.tcb) = 0x1234000;
    CHECK_EQ(cap_revoke(&m, s.pml4), SEL4_NO_ERROR);
    CHECK_EQ(cap_delete(&m, s.pml4), SEL4_NO_ERROR);
    CHECK_EQ(kernel_vspace_of(m.k, t.tcb), 0);
    CHECK_EQ(thread_resume(&m, t), SEL4_NO_ERROR);
    CHECK_EQ(state_of(&m, t), STATE_BLOCKED_ON_SEND);
    CHECK_EQ(tcb_of(&m, t.tcb)->fault.type, FAULT_VM);
    CHECK_EQ(tcb_of(&m, t.tcb)->fault.a, 0x1234000);
    machine_free(&m);
}

TESTS(TEST(every_change_of_a_mapping_is_queued),
      TEST(a_full_queue_means_flush_all),
      TEST(other_vspaces_changes_are_not_queued),
      TEST(a_hosted_process_takes_frames_in_its_windows_only),
      TEST(the_end_of_a_vspace_retires_its_process),
      TEST(the_end_of_a_pool_retires_its_processes),
      TEST(a_thread_without_vspace_faults))
