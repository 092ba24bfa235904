/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How capability pointers are resolved: by a thread whose CSpace is made of
 * several CNodes with guards. It asks what it finds; a fault handler tells how
 * a lookup failed.
 */
#include "as_classic.h"

static struct thread t;
static seL4_CPtr handler, badged, top, middle, leaf, ep;
SHARED seL4_CPtr ask, found, thread_tcb_name;
SHARED int what;

enum {
    IDENTIFY,
    SEND,
    RECEIVE,
    CALL
};

/* The thread cannot suspend itself by a name that all its CSpaces have; it is
 * stopped by a page fault. */
static void work(seL4_Word unused)
{
    (void)unused;
    switch (what) {
    case IDENTIFY:
        found = seL4_DebugCapIdentify(ask);
        break;
    case SEND:
        seL4_NBSend(ask, seL4_MessageInfo_new(0, 0, 0, 0));
        break;
    case RECEIVE:
        seL4_Recv(ask, NULL);
        break;
    case CALL:
        seL4_Send(ask, seL4_MessageInfo_new(0, 0, 0, 0));
        break;
    }
    *(volatile int *)0x18 = 1;
}

static void settle(void)
{
    own_priority(50);
    own_priority(200);
}

static void look(seL4_CPtr cptr)
{
    static const char *const names[] = { "identify", "NBSend", "Recv", "Send" };

    for (int w = 0; w < 4; w++) {
        seL4_Word badge = 0;
        seL4_MessageInfo_t info;

        ask = cptr;
        what = w;
        found = 99;
        seL4_TCB_Suspend(t.tcb);
        thread_go(&t, work, 0);
        settle();
        put("| %s %x:", names[w], cptr);
        if (w == IDENTIFY)
            put(" %u", found);
        info = seL4_NBRecv(handler, &badge);
        if (badge == 0)
            put(" blocked");
        else if (seL4_MessageInfo_get_label(info) == seL4_Fault_CapFault) {
            put(" fault");
            for (int i = 1; i < (int)seL4_MessageInfo_get_length(info); i++)
                put(" %x", seL4_GetMR(i));
        } else if (seL4_MessageInfo_get_label(info) == seL4_Fault_VMFault) {
            put(" done");
        } else {
            put(" label %u", seL4_MessageInfo_get_label(info));
        }
        put("\n");
    }
}

static void space(seL4_CPtr cnode, seL4_Word data)
{
    seL4_Word error = SPACE_ERROR(t.tcb, cnode, data, badged, 0);

    say("CSpace with data %x: %s", data, error_name(error));
}

/* The CNode `node` gets the handler's and the endpoint's capability. */
static void furnish(seL4_CPtr node, seL4_Word depth)
{
    QUIETLY(node, CNodeCopy, CAPS(ROOT), 1, depth, badged, 64, ALL);
    QUIETLY(node, CNodeCopy, CAPS(ROOT), 2, depth, ep, 64, ALL);
}

static void one_level(void)
{
    static const seL4_CPtr list[] = { 0,
                                      1,
                                      2,
                                      3,
                                      15,
                                      16,
                                      0x12,
                                      0x1f,
                                      0x100,
                                      1ul << 59,
                                      1ul << 60,
                                      1ul << 63,
                                      0x5ul << 60 | 2,
                                      -1ul };

    say("one CNode, the whole pointer resolved");
    /* The handler has to be found, too: by the same CSpace. */
    space(leaf, 60);
    SPACE_ERROR(t.tcb, leaf, 60, badged, 1);
    for (size_t i = 0; i < COUNT(list); i++)
        look(list[i]);
    say("with a guard of 4 bits: 5");
    SPACE_ERROR(t.tcb, leaf, 5ul << 6 | 4, badged, 0x51ul << 56);
    look(0x51ul << 56);
    look(0x52ul << 56);
    look(0x52ul << 56 | 0xffff);
    look(0x53ul << 56);
    look(0x42ul << 56);
    look(0);
    look(2);
    say("no guard");
    SPACE_ERROR(t.tcb, leaf, 0, badged, 1ul << 60);
    look(0);
    look(1ul << 60);
    look(2ul << 60);
    look(2ul << 60 | 1);
    look(3ul << 60);
}

