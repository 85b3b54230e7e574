/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdint.h>

#include "base/clock.h"
#include "base/status.h"

/*
 * Copies of a database and the way back. backup_make and backup_restore read every page, and a
 * damaged one may end the process: only processes of their own call them, never one that serves.
 */
enum { BACKUP_NAME_BYTES = 96 };

struct backup {
	char name[BACKUP_NAME_BYTES]; /* in the directory backup/ beside the database's */
	uint64_t bytes;               /* of the file */
	uint64_t epoch, revision;     /* of the state that it holds */
};

/* Makes a compact copy of the database in `directory` as it is at one revision: under a temporary
 * name, synced, moved to its place. A daemon may be writing meanwhile; what it frees is used again
 * only when the copy is done. Never replaces a file.
 *
 *   ABORTED             BACKUP_RUNNING  another process makes one
 *   RESOURCE_EXHAUSTED  STORAGE_FULL    the disk filled up
 *   and as store_open_to_read */
MUST_USE struct status backup_make(const char *directory, struct backup *backup);

/* Takes away what a killed process left of a copy of the database in `directory`.
 *
 *   ABORTED             BACKUP_RUNNING  another process makes one */
MUST_USE struct status backup_clear(const char *directory);

struct restored {
	uint64_t epoch, revision;
	char kept[BACKUP_NAME_BYTES]; /* what was there before, beside it; empty: nothing */
};

/* Puts a copy of `file` in the place of the database in `directory`, atomically and with a new
 * epoch, which is greater than that of the file and of what was there. What was there stays under a
 * name of its own: nothing is ever deleted.
 *
 *   FAILED_PRECONDITION STORE_IN_USE    a daemon uses the database
 *   and as store_open_to_read */
MUST_USE struct status backup_restore(const char *file, const char *directory,
	const struct clock *clock, struct restored *restored);
