/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happened: the trace ring, and the reasons behind refusals.
 */
#include "core.h"

#include <stdio.h>
#include <string.h>

#include "abi/sel4_api.h"
#include "kernel/reason.h"

#define REASON_TEXT 512

static const char *const reason_name[] = { "NONE",
#define X(name, text) #name,
                                           KERNEL_REASONS(X)
#undef X
};

static const char *const reason_text[] = { "",
#define X(name, text) text,
                                           KERNEL_REASONS(X)
#undef X
};

/* The text of a reason; "" if there is none. */
static void reason_format(char *buffer, size_t size, uint32_t reason,
                          const word argument[4])
{
    buffer[0] = 0;
    if (reason >= REASON_COUNT)
        return;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(buffer, size, reason_text[reason], argument[0], argument[1],
             argument[2], argument[3]);
#pragma GCC diagnostic pop
}

struct refusal {
    unsigned int agent;
    uint32_t error;
    uint32_t reason;
    word argument[4];
    bool found;
    struct {
        word type;
        word detail[3];
    } lookup;
};

/* Newest record of an agent's TCB; NULL: none, or no trace is kept. */
static const struct image_trace *trace_of(struct kernel *k, paddr tcb)
{
    word count = k->h.trace_count;
    word oldest = count > IMAGE_TRACE_RECORDS ? count - IMAGE_TRACE_RECORDS : 0;

    for (word i = count; i > oldest; i--) {
        const struct image_trace *t =
            &k->h.trace[(i - 1) % IMAGE_TRACE_RECORDS];

        if (t->tcb == tcb)
            return t;
    }
    return NULL;
}

/*
 * h.error is the last refusal of anybody. That it is this agent's is certain
 * if its trace record names the same reason; without a trace it is as good as
 * certain, because nobody has asked in between but a client that ran just now.
 */
static void refusal_read(struct kernel *k, void *argument)
{
    struct refusal *r = argument;
    paddr tcb = r->agent < IMAGE_THREADS ? k->h.thread[r->agent].tcb : 0;
    const struct image_trace *t = tcb ? trace_of(k, tcb) : NULL;

    if (!tcb || (t && t->reason != k->h.error.reason))
        return;
    r->found = true;
    r->error = k->h.error.error;
    r->reason = k->h.error.reason;
    memcpy(r->argument, k->h.error.argument, sizeof(r->argument));
    r->lookup.type = k->h.error.lookup.type;
    memcpy(r->lookup.detail, k->h.error.lookup.detail,
           sizeof(r->lookup.detail));
}

PyObject *machine_agent_error(PyObject *object, PyObject *args,
                              PyObject *kwargs)
{
    static char *names[] = { "agent", NULL };
    struct machine *self = (struct machine *)object;
    struct refusal r = { .found = false };
    struct host_error error = { 0 };
    char text[REASON_TEXT];
    enum host_status status;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&", names, convert_agent,
                                     &r.agent))
        return NULL;
    status = machine_locked(self, refusal_read, &r, &error);
    if (status != HOST_OK)
        return error_raise(self, status, &error);
    if (!r.found || r.reason == 0 || r.reason >= REASON_COUNT)
        Py_RETURN_NONE;
    reason_format(text, sizeof(text), r.reason, r.argument);
    return Py_BuildValue("(IssN(KKKK))", r.error, reason_name[r.reason], text,
                         words_tuple(r.argument, 4),
                         (unsigned long long)r.lookup.type,
                         (unsigned long long)r.lookup.detail[0],
                         (unsigned long long)r.lookup.detail[1],
                         (unsigned long long)r.lookup.detail[2]);
}

static PyObject *trace_dict(const struct image_trace *t)
{
    const char *reason = t->reason < REASON_COUNT ? reason_name[t->reason] : "";

    return Py_BuildValue(
        "{s:K,s:K,s:K,s:I,s:H,s:H,s:K,s:K,s:H,s:H,s:s,s:H,s:K}", "sequence",
        (unsigned long long)t->sequence, "time_ns",
        (unsigned long long)t->time_ns, "tcb", (unsigned long long)t->tcb,
        "thread", t->thread, "cause", t->cause, "system_call", t->system_call,
        "cap", (unsigned long long)t->cap, "info", (unsigned long long)t->info,
        "method", t->method, "error", t->error, "reason",
        t->reason ? reason : "", "object", t->object, "next",
        (unsigned long long)t->next);
}

struct trace_copy {
    struct image_trace *records;
    size_t limit;
    size_t count;
};

/* Copy the last `limit` records, oldest first. */
static void trace_read(struct kernel *k, void *argument)
{
    struct trace_copy *copy = argument;
    word count = k->h.trace_count;
    word first = count > copy->limit ? count - copy->limit : 0;

    for (word i = first; i < count; i++)
        copy->records[i - first] = k->h.trace[i % IMAGE_TRACE_RECORDS];
    copy->count = count - first;
}

static PyObject *trace_list(const struct image_trace *records, size_t count)
{
    PyObject *list = PyList_New(0);

    for (size_t i = 0; list && i < count; i++) {
        PyObject *record = trace_dict(&records[i]);

        if (!record || PyList_Append(list, record) < 0)
            Py_CLEAR(list);
        Py_XDECREF(record);
    }
    return list;
}

PyObject *machine_trace(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { "last", NULL };
    struct machine *self = (struct machine *)object;
    unsigned int last = IMAGE_TRACE_RECORDS;
    struct host_error error = { 0 };
    struct trace_copy copy = { 0 };
    enum host_status status;
    PyObject *result;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|I", names, &last))
        return NULL;
    copy.limit = last < IMAGE_TRACE_RECORDS ? last : IMAGE_TRACE_RECORDS;
    copy.records = PyMem_Malloc((copy.limit + 1) * sizeof(*copy.records));
    if (!copy.records)
        return PyErr_NoMemory();
    status = machine_locked(self, trace_read, &copy, &error);
    if (status == HOST_OK)
        result = trace_list(copy.records, copy.count);
    else
        result = error_raise(self, status, &error);
    PyMem_Free(copy.records);
    return result;
}
