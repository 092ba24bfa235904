/* SPDX-License-Identifier: BSD-2-Clause */
/* What Linux's /proc says of a client's thread. */
#include <stdio.h>

#include "host/monitor.h"

bool stat_thread(uint32_t pid, uint32_t tid, struct thread_stat *ret)
{
    unsigned long user = 0, system = 0;
    char path[64], state = 0;
    FILE *file;
    int n;

    snprintf(path, sizeof(path), "/proc/%u/task/%u/stat", pid, tid);
    file = fopen(path, "re");
    if (file == NULL)
        return false;
    n = fscanf(file,
               "%*d (%*[^)]) %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u"
               " %lu %lu",
               &state, &user, &system);
    fclose(file);
    *ret = (struct thread_stat){ .state = state, .ticks = user + system };
    return n == 3;
}
