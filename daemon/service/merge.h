/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "service/call.h"

/*
 * Walks several sorted runs of keys as one: what comes after each run's prefix, in order, each
 * once however many runs have it. So a list that is a union needs no memory of what it listed,
 * and goes on from any of its entries, whatever was added or taken away meanwhile.
 */
enum {
	MERGE_RUNS_MAX = 500,
	MERGE_WIDTH_MAX = 24,
};

struct merge_run {
	struct key *prefix;
	bool ended;
	uint8_t head[MERGE_WIDTH_MAX]; /* the next entry */
};

struct merge {
	struct snapshot *snapshot;
	size_t width; /* of what comes after a prefix; the same in every run */
	size_t count;
	struct merge_run *runs;
};

void merge_init(struct merge *merge, struct call *call, size_t width);
/* Adds the keys that begin with `prefix`. False, and nothing done, when there are MERGE_RUNS_MAX
 * runs already. */
bool merge_add(struct merge *merge, const struct key *prefix);
/* Takes out every run. */
void merge_clear(struct merge *merge);
/* Goes to the first entry, or to the first after `after` (may be NULL). */
MUST_USE struct status merge_begin(struct merge *merge, const struct key *after);
/* Takes the next entry, which is what comes after the prefix; *found is false at the end. */
MUST_USE struct status merge_next(struct merge *merge, struct key *entry, bool *found);
