/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Views of a machine (kernel/inspect.h): of each kind of thing, what there is
 * to see; and that looking changes nothing.
 */
#include "kernel/inspect.h"
#include "world.h"

#define REF(s) slot_ref(w->m.k, slot_of(&w->m, (s)))

static struct cap_view view(struct world *w, word slot)
{
    struct cap_view v;

    CHECK(cap_view(w->m.k, REF(slot), &v));
    CHECK_EQ(v.broken, 0);
    return v;
}

static void capabilities(struct world *w)
{
    struct cap_view v = view(w, w->ep_send_badged);

    CHECK_EQ(v.type, CAP_ENDPOINT);
    CHECK_EQ(v.badge, 5);
    CHECK_EQ(v.rights, RIGHT_WRITE | RIGHT_GRANT);
    CHECK_EQ(v.object, object_of(&w->m, w->ep_send));
    CHECK_EQ(v.bits, 4);
    CHECK(v.has_object && v.revocable);
    v = view(w, w->untyped);
    CHECK_EQ(v.bits, 16);
    CHECK_EQ(v.free_bytes, (1 << 16) - (1 << 14));
    v = view(w, w->m.k->h.boot.untyped_start);
    CHECK(v.device && v.has_object);
    CHECK_EQ(v.object, 0);
    v = view(w, w->cnode);
    CHECK_EQ(v.radix, 4);
    CHECK_EQ(v.guard_bits, 0);
    v = view(w, ROOT);
    CHECK_EQ(v.guard_bits, 64 - 12);
    v = view(w, w->frame);
    CHECK(v.mapped && !v.device);
    CHECK_EQ(v.vaddr, BASE);
    CHECK_EQ(v.asid, 2);
    CHECK_EQ(v.rights, RIGHT_READ | RIGHT_WRITE);
    v = view(w, w->space.pd);
    CHECK(v.mapped);
    CHECK_EQ(v.vaddr, 0);
    CHECK_EQ(view(w, w->space.pt).vaddr, BASE);
    CHECK_EQ(view(w, w->space.pt).asid, 2);
    v = view(w, w->space.pml4);
    CHECK_EQ(v.asid, 2);
    v = view(w, w->pool);
    CHECK_EQ(v.asid, 512);
    v = view(w, w->port);
    CHECK_EQ(v.first_port, 0x3f8);
    CHECK_EQ(v.last_port, 0x3ff);
    CHECK(!v.has_object);
    CHECK_EQ(view(w, w->handler).irq, WORLD_IRQ);
    CHECK_EQ(view(w, w->receiver.cap).object, w->receiver.tcb);
    CHECK_EQ(view(w, w->m.next_slot).type, CAP_NULL);
}

static void slots_that_are_none(struct world *w)
{
    struct cap_view v;

    CHECK(!cap_view(w->m.k, 0, &v));
    CHECK(!cap_view(w->m.k, 17, &v));
    CHECK(!cap_view(w->m.k, w->m.k->h.config.memory_size, &v));
    CHECK(!cap_view(w->m.k, ~0ul << 5, &v));
    /* the interrupts' slots lie before physical address 0 */
    CHECK(cap_view(w->m.k, slot_ref(w->m.k, irq_slot(w->m.k, WORLD_IRQ)), &v));
    CHECK_EQ(v.type, CAP_NOTIFICATION);
    CHECK(cap_view(w->m.k, slot_ref(w->m.k, irq_slot(w->m.k, 127)), &v));
    CHECK(!cap_view(w->m.k, slot_ref(w->m.k, irq_slot(w->m.k, 127)) + 32, &v));
}

static void a_cnodes_slots_in_use(struct world *w)
{
    word index = 0, slot, n = 0;
    paddr root = w->m.k->h.boot.root_cnode;

    CHECK(!cnode_next(w->m.k, object_of(&w->m, w->cnode), 4, &index, &slot));
    for (; cnode_next(w->m.k, root, 12, &index, &slot); index++, n++)
        CHECK_EQ(slot, REF(index));
    CHECK_EQ(n, w->m.next_slot - 6); /* so many of the first 16 are empty */
    index = 0;
    CHECK(!cnode_next(w->m.k, root, 60, &index, &slot));
    CHECK(!cnode_next(w->m.k, root + 32, 4, &index, &slot));
}

