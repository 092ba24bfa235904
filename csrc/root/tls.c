/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Thread-local storage of a root task. On x86_64 (variant 2 of the ELF TLS
 * ABI) a thread's block ends where its FS base points, and that word holds its
 * own address. What the block begins with is found by the program headers,
 * which the image's first page contains.
 */
#include <elf.h>
#include <stddef.h>
#include <string.h>

#include <sel4runtime.h>

#define ALIGNMENT 64ul /* at least, of every block */

extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));

/* The block's first contents, in the words of its program header. */
static Elf64_Phdr tls_header(void)
{
    const Elf64_Phdr *headers =
        (const void *)((const char *)&__ehdr_start + __ehdr_start.e_phoff);
    Elf64_Phdr none = { .p_align = 1 };

    for (unsigned i = 0; i < __ehdr_start.e_phnum; i++) {
        if (headers[i].p_type == PT_TLS)
            return headers[i];
    }
    return none;
}

static size_t round_up(size_t n, size_t alignment)
{
    return (n + alignment - 1) & -alignment;
}

static size_t block_alignment(const Elf64_Phdr *header)
{
    return header->p_align > ALIGNMENT ? header->p_align : ALIGNMENT;
}

sel4runtime_size_t sel4runtime_get_tls_size(void)
{
    const Elf64_Phdr header = tls_header();
    size_t alignment = block_alignment(&header);

    /* The memory that is given need not be aligned. */
    return round_up(header.p_memsz, alignment) + alignment + sizeof(void *);
}

sel4runtime_uintptr_t sel4runtime_write_tls_image(void *tls_memory)
{
    const Elf64_Phdr header = tls_header();
    size_t alignment = block_alignment(&header);
    char *base = tls_memory;
    char *block;

    if (tls_memory == NULL)
        return 0;
    base = (char *)round_up((size_t)base, alignment);
    base += round_up(header.p_memsz, alignment);
    block = base - round_up(header.p_memsz, header.p_align);
    memcpy(block, (const void *)header.p_vaddr, header.p_filesz);
    memset(block + header.p_filesz, 0, header.p_memsz - header.p_filesz);
    memcpy(base, &base, sizeof(base));
    return (sel4runtime_uintptr_t)base;
}

int __sel4runtime_write_tls_variable(sel4runtime_uintptr_t dest_tls_base,
                                     unsigned char *local_tls_dest,
                                     unsigned char *src,
                                     sel4runtime_size_t bytes)
{
    sel4runtime_uintptr_t mine = sel4runtime_get_tls_base();
    size_t below = mine - (sel4runtime_uintptr_t)local_tls_dest;
    const Elf64_Phdr header = tls_header();

    if (below > round_up(header.p_memsz, header.p_align) || bytes > below)
        return -1;
    memcpy((void *)(dest_tls_base - below), src, bytes);
    return 0;
}
