/* SPDX-License-Identifier: Apache-2.0 */
#include <err.h>
#include <stdio.h>
#include <unistd.h>

#include "bare.h"
#include "base/clock.h"
#include "base/compiler.h"
#include "bench.h"

/* A member more ÷ bare LMDB committing rows of the same sizes, as many to a commit.
 * AcceptInvitation is the mutation that adds one and does no more: three rows of the membership,
 * the organization and the user with their counts, the finished invitation without its places among
 * the pending ones, two events with their places in the order, the person's key, the reply for a
 * replay. */

enum { SAMPLINGS_MAX = 5 };

struct shape {
	unsigned outstanding;
	struct table_row *row;
};

static struct shape shapes[] = { { 1, NULL }, { 8, NULL }, { 64, NULL }, { 256, NULL } };

enum { RATE, BARE_RATE, RATIO, PER_COMMIT, COMMITS, BARE_COMMITS, P50, P50_RATIO, CPU, BARE_CPU };
static const struct column columns[] = {
	[RATE] = { "per_second", "accepts/s", 0, false },
	[BARE_RATE] = { "bare_per_second", "bare/s", 0, false },
	[RATIO] = { "ratio", "accept / bare", 2, true },
	[PER_COMMIT] = { "per_commit", "to an fsync", 1, false },
	[COMMITS] = { "commits_per_second", "commits/s", 0, false },
	[BARE_COMMITS] = { "bare_commits_per_second", "bare's", 0, false },
	[P50] = { "p50_us", "p50, us", 0, false },
	[P50_RATIO] = { "p50_ratio", "p50 / bare commit's", 2, true },
	[CPU] = { "cpu_us", "server CPU, us", 0, true },
	[BARE_CPU] = { "bare_cpu_us", "bare's", 0, false },
};

/* What both sides did in all turns of a round. */
struct tally {
	struct side orgd;
	struct bare_result bare;
	int64_t bare_cpu_us;
	uint64_t mutations, commits;
};

static void run_both(
	struct bench *bench, struct bare *bare, unsigned outstanding, struct tally *tally)
{
	struct daemon_status before = daemon_status(&bench->daemon), after;
	uint64_t mutations, commits, replies = tally->orgd.load.replies;
	struct load load = { .target = bench->daemon.local,
		.outstanding = outstanding,
		.duration_us = bench->write_turns.each_us };
	int64_t cpu_us;

	accepts_take(bench, &load);
	side_run(bench, &tally->orgd, bench->daemon.pid, &load, 1);
	replies = tally->orgd.load.replies - replies;
	accepts_used(bench, replies);
	after = daemon_status(&bench->daemon);
	mutations = after.mutations - before.mutations;
	commits = after.commits - before.commits;
	cpu_us = process_cpu_us(getpid());
	bare_run(bare, replies, (double)mutations / (double)commits, &tally->bare);
	tally->bare_cpu_us += process_cpu_us(getpid()) - cpu_us;
	tally->mutations += mutations;
	tally->commits += commits;
}

static double a_second(uint64_t count, int64_t elapsed_us)
{
	return (double)count * US_PER_SECOND / (double)elapsed_us;
}

/* The first turn, which finds a disk that has rested, does not count. */
static void compare_once(struct bench *bench, struct bare *bare, struct shape *shape)
{
	static struct tally tally;
	double bare_rate, rate, p50;

	tally = (struct tally){ 0 };
	run_both(bench, bare, shape->outstanding, &tally);
	tally = (struct tally){ 0 };
	for (int turn = 0; turn < bench->write_turns.count; turn++)
		run_both(bench, bare, shape->outstanding, &tally);
	rate = load_per_second(&tally.orgd.load);
	bare_rate = a_second(tally.bare.batches, tally.bare.elapsed_us);
	p50 = histogram_us(&tally.orgd.load.latency[REQUEST_WRITE], 500);
	table_note(shape->row, RATE, rate);
	table_note(shape->row, BARE_RATE, bare_rate);
	table_note(shape->row, RATIO, rate / bare_rate);
	table_note(shape->row, PER_COMMIT, (double)tally.mutations / (double)tally.commits);
	table_note(shape->row, COMMITS, a_second(tally.commits, tally.orgd.load.elapsed_us));
	table_note(shape->row, BARE_COMMITS, a_second(tally.bare.commits, tally.bare.elapsed_us));
	table_note(shape->row, P50, p50);
	/* With more outstanding, a call waits for the commit before its own. */
	if (shape->outstanding == 1)
		table_note(shape->row, P50_RATIO, p50 / histogram_us(&tally.bare.latency, 500));
	table_note(shape->row, CPU, side_cpu_us(&tally.orgd));
	table_note(shape->row, BARE_CPU, (double)tally.bare_cpu_us / (double)tally.bare.batches);
}

/* Accepts a few one by one, for the bare side to see what each wrote; 0 when something else was
 * written between. */
static int try_sampling(struct bench *bench, struct bare *bare)
{
	uint64_t revisions[BARE_SAMPLES];
	static struct side unmeasured;

	for (int i = 0; i < BARE_SAMPLES; i++) {
		struct load load = { .target = bench->daemon.local,
			.outstanding = 1,
			.duration_us = US_PER_SECOND };

		accepts_take(bench, &load);
		load.request_count = 1;
		load.once = true;
		side_run(bench, &unmeasured, bench->daemon.pid, &load, 1);
		accepts_used(bench, 1);
		revisions[i] = daemon_status(&bench->daemon).revision;
	}
	return bare_sample(bare, revisions);
}

static void open_bare(struct bench *bench, struct bare *bare)
{
	char database[sizeof(bench->daemon.directory) + 8], own[sizeof(database)];
	int tries = 0;

	snprintf(database, sizeof(database), "%s/db", bench->daemon.directory);
	snprintf(own, sizeof(own), "%s/bare", bench->daemon.directory);
	data_fill(&bench->data, own);
	bare_open(bare, database, own);
	while (!try_sampling(bench, bare))
		if (++tries == SAMPLINGS_MAX)
			errx(1, "the sampled batches differ");
}

void measure_write(struct bench *bench)
{
	struct table *table =
		table_new("write", "Durable mutation: an invitation is accepted, beside bare LMDB",
			columns, COUNT_OF(columns));
	static struct bare bare;
	struct daemon_status before, after;

	for (size_t i = 0; i < COUNT_OF(shapes); i++) {
		struct shape *shape = &shapes[i];

		shape->row = table_row(table, "%u outstanding", shape->outstanding);
		table_aim(shape->row, shape->outstanding == 1 ? ">= 0.80, p50 <= 1.25" : ">= 0.80");
	}
	open_bare(bench, &bare);
	before = daemon_status(&bench->daemon);
	for (int round = 0; round < bench->rounds; round++)
		for (size_t i = 0; i < COUNT_OF(shapes); i++)
			compare_once(bench, &bare, &shapes[i]);
	after = daemon_status(&bench->daemon);
	table_remark(table,
		"Each puts %zu rows of %zu bytes in all, keys included, and deletes %zu; the file "
		"grew by %.0f bytes for each.",
		bare.row_count - bare.delete_count, bare.batch_bytes, bare.delete_count,
		(double)(after.used_bytes - before.used_bytes) /
			(double)(after.mutations - before.mutations));
	bare_close(&bare);
}
