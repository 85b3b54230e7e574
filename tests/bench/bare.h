/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "histogram.h"

/*
 * LMDB and nothing else: commits rows of the same sizes, under keys that fall as theirs do, as many
 * to a commit as the daemon did, in a copy of its database on the same file system. What durable
 * writes cost at least. The few index entries that a batch deletes are left out.
 */
enum { BARE_SAMPLES = 8, BARE_ROWS_MAX = 40, BARE_KEY_MAX = 511 };

/* One row of a batch, as it changes from batch to batch. */
struct bare_row {
	uint8_t key[BARE_KEY_MAX]; /* the latest */
	size_t key_bytes, value_bytes;
	size_t same_bytes; /* at the key's beginning, equal in all batches */
	int ascending;     /* the rest grows from batch to batch; else it is random */
	int replaces;      /* a row that was there: the key is one of these */
	unsigned samples;  /* that were looked at */
	uint8_t *keys;     /* of the same table and size, key_bytes each */
	size_t keys_count;
};

struct bare {
	struct bare_row rows[BARE_ROWS_MAX];
	size_t row_count, batch_bytes;
	void *env;
	unsigned table;
	uint64_t serial; /* of batches */
};

struct bare_result {
	uint64_t batches, commits;
	int64_t elapsed_us;
	struct histogram latency; /* of commits, from their beginning */
};

/* Copies the database in `original` to the new `directory`. */
void bare_open(struct bare *bare, const char *original, const char *directory);
/* Looks at the rows that `original` has of these revisions, later than the copy, ascending, each a
 * batch of one kind. */
void bare_sample(struct bare *bare, const char *original, const uint64_t revisions[BARE_SAMPLES]);
/* Commits `batches` of them, `per_commit` at a time on average; adds to the result. */
void bare_run(struct bare *bare, uint64_t batches, double per_commit, struct bare_result *result);
void bare_close(struct bare *bare);