static void parents_and_children(struct world *w)
{
    struct kernel *k = w->m.k;
    word untyped = REF(w->untyped), ep = REF(w->ep_send);

    CHECK_EQ(slot_parent(k, REF(w->child)), untyped);
    CHECK_EQ(slot_parent(k, untyped), REF(w->m.untyped));
    CHECK_EQ(slot_parent(k, REF(w->m.untyped)), 0);
    CHECK_EQ(slot_parent(k, REF(w->ep_send_copy)), REF(w->ep_send_badged));
    CHECK_EQ(slot_parent(k, REF(w->ep_send_badged)), ep);
    CHECK_EQ(slot_descendants(k, ep), 2);
    CHECK_EQ(slot_children(k, ep), 1);
    CHECK_EQ(slot_children(k, untyped), 1);
    CHECK_EQ(slot_parent(k, REF(w->frame)), REF(w->m.untyped));
    CHECK(slot_children(k, REF(w->m.untyped)) <
          slot_descendants(k, REF(w->m.untyped)));
    CHECK_EQ(slot_children(k, REF(w->child)), 0);
    CHECK_EQ(slot_parent(k, REF(w->handler)), REF(SEL4_CAP_IRQ_CONTROL));
    CHECK_EQ(slot_parent(k, slot_ref(k, irq_slot(k, WORLD_IRQ))),
             REF(w->n_active));
    CHECK_EQ(slot_parent(k, 0), 0);
    CHECK_EQ(slot_parent(k, REF(w->m.next_slot)), 0);
}

static void the_whole_tree_in_order(struct world *w)
{
    static word memory[4096];
    struct tree_walk walk;
    struct tree_node node;
    word seen = 0, used = 0, index = 0, slot, depth = 0, children = 0;

    tree_walk_begin(&walk, w->m.k, memory, 4096);
    for (; tree_walk_next(&walk, &node); seen++) {
        CHECK_EQ(node.parent, slot_parent(w->m.k, node.slot));
        CHECK_EQ(node.depth == 0, node.parent == 0);
        CHECK(node.depth <= depth + 1);
        depth = node.depth;
        children += node.parent == REF(w->m.untyped);
    }
    CHECK_EQ(children, slot_children(w->m.k, REF(w->m.untyped)));
    CHECK_EQ(walk.set.full, 0);
    for (; cnode_next(w->m.k, w->m.k->h.boot.root_cnode, 12, &index, &slot);
         index++)
        used++;
    for (paddr p = 0; (p = thread_next(w->m.k, p)) != 0;)
        for (int i = 0; i < TCB_SLOTS; i++)
            used += tcb_of(&w->m, p)->slot[i].cap.type != CAP_NULL;
    CHECK_EQ(seen, used + 1); /* and the interrupt's notification */
}

static void reply_capabilities(struct world *w)
{
    struct kernel *k = w->m.k;
    struct cap_view v;

    CHECK(cap_view(
        k, slot_ref(k, &tcb_of(&w->m, w->client.tcb)->slot[TCB_REPLY]), &v));
    CHECK(v.master && v.revocable && v.has_object);
    CHECK_EQ(v.object, w->client.tcb);
    CHECK_EQ(v.bits, 0); /* the classic kernel has no reply objects */
    CHECK_EQ(v.rights, RIGHT_WRITE | RIGHT_GRANT);
    CHECK(cap_view(
        k, slot_ref(k, &tcb_of(&w->m, w->server.tcb)->slot[TCB_CALLER]), &v));
    CHECK(!v.master);
    CHECK_EQ(v.object, w->client.tcb);
}

