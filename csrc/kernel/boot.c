/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making a machine: its memory map, its first objects, and the capability
 * space of its first thread.
 *
 * Physical memory as on a PC: the first MiB belongs to devices; RAM follows,
 * and leaves a hole below 4 GiB, where the devices of the platform are. The
 * first objects are cut off the top of RAM. All that is left is untyped
 * memory, in naturally aligned powers of two: first what is not RAM, up to the
 * end of the address space, then RAM, both in ascending order.
 */
#include "kernel/boot.h"
#include "kernel/arch.h"
#include "kernel/cap.h"
#include "kernel/cdt.h"
#include "kernel/ipc.h"
#include "kernel/object.h"
#include "kernel/refill.h"
#include "kernel/sched.h"
#include "kernel/tcb.h"
#include "kernel/untyped.h"

#define RAM_START (1ul << 20)
#define HOLE_START 0xe0000000ul
#define HOLE_END (1ul << 32)
#define IOAPIC_PAGE 0xfec00000ul
#define LOCAL_APIC_PAGE 0xfee00000ul
#define PHYSICAL_END (1ul << 47)
#define MEMORY_MAX (1ul << 46)
#define PAGE (1ul << SEL4_PAGE_BITS)

#define CNODE_BITS_MIN 8
#define CNODE_BITS_MAX 27
#define FIRST_FREE_SLOT 16
#define IMAGE_ADDRESS_MAX 0x7f7fffffd000ul
#define FIRST_THREAD_NAME "rootserver"

/* ---- ranges ---- */

static void add(struct boot_ranges *r, word start, word end)
{
    if (start < end)
        r->range[r->count++] = (struct image_range){ start, end };
}

static struct boot_ranges ram_of(word memory_size)
{
    struct boot_ranges r = { .count = 0 };

    add(&r, RAM_START, memory_size < HOLE_START ? memory_size : HOLE_START);
    add(&r, HOLE_END, memory_size);
    return r;
}

/* All that is neither RAM nor a page of the kernel's own devices. */
static struct boot_ranges devices_of(const struct boot_ranges *ram)
{
    struct boot_ranges r = { .count = 0 };
    word low_end = ram->range[0].end;
    word high = ram->count > 1 ? ram->range[1].end : HOLE_END;

    add(&r, 0, RAM_START);
    add(&r, low_end, IOAPIC_PAGE);
    add(&r, IOAPIC_PAGE + PAGE, LOCAL_APIC_PAGE);
    add(&r, LOCAL_APIC_PAGE + PAGE, HOLE_END);
    if (high == HOLE_END)
        r.range[r.count - 1].end = PHYSICAL_END;
    else
        add(&r, high, PHYSICAL_END);
    return r;
}

paddr boot_take(struct boot_ranges *ram, word size, word align)
{
    for (int i = 0; i < ram->count; i++) {
        struct image_range *r = &ram->range[i];
        word start = (r->end - size) & ~(align - 1);
        word end = r->end;

        if (r->end - r->start < size || start < r->start)
            continue;
        r->end = start;
        if (start + size < end && ram->count < BOOT_RANGES) {
            for (int j = ram->count++; j > i + 1; j--)
                ram->range[j] = ram->range[j - 1];
            ram->range[i + 1] = (struct image_range){ start + size, end };
        }
        return start;
    }
    return 0;
}

/* ---- slots ---- */

void boot_put(struct boot *b, word slot, union cap cap)
{
    b->root[slot].cap = cap;
    b->root[slot].revocable = true;
    b->root[slot].first_badged = true;
}

/* log2 of the largest block that begins at start and ends by end. */
static word block_bits(word start, word end)
{
    word bits = 63 - __builtin_clzl(end - start);
    word align = start ? (word)__builtin_ctzl(start) : bits;

    return align < bits ? align : bits;
}

/* False: the root CNode is full. */
static bool put_untyped(struct boot *b, const struct boot_ranges *r,
                        bool device)
{
    word slots = 1ul << b->k->h.config.cnode_bits;

    for (int i = 0; i < r->count; i++) {
        word at = r->range[i].start;

        while (at < r->range[i].end) {
            word bits = block_bits(at, r->range[i].end);

            if (b->next_slot >= slots)
                return false;
            boot_put(b, b->next_slot++, cap_untyped_new(at, bits, device));
            at += 1ul << bits;
        }
    }
    return true;
}

/* ---- the steps ---- */

static bool has_image(struct kernel *k)
{
    return k->h.config.image.end != 0;
}

