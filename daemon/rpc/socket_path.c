/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/socket_path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/compiler.h"

static struct status cannot_listen(const char *path, int error)
{
	return status_fail(STATUS_UNAVAILABLE, "CANNOT_LISTEN", "cannot listen on %s: %s", path,
		strerror(error));
}

static void close_descriptor(int *descriptor)
{
	if (*descriptor >= 0)
		close(*descriptor);
}

static struct status take_lock(const char *path, int *lock)
{
	char lock_path[PATH_MAX];
	CLEANUP(close_descriptor) int descriptor = -1;

	snprintf(lock_path, sizeof(lock_path), "%s.lock", path);
	descriptor = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (descriptor < 0)
		return cannot_listen(lock_path, errno);
	if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK)
			return cannot_listen(lock_path, errno);
		return status_fail(STATUS_FAILED_PRECONDITION, "SOCKET_IN_USE",
			"another daemon already listens on %s", path);
	}
	*lock = descriptor;
	descriptor = -1;
	return OK;
}

/* A stale socket may be replaced; whatever else is there belongs to someone. */
static struct status check_free(const char *path)
{
	struct stat stat;

	if (lstat(path, &stat) != 0)
		return errno == ENOENT ? OK : cannot_listen(path, errno);
	if (!S_ISSOCK(stat.st_mode))
		return status_fail(STATUS_FAILED_PRECONDITION, "SOCKET_PATH_TAKEN",
			"%s is there and is not a socket; remove it or choose another path", path);
	return OK;
}

struct status socket_path_lock(struct socket_path *socket_path, const char *path)
{
	struct socket_path locked = { .lock = -1 };

	TRY(take_lock(path, &locked.lock));
	*socket_path = locked;
	return OK;
}

struct status socket_path_claim(struct socket_path *socket_path, const char *path)
{
	struct socket_path claimed = { .lock = -1 };
	int length = snprintf(
		claimed.temporary, sizeof(claimed.temporary), "%s.%d", path, (int)getpid());

	if (*path == '\0' || (size_t)length >= sizeof(claimed.temporary))
		return status_fail(STATUS_INVALID_ARGUMENT, "ADDRESS_MALFORMED",
			"\"%s\" is no path for a socket: it may have 1 to %zu characters", path,
			sizeof(claimed.temporary) - sizeof(".4194304"));
	memcpy(claimed.path, path, strlen(path) + 1);
	TRY(check_free(claimed.path));
	TRY(check_free(claimed.temporary));
	TRY(take_lock(path, &claimed.lock));
	/* From a daemon that was killed between making and publishing it, and had our pid. */
	unlink(claimed.temporary);
	*socket_path = claimed;
	return OK;
}

struct status socket_path_publish(struct socket_path *socket_path)
{
	if (rename(socket_path->temporary, socket_path->path) != 0 ||
		lstat(socket_path->path, &socket_path->published) != 0)
		return cannot_listen(socket_path->path, errno);
	return OK;
}

void socket_path_withdraw(struct socket_path *socket_path)
{
	struct stat now;

	if (lstat(socket_path->path, &now) == 0 && S_ISSOCK(now.st_mode) &&
		now.st_dev == socket_path->published.st_dev &&
		now.st_ino == socket_path->published.st_ino)
		unlink(socket_path->path);
}

void socket_path_unlock(struct socket_path *socket_path)
{
	close_descriptor(&socket_path->lock);
	socket_path->lock = -1;
}
