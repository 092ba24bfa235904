/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arguments of random invocations.
 *
 * Which arguments a method has, and where they stand in its message, is told
 * by the tables that are generated from the API's description; here stands
 * only what a parameter of some name could sensibly be. So a new method is
 * played as soon as it is described, and a new name is asked for
 * (arguments_check).
 */
#ifndef SEL4EMU_TESTS_KERNEL_FUZZ_ARGUMENTS_H
#define SEL4EMU_TESTS_KERNEL_FUZZ_ARGUMENTS_H

#include "abi/sel4_names.h"
#include "fuzz/player.h"

/* Anything. */
static inline word any_word(struct player *p)
{
    switch (draw(&p->c, 8)) {
    case 0:
        return draw(&p->c, 16);
    case 1:
        return 64;
    case 2:
        return draw(&p->c, 256) + 100;
    case 3:
        return 0x400000 + (draw(&p->c, 16) << 12);
    case 4:
        return 1ul << draw(&p->c, 64);
    case 5:
        return -draw(&p->c, 3);
    case 6:
        return draw_word(&p->c);
    default:
        return any_cptr(p);
    }
}

/* ---- words ---- */

static word a_bit(struct player *p)
{
    return draw(&p->c, 2);
}

static word a_small(struct player *p)
{
    return draw(&p->c, 5);
}

static word a_badge(struct player *p)
{
    return draw(&p->c, 4);
}

static word some_rights(struct player *p)
{
    word r = draw(&p->c, 32);

    return r < 16 ? r : RIGHT_ALL;
}

/* A guard for a CNode, mostly so that it spans a whole pointer. */
static word a_guard(struct player *p)
{
    static const uint8_t most[] = { 59, 60, 55, 56, 62, 63, 4, 1, 0 };
    word guard = draw(&p->c, 8) ? 0 : draw(&p->c, 4);
    word bits = most[draw(&p->c, sizeof most)];

    if (p->cnode.type == CAP_CNODE && draw(&p->c, 4))
        bits = 64 - p->cnode.cnode.radix;
    return guard << SEL4_CNODE_CAP_DATA_GUARD_SHIFT | bits;
}

/* ... or none, which leaves what there is. */
static word a_new_guard(struct player *p)
{
    return draw(&p->c, 2) ? a_guard(p) : 0;
}

/* For endpoints, notifications and CNodes. */
static word a_badge_or_guard(struct player *p)
{
    return draw(&p->c, 4) ? a_badge(p) : a_guard(p);
}

static word a_priority(struct player *p)
{
    static const uint8_t priority[] = { 0, 1, 50, 63, 64, 100, 100, 100, 255 };

    return priority[draw(&p->c, sizeof priority)];
}

static word a_domain(struct player *p)
{
    return draw(&p->c, p->m.k->h.config.domains + (draw(&p->c, 8) == 0));
}

static word a_duration(struct player *p)
{
    return draw(&p->c, 4);
}

/* Budgets and periods, in microseconds. */
static word a_budget(struct player *p)
{
    static const uint16_t time[] = { 20, 40, 100, 500, 1000, 1000, 5000 };

    return time[draw(&p->c, sizeof time / sizeof *time)];
}

static word a_period(struct player *p)
{
    static const uint16_t time[] = { 20, 100, 1000, 1000, 5000, 20000 };

    return time[draw(&p->c, sizeof time / sizeof *time)];
}

/* Where things are mapped: few places, so that they are often the same. */
static const word places[] = {
    0x10000000,   0x10001000,   0x10002000,   0x10200000,
    0x10605000,   0x40000000,   0x40001000,   0x80000000,
    0x8000000000, 0x8000001000, 0x8040200000, 0x7fffffe00000,
};
#define PLACES (sizeof places / sizeof *places)

static word an_address(struct player *p)
{
    return places[draw(&p->c, PLACES)];
}

/* Address of an IPC buffer; none, if there is no frame for it. */
static word a_buffer(struct player *p)
{
    int at = find_cap(p, CAP_FRAME);

    if (at < 0 || !is_fit(p, p->view.at[at].slot) || draw(&p->c, 8) == 0)
        return 0;
    return 0x1000000 + (draw(&p->c, 4) << 10);
}

static word an_object_type(struct player *p)
{
    return sel4_number_of_object[mcs_of(p)][p->new_type];
}

