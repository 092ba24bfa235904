/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls for debugging: the numbers of capabilities, and names of threads. */
#include "transcript.h"

int main(void)
{
    static const seL4_Word types[] = {
        seL4_UntypedObject,          seL4_TCBObject,
        seL4_EndpointObject,         seL4_NotificationObject,
        seL4_CapTableObject,         seL4_X86_PDPTObject,
        seL4_X64_PML4Object,         seL4_X86_4K,
        seL4_X86_LargePageObject,    seL4_X86_PageTableObject,
        seL4_X86_PageDirectoryObject
    };
    seL4_CPtr tcb = make(seL4_TCBObject, 0);

    say("the first slots");
    SLOTS(0, 16);
    say("kinds of objects");
    for (size_t i = 0; i < COUNT(types); i++)
        say("type %u: %u", types[i],
            (seL4_Word)seL4_DebugCapIdentify(make(types[i], 12)));
    say("wrong pointers");
    SLOTS(8191, 3);
    SLOTS(1ul << 63, 1);
    SLOTS(-1ul, 1);
    SLOTS(1ul << 13, 1);
    say("names");
    seL4_DebugNameThread(tcb, "a name");
    seL4_DebugNameThread(tcb, "");
    seL4_DebugNameThread(SELF, "a name that is longer than Linux takes");
    say("the message registers stay: %x", seL4_GetMR(119));
    seL4_Yield();
    say("yielded");
    return 0;
}
