/* SPDX-License-Identifier: Apache-2.0 */
#include <err.h>
#include <fcntl.h>
#include <org_client.h>
#include <pthread.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "bench.h"
#include "orgd/rpc/v1/rpc.pb-c.h"

/* The client library beside a load that speaks the wire on plain sockets, one connection each; and
 * how soon orgctl is done with a question, beside what no program can do without. */

enum { THREADS = 8, STARTS = 20, SMOKE_STARTS = 2 };

/* What this process asks through the library: the checks that the load sends packed. */
struct client_course {
	struct org_client *client;
	Orgd__V1__CheckRequest *requests[CHECKS];
	int64_t end_us;
};

static void read_checks(const struct bench *bench, struct client_course *course, char **credential)
{
	for (int i = 0; i < CHECKS; i++) {
		Orgd__Rpc__V1__Request *envelope = orgd__rpc__v1__request__unpack(
			NULL, bench->checks[i].size, bench->checks[i].data);

		course->requests[i] = orgd__v1__check_request__unpack(
			NULL, envelope->payload.len, envelope->payload.data);
		free(*credential);
		*credential = strdup(envelope->authorization);
		orgd__rpc__v1__request__free_unpacked(envelope, NULL);
	}
}

static char *url_of(const struct bench *bench)
{
	char *url;

	if (asprintf(&url, "ipc://%s", bench->daemon.local.path) < 0)
		err(1, "an address");
	return url;
}

static struct client_course *course_new(const struct bench *bench)
{
	struct client_course *course = calloc(1, sizeof(*course));
	struct org_client_options options = { 0 };
	char *url = url_of(bench), *credential = NULL;
	struct org_status status;

	if (!course)
		err(1, "a client");
	read_checks(bench, course, &credential);
	options.authorization = credential;
	if (org_client_open(url, &options, &course->client, &status))
		errx(1, "%s", status.message);
	free(credential);
	free(url);
	return course;
}

static void course_free(struct client_course *course)
{
	org_client_close(course->client);
	for (int i = 0; i < CHECKS; i++)
		orgd__v1__check_request__free_unpacked(course->requests[i], NULL);
	free(course);
}

/* One call: when `outstanding` are under way, the oldest is waited for first. */
struct client_slot {
	struct org_call *call;
	Orgd__V1__CheckResponse *response;
};

static void finish(struct client_slot *slot)
{
	struct org_status status;

	if (org_call_wait(slot->call, &status))
		errx(1, "%s", status.message);
	if (!slot->response->allowed)
		errx(1, "a check says no");
	org_message_free(slot->response);
	slot->call = NULL;
}

static uint64_t ask(struct client_course *course, unsigned outstanding, size_t first)
{
	struct client_slot slots[LOAD_PER_CONNECTION] = { 0 };
	uint64_t count = 0;

	for (; clock_monotonic_us() < course->end_us; count++) {
		struct client_slot *slot = &slots[count % outstanding];

		if (slot->call)
			finish(slot);
		slot->call = ORG_CALL_BEGIN(course->client, access_service, check,
			course->requests[(first + count) % CHECKS], NULL, &slot->response);
	}
	for (unsigned i = 0; i < outstanding; i++)
		if (slots[i].call)
			finish(&slots[i]);
	return count;
}

struct client_thread {
	pthread_t thread;
	struct client_course *course;
	size_t first;
	uint64_t count;
};

static void *ask_in_thread(void *argument)
{
	struct client_thread *thread = argument;

	thread->count = ask(thread->course, 1, thread->first);
	return NULL;
}

static uint64_t ask_in_threads(struct client_course *course)
{
	struct client_thread threads[THREADS];
	uint64_t count = 0;

	for (unsigned i = 0; i < THREADS; i++) {
		threads[i] = (struct client_thread){ .course = course,
			.first = i * (size_t)(CHECKS / THREADS) };
		if (pthread_create(&threads[i].thread, NULL, ask_in_thread, &threads[i]))
			errx(1, "a thread");
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(threads[i].thread, NULL);
		count += threads[i].count;
	}
	return count;
}

/* --- beside the load --- */

struct client_shape {
	unsigned outstanding, threads; /* threads: that each wait for their call */
	struct table_row *row;
};

