/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The crowd of the MCS kernel (see crowd.h): its threads also lend each other
 * scheduling contexts, answer through each other's reply objects, bind, unbind
 * and configure contexts, and yield what they have, at random.
 *
 * Budgets are so long that none ever ends by itself, and priorities may be the
 * same. A thread that yields a context with a period waits for the rest of the
 * program, unless somebody gives it another one.
 */
#ifndef CROWD_MCS_H
#define CROWD_MCS_H

#include "transcript.h"

#define PEOPLE 6
#define ENDPOINTS 3
#define NOTIFICATIONS 3
#define CONTEXTS 8
#define REPLIES 8
#define SIGNALLED 0x10000ul /* a bit that all badges of notifications have */

/* Slots, the same for everybody. */
#define ENDPOINT(i) (FREE + (i))
#define BADGED(i, b) (FREE + 16 + 8 * (i) + (b)) /* b: 0 to 7 */
#define NOTIFICATION(i) (FREE + 64 + (i))
#define SIGNAL(i, b) (FREE + 80 + 8 * (i) + (b)) /* b: 0 to 3 */
#define PERSON(i) (FREE + 112 + (i))
#define CONTEXT(i) (FREE + 128 + (i))
#define REPLY(i) (FREE + 144 + (i))
#define COPIED(i) (FREE + 160 + (i)) /* copies of reply objects */
#define RECEIVED(i) (FREE + 176 + (i))

SHARED seL4_Word random_state, steps_left;
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

static int chance(seL4_Word percent)
{
    return random_below(100) < percent;
}

/* Most meet at the first one. */
static seL4_Word some_endpoint(void)
{
    return chance(60) ? 0 : random_below(ENDPOINTS);
}

static seL4_CPtr any_endpoint(void)
{
    seL4_Word i = some_endpoint();

    return BADGED(i, random_below(chance(75) ? 4 : 8));
}

static seL4_CPtr any_signal(void)
{
    seL4_Word i = random_below(NOTIFICATIONS);

    return SIGNAL(i, random_below(4));
}

static seL4_CPtr any_context(void)
{
    return chance(3) ? any_endpoint() : CONTEXT(random_below(CONTEXTS));
}

static seL4_CPtr to_receive_from(void)
{
    if (random_below(30) == 0)
        return any_endpoint();
    return random_below(5) ? ENDPOINT(some_endpoint())
                           : NOTIFICATION(random_below(NOTIFICATIONS));
}

static seL4_CPtr any_reply(seL4_Word me)
{
    switch (random_below(12)) {
    case 0:
        return REPLY(random_below(REPLIES));
    case 1:
        return COPIED(random_below(REPLIES));
    case 2:
        return chance(20) ? any_endpoint() : REPLY(random_below(REPLIES));
    default:
        return REPLY(me);
    }
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
        seL4_SetCap((int)i, random_below(2)   ? any_endpoint()
                            : random_below(2) ? any_signal()
                                              : REPLY(random_below(REPLIES)));
    return seL4_MessageInfo_new(random_below(4), 0, caps, length);
}

/*
 * Instruction pointers in fault messages are this program's affair, and so are
 * words of a message that came from nowhere, and times.
 */
static void put_word(seL4_Word label, seL4_Word i)
{
    seL4_Word w = seL4_GetMR((int)i);

    if (w >= 0x400000 && w < 0x500000)
        put(" ip");
    else if (label == seL4_Fault_Timeout && i == seL4_Timeout_Consumed)
        put(" time");
    else
        put(" %x", w);
}

static void told(seL4_Word me, const char *what, seL4_MessageInfo_t info,
                 seL4_Word badge)
{
    seL4_Word length = seL4_MessageInfo_get_length(info);
    seL4_Word caps = seL4_MessageInfo_get_extraCaps(info);
    seL4_Word unwrapped = seL4_MessageInfo_get_capsUnwrapped(info);

    put("| %u %s: badge %x", me, what, badge);
    if (badge & SIGNALLED) {
        put("\n");
        return;
    }
    put(" label %u caps %u/%x", seL4_MessageInfo_get_label(info), caps,
        unwrapped);
    for (seL4_Word i = 0; i < length; i++)
        put_word(seL4_MessageInfo_get_label(info), i);
    for (seL4_Word i = 0; i < caps; i++) {
        if (unwrapped >> i & 1)
            put(" badge %x", seL4_GetBadge((int)i));
    }
    if (caps) {
        put(" slot %u", (seL4_Word)seL4_DebugCapIdentify(RECEIVED(me)));
        delete (RECEIVED(me));
    }
    put("\n");
}

