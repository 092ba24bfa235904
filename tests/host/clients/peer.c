/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that only looks like a client: it has the ELF note, but is not
 * linked with libsel4. What it says on its socket is up to its arguments:
 *
 *   send:HEX   send these bytes as one message ("send:" an empty one); PID in
 *              them stands for the process's own id
 *   fds:N:HEX  the same, with N descriptors
 *   receive    receive one message
 *   close      close the socket
 *   sleep      wait for ever
 *   exit:N     end with a status
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_FDS 253

__asm__(".pushsection .note.sel4emu, \"a\", @note\n"
        ".balign 4\n"
        ".long 8, 12, 1\n"
        ".asciz \"sel4emu\"\n"
        ".long 1, 0, 1\n"
        ".popsection\n");

static size_t from_hex(const char *hex, char *bytes)
{
    size_t size = 0;

    while (*hex != 0) {
        char digits[3] = { hex[0], hex[1], 0 };

        if (strncmp(hex, "PID", 3) == 0) {
            uint32_t pid = (uint32_t)getpid();

            memcpy(bytes + size, &pid, sizeof(pid));
            size += sizeof(pid);
            hex += 3;
        } else {
            bytes[size++] = (char)strtoul(digits, NULL, 16);
            hex += 2;
        }
    }
    return size;
}

static void send_hex(int fd, const char *hex, int descriptors)
{
    static char bytes[65536], control[CMSG_SPACE(MAX_FDS * sizeof(int))];
    struct iovec iov = { bytes, from_hex(hex, bytes) };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
    size_t size = (size_t)descriptors * sizeof(int);

    if (descriptors > 0) {
        struct cmsghdr *cmsg;

        msg.msg_control = control;
        msg.msg_controllen = CMSG_SPACE(size);
        cmsg = CMSG_FIRSTHDR(&msg);
        cmsg->cmsg_level = SOL_SOCKET;
        cmsg->cmsg_type = SCM_RIGHTS;
        cmsg->cmsg_len = CMSG_LEN(size);
        memset(CMSG_DATA(cmsg), 0, size); /* all of them stdin */
    }
    if (sendmsg(fd, &msg, MSG_NOSIGNAL) < 0)
        perror("sendmsg");
}

static void act(int fd, const char *action)
{
    char bytes[4096];

    if (strncmp(action, "send:", 5) == 0)
        send_hex(fd, action + 5, 0);
    else if (strncmp(action, "fds:", 4) == 0)
        send_hex(fd, strchr(action + 4, ':') + 1, atoi(action + 4));
    else if (strcmp(action, "receive") == 0 &&
             recv(fd, bytes, sizeof(bytes), 0) < 0)
        perror("recv");
    else if (strcmp(action, "close") == 0)
        close(fd);
    else if (strcmp(action, "sleep") == 0)
        for (;;)
            pause();
    else if (strncmp(action, "exit:", 5) == 0)
        _exit(atoi(action + 5));
}

int main(int argc, char **argv)
{
    const char *number = getenv("SEL4EMU_SOCKET");
    int fd = number == NULL ? -1 : atoi(number);

    for (int i = 1; i < argc; i++)
        act(fd, argv[i]);
    return 0;
}
