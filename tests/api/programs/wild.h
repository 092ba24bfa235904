/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that do anything: system calls with registers, message words and
 * capabilities at random, invocations of every method, and exceptions.
 *
 * The root task is the least important thread. It gives a worker all its
 * registers with TCB_WriteRegisters; the worker executes one instruction, notes
 * all registers, and suspends itself. When nobody can run any more, the root
 * task looks at what has changed: the notes, the registers that TCBs hold, IPC
 * buffers, and what is in the slots of the workers' CSpace. Whatever the
 * workers do stays within that CSpace, which does not hold the root task.
 */
#ifndef WILD_H
#define WILD_H

#include "wild_words.h"

/* --- commands --------------------------------------------------------------- */

struct command {
    seL4_UserContext r;
    seL4_Word label, length, caps;
    int kind; /* of the capability, where there is one */
};

static void set_message(struct command *c, seL4_Word w, seL4_Word label,
                        const char *caps, const char *words)
{
    seL4_Word *mr[] = { &c->r.r10, &c->r.r8, &c->r.r9, &c->r.r15 };
    seL4_Word i;

    for (i = 0; words[i]; i++) {
        seL4_Word x = word_for(words[i]);

        if (i < 4)
            *mr[i] = x;
        buffer[w]->msg[i] = x;
    }
    c->length = i;
    for (i = 0; caps[i] && i < 3; i++)
        buffer[w]->caps_or_badges[i] = cap_for(caps[i]);
    c->caps = i;
    c->label = label;
}

/* Too short or too long now and then. */
static void distort(struct command *c)
{
    if (chance(4) && c->length)
        c->length -= 1 + below(c->length);
    if (chance(4))
        c->length = chance(80) ? c->length + below(4) : 118 + below(10);
    if (chance(4) && c->caps)
        c->caps--;
    if (chance(4))
        c->caps = below(4);
    c->r.rsi = c->label << 12 | c->caps << 7 | (c->length & 127);
    if (chance(2))
        c->r.rsi |= (random_word() & 7) << 9;
}

static void free_message(struct command *c, seL4_Word w)
{
    static const char *const words[] = { "",     "x",      "xx",    "xxx",
                                         "xxxx", "xxxxxx", "xxxxxx" };
    static const char *const caps[] = { "",   "",    "",  "",  "N",
                                        "en", "eeN", "f", "ue" };

    set_message(c, w, below(5), caps[below(COUNT(caps))],
                words[below(COUNT(words))]);
}

static seL4_Word pick_system_call(int kind)
{
    static const seL4_Word ipc[] = {
        seL4_SysCall,  seL4_SysCall,   seL4_SysCall,      seL4_SysSend,
        seL4_SysSend,  seL4_SysNBSend, seL4_SysRecv,      seL4_SysRecv,
        seL4_SysRecv,  seL4_SysNBRecv, seL4_SysReplyRecv,
#ifndef CONFIG_KERNEL_MCS
        seL4_SysReply,
#endif
    };
    static const seL4_Word odd[] = {
        seL4_SysYield,
        seL4_SysYield,
        seL4_SysDebugCapIdentify,
        0,
        1,
        -100ul,
        1ul << 63,
        -1ul >> 1,
        1ul << 32,
        5,
    };

    if (chance(4))
        return odd[below(COUNT(odd))];
    if (kind == 4 || kind == 6 || kind == 8 || chance(6))
        return ipc[below(COUNT(ipc))];
    return chance(85)   ? seL4_SysCall
           : chance(50) ? seL4_SysNBSend
                        : seL4_SysSend;
}

static const struct method *method_of(int kind)
{
    for (int i = 0; i < 400; i++) {
        const struct method *m = &methods[below(COUNT(methods))];

        if (m->kind == kind)
            return m;
    }
    return &methods[below(COUNT(methods))];
}

static seL4_CPtr target(void)
{
    seL4_CPtr cap = any_slot();

    if (chance(35))
        return chance(50) ? NODE : below(WORLD);
    for (int i = 0; i < 4 && kinds[cap] == 0; i++)
        cap = any_slot();
    return cap;
}

