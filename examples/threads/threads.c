/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that makes its own threads. On seL4 a thread is a TCB made out of
 * untyped memory, given a CSpace, a VSpace, an IPC buffer, registers and a
 * priority, and resumed.
 *
 * The workers ask the main thread for jobs, by IPC inside the process: each
 * call hands in the last result and brings the next job.
 */
#include "../memory.h"

#define WORKERS 3
#define JOBS 20
#define JOB_SIZE 1000
#define PRIORITY 100
#define STACK_SIZE 65536
/* Where the IPC buffers of the workers go. */
#define IPC_BUFFERS 0x10000000ul

static char stack[WORKERS][STACK_SIZE] __attribute__((aligned(16)));

/* Add up the squares of the numbers of one job after the other. */
static void worker(seL4_CPtr jobs)
{
    seL4_Word sum = 0;

    for (;;) {
        seL4_Word first, count;

        seL4_SetMR(0, sum);
        seL4_Call(jobs, seL4_MessageInfo_new(0, 0, 0, 1));
        first = seL4_GetMR(0);
        count = seL4_GetMR(1);
        sum = 0;
        for (seL4_Word n = first; n < first + count; n++)
            sum += n * n;
    }
}

/* Start worker `i` with a capability of its own to the endpoint. */
static seL4_CPtr worker_start(seL4_Word i, seL4_CPtr endpoint)
{
    const seL4_CPtr cspace = seL4_CapInitThreadCNode;
    seL4_Word address = IPC_BUFFERS + (i << seL4_PageBits);
    seL4_CPtr tcb = make(seL4_TCBObject), buffer = make(seL4_X86_4K);
    seL4_CPtr badged = free_slot();
    seL4_UserContext registers = {
        .rip = (seL4_Word)worker,
        /* As if it had been called: 8 below a multiple of 16. */
        .rsp = (seL4_Word)&stack[i][STACK_SIZE] - sizeof(seL4_Word),
        .rdi = badged,
    };

    check(seL4_CNode_Mint(cspace, badged, seL4_WordBits, cspace, endpoint,
                          seL4_WordBits, seL4_AllRights, i + 1),
          "seL4_CNode_Mint");
    map_page(buffer, seL4_CapInitThreadVSpace, address);
    check(seL4_TCB_Configure(tcb, seL4_CapNull, cspace, 0,
                             seL4_CapInitThreadVSpace, 0, address, buffer),
          "seL4_TCB_Configure");
    check(seL4_TCB_SetPriority(tcb, seL4_CapInitThreadTCB, PRIORITY),
          "seL4_TCB_SetPriority");
    check(seL4_TCB_WriteRegisters(
              tcb, 0, 0, sizeof(registers) / sizeof(seL4_Word), &registers),
          "seL4_TCB_WriteRegisters");
    check(seL4_TCB_Resume(tcb), "seL4_TCB_Resume");
    return tcb;
}

/* Hand out the jobs and return the sum of the results. */
static seL4_Word run_jobs(seL4_CPtr endpoint)
{
    seL4_Word total = 0, badge, next = 0, finished = 0,
              busy[WORKERS + 1] = { 0 };

    seL4_Recv(endpoint, &badge);
    for (;;) {
        finished += busy[badge];
        total += seL4_GetMR(0);
        busy[badge] = next < JOBS;
        if (finished == JOBS)
            return total;
        if (next < JOBS) {
            seL4_SetMR(0, next * JOB_SIZE);
            seL4_SetMR(1, JOB_SIZE);
            next++;
            seL4_ReplyRecv(endpoint, seL4_MessageInfo_new(0, 0, 0, 2), &badge);
        } else {
            /* No answer: it waits until it is deleted. */
            seL4_Recv(endpoint, &badge);
        }
    }
}

int main(void)
{
    seL4_CPtr endpoint = make(seL4_EndpointObject);
    seL4_CPtr tcb[WORKERS];

    for (seL4_Word i = 0; i < WORKERS; i++)
        tcb[i] = worker_start(i, endpoint);
    printf("%d jobs by %d workers: %lu\n", JOBS, WORKERS, run_jobs(endpoint));
    for (seL4_Word i = 0; i < WORKERS; i++)
        check(seL4_CNode_Delete(seL4_CapInitThreadCNode, tcb[i], seL4_WordBits),
              "seL4_CNode_Delete");
    printf("the workers are gone\n");
    return 0;
}
