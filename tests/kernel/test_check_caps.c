/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel_check() on broken capabilities and derivation trees
 * (kernel/check_cap.c, kernel/check_tree.c).
 */
#include "breaks.h"
#include "kernel/tcb.h"

static void a_whole_world_is_fine(void)
{
    struct world w = world_new();

    object_new(&w.m, OBJECT_UNTYPED, SEL4_MIN_UNTYPED_BITS);
    CHECK_EQ(kernel_check(w.m.k, &(paddr){ 0 }), 0);
    machine_free(&w.m);
}

/*
 *   untyped -> cnode -> cnode (its own slot 1) -> page
 *
 * Then the first two go, and the list begins in a CNode that nobody can name.
 */
static void a_cnode_that_only_itself_leads_to_is_fine(void)
{
    struct machine m = machine_new();
    word untyped = m.untyped - 1;
    word page = slot_new(&m), cnode = slot_new(&m);

    CHECK_EQ(retype(&m, untyped, OBJECT_PAGE, 0, page), SEL4_NO_ERROR);
    CHECK_EQ(retype(&m, untyped, OBJECT_CNODE, 4, cnode), SEL4_NO_ERROR);
    CHECK_EQ(INVOKE(&m, cnode, METHOD_CNODE_COPY,
                    WORDS(1, 4, cnode, 64, RIGHT_ALL), CAPS(ROOT)),
             SEL4_NO_ERROR);
    CHECK_EQ(cap_delete(&m, cnode), SEL4_NO_ERROR);
    CHECK_EQ(cap_delete(&m, untyped), SEL4_NO_ERROR);
    CHECK_EQ(kernel_check(m.k, &(paddr){ 0 }), 0);
    machine_free(&m);
}

static void types_and_places(void)
{
    BREAKS("cap-type", REF(w.child), CAP(w.child).type = 29);
    BREAKS("cap-type", REF(w.child), CAP(w.child).type = 26);
    BREAKS("cap-type", REF(w.child), CAP(w.child).type = CAP_SCHED_CONTROL);
    BREAKS("object-aligned", REF(w.frame), CAP(w.frame).obj += 64);
    BREAKS("object-in-memory", REF(w.ep_receive),
           CAP(w.ep_receive).obj = k->h.config.memory_size);
    BREAKS("object-in-memory", REF(w.ep_receive), CAP(w.ep_receive).obj = 0);
    BREAKS("cap-tcb", REF(w.stopped.cap), CAP(w.stopped.cap).obj += 1 << 11);
    BREAKS("cap-tcb", TCB_REF(w.server, TCB_CALLER),
           TCB(w.server)->slot[TCB_CALLER].cap.obj = object_of(m, w.frame));
}

static void fields_of_portable_capabilities(void)
{
    BREAKS("untyped-size", REF(w.child), CAP(w.child).untyped.bits = 3);
    BREAKS("untyped-size", REF(w.child), CAP(w.child).untyped.bits = 48);
    BREAKS("untyped-free", REF(w.child),
           CAP(w.child).untyped.free = (1 << 14) + 1);
    BREAKS("notification-rights", REF(w.n_wait),
           CAP(w.n_wait).notification.rights = RIGHT_ALL);
    BREAKS("cnode-radix", REF(w.cnode), CAP(w.cnode).cnode.radix = 0);
    BREAKS("cnode-radix", REF(w.cnode), CAP(w.cnode).cnode.radix = 60);
    BREAKS("cnode-guard", REF(w.cnode), CAP(w.cnode).cnode.guard_size = 61);
    BREAKS("cnode-guard", REF(w.cnode), CAP(w.cnode).cnode.guard = 1);
    BREAKS("handler-irq", REF(w.handler), CAP(w.handler).irq_handler.irq = 3);
}

static void fields_of_the_architectures_capabilities(void)
{
    BREAKS("frame-size", REF(w.frame), CAP(w.frame).frame.size = 3);
    BREAKS("frame-rights", REF(w.frame), CAP(w.frame).frame.rights = 0);
    BREAKS("frame-mapped", REF(w.frame), CAP(w.frame).frame.map = 0);
    BREAKS("frame-asid", REF(w.frame), CAP(w.frame).frame.asid = 4096);
    BREAKS("frame-vaddr", REF(w.frame), CAP(w.frame).frame.vaddr += 8);
    BREAKS("frame-vaddr", REF(w.frame),
           CAP(w.frame).frame.vaddr = SEL4_USER_TOP);
    BREAKS("table-asid", REF(w.space.pt), CAP(w.space.pt).table.asid = 0);
    BREAKS("table-vaddr", REF(w.space.pd), CAP(w.space.pd).table.vaddr = MIB2);
    BREAKS("vspace-asid", ANYWHERE, CAP(w.space.pml4).pml4.asid = 0);
    BREAKS("pool-base", REF(w.pool), CAP(w.pool).asid_pool.base = 100);
    BREAKS("port-range", REF(w.port), CAP(w.port).io_port.last = 1);
}