static void command_system_call(struct command *c, seL4_Word w)
{
    seL4_CPtr cap = target();
    const struct method *m;
    int kind = kinds[cap];

    c->r.rdi = chance(2) ? odd_word() : cap;
    c->r.rdx = pick_system_call(kind);
    c->kind = kind;
    if (kind == 4 || kind == 6 || kind == 8) {
        free_message(c, w);
    } else {
        m = method_of(kind);
        if (chance(4))
            m = &methods[below(COUNT(methods))];
        set_message(c, w, m->label, m->caps, m->words);
        if (chance(2))
            c->label = chance(50) ? below(70) : odd_word();
        if (c->label == X86PageGetAddress ||
            (c->label & 0xfffff) == DomainScheduleConfigure ||
            (c->label & 0xfffff) == DomainScheduleSetStart)
            c->label = 0;
    }
    distort(c);
}

static void compose(struct command *c, seL4_Word w)
{
    seL4_Word *r = &c->r.rip;

    for (size_t i = 0; i < sizeof c->r / sizeof *r; i++)
        r[i] = 0x100 * (w + 1) + i;
    c->r.rip = (seL4_Word)code[w];
    c->r.rsp = 0x30000 + w;
    c->r.rflags = 0x202;
    if (chance(88)) {
        command_system_call(c, w);
        return;
    }
    c->r.rip += 16 * (1 + below(INSTRUCTIONS - 1));
    c->r.r12 = (chance(50) ? address() : odd_word()) << 17 >> 17;
    c->r.rcx = 0;
    c->r.rdx = 0x80;
    c->kind = -1;
}

/* --- what has changed ------------------------------------------------------- */

static seL4_Word seen_times[WORKERS], seen_order;
static seL4_Word given[WORKERS][NOTED]; /* what a worker began with */
static seL4_Word seen_regs[WORKERS][20];
static seL4_Word seen_hash[WORKERS];

static seL4_Word relative(seL4_Word x)
{
    for (seL4_Word i = 0; i < WORKERS; i++)
        if (x >= (seL4_Word)code[i] && x < (seL4_Word)code[i] + 0x400)
            return x - (seL4_Word)code[i] + 0xc0de0000 + (i << 12);
    return x;
}

static void show_notes(seL4_Word w)
{
    volatile struct notes *n = &notes[w];

    if (n->times == seen_times[w])
        return;
    put("|   %u done, %u. at %u:", w, n->times - seen_times[w],
        n->order - seen_order);
    for (int i = 0; i < NOTED; i++) {
        if (n->reg[i] != given[w][i])
            put(" %s %x", register_name[i], relative(n->reg[i]));
    }
    put("\n");
    seen_times[w] = n->times;
}

static void show_buffer(seL4_Word w)
{
    const volatile seL4_Word *p = (const volatile seL4_Word *)buffer[w];
    seL4_Word hash = 0;

    for (size_t i = 0; i < 128; i++)
        hash = (hash ^ relative(p[i])) * 0x100000001b3ul;
    if (hash == seen_hash[w])
        return;
    seen_hash[w] = hash;
    put("|   buffer %u: %x:", w, hash);
    for (size_t i = 5; i < 9; i++)
        put(" %x", relative(p[i]));
    for (size_t i = 0; i < 3; i++)
        put(" %x", buffer[w]->caps_or_badges[i]);
    put("\n");
}

static void show_registers(seL4_Word w)
{
    static const char *const names[] = {
        "rip", "rsp", "flags", "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp",
        "r8",  "r9",  "r10",   "r11", "r12", "r13", "r14", "r15", "fs",  "gs",
    };
    seL4_UserContext r;
    const seL4_Word *x = &r.rip;
    int any = 0;

    if (seL4_TCB_ReadRegisters(tcb[w], 0, 0, 20, &r))
        return;
    for (size_t i = 0; i < 20; i++) {
        /* rsp, rcx and r11 are those of the last interrupt, if there was one */
        if (i == 1 || i == 5 || i == 13 || x[i] == seen_regs[w][i])
            continue;
        if (!any)
            put("|   tcb %u:", w);
        put(" %s %x", names[i], relative(x[i]));
        any = 1;
        seen_regs[w][i] = x[i];
    }
    if (any)
        put("\n");
}