/* The emulator keeps the first page and the last PML4 slot for itself. */
static const char *check_image(const struct image_config *c)
{
    if (c->image.end == 0)
        return NULL;
    if (c->image.start % PAGE || c->image.end % PAGE ||
        c->image.start >= c->image.end)
        return "the root task's image is not made of whole pages";
    if (c->image.start < PAGE || c->image.end > IMAGE_ADDRESS_MAX)
        return "the root task's image does not lie between 0x1000 and "
               "0x7f7fffffd000";
    return NULL;
}

static const char *check_config(const struct image_config *c)
{
    if (c->memory_size % PAGE)
        return "memory_size is not a multiple of 4096 bytes";
    if (c->memory_size > MEMORY_MAX)
        return "memory_size is more than 64 TiB";
    if (c->domains < 1 || c->domains > IMAGE_DOMAINS)
        return "domains is not within 1 to 256";
    if (c->cnode_bits < CNODE_BITS_MIN || c->cnode_bits > CNODE_BITS_MAX)
        return "cnode_bits is not within 8 to 27";
    if (c->slice_ticks < 1)
        return "slice_ticks is 0: a time slice has at least 1 tick";
    if (c->tick_us < 1)
        return "tick_us is 0: a tick has at least 1 microsecond";
    if (c->clock != CLOCK_REAL && c->clock != CLOCK_VIRTUAL)
        return "clock is neither real nor virtual";
    if (c->tsc_mhz < 1)
        return "tsc_mhz is 0: the time-stamp counter counts faster";
    if (c->mcs && c->boot_slice_us < BUDGET_MIN_US)
        return "boot_slice_us is less than 20: nobody runs with less";
    if (c->memory_size < RAM_START + (2ul << (c->cnode_bits + SEL4_SLOT_BITS)))
        return "memory_size is too small: it needs 1 MiB, and twice the size "
               "of the root CNode";
    return check_image(c);
}

static void boot_header(struct kernel *k, const struct image_config *config)
{
    k->h.magic = IMAGE_MAGIC;
    k->h.version = IMAGE_VERSION;
    k->h.header_size = IMAGE_HEADER_SIZE;
    k->h.config = *config;
    sched_boot(k);
}

/*
 * The first objects, the largest first, so that each is aligned to its size.
 * As with the real kernel, they lie near the end of memory, and what is behind
 * them becomes the last untyped memory, in ascending sizes.
 */
static bool boot_memory(struct boot *b)
{
    bool mcs = b->k->h.config.mcs;
    word cnode = 1ul << (b->k->h.config.cnode_bits + SEL4_SLOT_BITS);
    word tcb = 1ul << SEL4_TCB_BITS;
    word context = mcs ? 1ul << SEL4_MIN_SCHED_CONTEXT_BITS[1] : 0;

    b->ram = ram_of(b->k->h.config.memory_size);
    b->cnode = boot_take(&b->ram, cnode + 4 * PAGE + tcb + context, cnode);
    if (!b->cnode)
        return false;
    b->pml4 = b->cnode + cnode;
    b->pool = b->pml4 + PAGE;
    b->bootinfo = b->pool + PAGE;
    b->ipc_buffer = b->bootinfo + PAGE;
    b->tcb = b->ipc_buffer + PAGE;
    if (mcs)
        b->sched_context = b->tcb + tcb;
    return true;
}

static void boot_caps(struct boot *b)
{
    struct kernel *k = b->k;
    word bits = k->h.config.cnode_bits;
    union cap cnode = cap_cnode_new(b->cnode, bits);
    union cap vspace, pool;

    b->root = object_at(k, b->cnode);
    cnode.cnode.guard_size = 64 - bits;
    arch_boot(k, b->pml4, b->pool, &vspace, &pool);
    boot_put(b, SEL4_CAP_INIT_THREAD_TCB,
             object_create(k, OBJECT_TCB, b->tcb, 0, false));
    boot_put(b, SEL4_CAP_INIT_THREAD_CNODE, cnode);
    boot_put(b, SEL4_CAP_INIT_THREAD_VSPACE, vspace);
    boot_put(b, SEL4_CAP_IRQ_CONTROL, cap_plain_new(CAP_IRQ_CONTROL));
    boot_put(b, SEL4_CAP_ASID_CONTROL, cap_plain_new(CAP_ASID_CONTROL));
    boot_put(b, SEL4_CAP_INIT_THREAD_ASID_POOL, pool);
    boot_put(b, SEL4_CAP_IO_PORT_CONTROL, cap_plain_new(CAP_IO_PORT_CONTROL));
    boot_put(b, SEL4_CAP_BOOT_INFO_FRAME,
             object_create(k, OBJECT_PAGE, b->bootinfo, 0, false));
    boot_put(b, SEL4_CAP_INIT_THREAD_IPC_BUFFER,
             object_create(k, OBJECT_PAGE, b->ipc_buffer, 0, false));
    boot_put(b, SEL4_CAP_DOMAIN, cap_plain_new(CAP_DOMAIN));
    if (!k->h.config.mcs)
        return;
    boot_put(b, SEL4_CAP_INIT_THREAD_SC,
             object_create(k, OBJECT_SCHED_CONTEXT, b->sched_context,
                           SEL4_MIN_SCHED_CONTEXT_BITS[1], false));
    k->h.boot.sched_control = b->next_slot++;
    boot_put(b, k->h.boot.sched_control, cap_plain_new(CAP_SCHED_CONTROL));
}

