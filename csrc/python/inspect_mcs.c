/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machine's methods that show scheduling contexts and reply objects (MCS).
 */
#include "core.h"

#include "kernel/inspect.h"

#define U(x) ((unsigned long long)(x))

struct mcs_look {
    paddr object;
    bool exists;
    struct sched_context_view context;
    struct reply_view reply;
};

static void context_read(struct kernel *k, void *argument)
{
    struct mcs_look *look = argument;

    look->exists = sched_context_view(k, look->object, &look->context);
}

static void reply_read(struct kernel *k, void *argument)
{
    struct mcs_look *look = argument;

    look->exists = reply_view(k, look->object, &look->reply);
}

/* False: an exception is set. */
static bool look_at(PyObject *object, PyObject *args, PyObject *kwargs,
                    machine_locked_step *step, struct mcs_look *look)
{
    static char *names[] = { "address", NULL };
    struct machine *self = (struct machine *)object;
    struct host_error error = { 0 };
    enum host_status status;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&", names, convert_word,
                                     &look->object))
        return false;
    status = machine_locked(self, step, look, &error);
    if (status != HOST_OK)
        error_raise(self, status, &error);
    else if (!look->exists)
        PyErr_Format(PyExc_LookupError, "there is no such object at 0x%llx",
                     U(look->object));
    return status == HOST_OK && look->exists;
}

PyObject *machine_sched_context(PyObject *object, PyObject *args,
                                PyObject *kwargs)
{
    struct mcs_look look = { 0 };
    const struct sched_context_view *v = &look.context;

    if (!look_at(object, args, kwargs, context_read, &look))
        return NULL;
    return Py_BuildValue("{s:K,s:K,s:K,s:K,s:K,s:K,s:K,s:K,s:N,s:K,s:K,s:K}",
                         "period", U(v->period), "budget", U(v->budget),
                         "ready", U(v->ready), "next", U(v->next), "refills",
                         U(v->refills), "refill_max", U(v->refill_max),
                         "consumed", U(v->consumed), "badge", U(v->badge),
                         "sporadic", PyBool_FromLong(v->sporadic), "tcb",
                         U(v->tcb), "notification", U(v->notification), "reply",
                         U(v->reply));
}

PyObject *machine_reply(PyObject *object, PyObject *args, PyObject *kwargs)
{
    struct mcs_look look = { 0 };
    const struct reply_view *v = &look.reply;

    if (!look_at(object, args, kwargs, reply_read, &look))
        return NULL;
    return Py_BuildValue("{s:K,s:N,s:K,s:K}", "tcb", U(v->tcb), "is_call",
                         PyBool_FromLong(v->is_call), "below", U(v->below),
                         "sched_context", U(v->sched_context));
}