static void show_slots(void)
{
    int any = 0;

    for (seL4_Word i = 1; i < SLOTS_ALL; i++) {
        unsigned char kind = (unsigned char)seL4_DebugCapIdentify(VIEW + i);

        if (kind == kinds[i])
            continue;
        put(any ? " %u=%u" : "|   slots %u=%u", i, (seL4_Word)kind);
        any = 1;
        kinds[i] = kind;
    }
    if (any)
        put("\n");
}

static void look(void)
{
    for (seL4_Word w = 0; w < WORKERS; w++)
        show_notes(w);
    seen_order = order;
    for (seL4_Word w = 0; w < WORKERS; w++) {
        show_buffer(w);
        show_registers(w);
    }
    show_slots();
}

/* --- steps ------------------------------------------------------------------ */

/* Into a slot of the CSpace, if it is empty. */
static void give(seL4_CPtr from, seL4_Word to)
{
    QUIETLY(node, CNodeCopy, CAPS(ROOT), to, 64, from, 64, ALL);
}

static void take(seL4_CPtr from, seL4_Word to)
{
    QUIETLY(node, CNodeMove, CAPS(ROOT), to, 64, from, 64);
}

/* What the workers cannot do without is put where it was. */
static void repair(void)
{
    for (seL4_Word w = 0; w < WORKERS; w++) {
        give(tcb[w], TCB(w));
        if (!chance(30))
            continue;
        QUIETLY(tcb[w], TCBSetSpace, CAPS(node, VSPACE),
                chance(80) ? FAULTS : 0, 0, 0);
        QUIETLY(tcb[w], TCBSetIPCBuffer, CAPS(buffer_frame[w]),
                (seL4_Word)buffer[w]);
        QUIETLY(tcb[w], TCBSetMCPriority, CAPS(SELF), 255);
        QUIETLY(tcb[w], TCBSetPriority, CAPS(SELF), 200 + w);
    }
    give(node, NODE);
    give(VSPACE, SPACE);
    give(seL4_CapASIDControl, ASID_CONTROL);
    give(seL4_CapInitThreadASIDPool, ASID_POOL);
    give(seL4_CapDomain, DOMAIN);
}

static void populate(void)
{
    static const seL4_Word types[][2] = {
        { seL4_TCBObject, 0 },
        { seL4_EndpointObject, 0 },
        { seL4_EndpointObject, 0 },
        { seL4_EndpointObject, 0 },
        { seL4_NotificationObject, 0 },
        { seL4_NotificationObject, 0 },
        { seL4_CapTableObject, 4 },
        { seL4_X86_4K, 0 },
        { seL4_X86_4K, 0 },
        { seL4_X86_LargePageObject, 0 },
        { seL4_X86_PageTableObject, 0 },
        { seL4_X86_PageDirectoryObject, 0 },
        { seL4_X86_PDPTObject, 0 },
        { seL4_X64_PML4Object, 0 },
        { seL4_UntypedObject, 12 },
        { seL4_UntypedObject, 13 },
        { seL4_UntypedObject, 18 },
    };

    for (size_t i = 0; i < COUNT(types); i++) {
        seL4_Word to = any_slot();

        if (kinds[to] || !chance(60))
            continue;
        take(make(types[i][0], types[i][1]), to);
        next_slot--;
        kinds[to] = 1;
    }
    if (kinds[FAULTS] == 0) {
        take(make(seL4_EndpointObject, 0), FAULTS);
        next_slot--;
    }
}

/* The root task interferes. */
static void meddle(void)
{
    seL4_Word w = below(WORKERS), slot = any_slot(), error = 0;
    const char *what;

    switch (below(5)) {
    case 0:
        what = "suspend";
        QUIETLY(tcb[w], TCBSuspend, NONE);
        break;
    case 1:
        what = "resume";
        QUIETLY(tcb[w], TCBResume, NONE);
        break;
    case 2:
        what = "delete";
        error = QUIETLY(node, CNodeDelete, NONE, slot, 64);
        break;
    case 3:
        what = "revoke";
        error = QUIETLY(node, CNodeRevoke, NONE, slot, 64);
        break;
    default:
        what = "paths";
        buffer[w]->receiveCNode = chance(90) ? NODE : odd_word();
        buffer[w]->receiveIndex = chance(90) ? slot_of(0) : any_slot();
        buffer[w]->receiveDepth = chance(95) ? 64 : odd_word();
        break;
    }
    say("%s %u/%u: %s", what, w, slot, error_name(error));
}

