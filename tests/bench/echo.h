/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stddef.h>
#include <sys/types.h>

#include "crew.h"

/*
 * A process that answers every request at once with as many bytes as it is told, on the daemon's
 * own framing: what a call costs that does nothing. It ends with its parent.
 */
struct echo {
	pid_t pid;
	struct target local, tcp;
	size_t *reply_bytes; /* shared with it */
};

enum { ECHO_REPLY_BYTES_MAX = 64 * 1024 };

/* Forks it, before this process makes a thread, and listens at a socket in `directory`. */
void echo_start(struct echo *echo, struct crew *crew, const char *directory);
