/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/compiler.h"
#include "bench.h"

/* Checks and accepts together: in one stream, and from clients of their own. */

enum { OUTSTANDING = 64 };

struct mix {
	unsigned writes_percent;
	struct table_row *row;
};

static struct mix mixes[] = { { 5, NULL }, { 20, NULL } };

enum { RATE, CHECKS_ALONE, ACCEPTS_ALONE, RATIO, P99_CHECK, P99_ACCEPT };
static const struct column mix_columns[] = {
	[RATE] = { "per_second", "calls/s", 0, false },
	[CHECKS_ALONE] = { "checks_alone", "checks/s alone", 0, false },
	[ACCEPTS_ALONE] = { "accepts_alone", "accepts/s alone", 0, false },
	[RATIO] = { "ratio", "mixed / one after the other", 2, true },
	[P99_CHECK] = { "check_p99_us", "p99 of a check, us", 0, false },
	[P99_ACCEPT] = { "accept_p99_us", "of an accept, us", 0, false },
};

static void run_checks(struct bench *bench, struct side *side)
{
	struct load load = { .target = bench->daemon.local,
		.outstanding = OUTSTANDING,
		.requests = bench->checks,
		.request_count = CHECKS,
		.duration_us = bench->write_turns.each_us };

	side_run(bench, side, bench->daemon.pid, &load, 1);
}

static void run_accepts(struct bench *bench, struct side *side)
{
	uint64_t used = side->load.replies;
	struct load load = { .target = bench->daemon.local,
		.outstanding = OUTSTANDING,
		.duration_us = bench->write_turns.each_us };

	accepts_take(bench, &load);
	side_run(bench, side, bench->daemon.pid, &load, 1);
	accepts_used(bench, side->load.replies - used);
}

/* Checks with an accept among each so many. */
static void run_mix(struct bench *bench, unsigned writes_percent, struct side *side)
{
	uint64_t used = side->load.of_kind[REQUEST_WRITE];
	char *mark = crew_mark(&bench->crew);
	unsigned every = 100 / writes_percent;
	struct load load = { .target = bench->daemon.local, .outstanding = OUTSTANDING };
	struct request *requests;
	size_t count;

	accepts_take(bench, &load);
	count = load.request_count * every;
	requests = crew_alloc(&bench->crew, count * sizeof(*requests));
	for (size_t i = 0; i < count; i++)
		requests[i] = i % every ? bench->checks[i % CHECKS] : load.requests[i / every];
	load.requests = requests;
	load.request_count = count;
	load.duration_us = bench->write_turns.each_us;
	side_run(bench, side, bench->daemon.pid, &load, 1);
	accepts_used(bench, side->load.of_kind[REQUEST_WRITE] - used);
	crew_release(&bench->crew, mark);
}

static void mix_once(struct bench *bench, struct mix *mix)
{
	static struct side checks, accepts, mixed;
	double writes = mix->writes_percent / 100.0, limit, rate;

	checks = accepts = mixed = (struct side){ 0 };
	for (int turn = 0; turn < bench->write_turns.count; turn++) {
		run_checks(bench, &checks);
		run_accepts(bench, &accepts);
		run_mix(bench, mix->writes_percent, &mixed);
	}
	rate = load_per_second(&mixed.load);
	limit = 1 / ((1 - writes) / load_per_second(&checks.load) +
			    writes / load_per_second(&accepts.load));
	table_note(mix->row, RATE, rate);
	table_note(mix->row, CHECKS_ALONE, load_per_second(&checks.load));
	table_note(mix->row, ACCEPTS_ALONE, load_per_second(&accepts.load));
	table_note(mix->row, RATIO, rate / limit);
	table_note(mix->row, P99_CHECK, histogram_us(&mixed.load.latency[REQUEST_READ], 990));
	table_note(mix->row, P99_ACCEPT, histogram_us(&mixed.load.latency[REQUEST_WRITE], 990));
}

/* --- readers beside writers --- */

struct beside {
	unsigned readers, writers; /* outstanding */
	struct table_row *row;
};

