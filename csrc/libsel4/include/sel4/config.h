/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration that everything else depends on: CONFIG_ macros of the
 * kernel and of this library. Safe for assembly.
 */
#pragma once

#include <autoconf.h>
