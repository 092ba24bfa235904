/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What seL4_VMEnter() returns. The emulator runs no guests, so only the names
 * that do not depend on them are here.
 */
#pragma once

#define SEL4_VMENTER_RESULT_FAULT 1
#define SEL4_VMENTER_RESULT_NOTIF 0

#define SEL4_VMENTER_RESULT_FAULT_LEN SEL4_VMENTER_NUM_FAULT_MSGS
#define SEL4_VMENTER_RESULT_NOTIF_LEN 3
