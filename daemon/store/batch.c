/* SPDX-License-Identifier: Apache-2.0 */
#include "store/internal.h"

struct batch *batch_new(struct arena *arena)
{
	struct batch *batch = arena_alloc(arena, sizeof(*batch));

	batch->arena = arena;
	batch->write_count = batch->expectation_count = batch->event_count = batch->bytes = 0;
	return batch;
}

struct arena *batch_arena(const struct batch *batch)
{
	return batch->arena;
}

void batch_forget_writes(struct batch *batch)
{
	batch->write_count = batch->event_count = batch->bytes = 0;
}

bool batch_is_empty(const struct batch *batch)
{
	return !batch->write_count && !batch->event_count;
}

size_t batch_write_count(const struct batch *batch)
{
	return batch->write_count + batch->event_count;
}

size_t batch_expectation_count(const struct batch *batch)
{
	return batch->expectation_count;
}

bool batch_write_at(
	const struct batch *batch, size_t n, const struct key **key, struct bytes *value)
{
	if (n >= batch->write_count)
		return false;
	*key = batch->writes[n].key;
	*value = batch->writes[n].value;
	return true;
}

MUST_USE static struct status too_large(const char *cap, int max)
{
	return status_fail(STATUS_RESOURCE_EXHAUSTED, "BATCH_TOO_LARGE",
		"one change may have at most %d %s", max, cap);
}

static struct key *key_copy(struct arena *arena, const struct key *key)
{
	size_t size = offsetof(struct key, bytes) + key->size;
	struct key *copy = arena_alloc(arena, size);

	memcpy(copy, key, size);
	return copy;
}

MUST_USE static bool key_equal(const struct key *a, const struct key *b)
{
	return a->size == b->size && !memcmp(a->bytes, b->bytes, a->size);
}

const struct batch_write *batch_find(const struct batch *batch, const struct key *key)
{
	for (size_t i = 0; i < batch->write_count; i++)
		if (key_equal(batch->writes[i].key, key))
			return &batch->writes[i];
	return NULL;
}

MUST_USE static struct status write_row(
	struct batch *batch, const struct key *key, struct bytes value)
{
	struct batch_write *write = (struct batch_write *)(uintptr_t)batch_find(batch, key);
	size_t added = value.size + (write ? 0 : key->size),
	       dropped = write ? write->value.size : 0;

	if (batch->bytes - dropped + added > BATCH_BYTES_MAX)
		return too_large("bytes", BATCH_BYTES_MAX);
	if (!write) {
		if (batch_write_count(batch) == BATCH_WRITES_MAX)
			return too_large("writes", BATCH_WRITES_MAX);
		write = &batch->writes[batch->write_count++];
		write->key = key_copy(batch->arena, key);
	}
	batch->bytes += added - dropped;
	write->value = value;
	return OK;
}

struct status batch_put(struct batch *batch, const struct key *key, struct bytes value)
{
	struct bytes copy = arena_copy(batch->arena, value);

	if (!copy.data)
		copy.data = (const uint8_t *)"";
	return write_row(batch, key, copy);
}

struct status batch_delete(struct batch *batch, const struct key *key)
{
	return write_row(batch, key, bytes_of(NULL, 0));
}

struct status batch_add_event(struct batch *batch, const struct id *id, struct bytes event)
{
	if (batch->event_count == BATCH_EVENTS_MAX)
		return too_large("events", BATCH_EVENTS_MAX);
	if (batch_write_count(batch) == BATCH_WRITES_MAX)
		return too_large("writes", BATCH_WRITES_MAX);
	if (batch->bytes + event.size > BATCH_BYTES_MAX)
		return too_large("bytes", BATCH_BYTES_MAX);
	batch->bytes += event.size;
	batch->events[batch->event_count++] =
		(struct batch_event){ *id, arena_copy(batch->arena, event) };
	return OK;
}

struct status batch_expect(struct batch *batch, const struct key *key, uint64_t revision)
{
	for (size_t i = 0; i < batch->expectation_count; i++)
		if (key_equal(batch->expectations[i].key, key))
			return OK;
	if (batch->expectation_count == BATCH_EXPECTATIONS_MAX)
		return too_large("rows read", BATCH_EXPECTATIONS_MAX);
	batch->expectations[batch->expectation_count++] =
		(struct batch_expectation){ key_copy(batch->arena, key), revision };
	return OK;
}

bool batch_grows(const struct batch *batch)
{
	for (size_t i = 0; i < batch->write_count; i++)
		if (!batch->writes[i].value.data)
			return false;
	return true;
}
