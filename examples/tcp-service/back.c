/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The back end: a small store of keys and values. It has no file, no socket
 * and no other capability than the endpoint that it serves.
 */
#include "../common.h"
#include "store.h"

#define ENTRIES 64
#define TEXT 64

static struct {
    char key[TEXT];
    char value[TEXT];
} entry[ENTRIES];

/* The entry of a key, or the first free one; ENTRIES if there is neither. */
static int find(const char *key)
{
    int free = ENTRIES;

    for (int i = ENTRIES - 1; i >= 0; i--) {
        if (strcmp(entry[i].key, key) == 0)
            return i;
        if (entry[i].key[0] == '\0')
            free = i;
    }
    return free;
}

/* Answer with text. */
static seL4_MessageInfo_t answer(seL4_Word label, const char *text)
{
    return seL4_MessageInfo_new(label, 0, 0, text_put(0, text));
}

static seL4_MessageInfo_t get(const char *key)
{
    int i = find(key);

    if (*key == '\0' || i == ENTRIES || entry[i].key[0] == '\0')
        return answer(STORE_MISSING, "");
    return answer(STORE_OK, entry[i].value);
}

static seL4_MessageInfo_t put(const char *text)
{
    char key[TEXT], value[TEXT];
    int i;

    if (sscanf(text, "%63s %63s", key, value) != 2)
        return answer(STORE_UNKNOWN, "");
    i = find(key);
    if (i == ENTRIES)
        return answer(STORE_FULL, "");
    strcpy(entry[i].key, key);
    strcpy(entry[i].value, value);
    return answer(STORE_OK, value);
}

static seL4_MessageInfo_t serve(seL4_MessageInfo_t message)
{
    const char *text = text_get(0, seL4_MessageInfo_get_length(message));

    switch (seL4_MessageInfo_get_label(message)) {
    case STORE_GET:
        return get(text);
    case STORE_PUT:
        return put(text);
    default:
        return answer(STORE_UNKNOWN, "");
    }
}

int main(void)
{
    seL4_CPtr endpoint = capability("endpoint");
    seL4_MessageInfo_t message = seL4_Recv(endpoint, NULL);

    for (;;)
        message = seL4_ReplyRecv(endpoint, serve(message), NULL);
}
