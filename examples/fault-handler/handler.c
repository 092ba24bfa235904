/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fault handler of another process: a pager. When the program touches an
 * address where nothing is mapped, the kernel stops it and sends a message in
 * its name. The handler makes a page, writes something into it, maps it into
 * the program's address space, and answers: the program's instruction is
 * executed again.
 */
#include "../memory.h"

#define PAGE (1ul << seL4_PageBits)
/* Where the handler sees a page before it gives it away. */
#define WORKBENCH 0x10000000ul

static void fill_page(seL4_CPtr page, seL4_Word address)
{
    map_page(page, seL4_CapInitThreadVSpace, WORKBENCH);
    snprintf((char *)WORKBENCH, PAGE, "the page at %#lx", address);
    check(seL4_X86_Page_Unmap(page), "seL4_X86_Page_Unmap");
}

static void repair(seL4_Word address)
{
    seL4_CPtr page = make(seL4_X86_4K);

    address &= ~(PAGE - 1);
    fill_page(page, address);
    map_page(page, capability("program"), address);
}

int main(void)
{
    seL4_CPtr faults = capability("faults");
    seL4_Word badge;
    seL4_MessageInfo_t message = seL4_Recv(faults, &badge);

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (;;) {
        seL4_Word address = seL4_GetMR(seL4_VMFault_Addr);
        seL4_Word write = seL4_GetMR(seL4_VMFault_FSR) & 2;

        if (!seL4_isVMFault_tag(message)) {
            fprintf(stderr, "handler: cannot repair fault %lu\n",
                    seL4_MessageInfo_get_label(message));
            return 1;
        }
        printf("handler: %s of %#lx faults\n", write ? "a write" : "a read",
               address);
        repair(address);
        message = seL4_MessageInfo_new(0, 0, 0, 0);
        message = seL4_ReplyRecv(faults, message, &badge);
    }
}
