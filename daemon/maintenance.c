/* SPDX-License-Identifier: Apache-2.0 */
#include "maintenance.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "secret/entropy.h"
#include "service/helper_line.h"
#include "service/integrity.h"
#include "store/backup.h"

enum { FINDINGS_MAX = 100 /* that are told; all are counted */, NUMBER_BYTES = 21 };

/* Tells the failure, and what to end with. */
static int failed(struct status status)
{
	char code[NUMBER_BYTES];

	snprintf(code, sizeof(code), "%d", status.code);
	helper_line_print(&(struct helper_line){
		{ "failed", code, status.failure->reason, status.failure->message } });
	return status.code == STATUS_DATA_LOSS ? EX_DATAERR : EX_UNAVAILABLE;
}

static const char *number(uint64_t value, char text[NUMBER_BYTES])
{
	snprintf(text, NUMBER_BYTES, "%" PRIu64, value);
	return text;
}

/* What root makes in a directory of the daemon's, were it LMDB's lock file, the daemon could not
 * open. What is not there or is no directory is for who opens it to judge. */
MUST_USE static struct status check_owner(const char *directory)
{
	struct stat state;

	if (stat(directory, &state) || !S_ISDIR(state.st_mode) || state.st_uid == geteuid())
		return OK;
	return status_fail(STATUS_FAILED_PRECONDITION, "STATE_DIRECTORY",
		"%s belongs to uid %u: run this as that user, as with \"runuser -u orgd -- orgd "
		"...\"",
		directory, (unsigned)state.st_uid);
}

/* --- check --- */

static void tell_table(void *context, const char *table)
{
	(void)context;
	helper_line_print(&(struct helper_line){ { "table", table } });
}

static void tell_finding(void *context, const struct integrity_finding *finding)
{
	unsigned *told = context;

	if (++*told <= FINDINGS_MAX)
		helper_line_print(&(struct helper_line){
			{ "finding", finding->table, finding->key, finding->sentence } });
}

MUST_USE static struct status check(const char *path, const struct integrity_listener *listener,
	struct integrity_report *report)
{
	struct store *store;
	struct status status;

	TRY(check_owner(path));
	entropy_start();
	TRY(store_open_to_read(path, &store));
	status = integrity_check(store, listener, report);
	store_close(store);
	return status;
}

int maintenance_check(const char *database)
{
	unsigned told = 0;
	struct integrity_report report;
	char rows[NUMBER_BYTES], tables[NUMBER_BYTES], findings[NUMBER_BYTES];
	struct status status = check(
		database, &(struct integrity_listener){ tell_table, tell_finding, &told }, &report);

	if (status.code)
		return failed(status);
	helper_line_print(&(struct helper_line){ { "checked", number(report.rows, rows),
		number(report.tables, tables), number(report.findings, findings) } });
	return report.findings ? EX_DATAERR : EX_OK;
}

/* --- backup --- */

int maintenance_backup(const char *database)
{
	char bytes[NUMBER_BYTES], epoch[NUMBER_BYTES], revision[NUMBER_BYTES];
	struct backup backup;
	struct status status = check_owner(database);

	if (!status.code)
		status = backup_make(database, &backup);
	if (status.code)
		return failed(status);
	helper_line_print(
		&(struct helper_line){ { "backup", backup.name, number(backup.bytes, bytes),
			number(backup.epoch, epoch), number(backup.revision, revision) } });
	return EX_OK;
}

/* --- restore --- */

static void warn_of_finding(void *context, const struct integrity_finding *finding)
{
	unsigned *told = context;

	if (++*told <= FINDINGS_MAX)
		log_warning("%s %s: %s", finding->table, finding->key, finding->sentence);
}

/* A backup with flaws may be the best there is: they are told, and the restore goes on. */
int maintenance_restore(const struct config *config)
{
	static char directory[4096];
	unsigned told = 0;
	struct integrity_report report;
	struct restored restored;
	struct status status;

	snprintf(directory, sizeof(directory), "%s/db", config->state_directory);
	status = check_owner(config->state_directory);
	if (!status.code)
		status = check(config->maintained,
			&(struct integrity_listener){ .found = warn_of_finding, .context = &told },
			&report);
	if (!status.code)
		status = backup_restore(config->maintained, directory, &config->clock, &restored);
	if (status.code) {
		log_error("%s (%s)", status.failure->message, status.failure->reason);
		return status.code == STATUS_DATA_LOSS ? EX_DATAERR : EX_UNAVAILABLE;
	}
	if (report.findings)
		log_warning("%" PRIu64 " findings in %s; the restored database has them too",
			report.findings, config->maintained);
	if (*restored.kept)
		log_info("what was there is kept as %s/%s", directory, restored.kept);
	log_info("restored %s: epoch %" PRIu64 " begins at revision %" PRIu64, config->maintained,
		restored.epoch, restored.revision);
	return EX_OK;
}