static struct client_shape shapes[] = {
	{ 1, 1, NULL },
	{ 8, 1, NULL },
	{ 64, 1, NULL },
	{ THREADS, THREADS, NULL },
};

enum { RATE, RAW_RATE, RATIO, CPU, RAW_CPU, CPU_RATIO };
static const struct column columns[] = {
	[RATE] = { "per_second", "checks/s", 0, false },
	[RAW_RATE] = { "raw_per_second", "bare load's", 0, false },
	[RATIO] = { "ratio", "client / bare", 2, true },
	[CPU] = { "cpu_us", "client CPU, us", 2, true },
	[RAW_CPU] = { "raw_cpu_us", "bare load's CPU", 2, false },
	[CPU_RATIO] = { "cpu_ratio", "CPU / bare's", 2, true },
};

static void compare_once(
	struct bench *bench, struct client_course *course, const struct client_shape *shape)
{
	static struct side raw;
	const struct load load = { .target = bench->daemon.local,
		.outstanding = shape->outstanding,
		.requests = bench->checks,
		.request_count = CHECKS,
		.duration_us = bench->turns.each_us };
	int64_t elapsed_us = 0, cpu_us = 0, raw_cpu_us = 0;
	double rate, cpu, raw_cpu;
	uint64_t count = 0;

	raw = (struct side){ 0 };
	for (int turn = 0; turn < bench->turns.count; turn++) {
		int64_t then_us = clock_monotonic_us();

		cpu_us -= process_cpu_us(getpid());
		course->end_us = then_us + bench->turns.each_us;
		count += shape->threads > 1 ? ask_in_threads(course)
					    : ask(course, shape->outstanding, 0);
		cpu_us += process_cpu_us(getpid());
		elapsed_us += clock_monotonic_us() - then_us;
		raw_cpu_us -= process_cpu_us(bench->crew.pids[0]);
		side_run(bench, &raw, bench->daemon.pid, &load, 1);
		raw_cpu_us += process_cpu_us(bench->crew.pids[0]);
	}
	rate = (double)count * US_PER_SECOND / (double)elapsed_us;
	cpu = (double)cpu_us / (double)count;
	raw_cpu = (double)raw_cpu_us / (double)raw.load.replies;
	table_note(shape->row, RATE, rate);
	table_note(shape->row, RAW_RATE, load_per_second(&raw.load));
	table_note(shape->row, RATIO, rate / load_per_second(&raw.load));
	table_note(shape->row, CPU, cpu);
	table_note(shape->row, RAW_CPU, raw_cpu);
	table_note(shape->row, CPU_RATIO, cpu / raw_cpu);
}

static void measure_calls(struct bench *bench)
{
	struct client_course *course = course_new(bench);
	struct table *table = table_new("client",
		"Check through liborgclient, beside the bare load of the tables above; one "
		"connection each, on the local socket",
		columns, COUNT_OF(columns));

	for (size_t i = 0; i < COUNT_OF(shapes); i++)
		shapes[i].row = table_row(table,
			shapes[i].threads > 1 ? "%u threads that wait" : "%u outstanding",
			shapes[i].outstanding);
	for (int round = 0; round < bench->rounds; round++)
		for (size_t i = 0; i < COUNT_OF(shapes); i++)
			compare_once(bench, course, &shapes[i]);
	course_free(course);
}

/* --- orgctl --- */

enum { ORGCTL_TIME, TRUE_TIME, TRIP_TIME, START_RATIO, START_CPU, TRUE_CPU };
static const struct column start_columns[] = {
	[ORGCTL_TIME] = { "orgctl_us", "orgctl, us", 0, false },
	[TRUE_TIME] = { "true_us", "true, us", 0, false },
	[TRIP_TIME] = { "trip_us", "round trip, us", 0, false },
	[START_RATIO] = { "ratio", "orgctl / (true + round trip)", 2, true },
	[START_CPU] = { "cpu_us", "orgctl's CPU, us", 0, false },
	[TRUE_CPU] = { "true_cpu_us", "true's", 0, false },
};

/* Of the starts of a round, the middle one. */
struct start_times {
	int64_t us[STARTS];
	int count;
};

