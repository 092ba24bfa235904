/* SPDX-License-Identifier: BSD-2-Clause */
/* Failures with a text, and time-outs. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host/monitor.h"

static void put_text(struct host_error *error, const char *format,
                     va_list arguments)
{
    vsnprintf(error->text, sizeof(error->text), format, arguments);
}

enum host_status host_fail(struct host_error *error, enum host_status status,
                           const char *format, ...)
{
    va_list arguments;

    error->errno_value = 0;
    va_start(arguments, format);
    put_text(error, format, arguments);
    va_end(arguments);
    return status;
}

enum host_status host_fail_errno(struct host_error *error, const char *format,
                                 ...)
{
    int number = errno;
    va_list arguments;
    size_t length;

    va_start(arguments, format);
    put_text(error, format, arguments);
    va_end(arguments);
    error->errno_value = number;
    length = strlen(error->text);
    snprintf(error->text + length, sizeof(error->text) - length, ": %s",
             strerror(number));
    return HOST_SYSTEM;
}

int64_t host_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t host_deadline(int64_t timeout_ns)
{
    int64_t now = host_now();

    if (timeout_ns < 0 || timeout_ns > INT64_MAX - now)
        return INT64_MAX;
    return now + timeout_ns;
}

int64_t host_left(int64_t deadline, int64_t slice)
{
    int64_t left;

    if (deadline == INT64_MAX)
        return slice;
    left = deadline - host_now();
    if (left < 0)
        return 0;
    return left < slice ? left : slice;
}
