/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a failed lookup on the way to a mapping means: the message word that
 * tells the bits left names the paging structure that is missing.
 */
#pragma once

#include <sel4/functions.h>

#define SEL4_MAPPING_LOOKUP_LEVEL 2
#define SEL4_MAPPING_LOOKUP_NO_PT 21
#define SEL4_MAPPING_LOOKUP_NO_PD 30
#define SEL4_MAPPING_LOOKUP_NO_PDPT 39

/* After a map that returned seL4_FailedLookup: one of the numbers above. */
LIBSEL4_INLINE_FUNC seL4_Word seL4_MappingFailedLookupLevel(void)
{
    return seL4_GetMR(SEL4_MAPPING_LOOKUP_LEVEL);
}