/* Put a zombie of a CNode into the slot of the CNode's capability. */
static void make_zombie(struct machine *m, word slot, word radix, word count)
{
    union cap cap = { .zombie = { .type = CAP_ZOMBIE,
                                  .obj = object_of(m, slot),
                                  .radix = radix,
                                  .count = count } };

    slot_of(m, slot)->cap = cap;
}

/* A TCB whose deletion was interrupted: its slots are still in use. */
static void a_dying_thread_keeps_its_capabilities(void)
{
    struct world w = world_new();
    struct machine *m = &w.m;
    struct kernel *k = m->k;
    struct tcb *t = tcb_of(m, w.receiver.tcb);
    union cap zombie = { .zombie = { .type = CAP_ZOMBIE,
                                     .obj = w.receiver.tcb,
                                     .tcb = 1,
                                     .count = TCB_SLOTS } };

    CHECK_EQ(thread_stop(m, w.receiver), SEL4_NO_ERROR);
    CHECK_EQ(t->slot[TCB_REPLY].cap.type, CAP_REPLY);
    tcb_destroy(k, t);
    CAP(w.receiver.cap) = zombie;
    CHECK_EQ(kernel_check(k, &(paddr){ 0 }), 0);
    CAP(w.receiver.cap).zombie.count++;
    check_names(m, "zombie-count", REF(w.receiver.cap), __LINE__);
    CAP(w.receiver.cap) = zombie;
    t->slot[TCB_REPLY].cap.reply.master = 0;
    check_names(m, "cap-tcb", TCB_REF(w.receiver, TCB_REPLY), __LINE__);
    machine_free(m);
}

static void zombies(void)
{
    struct world w = world_new();

    make_zombie(&w.m, w.cnode, 4, 16);
    CHECK_EQ(kernel_check(w.m.k, &(paddr){ 0 }), 0);
    machine_free(&w.m);

    BREAKS("zombie-count", REF(w.cnode), make_zombie(m, w.cnode, 4, 17));
    BREAKS("zombie-radix", REF(w.cnode), make_zombie(m, w.cnode, 0, 0));
    BREAKS("zombie-final", ANYWHERE,
           CHECK_EQ(cap_copy(m, m->next_slot, w.cnode, RIGHT_ALL), 0),
           make_zombie(m, w.cnode, 4, 16));
    BREAKS("zombie-final", ANYWHERE,
           CHECK_EQ(cap_copy(m, m->next_slot, w.cnode, RIGHT_ALL), 0),
           make_zombie(m, m->next_slot, 4, 16));
}

static void links_of_slots(void)
{
    BREAKS("slot-links", ANYWHERE, slot_of(m, w.child)->prev = 0x12345);
    BREAKS("slot-links", ANYWHERE, slot_of(m, w.child)->next_4 = 0x1234500);
    BREAKS("slot-links", ANYWHERE, slot_of(m, w.ep_send)->prev = REF(w.child));
    BREAKS("slot-links", REF(w.untyped), slot_of(m, w.child)->prev = 0);
    BREAKS("empty-slot-linked", ANYWHERE, CAP(w.child) = cap_null());
    BREAKS("empty-slot-linked", REF(m->next_slot),
           slot_of(m, m->next_slot)->next_4 = REF(w.child) >> 2);
}

/* Let the capabilities of two slots be a derivation list of their own. */
static void make_circle(struct machine *m, word a, word b)
{
    struct kernel *k = m->k;

    slot_of(m, a)->cap = slot_of(m, b)->cap =
        (union cap){ .words = { CAP_DOMAIN } };
    slot_of(m, a)->next_4 = REF(b) >> 2;
    slot_of(m, a)->prev = REF(b);
    slot_of(m, b)->next_4 = REF(a) >> 2;
    slot_of(m, b)->prev = REF(a);
}

/* Put a capability into memory that is no CNode, behind `slot` in its list. */
static word make_hidden(struct machine *m, word slot, word frame)
{
    struct kernel *k = m->k;
    struct cte *s = slot_of(m, slot);
    struct cte *hidden = kernel_memory(k, object_of(m, frame));

    *hidden = *s;
    hidden->prev = slot_ref(k, s);
    s->next_4 = object_of(m, frame) >> 2;
    if (hidden->next_4)
        slot_next(k, hidden)->prev = object_of(m, frame);
    return object_of(m, frame);
}

