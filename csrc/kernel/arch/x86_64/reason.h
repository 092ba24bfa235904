/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why requests to objects of the architecture and of the platform are refused.
 * See kernel/reason.h for what X(name, text) means.
 */
#ifndef SEL4EMU_KERNEL_ARCH_X86_64_REASON_H
#define SEL4EMU_KERNEL_ARCH_X86_64_REASON_H

/* Frames and paging structures */
#define VSPACE_REASONS(X)                                                      \
    X(REASON_NOT_VSPACE,                                                       \
      "the vspace is no PML4 capability that has an ASID (type %lu): assign "  \
      "one with seL4_X86_ASIDPool_Assign first")                               \
    X(REASON_VSPACE_NO_ASID,                                                   \
      "the vspace's ASID, %#lx, is gone: its ASID pool was deleted")           \
    X(REASON_VSPACE_OTHER_ASID,                                                \
      "the vspace's ASID, %#lx, belongs to another vspace by now")             \
    X(REASON_FRAME_MAPPED_ASID,                                                \
      "the frame capability is mapped in another vspace (ASID %#lx, not "      \
      "%#lx): unmap it, or map a copy of it")                                  \
    X(REASON_FRAME_MAPPED_VADDR,                                               \
      "the frame capability is mapped at %#lx already, and cannot be mapped "  \
      "at %#lx, too: unmap it, or map a copy of it")                           \
    X(REASON_VADDR_TOO_HIGH,                                                   \
      "address %#lx is not below the end of user memory, %#lx (a frame of "    \
      "2^%lu bytes has to end there)")                                         \
    X(REASON_VADDR_UNALIGNED,                                                  \
      "address %#lx is not aligned to the frame's size, 2^%lu bytes")          \
    X(REASON_VADDR_WINDOW,                                                     \
      "a frame of 2^%lu bytes at %#lx is outside of what a hosted process "    \
      "keeps free for frames (its first window is %#lx to %#lx): map it "      \
      "there, or use a bare process")                                          \
    X(REASON_VADDR_RESERVED,                                                   \
      "a frame of 2^%lu bytes at %#lx would lie in the part of user memory "   \
      "that sel4emu keeps for itself, %#lx and above")                         \
    X(REASON_NO_TABLE,                                                         \
      "no paging structure of level %lu is mapped for address %#lx (it would " \
      "cover 2^%lu bytes): map one first")                                     \
    X(REASON_TABLE_IN_WAY,                                                     \
      "a paging structure is mapped at %#lx, where the frame of 2^%lu bytes "  \
      "would go: unmap it first")                                              \
    X(REASON_ENTRY_IN_USE,                                                     \
      "something is mapped at %#lx already, where a paging structure for "     \
      "2^%lu bytes would go")                                                  \
    X(REASON_TABLE_MAPPED,                                                     \
      "the paging structure is mapped already, at %#lx (ASID %#lx)")           \
    X(REASON_TABLE_NOT_MAPPED,                                                 \
      "a paging structure that is not mapped cannot be copied (type %lu)")     \
    X(REASON_TABLE_COPIES,                                                     \
      "the paging structure cannot be unmapped while there are copies of its " \
      "capability: revoke or delete them first")                               \
    X(REASON_PML4_UNASSIGNED,                                                  \
      "a PML4 without an ASID cannot be copied: assign one first")             \
    X(REASON_IPC_BUFFER_TYPE,                                                  \
      "the IPC buffer is no frame capability (type %lu)")                      \
    X(REASON_IPC_BUFFER_DEVICE,                                                \
      "the IPC buffer cannot be a frame of device memory (at %#lx)")           \
    X(REASON_IPC_BUFFER_UNALIGNED,                                             \
      "the IPC buffer's address %#lx is not aligned to %lu bytes")

/* Address space identifiers */
#define ASID_REASONS(X)                                                        \
    X(REASON_ASID_POOLS, "all of the %lu ASID pools exist already")            \
    X(REASON_ASID_POOL_UNTYPED,                                                \
      "an ASID pool is made of untyped memory of 2^12 bytes that is no "       \
      "device memory (type %lu, 2^%lu bytes, device %lu)")                     \
    X(REASON_ASID_NOT_PML4,                                                    \
      "only a PML4 gets an ASID, not a capability of type %lu")                \
    X(REASON_ASID_ASSIGNED, "the vspace has an ASID already, %#lx")            \
    X(REASON_ASID_POOL_GONE, "the ASID pool of ASID %#lx was deleted")         \
    X(REASON_ASID_POOL_OTHER,                                                  \
      "the ASID pool of ASID %#lx is another one by now")                      \
    X(REASON_ASID_POOL_FULL, "all ASIDs of the pool are in use")

/* I/O ports */
#define IO_PORT_REASONS(X)                                                     \
    X(REASON_IO_PORT_ORDER, "the last port, %#lx, is below the first, %#lx")   \
    X(REASON_IO_PORT_IN_USE,                                                   \
      "I/O port %#lx, between %#lx and %#lx, was issued already: revoke or "   \
      "delete its capability first")                                           \
    X(REASON_IO_PORT_OUTSIDE,                                                  \
      "I/O ports %#lx to %#lx are not within those of the capability, %#lx "   \
      "to %#lx")

/* Interrupts */
#define IRQ_REASONS(X)                                                         \
    X(REASON_IRQ_GET,                                                          \
      "with an IOAPIC, interrupt handlers come from "                          \
      "seL4_IRQControl_GetIOAPIC and seL4_IRQControl_GetMSI only")             \
    X(REASON_IRQ_VECTOR, "vector %lu is not within 0 to %lu")                  \
    X(REASON_IRQ_ACTIVE,                                                       \
      "vector %lu has an interrupt handler already: revoke or delete it "      \
      "first")                                                                 \
    X(REASON_IRQ_IOAPIC, "there is no IOAPIC %lu, the last is %lu")            \
    X(REASON_IRQ_PIN, "the IOAPIC has no pin %lu, the last is %lu")            \
    X(REASON_IRQ_LEVEL, "level is %lu, and should be 0 or 1")                  \
    X(REASON_IRQ_POLARITY, "polarity is %lu, and should be 0 or 1")            \
    X(REASON_IRQ_PCI_BUS, "there is no PCI bus %lu, the last is %lu")          \
    X(REASON_IRQ_PCI_DEVICE, "there is no PCI device %lu, the last is %lu")    \
    X(REASON_IRQ_PCI_FUNCTION,                                                 \
      "there is no PCI function %lu, the last is %lu")                         \
    X(REASON_IRQ_NOT_NOTIFICATION,                                             \
      "an interrupt is delivered to a notification, not to a capability of "   \
      "type %lu")                                                              \
    X(REASON_IRQ_NO_WRITE,                                                     \
      "the notification capability has no right to send (rights %#lx)")

#define ARCH_REASONS(X)                                                        \
    VSPACE_REASONS(X)                                                          \
    ASID_REASONS(X)                                                            \
    IO_PORT_REASONS(X)                                                         \
    IRQ_REASONS(X)

#endif
