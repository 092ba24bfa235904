/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machine's methods that enter the kernel as an agent.
 *
 * A call is what libsel4 would do: message words 4 and up, capabilities and
 * the receive path go into the agent's IPC buffer, the rest into registers;
 * when the call is complete the same way back. A call that has not completed
 * when its time-out passes, or when Python raises (KeyboardInterrupt), is
 * taken back, so that no agent is ever left inside the kernel by accident.
 */
#include "core.h"

#include <string.h>

#include "abi/sel4_api.h"

#define MESSAGE_WORDS SEL4_MSG_MAX_LENGTH
#define MESSAGE_CAPS SEL4_MSG_MAX_EXTRA_CAPS
#define REGISTER_WORDS SEL4_FAST_MESSAGE_REGISTERS

static const enum kernel_trap_register message_register[REGISTER_WORDS] = {
    REG_MR0,
    REG_MR1,
    REG_MR2,
    REG_MR3,
};

/* One call, in or out. */
struct call {
    unsigned int agent;
    word registers[REG_COUNT];
    word words[MESSAGE_WORDS];
    word caps[MESSAGE_CAPS];
    word receive[3]; /* CNode, index, depth */
    int word_count;
    int cap_count;
    bool set_receive;
    bool done;
};

/* The agent's IPC buffer; NULL: it has none. Under the lock. */
static char *agent_buffer(struct kernel *k, uint32_t agent)
{
    word vaddr;
    paddr frame;

    if (agent == 0 || agent >= IMAGE_THREADS || !k->h.thread[agent].tcb)
        return NULL;
    if (!kernel_ipc_buffer(k, k->h.thread[agent].tcb, &vaddr, &frame))
        return NULL;
    return kernel_memory(k, frame);
}

static bool call_needs_buffer(const struct call *call)
{
    return call->word_count > REGISTER_WORDS || call->cap_count > 0 ||
           call->set_receive;
}

static void call_fill_buffer(const struct call *call, char *buffer)
{
    if (call->word_count > REGISTER_WORDS)
        memcpy(buffer + SEL4_IPC_BUFFER_MSG + 8 * REGISTER_WORDS,
               call->words + REGISTER_WORDS,
               8 * (size_t)(call->word_count - REGISTER_WORDS));
    memcpy(buffer + SEL4_IPC_BUFFER_CAPS_OR_BADGES, call->caps,
           8 * (size_t)call->cap_count);
    if (call->set_receive)
        memcpy(buffer + SEL4_IPC_BUFFER_RECEIVE_CNODE, call->receive,
               sizeof(call->receive));
}

static enum host_status call_prepare(struct host_machine *m,
                                     const struct call *call,
                                     struct host_error *error)
{
    enum host_status status;
    char *buffer;

    if (!call_needs_buffer(call))
        return HOST_OK;
    status = host_lock(m, true, error);
    if (status != HOST_OK)
        return status;
    buffer = agent_buffer(host_kernel(m), call->agent);
    if (buffer)
        call_fill_buffer(call, buffer);
    host_unlock(m);
    if (buffer)
        return HOST_OK;
    strcpy(error->text, "this thread has no IPC buffer: at most 4 message "
                        "words, and no capabilities");
    return HOST_INVALID;
}

/* Registers of a complete call to words; the rest from the buffer. */
static enum host_status call_finish(struct host_machine *m, struct call *call,
                                    struct host_error *error)
{
    word info = call->registers[REG_INFO];
    int length = (int)(info & SEL4_MESSAGE_INFO_LENGTH_MASK);
    enum host_status status;
    char *buffer;

    if (length > MESSAGE_WORDS)
        length = MESSAGE_WORDS;
    for (int i = 0; i < REGISTER_WORDS; i++)
        call->words[i] = call->registers[message_register[i]];
    call->word_count = length;
    call->cap_count = (int)((info >> SEL4_MESSAGE_INFO_EXTRA_CAPS_SHIFT) &
                            SEL4_MESSAGE_INFO_EXTRA_CAPS_MASK);
    if (length <= REGISTER_WORDS && !call->cap_count)
        return HOST_OK;
    status = host_lock(m, true, error);
    if (status != HOST_OK)
        return status;
    buffer = agent_buffer(host_kernel(m), call->agent);
    if (buffer) {
        memcpy(call->caps, buffer + SEL4_IPC_BUFFER_CAPS_OR_BADGES,
               sizeof(call->caps));
        if (length > REGISTER_WORDS)
            memcpy(call->words + REGISTER_WORDS,
                   buffer + SEL4_IPC_BUFFER_MSG + 8 * REGISTER_WORDS,
                   8 * (size_t)(length - REGISTER_WORDS));
    }
    host_unlock(m);
    return HOST_OK;
}

static int call_parse(PyObject *args, PyObject *kwargs, struct call *call,
                      int64_t *timeout)
{
    static char *names[] = { "agent",   "syscall", "cap",   "info",
                             "words",   "caps",    "reply", "dest",
                             "receive", "timeout", NULL };
    PyObject *words = NULL, *caps = NULL;
    long long number = 0;
    word *r = call->registers;

    if (!PyArg_ParseTupleAndKeywords(
            args, kwargs, "O&L|O&O&OOO&O&(O&O&O&)O&", names, convert_agent,
            &call->agent, &number, convert_word, &r[REG_CAP], convert_word,
            &r[REG_INFO], &words, &caps, convert_word, &r[REG_REPLY],
            convert_word, &r[REG_DEST], convert_word, &call->receive[0],
            convert_word, &call->receive[1], convert_word, &call->receive[2],
            convert_timeout, timeout))
        return -1;
    r[REG_SYSTEM_CALL] = (word)number;
    call->set_receive = call->receive[2] != 0;
    if (words)
        call->word_count =
            words_from(words, call->words, MESSAGE_WORDS, "message words");
    if (caps && call->word_count >= 0)
        call->cap_count =
            words_from(caps, call->caps, MESSAGE_CAPS, "capabilities");
    if (call->word_count < 0 || call->cap_count < 0)
        return -1;
    for (int i = 0; i < REGISTER_WORDS; i++)
        r[message_register[i]] = call->words[i];
    return 0;
}