static void slots_and_lists_that_miss_each_other(void)
{
    BREAKS("slot-unlisted", REF(m->next_slot),
           make_circle(m, m->next_slot, m->next_slot + 1));
    BREAKS("slot-unreachable", object_of(m, w.frame),
           make_hidden(m, SEL4_CAP_DOMAIN, w.frame));
}

static void what_lies_in_untyped_memory(void)
{
    BREAKS("revocable", REF(w.untyped), slot_of(m, w.child)->revocable = 0,
           slot_of(m, w.untyped)->revocable = 0);
    BREAKS("revocable", REF(SEL4_CAP_IRQ_CONTROL),
           slot_of(m, SEL4_CAP_IRQ_CONTROL)->revocable = 0);
    BREAKS("untyped-watermark", REF(w.child), CAP(w.untyped).untyped.free = 64);
    BREAKS("device-memory", REF(w.child), CAP(w.child).untyped.device = 1);
    BREAKS("device-memory", REF(w.frame), CAP(w.frame).frame.device = 1);
    BREAKS("object-overlap", ANYWHERE,
           CAP(w.cnode).obj = object_of(m, w.n_wait) & ~511ul);
    BREAKS("object-overlap", ANYWHERE,
           CAP(w.large).obj = object_of(m, w.large) << 1);
    /* across lists: the first thread's bootinfo frame, and what is free */
    BREAKS("object-overlap", ANYWHERE,
           CAP(SEL4_CAP_BOOT_INFO_FRAME).obj = object_of(m, m->untyped));
}

/* More copies of untyped memory than the check remembers ancestors. */
static void a_tree_that_is_deep(void)
{
    struct world w = world_new();
    struct machine *m = &w.m;
    struct kernel *k = m->k;
    word from = w.child;

    for (int i = 0; i < 70; i++) {
        word to = m->next_slot++;

        CHECK_EQ(cap_copy(m, to, from, RIGHT_ALL), SEL4_NO_ERROR);
        from = to;
    }
    CHECK_EQ(retype(m, from, OBJECT_ENDPOINT, 0, m->next_slot), SEL4_NO_ERROR);
    CHECK_EQ(kernel_check(k, &(paddr){ 0 }), 0);
    CAP(from).untyped.free = 0;
    check_names(m, "untyped-watermark", REF(m->next_slot), __LINE__);
    machine_free(m);
}

static void copies_have_what_their_original_has(void)
{
    BREAKS("derived-rights", REF(w.ep_send_copy),
           CAP(w.ep_send_copy).endpoint.rights = RIGHT_ALL);
    BREAKS("derived-rights", REF(w.ep_send_badged),
           CAP(w.ep_send).endpoint.rights = RIGHT_WRITE);
    BREAKS("derived-rights", ANYWHERE,
           CHECK_EQ(cap_copy(m, m->next_slot, w.frame, RIGHT_READ), 0),
           CAP(w.frame).frame.rights = FRAME_KERNEL_ONLY);
}

/* Give a second capability to answer the client. */
static void make_second_reply(struct machine *m, struct cte *first)
{
    struct cte *second = slot_of(m, m->next_slot);

    *second = *first;
    second->prev = slot_ref(m->k, first);
    first->next_4 = slot_ref(m->k, second) >> 2;
}

static void reply_capabilities(void)
{
    BREAKS("reply-master", TCB_REF(w.server, TCB_CALLER),
           TCB(w.server)->slot[TCB_CALLER].cap.reply.master = 1);
    BREAKS("reply-caller", TCB_REF(w.server, TCB_CALLER),
           TCB(w.client)->state = STATE_INACTIVE);
    BREAKS("reply-single", ANYWHERE,
           make_second_reply(m, &TCB(w.server)->slot[TCB_CALLER]));
}

TESTS(TEST(a_whole_world_is_fine),
      TEST(a_cnode_that_only_itself_leads_to_is_fine), TEST(types_and_places),
      TEST(fields_of_portable_capabilities),
      TEST(fields_of_the_architectures_capabilities),
      TEST(a_dying_thread_keeps_its_capabilities), TEST(zombies),
      TEST(links_of_slots), TEST(slots_and_lists_that_miss_each_other),
      TEST(what_lies_in_untyped_memory), TEST(a_tree_that_is_deep),
      TEST(copies_have_what_their_original_has), TEST(reply_capabilities))
