/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deletion: what goes with the last capability, CNodes that hold each other,
 * and operations that are cut short (kernel/delete.c).
 */
#include "harness.h"

static word inside(struct machine *m, word cnode, word slot, word source)
{
    return INVOKE(m, cnode, METHOD_CNODE_COPY,
                  WORDS(slot, 4, source, 64, RIGHT_ALL), CAPS(ROOT));
}

static word move_inside(struct machine *m, word cnode, word slot, word source)
{
    return INVOKE(m, cnode, METHOD_CNODE_MOVE, WORDS(slot, 4, source, 64),
                  CAPS(ROOT));
}

static struct cte *slots_of(struct machine *m, paddr cnode)
{
    return kernel_memory(m->k, cnode);
}

static void the_last_capability_of_a_cnode_empties_it(void)
{
    struct machine m = machine_new();
    word cnode = object_new(&m, OBJECT_CNODE, 4);
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    word copy = slot_new(&m);
    paddr p = object_of(&m, cnode);

    CHECK_EQ(cap_copy(&m, copy, cnode, RIGHT_ALL), SEL4_NO_ERROR);
    for (word i = 0; i < 16; i++)
        CHECK_EQ(inside(&m, cnode, i, ep), SEL4_NO_ERROR);
    CHECK_EQ(cap_delete(&m, cnode), SEL4_NO_ERROR);
    CHECK_EQ(slots_of(&m, p)[3].cap.type, CAP_ENDPOINT);
    CHECK_EQ(cap_delete(&m, copy), SEL4_NO_ERROR);
    for (word i = 0; i < 16; i++)
        CHECK_EQ(slots_of(&m, p)[i].cap.type, CAP_NULL);
    machine_free(&m);
}

static void a_cnode_that_holds_itself_is_deleted(void)
{
    for (word slot = 0; slot < 16; slot += 5) {
        struct machine m = machine_new();
        word cnode = object_new(&m, OBJECT_CNODE, 4);
        word copy = slot_new(&m);
        paddr p = object_of(&m, cnode);

        CHECK_EQ(cap_copy(&m, copy, cnode, RIGHT_ALL), SEL4_NO_ERROR);
        CHECK_EQ(move_inside(&m, copy, slot, cnode), SEL4_NO_ERROR);
        CHECK_EQ(inside(&m, copy, 7, SEL4_CAP_INIT_THREAD_TCB), SEL4_NO_ERROR);
        CHECK_EQ(cap_delete(&m, copy), SEL4_NO_ERROR);
        CHECK(slot_is_empty(&m, copy));
        /* It is its own last holder now; revoking its memory ends it. */
        CHECK_EQ(slots_of(&m, p)[slot].cap.type, CAP_CNODE);
        CHECK_EQ(cap_revoke(&m, m.untyped), SEL4_NO_ERROR);
        for (word i = 0; i < 16; i++)
            CHECK_EQ(slots_of(&m, p)[i].cap.type, CAP_NULL);
        machine_free(&m);
    }
}

/* Two CNodes, each of which holds the last capability of the other. */
static void cnodes_that_hold_each_other_are_deleted(void)
{
    for (word slot = 0; slot < 16; slot += 3) {
        struct machine m = machine_new();
        word a = object_new(&m, OBJECT_CNODE, 4);
        word b = object_new(&m, OBJECT_CNODE, 4);
        paddr pa = object_of(&m, a), pb = object_of(&m, b);

        CHECK_EQ(inside(&m, b, slot, a), SEL4_NO_ERROR);
        CHECK_EQ(inside(&m, a, 15 - slot, b), SEL4_NO_ERROR);
        CHECK_EQ(cap_delete(&m, b), SEL4_NO_ERROR);
        CHECK_EQ(slots_of(&m, pb)[slot].cap.type, CAP_CNODE);
        CHECK_EQ(slots_of(&m, pa)[15 - slot].cap.type, CAP_CNODE);
        CHECK_EQ(cap_delete(&m, a), SEL4_NO_ERROR);
        CHECK_EQ(cap_revoke(&m, m.untyped), SEL4_NO_ERROR);
        CHECK_EQ(slots_of(&m, pb)[slot].cap.type, CAP_NULL);
        CHECK_EQ(slots_of(&m, pa)[15 - slot].cap.type, CAP_NULL);
        machine_free(&m);
    }
}

