/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "bench.h"

/* The same checks on more and more members, all daemons up at once and asked in turns. */

enum { MEMBERS_EACH = 50, GROWTH_CHECKS = 64 * 1024 };

struct stage {
	size_t members;
	struct data data;
	struct daemon daemon;
	struct request *requests;
	size_t request_count;
	struct table_row *row;
};

static struct stage stages[] = {
	{ .members = 10 * 1000 },
	{ .members = 1000 * 1000 },
	{ .members = 10 * 1000 * 1000 },
};

enum { P50, P50_RATIO, CPU, RATE, LOADED, FILE_BYTES, MEMORY, START, DRAIN };
static const struct column columns[] = {
	[P50] = { "p50_us", "check p50, us", 1, false },
	[P50_RATIO] = { "p50_ratio", "/ at 10 thousand", 2, true },
	[CPU] = { "cpu_us", "server CPU, us", 2, true },
	[RATE] = { "per_second", "checks/s, 64 outstanding", 0, false },
	[LOADED] = { "loaded_per_second", "members loaded/s", 0, false },
	[FILE_BYTES] = { "file_bytes", "file bytes a member", 0, false },
	[MEMORY] = { "memory_mib", "memory, MiB", 1, false },
	[START] = { "start_ms", "start, ms", 0, true },
	[DRAIN] = { "drain_ms", "drain, ms", 0, true },
};

static void open_stage(struct bench *bench, struct table *table, struct stage *stage)
{
	char database[sizeof(stage->daemon.directory) + 8];
	int64_t filled_us;

	data_init(&stage->data, stage->members / MEMBERS_EACH, MEMBERS_EACH, 0);
	daemon_prepare(&stage->daemon, bench->directory);
	snprintf(database, sizeof(database), "%s/db", stage->daemon.directory);
	filled_us = data_fill(&stage->data, database);
	stage->row = table_row(table, "%zu members", stage->members);
	if (stage != &stages[0])
		table_aim(stage->row, "p50 <= 2, start <= 200 ms");
	table_note(stage->row, LOADED, (double)stage->members * US_PER_SECOND / (double)filled_us);
	stage->request_count =
		stage->members < GROWTH_CHECKS ? stage->members : (size_t)GROWTH_CHECKS;
	stage->requests = request_checks(&bench->crew, &stage->data, stage->request_count);
}

static void run_stage(
	struct bench *bench, struct stage *stage, unsigned outstanding, struct side *side)
{
	struct load load = { .target = stage->daemon.local,
		.outstanding = outstanding,
		.requests = stage->requests,
		.request_count = stage->request_count,
		.duration_us = bench->turns.each_us };

	side_run(bench, side, stage->daemon.pid, &load, 1);
}

/* Asks everything once, so that the pages are there that a daemon of some age has mapped. */
static void warm_up(struct bench *bench, struct stage *stage)
{
	static struct side unmeasured;
	struct load load = { .target = stage->daemon.local,
		.outstanding = LOAD_PER_CONNECTION,
		.requests = stage->requests,
		.request_count = stage->request_count,
		.once = true,
		.duration_us = US_PER_MINUTE };

	side_run(bench, &unmeasured, stage->daemon.pid, &load, 1);
}

static void ask_all(struct bench *bench, size_t count)
{
	static struct side one[COUNT_OF(stages)], many[COUNT_OF(stages)];
	double least = 0;

	for (size_t i = 0; i < count; i++)
		one[i] = many[i] = (struct side){ 0 };
	for (int turn = 0; turn < bench->turns.count; turn++)
		for (size_t i = 0; i < count; i++) {
			run_stage(bench, &stages[i], 1, &one[i]);
			run_stage(bench, &stages[i], LOAD_PER_CONNECTION, &many[i]);
		}
	for (size_t i = 0; i < count; i++) {
		struct table_row *row = stages[i].row;
		double p50 = histogram_us(&one[i].load.latency[REQUEST_READ], 500);

		least = i ? least : p50;
		table_note(row, P50, p50);
		table_note(row, P50_RATIO, p50 / least);
		table_note(row, CPU, side_cpu_us(&many[i]));
		table_note(row, RATE, load_per_second(&many[i].load));
	}
}

static void start(struct bench *bench, struct stage *stage)
{
	int64_t start_us = daemon_start(&stage->daemon, bench->executable);

	table_note(stage->row, START, (double)start_us / US_PER_MS);
}

static void stop(struct stage *stage)
{
	table_note(stage->row, DRAIN, (double)daemon_stop(&stage->daemon) / US_PER_MS);
}

static void note_sizes(struct stage *stage)
{
	struct daemon_status status = daemon_status(&stage->daemon);

	table_note(stage->row, FILE_BYTES, (double)status.file_bytes / (double)stage->members);
	table_note(stage->row, MEMORY, (double)process_memory_bytes(stage->daemon.pid) / (1 << 20));
}

void measure_growth(struct bench *bench)
{
	struct table *table =
		table_new("growth", "More and more members, 50 to an organization, over ipc",
			columns, COUNT_OF(columns));
	size_t count = bench->smoke ? 1 : bench->lengthy ? COUNT_OF(stages) : 2;

	for (size_t i = 0; i < count; i++)
		open_stage(bench, table, &stages[i]);
	for (size_t i = 0; i < count; i++) {
		start(bench, &stages[i]);
		warm_up(bench, &stages[i]);
	}
	for (int round = 0; round < bench->rounds; round++)
		ask_all(bench, count);
	for (size_t i = 0; i < count; i++) {
		note_sizes(&stages[i]);
		stop(&stages[i]);
		for (int round = 1; round < bench->rounds; round++) {
			start(bench, &stages[i]);
			stop(&stages[i]);
		}
		directory_remove(stages[i].daemon.directory);
	}
	table_remark(table,
		"Loaded in the process, by the store: a user, a membership and their indexes each, "
		"without events. Memory is beyond the page cache. Start is from exec to the line "
		"in "
		"the log that it serves, drain from SIGTERM to the end of a process with nothing "
		"under way.");
}
