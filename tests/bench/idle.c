/* SPDX-License-Identifier: Apache-2.0 */
#include <err.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "bench.h"

/* What the daemon costs while nobody asks it anything. */

enum { CONNECTIONS = 1000, QUIET_MS = 3000, SMOKE_QUIET_MS = 300 };

enum { CPU, MEMORY };
static const struct column columns[] = {
	[CPU] = { "cpu_percent", "CPU, % of a core", 3, true },
	[MEMORY] = { "connection_kib", "memory a connection, KiB", 2, true },
};

static double idle_percent(const struct bench *bench)
{
	int64_t quiet_us = (bench->smoke ? SMOKE_QUIET_MS : QUIET_MS) * (int64_t)US_PER_MS;
	struct timespec quiet = { quiet_us / US_PER_SECOND, quiet_us % US_PER_SECOND * 1000 };
	int64_t then_us = process_cpu_us(bench->daemon.pid);

	nanosleep(&quiet, NULL);
	return 100.0 * (double)(process_cpu_us(bench->daemon.pid) - then_us) / (double)quiet_us;
}

/* A connection that has asked one thing and had its answer. */
static int open_used(const struct bench *bench)
{
	const struct request *check = &bench->checks[0];
	int connection = load_connect(&bench->daemon.local);
	uint8_t room[1024];

	load_exchange(connection, &bench->daemon.local, bytes_of(check->data, check->size), room,
		sizeof(room));
	return connection;
}

static void measure_once(struct bench *bench, struct table_row *alone, struct table_row *crowded)
{
	static int connections[CONNECTIONS];
	int64_t memory, grown;

	daemon_start(&bench->daemon, bench->executable);
	close(open_used(bench));
	table_note(alone, CPU, idle_percent(bench));
	memory = process_memory_bytes(bench->daemon.pid);
	for (int i = 0; i < CONNECTIONS; i++)
		connections[i] = open_used(bench);
	grown = process_memory_bytes(bench->daemon.pid) - memory;
	table_note(crowded, MEMORY, (double)grown / CONNECTIONS / 1024);
	table_note(crowded, CPU, idle_percent(bench));
	for (int i = 0; i < CONNECTIONS; i++)
		close(connections[i]);
	daemon_stop(&bench->daemon);
}

void measure_idle(struct bench *bench)
{
	struct table *table =
		table_new("idle", "A daemon with nothing to do", columns, COUNT_OF(columns));
	struct table_row *alone = table_row(table, "no connection");
	struct table_row *crowded =
		table_row(table, "%d connections, a check on each before", CONNECTIONS);

	table_aim(crowded, "<= 0.1 %, <= 16 KiB");
	/* Of a daemon that has just begun. */
	daemon_stop(&bench->daemon);
	for (int round = 0; round < bench->rounds; round++)
		measure_once(bench, alone, crowded);
	daemon_start(&bench->daemon, bench->executable);
}