/* A TCB whose CSpace is a CNode that holds the TCB's last capability. */
static void a_thread_that_holds_itself_is_deleted(void)
{
    struct machine m = machine_new();
    word cnode = object_new(&m, OBJECT_CNODE, 4);
    struct thread t = thread_new(&m, 20);

    CHECK_EQ(INVOKE(&m, t.cap, METHOD_TCB_SET_SPACE, WORDS(0, 60, 0),
                    CAPS(cnode, SEL4_CAP_INIT_THREAD_VSPACE)),
             SEL4_NO_ERROR);
    CHECK_EQ(thread_resume(&m, t), SEL4_NO_ERROR);
    CHECK_EQ(move_inside(&m, cnode, 2, t.cap), SEL4_NO_ERROR);
    CHECK_EQ(cap_delete(&m, cnode), SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.current, t.tcb);
    CHECK_EQ(cap_revoke(&m, m.untyped), SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.current, 0);
    CHECK_EQ(m.k->h.tcbs, m.k->h.boot.root_tcb);
    machine_free(&m);
}

static void a_thread_may_delete_itself(void)
{
    struct machine m = machine_new();
    struct thread t = thread_running(&m, 20);
    uint32_t index = kernel_thread_of(m.k, t.tcb);

    trap(&m, t.tcb, SYS_CALL, ROOT,
         MESSAGE(sel4_label_of_method[0][METHOD_CNODE_DELETE], t.cap, 64));
    CHECK_EQ(m.k->h.current, 0);
    CHECK(slot_is_empty(&m, t.cap));
    CHECK_EQ(m.k->h.thread[index].tcb, 0);
    CHECK(m.k->h.thread[index].flags & THREAD_RETIRED);
    CHECK(m.k->h.events & EVENT_THREAD_RETIRED);
    machine_free(&m);
}

static void a_deleted_tcb_leaves_every_queue(void)
{
    struct machine m = machine_new();
    word ep = object_new(&m, OBJECT_ENDPOINT, 0);
    word ntfn = object_new(&m, OBJECT_NOTIFICATION, 0);
    struct thread a = thread_running(&m, 20);
    struct thread b, c;

    trap(&m, a.tcb, SYS_CALL, ep, MESSAGE(0));
    b = thread_running(&m, 20);
    trap(&m, b.tcb, SYS_RECV, ntfn, NULL);
    c = thread_running(&m, 20);
    struct thread d = thread_running(&m, 20);
    CHECK_EQ(tcb_of(&m, d.tcb)->queued, 1);
    CHECK_EQ(cap_delete(&m, a.cap), SEL4_NO_ERROR);
    CHECK_EQ(cap_delete(&m, b.cap), SEL4_NO_ERROR);
    CHECK_EQ(cap_delete(&m, d.cap), SEL4_NO_ERROR);
    CHECK_EQ(((struct endpoint *)kernel_memory(m.k, object_of(&m, ep)))->state,
             ENDPOINT_IDLE);
    CHECK_EQ(
        ((struct notification *)kernel_memory(m.k, object_of(&m, ntfn)))->state,
        NOTIFICATION_IDLE);
    CHECK_EQ(m.k->h.ready[0][20].head, 0);
    CHECK_EQ(m.k->h.ready_l1[0], 0);
    CHECK_EQ(m.k->h.current, c.tcb);
    machine_free(&m);
}

/* The robust case: an agent deletes the thread that runs. */
static void an_agent_may_delete_the_current_thread(void)
{
    struct machine m = machine_new();
    struct thread a = thread_running(&m, 20);
    struct thread b = thread_running(&m, 10);

    CHECK_EQ(m.k->h.current, a.tcb);
    CHECK_EQ(cap_delete(&m, a.cap), SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.current, b.tcb);
    machine_free(&m);
}

