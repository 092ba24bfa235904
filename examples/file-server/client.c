/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client of the file server: `put NAME TEXT` writes a file, `get NAME`
 * prints one, `peek HANDLE` tries a handle that somebody else may have opened.
 * It never opens a file itself.
 */
#include "../common.h"
#include "files.h"

static seL4_CPtr server;

/* A request of `words` words; ends the program if it is refused. */
static seL4_Word ask(seL4_Word label, seL4_Word words)
{
    seL4_MessageInfo_t answer =
        seL4_Call(server, seL4_MessageInfo_new(label, 0, 0, words));
    seL4_Word error = seL4_MessageInfo_get_label(answer);

    if (error != 0) {
        printf("%s\n", strerror((int)error));
        exit(0);
    }
    return seL4_GetMR(0);
}

static seL4_Word file_open(const char *name, seL4_Word flags)
{
    seL4_SetMR(0, flags);
    return ask(FILE_OPEN, text_put(1, name));
}

static seL4_Word file_read(seL4_Word handle, char *buffer)
{
    seL4_Word count;

    seL4_SetMR(0, handle);
    seL4_SetMR(1, FILE_CHUNK);
    count = ask(FILE_READ, FILE_HEADER);
    memcpy(buffer, file_bytes(), count);
    return count;
}

static void file_write(seL4_Word handle, const char *bytes, seL4_Word count)
{
    while (count > 0) {
        seL4_Word chunk = count < FILE_CHUNK ? count : FILE_CHUNK;

        seL4_SetMR(0, handle);
        seL4_SetMR(1, chunk);
        memcpy(file_bytes(), bytes, chunk);
        chunk = ask(FILE_WRITE, file_words(chunk));
        bytes += chunk;
        count -= chunk;
    }
}

static void file_close(seL4_Word handle)
{
    seL4_SetMR(0, handle);
    ask(FILE_CLOSE, 1);
}

static void put(const char *name, const char *text)
{
    seL4_Word handle = file_open(name, FILE_FOR_WRITING);

    file_write(handle, text, strlen(text));
    file_close(handle);
    printf("wrote %zu bytes\n", strlen(text));
}

static void get(const char *name)
{
    seL4_Word handle = file_open(name, FILE_FOR_READING);
    char buffer[FILE_CHUNK];
    seL4_Word count;

    while ((count = file_read(handle, buffer)) > 0)
        fwrite(buffer, 1, count, stdout);
    putchar('\n');
    file_close(handle);
}

int main(int argc, char **argv)
{
    char buffer[FILE_CHUNK];

    server = capability("files");
    if (argc == 4 && strcmp(argv[1], "put") == 0)
        put(argv[2], argv[3]);
    else if (argc == 3 && strcmp(argv[1], "get") == 0)
        get(argv[2]);
    else if (argc == 3 && strcmp(argv[1], "peek") == 0)
        file_read(strtoul(argv[2], NULL, 0), buffer);
    else
        return 2;
    return 0;
}
