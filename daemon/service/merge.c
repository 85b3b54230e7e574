/* SPDX-License-Identifier: Apache-2.0 */
#include "service/merge.h"

void merge_init(struct merge *merge, struct call *call, size_t width)
{
	assert(width <= MERGE_WIDTH_MAX);
	*merge = (struct merge){ .snapshot = call->snapshot,
		.width = width,
		.runs = ARENA_ARRAY(call->arena, struct merge_run, MERGE_RUNS_MAX) };
}

bool merge_add(struct merge *merge, const struct key *prefix)
{
	struct arena *arena = snapshot_arena(merge->snapshot);
	struct key *copy;

	if (merge->count == MERGE_RUNS_MAX)
		return false;
	copy = arena_alloc(arena, offsetof(struct key, bytes) + prefix->size);
	copy->size = 0;
	key_add_bytes(copy, prefix->bytes, prefix->size);
	merge->runs[merge->count++] = (struct merge_run){ .prefix = copy };
	return true;
}

void merge_clear(struct merge *merge)
{
	merge->count = 0;
}

/* Moves a run to its first entry after `after`, an entry of any run; NULL for its first of all.
 * Seeks anew each time: hundreds of open cursors would cost more than they save. */
MUST_USE static struct status advance(
	struct merge *merge, struct merge_run *run, const uint8_t *after)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key from;

	from.size = 0;
	key_add_bytes(&from, run->prefix->bytes, run->prefix->size);
	if (after)
		key_add_bytes(&from, after, merge->width);
	TRY(scan_begin(&scan, merge->snapshot, run->prefix, after ? &from : NULL));
	run->ended = !scan.found;
	if (run->ended)
		return OK;
	if (scan.key.size != run->prefix->size + merge->width)
		return status_internal("a merged key has %zu bytes", scan.key.size);
	memcpy(run->head, scan.key.data + run->prefix->size, merge->width);
	return OK;
}

struct status merge_begin(struct merge *merge, const struct key *after)
{
	if (after && after->size != merge->width)
		return status_internal("a page token of %u bytes", after->size);
	for (size_t i = 0; i < merge->count; i++)
		TRY(advance(merge, &merge->runs[i], after ? after->bytes : NULL));
	return OK;
}

struct status merge_next(struct merge *merge, struct key *entry, bool *found)
{
	const struct merge_run *least = NULL;

	for (size_t i = 0; i < merge->count; i++) {
		const struct merge_run *run = &merge->runs[i];

		if (!run->ended && (!least || memcmp(run->head, least->head, merge->width) < 0))
			least = run;
	}
	*found = least != NULL;
	if (!least)
		return OK;
	entry->size = 0;
	key_add_bytes(entry, least->head, merge->width);
	for (size_t i = 0; i < merge->count; i++) {
		struct merge_run *run = &merge->runs[i];

		if (!run->ended && !memcmp(run->head, entry->bytes, merge->width))
			TRY(advance(merge, run, entry->bytes));
	}
	return OK;
}