/* (badge, info, words, capabilities or badges) */
static PyObject *call_result(const struct call *call)
{
    PyObject *words = words_tuple(call->words, (size_t)call->word_count);
    PyObject *caps = words_tuple(call->caps, (size_t)call->cap_count);

    if (!words || !caps) {
        Py_XDECREF(words);
        Py_XDECREF(caps);
        return NULL;
    }
    return Py_BuildValue("(KKNN)", (unsigned long long)call->registers[REG_CAP],
                         (unsigned long long)call->registers[REG_INFO], words,
                         caps);
}

/* Begin the call; false and an exception if it could not be begun. */
static bool call_enter(struct machine *self, struct call *call)
{
    struct host_error error = { 0 };
    enum host_status status;
    struct host_machine *m = machine_begin(self);

    if (!m)
        return false;
    Py_BEGIN_ALLOW_THREADS
    status = call_prepare(m, call, &error);
    if (status == HOST_OK)
        status = host_agent_enter(m, call->agent, call->registers, &call->done,
                                  &error);
    Py_END_ALLOW_THREADS
    machine_end(self);
    if (status == HOST_OK)
        return true;
    error_raise(self, status, &error);
    return false;
}

static enum host_status wait_step(struct host_machine *m, int64_t timeout_ns,
                                  void *argument, struct host_error *error)
{
    struct call *call = argument;
    enum host_status status;

    status =
        host_agent_wait(m, call->agent, timeout_ns, call->registers, error);
    if (status == HOST_OK)
        status = call_finish(m, call, error);
    return status;
}

/* Take the call back. True: it had completed, its results are in `call`. */
static bool call_cancel(struct machine *self, struct call *call)
{
    struct host_error error = { 0 };
    enum host_status status;
    bool done = false;
    struct host_machine *m = machine_begin(self);

    if (!m) {
        PyErr_Clear(); /* closed: nothing to take back */
        return false;
    }
    Py_BEGIN_ALLOW_THREADS
    status = host_agent_cancel(m, call->agent, &done, &error);
    if (status == HOST_OK && done)
        status = wait_step(m, 0, call, &error);
    Py_END_ALLOW_THREADS
    machine_end(self);
    return status == HOST_OK && done;
}

static PyObject *call_wait(struct machine *self, struct call *call,
                           int64_t timeout, bool cancel)
{
    struct host_error error = { 0 };
    enum host_status status;

    status = machine_wait(self, timeout, wait_step, call, &error);
    if (status == HOST_OK)
        return call_result(call);
    if (cancel && status == HOST_TIMEOUT && call_cancel(self, call))
        return call_result(call);
    if (cancel && status == HOST_INTERRUPTED) {
        PyObject *type, *value, *traceback;

        PyErr_Fetch(&type, &value, &traceback);
        call_cancel(self, call);
        PyErr_Restore(type, value, traceback);
        return NULL;
    }
    return error_raise(self, status, &error);
}

PyObject *machine_agent_create(PyObject *object, PyObject *args,
                               PyObject *kwargs)
{
    static char *names[] = { "tcb", NULL };
    struct machine *self = (struct machine *)object;
    struct host_error error = { 0 };
    enum host_status status;
    struct host_machine *m;
    uint32_t agent = 0;
    paddr tcb;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&", names, convert_word,
                                     &tcb) ||
        !thread_exists(self, tcb))
        return NULL;
    m = machine_begin(self);
    if (!m)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = host_agent_create(m, tcb, &agent, &error);
    Py_END_ALLOW_THREADS
    machine_end(self);
    if (status != HOST_OK)
        return error_raise(self, status, &error);
    return PyLong_FromUnsignedLong(agent);
}

PyObject *machine_agent_enter(PyObject *object, PyObject *args,
                              PyObject *kwargs)
{
    struct machine *self = (struct machine *)object;
    struct call call = { 0 };
    int64_t timeout = -1;

    if (call_parse(args, kwargs, &call, &timeout) < 0)
        return NULL;
    if (!call_enter(self, &call))
        return NULL;
    return PyBool_FromLong(call.done);
}

PyObject *machine_agent_wait(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = { "agent", "timeout", NULL };
    struct machine *self = (struct machine *)object;
    struct call call = { 0 };
    int64_t timeout = -1;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&|O&", names,
                                     convert_agent, &call.agent,
                                     convert_timeout, &timeout))
        return NULL;
    return call_wait(self, &call, timeout, false);
}

PyObject *machine_agent_cancel(PyObject *object, PyObject *args,
                               PyObject *kwargs)
{
    static char *names[] = { "agent", NULL };
    struct machine *self = (struct machine *)object;
    struct call call = { 0 };

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&", names, convert_agent,
                                     &call.agent))
        return NULL;
    if (!call_cancel(self, &call))
        Py_RETURN_NONE;
    return call_result(&call);
}

PyObject *machine_agent_call(PyObject *object, PyObject *args, PyObject *kwargs)
{
    struct machine *self = (struct machine *)object;
    struct call call = { 0 };
    int64_t timeout = -1;

    if (call_parse(args, kwargs, &call, &timeout) < 0)
        return NULL;
    if (!call_enter(self, &call))
        return NULL;
    return call_wait(self, &call, timeout, true);
}
