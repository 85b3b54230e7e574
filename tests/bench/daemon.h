/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdint.h>
#include <sys/types.h>

#include "load.h"

/* The real daemon, on a directory of its own with a database that is there already. */
struct daemon {
	pid_t pid;
	char directory[4096]; /* absolute; the database is in its "db" */
	struct target local, tcp;
};

/* Makes a directory inside `parent` with a configuration and the data's master key. */
void daemon_prepare(struct daemon *daemon, const char *parent);
/* Starts `executable` on it; returns how long it took until it served. It ends with this
 * process. */
int64_t daemon_start(struct daemon *daemon, const char *executable);
/* Ends it, which must go well; returns how long that took. */
int64_t daemon_stop(struct daemon *daemon);
/* Removes it with all that is in it. */
void directory_remove(const char *directory);

/* By the kernel's accounting: the time that all its threads ever ran, and its memory but for what
 * the page cache holds. */
int64_t process_cpu_us(pid_t pid);
int64_t process_memory_bytes(pid_t pid);
/* And the time that all cores together were busy since the machine began. */
int64_t machine_busy_us(void);

/* What GetStatus tells. */
struct daemon_status {
	uint64_t revision, mutations, commits, used_bytes, file_bytes;
};
struct daemon_status daemon_status(const struct daemon *daemon);
