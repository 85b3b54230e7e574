/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"
#include "store/key.h"

/*
 * What one mutation changes, whole or not at all: puts, deletes, events, and the expectations that
 * its reads left. Nothing touches the database until the handler has succeeded. The caps are etcd's
 * (a Txn of 128 operations), held from day one so that the same batch can become one.
 */
enum {
	BATCH_EXPECTATIONS_MAX = 120,
	BATCH_WRITES_MAX = 120, /* puts and deletes; an event counts as one */
	BATCH_BYTES_MAX = 1024 * 1024,
	BATCH_EVENTS_MAX = 16,
};

struct batch;

/* An empty batch that lives in `arena`. */
struct batch *batch_new(struct arena *arena);
/* Where the batch and the copies of what it was given live. */
struct arena *batch_arena(const struct batch *batch);
/* Nothing put or deleted, no event. Then nothing is committed and no revision is used up. */
bool batch_is_empty(const struct batch *batch);

/* Puts a row, or replaces what this batch put or deleted under that key before. Copies both.
 *
 *   RESOURCE_EXHAUSTED  BATCH_TOO_LARGE: past a cap above */
MUST_USE struct status batch_put(struct batch *batch, const struct key *key, struct bytes value);
/* Deletes a row, or nothing when there is none. Likewise. */
MUST_USE struct status batch_delete(struct batch *batch, const struct key *key);

/* Appends an event: a packed orgd.store.v1.Event. The driver gives it its place in the order and
 * its link in the hash chain when it applies the batch.
 *
 *   RESOURCE_EXHAUSTED  BATCH_TOO_LARGE */
MUST_USE struct status batch_add_event(
	struct batch *batch, const struct id *id, struct bytes event);

/* Forgets all puts, deletes and events. What was relied on stays so: for a step of many whose
 * answer is that it was refused. */
void batch_forget_writes(struct batch *batch);

/* What is in it so far: puts, deletes and events; rows relied on. */
size_t batch_write_count(const struct batch *batch);
size_t batch_expectation_count(const struct batch *batch);
/* Its n-th put or delete, without the events; false when there are fewer. A delete has no
 * value.data. */
bool batch_write_at(
	const struct batch *batch, size_t n, const struct key **key, struct bytes *value);
