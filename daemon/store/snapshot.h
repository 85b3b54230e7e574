/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"
#include "store/key.h"

/*
 * The database as it was at one revision. What a handler reads.
 *
 * In a mutation the snapshot carries the batch that the handler fills. A point read then *is* an
 * expectation (the batch commits only if the row still has the revision seen) and sees what the
 * batch has put or deleted so far. snapshot_peek and scans promise nothing: what must hold over a
 * set is guarded by a row that everyone who changes the set rewrites.
 *
 * A snapshot belongs to one thread and one call.
 */
struct snapshot;
struct batch;

struct row {
	bool exists;
	uint64_t
		revision; /* of the batch that wrote it; 0 when absent, or when this batch put it */
	struct bytes value; /* points into the database: unpack it before the snapshot ends */
};

/* The row of `key`, absent or not.
 *
 *   DATA_LOSS           STORE_CORRUPT: a page or a value is not what it should be
 *   INTERNAL            any other error of the database
 *   RESOURCE_EXHAUSTED  BATCH_TOO_LARGE: one expectation too many */
MUST_USE struct status snapshot_get(
	struct snapshot *snapshot, const struct key *key, struct row *row);
/* The same without relying on it. */
MUST_USE struct status snapshot_peek(
	struct snapshot *snapshot, const struct key *key, struct row *row);

/* What was read at revision `since`, on this snapshot or an earlier one, from rows whose keys begin
 * with `prefix` (CHANGE_PREFIX_BYTES at least: a table and an id) is still so. May be false for no
 * reason, since prefixes share places; never true without one. For reads that keep what they
 * unpacked. Not of a store that was opened to read. */
enum { CHANGE_PREFIX_BYTES = 1 + sizeof(struct id) };
MUST_USE bool snapshot_unchanged(
	const struct snapshot *snapshot, const struct key *prefix, uint64_t since);

/* The revision that the snapshot shows. */
uint64_t snapshot_revision(const struct snapshot *snapshot);
struct arena *snapshot_arena(const struct snapshot *snapshot);
/* NULL in a read. */
struct batch *snapshot_batch(const struct snapshot *snapshot);

/*
 * Walks the rows whose key begins with `prefix`, in key order, skipping those at or before `after`
 * (may be NULL). Rows that the own batch has put or deleted are not seen as such: a scan shows the
 * snapshot. Reading a long range pages: it stops, and the next call goes on from the last key.
 *
 *	struct scan scan;
 *	TRY(scan_begin(&scan, snapshot, &prefix, NULL));
 *	while (scan.found) {
 *		... scan.key, scan.value, scan.revision ...
 *		TRY(scan_next(&scan));
 *	}
 */
struct scan {
	bool found;
	struct bytes
		key; /* points into the database: valid until scan_next or the snapshot's end */
	struct bytes value; /* likewise: unpack or copy it before */
	uint64_t revision;
	/* private */
	bool reverse;
	struct snapshot *snapshot;
	struct key prefix;
	void *cursor;
};

/* Each fails as snapshot_peek does; the scan is over then. */
MUST_USE struct status scan_begin(struct scan *scan, struct snapshot *snapshot,
	const struct key *prefix, const struct key *after);
MUST_USE struct status scan_next(struct scan *scan);
/* The same from the last row backwards; rows at or after `before` (may be NULL) are skipped. */
MUST_USE struct status scan_begin_reverse(struct scan *scan, struct snapshot *snapshot,
	const struct key *prefix, const struct key *before);
/* Not needed after found became false; `CLEANUP(scan_end)` covers the early returns. Harmless when
 * called twice. */
void scan_end(struct scan *scan);
