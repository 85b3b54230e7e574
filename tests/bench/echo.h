/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stddef.h>

/*
 * A process that answers every request at once with as many bytes as it was told, on the daemon's
 * own framing: what a call costs that does nothing. It ends with its parent. Forked before this
 * process uses nng, which does not survive a fork; serves when it is told to.
 */
struct echo {
	int channel;
	char path[108];
};
void echo_fork(struct echo *echo);
/* Listens at echo->path, which the caller has set, and answers with `reply_bytes`. Returns when it
 * listens. */
void echo_serve(struct echo *echo, size_t reply_bytes);