static void told_if(seL4_Word me, const char *what, seL4_MessageInfo_t info,
                    seL4_Word badge)
{
    if (badge)
        told(me, what, info, badge);
    else
        say("%u %s nothing", me, what);
}

static void result(seL4_Word me, const char *what, seL4_Word who,
                   seL4_Word label)
{
    say("%u %s %u: %s", me, what, who, error_name(label));
}

static void configure(seL4_Word me, seL4_Word i)
{
    static const seL4_Word times[][2] = {
        { LONG_TIME, LONG_TIME },         { LONG_TIME, LONG_TIME },
        { LONG_TIME, 3 * LONG_TIME },     { LONG_TIME / 2, LONG_TIME },
        { 2 * LONG_TIME, 3 * LONG_TIME },
    };
    seL4_Word t = random_below(COUNT(times)), extra = random_below(9);

    result(me, "configures context", i,
           QUIETLY(sched_control(), SchedControlConfigureFlags,
                   CAPS(CONTEXT(i)), times[t][0], times[t][1], extra, 0x700 + i,
                   random_below(2)));
}

/* Things done to contexts. */
static void meddle_with_time(seL4_Word me)
{
    seL4_Word who = random_below(PEOPLE);
    seL4_Word i = random_below(CONTEXTS), n = random_below(NOTIFICATIONS);
    seL4_CPtr sc = CONTEXT(i);

    switch (random_below(10)) {
    case 0:
    case 1:
        result(me, "binds context to", who,
               QUIETLY(sc, SchedContextBind, CAPS(PERSON(who))));
        break;
    case 2:
        result(me, "binds context to notification", n,
               QUIETLY(sc, SchedContextBind, CAPS(NOTIFICATION(n))));
        break;
    case 3:
        result(me, "unbinds context from", who,
               QUIETLY(sc, SchedContextUnbindObject, CAPS(PERSON(who))));
        break;
    case 4:
        result(me, "unbinds context from notification", n,
               QUIETLY(sc, SchedContextUnbindObject, CAPS(NOTIFICATION(n))));
        break;
    case 5:
        result(me, "unbinds context", i, QUIETLY(sc, SchedContextUnbind, NONE));
        break;
    case 6:
        result(me, "asks consumed of", i,
               QUIETLY(sc, SchedContextConsumed, NONE));
        break;
    case 7:
    case 8:
        say("%u yields to context %u", me, i);
        result(me, "yielded to context", i,
               QUIETLY(sc, SchedContextYieldTo, NONE));
        break;
    case 9:
        configure(me, i);
        break;
    }
}

static seL4_CPtr any_handler(void)
{
    return chance(25) ? 0 : chance(8) ? any_signal() : any_endpoint();
}

/* Things done to others. */
static void meddle(seL4_Word me)
{
    seL4_Word who = random_below(PEOPLE);
    seL4_Word i = random_below(NOTIFICATIONS);
    seL4_Word p = 100 + random_below(5);

    switch (random_below(12)) {
    case 0:
    case 1:
        result(me, "suspends", who, QUIETLY(PERSON(who), TCBSuspend, NONE));
        break;
    case 2:
    case 3:
    case 4:
        result(me, "resumes", who, QUIETLY(PERSON(who), TCBResume, NONE));
        break;
    case 5:
        result(me, "binds", who,
               QUIETLY(PERSON(who), TCBBindNotification,
                       CAPS(NOTIFICATION(i))));
        break;
    case 6:
        result(me, "unbinds", who,
               QUIETLY(PERSON(who), TCBUnbindNotification, NONE));
        break;
    case 7:
        result(me, "cancels sends of badge", who,
               QUIETLY(ROOT, CNodeCancelBadgedSends, NONE, any_endpoint(), 64));
        break;
    case 8:
        result(me, "changes the priority of", who,
               QUIETLY(PERSON(who), TCBSetPriority, CAPS(SELF), p));
        break;
    case 9:
        result(me, "sets handler of", who,
               QUIETLY(PERSON(who), TCBSetSpace,
                       CAPS(any_handler(), ROOT, VSPACE), 0, 0));
        break;
    case 10:
        result(me, "sets timeout handler of", who,
               QUIETLY(PERSON(who), TCBSetTimeoutEndpoint,
                       CAPS(any_handler())));
        break;
    case 11:
        result(me, "sets parameters of", who,
               QUIETLY(PERSON(who), TCBSetSchedParams,
                       CAPS(SELF, chance(30) ? 0 : any_context(),
                            any_handler()),
                       255, p));
        break;
    }
}

