/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How far an attempt to hand over a mail came. What follows from it is for orgd to decide. */
struct attempt {
	enum attempt_outcome {
		ATTEMPT_ACCEPTED,    /* the server took the message */
		ATTEMPT_REFUSED,     /* it answered with an error */
		ATTEMPT_UNREACHABLE, /* no answer: connection, TLS or time */
	} outcome;
	unsigned smtp_code; /* 0 for none */
	char text[1024];    /* the server's, or the transport's error */
};