static int compare_times(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double middle(struct start_times *times)
{
	qsort(times->us, (size_t)times->count, sizeof(times->us[0]), compare_times);
	return (double)times->us[times->count / 2];
}

static void note(struct start_times *times, int64_t us)
{
	times->us[times->count++] = us;
}

/* Runs a program to its end, which must be a good one. */
static void run_program(char *const *argv, struct start_times *wall, struct start_times *cpu)
{
	int64_t begun_us = clock_monotonic_us();
	posix_spawn_file_actions_t actions;
	struct rusage usage;
	int how;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ))
		errx(1, "%s does not start", argv[0]);
	if (wait4(pid, &how, 0, &usage) != pid || !WIFEXITED(how) || WEXITSTATUS(how))
		errx(1, "%s failed", argv[0]);
	note(wall, clock_monotonic_us() - begun_us);
	posix_spawn_file_actions_destroy(&actions);
	note(cpu, (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * (int64_t)US_PER_SECOND +
			  usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void round_trip(const struct bench *bench, struct start_times *wall)
{
	const struct request *check = &bench->checks[0];
	int64_t begun_us = clock_monotonic_us();
	int connection = load_connect(&bench->daemon.local);
	uint8_t room[1024];

	load_exchange(connection, &bench->daemon.local, bytes_of(check->data, check->size), room,
		sizeof(room));
	close(connection);
	note(wall, clock_monotonic_us() - begun_us);
}

static void start_once(const struct bench *bench, struct table_row *row, char *const *orgctl)
{
	char *const nothing[] = { (char[]){ "true" }, NULL };
	struct start_times mine = { 0 }, its = { 0 }, trip = { 0 }, my_cpu = { 0 }, its_cpu = { 0 };
	int starts = bench->smoke ? SMOKE_STARTS : STARTS;

	for (int i = 0; i < starts; i++) {
		run_program(orgctl, &mine, &my_cpu);
		run_program(nothing, &its, &its_cpu);
		round_trip(bench, &trip);
	}
	table_note(row, ORGCTL_TIME, middle(&mine));
	table_note(row, TRUE_TIME, middle(&its));
	table_note(row, TRIP_TIME, middle(&trip));
	table_note(row, START_RATIO, middle(&mine) / (middle(&its) + middle(&trip)));
	table_note(row, START_CPU, middle(&my_cpu));
	table_note(row, TRUE_CPU, middle(&its_cpu));
}

/* The key of the service that asks, where orgctl reads it. */
static void write_key(const struct bench *bench, const char *path)
{
	char authorization[DATA_AUTHORIZATION_BYTES];
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	const char *key;

	data_authorization(&bench->data, DATA_API_KEY, 0, authorization);
	key = strchr(authorization, ' ') + 1;
	if (file < 0 || write(file, key, strlen(key)) != (ssize_t)strlen(key) || close(file))
		err(1, "%s", path);
}

static void measure_starts(struct bench *bench)
{
	struct table *table = table_new("start",
		"A cold start: orgctl access check, one round trip and the end, beside what true "
		"takes and the round trip alone",
		start_columns, COUNT_OF(start_columns));
	struct table_row *row = table_row(table, "orgctl access check");
	char *url = url_of(bench), path[sizeof(bench->daemon.directory) + 8];
	Orgd__Rpc__V1__Request *envelope =
		orgd__rpc__v1__request__unpack(NULL, bench->checks[0].size, bench->checks[0].data);
	Orgd__V1__CheckRequest *check = orgd__v1__check_request__unpack(
		NULL, envelope->payload.len, envelope->payload.data);
	char *const orgctl[] = { (char[]){ ORGCTL }, (char[]){ "--url" }, url,
		(char[]){ "--api-key-file" }, path, (char[]){ "access" }, (char[]){ "check" },
		check->document_id, (char[]){ "--user" }, check->user_id, NULL };

	table_aim(row, "<= 1.5");
	snprintf(path, sizeof(path), "%s/key", bench->daemon.directory);
	write_key(bench, path);
	for (int round = 0; round < bench->rounds; round++)
		start_once(bench, row, orgctl);
	orgd__v1__check_request__free_unpacked(check, NULL);
	orgd__rpc__v1__request__free_unpacked(envelope, NULL);
	free(url);
}

void measure_client(struct bench *bench)
{
	measure_calls(bench);
	measure_starts(bench);
}
