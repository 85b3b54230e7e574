/* SPDX-License-Identifier: Apache-2.0 */
#include <err.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secret/entropy.h"
#include "store/rows/membership.h"
#include "store/rows/organization.h"
#include "store/rows/user.h"
#include "store/store.h"

/*
 * Puts many people into an organization of a daemon that does not run, in seconds, since nobody
 * hashes a password or sends a mail for them. Prints their ids, one a line.
 *
 *	crowd DATABASE_DIRECTORY ORGANIZATION_ID COUNT
 */
enum { PEOPLE_A_BATCH = 15, UNDER_WAY = 64 };

struct part {
	struct mutation mutation;
	struct arena arena;
	struct status status;
	unsigned first, count; /* the numbers of its people */
	struct id ids[PEOPLE_A_BATCH];
	sem_t done;
};

static struct id organization_id;

MUST_USE static struct status add_person(
	struct batch *batch, struct arena *arena, struct part *part, unsigned n, int64_t now_us)
{
	static char nothing[] = "";
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Orgd__V1__User user = ORGD__V1__USER__INIT;
	Orgd__Store__V1__User row = ORGD__STORE__V1__USER__INIT;
	Orgd__Store__V1__Membership membership = ORGD__STORE__V1__MEMBERSHIP__INIT;

	random_bytes(&part->ids[n], sizeof(part->ids[n]));
	time.seconds = now_us / US_PER_SECOND;
	time.nanos = (int32_t)(now_us % US_PER_SECOND) * 1000;
	user.email = arena_printf(arena, "crowd-%u@example.com", part->first + n);
	user.display_name = arena_printf(arena, "Number %u", part->first + n);
	user.email_verified = true;
	user.state = ORGD__V1__USER_STATE__USER_STATE_ACTIVE;
	user.create_time = user.update_time = &time;
	row.user = &user;
	row.canonical_email = user.email;
	row.password_hash = nothing;
	row.organization_count = 1;
	TRY(user_insert(batch, &part->ids[n], &row));
	membership.role = ORGD__V1__ROLE__ROLE_MEMBER;
	membership.join_us = membership.update_us = now_us;
	return membership_insert(batch, &organization_id, &part->ids[n], &membership);
}

static struct status run(struct mutation *mutation, struct snapshot *snapshot, int64_t now_us)
{
	struct part *part = (struct part *)mutation;
	Orgd__Store__V1__Organization *organization;
	struct batch *batch = snapshot_batch(snapshot);

	for (unsigned n = 0; n < part->count; n++)
		TRY(add_person(batch, mutation->arena, part, n, now_us));
	TRY(organization_get(snapshot, &organization_id, &organization));
	if (!organization)
		return status_fail(STATUS_NOT_FOUND, "ORGANIZATION_NOT_FOUND", "not here");
	organization->organization->member_count += part->count;
	return organization_put(batch, &organization_id, organization);
}

static void done(struct mutation *mutation, struct status status, uint64_t revision, bool committed)
{
	struct part *part = (struct part *)mutation;

	(void)revision;
	(void)committed;
	part->status = status;
	sem_post(&part->done);
}

static void must(struct status status)
{
	if (status.code)
		errx(1, "%s: %s", status.failure->reason, status.failure->message);
}

static void finish(struct part *part)
{
	char text[ID_TEXT_BYTES];

	sem_wait(&part->done);
	must(part->status);
	for (unsigned n = 0; n < part->count; n++) {
		id_format(ID_USER, &part->ids[n], text);
		puts(text);
	}
	arena_clear(&part->arena);
	sem_destroy(&part->done);
}

static void begin(struct store *store, struct part *part, unsigned first, unsigned count)
{
	*part = (struct part){
		.mutation = { .run = run, .done = done }, .first = first, .count = count
	};
	arena_init(&part->arena);
	part->mutation.arena = &part->arena;
	sem_init(&part->done, 0, 0);
	store_submit(store, &part->mutation);
}

int main(int argc, char **argv)
{
	static struct part parts[UNDER_WAY];
	struct clock clock = { 0 };
	struct store *store;
	unsigned people, batches;

	if (argc != 4)
		errx(64, "usage: crowd DATABASE_DIRECTORY ORGANIZATION_ID COUNT");
	entropy_start();
	must(id_parse(ID_ORGANIZATION, "organization_id", argv[2], &organization_id));
	people = (unsigned)atoi(argv[3]);
	must(store_open(&(struct store_options){ .directory = argv[1], .clock = &clock }, &store));
	batches = (people + PEOPLE_A_BATCH - 1) / PEOPLE_A_BATCH;
	for (unsigned i = 0; i < batches + UNDER_WAY; i++) {
		struct part *part = &parts[i % UNDER_WAY];
		unsigned first = i * PEOPLE_A_BATCH;

		if (i >= UNDER_WAY && i - UNDER_WAY < batches)
			finish(part);
		if (i < batches)
			begin(store, part, first,
				people - first < PEOPLE_A_BATCH ? people - first : PEOPLE_A_BATCH);
	}
	store_close(store);
	return 0;
}
