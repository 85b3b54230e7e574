/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/compiler.h"
#include "bench.h"

/* An access check ÷ an echo of messages of the same sizes on the same framing; and what a check
 * costs by how much there is to look at. */

enum transport { LOCAL, TCP };

struct shape {
	enum transport transport;
	unsigned processes, outstanding;
	struct table_row *row;
};

static struct shape shapes[] = {
	{ LOCAL, 1, 1, NULL },
	{ LOCAL, 1, 8, NULL },
	{ LOCAL, 1, 64, NULL },
	{ LOCAL, 1, 256, NULL },
	{ LOCAL, 8, 8, NULL },
	{ LOCAL, 8, 64, NULL },
	{ LOCAL, 8, 256, NULL },
	{ TCP, 1, 1, NULL },
	{ TCP, 1, 8, NULL },
	{ TCP, 1, 64, NULL },
	{ TCP, 1, 256, NULL },
	{ TCP, 8, 8, NULL },
	{ TCP, 8, 64, NULL },
	{ TCP, 8, 256, NULL },
};

enum { RATE, ECHO_RATE, RATIO, CPU, ECHO_CPU, P50, P50_RATIO, P99_RATIO };
static const struct column columns[] = {
	[RATE] = { "per_second", "checks/s", 0, false },
	[ECHO_RATE] = { "echo_per_second", "echoes/s", 0, false },
	[RATIO] = { "ratio", "check / echo", 2, true },
	[CPU] = { "cpu_us", "server CPU, us", 2, true },
	[ECHO_CPU] = { "echo_cpu_us", "echo's", 2, false },
	[P50] = { "p50_us", "p50, us", 0, false },
	[P50_RATIO] = { "p50_ratio", "p50 / echo's", 2, true },
	[P99_RATIO] = { "p99_ratio", "p99 / echo's", 2, true },
};

static void compare_once(struct bench *bench, struct shape *shape)
{
	static struct side orgd, echo;
	struct load load = { .outstanding = shape->outstanding,
		.requests = bench->checks,
		.request_count = CHECKS,
		.duration_us = bench->turns.each_us };
	const struct histogram *ours = &orgd.load.latency[REQUEST_READ];
	const struct histogram *its = &echo.load.latency[REQUEST_READ];

	orgd = echo = (struct side){ 0 };
	for (int turn = 0; turn < bench->turns.count; turn++) {
		load.target = shape->transport == TCP ? bench->daemon.tcp : bench->daemon.local;
		side_run_spread(bench, &orgd, bench->daemon.pid, &load, shape->processes);
		load.target = shape->transport == TCP ? bench->echo.tcp : bench->echo.local;
		*bench->echo.reply_bytes = orgd.load.reply_bytes;
		side_run_spread(bench, &echo, bench->echo.pid, &load, shape->processes);
	}
	table_note(shape->row, RATE, load_per_second(&orgd.load));
	table_note(shape->row, ECHO_RATE, load_per_second(&echo.load));
	table_note(shape->row, RATIO, load_per_second(&orgd.load) / load_per_second(&echo.load));
	table_note(shape->row, CPU, side_cpu_us(&orgd));
	table_note(shape->row, ECHO_CPU, side_cpu_us(&echo));
	table_note(shape->row, P50, histogram_us(ours, 500));
	table_note(shape->row, P50_RATIO, histogram_us(ours, 500) / histogram_us(its, 500));
	table_note(shape->row, P99_RATIO, histogram_us(ours, 990) / histogram_us(its, 990));
}

/* --- organizations and collections --- */

struct study {
	unsigned organizations, collections;
	struct request *request;
	struct table_row *row;
};

enum { LOOK_UPS, STUDY_CPU, LINE };
static const struct column study_columns[] = {
	[LOOK_UPS] = { "look_ups", "grants looked for", 0, false },
	[STUDY_CPU] = { "cpu_us", "server CPU, us", 2, true },
	[LINE] = { "line_us", "on a line, us", 2, false },
};

static double look_ups(const struct study *study)
{
	return study->organizations * (1.0 + study->collections);
}

