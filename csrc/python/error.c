/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a status of the monitor to a Python exception: one table, expanded
 * into the exceptions, and one that pairs them with statuses.
 *
 * The exceptions call themselves sel4emu.X, because that is where programmers
 * find them; the package takes them from here.
 */
#include "core.h"

#include <errno.h>

/* Statuses that are an exception of ours, and what to say without a text. */
#define STATUS_EXCEPTIONS(X)                                                   \
    X(HOST_TIMEOUT, Timeout, "the time-out passed")                            \
    X(HOST_PANIC, MachinePanic, "the machine has stopped for good")            \
    X(HOST_CLOSED, MachineClosed, "the machine was closed meanwhile")          \
    X(HOST_CLIENT, ClientError, "the client broke off")                        \
    X(HOST_RETIRED, AgentRetired,                                              \
      "the TCB that this Python thread acts through was deleted")              \
    X(HOST_FAULT, AgentFault, "the call raised a fault")                       \
    X(HOST_DEADLOCK, DeadlockError, "nobody can run any more")                 \
    X(HOST_NOT_FOUND, ExecutableNotFound, "no such file")                      \
    X(HOST_BAD_EXECUTABLE, BadExecutable, "the file is no client")             \
    X(HOST_BAD_VERSION, VersionMismatch,                                       \
      "the client was built against another version of sel4emu")

static PyObject *exception_new(PyObject *module, PyObject *bases,
                               const char *name, const char *text)
{
    PyObject *full, *result = NULL;

    full = PyUnicode_FromFormat("sel4emu.%s", name);
    if (full) {
        PyObject *utf8 = PyUnicode_AsUTF8String(full);

        if (utf8)
            result = PyErr_NewExceptionWithDoc(PyBytes_AsString(utf8), text,
                                               bases, NULL);
        Py_XDECREF(utf8);
    }
    Py_XDECREF(full);
    if (result && PyModule_AddObjectRef(module, name, result) < 0)
        Py_CLEAR(result);
    return result;
}

/* One line of CORE_EXCEPTIONS. */
struct exception_spec {
    int id;
    const char *name;
    const char *base;
    PyObject *python;
    const char *text;
};

static int exception_add(PyObject *module, struct module_state *state,
                         const struct exception_spec *spec)
{
    PyObject *ours = NULL, *bases;

    if (spec->base) {
        ours = PyObject_GetAttrString(module, spec->base);
        if (!ours)
            return -1;
    }
    if (ours && spec->python)
        bases = PyTuple_Pack(2, ours, spec->python);
    else
        bases = PyTuple_Pack(1, ours ? ours : spec->python);
    Py_XDECREF(ours);
    if (!bases)
        return -1;
    state->exception[spec->id] =
        exception_new(module, bases, spec->name, spec->text);
    Py_DECREF(bases);
    return state->exception[spec->id] ? 0 : -1;
}

int errors_init(PyObject *module, struct module_state *state)
{
    const struct exception_spec specs[] = {
#define X(name, base, python, text)                                            \
    { EXCEPTION_##name, #name, base, python, text },
        CORE_EXCEPTIONS(X)
#undef X
    };

    for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
        if (exception_add(module, state, &specs[i]) < 0)
            return -1;
    }
    return 0;
}

/* An exception that is also an OSError: errno first, file name last. */
static PyObject *raise_with_errno(PyObject *type, int number, const char *text,
                                  const char *path)
{
    PyObject *value;

    if (path)
        value = Py_BuildValue("(iss)", number, text, path);
    else
        value = Py_BuildValue("(is)", number, text);
    if (value)
        PyErr_SetObject(type, value);
    Py_XDECREF(value);
    return NULL;
}

PyObject *error_raise(struct machine *self, enum host_status status,
                      const struct host_error *error)
{
    struct module_state *state = machine_state(self);
    const char *text = error->text;

    switch (status) {
    case HOST_INTERRUPTED:
        return NULL; /* a Python exception is set */
    case HOST_INVALID:
        PyErr_SetString(PyExc_ValueError, *text ? text : "invalid argument");
        return NULL;
    case HOST_SYSTEM:
        return raise_with_errno(PyExc_OSError, error->errno_value, text, NULL);
#define X(status, name, plain)                                                 \
    case status:                                                               \
        PyErr_SetString(state->exception[EXCEPTION_##name],                    \
                        *text ? text : plain);                                 \
        return NULL;
        STATUS_EXCEPTIONS(X)
#undef X
    case HOST_OK:
        break;
    }
    PyErr_Format(PyExc_SystemError, "unexpected status %d of the monitor: %s",
                 (int)status, text);
    return NULL;
}

PyObject *error_raise_spawn(struct machine *self, enum host_status status,
                            const struct host_error *error, const char *path)
{
    PyObject **exception = machine_state(self)->exception;

    switch (status) {
    case HOST_NOT_FOUND:
        return raise_with_errno(exception[EXCEPTION_ExecutableNotFound], ENOENT,
                                error->text, path);
    case HOST_TIMEOUT:
    case HOST_CLIENT:
        PyErr_SetString(exception[EXCEPTION_HandshakeError],
                        *error->text ? error->text
                                     : "the client did not report in time");
        return NULL;
    default:
        return error_raise(self, status, error);
    }
}

PyObject *error_closed(struct machine *self)
{
    PyObject *type = machine_state(self)->exception[EXCEPTION_MachineClosed];

    if (atomic_load(&self->forgotten))
        PyErr_SetString(type, "this machine belongs to the process that made "
                              "it; in a forked child, make a new one");
    else
        PyErr_SetString(type, "the machine is closed");
    return NULL;
}
