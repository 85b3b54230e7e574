/* SPDX-License-Identifier: Apache-2.0 */
#include "service/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"

enum { HEX_BYTES = 2 * SIGNATURE_BYTES + 1 };

struct checkpoint_log {
	const struct platform *platform;
	uint64_t revision;  /* of the last one */
	int64_t written_us; /* clock_monotonic_us() */
};

static const char *hexadecimal(const uint8_t *data, size_t size, char text[HEX_BYTES])
{
	for (size_t i = 0; i < size; i++)
		snprintf(text + 2 * i, 3, "%02x", data[i]);
	return text;
}

struct status checkpoint_make(
	const struct platform *platform, struct snapshot *snapshot, struct checkpoint *checkpoint)
{
	char statement[256], head[HEX_BYTES];

	checkpoint->epoch = store_epoch(platform->store);
	checkpoint->revision = snapshot_revision(snapshot);
	checkpoint->time_us = clock_now_us(platform->clock);
	TRY(event_link_at(snapshot, checkpoint->revision, checkpoint->head));
	snprintf(statement, sizeof(statement),
		"orgd checkpoint 1\n%" PRIu64 "\n%" PRIu64 "\n%s\n%" PRId64 "\n", checkpoint->epoch,
		checkpoint->revision, hexadecimal(checkpoint->head, LINK_BYTES, head),
		checkpoint->time_us);
	sign(platform->keyring, KEY_CHECKPOINT, bytes_of_string(statement), &checkpoint->signature);
	return OK;
}

/* --- the log's --- */

MUST_USE static struct status make_now(
	const struct platform *platform, struct checkpoint *checkpoint)
{
	struct store_reader *reader;
	struct snapshot *snapshot;
	struct status status;
	struct arena arena;

	TRY(store_reader_new(platform->store, &reader));
	arena_init(&arena);
	status = store_snapshot_begin(reader, &arena, &snapshot);
	if (!status.code) {
		status = checkpoint_make(platform, snapshot, checkpoint);
		store_snapshot_end(snapshot);
	}
	arena_clear(&arena);
	store_reader_free(reader);
	return status;
}

static void write_now(struct checkpoint_log *log)
{
	char head[HEX_BYTES], signature[HEX_BYTES], key[HEX_BYTES];
	struct checkpoint checkpoint;
	struct status status = make_now(log->platform, &checkpoint);

	log->written_us = clock_monotonic_us();
	if (status.code) {
		log_error("no checkpoint of the event chain: %s", status.failure->message);
		return;
	}
	log->revision = checkpoint.revision;
	log_info("checkpoint epoch %" PRIu64 " revision %" PRIu64 " head %s time %" PRId64
		 " signature %s key %s",
		checkpoint.epoch, checkpoint.revision,
		hexadecimal(checkpoint.head, LINK_BYTES, head), checkpoint.time_us,
		hexadecimal(checkpoint.signature.bytes, SIGNATURE_BYTES, signature),
		hexadecimal(checkpoint.signature.public_key, PUBLIC_KEY_BYTES, key));
}

struct checkpoint_log *checkpoint_log_new(const struct platform *platform)
{
	struct checkpoint_log *log = calloc(1, sizeof(*log));

	assert(log);
	*log = (struct checkpoint_log){ platform, store_revision(platform->store),
		clock_monotonic_us() };
	return log;
}

void checkpoint_log_tick(struct checkpoint_log *log)
{
	uint64_t changes = store_revision(log->platform->store) - log->revision;
	int64_t since_us = clock_monotonic_us() - log->written_us;

	if (changes && since_us >= CHECKPOINT_SHORTEST_US &&
		(changes >= CHECKPOINT_REVISIONS || since_us >= CHECKPOINT_LONGEST_US))
		write_now(log);
}

void checkpoint_log_end(struct checkpoint_log *log)
{
	if (store_revision(log->platform->store) != log->revision)
		write_now(log);
	free(log);
}