static void threads_in_their_queues(struct world *w)
{
    struct thread_view v;

    CHECK(thread_view(w->m.k, w->sender_b.tcb, &v));
    CHECK_EQ(v.state, STATE_BLOCKED_ON_SEND);
    CHECK_EQ(v.blocked_on, object_of(&w->m, w->ep_send));
    CHECK_EQ(v.queue_position, 1);
    CHECK_EQ(v.badge, 5);
    CHECK(!v.is_call && v.can_grant && !v.can_grant_reply);
    CHECK(!v.current && !v.ready && !v.agent);
    CHECK(thread_view(w->m.k, w->waiter_a.tcb, &v));
    CHECK_EQ(v.state, STATE_BLOCKED_ON_NOTIFICATION);
    CHECK_EQ(v.queue_position, 0);
    CHECK(thread_view(w->m.k, w->ready_a.tcb, &v));
    CHECK(v.ready);
    CHECK_EQ(v.queue_position, 1);
    CHECK_EQ(v.priority, 30);
    CHECK_EQ(ready_first(w->m.k, 0, 30), w->ready_b.tcb);
    CHECK_EQ(ready_next(w->m.k, w->ready_b.tcb), w->ready_a.tcb);
    CHECK_EQ(ready_next(w->m.k, w->ready_a.tcb), 0);
    CHECK_EQ(ready_first(w->m.k, 0, 31), 0);
    CHECK_EQ(ready_first(w->m.k, 1, 30), 0);
}

static void threads_and_their_partners(struct world *w)
{
    struct kernel *k = w->m.k;
    struct thread_view v;

    CHECK(thread_view(k, w->server.tcb, &v));
    CHECK(v.current);
    CHECK_EQ(v.state, STATE_RUNNING);
    CHECK_EQ(v.queue_position, -1);
    CHECK_EQ(v.caller, w->client.tcb);
    CHECK_EQ(v.reply_slot, 0);
    CHECK_EQ(v.vspace, k->h.boot.root_vspace);
    CHECK_EQ(v.cspace, k->h.boot.root_cnode);
    CHECK_EQ(v.ipc_buffer, 0x1000000);
    CHECK_EQ(v.ipc_frame, object_of(&w->m, w->server.frame));
    CHECK_EQ(v.registers[REG_RIP], TRAP_IP + 2);
    CHECK_EQ(v.slot[TCB_CALLER],
             slot_ref(k, &tcb_of(&w->m, w->server.tcb)->slot[TCB_CALLER]));
    CHECK(thread_view(k, w->client.tcb, &v));
    CHECK_EQ(v.state, STATE_BLOCKED_ON_REPLY);
    CHECK_EQ(v.reply_slot,
             slot_ref(k, &tcb_of(&w->m, w->server.tcb)->slot[TCB_CALLER]));
    CHECK_EQ(v.caller, 0);
    CHECK(thread_view(k, w->bound.tcb, &v));
    CHECK_EQ(v.bound_notification, object_of(&w->m, w->n_bound));
    CHECK(thread_view(k, w->m.caller, &v));
    CHECK(v.agent);
    CHECK_EQ(strcmp(v.name, "rootserver"), 0);
    CHECK_EQ(v.thread, 1);
    CHECK_EQ(v.mcp, 255);
    CHECK(!thread_view(k, 0, &v));
    CHECK(!thread_view(k, w->client.tcb + 64, &v));
}

static void every_thread(struct world *w)
{
    word n = 0;
    bool found = false;

    for (paddr p = 0; (p = thread_next(w->m.k, p)) != 0; n++)
        found |= p == w->stopped.tcb;
    CHECK(found);
    CHECK_EQ(n, 12);
    CHECK_EQ(thread_next(w->m.k, 7), 0);
}

static void endpoints_and_notifications(struct world *w)
{
    struct kernel *k = w->m.k;
    struct endpoint_view e;
    struct notification_view n;

    CHECK(endpoint_view(k, object_of(&w->m, w->ep_send), &e));
    CHECK_EQ(e.state, ENDPOINT_SEND);
    CHECK_EQ(e.length, 2);
    CHECK_EQ(e.first, w->sender_a.tcb);
    CHECK_EQ(queue_next(k, e.first), w->sender_b.tcb);
    CHECK_EQ(queue_next(k, w->sender_b.tcb), 0);
    CHECK(endpoint_view(k, object_of(&w->m, w->ep_call), &e));
    CHECK_EQ(e.state, ENDPOINT_IDLE);
    CHECK_EQ(e.length, 0);
    CHECK(notification_view(k, object_of(&w->m, w->n_wait), &n));
    CHECK_EQ(n.state, NOTIFICATION_WAITING);
    CHECK_EQ(n.length, 2);
    CHECK(notification_view(k, object_of(&w->m, w->n_active), &n));
    CHECK_EQ(n.state, NOTIFICATION_ACTIVE);
    CHECK_EQ(n.badge, 0);
    CHECK(notification_view(k, object_of(&w->m, w->n_bound), &n));
    CHECK_EQ(n.bound_tcb, w->bound.tcb);
    CHECK(!endpoint_view(k, 8, &e));
    CHECK(!notification_view(k, 0, &n));
}

