/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <sys/stat.h>
#include <sys/un.h>

#include "base/status.h"

/*
 * The local socket's place in the file system: one daemon at a time, told by a lock on the file
 * "<path>.lock" beside it, which stays when the daemon ends. A listener makes its socket at the
 * temporary path, and nobody finds it before it is published.
 *
 * One thread.
 */
struct socket_path {
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char temporary[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* "<path>.<pid>" */
	int lock;
	struct stat published; /* the socket, to know it again */
};

/* Locks `path` and makes both paths free to use.
 *
 *   INVALID_ARGUMENT    ADDRESS_MALFORMED  empty, or too long for a socket's address
 *   FAILED_PRECONDITION SOCKET_IN_USE      another daemon holds the lock
 *   FAILED_PRECONDITION SOCKET_PATH_TAKEN  one of the paths is there and no socket; it is left
 *                                          alone
 *   UNAVAILABLE         CANNOT_LISTEN      the file system refuses; the sentence says why */
MUST_USE struct status socket_path_claim(struct socket_path *socket_path, const char *path);

/* Locks `path` alone, where the socket is somebody else's to make and to remove.
 *
 *   INVALID_ARGUMENT, FAILED_PRECONDITION SOCKET_IN_USE, UNAVAILABLE  as above */
MUST_USE struct status socket_path_lock(struct socket_path *socket_path, const char *path);

/* Moves the socket from the temporary path to its place, over a stale one.
 *
 *   UNAVAILABLE CANNOT_LISTEN  the file system refuses; the sentence says why */
MUST_USE struct status socket_path_publish(struct socket_path *socket_path);

/* Removes the socket if it is still the one that was published. The lock stays until the process
 * ends, or: */
void socket_path_withdraw(struct socket_path *socket_path);
void socket_path_unlock(struct socket_path *socket_path);