static word an_object_size(struct player *p)
{
    return p->new_bits;
}

static word a_count(struct player *p)
{
    return draw(&p->c, 4) ? 1 : draw(&p->c, 5);
}

static word a_register_count(struct player *p)
{
    return draw(&p->c, 22);
}

static word a_register(struct player *p)
{
    return draw(&p->c, 4) ? draw(&p->c, 256) : any_word(p);
}

static word a_vector(struct player *p)
{
    return draw(&p->c, 8) ? draw(&p->c, 6) : draw(&p->c, 128);
}

static word a_pin(struct player *p)
{
    return draw(&p->c, 8) ? draw(&p->c, 3) : draw(&p->c, 32);
}

static word a_port(struct player *p)
{
    return draw(&p->c, 4) ? 0x3f8 + draw(&p->c, 16) : draw(&p->c, 256) << 8;
}

static word an_endpoint(struct player *p)
{
    return cptr_with(p, CAP_ENDPOINT);
}

/* ---- places in CNodes ---- */

/* A slot of p->cnode that is empty, or is in use; one that is not, if none is.
 * The capability in it becomes what a depth, or another index, is for. */
static word a_place(struct player *p, bool empty)
{
    word slots = 1ul << p->cnode.cnode.radix;
    const struct cte *slot = kernel_memory(p->m.k, p->cnode.obj);
    word start = draw(&p->c, slots < 256 ? slots : 256);
    word at = start;

    for (word i = 0; i < slots; i++, at = (at + 1) % slots)
        if ((slot[at].cap.type == CAP_NULL) == empty)
            break;
    return at;
}

static word an_index(struct player *p, bool empty)
{
    if (p->cnode.type != CAP_CNODE)
        return draw(&p->c, 4);
    return (word)p->cnode.cnode.guard << p->cnode.cnode.radix |
           a_place(p, empty);
}

static word full_index(struct player *p)
{
    return an_index(p, draw(&p->c, 16) == 0);
}

static word free_index(struct player *p)
{
    return an_index(p, draw(&p->c, 8) != 0);
}

/* "index" alone: what for depends on the method. */
static word some_index(struct player *p)
{
    return an_index(p, p->wants_nothing);
}

static word a_depth(struct player *p)
{
    if (p->cnode.type != CAP_CNODE)
        return 64;
    return p->cnode.cnode.radix + p->cnode.cnode.guard_size;
}

/* Retype: the root itself, or a CNode in it. */
static word a_node_depth(struct player *p)
{
    return draw(&p->c, 8) ? 0 : a_depth(p);
}

static word an_offset(struct player *p)
{
    return p->cnode.type == CAP_CNODE ? a_place(p, true) : 0;
}

/* ---- names ---- */

#define NOTHING 0xff /* other_cap: the null capability */

/* What an argument may be: a capability (its types), or a word. */
struct rule {
    const char *name;
    uint8_t cap, other_cap;
    word (*word)(struct player *);
};

