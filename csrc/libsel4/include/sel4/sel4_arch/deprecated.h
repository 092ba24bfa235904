/* SPDX-License-Identifier: BSD-2-Clause */
/* Old names that only x86_64 had. There are none. */
#pragma once

#include <sel4/config.h>
