/* SPDX-License-Identifier: Apache-2.0 */
#include <err.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "bench.h"

/* BatchCheck: how many checks a core's second is worth, and beside it what an echo of messages of
 * the same sizes costs. */

enum about {
	ONE_USER, /* one user, a shelf of documents: what a page of search results asks */
	ANYBODY,  /* different users of different organizations */
};

struct shape {
	enum about about;
	const char *words;
	unsigned checks;
	struct request *request;
	struct table_row *row;
};

static struct shape shapes[] = {
	{ ONE_USER, "one user, many documents", 100, NULL, NULL },
	{ ONE_USER, "one user, many documents", 1000, NULL, NULL },
	{ ANYBODY, "many users, each another document", 100, NULL, NULL },
	{ ANYBODY, "many users, each another document", 1000, NULL, NULL },
};

enum { PER_CORE, PER_CHECK, RATE, P50, ECHO_CPU };
static const struct column columns[] = {
	[PER_CORE] = { "checks_per_core_second", "checks/s of one core", 0, true },
	[PER_CHECK] = { "cpu_us", "server CPU a check, us", 3, false },
	[RATE] = { "checks_per_second", "checks/s", 0, false },
	[P50] = { "p50_us", "p50 of a batch, us", 0, false },
	[ECHO_CPU] = { "echo_cpu_us", "echo's CPU a check, us", 3, false },
};

static struct request_pair pair_of(const struct data *data, const struct shape *shape, size_t n)
{
	size_t member = n % data->count[DATA_MEMBER];

	switch (shape->about) {
	case ONE_USER:
		return (struct request_pair){ DATA_MEMBER, DATA_SHELF_DOCUMENT, 0, n };
	case ANYBODY:
		member = n * 2147483647U % data->count[DATA_MEMBER];
		break;
	}
	return (struct request_pair){ DATA_MEMBER, DATA_DOCUMENT, member,
		member / data->members_each };
}

static struct request *request_of(struct bench *bench, const struct shape *shape)
{
	struct request_pair *pairs = calloc(shape->checks, sizeof(*pairs));
	struct request *request;

	if (!pairs)
		err(1, "a batch");
	for (size_t i = 0; i < shape->checks; i++)
		pairs[i] = pair_of(&bench->data, shape, i);
	request = request_batch_check(&bench->crew, &bench->data, pairs, shape->checks);
	free(pairs);
	return request;
}

static void measure_once(struct bench *bench, struct shape *shape)
{
	static struct side orgd, echo;
	struct load load = { .outstanding = 4,
		.requests = shape->request,
		.request_count = 1,
		.duration_us = bench->turns.each_us };

	orgd = echo = (struct side){ 0 };
	for (int turn = 0; turn < bench->turns.count; turn++) {
		load.target = bench->daemon.local;
		side_run(bench, &orgd, bench->daemon.pid, &load, 1);
		load.target = bench->echo.local;
		*bench->echo.reply_bytes = orgd.load.reply_bytes;
		side_run(bench, &echo, bench->echo.pid, &load, 1);
	}
	table_note(shape->row, PER_CORE, shape->checks * US_PER_SECOND / side_cpu_us(&orgd));
	table_note(shape->row, PER_CHECK, side_cpu_us(&orgd) / shape->checks);
	table_note(shape->row, RATE, shape->checks * load_per_second(&orgd.load));
	table_note(shape->row, P50, histogram_us(&orgd.load.latency[REQUEST_READ], 500));
	table_note(shape->row, ECHO_CPU, side_cpu_us(&echo) / shape->checks);
}

void measure_batch(struct bench *bench)
{
	struct table *table = table_new(
		"batch", "BatchCheck, over ipc with 4 outstanding", columns, COUNT_OF(columns));

	for (size_t i = 0; i < COUNT_OF(shapes); i++) {
		struct shape *shape = &shapes[i];

		shape->request = request_of(bench, shape);
		shape->row = table_row(table, "%u checks, %s", shape->checks, shape->words);
		table_aim(shape->row, ">= 1,000,000");
	}
	for (int round = 0; round < bench->rounds; round++)
		for (size_t i = 0; i < COUNT_OF(shapes); i++)
			measure_once(bench, &shapes[i]);
}
