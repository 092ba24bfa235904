/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way into the kernel: one function for every cause.
 *
 * Who enters is the current thread or an external agent, and is in the middle
 * of whatever it does; it may also have been stopped by an agent without
 * knowing. Then its request is dropped: it starts again when it is resumed.
 */
#include "kernel/arch.h"
#include "kernel/budget.h"
#include "kernel/clock.h"
#include "kernel/error.h"
#include "kernel/fault.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"
#include "kernel/tcb.h"
#include "kernel/trace.h"

/* Bits of an x86 page fault's error code. */
enum {
    VM_CODE_PRESENT = 1,
    VM_CODE_WRITE = 2,
    VM_CODE_USER = 4
};
/* The length of an `int` instruction. */
#define LENGTH_INT 2
/* An exception's error code has this many bits in its message. */
#define EXCEPTION_CODE_MASK 0xfffffffful

/*
 * What the host says of a page fault is about its own page tables; whether
 * there is a page is for the emulated ones to say. A fetch is not told from a
 * load: seL4 leaves no-execute switched off.
 */
static word vm_fault_code(struct kernel *k, struct tcb *t,
                          const struct kernel_cause *cause)
{
    paddr vspace = t->thread_vspace; /* the one that it is in */
    word code = VM_CODE_USER | (cause->code & VM_CODE_WRITE);
    struct kernel_mapping map = { .frame = 0 };

    if (vspace)
        kernel_translate(k, vspace, cause->address, &map);
    return map.frame ? code | VM_CODE_PRESENT : code;
}

static void vm_fault(struct kernel *k, struct tcb *t,
                     const struct kernel_cause *cause)
{
    fault_raise(k, t,
                &(struct fault){ .type = FAULT_VM,
                                 .a = cause->address,
                                 .b = vm_fault_code(k, t, cause) });
}

/* A software interrupt that programs may use: a system call nobody knows. */
static void trap(struct kernel *k, struct tcb *t, word vector)
{
    word number = vector << 24 | (t->regs[REG_RAX] & 0xffffff);

    t->fault_ip = t->regs[REG_RIP] - LENGTH_INT;
    fault_raise(k, t,
                &(struct fault){ .type = FAULT_UNKNOWN_SYSCALL,
                                 .a = (word)(int32_t)number });
}

static void exception(struct kernel *k, struct tcb *t,
                      const struct kernel_cause *cause)
{
    if (cause->number >= SEL4_TRAP_MIN) {
        trap(k, t, cause->number);
        return;
    }
    fault_raise(k, t,
                &(struct fault){ .type = FAULT_USER_EXCEPTION,
                                 .a = cause->number,
                                 .b = cause->code & EXCEPTION_CODE_MASK });
}

static void system_call(struct kernel *k, const struct kernel_host *host,
                        struct tcb *t)
{
    if (syscall_handle(k, host, t) != OUTCOME_PREEMPTED)
        return;
    if (k->h.config.mcs)
        budget_preempted(k);
    sched_take_pending(k);
}

/* MCS: has the thread, if it is current, the time for a fault? */
static bool has_time(struct kernel *k, struct tcb *t)
{
    return !k->h.config.mcs || object_ref(k, t) != k->h.current ||
           budget_check_restart(k, t);
}

/* Causes that are the thread's own doing; they need it to be running. */
static void own_cause(struct kernel *k, const struct kernel_host *host,
                      struct tcb *t, const struct kernel_cause *cause)
{
    registers_entered(k, t, cause->kind);
    if (!thread_is_runnable(t))
        return;
    t->state = thread_is_schedulable(k, t) ? STATE_RUNNING : STATE_RESTART;
    if (t->state == STATE_RESTART)
        return;
    switch (cause->kind) {
    case CAUSE_SYSCALL:
        system_call(k, host, t);
        break;
    case CAUSE_VM_FAULT:
        if (has_time(k, t))
            vm_fault(k, t, cause);
        break;
    case CAUSE_EXCEPTION:
        if (has_time(k, t))
            exception(k, t, cause);
        break;
    case CAUSE_TSC:
        clock_read(k, t, cause);
        break;
    case CAUSE_HOST_BLOCK:
        t->fault_ip = t->regs[REG_RIP];
        thread_set_state(k, t, STATE_BLOCKED_ON_HOST);
        break;
    default:
        break;
    }
}

static void host_wake(struct kernel *k, struct tcb *t)
{
    if (t->state != STATE_BLOCKED_ON_HOST)
        return;
    thread_set_state(k, t, STATE_RUNNING);
    thread_released(k, t);
}

