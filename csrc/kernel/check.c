/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel_check(): is everything in the machine as it has to be?
 *
 * It believes nothing that it has not checked, and looks at nothing outside of
 * the image, so it comes back from any image whatsoever with an answer. Its
 * cost grows with the number of capabilities and of page tables.
 */
#include "kernel/check.h"

/* The memory for facts is behind the header's last field. */
#define WORK_START ((sizeof(struct image_header) + 4095) & ~4095ul)
#define WORK_WORDS ((IMAGE_HEADER_SIZE - WORK_START) / sizeof(word))
#define PORT_WORDS (sizeof(((struct image_header *)0)->io_ports) / sizeof(word))
#define ROOT_WORDS (WORK_WORDS / 8)

_Static_assert(WORK_WORDS > 8 * PORT_WORDS, "memory for the check");

bool check_fail(struct check *c, const char *broken, paddr where)
{
    /* with facts missing, nothing can be said for certain */
    if (!c->facts.full && !c->broken) {
        c->broken = broken;
        c->where = where;
    }
    return false;
}

static void check_begin(struct check *c, struct kernel *k)
{
    word *work = (word *)(void *)((char *)k + WORK_START);

    *c = (struct check){ .k = k, .ports = work };
    c->roots = work + PORT_WORDS;
    c->root_max = ROOT_WORDS;
    word_set_init(&c->facts, c->roots + ROOT_WORDS,
                  WORK_WORDS - ROOT_WORDS - PORT_WORDS);
}

/* What everything else relies on. */
static bool check_header(struct check *c)
{
    const struct image_header *h = &c->k->h;

    if (h->magic != IMAGE_MAGIC || h->version != IMAGE_VERSION ||
        h->header_size != IMAGE_HEADER_SIZE)
        return check_fail(c, "image-header: this is no image of a machine", 0);
    if (h->config.domains < 1 || h->config.domains > IMAGE_DOMAINS ||
        h->config.memory_size > 1ul << 47 || h->config.mcs > 1)
        return check_fail(c, "image-config: the configuration cannot be booted",
                          0);
    if (h->domain >= h->config.domains)
        return check_fail(c,
                          "current-domain: the current domain does not exist",
                          0);
    if (h->thread_top >= IMAGE_THREADS)
        return check_fail(
            c, "thread-top: more thread entries are used than there are", 0);
    return true;
}

const char *kernel_check(struct kernel *k, paddr *where)
{
    struct check c;

    check_begin(&c, k);
    (void)(check_header(&c) && check_tcb_list(&c) && check_slots(&c) &&
           check_queues(&c) && check_threads(&c) && check_mcs(&c) &&
           check_ready(&c) && check_current(&c) && check_deadline(&c) &&
           check_entries(&c) && check_irqs(&c) && check_ports(&c) &&
           check_vspaces(&c));
    if (c.broken)
        *where = c.where;
    return c.broken;
}
