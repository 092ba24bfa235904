/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hosted process's mappings of the image.
 *
 * At start-up every free stretch of address space that frames may go to is
 * reserved (PROT_NONE), so that nothing of Linux's lands there; frames are
 * then mapped over the reservation. Mappings are a TLB: the page tables in the
 * image are the truth, and any of them may be dropped and filled again.
 */
#include <sys/mman.h>

#include "client/block.h"
#include "client/valgrind.h"
#include "gate/sys.h"

/*
 * Where frames may go. The gaps between the candidates are where sanitizers,
 * valgrind and brk want to be; a candidate that is not free is left out.
 */
static const struct image_range candidate[] = {
    { 0x200000ul, 0x10000000ul },
    { 0x10000000ul, 0x58000000ul },
    { 0x80000000ul, 0x1000000000ul },
    { 0x2000000000ul, 0x100000000000ul },
    { 0x100100000000ul, 0x500000000000ul },
};

/* Memcheck keeps a table of all memory above this, page by page, whatever is
 * mapped there: reserving terabytes takes it minutes. */
#define VALGRIND_END 0x2000000000ul

static long map(word vaddr, word size, int prot, const long where[3])
{
    return sys_call(SYS_mmap, vaddr, size, prot, where[0], where[1], where[2]);
}

/* Nothing is there any more: a bare process has holes, a hosted one keeps its
 * address space reserved. */
static void vacate(word vaddr, word size)
{
    if (gate_process.bare)
        sys_call(SYS_munmap, vaddr, size, 0, 0, 0, 0);
    else
        map(vaddr, size, PROT_NONE,
            (const long[3]){ MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
                                 MAP_FIXED,
                             -1, 0 });
}

void map_reserve(void)
{
    const int flags =
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    word limit = valgrind_ask(VALGRIND_RUNNING, 0, 0) ? VALGRIND_END : ~0ul;
    uint32_t n = 0;

    for (size_t i = 0; i < sizeof(candidate) / sizeof(candidate[0]); i++) {
        word start = candidate[i].start, end = candidate[i].end;
        long at;

        if (end > limit)
            continue;
        at =
            map(start, end - start, PROT_NONE, (const long[3]){ flags, -1, 0 });
        if (at == (long)start)
            gate_process.window[n++] = candidate[i];
        else if (at > 0)
            sys_call(SYS_munmap, at, end - start, 0, 0, 0, 0);
    }
    gate_process.window_count = n;
}

bool map_in_window(word vaddr)
{
    for (uint32_t i = 0; i < gate_process.window_count; i++) {
        if (vaddr >= gate_process.window[i].start &&
            vaddr < gate_process.window[i].end)
            return true;
    }
    return false;
}

void map_flush(void)
{
    for (uint32_t i = 0; i < gate_process.window_count; i++)
        vacate(gate_process.window[i].start,
               gate_process.window[i].end - gate_process.window[i].start);
}

/* Nothing is mapped in [vaddr, vaddr + size) any more, as far as it is ours. */
static void map_drop(word vaddr, word size)
{
    for (uint32_t i = 0; i < gate_process.window_count; i++) {
        word start = gate_process.window[i].start;
        word end = gate_process.window[i].end;

        start = vaddr > start ? vaddr : start;
        end = vaddr + size < end ? vaddr + size : end;
        if (start < end)
            vacate(start, end - start);
    }
}

bool map_change(const struct message_change *change)
{
    /* No NX on this kernel: what can be read can be executed. */
    int prot = PROT_READ | PROT_EXEC | (change->write ? PROT_WRITE : 0);
    word size = 1ul << change->bits;
    const long where[3] = { MAP_SHARED | MAP_FIXED, gate_process.image_fd,
                            (long)(IMAGE_HEADER_SIZE + change->frame) };

    if (change->frame == 0) {
        map_drop(change->vaddr, size);
        return true;
    }
    if (!map_in_window(change->vaddr))
        return false;
    if (map(change->vaddr, size, prot, where) >= 0)
        return true;
    /* Too many mappings: drop all of them, they come back by faults. */
    map_flush();
    return map(change->vaddr, size, prot, where) >= 0;
}

void map_apply(struct kernel *k, struct image_process *process)
{
    struct kernel_mapping m;

    if (process->flush_all)
        map_flush();
    for (uint32_t i = 0; i < process->change_count; i++) {
        struct message_change change = { process->change[i].vaddr,
                                         process->change[i].bits, 0, 0, 0 };

        kernel_translate(k, process->vspace, change.vaddr, &m);
        if (m.frame != 0 && m.bits == change.bits && m.user && !m.device) {
            change.frame = m.frame;
            change.write = m.write;
        }
        map_change(&change);
    }
    process->flush_all = 0;
    process->change_count = 0;
}
