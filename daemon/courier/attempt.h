/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdint.h>

/* How far an attempt to hand over a mail or a webhook came. What follows from it is for orgd to
 * decide. */
struct attempt {
	enum attempt_outcome {
		ATTEMPT_ACCEPTED,    /* the server took the message, or answered 2xx */
		ATTEMPT_REFUSED,     /* it answered with an error */
		ATTEMPT_UNREACHABLE, /* no answer: connection, TLS or time */
	} outcome;
	unsigned smtp_code;   /* 0 for none */
	unsigned http_status; /* 0 for none */
	uint32_t duration_ms;
	char text[1024]; /* the server's, or the transport's error */
};
