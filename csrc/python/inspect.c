/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machine's methods that show capabilities and the derivation tree.
 *
 * Views are copied under the lock into plain memory, and turned into Python
 * objects afterwards.
 */
#include "core.h"

#include <stdlib.h>

#include "kernel/inspect.h"

#define WALK_WORDS 65536u /* to begin with; doubled while it is too little */
#define WALK_WORDS_MAX (1u << 24)
#define NODES 1024u

/* Names of capability types; the package finds its classes by them. */
static const char *cap_kind(uint32_t type)
{
    static const char *const kinds[] = {
        [CAP_UNTYPED] = "untyped",
        [CAP_ENDPOINT] = "endpoint",
        [CAP_NOTIFICATION] = "notification",
        [CAP_REPLY] = "reply",
        [CAP_CNODE] = "cnode",
        [CAP_THREAD] = "tcb",
        [CAP_IRQ_CONTROL] = "irq_control",
        [CAP_IRQ_HANDLER] = "irq_handler",
        [CAP_ZOMBIE] = "zombie",
        [CAP_DOMAIN] = "domain",
        [CAP_SCHED_CONTEXT] = "sched_context",
        [CAP_SCHED_CONTROL] = "sched_control",
        [CAP_FRAME] = "frame",
        [CAP_PAGE_TABLE] = "page_table",
        [CAP_PAGE_DIRECTORY] = "page_directory",
        [CAP_PDPT] = "pdpt",
        [CAP_PML4] = "pml4",
        [CAP_ASID_CONTROL] = "asid_control",
        [CAP_ASID_POOL] = "asid_pool",
        [CAP_IO_PORT] = "io_port",
        [CAP_IO_PORT_CONTROL] = "io_port_control",
    };

    if (type < sizeof(kinds) / sizeof(kinds[0]) && kinds[type])
        return kinds[type];
    return "";
}

static PyObject *cap_rights(const struct cap_view *v)
{
    switch (v->type) {
    case CAP_ENDPOINT:
    case CAP_NOTIFICATION:
    case CAP_REPLY:
    case CAP_FRAME:
        return PyLong_FromUnsignedLongLong(v->rights);
    default:
        Py_RETURN_NONE;
    }
}

#define U(x) ((unsigned long long)(x))
#define B(x) PyBool_FromLong(x)

static PyObject *cap_dict(const struct cap_view *v, word index)
{
    return Py_BuildValue(
        "{s:K,s:s,s:K,s:K,s:N,s:K,s:K,s:K,s:K,s:N,s:K,s:N,s:N,s:K,s:K,s:K,s:K,"
        "s:K,s:N,s:z}",
        "index", U(index), "kind", cap_kind(v->type), "object", U(v->object),
        "size_bits", U(v->bits), "rights", cap_rights(v), "badge", U(v->badge),
        "radix", U(v->radix), "guard", U(v->guard), "guard_size",
        U(v->guard_bits), "device", B(v->device), "free_bytes",
        U(v->free_bytes), "mapped", B(v->mapped), "master", B(v->master),
        "vaddr", U(v->vaddr), "asid", U(v->asid), "irq", U(v->irq),
        "first_port", U(v->first_port), "last_port", U(v->last_port),
        "original", B(v->revocable), "broken", v->broken);
}

/* --- a CNode ---------------------------------------------------------------- */

struct node {
    struct cap_view view;
    word index; /* in the CNode; of a tree's node: the slot's reference */
    word depth;
};

struct nodes {
    struct node *list;
    size_t count, room;
    bool failed; /* no memory */
};

static struct node *nodes_add(struct nodes *n)
{
    if (n->count == n->room) {
        size_t room = n->room ? 2 * n->room : NODES;
        struct node *list = realloc(n->list, room * sizeof(*list));

        if (!list) {
            n->failed = true;
            return NULL;
        }
        n->list = list;
        n->room = room;
    }
    return &n->list[n->count++];
}

struct cnode_walk {
    paddr cnode;
    unsigned int radix;
    struct nodes nodes;
};

static void cnode_read(struct kernel *k, void *argument)
{
    struct cnode_walk *walk = argument;
    word index = 0, slot;

    while (cnode_next(k, walk->cnode, walk->radix, &index, &slot)) {
        struct node *node = nodes_add(&walk->nodes);

        if (!node)
            return;
        node->index = index++;
        cap_view(k, slot, &node->view);
    }
}

