/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The type Machine: one host_machine, its beginning and its end.
 *
 * Several Python threads may be inside the monitor at once. `users` counts
 * them; close() lets nobody new in, waits until the last one has left (all
 * waits are cut into slices, see machine_wait()), and only then destroys the
 * machine. So no method ever sees a machine that is half gone.
 */
#include "core.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

#define SLICE_NS 200000000ll /* how often a wait looks for Python signals */
#define CLOSE_POLL_NS 1000000l

struct module_state *machine_state(struct machine *self)
{
    return PyType_GetModuleState(Py_TYPE((PyObject *)self));
}

struct host_machine *machine_begin(struct machine *self)
{
    atomic_fetch_add(&self->users, 1);
    if (!atomic_load(&self->closing) && self->host)
        return self->host;
    atomic_fetch_sub(&self->users, 1);
    error_closed(self);
    return NULL;
}

void machine_end(struct machine *self)
{
    atomic_fetch_sub(&self->users, 1);
}

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

enum host_status machine_wait(struct machine *self, int64_t timeout_ns,
                              machine_wait_step *step, void *argument,
                              struct host_error *error)
{
    int64_t end = timeout_ns < 0 ? INT64_MAX : now_ns() + timeout_ns;

    for (;;) {
        enum host_status status;
        struct host_machine *m = machine_begin(self);
        int64_t left;

        if (!m)
            return HOST_INTERRUPTED;
        Py_BEGIN_ALLOW_THREADS
        left = end - now_ns();
        left = left < 0 ? 0 : left > SLICE_NS ? SLICE_NS : left;
        status = step(m, left, argument, error);
        Py_END_ALLOW_THREADS
        machine_end(self);
        if (status != HOST_TIMEOUT && status != HOST_INTERRUPTED)
            return status;
        if (PyErr_CheckSignals() < 0)
            return HOST_INTERRUPTED;
        if (now_ns() >= end)
            return HOST_TIMEOUT;
    }
}

enum host_status machine_locked(struct machine *self, machine_locked_step *step,
                                void *argument, struct host_error *error)
{
    struct host_machine *m = machine_begin(self);
    enum host_status status;

    if (!m)
        return HOST_INTERRUPTED;
    Py_BEGIN_ALLOW_THREADS
    status = host_lock(m, true, error);
    if (status == HOST_OK) {
        step(host_kernel(m), argument);
        host_unlock(m);
    }
    Py_END_ALLOW_THREADS
    machine_end(self);
    return status;
}

bool machine_look(PyObject *object, PyObject *args, PyObject *kwargs,
                  machine_locked_step *step, struct object_look *look)
{
    static char *names[] = { "address", NULL };
    struct machine *self = (struct machine *)object;
    struct host_error error = { 0 };
    enum host_status status;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&", names, convert_word,
                                     &look->address))
        return false;
    status = machine_locked(self, step, look, &error);
    if (status != HOST_OK)
        error_raise(self, status, &error);
    else if (!look->exists)
        PyErr_Format(PyExc_LookupError, "there is no such object at 0x%llx",
                     (unsigned long long)look->address);
    return status == HOST_OK && look->exists;
}

/* (start, end, entry) of a root task's image, or None. */
static int convert_image(PyObject *object, void *config)
{
    struct image_config *c = config;

    if (object == Py_None)
        return 1;
    return PyTuple_Check(object) &&
           PyArg_ParseTuple(object, "O&O&O&:image", convert_word,
                            &c->image.start, convert_word, &c->image.end,
                            convert_word, &c->image_entry);
}

static int parse_options(PyObject *args, PyObject *kwargs,
                         struct host_options *o)
{
    static char *names[] = { "memory",     "mcs",     "domains",
                             "cnode_bits", "tick_us", "slice_ticks",
                             "check",      "trace",   "isolation",
                             "cpu",        "console", "runner",
                             "image",      "clock",   NULL };
    struct image_config *c = &o->config;
    int mcs = 0, check = 0, trace = 1;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&|$pIIIIppIiizO&I:Machine",
                                     names, convert_word, &c->memory_size, &mcs,
                                     &c->domains, &c->cnode_bits, &c->tick_us,
                                     &c->slice_ticks, &check, &trace,
                                     &c->isolation, &o->cpu, &o->console_fd,
                                     &o->runner, convert_image, c, &c->clock))
        return -1;
    c->mcs = (uint32_t)mcs;
    c->check = (uint32_t)check;
    c->trace = (uint32_t)trace;
    return 0;
}

