/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "base/clock.h"
#include "secret/entropy.h"
#include "service/last_use.h"

#define HOUR_US (24000 * US_PER_HOUR)

static struct last_use *uses;
static const struct id ada = { "sixteen bytes..." }, eve = { "another sixteen." };

static void begin(void)
{
	entropy_start();
	uses = last_use_new();
}

static void end(void)
{
	last_use_free(uses);
}

TestSuite(last_use, .init = begin, .fini = end);

Test(last_use, is_known_to_the_hour)
{
	last_use_note(uses, CREDENTIAL_SESSION, &ada, HOUR_US + 17 * US_PER_MINUTE);

	cr_assert_eq(last_use_noted(uses, &ada), HOUR_US);
	cr_assert_eq(last_use_noted(uses, &eve), 0);
}

Test(last_use, only_a_later_hour_replaces_a_note)
{
	last_use_note(uses, CREDENTIAL_SESSION, &ada, HOUR_US);
	last_use_note(uses, CREDENTIAL_SESSION, &ada, HOUR_US - 1);
	cr_assert_eq(last_use_noted(uses, &ada), HOUR_US);

	last_use_note(uses, CREDENTIAL_SESSION, &ada, HOUR_US + US_PER_HOUR);
	cr_assert_eq(last_use_noted(uses, &ada), HOUR_US + US_PER_HOUR);
}

Test(last_use, every_note_is_walked_once)
{
	struct last_use_note note;
	size_t cursor = 0, sessions = 0, keys = 0;

	last_use_note(uses, CREDENTIAL_SESSION, &ada, HOUR_US);
	last_use_note(uses, CREDENTIAL_API_KEY, &eve, HOUR_US);
	while (last_use_next(uses, &cursor, &note)) {
		sessions += note.kind == CREDENTIAL_SESSION && id_equal(&note.id, &ada);
		keys += note.kind == CREDENTIAL_API_KEY && id_equal(&note.id, &eve);
	}

	cr_assert_eq(sessions, 1);
	cr_assert_eq(keys, 1);
}

Test(last_use, what_was_flushed_is_forgotten)
{
	struct last_use_note note;
	size_t cursor = 0;

	last_use_note(uses, CREDENTIAL_SESSION, &ada, HOUR_US);
	cr_assert(last_use_next(uses, &cursor, &note));
	last_use_forget(uses, &note);

	cr_assert_eq(last_use_noted(uses, &ada), 0);
	cursor = 0;
	cr_assert_not(last_use_next(uses, &cursor, &note));
}

Test(last_use, a_use_that_came_meanwhile_is_not_forgotten)
{
	struct last_use_note note;
	size_t cursor = 0;

	last_use_note(uses, CREDENTIAL_SESSION, &ada, HOUR_US);
	cr_assert(last_use_next(uses, &cursor, &note));
	last_use_note(uses, CREDENTIAL_SESSION, &ada, HOUR_US + US_PER_HOUR);
	last_use_forget(uses, &note);

	cr_assert_eq(last_use_noted(uses, &ada), HOUR_US + US_PER_HOUR);
}

Test(last_use, what_is_noted_next_to_what_was_forgotten_is_walked)
{
	struct id first = { .bytes = { 0, 7, 1 } }, second = { .bytes = { 0, 7, 2 } },
		  last = { .bytes = { 15, 255, 1 } };
	struct last_use_note note;
	size_t cursor = 0;

	last_use_note(uses, CREDENTIAL_SESSION, &first, HOUR_US);
	last_use_note(uses, CREDENTIAL_SESSION, &second, HOUR_US);
	last_use_note(uses, CREDENTIAL_SESSION, &last, HOUR_US);
	last_use_forget(uses, &(struct last_use_note){ .id = first, .hour_us = HOUR_US });
	cr_assert(last_use_next(uses, &cursor, &note));
	cr_assert(id_equal(&note.id, &second));
	cr_assert(last_use_next(uses, &cursor, &note));
	cr_assert(id_equal(&note.id, &last));
	cr_assert_not(last_use_next(uses, &cursor, &note));
}

Test(last_use, memory_is_bounded)
{
	struct last_use_note note;
	size_t cursor = 0, count = 0;

	for (int i = 0; i < 100 * 1000; i++) {
		struct id id;

		random_bytes(&id, sizeof(id));
		last_use_note(uses, CREDENTIAL_SESSION, &id, HOUR_US);
	}
	while (last_use_next(uses, &cursor, &note))
		count++;

	cr_assert_gt(count, 30 * 1000);
	cr_assert_leq(count, 32 * 1024);
}
