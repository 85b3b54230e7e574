/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "histogram.h"

/*
 * LMDB and nothing else: puts rows of the same sizes and deletes as many, under keys that fall as
 * the daemon's do, as many to a commit as it did, in a database that was loaded as its was, on the
 * same file system. What durable writes cost at least.
 */
enum { BARE_SAMPLES = 8, BARE_ROWS_MAX = 40, BARE_KEY_MAX = 511, BARE_NAMES_MAX = 2 };

/* One row of a batch, as it changes from batch to batch. */
struct bare_row {
	enum { BARE_INSERTS, BARE_REPLACES, BARE_DELETES } change;
	uint8_t key[BARE_KEY_MAX]; /* the latest */
	size_t key_bytes, value_bytes;

	/* Of a new row: ids of rows that the batch replaces stand in its key. */
	struct bare_name {
		size_t at, of; /* which row */
	} names[BARE_NAMES_MAX];
	size_t name_count;
	size_t begin;      /* of what follows the table and an id that is a name */
	size_t same_bytes; /* from there, equal in all batches; then it is random */
	int ascending;     /* or an integer is there that grows from batch to batch */

	/* Of one that is there: the keys of its table and size. */
	uint8_t *keys;
	size_t keys_count;
};

struct bare {
	struct bare_row rows[BARE_ROWS_MAX];
	size_t row_count, delete_count, batch_bytes; /* without what is deleted */
	void *env;
	unsigned table;
	uint64_t serial;         /* of batches */
	void *original, *before; /* the daemon's database, and how it was before the samples */
	const char *directory;   /* its own; borrowed */
};

struct bare_result {
	uint64_t batches, commits;
	int64_t elapsed_us;
	struct histogram latency; /* of commits, from their beginning */
};

/* Opens the database in `directory`, and the daemon's, in `original`, before the samples. */
void bare_open(struct bare *bare, const char *original, const char *directory);
/* Looks at what the original has of these revisions, ascending and new since bare_open() or the
 * last call. 0 when these are not batches of one kind: something else came between. */
int bare_sample(struct bare *bare, const uint64_t revisions[BARE_SAMPLES]);
/* Commits `batches` of them, `per_commit` at a time on average; adds to the result. */
void bare_run(struct bare *bare, uint64_t batches, double per_commit, struct bare_result *result);
void bare_close(struct bare *bare);