static PyObject *machine_new(PyTypeObject *type, PyObject *args,
                             PyObject *kwargs)
{
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    struct host_options options = {
        .config = { .domains = 1,
                    .cnode_bits = 12,
                    .tick_us = 2000,
                    .slice_ticks = 5,
                    .boot_slice_us = 5000 },
        .cpu = -1,
        .console_fd = -1,
    };
    struct host_error error = { 0 };
    struct machine *self;

    if (parse_options(args, kwargs, &options) < 0)
        return NULL;
    self = (struct machine *)alloc(type, 0);
    if (!self)
        return NULL;
    self->isolation = (int)options.config.isolation;
    Py_BEGIN_ALLOW_THREADS
    self->host = host_create(&options, &error);
    Py_END_ALLOW_THREADS
    if (!self->host) {
        error_raise(self, error.errno_value ? HOST_SYSTEM : HOST_INVALID,
                    &error);
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

/* Let nobody in, wait until everybody has left, and take the machine. */
static struct host_machine *machine_take(struct machine *self)
{
    const struct timespec pause = { .tv_nsec = CLOSE_POLL_NS };
    struct host_machine *m;

    if (atomic_exchange(&self->closing, 1))
        return NULL; /* another thread does it, or it is done */
    while (atomic_load(&self->users) > 0)
        nanosleep(&pause, NULL);
    m = self->host;
    self->host = NULL;
    return m;
}

static PyObject *machine_close(PyObject *object, PyObject *unused)
{
    struct machine *self = (struct machine *)object;

    (void)unused;
    Py_BEGIN_ALLOW_THREADS
    struct host_machine *m = machine_take(self);

    if (m)
        host_destroy(m);
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

static PyObject *machine_forget(PyObject *object, PyObject *unused)
{
    struct machine *self = (struct machine *)object;

    (void)unused;
    atomic_store(&self->forgotten, 1);
    if (!atomic_exchange(&self->closing, 1) && self->host)
        host_forget(self->host);
    self->host = NULL;
    Py_RETURN_NONE;
}

static void machine_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);

    Py_XDECREF(machine_close(object, NULL));
    release(object);
    Py_DECREF(type);
}

/* --- properties: constant after boot, or one word, so no lock ------------ */

static PyObject *get_closed(PyObject *object, void *unused)
{
    struct machine *self = (struct machine *)object;

    (void)unused;
    return PyBool_FromLong(atomic_load(&self->closing) || !self->host);
}

/* A field of the image header: its offset and size. */
#define FIELD(field)                                                           \
    ((void *)(offsetof(struct image_header, field) * 16 +                      \
              sizeof(((struct image_header *)0)->field)))

static PyObject *get_field(PyObject *object, void *closure)
{
    struct machine *self = (struct machine *)object;
    struct host_machine *m = machine_begin(self);
    size_t offset = (size_t)closure / 16, size = (size_t)closure % 16;
    const char *header;
    word value = 0;

    if (!m)
        return NULL;
    header = (const char *)host_kernel(m) + offset;
    if (size == sizeof(uint32_t))
        value = *(const volatile uint32_t *)header;
    else
        value = *(const volatile word *)header;
    machine_end(self);
    return PyLong_FromUnsignedLongLong(value);
}

static PyObject *get_panic(PyObject *object, void *unused)
{
    struct machine *self = (struct machine *)object;
    struct host_machine *m = machine_begin(self);
    PyObject *text;

    (void)unused;
    if (!m)
        return NULL;
    text =
        PyUnicode_DecodeUTF8(host_panic_text(m),
                             (Py_ssize_t)strlen(host_panic_text(m)), "replace");
    machine_end(self);
    return text;
}

static PyObject *get_image_fd(PyObject *object, void *unused)
{
    struct machine *self = (struct machine *)object;
    struct host_machine *m = machine_begin(self);
    PyObject *number;

    (void)unused;
    if (!m)
        return NULL;
    number = PyLong_FromLong(host_image_fd(m));
    machine_end(self);
    return number;
}

static PyObject *get_time(PyObject *object, void *unused)
{
    struct machine *self = (struct machine *)object;
    struct host_machine *m = machine_begin(self);
    struct host_error error = { 0 };
    enum host_status status;
    word time = 0;

    (void)unused;
    if (!m)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = host_time(m, &time, &error);
    Py_END_ALLOW_THREADS
    machine_end(self);
    if (status != HOST_OK)
        return error_raise(self, status, &error);
    return PyLong_FromUnsignedLongLong(time);
}

static PyObject *get_client_count(PyObject *object, void *unused)
{
    struct machine *self = (struct machine *)object;
    struct host_machine *m = machine_begin(self);
    uint32_t count;

    (void)unused;
    if (!m)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    count = host_process_count(m);
    Py_END_ALLOW_THREADS
    machine_end(self);
    return PyLong_FromUnsignedLong(count);
}

static PyGetSetDef machine_properties[] = {
    { "closed", get_closed, NULL, NULL, NULL },
    { "panic", get_panic, NULL, NULL, NULL },
    { "image_fd", get_image_fd, NULL, NULL, NULL },
    { "time", get_time, NULL, NULL, NULL },
    { "client_count", get_client_count, NULL, NULL, NULL },
    { "memory_size", get_field, NULL, NULL, FIELD(config.memory_size) },
    { "mcs", get_field, NULL, NULL, FIELD(config.mcs) },
    { "cnode_bits", get_field, NULL, NULL, FIELD(config.cnode_bits) },
    { "isolation", get_field, NULL, NULL, FIELD(config.isolation) },
    { "tsc_mhz", get_field, NULL, NULL, FIELD(config.tsc_mhz) },
    { "root_tcb", get_field, NULL, NULL, FIELD(boot.root_tcb) },
    { "root_cnode", get_field, NULL, NULL, FIELD(boot.root_cnode) },
    { "root_vspace", get_field, NULL, NULL, FIELD(boot.root_vspace) },
    { "untyped_start", get_field, NULL, NULL, FIELD(boot.untyped_start) },
    { "untyped_end", get_field, NULL, NULL, FIELD(boot.untyped_end) },
    { "empty_start", get_field, NULL, NULL, FIELD(boot.empty_start) },
    { "empty_end", get_field, NULL, NULL, FIELD(boot.empty_end) },
    { "sched_control", get_field, NULL, NULL, FIELD(boot.sched_control) },
    { "paging_start", get_field, NULL, NULL, FIELD(boot.paging_start) },
    { "paging_end", get_field, NULL, NULL, FIELD(boot.paging_end) },
    { "extra_start", get_field, NULL, NULL, FIELD(boot.extra_start) },
    { "extra_end", get_field, NULL, NULL, FIELD(boot.extra_end) },
    { "image_start", get_field, NULL, NULL, FIELD(boot.image_start) },
    { "image_end", get_field, NULL, NULL, FIELD(boot.image_end) },
    { "image", get_field, NULL, NULL, FIELD(boot.image) },
    { "bootinfo", get_field, NULL, NULL, FIELD(boot.bootinfo) },
    { "extra", get_field, NULL, NULL, FIELD(boot.extra) },
    { "ram_start", get_field, NULL, NULL, FIELD(boot.ram_start) },
    { "current", get_field, NULL, NULL, FIELD(current) },
    { "paused", get_field, NULL, NULL, FIELD(paused) },
    { "idle_count", get_field, NULL, NULL, FIELD(idle_count) },
    { "trace_count", get_field, NULL, NULL, FIELD(trace_count) },
    { NULL, NULL, NULL, NULL, NULL },
};

/* --- methods -------------------------------------------------------------- */

#define METHOD(name)                                                           \
    {                                                                          \
#name, (PyCFunction)(void (*)(void))machine_##name,                    \
            METH_VARARGS | METH_KEYWORDS, NULL                                 \
    }

static PyMethodDef machine_methods[] = {
    { "close", machine_close, METH_NOARGS, NULL },
    { "forget", machine_forget, METH_NOARGS, NULL },
    METHOD(agent_create),
    METHOD(agent_enter),
    METHOD(agent_wait),
    METHOD(agent_cancel),
    METHOD(agent_call),
    METHOD(agent_error),
    METHOD(spawn),
    METHOD(start),
    METHOD(poll_exit),
    METHOD(wait_exit),
    METHOD(kill),
    METHOD(release),
    METHOD(process),
    METHOD(pause),
    METHOD(resume),
    METHOD(step),
    METHOD(wait_idle),
    METHOD(console),
    METHOD(check),
    METHOD(set_name),
    METHOD(read),
    METHOD(write),
    METHOD(memory),
    METHOD(trace),
    METHOD(slots),
    METHOD(slot),
    METHOD(descendants),
    METHOD(derivation),
    METHOD(thread),
    METHOD(threads),
    METHOD(endpoint),
    METHOD(notification),
    METHOD(sched_context),
    METHOD(reply),
    METHOD(mappings),
    { NULL, NULL, 0, NULL },
};

static PyType_Slot type_slots[] = {
    { Py_tp_doc, "An emulated machine." }, { Py_tp_new, machine_new },
    { Py_tp_dealloc, machine_dealloc },    { Py_tp_methods, machine_methods },
    { Py_tp_getset, machine_properties },  { 0, NULL },
};

PyType_Spec machine_spec = {
    .name = "sel4emu._core.Machine",
    .basicsize = sizeof(struct machine),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = type_slots,
};
