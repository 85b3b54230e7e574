/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "service/call.h"
#include "store/events.h"

/*
 * Signed checkpoints of the event chain. Whoever can write to the disk can also rewrite all events
 * and links, but has not the master key: a checkpoint that was kept elsewhere, in the journal or a
 * file, shows it. The contract's Checkpoint says what is signed.
 */
struct checkpoint {
	uint64_t epoch, revision;
	uint8_t head[LINK_BYTES];
	int64_t time_us;
	struct signature signature;
};

/* Of the state that the snapshot shows, signed now. */
MUST_USE struct status checkpoint_make(
	const struct platform *platform, struct snapshot *snapshot, struct checkpoint *checkpoint);

/* Writes checkpoints to the log, which the journal keeps: CHECKPOINT_REVISIONS after the last one,
 * or an hour if there was any change, but not more than one a minute. One thread. */
enum { CHECKPOINT_REVISIONS = ANCHOR_EVERY };
#define CHECKPOINT_LONGEST_US  US_PER_HOUR
#define CHECKPOINT_SHORTEST_US US_PER_MINUTE

struct checkpoint_log;
struct checkpoint_log *checkpoint_log_new(const struct platform *platform);
/* Writes one if it is time; every second or so. */
void checkpoint_log_tick(struct checkpoint_log *log);
/* Writes one if anything changed, and takes the log away: before the store is closed. */
void checkpoint_log_end(struct checkpoint_log *log);
