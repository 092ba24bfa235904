/* SPDX-License-Identifier: BSD-2-Clause */
/* What the simple types are on x86. */
#pragma once

#include <sel4/sel4_arch/simple_types.h>
