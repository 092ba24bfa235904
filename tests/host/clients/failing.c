/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Preloaded into Python: fails the n-th call, from fail_call(n) on, of those
 * by which the monitor gets something from Linux. Each fails once, with the
 * error that it has in practice.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

static int countdown, hit;

void fail_call(int n)
{
    if (n > 0)
        __atomic_store_n(&hit, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&countdown, n, __ATOMIC_SEQ_CST);
}

/* Did the call that was to fail come? */
int call_failed(void)
{
    return __atomic_load_n(&hit, __ATOMIC_SEQ_CST);
}

/* Is it this one's turn? */
static int fails(int number)
{
    int n = __atomic_load_n(&countdown, __ATOMIC_SEQ_CST);

    while (n > 0 &&
           !__atomic_compare_exchange_n(&countdown, &n, n - 1, 0,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        ;
    if (n != 1)
        return 0;
    __atomic_store_n(&hit, 1, __ATOMIC_SEQ_CST);
    errno = number;
    return 1;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int socketpair(int domain, int type, int protocol, int pair[2])
{
    return fails(EMFILE) ? -1 : NEXT(socketpair)(domain, type, protocol, pair);
}

int epoll_create1(int flags)
{
    return fails(EMFILE) ? -1 : NEXT(epoll_create1)(flags);
}

int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
    return fails(ENOSPC) ? -1 : NEXT(epoll_ctl)(epfd, op, fd, event);
}

int eventfd(unsigned count, int flags)
{
    return fails(ENFILE) ? -1 : NEXT(eventfd)(count, flags);
}

int timerfd_create(int clock, int flags)
{
    return fails(ENFILE) ? -1 : NEXT(timerfd_create)(clock, flags);
}

int ftruncate(int fd, off_t size)
{
    return fails(ENOSPC) ? -1 : NEXT(ftruncate)(fd, size);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                   void *(*entry)(void *), void *argument)
{
    if (fails(EAGAIN))
        return EAGAIN;
    return NEXT(pthread_create)(thread, attributes, entry, argument);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    return fails(ENOBUFS) ? -1 : NEXT(sendmsg)(fd, message, flags);
}