/* The order of notes, from that of the API. */
static void remember(seL4_Word w, const seL4_UserContext *r)
{
    const seL4_Word words[NOTED] = {
        r->rax, r->rbx, r->rcx, r->rdx, r->rsi, r->rdi, r->rbp, r->rsp,
        r->r8,  r->r9,  r->r10, r->r11, r->r12, r->r13, r->r14, r->r15,
    };

    for (int i = 0; i < NOTED; i++)
        given[w][i] = words[i];
}

static void step(void)
{
    struct command c;
    seL4_Word w = below(WORKERS);

    if (chance(8)) {
        meddle();
        look();
        return;
    }
    for (int i = 0; i < 6 && !parked[w]; i++)
        w = below(WORKERS);
    compose(&c, w);
    put("| %u%s", w, parked[w] ? "" : "!");
    if (c.kind < 0)
        put(" instruction %u r12 %x\n", (c.r.rip - (seL4_Word)code[w]) / 16,
            c.r.r12);
    else
        put(" syscall %d cap %x (%d) info %u/%u/%u: %x %x %x %x.. %x %x %x\n",
            (int)c.r.rdx, c.r.rdi, c.kind, c.r.rsi >> 12, c.r.rsi >> 7 & 31,
            c.r.rsi & 127, relative(c.r.r10), relative(c.r.r8),
            relative(c.r.r9), relative(c.r.r15), buffer[w]->caps_or_badges[0],
            buffer[w]->caps_or_badges[1], buffer[w]->caps_or_badges[2]);
    parked[w] = 0;
    remember(w, &c.r);
    if (seL4_TCB_WriteRegisters(tcb[w], 1, 0, 20, &c.r))
        say("cannot");
    look();
}

/* --- the beginning ---------------------------------------------------------- */

/* The root task gets a CSpace that shows the workers' as well. */
static void arrange(void)
{
    seL4_CPtr top = make(seL4_CapTableObject, 2);
    seL4_CPtr made = make(seL4_CapTableObject, BITS), guarded;

    node = next_slot++;
    QUIETLY(ROOT, CNodeMint, CAPS(ROOT), node, 64, made, 64, ALL, 64 - BITS);
    guarded = next_slot++;
    QUIETLY(ROOT, CNodeMint, CAPS(ROOT), guarded, 64, top, 64, ALL, 64 - 15);
    QUIETLY(guarded, CNodeMint, CAPS(ROOT), 0, 51, ROOT, 64, ALL, 0);
    /* a guard of no bits has to be asked for with some data */
    QUIETLY(guarded, CNodeMint, CAPS(ROOT), 1, 51, made, 64, ALL, 13 - BITS);
    QUIETLY(SELF, TCBSetSpace, CAPS(guarded, VSPACE), 0, 0, 0);
}

static void wild(seL4_Word seed, seL4_Word steps)
{
    random_state = seed * 0x9e3779b97f4a7c15ul + 1;
    for (int i = 0; i < 10; i++)
        random_word();
    say("seed %u", seed);
    arrange();
    take(seL4_CapIRQControl, IRQ_CONTROL);
    take(seL4_CapIOPortControl, PORT_CONTROL);
    for (seL4_Word w = 0; w < WORKERS; w++) {
        struct thread t = thread_new(200 + w);

        tcb[w] = t.tcb;
        buffer[w] = t.buffer;
        buffer_frame[w] = t.buffer_frame;
        parked[w] = 1;
        QUIETLY(t.tcb, TCBSetSpace, CAPS(node, VSPACE), 0, 0, 0);
    }
    own_priority(1);
    for (seL4_Word i = 0; i < steps; i++) {
        if (i % 16 == 0) {
            repair();
            populate();
            look();
        }
        step();
    }
    say("the end");
    for (seL4_Word i = 0; i < SLOTS_ALL; i++)
        QUIETLY(node, CNodeRevoke, NONE, i, 64);
    look();
    for (seL4_Word i = 0; i < SLOTS_ALL; i++)
        QUIETLY(node, CNodeDelete, NONE, i, 64);
    look();
}

#endif
