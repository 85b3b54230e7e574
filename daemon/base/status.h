/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/*
 * How every function that can fail answers: gRPC's code by value and, when it is not OK, the
 * failure that explains it. Sixteen bytes, so an OK costs two registers.
 */

/* gRPC's numbers. */
enum status_code {
	STATUS_OK = 0,
	STATUS_CANCELLED = 1,
	STATUS_UNKNOWN = 2,
	STATUS_INVALID_ARGUMENT = 3,    /* the request can never be right, whatever the state */
	STATUS_DEADLINE_EXCEEDED = 4,   /* the caller's time was over before the work began */
	STATUS_NOT_FOUND = 5,           /* the thing is not there, and the caller may know it */
	STATUS_ALREADY_EXISTS = 6,      /* what should be made is there */
	STATUS_PERMISSION_DENIED = 7,   /* the caller may not, whether or not the thing exists */
	STATUS_RESOURCE_EXHAUSTED = 8,  /* a cap or a rate limit */
	STATUS_FAILED_PRECONDITION = 9, /* the state forbids it; change the state first */
	STATUS_ABORTED = 10,            /* someone else was faster; read again and retry */
	STATUS_OUT_OF_RANGE = 11,
	STATUS_UNIMPLEMENTED = 12, /* no such method */
	STATUS_INTERNAL = 13,      /* our bug or environment: logged, answered with the call id */
	STATUS_UNAVAILABLE = 14,   /* try again later, unchanged */
	STATUS_DATA_LOSS = 15,
	STATUS_UNAUTHENTICATED = 16, /* no valid credential */
};

enum {
	FAILURE_MESSAGE_MAX = 512, /* bytes with the NUL; always whole characters */
	FAILURE_FIELD_MAX = 96,
	FAILURE_METADATA_MAX = 4, /* pairs */
};

/*
 * Why something failed. `reason` is a machine's word (UPPER_SNAKE_CASE, a string constant),
 * `message` a sentence for people that names the thing and the next step. The rest becomes
 * google.rpc error details.
 */
struct failure {
	enum status_code code;
	const char *reason;
	char message[FAILURE_MESSAGE_MAX];
	char field[FAILURE_FIELD_MAX];  /* BadRequest: the path of the field; empty for none */
	char help[FAILURE_MESSAGE_MAX]; /* Help: a link or an address to turn to; empty for none */
	int64_t retry_after_ms;         /* RetryInfo: 0 for none */
	size_t metadata_count;          /* ErrorInfo.metadata */
	struct {
		const char *key; /* a string constant */
		char value[64];
	} metadata[FAILURE_METADATA_MAX];
};

struct status {
	enum status_code code;
	struct failure *failure; /* NULL when code is STATUS_OK, never otherwise */
};

#define OK ((struct status){ STATUS_OK, NULL })

/* Returns early when `expression` is not OK. Legal while every resource is arena- or
 * CLEANUP()-owned. */
#define TRY(expression)                                                                            \
	do {                                                                                       \
		struct status try_status_ = (expression);                                          \
		if (UNLIKELY(try_status_.code != STATUS_OK))                                       \
			return try_status_;                                                        \
	} while (0)

/*
 * Makes a failed status; `code` is not STATUS_OK. The failure lives in the calling thread and stays
 * readable until that thread has made STATUS_KEPT - 1 more; whoever hands one to another thread
 * copies the struct.
 */
enum { STATUS_KEPT = 8 };
MUST_USE struct status status_fail(
	enum status_code code, const char *reason, const char *format, ...) PRINTF_LIKE(3, 4);

/* INVALID_ARGUMENT about one field of the request, with a BadRequest detail that names it. */
MUST_USE struct status status_invalid(
	const char *field, const char *reason, const char *format, ...) PRINTF_LIKE(3, 4);

/* INTERNAL: `format` is for the log alone. */
MUST_USE struct status status_internal(const char *format, ...) PRINTF_LIKE(1, 2);

/* Each adds a detail to a failed status and returns it. Metadata past FAILURE_METADATA_MAX is an
 * own bug. */
MUST_USE struct status status_with_help(struct status status, const char *help);
MUST_USE struct status status_with_retry(struct status status, int64_t retry_after_ms);
MUST_USE struct status status_with_metadata(
	struct status status, const char *key, const char *value);

/* "FAILED_PRECONDITION" and so on. Any int, since a code may come from a peer: "CODE_42" never,
 * "UNKNOWN". */
const char *status_code_name(int code);