static const struct rule rules[] = {
    { "root", CAP_CNODE, 0, NULL },
    { "src_root", CAP_CNODE, 0, NULL },
    { "pivot_root", CAP_CNODE, 0, NULL },
    { "cspace_root", CAP_CNODE, 0, NULL },
    { "vspace_root", CAP_PML4, 0, NULL },
    { "vspace", CAP_PML4, 0, NULL },
    { "pml4", CAP_PML4, 0, NULL },
    { "bufferFrame", CAP_FRAME, 0, NULL },
    { "source", CAP_THREAD, 0, NULL },
    { "authority", CAP_THREAD, 0, NULL },
    { "thread", CAP_THREAD, 0, NULL },
    { "notification", CAP_NOTIFICATION, 0, NULL },
    { "cap", CAP_THREAD, CAP_NOTIFICATION, NULL },
    { "sched_context", CAP_SCHED_CONTEXT, NOTHING, NULL },
    { "schedcontext", CAP_SCHED_CONTEXT, 0, NULL },
    { "timeout_fault_ep", CAP_ENDPOINT, NOTHING, NULL },
    { "fault_ep", CAP_ENDPOINT, NOTHING, an_endpoint },
    { "untyped", CAP_UNTYPED, 0, NULL },
    { "type", 0, 0, an_object_type },
    { "size_bits", 0, 0, an_object_size },
    { "node_index", 0, 0, full_index },
    { "node_depth", 0, 0, a_node_depth },
    { "node_offset", 0, 0, an_offset },
    { "num_objects", 0, 0, a_count },
    { "index", 0, 0, some_index },
    { "dest_index", 0, 0, free_index },
    { "src_index", 0, 0, full_index },
    { "pivot_index", 0, 0, full_index },
    { "depth", 0, 0, a_depth },
    { "dest_depth", 0, 0, a_depth },
    { "src_depth", 0, 0, a_depth },
    { "pivot_depth", 0, 0, a_depth },
    { "rights", 0, 0, some_rights },
    { "badge", 0, 0, a_badge_or_guard },
    { "dest_badge", 0, 0, a_guard },
    { "pivot_badge", 0, 0, a_guard },
    { "cspace_root_data", 0, 0, a_new_guard },
    { "vspace_root_data", 0, 0, a_bit },
    { "suspend_source", 0, 0, a_bit },
    { "resume_target", 0, 0, a_bit },
    { "transfer_frame", 0, 0, a_bit },
    { "transfer_integer", 0, 0, a_bit },
    { "arch_flags", 0, 0, a_small },
    { "count", 0, 0, a_register_count },
    { "regs", 0, 0, a_register },
    { "buffer", 0, 0, a_buffer },
    { "priority", 0, 0, a_priority },
    { "mcp", 0, 0, a_priority },
    { "tls_base", 0, 0, any_word },
    { "clear", 0, 0, a_small },
    { "set", 0, 0, a_small },
    { "irq", 0, 0, a_small },
    { "domain", 0, 0, a_domain },
    { "duration", 0, 0, a_duration },
    { "budget", 0, 0, a_budget },
    { "period", 0, 0, a_period },
    { "extra_refills", 0, 0, a_small },
    { "flags", 0, 0, a_bit },
    { "vaddr", 0, 0, an_address },
    { "attr", 0, 0, a_small },
    { "first_port", 0, 0, a_port },
    { "last_port", 0, 0, a_port },
    { "port", 0, 0, a_port },
    { "data", 0, 0, any_word },
    { "ioapic", 0, 0, a_bit },
    { "pin", 0, 0, a_pin },
    { "level", 0, 0, a_bit },
    { "polarity", 0, 0, a_bit },
    { "vector", 0, 0, a_vector },
    { "pci_bus", 0, 0, a_small },
    { "pci_dev", 0, 0, a_small },
    { "pci_func", 0, 0, a_small },
    { "handle", 0, 0, any_word },
};

/* What the methods of an interface are invoked on, by the methods' names. */
static const struct {
    const char *prefix;
    enum cap_type cap;
} interfaces[] = {
    { "Untyped_", CAP_UNTYPED },
    { "TCB_", CAP_THREAD },
    { "CNode_", CAP_CNODE },
    { "IRQControl_", CAP_IRQ_CONTROL },
    { "IRQHandler_", CAP_IRQ_HANDLER },
    { "DomainSet_", CAP_DOMAIN },
    { "SchedControl_", CAP_SCHED_CONTROL },
    { "SchedContext_", CAP_SCHED_CONTEXT },
    { "X86_PDPT_", CAP_PDPT },
    { "X86_PageDirectory_", CAP_PAGE_DIRECTORY },
    { "X86_PageTable_", CAP_PAGE_TABLE },
    { "X86_Page_", CAP_FRAME },
    { "X86_ASIDControl_", CAP_ASID_CONTROL },
    { "X86_ASIDPool_", CAP_ASID_POOL },
    { "X86_IOPortControl_", CAP_IO_PORT_CONTROL },
    { "X86_IOPort_", CAP_IO_PORT },
};

#define MOST_ARGUMENTS 12

/* The tables, looked up once. */
static struct {
    bool ready;
    enum cap_type cap_of[METHOD_COUNT];
    const struct rule *rule[2][METHOD_COUNT][MOST_ARGUMENTS];
} played;

static inline const struct rule *rule_of(const char *name)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(rules[i].name, name) == 0)
            return &rules[i];
    fprintf(stderr, "arguments.h does not know what '%s' could be\n", name);
    exit(1);
}

