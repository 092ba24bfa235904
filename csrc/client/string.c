/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The four functions that a freestanding compiler may call. The core has its
 * own, as the program's (a sanitizer's, say) must not run inside the kernel.
 */
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int value, size_t n);
int memcmp(const void *a, const void *b, size_t n);

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    void *result = to;

    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
    return result;
}

void *memmove(void *to, const void *from, size_t n)
{
    char *last_to = (char *)to + n - 1;
    const char *last_from = (const char *)from + n - 1;

    if ((char *)to - (const char *)from >= (ptrdiff_t)n || to <= from)
        return memcpy(to, from, n);
    __asm__ volatile("std; rep movsb; cld"
                     : "+D"(last_to), "+S"(last_from), "+c"(n)
                     :
                     : "memory");
    return to;
}

void *memset(void *to, int value, size_t n)
{
    void *result = to;

    __asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(value) : "memory");
    return result;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *p = a, *q = b;

    for (; n > 0 && *p == *q; n--) {
        p++;
        q++;
    }
    return n == 0 ? 0 : *p - *q;
}
