/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machine's methods that show threads, queues and address spaces.
 */
#include "core.h"

#include <stdlib.h>

#include "kernel/inspect.h"

#define U(x) ((unsigned long long)(x))
#define B(x) PyBool_FromLong(x)
#define QUEUE_MOST 65536u

static const char *state_name(const struct thread_view *v)
{
    static const char *const names[] = {
        [STATE_INACTIVE] = "inactive",
        [STATE_RUNNING] = "running",
        [STATE_RESTART] = "restart",
        [STATE_BLOCKED_ON_RECEIVE] = "receive",
        [STATE_BLOCKED_ON_SEND] = "send",
        [STATE_BLOCKED_ON_REPLY] = "reply",
        [STATE_BLOCKED_ON_NOTIFICATION] = "notification",
        [STATE_BLOCKED_ON_HOST] = "host",
    };

    if (v->current)
        return "current";
    if (v->in_release)
        return "refill";
    if ((v->state == STATE_RUNNING || v->state == STATE_RESTART) &&
        !v->schedulable)
        return "unscheduled";
    return v->state < STATE_COUNT ? names[v->state] : "";
}

static PyObject *thread_dict(const struct thread_view *v, uint32_t process)
{
    return Py_BuildValue(
        "{s:K,s:s,s:s,s:K,s:K,s:K,s:N,s:I,s:K,s:K,s:K,s:K,s:N,s:L,s:K,s:K,s:K,"
        "s:K,s:K,s:K,s:(KKKK),s:K,s:N}",
        "tcb", U(v->tcb), "name", v->name, "state", state_name(v), "priority",
        U(v->priority), "mcp", U(v->mcp), "domain", U(v->domain), "agent",
        B(v->agent), "process", process, "cspace", U(v->cspace), "vspace",
        U(v->vspace), "blocked_on", U(v->blocked_on), "badge", U(v->badge),
        "is_call", B(v->is_call), "queue_position",
        (long long)v->queue_position, "bound_notification",
        U(v->bound_notification), "caller", U(v->caller), "ipc_buffer",
        U(v->ipc_buffer), "ipc_frame", U(v->ipc_frame), "fault_handler",
        U(v->fault_handler), "instruction", U(v->fault_ip), "fault",
        U(v->fault.type), U(v->fault.a), U(v->fault.b), U(v->fault.c),
        "sched_context", U(v->sched_context), "registers",
        words_tuple(v->registers, REG_COUNT));
}

/* --- threads ------------------------------------------------------------------- */

struct threads {
    paddr only; /* 0: all */
    struct {
        struct thread_view view;
        uint32_t process;
    } * list;
    size_t count, room;
    bool failed;
};

static bool threads_add(struct threads *t, struct kernel *k, paddr tcb)
{
    if (t->count == t->room) {
        size_t room = t->room ? 2 * t->room : 16;
        void *list = realloc(t->list, room * sizeof(*t->list));

        t->failed = !list;
        if (!list)
            return false;
        t->list = list;
        t->room = room;
    }
    if (!thread_view(k, tcb, &t->list[t->count].view))
        return true;
    t->list[t->count].process =
        k->h.thread[t->list[t->count].view.thread].process;
    t->count++;
    return true;
}

static void threads_read(struct kernel *k, void *argument)
{
    struct threads *t = argument;

    for (paddr p = thread_next(k, 0); p; p = thread_next(k, p)) {
        if (t->only && p != t->only)
            continue;
        if (!threads_add(t, k, p) || t->only)
            return;
    }
}

static PyObject *threads_list(const struct threads *t)
{
    PyObject *list = t->failed ? PyErr_NoMemory() : PyList_New(0);

    for (size_t i = 0; list && i < t->count; i++) {
        PyObject *item = thread_dict(&t->list[i].view, t->list[i].process);

        if (!item || PyList_Append(list, item) < 0)
            Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list;
}

static PyObject *threads_show(PyObject *object, paddr only)
{
    struct machine *self = (struct machine *)object;
    struct threads threads = { .only = only };
    struct host_error error = { 0 };
    enum host_status status;
    PyObject *list;

    status = machine_locked(self, threads_read, &threads, &error);
    if (status == HOST_OK)
        list = threads_list(&threads);
    else
        list = error_raise(self, status, &error);
    free(threads.list);
    return list;
}

PyObject *machine_threads(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { NULL };

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "", names))
        return NULL;
    return threads_show(object, 0);
}

PyObject *machine_thread(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { "tcb", NULL };
    PyObject *list, *item;
    paddr tcb;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&", names, convert_word,
                                     &tcb))
        return NULL;
    if (!tcb)
        Py_RETURN_NONE;
    list = threads_show(object, tcb);
    if (!list)
        return NULL;
    item = PyList_Size(list) ? PyList_GetItem(list, 0) : Py_None;
    Py_INCREF(item);
    Py_DECREF(list);
    return item;
}

struct thread_search {
    paddr tcb;
    bool found;
};

static void thread_find(struct kernel *k, void *argument)
{
    struct thread_search *search = argument;

    for (paddr p = thread_next(k, 0); p && !search->found;
         p = thread_next(k, p))
        search->found = p == search->tcb;
}

bool thread_exists(struct machine *self, paddr tcb)
{
    struct thread_search search = { .tcb = tcb };
    struct host_error error = { 0 };
    enum host_status status;

    status = machine_locked(self, thread_find, &search, &error);
    if (status != HOST_OK)
        error_raise(self, status, &error);
    else if (!search.found)
        PyErr_Format(PyExc_LookupError, "there is no TCB at 0x%llx", U(tcb));
    return status == HOST_OK && search.found;
}

