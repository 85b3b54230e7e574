/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "orgd/store/v1/rows.pb-c.h"
#include "store/rows/row.h"

/*
 * Grants: TABLE_GRANT; what a check needs of one under (resource, organization); the orders of
 * creation of a resource's and of an organization's; and what an organization was granted. An
 * organization has at most one grant on a resource.
 *
 * A grant whose resource has no row gives nothing; a sweep takes it away.
 */
enum grant_on {
	GRANT_ON_DOCUMENT = 'd',
	GRANT_ON_COLLECTION = 'c',
};

enum { GRANT_WRITES = 5 /* what inserting or deleting one adds to a batch */ };

/* What a grant is on, and of whom. */
struct grant_place {
	enum grant_on on;
	struct id resource_id, organization_id;
};
/* Where the row's grant is. */
struct grant_place grant_place(const Orgd__Store__V1__Grant *row);

/* Sets *row to the grant, NULL if there is none; peek relies on nothing. */
MUST_USE struct status grant_get(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Grant **row);
MUST_USE struct status grant_peek(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Grant **row);
/* The organization's grant on the resource, NULL if there is none: all that a check needs of it. */
MUST_USE struct status grant_at_get(struct snapshot *snapshot, const struct grant_place *place,
	Orgd__Store__V1__ResourceGrant **row);
MUST_USE struct status grant_at_peek(struct snapshot *snapshot, const struct grant_place *place,
	Orgd__Store__V1__ResourceGrant **row);
/* The row's key, for snapshot_unchanged. */
void grant_at_key(struct key *key, const struct grant_place *place);

/* Adds a row under a fresh id. `expire_us` is its expire_time, 0 for none. */
MUST_USE struct status grant_insert(struct batch *batch, const struct id *id,
	const Orgd__Store__V1__Grant *row, int64_t expire_us);
/* Writes back a row whose permission, minimum_role or expire_time changed. */
MUST_USE struct status grant_put(struct batch *batch, const struct id *id,
	const Orgd__Store__V1__Grant *row, int64_t expire_us);
MUST_USE struct status grant_delete(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Grant *row);

/* A resource's grants by creation, and an organization's: (create us, grant), which grant_of_key
 * reads. */
void grant_resource_prefix(struct key *key, enum grant_on on, const struct id *resource_id);
void grant_organization_prefix(struct key *key, const struct id *organization_id);
struct id grant_of_key(struct bytes key);
/* The organizations that have a grant on a resource, by id, which is the last part of a key. */
void grant_holders_prefix(struct key *key, enum grant_on on, const struct id *resource_id);
/* What an organization was granted: documents by their creation (see document_of_key), or
 * collections, whose id is the last part of a key. */
void granted_prefix(struct key *key, const struct id *organization_id, enum grant_on on);
