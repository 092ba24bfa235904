/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machine's methods that show scheduling contexts and reply objects (MCS).
 */
#include "core.h"

#include "kernel/inspect.h"

#define U(x) ((unsigned long long)(x))

struct mcs_look {
    struct object_look at;
    struct sched_context_view context;
    struct reply_view reply;
};

static void context_read(struct kernel *k, void *argument)
{
    struct mcs_look *look = argument;

    look->at.exists = sched_context_view(k, look->at.address, &look->context);
}

static void reply_read(struct kernel *k, void *argument)
{
    struct mcs_look *look = argument;

    look->at.exists = reply_view(k, look->at.address, &look->reply);
}

PyObject *machine_sched_context(PyObject *object, PyObject *args,
                                PyObject *kwargs)
{
    struct mcs_look look = { 0 };
    const struct sched_context_view *v = &look.context;

    if (!machine_look(object, args, kwargs, context_read, &look.at))
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

    if (!machine_look(object, args, kwargs, reply_read, &look.at))
        return NULL;
    return Py_BuildValue("{s:K,s:N,s:K,s:K}", "tcb", U(v->tcb), "is_call",
                         PyBool_FromLong(v->is_call), "below", U(v->below),
                         "sched_context", U(v->sched_context));
}
