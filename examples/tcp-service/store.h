/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the front end asks of the store: the label says what, the words hold
 * text. GET and PUT are answered with STORE_OK and text, or STORE_MISSING.
 */
#ifndef EXAMPLES_TCP_SERVICE_STORE_H
#define EXAMPLES_TCP_SERVICE_STORE_H

enum store_label {
    STORE_GET = 1, /* key */
    STORE_PUT,     /* "key value" */
    STORE_OK,
    STORE_MISSING,
    STORE_FULL,
    STORE_UNKNOWN,
};

#endif