static void three_levels(void)
{
    say("three CNodes: 4 bits, guard 2 and 5 bits, 4 bits");
    QUIETLY(top, CNodeMint, CAPS(ROOT), 4, 4, middle, 64, ALL, 2ul << 6 | 2);
    QUIETLY(middle, CNodeMint, CAPS(ROOT), 9, 5, leaf, 64, ALL, 0);
    QUIETLY(middle, CNodeCopy, CAPS(ROOT), 10, 5, ep, 64, ALL);
    furnish(top, 4);
    SPACE_ERROR(t.tcb, top, 49, badged, 1ul << 11);
    /* bits: 4 in top, 2 of the guard, 5 in middle, 4 in leaf */
    for (seL4_Word low = 0; low < 4; low++)
        look(4ul << 11 | 2ul << 9 | 9ul << 4 | low);
    look(4ul << 11 | 2ul << 9 | 10ul << 4);
    look(4ul << 11 | 2ul << 9 | 10ul << 4 | 7);
    look(4ul << 11 | 2ul << 9 | 11ul << 4);
    look(4ul << 11 | 1ul << 9 | 9ul << 4 | 2);
    look(4ul << 11 | 3ul << 9);
    look(5ul << 11);
    look(1ul << 11);
    look(1ul << 11 | 0x7ff);
    look(2ul << 11);
    look(1ul << 15);
    look(1ul << 20 | 2ul << 11);
    say("too few bits are left for the last CNode");
    SPACE_ERROR(t.tcb, top, 51, badged, 1ul << 9);
    look(4ul << 9 | 2ul << 7 | 9ul << 2 | 2);
    look(4ul << 9 | 2ul << 7 | 10ul << 2 | 2);
    look(4ul << 9 | 1ul << 7 | 9ul << 2 | 2);
    say("too few bits for a guard");
    SPACE_ERROR(t.tcb, top, 59, badged, 1ul << 1);
    look(4ul << 1 | 1);
    look(4ul << 1);
    look(2ul << 1);
}

static void a_loop(void)
{
    say("a CNode in itself");
    QUIETLY(leaf, CNodeMint, CAPS(ROOT), 5, 4, leaf, 64, ALL, 0);
    SPACE_ERROR(t.tcb, leaf, 0, badged, 1ul << 60);
    look(0x5555555555555552);
    look(0x5555555555555555);
    look(0x5200000000000000);
    look(0x5530000000000000);
    say("invoking through it");
    INVOKE(leaf, CNodeDelete, NONE, 0x55, 8);
    INVOKE(leaf, CNodeDelete, NONE, 0x53, 8);
    INVOKE(leaf, CNodeCopy, CAPS(leaf), 0x553, 12, 0x5552, 16, ALL);
    INVOKE(leaf, CNodeDelete, NONE, 0x3, 4);
}

static void no_cspace(void)
{
    say("no CSpace");
    INVOKE(t.tcb, TCBSetSpace, CAPS(0, VSPACE), 0, 0, 0);
    say("a CSpace that is deleted");
    seL4_CPtr node = make(seL4_CapTableObject, 4);

    SPACE_ERROR(t.tcb, node, 60, badged, 0);
    QUIETLY(ROOT, CNodeDelete, NONE, node, 64);
    look(0);
}

int main(void)
{
    own_priority(200);
    t = thread_new(100);
    handler = make(seL4_EndpointObject, 0);
    badged = mint(handler, ALL, 0x99);
    ep = make(seL4_EndpointObject, 0);
    top = make(seL4_CapTableObject, 4);
    middle = make(seL4_CapTableObject, 5);
    leaf = make(seL4_CapTableObject, 4);
    furnish(leaf, 4);
    one_level();
    three_levels();
    a_loop();
    no_cspace();
    return 0;
}
