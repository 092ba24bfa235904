/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the extension sel4emu._core share.
 *
 * The binding is boring: parse arguments, call the monitor (host/host.h) or
 * read the image under its lock, map the status to an exception, return plain
 * data. What a capability, a client or a message is for a Python programmer is
 * the package's business, not this folder's.
 *
 * Rules here: limited API of CPython 3.11, heap types, no state outside the
 * module's. The interpreter lock is given up around everything that may wait
 * or that takes the machine's lock, and no Python object is touched
 * meanwhile.
 */
#ifndef SEL4EMU_PYTHON_CORE_H
#define SEL4EMU_PYTHON_CORE_H

#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdatomic.h>

#include "host/host.h"

/* Exceptions that the extension makes: name, bases, what it says. The bases
 * are a Python class, or one of the names further up and a Python class. */
#define CORE_EXCEPTIONS(X)                                                     \
    X(MachineError, NULL, PyExc_Exception,                                     \
      "The emulator, rather than the emulated kernel, could not go on.")       \
    X(MachinePanic, "MachineError", NULL,                                      \
      "The machine has stopped for good; the text says where and why.")        \
    X(MachineClosed, "MachineError", NULL,                                     \
      "The machine has been closed, or belongs to the parent process.")        \
    X(ClientError, "MachineError", NULL, "A client process broke off.")        \
    X(AgentRetired, "MachineError", NULL,                                      \
      "The thread object that a Python thread acts through was deleted.")      \
    X(AgentFault, "MachineError", NULL,                                        \
      "A system call of this Python thread faulted: an address in it does "    \
      "not resolve, or may not be used so. A C thread would have been "        \
      "stopped, and its fault handler told; here the call is taken back.")     \
    X(DeadlockError, "MachineError", NULL,                                     \
      "Nobody can run any more, and nothing outside can change that.")         \
    X(Timeout, "MachineError", PyExc_TimeoutError,                             \
      "The time-out passed before the operation was complete.")                \
    X(SpawnError, "MachineError", NULL, "A client could not be started.")      \
    X(ExecutableNotFound, "SpawnError", PyExc_FileNotFoundError,               \
      "There is no executable file of that name.")                             \
    X(BadExecutable, "SpawnError", NULL,                                       \
      "The file is no executable that can be a client.")                       \
    X(VersionMismatch, "SpawnError", NULL,                                     \
      "The client was built against another version of sel4emu.")              \
    X(HandshakeError, "SpawnError", NULL,                                      \
      "The client did not report after its start.")

enum core_exception {
#define X(name, base, python, text) EXCEPTION_##name,
    CORE_EXCEPTIONS(X)
#undef X
    EXCEPTION_COUNT,
};

struct module_state {
    PyObject *machine_type;
    PyObject *memory_type;
    PyObject *exception[EXCEPTION_COUNT];
};

/* The Python object Machine. */
struct machine {
    PyObject_HEAD
    struct host_machine *host; /* NULL: closed */
    atomic_int users;          /* threads that are inside the monitor */
    atomic_int forgotten;      /* belongs to the process that forked us */
    atomic_int closing;        /* no new ones are let in */
    int isolation;             /* enum image_isolation; fixed */
};

/* module.c */
extern struct PyModuleDef core_module;

/* error.c */
int errors_init(PyObject *module, struct module_state *state);
/* Raise what a status stands for. Always returns NULL. */
PyObject *error_raise(struct machine *self, enum host_status status,
                      const struct host_error *error);
/* The same for a failed spawn. */
PyObject *error_raise_spawn(struct machine *self, enum host_status status,
                            const struct host_error *error, const char *path);
PyObject *error_closed(struct machine *self);

/* machine.c */
extern PyType_Spec machine_spec;
struct module_state *machine_state(struct machine *self);
/* Begin to use the machine: NULL and an exception if it is closed. Must be
 * followed by machine_end(). */
struct host_machine *machine_begin(struct machine *self);
void machine_end(struct machine *self);

/*
 * An operation that waits, cut into slices so that Python's signal handlers
 * run: called again and again, without the interpreter lock, with the time
 * that is left for this slice, until it returns something else than
 * HOST_TIMEOUT or HOST_INTERRUPTED.
 */
typedef enum host_status machine_wait_step(struct host_machine *m,
                                           int64_t timeout_ns, void *argument,
                                           struct host_error *error);
/* Returns its last status; HOST_INTERRUPTED: a Python exception is set.
 * The caller has not called machine_begin(). */
enum host_status machine_wait(struct machine *self, int64_t timeout_ns,
                              machine_wait_step *step, void *argument,
                              struct host_error *error);

/* Do something to the image, under its lock and without the interpreter lock.
 * HOST_INTERRUPTED: the machine is closed, an exception is set. */
typedef void machine_locked_step(struct kernel *k, void *argument);
enum host_status machine_locked(struct machine *self, machine_locked_step *step,
                                void *argument, struct host_error *error);

/* What a method shows about the object at an address; its own struct begins
 * with this. */
struct object_look {
    paddr address;
    bool exists; /* the step says so */
};
/* The body of a method that takes an address: the step looks, under the lock.
 * False: an exception is set, LookupError if there is no such object. */
bool machine_look(PyObject *object, PyObject *args, PyObject *kwargs,
                  machine_locked_step *step, struct object_look *look);

/* arguments.c: converters for PyArg_Parse ("O&") */
int convert_word(PyObject *object, void *word_result);
int convert_agent(PyObject *object, void *unsigned_result);
int convert_timeout(PyObject *object, void *int64_nanoseconds);
/* The numbers of a sequence, at most `limit`; -1 and an exception. */
int words_from(PyObject *sequence, word *words, size_t limit, const char *what);
PyObject *words_tuple(const word *words, size_t count);

/* Methods of Machine, by file. */
typedef PyObject *machine_method(PyObject *self, PyObject *args,
                                 PyObject *kwargs);

/* agent.c */
machine_method machine_agent_create, machine_agent_enter, machine_agent_wait,
    machine_agent_cancel, machine_agent_call;
/* trace.c */
machine_method machine_agent_error, machine_trace;
/* process.c */
machine_method machine_spawn, machine_start, machine_poll_exit,
    machine_wait_exit, machine_kill, machine_release, machine_process;
/* control.c */
machine_method machine_pause, machine_resume, machine_step, machine_wait_idle,
    machine_console, machine_check, machine_set_name;
/* inspect.c */
machine_method machine_slots, machine_slot, machine_descendants,
    machine_derivation;
/* inspect_thread.c */
/* Is there a TCB at this address? If not, an exception is set. */
bool thread_exists(struct machine *self, paddr tcb);
bool vspace_exists(struct machine *self, paddr vspace);
machine_method machine_thread, machine_threads, machine_endpoint,
    machine_notification, machine_sched_context, machine_reply,
    machine_mappings;
/* memory.c */
extern PyType_Spec memory_spec;
machine_method machine_read, machine_write, machine_memory;

#endif
