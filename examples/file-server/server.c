/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file server: the only process that touches Linux files, and only those
 * of one folder. Its clients know handles, and a handle is good only with the
 * badge that opened it.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "../common.h"
#include "files.h"

#define HANDLES 32

/* Open files; badge 0: the entry is free. */
static struct {
    seL4_Word badge;
    int fd;
} file[HANDLES];

/* What a request asks for; `count` words are in the message. */
struct request {
    seL4_Word badge;
    seL4_Word label;
    seL4_Word count;
};

/* A positive result is the length of the answer, a negative one -errno. */
typedef long handler(const struct request *request);

/* The file of word 0, or -1. */
static int file_of(const struct request *request)
{
    seL4_Word handle = seL4_GetMR(0);

    if (request->count < 1 || handle >= HANDLES ||
        file[handle].badge != request->badge)
        return -1;
    return file[handle].fd;
}

static int free_handle(void)
{
    for (int i = 0; i < HANDLES; i++) {
        if (file[i].badge == 0)
            return i;
    }
    return -1;
}

static long serve_open(const struct request *request)
{
    const int write_flags = O_WRONLY | O_CREAT | O_TRUNC;
    seL4_Word flags = seL4_GetMR(0);
    const char *name = text_get(1, request->count);
    int handle = free_handle();
    int fd;

    if (handle < 0)
        return -ENFILE;
    if (*name == '\0' || strchr(name, '/') != NULL)
        return -EACCES;
    fd = open(name,
              O_CLOEXEC | O_NOFOLLOW |
                  (flags == FILE_FOR_WRITING ? write_flags : O_RDONLY),
              0600);
    if (fd < 0)
        return -errno;
    file[handle].badge = request->badge;
    file[handle].fd = fd;
    seL4_SetMR(0, (seL4_Word)handle);
    return 1;
}

static long serve_read(const struct request *request)
{
    seL4_Word count = seL4_GetMR(1);
    int fd = file_of(request);
    ssize_t n;

    if (fd < 0)
        return -EBADF;
    if (request->count < FILE_HEADER || count > FILE_CHUNK)
        return -EINVAL;
    n = read(fd, file_bytes(), count);
    if (n < 0)
        return -errno;
    seL4_SetMR(0, (seL4_Word)n);
    return (long)file_words((seL4_Word)n);
}

static long serve_write(const struct request *request)
{
    seL4_Word count = seL4_GetMR(1);
    int fd = file_of(request);
    ssize_t n;

    if (fd < 0)
        return -EBADF;
    if (request->count < FILE_HEADER || count > FILE_CHUNK ||
        request->count < file_words(count))
        return -EINVAL;
    n = write(fd, file_bytes(), count);
    if (n < 0)
        return -errno;
    seL4_SetMR(0, (seL4_Word)n);
    return 1;
}

static long serve_close(const struct request *request)
{
    int fd = file_of(request);

    if (fd < 0)
        return -EBADF;
    file[seL4_GetMR(0)].badge = 0;
    return close(fd) == 0 ? 0 : -errno;
}

static handler *const handlers[] = {
    [FILE_OPEN] = serve_open,
    [FILE_READ] = serve_read,
    [FILE_WRITE] = serve_write,
    [FILE_CLOSE] = serve_close,
};

static seL4_MessageInfo_t serve(const struct request *request)
{
    long length = -ENOSYS;

    if (request->badge == 0)
        length = -EPERM;
    else if (request->label >= FILE_OPEN && request->label <= FILE_CLOSE)
        length = handlers[request->label](request);
    if (length < 0)
        return seL4_MessageInfo_new((seL4_Word)-length, 0, 0, 0);
    return seL4_MessageInfo_new(0, 0, 0, (seL4_Word)length);
}

int main(int argc, char **argv)
{
    seL4_CPtr endpoint = capability("endpoint");
    seL4_MessageInfo_t message;
    struct request request;

    if (argc != 2 || chdir(argv[1]) != 0) {
        fprintf(stderr, "usage: server FOLDER\n");
        return 1;
    }
    message = seL4_Recv(endpoint, &request.badge);
    for (;;) {
        request.label = seL4_MessageInfo_get_label(message);
        request.count = seL4_MessageInfo_get_length(message);
        message = seL4_ReplyRecv(endpoint, serve(&request), &request.badge);
    }
}
