/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that take away what they live on: VSpace, CSpace, IPC buffer, fault
 * handler, their own TCB.
 */
#include "transcript.h"

#define HANDLER (FREE + 1)
#define OWN (FREE + 2)  /* the thread's TCB, here and in its own CSpace */
#define NODE (FREE + 3) /* its CSpace */
#define SPACE (FREE + 4)

static struct thread t;
static seL4_CPtr empty; /* an address space with nothing in it */
SHARED seL4_Word steps;

static void settle(void)
{
    own_priority(50);
    own_priority(255);
}

/* What happened: how far it got, and its fault. */
static void tell(const char *text)
{
    seL4_Word badge = 0;
    seL4_MessageInfo_t info;

    settle();
    info = seL4_NBRecv(HANDLER, &badge);
    put("| %s: %u steps", text, steps);
    if (badge) {
        put(", fault %u length %u", seL4_MessageInfo_get_label(info),
            seL4_MessageInfo_get_length(info));
        if (seL4_MessageInfo_get_label(info) == seL4_Fault_VMFault)
            put(" own address %u code %x", seL4_GetMR(0) == seL4_GetMR(1),
                seL4_GetMR(3));
        if (seL4_MessageInfo_get_label(info) == seL4_Fault_CapFault)
            put(" address %x phase %u type %u", seL4_GetMR(1), seL4_GetMR(2),
                seL4_GetMR(3));
    }
    put("\n");
}

/* A thread with everything of its own. */
static void begin(void (*body)(seL4_Word))
{
    seL4_CPtr made = make(seL4_CapTableObject, 12);

    steps = 0;
    t = thread_new(200);
    delete (OWN);
    delete (NODE);
    delete (SPACE);
    QUIETLY(ROOT, CNodeCopy, CAPS(ROOT), OWN, 64, t.tcb, 64, ALL);
    QUIETLY(ROOT, CNodeMint, CAPS(ROOT), NODE, 64, made, 64, ALL, 64 - 12);
    QUIETLY(ROOT, CNodeCopy, CAPS(ROOT), SPACE, 64, empty, 64, ALL);
    for (seL4_CPtr slot = HANDLER; slot <= SPACE; slot++)
        QUIETLY(NODE, CNodeCopy, CAPS(ROOT), slot, 64, slot, 64, ALL);
    QUIETLY(t.tcb, TCBSetSpace, CAPS(NODE, VSPACE), HANDLER, 0, 0);
    thread_go(&t, body, 0);
}

static void step(seL4_Word error)
{
    if (error)
        say("%s", error_name(error));
    steps++;
}

static void own_vspace_by_set_space(seL4_Word unused)
{
    (void)unused;
    step(QUIETLY(OWN, TCBSetSpace, CAPS(NODE, SPACE), HANDLER, 0, 0));
    steps++;
    seL4_Yield();
    steps++;
}

static void own_vspace_and_buffer(seL4_Word unused)
{
    (void)unused;
    step(QUIETLY(OWN, TCBSetSpace, CAPS(NODE, SPACE), HANDLER, 0, 0));
    step(QUIETLY(OWN, TCBSetIPCBuffer, CAPS(0), 0));
    steps++;
}

static void own_vspace_and_tls(seL4_Word unused)
{
    (void)unused;
    step(QUIETLY(OWN, TCBSetSpace, CAPS(NODE, SPACE), HANDLER, 0, 0));
    step(QUIETLY(OWN, TCBSetTLSBase, NONE, t.tls));
    steps++;
}

static void own_cspace(seL4_Word unused)
{
    (void)unused;
    step(QUIETLY(NODE, CNodeDelete, NONE, NODE, 64));
    step(QUIETLY(NODE, CNodeDelete, NONE, HANDLER, 64));
    steps++;
    seL4_Signal(HANDLER);
    steps++;
}

static void own_cspace_replaced(seL4_Word unused)
{
    (void)unused;
    step(QUIETLY(OWN, TCBSetSpace, CAPS(NODE, SPACE), HANDLER, 12, 0));
    steps++;
    seL4_Send(OWN, seL4_MessageInfo_new(0, 0, 0, 0));
    steps++;
}

static void own_buffer(seL4_Word unused)
{
    (void)unused;
    step(QUIETLY(OWN, TCBSetIPCBuffer, CAPS(0), 0));
    /* without one there are four words and no capabilities */
    step(QUIETLY(NODE, CNodeDelete, NONE, SPACE, 64));
    step(QUIETLY(NODE, CNodeCopy, CAPS(NODE), SPACE, 64, OWN, 64, ALL));
    step(QUIETLY(OWN, TCBReadRegisters, NONE, 0, 2));
    seL4_Send(5000, seL4_MessageInfo_new(0, 0, 0, 0));
}

static void own_handler(seL4_Word unused)
{
    (void)unused;
    step(QUIETLY(NODE, CNodeDelete, NONE, HANDLER, 64));
    *(volatile seL4_Word *)0x3000000000 = 1;
    steps++;
}

static void own_tcb(seL4_Word unused)
{
    (void)unused;
    steps++;
    QUIETLY(NODE, CNodeDelete, NONE, OWN, 64);
    steps++;
    QUIETLY(NODE, CNodeRevoke, NONE, HANDLER, 64);
    steps++;
    seL4_Send(5000, seL4_MessageInfo_new(0, 0, 0, 0));
}

static void own_last_tcb(seL4_Word unused)
{
    (void)unused;
    steps++;
    QUIETLY(NODE, CNodeDelete, NONE, OWN, 64);
    steps++;
}

int main(void)
{
    seL4_CPtr handler = make(seL4_EndpointObject, 0);

    QUIETLY(ROOT, CNodeMint, CAPS(ROOT), HANDLER, 64, handler, 64, ALL, 0x77);
    empty = make(seL4_X64_PML4Object, 0);
    INVOKE(seL4_CapInitThreadASIDPool, X86ASIDPoolAssign, CAPS(empty));
    begin(own_vspace_by_set_space);
    tell("VSpace replaced, then Yield");
    begin(own_vspace_and_buffer);
    tell("VSpace replaced, then the IPC buffer");
    begin(own_vspace_and_tls);
    tell("VSpace replaced, then the TLS base");
    begin(own_cspace);
    tell("CSpace deleted");
    begin(own_cspace_replaced);
    tell("CSpace with another guard, and another VSpace");
    begin(own_buffer);
    tell("no IPC buffer");
    begin(own_handler);
    tell("no fault handler");
    begin(own_tcb);
    tell("a copy of the TCB");
    begin(own_last_tcb);
    INVOKE(ROOT, CNodeDelete, NONE, OWN, 64);
    INVOKE(ROOT, CNodeDelete, NONE, t.tcb, 64);
    tell("the TCB itself");
    return 0;
}
