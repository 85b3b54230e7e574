/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>

#include "base/status.h"

/*
 * Argon2id with 64 MiB and 3 passes over it (RFC 9106 4, second recommended option, one lane as
 * libsodium has it). About 100 ms of one core each: only the crypto pool calls these.
 */
enum { PASSWORD_HASH_BYTES = 128, PASSWORD_MIN = 10, PASSWORD_MAX = 200 /* characters */ };

/*   RESOURCE_EXHAUSTED OUT_OF_MEMORY  the 64 MiB were not to be had */
MUST_USE struct status password_hash(const char *password, char hash[PASSWORD_HASH_BYTES]);
/* Takes as long for a wrong password as for a right one. An empty `hash` stands for "no such
 * account": a dummy is hashed and the answer is false (SPEC rule 41). */
bool password_verify(const char *password, const char *hash);

/*   INVALID_ARGUMENT PASSWORD_TOO_SHORT, PASSWORD_TOO_LONG, INVALID_TEXT (not UTF-8, or a NUL)
 *   INVALID_ARGUMENT PASSWORD_TOO_COMMON  equal to the address, or one repeated character */
MUST_USE struct status password_check(const char *field, const char *password, const char *email);

/* Makes hashing cheap, for tests of everything but hashing. Before threads start. */
void password_use_cheap_parameters_for_tests(void);