static void study_once(struct bench *bench, struct study *study)
{
	static struct side side;
	struct load load = { .target = bench->daemon.local,
		.outstanding = 8,
		.requests = study->request,
		.request_count = 1,
		.duration_us = bench->turns.each_us };

	side = (struct side){ 0 };
	for (int turn = 0; turn < bench->turns.count; turn++)
		side_run(bench, &side, bench->daemon.pid, &load, 1);
	table_note(study->row, LOOK_UPS, look_ups(study));
	table_note(study->row, STUDY_CPU, side_cpu_us(&side));
}

/* The line of least relative squares through the medians. */
static void fit_line(struct table *table, struct study *studies, size_t count)
{
	double w = 0, wx = 0, wy = 0, wxx = 0, wxy = 0, slope, base, worst = 0;

	for (size_t i = 0; i < count; i++) {
		double x = look_ups(&studies[i]), y = table_median(studies[i].row, STUDY_CPU);
		double weight = 1 / (y * y);

		w += weight;
		wx += weight * x;
		wy += weight * y;
		wxx += weight * x * x;
		wxy += weight * x * y;
	}
	slope = (w * wxy - wx * wy) / (w * wxx - wx * wx);
	base = (wy - slope * wx) / w;
	for (size_t i = 0; i < count; i++) {
		double line = base + slope * look_ups(&studies[i]);
		double off = table_median(studies[i].row, STUDY_CPU) / line - 1;

		table_note(studies[i].row, LINE, line);
		if (off * off > worst * worst)
			worst = off;
	}
	table_remark(table,
		"The line: %.2f us and %.3f us for each grant that is looked for; the furthest "
		"from it is off by %+.0f %%.",
		base, slope, 100 * worst);
}

static void measure_study(struct bench *bench)
{
	static struct study studies[DATA_STUDY_USERS * DATA_STUDY_DOCUMENTS];
	struct table *table = table_new("study",
		"A check that says no, by the user's organizations times (1 + the document's "
		"collections)",
		study_columns, COUNT_OF(study_columns));
	size_t count = 0;

	for (unsigned user = 0; user < DATA_STUDY_USERS; user++)
		for (unsigned document = 0; document < DATA_STUDY_DOCUMENTS; document++) {
			struct study *study = &studies[count++];

			study->organizations = data_study_organizations[user];
			study->collections = data_study_collections[document];
			study->request = request_check(&bench->crew, &bench->data,
				&(struct request_pair){
					DATA_STUDY_USER, DATA_STUDY_DOCUMENT, user, document });
			study->row = table_row(table, "%u organization%s, %u collections",
				study->organizations, study->organizations > 1 ? "s" : "",
				study->collections);
		}
	for (int round = 0; round < bench->rounds; round++)
		for (size_t i = 0; i < count; i++)
			study_once(bench, &studies[i]);
	fit_line(table, studies, count);
}

void measure_check(struct bench *bench)
{
	struct table *table = table_new("check",
		"Check, with one organization and one grant, beside an echo of equal messages",
		columns, COUNT_OF(columns));

	for (size_t i = 0; i < COUNT_OF(shapes); i++) {
		struct shape *shape = &shapes[i];

		shape->row = table_row(table, "%s, %u outstanding, %u client%s",
			shape->transport == TCP ? "tcp" : "ipc", shape->outstanding,
			shape->processes, shape->processes > 1 ? "s" : "");
		if (shape->outstanding == 1)
			table_aim(shape->row, "p50 <= 1.2");
		else if (shape->outstanding >= LOAD_PER_CONNECTION)
			table_aim(shape->row, ">= 0.70, <= 4 us, p99 <= 1.5");
	}
	for (int round = 0; round < bench->rounds; round++)
		for (size_t i = 0; i < COUNT_OF(shapes); i++)
			compare_once(bench, &shapes[i]);
	table_remark(table, "%u bytes asked, %zu answered.", (unsigned)bench->checks[0].size,
		*bench->echo.reply_bytes);
	measure_study(bench);
}
