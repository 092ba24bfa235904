/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel_check() on broken interrupts, I/O ports, ASIDs and page tables
 * (kernel/check_platform.c, kernel/check_vspace.c).
 */
#include "breaks.h"
#include "kernel/arch/x86_64/paging.h"
#include "kernel/cdt.h"

#define IRQ_REF(i) slot_ref(k, irq_slot(k, (i)))
#define STATE(i) (k->h.irq[i].state)
#define PML4 ((word *)OBJECT(w.space.pml4))

static void interrupts(void)
{
    BREAKS("irq-handler", IRQ_REF(WORLD_IRQ), STATE(WORLD_IRQ) = 0);
    BREAKS("irq-handler", IRQ_REF(30), STATE(30) = IRQ_ACTIVE);
    BREAKS("irq-masked", IRQ_REF(30), STATE(30) = IRQ_ENABLED);
    BREAKS("irq-masked", IRQ_REF(30), STATE(30) = IRQ_WAITING);
    BREAKS("irq-slot", IRQ_REF(WORLD_IRQ + 1),
           cdt_move(k, irq_slot(k, WORLD_IRQ)->cap, irq_slot(k, WORLD_IRQ),
                    irq_slot(k, WORLD_IRQ + 1)));
    BREAKS("irq-slot", IRQ_REF(WORLD_IRQ),
           cdt_remove(k, irq_slot(k, WORLD_IRQ)),
           cdt_insert(k, CAP(w.ep_call), slot_of(m, w.ep_call),
                      irq_slot(k, WORLD_IRQ)));
    BREAKS("irq-pin", ANYWHERE, STATE(30) = IRQ_CONNECTED);
    BREAKS("irq-pin", ANYWHERE, STATE(40) = IRQ_CONNECTED,
           k->h.irq[40].route = k->h.irq[WORLD_IRQ].route);
}

static void ports(void)
{
    BREAKS("port-issued", 0x3f8, k->h.io_ports[0x3f8 / 64] = 0);
    BREAKS("port-lost", 0x70, k->h.io_ports[1] |= 1ul << 0x30);
    BREAKS("port-lost", 0x3ff, CAP(w.port).io_port.last = 0x3fe);
    BREAKS("port-issued", 0x3ff, /* a second capability to some of them */
           CHECK_EQ(cap_copy(m, m->next_slot, w.port, RIGHT_ALL), 0),
           CAP(m->next_slot).io_port.first = 0x3ff);
}

static void asids(void)
{
    BREAKS("asid-pool", object_of(m, w.pool),
           CAP(w.pool).asid_pool.base = 1024);
    BREAKS("asid-pool", object_of(m, w.frame),
           k->h.asid_table[3] = object_of(m, w.frame));
    BREAKS("asid-pool", 77, k->h.asid_table[3] = 77);
    BREAKS("asid-vspace", object_of(m, w.space.pt),
           ((word *)OBJECT(w.pool))[9] = object_of(m, w.space.pt));
    BREAKS("asid-vspace", object_of(m, w.space.pml4),
           PML4[VSPACE_ASID_WORD] = 99);
    BREAKS("asid-vspace", object_of(m, w.space.pml4),
           ((word *)OBJECT(w.pool))[3] = object_of(m, w.space.pml4));
    BREAKS("asid-vspace", object_of(m, w.space.pml4), /* ASID 0 */
           ((word *)OBJECT(SEL4_CAP_INIT_THREAD_ASID_POOL))[0] =
               object_of(m, w.space.pml4));
    BREAKS("vspace-upper", object_of(m, w.space.pml4), PML4[300] = 1);
    BREAKS("vspace-process", object_of(m, w.space.pml4),
           PML4[VSPACE_PROCESS_WORD]++);
    BREAKS("vspace-process", object_of(m, w.space.pml4),
           PML4[VSPACE_PROCESS_WORD] = IMAGE_PROCESSES);
}

static void page_tables(void)
{
    word *(*entry)(struct machine *, word, word, unsigned) = entry_of;

    /* what no capability knows of */
    BREAKS("entry-cap", object_of(m, w.space.pt) + 8,
           *entry(m, w.space.pt, BASE + 0x1000, 0) =
               *entry(m, w.space.pt, BASE, 0));
    BREAKS("entry-cap", object_of(m, w.space.pt) + 80,
           *entry(m, w.space.pt, BASE + 0xa000, 0) = 0x1000);
    BREAKS("entry-cap", ANYWHERE, PML4[3] = object_of(m, w.space.pdpt) | 7);
    BREAKS("entry-cap", ANYWHERE, *entry(m, w.space.pd, BASE, 1) += 4096);
    BREAKS("entry-cap", ANYWHERE, *entry(m, w.space.pd, BASE, 1) = ~0ul);
    BREAKS("entry-cap", ANYWHERE, *entry(m, w.space.pd, BASE, 1) = 4097);
    /* more rights than the capability, or another kind of memory */
    BREAKS("entry-cap", object_of(m, w.space.pt),
           CAP(w.frame).frame.rights = FRAME_READ_ONLY);
    BREAKS("entry-cap", object_of(m, w.space.pt),
           CAP(w.frame).frame.rights = FRAME_KERNEL_ONLY);
    BREAKS("entry-cap", object_of(m, w.space.pt),
           *entry(m, w.space.pt, BASE, 0) |= ENTRY_DEVICE);
    /* a capability that says something else */
    BREAKS("entry-cap", object_of(m, w.space.pt),
           CAP(w.frame).frame.vaddr = BASE + 0x3000);
    BREAKS("entry-cap", ANYWHERE, CAP(w.space.pt).table.mapped = 0);
    BREAKS("entry-cap", ANYWHERE, CAP(w.large).frame.asid = 1);
    BREAKS("entry-cap", ANYWHERE,
           CAP(w.large).frame.asid = CAP(w.large).frame.map = 0);
}

/* Entries may be missing; capabilities go on to say where they were mapped. */
static void a_capability_may_know_more_than_the_tables(void)
{
    struct world w = world_new();

    *entry_of(&w.m, w.space.pd, BASE, 1) = 0;
    CHECK_EQ(kernel_check(w.m.k, &(paddr){ 0 }), 0);
    machine_free(&w.m);
}

/* Whatever the image holds, the check comes back with an answer. */
static void a_check_of_rubbish_ends(void)
{
    for (unsigned seed = 1; seed <= 300; seed++) {
        struct world w = world_new();
        struct kernel *k = w.m.k;
        paddr from = object_of(&w.m, w.m.untyped);
        word size = slot_of(&w.m, w.m.untyped)->cap.untyped.free;
        word *root = kernel_memory(k, k->h.boot.root_cnode);
        word *memory = kernel_memory(k, from);
        word root_words = w.m.next_slot * 4;

        srandom(seed);
        if (size > 1 << 18)
            size = 1 << 18;
        for (int i = 0; i < 30; i++) {
            word *at = i % 2 ? &root[(word)random() % root_words]
                             : &memory[(word)random() % (size / 8)];

            if (i % 3)
                *at = (word)random() << (random() % 40);
            else
                *at ^= 1ul << (random() % 64);
        }
        kernel_check(k, &(paddr){ 0 });
        machine_free(&w.m);
    }
}

TESTS(TEST(interrupts), TEST(ports), TEST(asids), TEST(page_tables),
      TEST(a_capability_may_know_more_than_the_tables),
      TEST(a_check_of_rubbish_ends))
