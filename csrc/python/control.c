/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machine's methods that control the node, read the console, and check the
 * machine's invariants.
 */
#include "core.h"

static enum host_status pause_step(struct host_machine *m, int64_t timeout_ns,
                                   void *argument, struct host_error *error)
{
    (void)argument;
    return host_pause(m, timeout_ns, error);
}

static PyObject *wait_for(PyObject *object, machine_wait_step *step,
                          void *argument, int64_t timeout)
{
    struct machine *self = (struct machine *)object;
    struct host_error error = { 0 };
    enum host_status status;

    status = machine_wait(self, timeout, step, argument, &error);
    if (status != HOST_OK)
        return error_raise(self, status, &error);
    Py_RETURN_NONE;
}

static int parse_timeout(PyObject *args, PyObject *kwargs, int64_t *timeout)
{
    static char *names[] = { "timeout", NULL };

    *timeout = -1;
    return PyArg_ParseTupleAndKeywords(args, kwargs, "|O&", names,
                                       convert_timeout, timeout);
}

PyObject *machine_pause(PyObject *object, PyObject *args, PyObject *kwargs)
{
    int64_t timeout;

    if (!parse_timeout(args, kwargs, &timeout))
        return NULL;
    return wait_for(object, pause_step, NULL, timeout);
}

PyObject *machine_resume(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { NULL };
    struct machine *self = (struct machine *)object;
    struct host_error error = { 0 };
    enum host_status status;
    struct host_machine *m;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "", names))
        return NULL;
    m = machine_begin(self);
    if (!m)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = host_resume(m, &error);
    Py_END_ALLOW_THREADS
    machine_end(self);
    if (status != HOST_OK)
        return error_raise(self, status, &error);
    Py_RETURN_NONE;
}

static enum host_status step_step(struct host_machine *m, int64_t timeout_ns,
                                  void *argument, struct host_error *error)
{
    (void)argument;
    return host_step(m, 1, timeout_ns, error);
}

/* One kernel entry: a wait for it that is cut short made none, so it may be
 * begun again. Several would be miscounted. */
PyObject *machine_step(PyObject *object, PyObject *args, PyObject *kwargs)
{
    int64_t timeout;

    if (!parse_timeout(args, kwargs, &timeout))
        return NULL;
    return wait_for(object, step_step, NULL, timeout);
}

static enum host_status idle_step(struct host_machine *m, int64_t timeout_ns,
                                  void *argument, struct host_error *error)
{
    (void)argument;
    return host_wait_idle(m, timeout_ns, error);
}

PyObject *machine_wait_idle(PyObject *object, PyObject *args, PyObject *kwargs)
{
    int64_t timeout;

    if (!parse_timeout(args, kwargs, &timeout))
        return NULL;
    return wait_for(object, idle_step, NULL, timeout);
}

PyObject *machine_console(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { "offset", NULL };
    struct machine *self = (struct machine *)object;
    struct host_machine *m;
    PyObject *result;
    word offset = 0;
    size_t size;
    char *buffer;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O&", names, convert_word,
                                     &offset))
        return NULL;
    buffer = PyMem_Malloc(IMAGE_CONSOLE_BYTES);
    if (!buffer)
        return PyErr_NoMemory();
    m = machine_begin(self);
    if (!m) {
        PyMem_Free(buffer);
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    size = host_console(m, offset, buffer, IMAGE_CONSOLE_BYTES);
    Py_END_ALLOW_THREADS
    machine_end(self);
    result = PyBytes_FromStringAndSize(buffer, (Py_ssize_t)size);
    PyMem_Free(buffer);
    return result;
}

struct check {
    const char *broken;
    paddr where;
};

static void check_step(struct kernel *k, void *argument)
{
    struct check *check = argument;

    check->broken = kernel_check(k, &check->where);
}

PyObject *machine_check(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { NULL };
    struct machine *self = (struct machine *)object;
    struct host_error error = { 0 };
    struct check check = { 0 };
    enum host_status status;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "", names))
        return NULL;
    status = machine_locked(self, check_step, &check, &error);
    if (status != HOST_OK)
        return error_raise(self, status, &error);
    if (!check.broken)
        Py_RETURN_NONE;
    return Py_BuildValue("(sK)", check.broken, (unsigned long long)check.where);
}

struct naming {
    paddr tcb;
    const char *name;
};

static void name_step(struct kernel *k, void *argument)
{
    const struct naming *naming = argument;

    kernel_set_name(k, naming->tcb, naming->name);
}

PyObject *machine_set_name(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { "tcb", "name", NULL };
    struct machine *self = (struct machine *)object;
    struct host_error error = { 0 };
    struct naming naming;
    enum host_status status;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&s", names, convert_word,
                                     &naming.tcb, &naming.name) ||
        !thread_exists(self, naming.tcb))
        return NULL;
    status = machine_locked(self, name_step, &naming, &error);
    if (status != HOST_OK)
        return error_raise(self, status, &error);
    Py_RETURN_NONE;
}
