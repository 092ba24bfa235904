/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between Python numbers and words, time-outs, tuples of words.
 */
#include "core.h"

#define NANOSECONDS 1e9

int convert_word(PyObject *object, void *word_result)
{
    unsigned long long value = PyLong_AsUnsignedLongLong(object);

    if (value == (unsigned long long)-1 && PyErr_Occurred())
        return 0;
    *(word *)word_result = value;
    return 1;
}

int convert_agent(PyObject *object, void *unsigned_result)
{
    unsigned long value = PyLong_AsUnsignedLong(object);

    if (value == (unsigned long)-1 && PyErr_Occurred())
        return 0;
    if (value == 0 || value >= IMAGE_THREADS) {
        PyErr_Format(PyExc_ValueError, "there is no agent %lu", value);
        return 0;
    }
    *(unsigned int *)unsigned_result = (unsigned int)value;
    return 1;
}

int convert_timeout(PyObject *object, void *int64_nanoseconds)
{
    int64_t *result = int64_nanoseconds;
    double seconds;

    if (object == Py_None) {
        *result = -1;
        return 1;
    }
    seconds = PyFloat_AsDouble(object);
    if (seconds == -1.0 && PyErr_Occurred())
        return 0;
    if (!(seconds >= 0)) {
        PyErr_SetString(PyExc_ValueError,
                        "a time-out is a number of seconds from 0, or None");
        return 0;
    }
    *result = seconds > 1e9 ? -1 : (int64_t)(seconds * NANOSECONDS);
    return 1;
}

PyObject *words_tuple(const word *words, size_t count)
{
    PyObject *tuple = PyTuple_New((Py_ssize_t)count);

    for (size_t i = 0; tuple && i < count; i++) {
        PyObject *value = PyLong_FromUnsignedLongLong(words[i]);

        if (!value || PyTuple_SetItem(tuple, (Py_ssize_t)i, value) < 0)
            Py_CLEAR(tuple);
    }
    return tuple;
}

int words_from(PyObject *sequence, word *words, size_t limit, const char *what)
{
    PyObject *tuple = PySequence_Tuple(sequence);
    Py_ssize_t count;

    if (!tuple)
        return -1;
    count = PyTuple_Size(tuple);
    if ((size_t)count > limit) {
        PyErr_Format(PyExc_ValueError, "at most %zu %s, not %zd", limit, what,
                     count);
        count = -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        if (!convert_word(PyTuple_GetItem(tuple, i), &words[i]))
            count = -1;
    }
    Py_DECREF(tuple);
    return (int)count;
}
