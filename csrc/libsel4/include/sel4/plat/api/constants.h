/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers of the platform pc99. It has none besides those of hardware
 * breakpoints, which the emulator does not offer.
 */
#pragma once

#include <sel4/config.h>
