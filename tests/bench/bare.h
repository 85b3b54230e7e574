/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stddef.h>
#include <stdint.h>

/*
 * LMDB and nothing else: commits rows of the same sizes, in the same order of keys and as many to a
 * commit as the daemon did, on the same file system. What durable writes cost at least.
 */
enum { BARE_SAMPLES = 8, BARE_ROWS_MAX = 32, BARE_KEY_MAX = 511 };

/* One row of a batch, as it changes from batch to batch. */
struct bare_row {
	uint8_t key[BARE_KEY_MAX]; /* the latest */
	size_t key_bytes, value_bytes;
	size_t same_bytes; /* at the key's beginning, equal in all batches */
	int ascending;     /* the rest grows from batch to batch; else it is random */
};

struct bare {
	struct bare_row rows[BARE_ROWS_MAX];
	size_t row_count, batch_bytes;
	void *env;
	unsigned table;
	uint64_t serial; /* of batches */
};

/* Looks at the rows that the daemon's database in `sampled` has of these revisions, ascending, each
 * a batch of one kind; makes a database in `directory`. */
void bare_open(struct bare *bare, const char *sampled, const uint64_t revisions[BARE_SAMPLES],
	const char *directory);
/* Commits `batches` of them, `per_commit` at a time on average; returns the time it took. */
int64_t bare_run(struct bare *bare, uint64_t batches, double per_commit);
void bare_close(struct bare *bare);
