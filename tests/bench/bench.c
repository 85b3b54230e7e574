/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <err.h>
#include <popt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/compiler.h"

/* The size of the common data; the smoke run's is its least. */
enum {
	ORGANIZATIONS = 200,
	MEMBERS_EACH = 50,
	SMOKE_ORGANIZATIONS = 64,
	SMOKE_MEMBERS_EACH = 10,
	SMOKE_INVITATIONS = 20 * 1000,
	ROUNDS_MAX = 99,
};

static const struct measure {
	const char *name;
	void (*run)(struct bench *bench);
	bool accepts;
} measures[] = {
	{ "check", measure_check, false },
	{ "batch", measure_batch, false },
	{ "client", measure_client, false },
	{ "idle", measure_idle, false },
	{ "write", measure_write, true },
	{ "mixed", measure_mixed, true },
	{ "growth", measure_growth, false },
	{ "bulk", measure_bulk, false },
};

/* --- what the measures share --- */

void side_run(
	struct bench *bench, struct side *side, pid_t pid, const struct load *loads, unsigned count)
{
	static struct load_result together;
	int64_t cpu_us = process_cpu_us(pid);

	together = (struct load_result){ 0 };
	crew_run(&bench->crew, loads, count);
	side->cpu_us += process_cpu_us(pid) - cpu_us;
	for (unsigned i = 0; i < count; i++)
		load_merge(&together, &bench->crew.results[i], LOAD_ABREAST);
	load_merge(&side->load, &together, LOAD_IN_TURN);
}

void side_run_spread(struct bench *bench, struct side *side, pid_t pid, const struct load *load,
	unsigned processes)
{
	struct load loads[CREW_MAX];

	for (unsigned i = 0; i < processes; i++) {
		loads[i] = *load;
		loads[i].outstanding = load->outstanding / processes;
	}
	side_run(bench, side, pid, loads, processes);
}

double side_cpu_us(const struct side *side)
{
	return (double)side->cpu_us / (double)side->load.replies;
}

void accepts_take(const struct bench *bench, struct load *load)
{
	size_t left = bench->data.count[DATA_INVITATION] - bench->accepted;

	if (!left)
		errx(1, "all invitations are accepted");
	load->requests = bench->accepts + bench->accepted;
	load->request_count = left < ACCEPTS_MAX ? left : ACCEPTS_MAX;
	load->once = true;
}

void accepts_used(struct bench *bench, uint64_t count)
{
	bench->accepted += count;
}

/* --- what is told of the machine --- */

static void read_model(char *model, size_t size)
{
	static const char mark[] = "model name\t: ";
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[256];

	snprintf(model, size, "unknown");
	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, mark, strlen(mark))) {
			line[strcspn(line, "\n")] = '\0';
			snprintf(model, size, "%s", line + strlen(mark));
			break;
		}
	if (file)
		fclose(file);
}