/* MCS: the first thread takes turns with others of its priority. */
static void boot_context(struct boot *b)
{
    struct sched_context *sc = object_at(b->k, b->sched_context);
    struct tcb *t = tcb_at(b->k, b->tcb);

    refill_new(b->k, sc,
               &(struct refill_limits){ .budget = b->k->h.config.boot_slice_us *
                                                  1000ul,
                                        .max = REFILLS_MIN });
    t->sched_context = b->sched_context;
    sc->tcb = b->tcb;
}

static void boot_slot(struct boot *b, struct tcb *t, enum tcb_slot index,
                      enum sel4_root_slot from)
{
    struct cte *slot = &b->root[from];
    union cap cap = cap_null();

    /* A frame's copy is not mapped, though the original may be. */
    if (cap_derive(b->k, slot, slot->cap, &cap) == OUTCOME_DONE)
        cdt_insert(b->k, cap, slot, &t->slot[index]);
}

static void boot_thread(struct boot *b)
{
    struct tcb *t = tcb_at(b->k, b->tcb);

    boot_slot(b, t, TCB_CTABLE, SEL4_CAP_INIT_THREAD_CNODE);
    boot_slot(b, t, TCB_VTABLE, SEL4_CAP_INIT_THREAD_VSPACE);
    boot_slot(b, t, TCB_BUFFER, SEL4_CAP_INIT_THREAD_IPC_BUFFER);
    ipc_set_reply_master(b->k, t);
    tcb_set_name(t, FIRST_THREAD_NAME);
    t->priority = SEL4_MAX_PRIO;
    t->mcp = SEL4_MAX_PRIO;
    if (b->k->h.config.mcs)
        boot_context(b);
    if (has_image(b->k)) {
        boot_image_thread(b);
        return;
    }
    t->state = STATE_RUNNING;
    thread_make_agent(b->k, t);
}

static bool boot_untyped(struct boot *b)
{
    struct kernel *k = b->k;
    struct boot_ranges ram = ram_of(k->h.config.memory_size);
    struct boot_ranges devices = devices_of(&ram);

    k->h.boot.untyped_start = b->next_slot;
    if (!put_untyped(b, &devices, true) || !put_untyped(b, &b->ram, false))
        return false;
    k->h.boot.untyped_end = b->next_slot;
    k->h.boot.empty_start = b->next_slot;
    k->h.boot.empty_end = 1ul << k->h.config.cnode_bits;
    return true;
}

static void boot_report(struct boot *b)
{
    struct kernel *k = b->k;

    k->h.boot.root_cnode = b->cnode;
    k->h.boot.root_tcb = b->tcb;
    k->h.boot.root_vspace = b->pml4;
    k->h.boot.ram_start = b->ram.range[0].start;
    k->h.boot.ipc_buffer = b->ipc_buffer;
    k->h.boot.bootinfo = b->bootinfo;
}

const char *kernel_boot(struct kernel *k, const struct image_config *config,
                        const struct kernel_host *host)
{
    struct boot b = { .k = k, .next_slot = FIRST_FREE_SLOT };
    const char *wrong = check_config(config);

    (void)host;
    if (wrong)
        return wrong;
    boot_header(k, config);
    if (!boot_memory(&b))
        return "memory_size is too small for the first objects";
    boot_caps(&b);
    if (has_image(k))
        wrong = boot_image(&b);
    if (wrong)
        return wrong;
    boot_thread(&b);
    if (!boot_untyped(&b))
        return "cnode_bits is too small for the untyped memory's capabilities";
    boot_report(&b);
    return NULL;
}