static void vspaces(struct world *w)
{
    struct kernel *k = w->m.k;
    paddr pml4 = object_of(&w->m, w->space.pml4);
    struct vspace_view v;
    struct mapping_view at;

    CHECK(vspace_view(k, pml4, &v));
    CHECK_EQ(v.asid, 2);
    CHECK_EQ(v.process, WORLD_PROCESS);
    CHECK_EQ(v.pages, 2);
    CHECK_EQ(v.bytes, 4096 + MIB2);
    CHECK_EQ(v.tables, 3);
    CHECK(mapping_next(k, pml4, 0, &at));
    CHECK_EQ(at.vaddr, BASE);
    CHECK_EQ(at.bits, 12);
    CHECK_EQ(at.frame, object_of(&w->m, w->frame));
    CHECK_EQ(at.rights, RIGHT_READ | RIGHT_WRITE);
    CHECK(mapping_next(k, pml4, BASE + 4096, &at));
    CHECK_EQ(at.vaddr, BASE + MIB2);
    CHECK_EQ(at.bits, 21);
    CHECK_EQ(at.rights, RIGHT_READ);
    CHECK(mapping_next(k, pml4, BASE + 2 * MIB2 - 1, &at)); /* its last byte */
    CHECK(!mapping_next(k, pml4, BASE + 2 * MIB2, &at));
    CHECK(!vspace_view(k, 5, &v));
    CHECK(!mapping_next(k, 0, 0, &at));
}

static void interrupts(struct world *w)
{
    struct irq_view v;

    CHECK(irq_view(w->m.k, WORLD_IRQ, &v));
    CHECK(v.active && !v.masked && !v.waiting);
    CHECK_EQ(v.source, IRQ_SOURCE_IOAPIC);
    CHECK_EQ(v.pin, 4);
    CHECK_EQ(v.level, 1);
    CHECK_EQ(v.slot, slot_ref(w->m.k, irq_slot(w->m.k, WORLD_IRQ)));
    CHECK(irq_view(w->m.k, WORLD_IRQ + 1, &v));
    CHECK(!v.active && v.masked);
    CHECK(!irq_view(w->m.k, IMAGE_IRQS, &v));
}

/* ---- machines that were changed, or broken ---- */

static void walks_of_broken_lists_end(struct world *w)
{
    static word memory[4096];
    struct kernel *k = w->m.k;
    struct tree_walk walk;
    struct tree_node node;
    struct endpoint_view e;
    struct thread_view v;
    word n = 0;

    tcb_of(&w->m, w->sender_b.tcb)->ep_next = w->sender_a.tcb; /* circles */
    tcb_of(&w->m, w->sender_a.tcb)->ep_prev = w->sender_b.tcb;
    CHECK(endpoint_view(k, object_of(&w->m, w->ep_send), &e));
    CHECK(e.length > 2);
    CHECK(thread_view(k, w->sender_a.tcb, &v));
    slot_of(&w->m, w->ep_receive)->next_4 = 0x77;
    slot_of(&w->m, w->child)->prev = REF(w->child);
    slot_of(&w->m, w->child)->next_4 = REF(w->child) >> 2;
    slot_of(&w->m, w->cnode)->cap.cnode.radix = 63;
    tree_walk_begin(&walk, k, memory, 4096);
    while (tree_walk_next(&walk, &node))
        n++;
    CHECK(n > 20);
    CHECK_EQ(slot_parent(k, REF(w->child)), 0);
    CHECK_EQ(slot_descendants(k, REF(w->child)), 0);
    CHECK(cap_view(k, REF(w->cnode), &(struct cap_view){ .type = 0 }));
}