static int64_t times_us(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * (int64_t)US_PER_SECOND +
	       usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

/* How much of the machine went to what is not ours, in percent: a run beside others tells less. */
static double others_percent(const struct bench *bench)
{
	int64_t passed_us = clock_monotonic_us() - bench->begun_us;
	int64_t others_us = machine_busy_us() - bench->busy_us;

	others_us -= times_us(RUSAGE_SELF) + times_us(RUSAGE_CHILDREN);
	others_us -= process_cpu_us(bench->echo.pid) + process_cpu_us(bench->daemon.pid);
	for (int i = 0; i < CREW_MAX; i++)
		others_us -= process_cpu_us(bench->crew.pids[i]);
	return 100.0 * (double)others_us / (double)passed_us /
	       (double)sysconf(_SC_NPROCESSORS_ONLN);
}

static json_t *machine_json(const struct bench *bench)
{
	time_t now = time(NULL);
	struct utsname name;
	char model[256], date[32];

	uname(&name);
	read_model(model, sizeof(model));
	strftime(date, sizeof(date), "%Y-%m-%d", gmtime(&now));
	return json_pack("{s:i, s:s, s:s, s:s, s:f}", "cores", (int)sysconf(_SC_NPROCESSORS_ONLN),
		"model", model, "kernel", name.release, "date", date, "others_percent",
		others_percent(bench));
}

static void print_machine(const struct bench *bench, json_t *machine)
{
	int cores;
	const char *model, *kernel, *date;
	double others;

	if (json_unpack(machine, "{s:i, s:s, s:s, s:s, s:F}", "cores", &cores, "model", &model,
		    "kernel", &kernel, "date", &date, "others_percent", &others))
		errx(1, "the machine is not known");
	printf("%d cores of %s, Linux %s, %s; other programs used %.0f %% of the machine "
	       "meanwhile. Medians of %d rounds (least to greatest)%s.\n",
		cores, model, kernel, date, others, bench->rounds,
		bench->smoke ? "; a smoke run measures nothing" : "");
}

static void report(const struct bench *bench, const char *json_path)
{
	json_t *machine = machine_json(bench), *all;

	print_machine(bench, machine);
	tables_print(stdout);
	all = json_pack("{s:o, s:i, s:o}", "machine", machine, "rounds", bench->rounds, "tables",
		tables_json());
	if (!all || (json_path && json_dump_file(all, json_path, JSON_INDENT(1))))
		errx(1, "%s cannot be written", json_path);
	json_decref(all);
}

/* --- the course of it --- */

/* What must not come after a thread was made comes first. */
static void prepare(struct bench *bench, bool accepts)
{
	char made[4096], database[sizeof(bench->daemon.directory) + 8];
	struct rlimit files;

	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	snprintf(made, sizeof(made), "%s/bench-XXXXXX", bench->directory ? bench->directory : ".");
	if (!mkdtemp(made) || !(bench->directory = realpath(made, NULL)))
		err(1, "%s", made);
	entropy_start();
	crew_start(&bench->crew);
	echo_start(&bench->echo, &bench->crew, bench->directory);
	data_init(&bench->data, bench->smoke ? SMOKE_ORGANIZATIONS : ORGANIZATIONS,
		bench->smoke ? SMOKE_MEMBERS_EACH : MEMBERS_EACH,
		!accepts       ? 0
		: bench->smoke ? SMOKE_INVITATIONS
			       : bench->rounds * ACCEPTS_A_ROUND);
	daemon_prepare(&bench->daemon, bench->directory);
	snprintf(database, sizeof(database), "%s/db", bench->daemon.directory);
	data_fill(&bench->data, database);
	daemon_start(&bench->daemon, bench->executable);
	bench->checks = request_checks(&bench->crew, &bench->data, CHECKS);
	if (accepts)
		bench->accepts = request_accepts(&bench->crew, &bench->data);
}

/* Do the answers say what they should? */
static void try_out(const struct bench *bench)
{
	struct request_pair yes = { DATA_MEMBER, DATA_DOCUMENT, 0, 0 };
	struct request_pair no = { DATA_MEMBER, DATA_DOCUMENT, 0, 1 };

	if (!request_allowed(&bench->daemon.local, &bench->data, &yes) ||
		request_allowed(&bench->daemon.tcp, &bench->data, &no))
		errx(1, "the daemon does not see the data as it is");
}

static void clean_up(struct bench *bench)
{
	daemon_stop(&bench->daemon);
	directory_remove(bench->directory);
}

static void usage(poptContext context)
{
	poptPrintUsage(context, stderr, 0);
	fprintf(stderr, "measures:");
	for (size_t i = 0; i < COUNT_OF(measures); i++)
		fprintf(stderr, " %s", measures[i].name);
	fprintf(stderr, "\n");
	exit(64);
}

static bool is_chosen(const struct measure *measure, const char *only)
{
	return !only || !strcmp(measure->name, only);
}

static bool is_known(const char *only)
{
	for (size_t i = 0; i < COUNT_OF(measures); i++)
		if (is_chosen(&measures[i], only))
			return true;
	return false;
}

struct arguments {
	char *only, *json_path;
};

static struct arguments read_arguments(struct bench *bench, int argc, const char **argv)
{
	const struct turns smoke_turns = { 1, 10 * US_PER_MS };
	struct arguments arguments = { NULL, NULL };
	int smoke = 0, lengthy = 0, rounds = 5;
	const struct poptOption options[] = { { "smoke", '\0', POPT_ARG_NONE, &smoke, 0,
						      "one short round, to see that it works",
						      NULL },
		{ "long", '\0', POPT_ARG_NONE, &lengthy, 0, "also with 10 million members", NULL },
		{ "only", '\0', POPT_ARG_STRING, &arguments.only, 0, "one measure alone", "NAME" },
		{ "json", '\0', POPT_ARG_STRING, &arguments.json_path, 0,
			"write every round's values there", "FILE" },
		{ "rounds", '\0', POPT_ARG_INT, &rounds, 0, "how often each is measured: 5", "N" },
		{ "directory", '\0', POPT_ARG_STRING, &bench->directory, 0,
			"where the databases are made: here", "DIRECTORY" },
		POPT_AUTOHELP POPT_TABLEEND };
	poptContext context = poptGetContext("bench", argc, argv, options, 0);
	const char *executable;

	poptSetOtherOptionHelp(context, "<orgd>");
	if (poptGetNextOpt(context) != -1 || !(executable = poptGetArg(context)) ||
		poptPeekArg(context) || rounds < 1 || rounds > ROUNDS_MAX ||
		!is_known(arguments.only))
		usage(context);
	bench->executable = strdup(executable);
	poptFreeContext(context);
	bench->smoke = smoke;
	bench->lengthy = lengthy;
	bench->rounds = smoke ? 1 : rounds;
	bench->turns = smoke ? smoke_turns : (struct turns){ 8, 50 * US_PER_MS };
	bench->write_turns = smoke ? smoke_turns : (struct turns){ 4, 200 * US_PER_MS };
	return arguments;
}

int main(int argc, const char **argv)
{
	static struct bench bench;
	struct arguments arguments = read_arguments(&bench, argc, argv);
	bool accepts = false;

	for (size_t i = 0; i < COUNT_OF(measures); i++)
		accepts |= measures[i].accepts && is_chosen(&measures[i], arguments.only);
	bench.begun_us = clock_monotonic_us();
	bench.busy_us = machine_busy_us();
	prepare(&bench, accepts);
	try_out(&bench);
	for (size_t i = 0; i < COUNT_OF(measures); i++) {
		if (!is_chosen(&measures[i], arguments.only))
			continue;
		fprintf(stderr, "%s ...\n", measures[i].name);
		measures[i].run(&bench);
	}
	report(&bench, arguments.json_path);
	clean_up(&bench);
	return 0;
}
