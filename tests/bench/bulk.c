/* SPDX-License-Identifier: Apache-2.0 */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "bench.h"

/* A portal moves house: orgctl import of a file whose people stand by random ids, as in an export,
 * and orgctl export of what came of it; beside as many members that are loaded straight into the
 * store, in order, without events. */

enum {
	BULK_MEMBERS_EACH = 50,
	SMOKE_MEMBERS = 1000,
	BULK_MEMBERS = 100 * 1000,
	LONG_MEMBERS = 1000 * 1000,
	ID_DIGITS = 26,
};

enum { MEMBERS_RATE, MEMBERS_RATIO, RECORDS_RATE, BULK_CPU, BULK_FILE };
static const struct column columns[] = {
	[MEMBERS_RATE] = { "members_per_second", "members/s", 0, true },
	[MEMBERS_RATIO] = { "ratio", "/ the store", 2, true },
	[RECORDS_RATE] = { "records_per_second", "records/s", 0, false },
	[BULK_CPU] = { "cpu_us", "server CPU a record, us", 1, true },
	[BULK_FILE] = { "file_bytes", "file bytes a member", 0, false },
};

extern char **environ;

/* --- the file --- */

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	return *state ^= *state << 17;
}

struct bulk_user {
	char id[ID_DIGITS + 1];
	size_t number;
};

static void draw_id(uint64_t *state, char id[ID_DIGITS + 1])
{
	static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

	id[0] = digits[next_random(state) >> 61];
	for (int i = 1; i < ID_DIGITS; i++)
		id[i] = digits[next_random(state) >> 59];
	id[ID_DIGITS] = '\0';
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct bulk_user *)a)->id, ((const struct bulk_user *)b)->id);
}

static int by_number(const void *a, const void *b)
{
	size_t left = ((const struct bulk_user *)a)->number,
	       right = ((const struct bulk_user *)b)->number;

	return left < right ? -1 : left > right;
}

/* Users in the order of their ids; then organizations and their members in theirs. Returns how many
 * records there are. */
static size_t write_portal(const char *path, size_t members)
{
	size_t organizations = members / BULK_MEMBERS_EACH;
	struct bulk_user *users = calloc(members, sizeof(*users));
	uint64_t state = 1;
	FILE *file = fopen(path, "we");

	if (!users || !file)
		err(1, "%s", path);
	for (size_t i = 0; i < members; i++) {
		draw_id(&state, users[i].id);
		users[i].number = i;
	}
	qsort(users, members, sizeof(*users), by_id);
	for (size_t i = 0; i < members; i++)
		fprintf(file,
			"{\"user\":{\"id\":\"usr_%s\",\"email\":\"person-%zu@example.com\","
			"\"emailVerified\":true,\"displayName\":\"Person %zu\"}}\n",
			users[i].id, users[i].number, users[i].number);
	qsort(users, members, sizeof(*users), by_number);
	for (size_t i = 0; i < organizations; i++)
		fprintf(file,
			"{\"organization\":{\"id\":\"org_1%025zu\",\"handle\":\"organization-%zu\","
			"\"displayName\":\"Organization %zu\",\"verification\":"
			"\"VERIFICATION_STATE_VERIFIED\"},\"owners\":[{\"userId\":\"usr_%s\"}]}\n",
			i, i, i, users[i * BULK_MEMBERS_EACH].id);
	for (size_t i = 0; i < members; i++)
		if (i % BULK_MEMBERS_EACH)
			fprintf(file,
				"{\"member\":{\"organizationId\":\"org_1%025zu\",\"userId\":"
				"\"usr_%s\",\"role\":\"ROLE_MEMBER\"}}\n",
				i / BULK_MEMBERS_EACH, users[i].id);
	if (fclose(file))
		err(1, "%s", path);
	free(users);
	return 2 * members;
}

/* --- a round --- */

