/* SPDX-License-Identifier: BSD-2-Clause */
/* Computes, and never enters the kernel by itself: only time takes its turn. */
int main(void)
{
    for (;;)
        __asm__ volatile("");
}
