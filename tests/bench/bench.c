/* SPDX-License-Identifier: Apache-2.0 */
#include <err.h>
#include <popt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bare.h"
#include "base/clock.h"
#include "daemon.h"
#include "echo.h"
#include "load.h"
#include "orgd/rpc/v1/rpc.pb-c.h"
#include "orgd/v1/access_service.pb-c.h"
#include "orgd/v1/document_service.pb-c.h"

/*
 * How far the daemon is from what its parts allow:
 *
 *	check  an access check ÷ an echo of messages of the same sizes on the same framing
 *	write  CreateDocument ÷ bare LMDB committing rows of the same sizes, as many to a commit
 *
 * Absolute numbers depend on the machine and its hour, so both sides of a ratio run in turns, and
 * what is printed are medians over the rounds with the least and the greatest.
 */
enum { ROUNDS_MAX = 99, SLICES = 8 };

struct measure {
	const char *name;
	unsigned outstanding;
	double per_second[ROUNDS_MAX], limit[ROUNDS_MAX], ratio[ROUNDS_MAX];
	double per_commit; /* of a write: batches, in the last round */
};

struct bench {
	char *executable, *parent; /* of orgd; of the databases, NULL for here */
	struct daemon daemon;
	struct bare bare;
	struct echo echo;
	struct bytes check, write; /* packed requests */
	size_t write_serial_at, check_reply_bytes;
	int64_t slice_us; /* of one side */
	int rounds;
};

static struct measure checks[] = { { .name = "check", .outstanding = 1 },
	{ .name = "check", .outstanding = 64 } };
static struct measure writes[] = { { .name = "write", .outstanding = 1 },
	{ .name = "write", .outstanding = 64 }, { .name = "write", .outstanding = 256 } };

static struct bytes pack(const ProtobufCMessage *message)
{
	uint8_t *packed = malloc(protobuf_c_message_get_packed_size(message) + 1);

	if (!packed)
		err(1, "a request");
	return bytes_of(packed, protobuf_c_message_pack(message, packed));
}

static struct bytes request_of(struct bench *bench, const char *method, const char *request_id,
	const ProtobufCMessage *message)
{
	Orgd__Rpc__V1__Request envelope = ORGD__RPC__V1__REQUEST__INIT;
	struct bytes payload = pack(message), packed;

	envelope.method = (char *)(uintptr_t)method;
	envelope.request_id = (char *)(uintptr_t)request_id;
	envelope.authorization = bench->daemon.authorization;
	envelope.payload.data = (uint8_t *)(uintptr_t)payload.data;
	envelope.payload.len = payload.size;
	packed = pack(&envelope.base);
	free((void *)(uintptr_t)payload.data);
	return packed;
}

static void make_requests(struct bench *bench)
{
	static const char serial[] = "0000000000000000";
	Orgd__V1__CheckRequest check = ORGD__V1__CHECK_REQUEST__INIT;
	Orgd__V1__Document document = ORGD__V1__DOCUMENT__INIT;
	Orgd__V1__CreateDocumentRequest write = ORGD__V1__CREATE_DOCUMENT_REQUEST__INIT;
	const uint8_t *digits;

	check.user_id = bench->daemon.user_id;
	check.document_id = bench->daemon.document_id;
	check.permission = ORGD__V1__PERMISSION__PERMISSION_READ;
	bench->check = request_of(bench, "/orgd.v1.AccessService/Check", "", &check.base);
	document.title = document.locator = daemon_document_title;
	write.document = &document;
	bench->write =
		request_of(bench, "/orgd.v1.DocumentService/CreateDocument", serial, &write.base);
	digits = memmem(bench->write.data, bench->write.size, serial, LOAD_SERIAL_DIGITS);
	bench->write_serial_at = (size_t)(digits - bench->write.data);
}

static double rate(uint64_t count, int64_t elapsed_us)
{
	return (double)count * US_PER_SECOND / (double)elapsed_us;
}

static struct load_result check_load(
	const struct bench *bench, const char *socket_path, unsigned outstanding)
{
	return load_run(&(struct load){ .socket_path = socket_path,
		.outstanding = outstanding,
		.request = bench->check,
		.duration_us = bench->slice_us });
}

/* What both sides did and how long they took over it, in all slices of a round. */
struct tally {
	struct load_result daemon, limit;
	uint64_t mutations, commits;
};

static void add(struct load_result *sum, struct load_result part)
{
	sum->replies += part.replies;
	sum->elapsed_us += part.elapsed_us;
}

static void check_both(struct bench *bench, unsigned outstanding, struct tally *tally)
{
	add(&tally->daemon, check_load(bench, bench->daemon.socket_path, outstanding));
	add(&tally->limit, check_load(bench, bench->echo.path, outstanding));
}

static void write_both(struct bench *bench, unsigned outstanding, struct tally *tally)
{
	uint64_t mutations, commits, mutations_then, commits_then;
	struct load_result daemon, bare;

	daemon_commits(&bench->daemon, &mutations_then, &commits_then);
	daemon = load_run(&(struct load){ .socket_path = bench->daemon.socket_path,
		.outstanding = outstanding,
		.request = bench->write,
		.serial_at = bench->write_serial_at,
		.duration_us = bench->slice_us });
	daemon_commits(&bench->daemon, &mutations, &commits);
	mutations -= mutations_then;
	commits -= commits_then;
	bare.replies = daemon.replies;
	bare.elapsed_us =
		bare_run(&bench->bare, daemon.replies, (double)mutations / (double)commits);
	add(&tally->daemon, daemon);
	add(&tally->limit, bare);
	tally->mutations += mutations;
	tally->commits += commits;
}

/* One round: both sides in turns, in slices so short that a slow minute of the machine falls on
 * both. The first slice, which finds a disk that has rested, does not count. */