/* --- queues ---------------------------------------------------------------------- */

struct queue_look {
    struct object_look at;
    struct endpoint_view endpoint;
    struct notification_view notification;
    word *waiting;
    size_t count;
};

static void queue_read(struct kernel *k, struct queue_look *look, paddr first,
                       word length)
{
    if (length > QUEUE_MOST)
        length = QUEUE_MOST;
    look->waiting = calloc(length + 1, sizeof(word));
    for (paddr p = first; look->waiting && p && look->count < length;
         p = queue_next(k, p))
        look->waiting[look->count++] = p;
}

static void endpoint_read(struct kernel *k, void *argument)
{
    struct queue_look *look = argument;

    look->at.exists = endpoint_view(k, look->at.address, &look->endpoint);
    if (look->at.exists)
        queue_read(k, look, look->endpoint.first, look->endpoint.length);
}

static void notification_read(struct kernel *k, void *argument)
{
    struct queue_look *look = argument;

    look->at.exists =
        notification_view(k, look->at.address, &look->notification);
    if (look->at.exists)
        queue_read(k, look, look->notification.first,
                   look->notification.length);
}

/* False: an exception is set. The caller frees look->waiting. */
static bool queue_look(PyObject *object, PyObject *args, PyObject *kwargs,
                       machine_locked_step *step, struct queue_look *look)
{
    if (!machine_look(object, args, kwargs, step, &look->at))
        return false;
    if (!look->waiting)
        PyErr_NoMemory();
    return look->waiting;
}

PyObject *machine_endpoint(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static const char *const states[] = {
        [ENDPOINT_IDLE] = "idle",
        [ENDPOINT_SEND] = "send",
        [ENDPOINT_RECEIVE] = "receive",
    };
    struct queue_look look = { 0 };
    PyObject *result = NULL;

    if (queue_look(object, args, kwargs, endpoint_read, &look))
        result =
            Py_BuildValue("{s:s,s:N}", "state",
                          look.endpoint.state < 3 ? states[look.endpoint.state]
                                                  : "",
                          "threads", words_tuple(look.waiting, look.count));
    free(look.waiting);
    return result;
}

PyObject *machine_notification(PyObject *object, PyObject *args,
                               PyObject *kwargs)
{
    static const char *const states[] = {
        [NOTIFICATION_IDLE] = "idle",
        [NOTIFICATION_WAITING] = "waiting",
        [NOTIFICATION_ACTIVE] = "active",
    };
    struct queue_look look = { 0 };
    const struct notification_view *v = &look.notification;
    PyObject *result = NULL;

    if (queue_look(object, args, kwargs, notification_read, &look))
        result = Py_BuildValue("{s:s,s:N,s:K,s:K}", "state",
                               v->state < 3 ? states[v->state] : "", "threads",
                               words_tuple(look.waiting, look.count), "badge",
                               U(v->badge), "bound_tcb", U(v->bound_tcb));
    free(look.waiting);
    return result;
}

/* --- address spaces -------------------------------------------------------------- */

struct mappings {
    paddr vspace;
    struct mapping_view *list;
    size_t count, room;
    bool failed;
};

static void mappings_read(struct kernel *k, void *argument)
{
    struct mappings *m = argument;
    word vaddr = 0;

    for (;;) {
        if (m->count == m->room) {
            size_t room = m->room ? 2 * m->room : 64;
            void *list = realloc(m->list, room * sizeof(*m->list));

            m->failed = !list;
            if (!list)
                return;
            m->list = list;
            m->room = room;
        }
        if (!mapping_next(k, m->vspace, vaddr, &m->list[m->count]))
            return;
        vaddr = m->list[m->count].vaddr + (1ul << m->list[m->count].bits);
        m->count++;
    }
}

static PyObject *mappings_list(const struct mappings *m)
{
    PyObject *list = m->failed ? PyErr_NoMemory() : PyList_New(0);

    for (size_t i = 0; list && i < m->count; i++) {
        const struct mapping_view *v = &m->list[i];
        PyObject *item =
            Py_BuildValue("(KKKKKN)", U(v->vaddr), U(v->frame), U(v->bits),
                          U(v->rights), U(v->attributes), B(v->device));

        if (!item || PyList_Append(list, item) < 0)
            Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list;
}

struct vspace_look {
    paddr vspace;
    bool exists;
};

static void vspace_read(struct kernel *k, void *argument)
{
    struct vspace_look *look = argument;
    struct vspace_view view;

    look->exists = vspace_view(k, look->vspace, &view);
}

bool vspace_exists(struct machine *self, paddr vspace)
{
    struct vspace_look look = { .vspace = vspace };
    struct host_error error = { 0 };
    enum host_status status;

    status = machine_locked(self, vspace_read, &look, &error);
    if (status != HOST_OK)
        error_raise(self, status, &error);
    else if (!look.exists)
        PyErr_Format(PyExc_LookupError, "there is no VSpace at 0x%llx",
                     U(vspace));
    return status == HOST_OK && look.exists;
}

PyObject *machine_mappings(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { "vspace", NULL };
    struct machine *self = (struct machine *)object;
    struct host_error error = { 0 };
    struct mappings mappings = { 0 };
    enum host_status status;
    PyObject *list;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&", names, convert_word,
                                     &mappings.vspace))
        return NULL;
    status = machine_locked(self, mappings_read, &mappings, &error);
    if (status == HOST_OK)
        list = mappings_list(&mappings);
    else
        list = error_raise(self, status, &error);
    free(mappings.list);
    return list;
}
