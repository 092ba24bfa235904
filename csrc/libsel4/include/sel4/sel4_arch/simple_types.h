/* SPDX-License-Identifier: BSD-2-Clause */
/* What the simple types are on x86_64: an LP64 machine. */
#pragma once

#define SEL4_WORD_IS_UINT64
#define SEL4_INT64_IS_LONG
