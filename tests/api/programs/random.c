/* SPDX-License-Identifier: BSD-2-Clause */
/* Random invocations: see random.h. */
#include "random.h"

int main(void)
{
    for (seL4_Word seed = 1; seed <= 4; seed++)
        wander(seed, 600);
    return 0;
}