static struct beside besides[] = { { 1, 64, NULL }, { 8, 64, NULL }, { 8, 256, NULL } };

enum { ALONE_P50, BESIDE_P50, ALONE_P99, BESIDE_P99, P99_RATIO, READS, WRITES };
static const struct column beside_columns[] = {
	[ALONE_P50] = { "alone_p50_us", "p50 alone, us", 0, false },
	[BESIDE_P50] = { "beside_p50_us", "beside, us", 0, false },
	[ALONE_P99] = { "alone_p99_us", "p99 alone, us", 0, false },
	[BESIDE_P99] = { "beside_p99_us", "beside, us", 0, false },
	[P99_RATIO] = { "p99_ratio", "p99 beside / alone", 2, true },
	[READS] = { "reads_per_second", "checks/s beside", 0, false },
	[WRITES] = { "writes_per_second", "accepts/s", 0, false },
};

static void run_beside(
	struct bench *bench, const struct beside *beside, struct side *alone, struct side *together)
{
	uint64_t used = together->load.of_kind[REQUEST_WRITE];
	struct load loads[2] = { { .target = bench->daemon.local,
					 .outstanding = beside->readers,
					 .requests = bench->checks,
					 .request_count = CHECKS,
					 .duration_us = bench->write_turns.each_us },
		{ .target = bench->daemon.local,
			.outstanding = beside->writers,
			.duration_us = bench->write_turns.each_us } };

	side_run(bench, alone, bench->daemon.pid, loads, 1);
	accepts_take(bench, &loads[1]);
	side_run(bench, together, bench->daemon.pid, loads, 2);
	accepts_used(bench, together->load.of_kind[REQUEST_WRITE] - used);
}

static void beside_once(struct bench *bench, struct beside *beside)
{
	static struct side alone, together;
	const struct histogram *quiet = &alone.load.latency[REQUEST_READ];
	const struct histogram *busy = &together.load.latency[REQUEST_READ];
	double seconds;

	alone = together = (struct side){ 0 };
	for (int turn = 0; turn < bench->write_turns.count; turn++)
		run_beside(bench, beside, &alone, &together);
	seconds = (double)together.load.elapsed_us / US_PER_SECOND;
	table_note(beside->row, ALONE_P50, histogram_us(quiet, 500));
	table_note(beside->row, BESIDE_P50, histogram_us(busy, 500));
	table_note(beside->row, ALONE_P99, histogram_us(quiet, 990));
	table_note(beside->row, BESIDE_P99, histogram_us(busy, 990));
	table_note(beside->row, P99_RATIO, histogram_us(busy, 990) / histogram_us(quiet, 990));
	table_note(beside->row, READS, (double)together.load.of_kind[REQUEST_READ] / seconds);
	table_note(beside->row, WRITES, (double)together.load.of_kind[REQUEST_WRITE] / seconds);
}

void measure_mixed(struct bench *bench)
{
	struct table *mixed = table_new("mixed",
		"Checks and accepts in one stream, 64 outstanding, beside the time that the same "
		"calls take when each kind runs alone",
		mix_columns, COUNT_OF(mix_columns));
	struct table *readers = table_new("readers", "Checks while other clients write",
		beside_columns, COUNT_OF(beside_columns));

	for (size_t i = 0; i < COUNT_OF(mixes); i++)
		mixes[i].row = table_row(mixed, "%u checks to %u accepts",
			100 - mixes[i].writes_percent, mixes[i].writes_percent);
	for (size_t i = 0; i < COUNT_OF(besides); i++) {
		besides[i].row = table_row(readers, "%u checks beside %u accepts outstanding",
			besides[i].readers, besides[i].writers);
		table_aim(besides[i].row, "<= 2");
	}
	for (int round = 0; round < bench->rounds; round++) {
		for (size_t i = 0; i < COUNT_OF(mixes); i++)
			mix_once(bench, &mixes[i]);
		for (size_t i = 0; i < COUNT_OF(besides); i++)
			beside_once(bench, &besides[i]);
	}
}