static inline enum cap_type interface_of(const char *method)
{
    for (size_t i = 0; i < sizeof interfaces / sizeof *interfaces; i++)
        if (strncmp(method, interfaces[i].prefix,
                    strlen(interfaces[i].prefix)) == 0)
            return interfaces[i].cap;
    fprintf(stderr, "arguments.h does not know what has '%s'\n", method);
    exit(1);
}

static inline void arguments_check(void)
{
    for (int method = 1; method < METHOD_COUNT && !played.ready; method++) {
        played.cap_of[method] = interface_of(sel4_method_name[method]);
        for (int mcs = 0; mcs < 2; mcs++) {
            const struct sel4_param *param = sel4_method_params[mcs][method];

            for (int i = 0; param && param[i].name; i++)
                played.rule[mcs][method][i] = rule_of(param[i].name);
        }
    }
    played.ready = true;
}

/* ---- messages ---- */

static inline void set_word(struct message *m, word i, word value)
{
    m->words[i] |= value;
    if (m->count <= i)
        m->count = i + 1;
}

/* A capability whose CNode, if it is one, the next indices are for. */
static inline word cap_argument(struct player *p, const struct rule *rule)
{
    bool other = rule->other_cap && draw(&p->c, 2);
    int at;

    if (other && rule->other_cap == NOTHING)
        return 0;
    at = find_cap(p, other ? rule->other_cap : rule->cap);
    if (at < 0 || (p->wild && draw(&p->c, 4) == 0))
        return any_cptr(p);
    if (rule->cap == CAP_CNODE)
        p->cnode = p->view.at[at].slot->cap;
    return p->view.at[at].cptr;
}

static inline word word_argument(struct player *p, const struct rule *rule)
{
    return p->wild && draw(&p->c, 4) == 0 ? any_word(p) : rule->word(p);
}

static inline void add_argument(struct player *p, struct message *m,
                                const struct sel4_param *param,
                                const struct rule *rule)
{
    if (param->bits == 0) {
        m->caps[param->index] = cap_argument(p, rule);
        if (m->cap_count <= param->index)
            m->cap_count = param->index + 1u;
    } else if (param->bits < 64) {
        word mask = (1ul << param->bits) - 1;

        set_word(m, param->index,
                 (word_argument(p, rule) & mask) << param->shift);
    } else {
        for (word i = 0; i < param->bits / 64u; i++)
            set_word(m, param->index + i, word_argument(p, rule));
    }
}

static inline bool fills_a_slot(enum sel4_method method)
{
    switch (method) {
    case METHOD_CNODE_SAVE_CALLER:
    case METHOD_IRQ_CONTROL_GET:
    case METHOD_IRQ_CONTROL_GET_IOAPIC:
    case METHOD_IRQ_CONTROL_GET_MSI:
    case METHOD_X86_ASID_CONTROL_MAKE_POOL:
    case METHOD_X86_IO_PORT_CONTROL_ISSUE:
        return true;
    default:
        return false;
    }
}

/* The message of a method, when `invoked` is invoked. */
static inline void any_invocation(struct player *p, enum sel4_method method,
                                  union cap invoked, struct message *m)
{
    const struct sel4_param *param = sel4_method_params[mcs_of(p)][method];

    *m = (struct message){ .label = sel4_label_of_method[mcs_of(p)][method] };
    p->method = method;
    p->cnode = invoked.type == CAP_CNODE ? invoked : cap_null();
    p->wild = draw(&p->c, 8) == 0;
    p->wants_nothing = fills_a_slot(method) && draw(&p->c, 8);
    for (int i = 0; param && param[i].name; i++)
        add_argument(p, m, &param[i], played.rule[mcs_of(p)][method][i]);
    if (p->wild && m->count && draw(&p->c, 8) == 0)
        m->count--;
    if (p->wild && m->cap_count && draw(&p->c, 8) == 0)
        m->cap_count--;
}

/* Any message: to whom it goes does not matter. */
static inline void any_message(struct player *p, struct message *m)
{
    *m = (struct message){ .label = draw(&p->c, 64),
                           .count = draw(&p->c, 12),
                           .cap_count = draw(&p->c, 4) };
    for (word i = 0; i < m->count; i++)
        m->words[i] = draw(&p->c, 4) ? draw(&p->c, 256) : any_word(p);
    for (word i = 0; i < m->cap_count; i++)
        m->caps[i] = any_cptr(p);
}

#endif
