/* SPDX-License-Identifier: Apache-2.0 */
#include "service/last_use.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { SETS = 4096 /* a power of two */, WAYS = 8 };

/* An id is random, so two of its bytes name the set: a few places that are looked through. */
struct last_use {
	pthread_mutex_t lock;
	_Atomic size_t count; /* changed under the lock; mostly 0, and then nobody takes it */
	struct last_use_note notes[SETS * WAYS]; /* hour_us 0: a free place */
	uint64_t used[SETS / 64];                /* a bit for each set that has any note */
};

struct last_use *last_use_new(void)
{
	struct last_use *last_use = calloc(1, sizeof(*last_use));

	if (!last_use)
		abort();
	pthread_mutex_init(&last_use->lock, NULL);
	return last_use;
}

void last_use_free(struct last_use *last_use)
{
	pthread_mutex_destroy(&last_use->lock);
	free(last_use);
}

int64_t last_use_hour(int64_t us)
{
	return us - us % US_PER_HOUR;
}

static size_t set_of(const struct id *id)
{
	return (size_t)(id->bytes[0] << 8 | id->bytes[1]) % SETS;
}

/* The note of `id`; else, a free place for it; else NULL. */
static struct last_use_note *find(struct last_use *last_use, const struct id *id)
{
	size_t set = set_of(id);
	struct last_use_note *vacant = NULL;

	for (size_t i = set * WAYS; i < (set + 1) * WAYS; i++) {
		struct last_use_note *note = &last_use->notes[i];

		if (note->hour_us && id_equal(&note->id, id))
			return note;
		if (!note->hour_us)
			vacant = note;
	}
	return vacant;
}

void last_use_note(
	struct last_use *last_use, enum credential_kind kind, const struct id *id, int64_t now_us)
{
	int64_t hour_us = last_use_hour(now_us);
	struct last_use_note *note;

	pthread_mutex_lock(&last_use->lock);
	note = find(last_use, id);
	if (note && note->hour_us < hour_us) {
		last_use->count += !note->hour_us;
		last_use->used[set_of(id) / 64] |= UINT64_C(1) << set_of(id) % 64;
		*note = (struct last_use_note){ .id = *id, .kind = kind, .hour_us = hour_us };
	}
	pthread_mutex_unlock(&last_use->lock);
}

int64_t last_use_noted(struct last_use *last_use, const struct id *id)
{
	const struct last_use_note *note;
	int64_t hour_us;

	if (!last_use->count)
		return 0;
	pthread_mutex_lock(&last_use->lock);
	note = find(last_use, id);
	hour_us = note ? note->hour_us : 0;
	pthread_mutex_unlock(&last_use->lock);
	return hour_us;
}

/* The first place at or after `place` in a set that has a note. */
static size_t skip_unused(const struct last_use *last_use, size_t place)
{
	size_t set = place / WAYS;

	while (set < SETS) {
		uint64_t used = last_use->used[set / 64] >> set % 64;

		if (used & 1)
			return place;
		set = used ? set + (size_t)__builtin_ctzll(used) : (set / 64 + 1) * 64;
		place = set * WAYS;
	}
	return place;
}

bool last_use_next(struct last_use *last_use, size_t *cursor, struct last_use_note *note)
{
	bool found = false;

	pthread_mutex_lock(&last_use->lock);
	while (!found && last_use->count) {
		const struct last_use_note *at;

		*cursor = skip_unused(last_use, *cursor);
		if (*cursor == COUNT_OF(last_use->notes))
			break;
		at = &last_use->notes[(*cursor)++];
		found = at->hour_us != 0;
		if (found)
			*note = *at;
	}
	pthread_mutex_unlock(&last_use->lock);
	return found;
}

static void forget_set(struct last_use *last_use, size_t set)
{
	for (size_t i = set * WAYS; i < (set + 1) * WAYS; i++)
		if (last_use->notes[i].hour_us)
			return;
	last_use->used[set / 64] &= ~(UINT64_C(1) << set % 64);
}

void last_use_forget(struct last_use *last_use, const struct last_use_note *flushed)
{
	struct last_use_note *note;

	pthread_mutex_lock(&last_use->lock);
	note = find(last_use, &flushed->id);
	if (note && note->hour_us && note->hour_us <= flushed->hour_us) {
		note->hour_us = 0;
		last_use->count--;
		forget_set(last_use, set_of(&flushed->id));
	}
	pthread_mutex_unlock(&last_use->lock);
}
