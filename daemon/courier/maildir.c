/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/maildir.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/id.h"

static void file_close(FILE **file)
{
	if (*file)
		fclose(*file);
}

MUST_USE static struct status failed(const char *path)
{
	return status_fail(STATUS_INVALID_ARGUMENT, "CONFIG_INVALID", "maildir: %s: %s", path,
		strerror(errno));
}

struct status maildir_make(const char *directory)
{
	static const char *const parts[] = { "", "/tmp", "/new", "/cur" };
	char path[PATH_MAX];

	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		snprintf(path, sizeof(path), "%s%s", directory, parts[i]);
		if (mkdir(path, 0700) && errno != EEXIST)
			return failed(path);
	}
	return OK;
}

MUST_USE static struct status write_file(const char *path, ProtobufCBinaryData message)
{
	CLEANUP(file_close) FILE *file = fopen(path, "we");

	if (!file || fwrite(message.data, 1, message.len, file) != message.len || fflush(file) ||
		fsync(fileno(file)))
		return failed(path);
	return OK;
}

/* Whole or not at all: written in tmp, then moved to new. */
MUST_USE static struct status deliver(const char *directory, const queue_lease *lease)
{
	char written[PATH_MAX], delivered[PATH_MAX];

	if (!id_matches(ID_DELIVERY, lease->delivery_id))
		return status_internal("a delivery's id is malformed");
	snprintf(written, sizeof(written), "%s/tmp/%s", directory, lease->delivery_id);
	snprintf(delivered, sizeof(delivered), "%s/new/%s", directory, lease->delivery_id);
	TRY(write_file(written, lease->message));
	return rename(written, delivered) ? failed(delivered) : OK;
}

void maildir_send(const char *directory, const queue_lease *lease, struct attempt *attempt)
{
	struct status status = deliver(directory, lease);

	*attempt =
		(struct attempt){ .outcome = status.code ? ATTEMPT_UNREACHABLE : ATTEMPT_ACCEPTED };
	if (status.code)
		snprintf(attempt->text, sizeof(attempt->text), "%s", status.failure->message);
}
