/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <org_client.h>

#include "base/compiler.h"

/* How orgctl ends, for scripts. */
enum exit_code {
	EXIT_OK = 0,
	EXIT_OTHER = 1,
	EXIT_USAGE = 2, /* the command line or the request can never be right */
	EXIT_NOT_FOUND = 3,
	EXIT_UNAUTHENTICATED = 4, /* no session, or an expired one */
	EXIT_DENIED = 5,
	EXIT_CONFLICT = 6,    /* the state is against it */
	EXIT_UNAVAILABLE = 7, /* orgd does not answer; try again later */
	EXIT_PARTIAL = 8,     /* some of it was done, some refused */
	EXIT_DECLINED = 9,    /* not confirmed */
	EXIT_LIMIT = 10,      /* a cap or a rate limit */
};

enum exit_code exit_code_of(enum org_code code);
/* For people: "no such thing"; NULL for a number that is none. */
const char *exit_code_meaning(int code);

/*
 * There is one way out of a command that cannot go on: a sentence, what helps, and the code. What
 * comes from elsewhere is made safe for a terminal on the way.
 */

/* `hint` is NULL for none. */
__attribute__((noreturn)) void fail(enum exit_code code, const char *hint, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* What orgd or the way to it answered:
 *
 *	orgctl: error: sentence (CODE, REASON)
 *	field: organization.website
 *	hint: what helps
 *
 * What the sentence names already is not said again. `next` is what the reason calls for in
 * orgctl's own words, NULL for nothing. */
__attribute__((noreturn)) void fail_status(const struct org_status *status, const char *next);

/* A sentence beside the output, on stderr. */
void note(const char *format, ...) PRINTF_LIKE(1, 2);
