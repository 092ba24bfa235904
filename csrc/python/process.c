/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machine's methods about client processes: spawn, start, exit, kill.
 *
 * A process is named by its index in image_header.process[]. The package keeps
 * that index until it has called release().
 */
#include "core.h"

#include <stdlib.h>

/* --- argument vectors ----------------------------------------------------- */

/* A NULL-terminated vector of the byte strings of a sequence of str, bytes or
 * paths; the tuple that owns the bytes is left in *owner. */
static char **vector_from(PyObject *sequence, PyObject **owner)
{
    PyObject *items = PySequence_Tuple(sequence), *encoded;
    Py_ssize_t count = items ? PyTuple_Size(items) : 0;
    char **vector = NULL;

    encoded = items ? PyTuple_New(count) : NULL;
    if (encoded)
        vector = calloc((size_t)count + 1, sizeof(*vector));
    if (encoded && !vector)
        PyErr_NoMemory();
    for (Py_ssize_t i = 0; vector && i < count; i++) {
        PyObject *bytes = NULL;

        if (PyUnicode_FSConverter(PyTuple_GetItem(items, i), &bytes) &&
            PyTuple_SetItem(encoded, i, bytes) == 0) {
            vector[i] = PyBytes_AsString(bytes);
        } else {
            free(vector);
            vector = NULL;
        }
    }
    Py_XDECREF(items);
    if (!vector)
        Py_CLEAR(encoded);
    *owner = encoded;
    return vector;
}

struct spawn_arguments {
    struct host_spawn spawn;
    PyObject *path, *client, *cwd;   /* bytes; cwd may be NULL */
    PyObject *argv_list, *envp_list; /* borrowed */
    PyObject *argv_owner, *envp_owner;
    char **argv, **envp;
    PyThreadState *thread;
};

static int path_or_none(PyObject *object, void *result)
{
    if (object == Py_None)
        return 1;
    return PyUnicode_FSConverter(object, result);
}

static int spawn_parse(PyObject *args, PyObject *kwargs,
                       struct spawn_arguments *a)
{
    static char *names[] = { "path",   "argv", "envp",  "vspace",  "name",
                             "client", "cwd",  "stdio", "timeout", NULL };
    struct host_spawn *s = &a->spawn;

    s->stdio[0] = s->stdio[1] = s->stdio[2] = -1;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&OOO&s|$O&O&(iii)O&",
                                     names, PyUnicode_FSConverter, &a->path,
                                     &a->argv_list, &a->envp_list, convert_word,
                                     &s->vspace, &s->name, path_or_none,
                                     &a->client, path_or_none, &a->cwd,
                                     &s->stdio[0], &s->stdio[1], &s->stdio[2],
                                     convert_timeout, &s->timeout_ns))
        return -1;
    a->argv = vector_from(a->argv_list, &a->argv_owner);
    a->envp = a->argv ? vector_from(a->envp_list, &a->envp_owner) : NULL;
    if (!a->envp)
        return -1;
    s->path = PyBytes_AsString(a->path);
    s->client = a->client ? PyBytes_AsString(a->client) : NULL;
    s->cwd = a->cwd ? PyBytes_AsString(a->cwd) : NULL;
    s->argv = a->argv;
    s->envp = a->envp;
    return 0;
}

static void spawn_release(struct spawn_arguments *a)
{
    free(a->argv);
    free(a->envp);
    Py_XDECREF(a->argv_owner);
    Py_XDECREF(a->envp_owner);
    Py_XDECREF(a->path);
    Py_XDECREF(a->client);
    Py_XDECREF(a->cwd);
}

/* Has Ctrl-C been pressed? Handlers run later, when the monitor was left: they
 * may want to close the machine. */
static bool spawn_interrupted(void *argument)
{
    struct spawn_arguments *a = argument;
    bool pressed;

    PyEval_RestoreThread(a->thread);
    pressed = PyOS_InterruptOccurred();
    a->thread = PyEval_SaveThread();
    return pressed;
}

static PyObject *spawn_run(struct machine *self, struct spawn_arguments *a)
{
    struct host_error error = { 0 };
    enum host_status status;
    uint32_t process = 0;
    struct host_machine *m = machine_begin(self);

    if (!m)
        return NULL;
    a->spawn.interrupted = spawn_interrupted;
    a->spawn.argument = a;
    a->thread = PyEval_SaveThread();
    status = host_spawn(m, &a->spawn, &process, &error);
    PyEval_RestoreThread(a->thread);
    machine_end(self);
    if (status == HOST_OK)
        return PyLong_FromUnsignedLong(process);
    if (status == HOST_INTERRUPTED) {
        PyErr_SetInterrupt();
        if (PyErr_CheckSignals() == 0) /* its handler did not raise */
            PyErr_SetString(PyExc_InterruptedError,
                            "starting a client was interrupted by SIGINT");
        return NULL;
    }
    return error_raise_spawn(self, status, &error, a->spawn.path);
}

PyObject *machine_spawn(PyObject *object, PyObject *args, PyObject *kwargs)
{
    struct spawn_arguments a = { .spawn = { .timeout_ns = 10000000000 } };
    PyObject *result = NULL;

    if (spawn_parse(args, kwargs, &a) == 0 &&
        vspace_exists((struct machine *)object, a.spawn.vspace))
        result = spawn_run((struct machine *)object, &a);
    spawn_release(&a);
    return result;
}

