/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical memory: copies of it, and the type Memory, a window onto it.
 *
 * A window has a mapping of its own of the image file, so it outlives the
 * machine and never stands in the way of close(); Python's buffer protocol
 * keeps the window alive as long as a view of it exists.
 */
#include "core.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The lock is held for a copy of this size at most. */
#define COPY_BYTES 65536u

static int check_range(struct machine *self, paddr start, word size)
{
    struct host_machine *m = machine_begin(self);
    word memory;

    if (!m)
        return -1;
    memory = host_kernel(m)->h.config.memory_size;
    machine_end(self);
    if (start <= memory && size <= memory - start)
        return 0;
    PyErr_Format(PyExc_ValueError,
                 "%llu bytes from physical address 0x%llx reach beyond the "
                 "machine's memory of %llu bytes",
                 (unsigned long long)size, (unsigned long long)start,
                 (unsigned long long)memory);
    return -1;
}

/* A copy between memory and a buffer. */
struct transfer {
    paddr start;
    char *buffer;
    word size;
    bool write;
};

/* A part of it at a time under the lock. */
static enum host_status transfer_run(struct host_machine *m,
                                     const struct transfer *t,
                                     struct host_error *error)
{
    for (word done = 0; done < t->size;) {
        word left = t->size - done;
        word part = left < COPY_BYTES ? left : COPY_BYTES;
        enum host_status status = host_lock(m, true, error);
        char *memory;

        if (status != HOST_OK)
            return status;
        memory = kernel_memory(host_kernel(m), t->start + done);
        if (t->write)
            memcpy(memory, t->buffer + done, part);
        else
            memcpy(t->buffer + done, memory, part);
        host_unlock(m);
        done += part;
    }
    return HOST_OK;
}

static enum host_status transfer(struct machine *self, const struct transfer *t,
                                 struct host_error *error)
{
    struct host_machine *m = machine_begin(self);
    enum host_status status;

    if (!m)
        return HOST_INTERRUPTED;
    Py_BEGIN_ALLOW_THREADS
    status = transfer_run(m, t, error);
    Py_END_ALLOW_THREADS
    machine_end(self);
    return status;
}

PyObject *machine_read(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { "address", "size", NULL };
    struct machine *self = (struct machine *)object;
    struct host_error error = { 0 };
    enum host_status status;
    struct transfer t;
    PyObject *bytes;
    word start, size;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&O&", names, convert_word,
                                     &start, convert_word, &size))
        return NULL;
    if (check_range(self, start, size) < 0)
        return NULL;
    bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);
    if (!bytes)
        return NULL;
    t = (struct transfer){ start, PyBytes_AsString(bytes), size, false };
    status = transfer(self, &t, &error);
    if (status == HOST_OK)
        return bytes;
    Py_DECREF(bytes);
    return error_raise(self, status, &error);
}

PyObject *machine_write(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { "address", "data", NULL };
    struct machine *self = (struct machine *)object;
    struct host_error error = { 0 };
    enum host_status status;
    struct transfer t;
    Py_buffer data;
    word start;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&y*", names, convert_word,
                                     &start, &data))
        return NULL;
    status = HOST_INTERRUPTED;
    t = (struct transfer){ start, data.buf, (word)data.len, true };
    if (check_range(self, start, (word)data.len) == 0)
        status = transfer(self, &t, &error);
    PyBuffer_Release(&data);
    if (status != HOST_OK)
        return error_raise(self, status, &error);
    Py_RETURN_NONE;
}

/* --- the type Memory -------------------------------------------------------- */

struct memory {
    PyObject_HEAD
    void *mapping; /* page-aligned */
    size_t mapped;
    char *start;
    Py_ssize_t size;
    int writable;
};

static int memory_getbuffer(PyObject *object, Py_buffer *view, int flags)
{
    struct memory *self = (struct memory *)object;

    return PyBuffer_FillInfo(view, object, self->start, self->size,
                             !self->writable, flags);
}

static Py_ssize_t memory_length(PyObject *object)
{
    return ((struct memory *)object)->size;
}

static void memory_dealloc(PyObject *object)
{
    struct memory *self = (struct memory *)object;
    PyTypeObject *type = Py_TYPE(object);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);

    if (self->mapping)
        munmap(self->mapping, self->mapped);
    release(object);
    Py_DECREF(type);
}

static PyType_Slot type_slots[] = {
    { Py_tp_doc,
      "A window onto a machine's physical memory; see memoryview()." },
    { Py_tp_dealloc, memory_dealloc },
    { Py_bf_getbuffer, memory_getbuffer },
    { Py_sq_length, memory_length },
    { 0, NULL },
};

PyType_Spec memory_spec = {
    .name = "sel4emu._core.Memory",
    .basicsize = sizeof(struct memory),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE |
             Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = type_slots,
};

static int memory_map(struct machine *machine, struct memory *self, paddr start)
{
    struct host_machine *m = machine_begin(machine);
    word page = (word)sysconf(_SC_PAGESIZE);
    word offset = start & (page - 1);
    int protection = PROT_READ | (self->writable ? PROT_WRITE : 0);
    void *mapping;

    if (!m)
        return -1;
    self->mapped = (size_t)self->size + offset;
    mapping = mmap(NULL, self->mapped, protection, MAP_SHARED, host_image_fd(m),
                   (off_t)(IMAGE_HEADER_SIZE + start - offset));
    machine_end(machine);
    if (mapping == MAP_FAILED) {
        PyErr_SetFromErrno(PyExc_OSError);
        return -1;
    }
    self->mapping = mapping;
    self->start = (char *)mapping + offset;
    return 0;
}

PyObject *machine_memory(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { "address", "size", "writable", NULL };
    struct machine *machine = (struct machine *)object;
    PyTypeObject *type = (PyTypeObject *)machine_state(machine)->memory_type;
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    struct memory *self;
    word start, size;
    int writable = 0;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&O&|p", names,
                                     convert_word, &start, convert_word, &size,
                                     &writable))
        return NULL;
    if (check_range(machine, start, size) < 0)
        return NULL;
    if (size == 0) {
        PyErr_SetString(PyExc_ValueError, "a window needs a size");
        return NULL;
    }
    self = (struct memory *)alloc(type, 0);
    if (!self)
        return NULL;
    self->size = (Py_ssize_t)size;
    self->writable = writable;
    if (memory_map(machine, self, start) < 0) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}