/* Current is interrupted between two instructions. */
static void interrupt(struct kernel *k, struct tcb *t)
{
    registers_entered(k, t, CAUSE_INTERRUPT);
    if (object_ref(k, t) != k->h.current)
        return;
    if (t->state == STATE_RUNNING)
        t->fault_ip = t->regs[REG_RIP];
    if (k->h.config.mcs)
        budget_check(k);
    sched_take_pending(k);
}

static void lost(struct kernel *k, struct tcb *t)
{
    thread_suspend(k, t);
    thread_retire(k, t);
}

static void handle(struct kernel *k, const struct kernel_host *host,
                   struct tcb *t, const struct kernel_cause *cause)
{
    /* An agent may have stopped it since it left the kernel. */
    sched_state_changed(k, t);
    switch (cause->kind) {
    case CAUSE_INTERRUPT:
        interrupt(k, t);
        break;
    case CAUSE_HOST_WAKE:
        host_wake(k, t);
        break;
    case CAUSE_LOST:
        lost(k, t);
        break;
    default:
        own_cause(k, host, t, cause);
        break;
    }
}

/* Does an entry of this cause count as a step of the program? */
static bool is_step(struct kernel *k, struct tcb *t,
                    const struct kernel_cause *cause)
{
    if (thread_is_agent(k, t))
        return false;
    switch (cause->kind) {
    case CAUSE_SYSCALL:
    case CAUSE_VM_FAULT:
    case CAUSE_EXCEPTION:
        return true;
    case CAUSE_INTERRUPT:
        return (__atomic_load_n(&k->h.pending, __ATOMIC_SEQ_CST) &
                (PENDING_TIMER | PENDING_IRQ)) != 0;
    default:
        return false;
    }
}

static void count_step(struct kernel *k)
{
    if (k->h.step == 0 || --k->h.step != 0)
        return;
    k->h.paused = 1;
    k->h.events |= EVENT_STEP;
}

/* May this TCB enter for this cause? */
static bool is_admitted(struct kernel *k, struct tcb *t,
                        const struct kernel_cause *cause)
{
    if (object_ref(k, t) == k->h.current)
        return true;
    switch (cause->kind) {
    case CAUSE_HOST_WAKE:
    case CAUSE_LOST:
        return true;
    default:
        return thread_is_agent(k, t);
    }
}

static void stop_node(struct kernel *k)
{
    if (k->h.current_thread)
        __atomic_add_fetch(&k->h.idle_count, 1, __ATOMIC_SEQ_CST);
    k->h.current = 0;
    k->h.current_thread = 0;
}

static void check(struct kernel *k)
{
    paddr where;
    const char *broken;

    if (!k->h.config.check || k->h.panicked)
        return;
    broken = kernel_check(k, &where);
    if (broken) {
        k->h.error.argument[0] = where;
        kernel_panic(k, broken);
    }
}

void kernel_enter(struct kernel *k, const struct kernel_host *host, paddr tcb,
                  const struct kernel_cause *cause)
{
    struct tcb *t = tcb_at(k, tcb);
    bool is_current = tcb == k->h.current;

    if (!k->h.panicked && !is_admitted(k, t, cause))
        kernel_panic(k, "a thread entered the kernel that is not running");
    if (k->h.panicked) {
        stop_node(k);
        return;
    }
    error_clear(k);
    clock_entry(k, cause, is_current);
    k->h.preemptible = is_current;
    trace_begin(k, t, cause);
    bool step = is_step(k, t, cause);
    handle(k, host, t, cause);
    if (step)
        count_step(k);
    sched_finish(k, is_current);
    trace_end(k);
    check(k);
    if (k->h.panicked)
        stop_node(k);
}

void kernel_reschedule(struct kernel *k)
{
    if (k->h.panicked)
        return;
    if (!k->h.current)
        k->h.action = ACTION_CHOOSE;
    sched_finish(k, !k->h.current);
    check(k);
}

/* ---- what gates and monitor ask for ---- */

word *kernel_registers(struct kernel *k, paddr tcb)
{
    return tcb_at(k, tcb)->regs;
}

word *kernel_fault_ip(struct kernel *k, paddr tcb)
{
    return &tcb_at(k, tcb)->fault_ip;
}

uint32_t kernel_thread_of(struct kernel *k, paddr tcb)
{
    return thread_index(k, tcb_at(k, tcb));
}

paddr kernel_vspace_of(struct kernel *k, paddr tcb)
{
    return arch_vspace_of(k, tcb_at(k, tcb)->slot[TCB_VTABLE].cap);
}

bool kernel_ipc_buffer(struct kernel *k, paddr tcb, word *vaddr, paddr *frame)
{
    struct tcb *t = tcb_at(k, tcb);
    paddr p = arch_ipc_buffer(t->slot[TCB_BUFFER].cap, t->ipc_buffer, false);

    if (!p)
        return false;
    *vaddr = t->ipc_buffer;
    *frame = p;
    return true;
}