PyObject *machine_start(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { "process", "ipc_buffer", "bootinfo", NULL };
    struct machine *self = (struct machine *)object;
    struct host_start start = { 0 };
    struct host_error error = { 0 };
    enum host_status status;
    struct host_machine *m;
    unsigned int process;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "I|O&O&", names, &process,
                                     convert_word, &start.ipc_buffer,
                                     convert_word, &start.bootinfo))
        return NULL;
    m = machine_begin(self);
    if (!m)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = host_start(m, process, &start, &error);
    Py_END_ALLOW_THREADS
    machine_end(self);
    if (status != HOST_OK)
        return error_raise(self, status, &error);
    Py_RETURN_NONE;
}

/* --- exit ------------------------------------------------------------------ */

/* (kind, status, generation, reason) */
static PyObject *exit_result(const struct host_exit *e)
{
    return Py_BuildValue("(iiKs)", (int)e->kind, e->status,
                         (unsigned long long)e->generation, e->reason);
}

PyObject *machine_poll_exit(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { "process", NULL };
    struct machine *self = (struct machine *)object;
    struct host_error error = { 0 };
    struct host_exit result = { 0 };
    enum host_status status;
    struct host_machine *m;
    unsigned int process;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "I", names, &process))
        return NULL;
    m = machine_begin(self);
    if (!m)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = host_poll_exit(m, process, &result);
    Py_END_ALLOW_THREADS
    machine_end(self);
    if (status != HOST_OK)
        return error_raise(self, status, &error);
    return exit_result(&result);
}

struct wait_arguments {
    unsigned int process;
    bool solitary;
    struct host_exit result;
};

static enum host_status wait_step(struct host_machine *m, int64_t timeout_ns,
                                  void *argument, struct host_error *error)
{
    struct wait_arguments *a = argument;

    const struct host_wait wait = { a->process, timeout_ns, a->solitary };

    return host_wait_exit(m, &wait, &a->result, error);
}

PyObject *machine_wait_exit(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { "process", "timeout", "solitary", NULL };
    struct machine *self = (struct machine *)object;
    struct host_error error = { 0 };
    struct wait_arguments a = { 0 };
    enum host_status status;
    int64_t timeout = -1;
    int solitary = 0;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "I|O&p", names, &a.process,
                                     convert_timeout, &timeout, &solitary))
        return NULL;
    a.solitary = solitary;
    status = machine_wait(self, timeout, wait_step, &a, &error);
    if (status != HOST_OK)
        return error_raise(self, status, &error);
    return exit_result(&a.result);
}

PyObject *machine_kill(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { "process", "signal", NULL };
    struct machine *self = (struct machine *)object;
    struct host_error error = { 0 };
    enum host_status status;
    struct host_machine *m;
    unsigned int process;
    int signal;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "Ii", names, &process,
                                     &signal))
        return NULL;
    m = machine_begin(self);
    if (!m)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = host_kill(m, process, signal, &error);
    Py_END_ALLOW_THREADS
    machine_end(self);
    if (status != HOST_OK)
        return error_raise(self, status, &error);
    Py_RETURN_NONE;
}

PyObject *machine_release(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { "process", NULL };
    struct machine *self = (struct machine *)object;
    struct host_machine *m;
    unsigned int process;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "I", names, &process))
        return NULL;
    m = machine_begin(self);
    if (!m)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    host_release(m, process);
    Py_END_ALLOW_THREADS
    machine_end(self);
    Py_RETURN_NONE;
}

/* --- its entry in the image ------------------------------------------------- */

static PyObject *process_dict(const struct image_process *p)
{
    PyObject *windows = PyTuple_New((Py_ssize_t)p->window_count);

    for (uint32_t i = 0; windows && i < p->window_count; i++) {
        PyObject *window =
            Py_BuildValue("(KK)", (unsigned long long)p->window[i].start,
                          (unsigned long long)p->window[i].end);

        if (!window || PyTuple_SetItem(windows, i, window) < 0)
            Py_CLEAR(windows);
    }
    if (!windows)
        return NULL;
    return Py_BuildValue("{s:I,s:N,s:K,s:N,s:N,s:s}", "pid", p->pid, "hosted",
                         PyBool_FromLong(p->flags & PROCESS_HOSTED), "vspace",
                         (unsigned long long)p->vspace, "dead",
                         PyBool_FromLong(p->flags & PROCESS_DEAD), "windows",
                         windows, "name", p->name);
}

struct process_copy {
    unsigned int process;
    struct image_process entry;
};

static void process_read(struct kernel *k, void *argument)
{
    struct process_copy *copy = argument;

    copy->entry = k->h.process[copy->process];
    if (copy->entry.window_count > IMAGE_WINDOWS)
        copy->entry.window_count = IMAGE_WINDOWS;
    copy->entry.name[sizeof(copy->entry.name) - 1] = 0;
}

PyObject *machine_process(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { "process", NULL };
    struct machine *self = (struct machine *)object;
    struct host_error error = { 0 };
    struct process_copy copy;
    enum host_status status;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "I", names, &copy.process))
        return NULL;
    if (copy.process == 0 || copy.process >= IMAGE_PROCESSES) {
        PyErr_SetString(PyExc_ValueError, "there is no such process");
        return NULL;
    }
    status = machine_locked(self, process_read, &copy, &error);
    if (status != HOST_OK)
        return error_raise(self, status, &error);
    return process_dict(&copy.entry);
}
