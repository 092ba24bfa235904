/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The front end: a TCP server on a port of the loopback interface. A line
 * "get KEY" or "put KEY VALUE" from the network becomes a message to the back
 * end, and its answer a line.
 *
 * It waits for the network with sel4emu_poll(): a plain poll() would keep the
 * machine's only processor while it sleeps.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../common.h"
#include "store.h"

#define CONNECTIONS 8
#define LINE 256

/* poll[0] is the listening socket; line[i] is what poll[i] sent so far. */
static struct pollfd poll_set[1 + CONNECTIONS];
static struct line {
    char text[LINE];
    size_t length;
} line[1 + CONNECTIONS];

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

/* Listen on a port that Linux chooses; the port is returned. */
static in_port_t listen_somewhere(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 ||
        listen(fd, CONNECTIONS) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        fail("listen");
    poll_set[0].fd = fd;
    return ntohs(address.sin_port);
}

static void connection_close(int i)
{
    close(poll_set[i].fd);
    poll_set[i].fd = -1;
}

static void connection_accept(void)
{
    int fd = accept(poll_set[0].fd, NULL, NULL);

    for (int i = 1; fd >= 0 && i <= CONNECTIONS; i++) {
        if (poll_set[i].fd < 0) {
            fcntl(fd, F_SETFL, O_NONBLOCK);
            poll_set[i].fd = fd;
            line[i].length = 0;
            return;
        }
    }
    if (fd >= 0)
        close(fd);
}

/* One request; the answer is written to `out`. */
static void ask(const char *request, char out[LINE])
{
    seL4_Word label = 0, length;
    seL4_MessageInfo_t answer;

    if (strncmp(request, "get ", 4) == 0)
        label = STORE_GET;
    else if (strncmp(request, "put ", 4) == 0)
        label = STORE_PUT;
    length = text_put(0, label == 0 ? "" : request + 4);
    answer = seL4_Call(capability("store"),
                       seL4_MessageInfo_new(label, 0, 0, length));
    length = seL4_MessageInfo_get_length(answer);
    label = seL4_MessageInfo_get_label(answer);
    if (label == STORE_OK)
        snprintf(out, LINE, "ok %s\n", text_get(0, length));
    else
        snprintf(out, LINE, "error: %s\n",
                 label == STORE_MISSING ? "no such key"
                 : label == STORE_FULL  ? "the store is full"
                                        : "say get KEY, or put KEY VALUE");
}

/* Answer every whole line that has come in; false: the peer is to be left. */
static bool answer_lines(int i)
{
    struct line *in = &line[i];
    char out[LINE], *end;

    while ((end = memchr(in->text, '\n', in->length)) != NULL) {
        size_t used = (size_t)(end + 1 - in->text);
        ssize_t size;

        *end = '\0';
        ask(in->text, out);
        size = (ssize_t)strlen(out);
        if (send(poll_set[i].fd, out, (size_t)size, MSG_NOSIGNAL) != size)
            return false;
        in->length -= used;
        memmove(in->text, end + 1, in->length);
    }
    return in->length < LINE;
}

static void connection_read(int i)
{
    struct line *in = &line[i];
    ssize_t n = read(poll_set[i].fd, in->text + in->length, LINE - in->length);

    if (n > 0)
        in->length += (size_t)n;
    if (n <= 0 || !answer_lines(i))
        connection_close(i);
}

int main(void)
{
    seL4_SetMR(0, listen_somewhere());
    for (int i = 1; i <= CONNECTIONS; i++)
        poll_set[i].fd = -1;
    for (int i = 0; i <= CONNECTIONS; i++)
        poll_set[i].events = POLLIN;
    seL4_Send(capability("ready"), seL4_MessageInfo_new(0, 0, 0, 1));
    for (;;) {
        if (sel4emu_poll(poll_set, 1 + CONNECTIONS, -1) < 0)
            fail("poll");
        for (int i = 1; i <= CONNECTIONS; i++) {
            if (poll_set[i].fd >= 0 && poll_set[i].revents != 0)
                connection_read(i);
        }
        if (poll_set[0].revents != 0)
            connection_accept();
    }
}
