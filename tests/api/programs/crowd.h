/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A crowd of threads that send, receive, call, signal, fault, suspend and
 * resume each other at random, from one stream of random numbers. Their
 * priorities differ at any time, so whose turn it is does not depend on time;
 * if two kernels ever choose differently, everything that follows differs.
 *
 * The root task is the least important thread: whenever nobody else can run it
 * stirs the crowd up.
 */
#ifndef CROWD_H
#define CROWD_H

#include "transcript.h"

#define PEOPLE 6
#define ENDPOINTS 3
#define NOTIFICATIONS 2
#define SIGNALLED 0x10000ul /* a bit that all badges of notifications have */

/* Slots, the same for everybody. */
#define ENDPOINT(i) (FREE + (i))
#define BADGED(i, b) (FREE + 16 + 8 * (i) + (b)) /* b: 0 to 7 */
#define NOTIFICATION(i) (FREE + 64 + (i))
#define SIGNAL(i, b) (FREE + 80 + 8 * (i) + (b))
#define PERSON(i) (FREE + 112 + (i))
#define SAVED(i) (FREE + 128 + (i))
#define RECEIVED(i) (FREE + 144 + (i))

SHARED seL4_Word random_state, steps_left;
SHARED seL4_Word priority[PEOPLE];
static struct thread person[PEOPLE];

static seL4_Word random_below(seL4_Word n)
{
    seL4_Word r = random_state;

    r ^= r << 13;
    r ^= r >> 7;
    r ^= r << 17;
    random_state = r;
    return (r >> 11) % n;
}

static seL4_CPtr any_endpoint(void)
{
    seL4_Word i = random_below(ENDPOINTS);

    return BADGED(i, random_below(8));
}

static seL4_CPtr any_signal(void)
{
    seL4_Word i = random_below(NOTIFICATIONS);

    return SIGNAL(i, random_below(4));
}

static seL4_CPtr to_receive_from(void)
{
    if (random_below(12) == 0)
        return any_endpoint();
    return random_below(5) ? ENDPOINT(random_below(ENDPOINTS))
                           : NOTIFICATION(random_below(NOTIFICATIONS));
}

/* --- what a person does ----------------------------------------------------- */

static seL4_MessageInfo_t random_message(void)
{
    static const seL4_Word lengths[] = { 0, 1, 2, 3, 4, 4, 5, 8, 20 };
    seL4_Word length = lengths[random_below(COUNT(lengths))];
    seL4_Word caps = random_below(8) == 0 ? 1 + random_below(2) : 0;

    for (seL4_Word i = 0; i < length; i++)
        seL4_SetMR((int)i, random_below(1000));
    for (seL4_Word i = 0; i < caps; i++)
        seL4_SetCap((int)i, random_below(2) ? any_endpoint() : any_signal());
    return seL4_MessageInfo_new(random_below(4), 0, caps, length);
}

/*
 * Instruction pointers in fault messages are this program's affair, and so are
 * words of a message that came from nowhere.
 */
static void told(seL4_Word me, const char *what, seL4_MessageInfo_t info,
                 seL4_Word badge)
{
    seL4_Word length = seL4_MessageInfo_get_length(info);
    seL4_Word caps = seL4_MessageInfo_get_extraCaps(info);

    put("| %u %s: badge %x", me, what, badge);
    if (badge & SIGNALLED) {
        put("\n");
        return;
    }
    put(" label %u caps %u/%x", seL4_MessageInfo_get_label(info), caps,
        seL4_MessageInfo_get_capsUnwrapped(info));
    for (seL4_Word i = 0; i < length; i++) {
        seL4_Word w = seL4_GetMR((int)i);

        if (w >= 0x400000 && w < 0x500000)
            put(" ip");
        else
            put(" %x", w);
    }
    for (seL4_Word i = 0; i < caps; i++) {
        if (seL4_MessageInfo_get_capsUnwrapped(info) >> i & 1)
            put(" badge %x", seL4_GetBadge((int)i));
    }
    if (caps) {
        put(" slot %u", (seL4_Word)seL4_DebugCapIdentify(RECEIVED(me)));
        delete (RECEIVED(me));
    }
    put("\n");
}

