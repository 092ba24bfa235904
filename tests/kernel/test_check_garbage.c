/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel_check() believes nothing: with any word of any object, slot or field
 * of the node replaced by anything, it comes back with an answer, and touches
 * nothing outside of the image.
 */
#include "world_mcs.h"

#define ROUNDS 20000
#define AT_ONCE 3 /* words that are replaced */

/* Stretches of words that are worth breaking. */
struct stretch {
    word *start;
    word words;
};

struct bench {
    struct world w;
    word state; /* of the random numbers */
    struct stretch stretch[64];
    word count;
};

static word draw(struct bench *b, word below)
{
    b->state ^= b->state << 13;
    b->state ^= b->state >> 7;
    b->state ^= b->state << 17;
    return (b->state >> 11) % below;
}

static void add(struct bench *b, void *start, word bytes)
{
    CHECK(b->count < 64);
    b->stretch[b->count++] = (struct stretch){ start, bytes / sizeof(word) };
}

static void add_object(struct bench *b, word cap, word bits)
{
    add(b, kernel_memory(b->w.m.k, object_of(&b->w.m, cap)), 1ul << bits);
}

static void add_thread(struct bench *b, struct thread t)
{
    add(b, tcb_of(&b->w.m, t.tcb), offsetof(struct tcb, reserved));
}

static void add_all(struct bench *b)
{
    struct world *w = &b->w;
    struct kernel *k = w->m.k;
    const struct thread threads[] = { w->client,   w->middle,   w->server,
                                      w->ready_a,  w->ready_b,  w->over_a,
                                      w->over_b,   w->sender_a, w->sender_b,
                                      w->receiver, w->stopped };
    const struct context contexts[] = { w->lent,      w->by_a, w->by_b,
                                        w->by_over_a, w->by_n, w->unused };
    const word replies[] = { w->reply_middle, w->reply_server, w->reply_waiting,
                             w->reply_unused };
    const word endpoints[] = { w->ep_send, w->ep_receive, w->ep_middle };

    for (word i = 0; i < sizeof threads / sizeof *threads; i++)
        add_thread(b, threads[i]);
    for (word i = 0; i < sizeof contexts / sizeof *contexts; i++)
        add_object(b, contexts[i].cap, CONTEXT_BITS);
    for (word i = 0; i < 4; i++)
        add_object(b, replies[i], SEL4_REPLY_BITS[1]);
    for (word i = 0; i < 3; i++)
        add_object(b, endpoints[i], SEL4_ENDPOINT_BITS);
    add_object(b, w->n_lend, SEL4_NOTIFICATION_BITS[1]);
    /* all slots that were ever used, and the node */
    add(b, slot_of(&w->m, 0), w->m.next_slot * sizeof(struct cte));
    add(b, &k->h.current,
        (size_t)((char *)&k->h.domain_schedule - (char *)&k->h.current));
    add(b, k->h.ready_l1, sizeof(word));
    add(b, k->h.ready_l2, 4 * sizeof(word));
    add(b, k->h.ready[0], sizeof k->h.ready[0]);
}

/* Something that could be taken for a reference, or for anything else. */
static word anything(struct bench *b)
{
    const struct stretch *s = &b->stretch[draw(b, b->count - 5)];
    word inside = object_ref(b->w.m.k, s->start);

    switch (draw(b, 8)) {
    case 0:
        return 0;
    case 1:
        return ~0ul;
    case 2:
        return b->state;
    case 3:
        return 1ul << draw(b, 64);
    case 4:
        return b->w.m.k->h.config.memory_size - draw(b, 4096);
    case 5:
        return inside + draw(b, 64);
    case 6:
        return draw(b, 16);
    default:
        return inside;
    }
}

static word *any_word(struct bench *b)
{
    const struct stretch *s = &b->stretch[draw(b, b->count)];

    return s->start + draw(b, s->words);
}

static bool is_noticed(struct bench *b)
{
    struct kernel *k = b->w.m.k;
    paddr where = 0;
    const char *broken = kernel_check(k, &where);

    return broken != NULL;
}

static bool break_and_mend(struct bench *b)
{
    word *at[AT_ONCE], was[AT_ONCE];
    word n = 1 + draw(b, AT_ONCE);
    bool noticed;

    for (word i = 0; i < n; i++) {
        at[i] = any_word(b);
        was[i] = *at[i];
        *at[i] = draw(b, 4) ? anything(b) : was[i] ^ 1ul << draw(b, 64);
    }
    noticed = is_noticed(b);
    for (word i = n; i > 0; i--)
        *at[i - 1] = was[i - 1];
    return noticed;
}

static void the_check_comes_back_from_anything(void)
{
    struct bench b = { .w = world_new(), .state = 0x9e3779b97f4a7c15 };
    word noticed = 0;

    add_all(&b);
    for (word i = 0; i < ROUNDS; i++)
        noticed += break_and_mend(&b);
    CHECK(!is_noticed(&b));
    /* much of what can be broken is registers, free, or in order as it is */
    CHECK(noticed > ROUNDS / 4);
    machine_free(&b.w.m);
}

TESTS(TEST(the_check_comes_back_from_anything))