static void a_long_revoke_is_cut_short_for_what_is_pending(void)
{
    struct machine m = machine_new();
    struct thread low = thread_running(&m, 20);
    struct thread high = thread_new(&m, 30);
    word untyped = object_new(&m, OBJECT_UNTYPED, 20);
    word first = m.next_slot;
    word left = 0;

    CHECK_EQ(INVOKE(&m, untyped, METHOD_UNTYPED_RETYPE,
                    WORDS(OBJECT_ENDPOINT, 0, 0, 0, first, 250), CAPS(ROOT)),
             SEL4_NO_ERROR);
    CHECK_EQ(thread_resume(&m, high), SEL4_NO_ERROR);
    CHECK_EQ(m.k->h.pending, PENDING_RESCHEDULE);
    CHECK_EQ(m.k->h.current, low.tcb);

    trap(&m, low.tcb, SYS_CALL, ROOT,
         MESSAGE(sel4_label_of_method[0][METHOD_CNODE_REVOKE], untyped, 64));
    CHECK_EQ(m.k->h.current, high.tcb);
    CHECK_EQ(state_of(&m, low), STATE_RESTART);
    for (word i = 0; i < 250; i++)
        left += !slot_is_empty(&m, first + i);
    CHECK_EQ(left, 150);

    /* The call is repeated from where it stopped. */
    CHECK_EQ(thread_stop(&m, high), SEL4_NO_ERROR);
    take_kick(&m);
    CHECK_EQ(m.k->h.current, low.tcb);
    CHECK_EQ(kernel_registers(m.k, low.tcb)[REG_RIP], TRAP_IP);
    trap(&m, low.tcb, SYS_CALL, ROOT,
         MESSAGE(sel4_label_of_method[0][METHOD_CNODE_REVOKE], untyped, 64));
    CHECK_EQ(got_label(&m, low.tcb), SEL4_NO_ERROR);
    for (word i = 0; i < 250; i++)
        CHECK(slot_is_empty(&m, first + i));
    machine_free(&m);
}

/* A CNode that was cut short in its deletion is a zombie meanwhile. */
static void a_zombie_cannot_be_used_until_it_is_gone(void)
{
    struct machine m = machine_new();
    word cnode = object_new(&m, OBJECT_CNODE, 8);
    struct thread t = thread_running(&m, 20);
    word to = slot_new(&m);

    m.caller = t.tcb;
    timer_due(&m);
    /* Not answered: what it reads back is the label of its own call. */
    CHECK_EQ(INVOKE(&m, ROOT, METHOD_CNODE_DELETE, WORDS(cnode, 64)),
             sel4_label_of_method[0][METHOD_CNODE_DELETE]);
    CHECK_EQ(kernel_registers(m.k, t.tcb)[REG_RIP], TRAP_IP);
    CHECK_EQ(slot_of(&m, cnode)->cap.type, CAP_ZOMBIE);
    CHECK_EQ(slot_of(&m, cnode)->cap.zombie.count, 156);
    CHECK_EQ(INVOKE(&m, cnode, METHOD_CNODE_DELETE, WORDS(1, 8)),
             SEL4_INVALID_CAPABILITY);
    CHECK_EQ(m.k->h.error.reason, REASON_INVOKE_ZOMBIE);
    CHECK_EQ(cap_copy(&m, to, cnode, RIGHT_ALL), SEL4_ILLEGAL_OPERATION);
    CHECK_EQ(cap_move(&m, to, cnode), SEL4_NO_ERROR);
    CHECK_EQ(cap_delete(&m, to), SEL4_NO_ERROR);
    CHECK(slot_is_empty(&m, to));
    machine_free(&m);
}

TESTS(TEST(the_last_capability_of_a_cnode_empties_it),
      TEST(a_cnode_that_holds_itself_is_deleted),
      TEST(cnodes_that_hold_each_other_are_deleted),
      TEST(a_thread_that_holds_itself_is_deleted),
      TEST(a_thread_may_delete_itself), TEST(a_deleted_tcb_leaves_every_queue),
      TEST(an_agent_may_delete_the_current_thread),
      TEST(a_long_revoke_is_cut_short_for_what_is_pending),
      TEST(a_zombie_cannot_be_used_until_it_is_gone))
