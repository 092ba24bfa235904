/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel tells the initial thread: the fixed slots of its root CNode,
 * the boot information and the heads of its extra chunks.
 */
#pragma once

#include <sel4/config.h>
#include <sel4/macros.h>
#include <sel4/sel4_arch/constants.h>
#include <sel4/types.h>

enum seL4_RootCNodeCapSlots {
    seL4_CapNull = 0,
    seL4_CapInitThreadTCB = 1,
    seL4_CapInitThreadCNode = 2,
    seL4_CapInitThreadVSpace = 3,
    seL4_CapIRQControl = 4,
    seL4_CapASIDControl = 5,
    seL4_CapInitThreadASIDPool = 6,
    seL4_CapIOPortControl = 7,
    seL4_CapIOSpace = 8, /* null: no IOMMU */
    seL4_CapBootInfoFrame = 9,
    seL4_CapInitThreadIPCBuffer = 10,
    seL4_CapDomain = 11,
    seL4_CapSMMUSIDControl = 12, /* null: Arm only */
    seL4_CapSMMUCBControl = 13,  /* null: Arm only */
    seL4_CapInitThreadSC = 14,   /* null without MCS */
    seL4_CapSMC = 15,            /* null: Arm only */
    seL4_NumInitialCaps = 16
};

/* Name from the time when the root of an address space was a directory. */
#define seL4_CapInitThreadPD seL4_CapInitThreadVSpace

typedef seL4_Word seL4_SlotPos;

/* Slots of the root CNode from `start` on, up to but not including `end`. */
typedef struct seL4_SlotRegion {
    seL4_SlotPos start;
    seL4_SlotPos end;
} seL4_SlotRegion;

/* An untyped: its physical address, and its size as a power of two. */
typedef struct seL4_UntypedDesc {
    seL4_Word paddr;
    seL4_Uint8 sizeBits;
    seL4_Uint8 isDevice;
    seL4_Uint8 padding[sizeof(seL4_Word) - 2 * sizeof(seL4_Uint8)];
} seL4_UntypedDesc;

SEL4_COMPILE_ASSERT(invalid_seL4_UntypedDesc,
                    sizeof(seL4_UntypedDesc) == 2 * sizeof(seL4_Word))

typedef struct seL4_BootInfo {
    seL4_Word extraLen;              /* bytes of extra chunks, see below */
    seL4_NodeId nodeID;              /* this core */
    seL4_Word numNodes;              /* number of cores */
    seL4_Word numIOPTLevels;         /* all ones: no IOMMU */
    seL4_IPCBuffer *ipcBuffer;       /* where the initial thread sees it */
    seL4_SlotRegion empty;           /* free slots */
    seL4_SlotRegion sharedFrames;    /* none on one core */
    seL4_SlotRegion userImageFrames; /* frames of the program, ascending */
    seL4_SlotRegion userImagePaging; /* its paging structures */
    seL4_SlotRegion ioSpaceCaps;     /* none on x86 */
    seL4_SlotRegion extraBIPages;    /* frames of the extra chunks */
    seL4_Word initThreadCNodeSizeBits;
    seL4_Domain initThreadDomain;
#ifdef CONFIG_KERNEL_MCS
    seL4_SlotRegion schedcontrol; /* one SchedControl for each core */
#endif
    seL4_SlotRegion untyped; /* untypeds, in the order of the list */
    seL4_UntypedDesc untypedList[CONFIG_MAX_NUM_BOOTINFO_UNTYPED_CAPS];
} seL4_BootInfo;

#define seL4_BootInfoFrameBits seL4_PageBits
#define seL4_BootInfoFrameSize LIBSEL4_BIT(seL4_BootInfoFrameBits)

SEL4_COMPILE_ASSERT(invalid_seL4_BootInfoFrameSize,
                    sizeof(seL4_BootInfo) <= seL4_BootInfoFrameSize)

/*
 * Extra chunks follow seL4_BootInfoFrameSize bytes after the start of the boot
 * information, one behind the other, each with this head.
 */
typedef struct seL4_BootInfoHeader {
    seL4_Word id;  /* a seL4_BootInfoID */
    seL4_Word len; /* bytes of the chunk, head included */
} seL4_BootInfoHeader;

SEL4_COMPILE_ASSERT(invalid_seL4_BootInfoHeader,
                    sizeof(seL4_BootInfoHeader) == 2 * sizeof(seL4_Word))

typedef enum {
    SEL4_BOOTINFO_HEADER_PADDING = 0,
    SEL4_BOOTINFO_HEADER_X86_VBE = 1,
    SEL4_BOOTINFO_HEADER_X86_MBMMAP = 2,
    SEL4_BOOTINFO_HEADER_X86_ACPI_RSDP = 3,
    SEL4_BOOTINFO_HEADER_X86_FRAMEBUFFER = 4,
    SEL4_BOOTINFO_HEADER_X86_TSC_FREQ = 5, /* in MHz */
    SEL4_BOOTINFO_HEADER_FDT = 6,
    SEL4_BOOTINFO_HEADER_NUM,
    SEL4_FORCE_LONG_ENUM(seL4_BootInfoID)
} seL4_BootInfoID;