static void send_something(seL4_Word me)
{
    seL4_Word badge = 0;
    seL4_CPtr to = any_endpoint(), from = to_receive_from();
    seL4_CPtr reply = any_reply(me);
    seL4_MessageInfo_t info;

    switch (random_below(16)) {
    case 0:
        say("%u sends", me);
        seL4_Send(to, random_message());
        say("%u sent", me);
        break;
    case 1:
        seL4_NBSend(to, random_message());
        say("%u sent if possible", me);
        break;
    case 2:
    case 3:
    case 4:
        say("%u calls", me);
        info = random_message();
        told(me, "was answered", seL4_Call(to, info), 0);
        break;
    case 5:
    case 6:
        say("%u answers by %u", me, reply - REPLY(0));
        seL4_Send(reply, random_message());
        say("%u answered", me);
        break;
    case 7:
        say("%u answers and receives", me);
        info = random_message();
        info = seL4_ReplyRecv(from, info, &badge, reply);
        told(me, "answered and received", info, badge);
        break;
    case 8:
        say("%u sends and receives", me);
        if (chance(20))
            to = chance(50) ? any_signal() : any_reply(me);
        info = random_message();
        info = seL4_NBSendRecv(to, info, from, &badge, reply);
        told(me, "sent and received", info, badge);
        break;
    case 9:
        say("%u sends and waits", me);
        if (chance(40))
            to = chance(50) ? any_signal() : any_reply(me);
        info = random_message();
        info = seL4_NBSendWait(to, info, from, &badge);
        told(me, "sent and waited", info, badge);
        break;
    case 10 ... 13:
        seL4_Send(REPLY(me), random_message());
        say("%u answered", me);
        break;
    default:
        seL4_Signal(any_signal());
        say("%u signalled", me);
    }
}

static void receive_something(seL4_Word me)
{
    seL4_Word badge = 0;
    seL4_CPtr from = to_receive_from(), reply = any_reply(me);
    seL4_MessageInfo_t info;

    switch (random_below(8)) {
    case 0:
        info = seL4_NBRecv(from, &badge, reply);
        told_if(me, "polled", info, badge);
        break;
    case 1:
        say("%u waits", me);
        info = seL4_Wait(from, &badge);
        told(me, "waited for", info, badge);
        break;
    case 2:
        info = seL4_NBWait(from, &badge);
        told_if(me, "looked for", info, badge);
        break;
    default:
        say("%u receives", me);
        info = seL4_Recv(from, &badge, reply);
        told(me, "received", info, badge);
    }
}