static void what_was_written_into_a_tcb_is_shown(struct world *w)
{
    struct tcb *t = tcb_of(&w->m, w->stopped.tcb);
    struct thread_view v;

    memset(t->name, 'n', sizeof t->name - 1);
    t->fault_handler = 99;
    t->flags = 1;
    t->fault_ip = 0x1234;
    t->time_slice = 4;
    t->fault = (struct fault){ FAULT_VM, 1, 2, 3 };
    t->lookup_failure.type = SEL4_LOOKUP_DEPTH_MISMATCH;
    CHECK(thread_view(w->m.k, w->stopped.tcb, &v));
    CHECK_EQ(strlen(v.name), VIEW_NAME - 1);
    CHECK_EQ(v.fault_handler, 99);
    CHECK_EQ(v.flags, 1);
    CHECK_EQ(v.fault_ip, 0x1234);
    CHECK_EQ(v.time_slice, 4);
    CHECK_EQ(v.fault.type, FAULT_VM);
    CHECK_EQ(v.fault.c, 3);
    CHECK_EQ(v.lookup_failure.type, SEL4_LOOKUP_DEPTH_MISMATCH);
}

static void a_zombie_and_a_broken_capability(struct world *w)
{
    union cap zombie = { .zombie = { .type = CAP_ZOMBIE,
                                     .obj = object_of(&w->m, w->cnode),
                                     .radix = 4,
                                     .count = 3 } };
    struct cap_view v;

    slot_of(&w->m, w->cnode)->cap = zombie;
    v = view(w, w->cnode);
    CHECK(!v.of_tcb && v.has_object);
    CHECK_EQ(v.slots_left, 3);
    CHECK_EQ(v.radix, 4);
    slot_of(&w->m, w->cnode)->cap.zombie.count = 99;
    CHECK(cap_view(w->m.k, REF(w->cnode), &v));
    CHECK(v.broken != NULL && !v.has_object);
    slot_of(&w->m, w->cnode)->cap.zombie.count = 0;
    CHECK_EQ(retype(&w->m, w->m.k->h.boot.untyped_start, OBJECT_PAGE, 0,
                    w->m.next_slot),
             SEL4_NO_ERROR);
    CHECK(view(w, w->m.next_slot).device);
}

/* Rights and attributes as Map took them. */
static void mappings_show_how_they_were_made(struct world *w)
{
    struct machine *m = &w->m;
    paddr pml4 = object_of(m, w->space.pml4);
    struct mapping_view at;

    for (word rights = 0; rights < 4; rights++)
        for (word attributes = 0; attributes < 8; attributes++) {
            CHECK_EQ(INVOKE(m, w->frame, METHOD_X86_PAGE_MAP,
                            WORDS(BASE, rights, attributes),
                            CAPS(w->space.pml4)),
                     SEL4_NO_ERROR);
            CHECK(mapping_next(m->k, pml4, 0, &at));
            CHECK_EQ(at.rights, rights & RIGHT_READ ? rights : 0);
            CHECK_EQ(at.attributes, attributes);
            CHECK_EQ(at.device, 0);
        }
}

static void a_walk_with_too_little_memory_says_so(struct world *w)
{
    static word memory[512];
    struct tree_walk walk;
    struct tree_node node;

    for (int i = 0; i < 200; i++)
        object_new(&w->m, OBJECT_CNODE, 1);
    tree_walk_begin(&walk, w->m.k, memory, 512);
    while (tree_walk_next(&walk, &node))
        ;
    CHECK(walk.set.full);
}

/* ---- running them ---- */

static void looking_changes_nothing(void)
{
    static void (*const looks[])(struct world *) = {
        capabilities,
        slots_that_are_none,
        a_cnodes_slots_in_use,
        parents_and_children,
        the_whole_tree_in_order,
        reply_capabilities,
        threads_in_their_queues,
        threads_and_their_partners,
        every_thread,
        endpoints_and_notifications,
        vspaces,
        interrupts,
    };
    struct world w = world_new();
    char *before = malloc(w.m.size);

    CHECK(before != NULL);
    memcpy(before, w.m.k, w.m.size);
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
        looks[i](&w);
    CHECK_EQ(memcmp(before, w.m.k, w.m.size), 0);
    free(before);
    machine_free(&w.m);
}

static void worlds_that_were_changed(void)
{
    static void (*const tests[])(struct world *) = {
        what_was_written_into_a_tcb_is_shown,  a_zombie_and_a_broken_capability,
        mappings_show_how_they_were_made,      walks_of_broken_lists_end,
        a_walk_with_too_little_memory_says_so,
    };

    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        struct world w = world_new();

        tests[i](&w);
        machine_free(&w.m);
    }
}

TESTS(TEST(looking_changes_nothing), TEST(worlds_that_were_changed))