/* Runs orgctl to its end, which must be good; returns how long it took. */
static int64_t run_orgctl(
	const struct daemon *daemon, char *command, char *argument, const char *to)
{
	char url[sizeof(daemon->local.path) + 8];
	char program[] = ORGCTL, operator_[] = "--operator", flag[] = "--url";
	char *arguments[] = { program, operator_, flag, url, command, argument, NULL };
	posix_spawn_file_actions_t actions;
	int64_t begun_us = clock_monotonic_us();
	int status;
	pid_t pid;

	snprintf(url, sizeof(url), "ipc://%s", daemon->local.path);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(
		&actions, STDOUT_FILENO, to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (posix_spawn(&pid, program, &actions, NULL, arguments, environ) ||
		waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status))
		errx(1, "orgctl %s failed", command);
	posix_spawn_file_actions_destroy(&actions);
	return clock_monotonic_us() - begun_us;
}

struct bulk {
	size_t members, records;
	char file[4096], copy[4096];
	struct table_row *store, *import, *export;
};

static void note_rate(const struct bulk *bulk, struct table_row *row, int64_t elapsed_us)
{
	double rate = (double)bulk->members * US_PER_SECOND / (double)elapsed_us;

	table_note(row, MEMBERS_RATE, rate);
	table_note(row, MEMBERS_RATIO, rate / table_median(bulk->store, MEMBERS_RATE));
}

static void load_store(struct bench *bench, const struct bulk *bulk)
{
	char database[sizeof(((struct daemon *)0)->directory) + 8];
	struct daemon daemon;
	struct data data;

	data_init(&data, bulk->members / BULK_MEMBERS_EACH, BULK_MEMBERS_EACH, 0);
	daemon_prepare(&daemon, bench->directory);
	snprintf(database, sizeof(database), "%s/db", daemon.directory);
	note_rate(bulk, bulk->store, data_fill(&data, database));
	directory_remove(daemon.directory);
}

static void move_house(struct bench *bench, struct bulk *bulk)
{
	char import[] = "import", export[] = "export";
	struct daemon_status status;
	struct daemon daemon;
	int64_t elapsed_us, cpu_us;

	daemon_prepare(&daemon, bench->directory);
	daemon_start(&daemon, bench->executable);
	cpu_us = process_cpu_us(daemon.pid);
	elapsed_us = run_orgctl(&daemon, import, bulk->file, "/dev/null");
	cpu_us = process_cpu_us(daemon.pid) - cpu_us;
	status = daemon_status(&daemon);
	note_rate(bulk, bulk->import, elapsed_us);
	table_note(bulk->import, RECORDS_RATE,
		(double)bulk->records * US_PER_SECOND / (double)elapsed_us);
	table_note(bulk->import, BULK_CPU, (double)cpu_us / (double)bulk->records);
	table_note(bulk->import, BULK_FILE, (double)status.used_bytes / (double)bulk->members);

	cpu_us = process_cpu_us(daemon.pid);
	elapsed_us = run_orgctl(&daemon, export, NULL, bulk->copy);
	cpu_us = process_cpu_us(daemon.pid) - cpu_us;
	note_rate(bulk, bulk->export, elapsed_us);
	table_note(bulk->export, RECORDS_RATE,
		(double)bulk->records * US_PER_SECOND / (double)elapsed_us);
	table_note(bulk->export, BULK_CPU, (double)cpu_us / (double)bulk->records);
	daemon_stop(&daemon);
	directory_remove(daemon.directory);
}

void measure_bulk(struct bench *bench)
{
	struct bulk bulk = { .members = bench->smoke     ? SMOKE_MEMBERS
					: bench->lengthy ? LONG_MEMBERS
							 : BULK_MEMBERS };
	struct table *table =
		table_new("bulk", "Moving house: people, organizations and members by orgctl",
			columns, COUNT_OF(columns));

	snprintf(bulk.file, sizeof(bulk.file), "%.4000s/portal.jsonl", bench->directory);
	snprintf(bulk.copy, sizeof(bulk.copy), "%.4000s/export.jsonl", bench->directory);
	bulk.records = write_portal(bulk.file, bulk.members);
	bulk.store = table_row(table, "straight into the store");
	bulk.import = table_row(table, "orgctl import");
	bulk.export = table_row(table, "orgctl export");
	table_remark(table,
		"%zu members, each a person of their own: %zu records. Straight into the store "
		"they "
		"come in the order of all keys and without events.",
		bulk.members, bulk.records);
	for (int round = 0; round < bench->rounds; round++) {
		load_store(bench, &bulk);
		move_house(bench, &bulk);
	}
	unlink(bulk.file);
	unlink(bulk.copy);
}
