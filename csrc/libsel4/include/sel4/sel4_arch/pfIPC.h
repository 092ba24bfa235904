/* SPDX-License-Identifier: BSD-2-Clause */
/* Page faults used to have macros here; see sel4/deprecated.h. */
#pragma once
