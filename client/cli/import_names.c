/* SPDX-License-Identifier: Apache-2.0 */
#include "import_names.h"

#include <stdlib.h>

#include "base/text.h"

enum { ROOM_MIN = 1024 };

void import_names_clear(struct import_names *names)
{
	free(names->slots);
	*names = (struct import_names){ 0 };
}

/* FNV-1a. */
static uint64_t hash_of(const char *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	return hash ? hash : 1;
}

/* Its slot, or the free one where it belongs. */
static struct import_name *slot_of(const struct import_names *names, uint64_t hash)
{
	size_t at = hash % names->room;

	while (names->slots[at].hash && names->slots[at].hash != hash)
		at = (at + 1) % names->room;
	return &names->slots[at];
}

static void grow(struct import_names *names)
{
	struct import_names larger = *names;

	larger.room = names->room ? 2 * names->room : ROOM_MIN;
	larger.slots = calloc(larger.room, sizeof(*larger.slots));
	if (!larger.slots)
		abort();
	for (size_t i = 0; i < names->room; i++)
		if (names->slots[i].hash)
			*slot_of(&larger, names->slots[i].hash) = names->slots[i];
	free(names->slots);
	*names = larger;
}

static void add(struct import_names *names, const char *name, uint64_t line)
{
	uint64_t hash = hash_of(name);
	struct import_name *slot;

	if (!*name)
		return;
	if (2 * (names->count + 1) > names->room)
		grow(names);
	slot = slot_of(names, hash);
	if (slot->hash)
		return;
	*slot = (struct import_name){ hash, line };
	names->count++;
}

/* In the form that orgd compares by; one that is malformed names nothing. */
static void add_email(struct import_names *names, const char *email, uint64_t line)
{
	CLEANUP(arena_clear) struct arena arena;
	const char *typed, *canonical;

	arena_init(&arena);
	if (!text_check_email(&arena, "email", email, &typed, &canonical).code)
		add(names, canonical, line);
}

static void add_handle(struct import_names *names, const char *handle, uint64_t line)
{
	CLEANUP(arena_clear) struct arena arena;
	const char *canonical;

	arena_init(&arena);
	if (!text_check_handle(&arena, "handle", handle, &canonical).code)
		add(names, canonical, line);
}

void import_names_add(struct import_names *names, const Orgd__V1__Record *record, uint64_t line)
{
	switch (record->kind_case) {
	case ORGD__V1__RECORD__KIND_USER:
		add(names, record->user->id, line);
		add_email(names, record->user->email, line);
		return;
	case ORGD__V1__RECORD__KIND_ORGANIZATION:
		add(names, record->organization->id, line);
		add_handle(names, record->organization->handle, line);
		return;
	case ORGD__V1__RECORD__KIND_COLLECTION:
		add(names, record->collection->id, line);
		return;
	case ORGD__V1__RECORD__KIND_DOCUMENT:
		add(names, record->document->id, line);
		return;
	default:
		return;
	}
}

bool import_names_has(const struct import_names *names, const char *name, uint64_t line)
{
	const struct import_name *slot;

	if (!names->room)
		return false;
	slot = slot_of(names, hash_of(name));
	return slot->hash && slot->line < line;
}