static void act(seL4_Word me)
{
    switch (random_below(40)) {
    case 0:
        if (chance(40)) {
            say("%u yields", me);
            seL4_Yield();
            say("%u yielded", me);
        }
        break;
    case 1:
        if (chance(50))
            *(volatile seL4_Word *)(0x2000000000 + me) = 1;
        break;
    case 2:
        result(me, "copies reply", me,
               QUIETLY(ROOT, CNodeCopy, CAPS(ROOT), COPIED(me), 64,
                       REPLY(random_below(REPLIES)), 64, random_below(16)));
        break;
    case 3:
        result(me, "deletes copied reply", me,
               QUIETLY(ROOT, CNodeDelete, NONE, COPIED(me), 64));
        break;
    case 4 ... 7:
        meddle_with_time(me);
        break;
    case 8 ... 11:
        meddle(me);
        break;
    case 12 ... 22:
        receive_something(me);
        break;
    default:
        send_something(me);
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

static void place(seL4_CPtr slot, seL4_CPtr made)
{
    QUIETLY(ROOT, CNodeMove, CAPS(ROOT), slot, 64, made, 64);
}

static void make_endpoint(seL4_Word i)
{
    place(ENDPOINT(i), make(seL4_EndpointObject, 0));
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
    place(NOTIFICATION(i), make(seL4_NotificationObject, 0));
    for (seL4_Word b = 0; b < 4; b++)
        QUIETLY(ROOT, CNodeMint, CAPS(ROOT), SIGNAL(i, b), 64, NOTIFICATION(i),
                64, b == 3 ? READ : ALL, SIGNALLED | 0x1000 << i | 1 << b);
}

static void make_person_context(seL4_Word i)
{
    place(CONTEXT(i), make_context(LONG_TIME, LONG_TIME));
}

static void set_out(seL4_Word i)
{
    seL4_TCB_Suspend(PERSON(i));
    say("person %u begins anew", i);
    thread_go(&person[i], live, i);
}

/* Another thread with what this one had. */
static void replace(seL4_Word i)
{
    seL4_CPtr made = make(seL4_TCBObject, 0);

    say("person %u goes", i);
    delete (PERSON(i));
    place(PERSON(i), made);
    QUIETLY(PERSON(i), TCBConfigure, CAPS(ROOT, VSPACE, person[i].buffer_frame),
            0, 0, (seL4_Word)person[i].buffer);
    QUIETLY(PERSON(i), TCBSetTLSBase, NONE, person[i].tls);
    QUIETLY(PERSON(i), TCBSetSchedParams, CAPS(SELF, any_context(), 0), 255,
            100 + i);
}

static void renew(seL4_CPtr slot, seL4_Word type)
{
    if (chance(50))
        QUIETLY(ROOT, CNodeRevoke, NONE, slot, 64);
    delete (slot);
    place(slot, make(type, 8));
}

static void stir(void)
{
    seL4_Word i = some_endpoint(), n = random_below(NOTIFICATIONS);
    seL4_Word p = random_below(PEOPLE), r = random_below(REPLIES);
    seL4_Word badge = 0;
    seL4_MessageInfo_t info;

    switch (random_below(60)) {
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
        say("reply %u goes", r);
        renew(REPLY(r), seL4_ReplyObject);
        break;
    case 3:
        r = random_below(CONTEXTS);
        say("context %u goes", r);
        renew(CONTEXT(r), seL4_SchedContextObject);
        configure(9, r);
        break;
    case 4:
        replace(p);
        break;
    case 5 ... 7:
        meddle(9);
        break;
    case 8 ... 12:
        meddle_with_time(9);
        break;
    case 13 ... 20:
        seL4_Signal(any_signal());
        say("9 signalled");
        break;
    case 21 ... 25:
        seL4_NBSend(any_endpoint(), random_message());
        say("9 sent");
        break;
    case 26 ... 29:
        info = seL4_NBRecv(ENDPOINT(i), &badge, REPLY(r));
        told_if(9, "polled", info, badge);
        break;
    case 30 ... 39:
        seL4_Send(REPLY(r), random_message());
        say("9 answered");
        break;
    case 40 ... 45:
        configure(9, p);
        result(9, "binds own context to", p,
               QUIETLY(CONTEXT(p), SchedContextBind, CAPS(PERSON(p))));
        break;
    case 46 ... 51:
        result(9, "resumes", p, QUIETLY(PERSON(p), TCBResume, NONE));
        break;
    default:
        set_out(p);
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
    give_time(seL4_CapInitThreadSC, LONG_TIME, LONG_TIME);
    for (seL4_Word i = 0; i < ENDPOINTS; i++)
        make_endpoint(i);
    for (seL4_Word i = 0; i < NOTIFICATIONS; i++)
        make_notification(i);
    for (seL4_Word i = 0; i < CONTEXTS; i++)
        make_person_context(i);
    for (seL4_Word i = 0; i < REPLIES; i++)
        place(REPLY(i), make(seL4_ReplyObject, 0));
    for (seL4_Word i = 0; i < PEOPLE; i++) {
        person[i] = thread_passive(100 + i);
        place(PERSON(i), person[i].tcb);
        person[i].tcb = PERSON(i);
        /* some are passive */
        if (i < PEOPLE - 2)
            QUIETLY(CONTEXT(i), SchedContextBind, CAPS(PERSON(i)));
    }
    own_priority(10);
    while (steps_left > 0) {
        steps_left--;
        stir();
    }
    /* Nobody waits for time any more. */
    for (seL4_Word i = 0; i < PEOPLE; i++)
        seL4_TCB_Suspend(PERSON(i));
}

#endif