static void measure_round(struct bench *bench, struct measure *measure, int round,
	void (*both)(struct bench *, unsigned, struct tally *))
{
	struct tally unmeasured = { 0 }, tally = { 0 };

	both(bench, measure->outstanding, &unmeasured);
	for (int slice = 0; slice < SLICES; slice++)
		both(bench, measure->outstanding, &tally);
	measure->per_second[round] = rate(tally.daemon.replies, tally.daemon.elapsed_us);
	measure->limit[round] = rate(tally.limit.replies, tally.limit.elapsed_us);
	measure->ratio[round] = measure->per_second[round] / measure->limit[round];
	if (tally.commits)
		measure->per_commit = (double)tally.mutations / (double)tally.commits;
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

/* "median (least to greatest)" */
static void print_spread(const double *values, int count, int width, int decimals)
{
	double sorted[ROUNDS_MAX];
	char text[64];

	memcpy(sorted, values, (size_t)count * sizeof(*values));
	qsort(sorted, (size_t)count, sizeof(*sorted), compare);
	snprintf(text, sizeof(text), "%.*f (%.*f to %.*f)", decimals, sorted[count / 2], decimals,
		sorted[0], decimals, sorted[count - 1]);
	printf("  %*s", width, text);
}

static void print_measure(const struct measure *measure, int rounds)
{
	printf("%-5s  %11u", measure->name, measure->outstanding);
	print_spread(measure->per_second, rounds, 26, 0);
	print_spread(measure->limit, rounds, 26, 0);
	print_spread(measure->ratio, rounds, 19, 2);
	if (measure->per_commit > 0)
		printf("  %15.1f", measure->per_commit);
	printf("\n");
}

static void print_table(const struct bench *bench)
{
	printf("check: %zu bytes asked, %zu answered; write: %zu rows of %zu bytes in all; "
	       "%d rounds of %.2f s a side\n\n",
		bench->check.size, bench->check_reply_bytes, bench->bare.row_count,
		bench->bare.batch_bytes, bench->rounds,
		(double)bench->slice_us * SLICES / US_PER_SECOND);
	printf("%-5s  %11s  %26s  %26s  %19s  %s\n", "", "outstanding", "orgd, per second",
		"limit, per second", "orgd / limit", "writes a commit");
	for (size_t i = 0; i < COUNT_OF(checks); i++)
		print_measure(&checks[i], bench->rounds);
	for (size_t i = 0; i < COUNT_OF(writes); i++)
		print_measure(&writes[i], bench->rounds);
}

static void prepare(struct bench *bench)
{
	uint64_t revisions[BARE_SAMPLES];
	char sampled[sizeof(bench->daemon.directory) + 8], own[sizeof(sampled)];

	echo_fork(&bench->echo);
	daemon_start(&bench->daemon, bench->executable, bench->parent ? bench->parent : ".");
	daemon_populate(&bench->daemon);
	make_requests(bench);
	for (int i = 0; i < BARE_SAMPLES; i++)
		revisions[i] = daemon_create_document(&bench->daemon);
	snprintf(sampled, sizeof(sampled), "%s/db", bench->daemon.directory);
	snprintf(own, sizeof(own), "%s/bare", bench->daemon.directory);
	bare_open(&bench->bare, sampled, revisions, own);
	bench->check_reply_bytes = check_load(bench, bench->daemon.socket_path, 1).reply_bytes;
	if ((size_t)snprintf(bench->echo.path, sizeof(bench->echo.path), "%s/echo.sock",
		    bench->daemon.directory) >= sizeof(bench->echo.path))
		errx(1, "%s is too long for a socket in it", bench->daemon.directory);
	echo_serve(&bench->echo, bench->check_reply_bytes);
}

static void read_arguments(struct bench *bench, int argc, const char **argv)
{
	int smoke = 0, rounds = 5, seconds = 2;
	const struct poptOption options[] = { { "smoke", '\0', POPT_ARG_NONE, &smoke, 0,
						      "one short round, to see that it works",
						      NULL },
		{ "rounds", '\0', POPT_ARG_INT, &rounds, 0, "how often each is measured: 5", "N" },
		{ "seconds", '\0', POPT_ARG_INT, &seconds, 0, "how long each side is, each time: 2",
			"N" },
		{ "directory", '\0', POPT_ARG_STRING, &bench->parent, 0,
			"where the databases are made: here", "DIRECTORY" },
		POPT_AUTOHELP POPT_TABLEEND };
	poptContext context = poptGetContext("bench", argc, argv, options, 0);
	const char *executable;

	poptSetOtherOptionHelp(context, "<orgd>");
	if (poptGetNextOpt(context) != -1 || !(executable = poptGetArg(context)) ||
		poptPeekArg(context) || rounds < 1 || rounds > ROUNDS_MAX || seconds < 1) {
		poptPrintUsage(context, stderr, 0);
		exit(64);
	}
	bench->executable = strdup(executable);
	poptFreeContext(context);
	bench->rounds = smoke ? 1 : rounds;
	bench->slice_us = smoke ? 10 * US_PER_MS : (int64_t)seconds * US_PER_SECOND / SLICES;
}

int main(int argc, const char **argv)
{
	static struct bench bench;

	read_arguments(&bench, argc, argv);
	prepare(&bench);
	for (int round = 0; round < bench.rounds; round++) {
		for (size_t i = 0; i < COUNT_OF(checks); i++)
			measure_round(&bench, &checks[i], round, check_both);
		for (size_t i = 0; i < COUNT_OF(writes); i++)
			measure_round(&bench, &writes[i], round, write_both);
	}
	print_table(&bench);
	bare_close(&bench.bare);
	daemon_stop(&bench.daemon);
	return 0;
}
