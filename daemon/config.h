/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "service/settings.h"

/*
 * What the operator decided: flags, the file and the credentials, read once at the start into one
 * struct that nothing changes afterwards. The file's language is libconfuse's; systemd/orgd.conf
 * says what each option means. Strings are never NULL and live as long as the process.
 */
enum config_action {
	CONFIG_RUN,
	CONFIG_CHECK,   /* --check-config: say what is wrong, or that nothing is */
	CONFIG_PRINT,   /* --print-config: every option as it is in effect, defaults included */
	CONFIG_RESTORE, /* --restore FILE */
	CONFIG_CHECK_DATABASE,  /* --check-database PATH; needs no file, like the next */
	CONFIG_BACKUP_DATABASE, /* --backup-database DIRECTORY */
};

struct config {
	enum config_action action;
	const char *maintained; /* what --restore and the two after it name; NULL without */
	const char *file;
	struct clock clock; /* --clock-offset-file */

	enum log_level log_level;
	const char *state_directory; /* holds the database */
	const char *master_key_path; /* empty: none is known */
	uint64_t map_bytes, disk_reserve_bytes;

	const char *ipc_path;    /* empty: no local socket */
	const char *tcp_address; /* empty: no TCP */
	bool tcp_anywhere;

	struct settings settings; /* what the services read */
	struct cfg_t *parsed;     /* private */
};

/* Reads flags and file. --help and --version print and exit 0; a misused flag prints a line and
 * exits 64 (EX_USAGE).
 *
 *   INVALID_ARGUMENT CONFIG_INVALID  "file:line: sentence" */
MUST_USE struct status config_load(struct config *config, int argc, const char **argv);

/* The file's language again, in effect, to standard output. It holds no secret: the master key is
 * named by its path alone. */
void config_print(const struct config *config);