static PyObject *nodes_list(const struct nodes *n,
                            PyObject *(*convert)(const struct node *))
{
    PyObject *list = n->failed ? PyErr_NoMemory() : PyList_New(0);

    for (size_t i = 0; list && i < n->count; i++) {
        PyObject *item = convert(&n->list[i]);

        if (!item || PyList_Append(list, item) < 0)
            Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list;
}

static PyObject *slot_item(const struct node *node)
{
    return cap_dict(&node->view, node->index);
}

PyObject *machine_slots(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { "cnode", "radix", NULL };
    struct machine *self = (struct machine *)object;
    struct host_error error = { 0 };
    struct cnode_walk walk = { 0 };
    enum host_status status;
    PyObject *list;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&I", names, convert_word,
                                     &walk.cnode, &walk.radix))
        return NULL;
    status = machine_locked(self, cnode_read, &walk, &error);
    if (status == HOST_OK)
        list = nodes_list(&walk.nodes, slot_item);
    else
        list = error_raise(self, status, &error);
    free(walk.nodes.list);
    return list;
}

/* --- one slot ----------------------------------------------------------------- */

struct slot_look {
    paddr cnode;
    word index;
    bool exists;
    struct cap_view view;
    word descendants;
};

/* Reference of a slot: its address. */
static word slot_of(const struct slot_look *look)
{
    return look->cnode + look->index * sizeof(struct cte);
}

static void slot_read(struct kernel *k, void *argument)
{
    struct slot_look *look = argument;

    look->exists = cap_view(k, slot_of(look), &look->view);
}

static void descendants_read(struct kernel *k, void *argument)
{
    struct slot_look *look = argument;

    look->exists = cap_view(k, slot_of(look), &look->view);
    if (look->exists)
        look->descendants = slot_descendants(k, slot_of(look));
}

static PyObject *look_at(PyObject *object, PyObject *args, PyObject *kwargs,
                         machine_locked_step *step, struct slot_look *look)
{
    static char *names[] = { "cnode", "index", NULL };
    struct machine *self = (struct machine *)object;
    struct host_error error = { 0 };
    enum host_status status;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&O&", names, convert_word,
                                     &look->cnode, convert_word, &look->index))
        return NULL;
    status = machine_locked(self, step, look, &error);
    if (status != HOST_OK)
        return error_raise(self, status, &error);
    if (!look->exists)
        return PyErr_Format(PyExc_LookupError,
                            "there is no slot %llu of a CNode at 0x%llx",
                            U(look->index), U(look->cnode));
    if (look->view.type == CAP_NULL)
        Py_RETURN_NONE;
    return cap_dict(&look->view, look->index);
}

PyObject *machine_slot(PyObject *object, PyObject *args, PyObject *kwargs)
{
    struct slot_look look = { 0 };

    return look_at(object, args, kwargs, slot_read, &look);
}

PyObject *machine_descendants(PyObject *object, PyObject *args,
                              PyObject *kwargs)
{
    struct slot_look look = { 0 };
    PyObject *cap = look_at(object, args, kwargs, descendants_read, &look);

    if (!cap)
        return NULL;
    Py_DECREF(cap);
    return PyLong_FromUnsignedLongLong(look.descendants);
}

/* --- the derivation tree ------------------------------------------------------- */

struct derivation {
    word *memory;
    size_t words;
    bool full; /* more memory is needed for the walk */
    struct nodes nodes;
};

static void derivation_read(struct kernel *k, void *argument)
{
    struct derivation *d = argument;
    struct tree_walk walk;
    struct tree_node tree;

    tree_walk_begin(&walk, k, d->memory, d->words);
    while (tree_walk_next(&walk, &tree)) {
        struct node *node = nodes_add(&d->nodes);

        if (!node)
            return;
        node->index = tree.slot;
        node->depth = tree.depth;
        cap_view(k, tree.slot, &node->view);
    }
    d->full = walk.set.full;
}

/* (depth, slot, capability) */
static PyObject *tree_item(const struct node *node)
{
    return Py_BuildValue("(KLN)", U(node->depth), (long long)node->index,
                         cap_dict(&node->view, 0));
}

PyObject *machine_derivation(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { NULL };
    struct machine *self = (struct machine *)object;
    struct derivation d = { .words = WALK_WORDS, .full = true };
    struct host_error error = { 0 };
    enum host_status status = HOST_OK;
    PyObject *list;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "", names))
        return NULL;
    for (; status == HOST_OK && d.full && d.words <= WALK_WORDS_MAX;
         d.words *= 2) {
        word *memory = realloc(d.memory, d.words * sizeof(word));

        d.nodes.failed = !memory;
        if (!memory)
            break;
        d.memory = memory;
        d.nodes.count = 0;
        status = machine_locked(self, derivation_read, &d, &error);
    }
    if (status == HOST_OK)
        list = nodes_list(&d.nodes, tree_item);
    else
        list = error_raise(self, status, &error);
    free(d.memory);
    free(d.nodes.list);
    return list;
}