static void receive(seL4_Word me, seL4_CPtr from)
{
    seL4_Word badge = 0;
    seL4_MessageInfo_t info = seL4_Recv(from, &badge);

    told(me, "received", info, badge);
}

static void poll(seL4_Word me, seL4_CPtr from)
{
    seL4_Word badge = 0;
    seL4_MessageInfo_t info = seL4_NBRecv(from, &badge);

    if (badge)
        told(me, "polled", info, badge);
    else
        say("%u polled nothing", me);
}

static void result(seL4_Word me, const char *what, seL4_Word who,
                   seL4_Word label)
{
    say("%u %s %u: %s", me, what, who, error_name(label));
}

/* Things done to others. */
static void meddle(seL4_Word me)
{
    seL4_Word who = random_below(PEOPLE);
    seL4_Word i = random_below(NOTIFICATIONS);

    switch (random_below(7)) {
    case 0:
    case 1:
        result(me, "suspends", who, QUIETLY(PERSON(who), TCBSuspend, NONE));
        break;
    case 2:
    case 3:
        result(me, "resumes", who, QUIETLY(PERSON(who), TCBResume, NONE));
        break;
    case 4:
        result(me, "binds", who,
               QUIETLY(PERSON(who), TCBBindNotification,
                       CAPS(NOTIFICATION(i))));
        break;
    case 5:
        result(me, "unbinds", who,
               QUIETLY(PERSON(who), TCBUnbindNotification, NONE));
        break;
    case 6:
        result(me, "cancels sends of badge", who,
               QUIETLY(ROOT, CNodeCancelBadgedSends, NONE, any_endpoint(), 64));
        break;
    }
}

static void exchange_priorities(seL4_Word me)
{
    seL4_Word a = random_below(PEOPLE), b = random_below(PEOPLE);
    seL4_Word p = priority[a], q = priority[b];

    if (a == b)
        return;
    priority[a] = q;
    priority[b] = p;
    say("%u exchanges priorities of %u and %u", me, a, b);
    /* never two with the same */
    QUIETLY(PERSON(a), TCBSetPriority, CAPS(SELF), 250);
    QUIETLY(PERSON(b), TCBSetPriority, CAPS(SELF), p);
    QUIETLY(PERSON(a), TCBSetPriority, CAPS(SELF), q);
}

static void save_or_use_reply(seL4_Word me)
{
    seL4_Word i = random_below(PEOPLE);

    if (random_below(2)) {
        result(me, "saves its caller in", i,
               QUIETLY(ROOT, CNodeSaveCaller, NONE, SAVED(i), 64));
        return;
    }
    if (seL4_DebugCapIdentify(SAVED(i)) != 8)
        return;
    seL4_Send(SAVED(i), random_message());
    say("%u answered %u", me, i);
}

static void act(seL4_Word me)
{
    seL4_Word badge = 0;
    seL4_MessageInfo_t info;
    seL4_CPtr cap;

    switch (random_below(20)) {
    case 0:
    case 1:
        cap = any_endpoint();
        say("%u sends", me);
        seL4_Send(cap, random_message());
        say("%u sent", me);
        break;
    case 2:
        cap = any_endpoint();
        seL4_NBSend(cap, random_message());
        say("%u sent if possible", me);
        break;
    case 3:
    case 4:
    case 5:
        cap = any_endpoint();
        say("%u calls", me);
        info = random_message();
        told(me, "was answered", seL4_Call(cap, info), 0);
        break;
    case 6:
    case 7:
    case 8:
        receive(me, to_receive_from());
        break;
    case 9:
        poll(me, to_receive_from());
        break;
    case 10:
    case 11:
        seL4_Reply(random_message());
        say("%u replied", me);
        break;
    case 12:
    case 13:
        cap = to_receive_from();
        info = random_message();
        info = seL4_ReplyRecv(cap, info, &badge);
        told(me, "replied and received", info, badge);
        break;
    case 14:
        seL4_Signal(any_signal());
        say("%u signalled", me);
        break;
    case 15:
        seL4_Yield();
        say("%u yielded", me);
        break;
    case 16:
        save_or_use_reply(me);
        break;
    case 17:
        if (random_below(4) == 0)
            *(volatile seL4_Word *)(0x2000000000 + me) = 1;
        break;
    case 18:
        exchange_priorities(me);
        break;
    default:
        meddle(me);
    }
}

