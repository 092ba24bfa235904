/* SPDX-License-Identifier: BSD-2-Clause */
/* The domain capability, as far as a machine with one domain has it. */
#include "transcript.h"

int main(void)
{
    static const seL4_Word words[] = { 0, 1, 2, 3, 15, 16, 255, 256, -1ul };
    seL4_CPtr tcb = make(seL4_TCBObject, 0);

    for (size_t i = 0; i < COUNT(words); i++) {
        say("word %u", words[i]);
        INVOKE(seL4_CapDomain, DomainSetSet, CAPS(tcb), words[i]);
        INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, words[i], 0, 5);
        INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 0, words[i], 5);
        INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 1, 0, words[i]);
        INVOKE(seL4_CapDomain, DomainScheduleSetStart, NONE, words[i]);
    }
    INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 0, 0, 0);
    INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 0, 0, 1ul << 56);
    INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 0, 0,
           (1ul << 56) - 1);
    INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE, 0, 0);
    INVOKE(seL4_CapDomain, DomainScheduleConfigure, NONE);
    INVOKE(seL4_CapDomain, DomainScheduleSetStart, NONE);
    INVOKE(seL4_CapDomain, DomainSetSet, NONE, 0);
    INVOKE(seL4_CapDomain, DomainSetSet, CAPS(tcb));
    INVOKE(seL4_CapDomain, DomainSetSet, CAPS(0), 0);
    INVOKE(seL4_CapDomain, DomainSetSet, CAPS(ROOT), 0);
    INVOKE(seL4_CapDomain, DomainSetSet, CAPS(SELF), 0);
    INVOKE(seL4_CapDomain, InvalidInvocation, NONE);
    INVOKE(seL4_CapDomain, TCBSuspend, NONE);
    return 0;
}