static void live(seL4_Word me)
{
    seL4_SetCapReceivePath(ROOT, RECEIVED(me), 64);
    while (steps_left > 0) {
        steps_left--;
        act(me);
    }
    stop(PERSON(me));
}

/* --- the root task ---------------------------------------------------------- */

static void make_endpoint(seL4_Word i)
{
    seL4_CPtr made = make(seL4_EndpointObject, 0);

    QUIETLY(ROOT, CNodeMove, CAPS(ROOT), ENDPOINT(i), 64, made, 64);
    for (seL4_Word b = 0; b < 8; b++) {
        static const seL4_Word rights[] = {
            ALL, ALL, ALL, ALL, WRITE | GRANT, WRITE | GRANT_REPLY, WRITE, READ
        };

        QUIETLY(ROOT, CNodeMint, CAPS(ROOT), BADGED(i, b), 64, ENDPOINT(i), 64,
                rights[b], 0x100 * (i + 1) + (b & 3) + 1);
    }
}

static void make_notification(seL4_Word i)
{
    seL4_CPtr made = make(seL4_NotificationObject, 0);

    QUIETLY(ROOT, CNodeMove, CAPS(ROOT), NOTIFICATION(i), 64, made, 64);
    for (seL4_Word b = 0; b < 4; b++)
        QUIETLY(ROOT, CNodeMint, CAPS(ROOT), SIGNAL(i, b), 64, NOTIFICATION(i),
                64, b == 3 ? READ : ALL, SIGNALLED | 0x1000 << i | 1 << b);
}

static void begin_anew(seL4_Word i)
{
    seL4_TCB_Suspend(PERSON(i));
    QUIETLY(PERSON(i), TCBSetSpace, CAPS(ROOT, VSPACE),
            random_below(4) ? BADGED(random_below(ENDPOINTS), 0) : 0, 0, 0);
    say("person %u begins anew", i);
    thread_go(&person[i], live, i);
}

static void stir(void)
{
    seL4_Word i = random_below(ENDPOINTS), n = random_below(NOTIFICATIONS);

    switch (random_below(12)) {
    case 0:
        say("endpoint %u goes", i);
        QUIETLY(ROOT, CNodeRevoke, NONE, ENDPOINT(i), 64);
        delete (ENDPOINT(i));
        make_endpoint(i);
        break;
    case 1:
        say("notification %u goes", n);
        QUIETLY(ROOT, CNodeRevoke, NONE, NOTIFICATION(n), 64);
        delete (NOTIFICATION(n));
        make_notification(n);
        break;
    case 2:
        delete (SAVED(random_below(PEOPLE)));
        say("a saved reply goes");
        break;
    case 3:
        meddle(9);
        break;
    case 4:
        exchange_priorities(9);
        break;
    case 5:
        seL4_Signal(any_signal());
        say("9 signalled");
        break;
    case 6:
        seL4_NBSend(any_endpoint(), random_message());
        say("9 sent");
        break;
    case 7:
        poll(9, ENDPOINT(i));
        break;
    case 8:
        seL4_Reply(random_message());
        say("9 replied");
        break;
    default:
        begin_anew(random_below(PEOPLE));
        break;
    }
}

static void crowd(seL4_Word seed, seL4_Word steps)
{
    random_state = seed * 0x9e3779b97f4a7c15ul + 1;
    for (int i = 0; i < 10; i++)
        random_below(2);
    steps_left = steps;
    say("seed %u", seed);
    seL4_SetCapReceivePath(ROOT, RECEIVED(9), 64);
    for (seL4_Word i = 0; i < ENDPOINTS; i++)
        make_endpoint(i);
    for (seL4_Word i = 0; i < NOTIFICATIONS; i++)
        make_notification(i);
    for (seL4_Word i = 0; i < PEOPLE; i++) {
        priority[i] = 100 + i;
        person[i] = thread_new(priority[i]);
        QUIETLY(ROOT, CNodeMove, CAPS(ROOT), PERSON(i), 64, person[i].tcb, 64);
        person[i].tcb = PERSON(i);
    }
    own_priority(10);
    while (steps_left > 0) {
        steps_left--;
        stir();
    }
}

#endif
