/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "orgd/store/v1/rows.pb-c.h"
#include "store/rows/row.h"

/*
 * Organizations: TABLE_ORGANIZATION, their handles, their order of creation, and the reviewers'
 * queue. Whoever changes a set that belongs to an organization rewrites its row, so that two such
 * changes never pass each other.
 */

/* Sets *row to the organization, NULL if there is none; peek relies on nothing. Deleted ones are
 * found until they are purged. */
MUST_USE struct status organization_get(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Organization **row);
MUST_USE struct status organization_peek(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Organization **row);
/* What a check needs of it, which is cheaper; an expectation like get's. */
MUST_USE struct status organization_view(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__OrganizationView **view);
/* The row's key, for snapshot_unchanged. */
void organization_key(struct key *key, const struct id *id);

/* Sets *id to the organization that has or had this canonical handle, and *row to its entry, NULL
 * if nobody ever did. A reservation may be over, and its organization purged. */
MUST_USE struct status organization_find(struct snapshot *snapshot, const char *handle,
	struct id *id, Orgd__Store__V1__Handle **row);
/* Gives the handle to the organization: until `reserved_until_us` when it is deleted, 0 while it
 * lives. */
MUST_USE struct status organization_put_handle(
	struct batch *batch, const char *handle, const struct id *id, int64_t reserved_until_us);

/* Adds a row under a fresh id with its handle, its place by row->organization->create_time, and
 * in the queue at row->queued_us unless that is 0. */
MUST_USE struct status organization_insert(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Organization *row);
/* Writes the row back; its indexes stay. */
MUST_USE struct status organization_put(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Organization *row);
/* Moves it in the reviewers' queue to `queued_us`, 0 for out of it, and says so in the row, which
 * is left to organization_put. */
MUST_USE struct status organization_move_in_queue(struct batch *batch, const struct id *id,
	Orgd__Store__V1__Organization *row, int64_t queued_us);
/* Takes the row and its indexes. The handle's reservation stays. */
MUST_USE struct status organization_delete(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Organization *row);

/* All by creation: (create us, id); and the queue: (waiting since us, id). */
void organization_time_prefix(struct key *key);
void organization_queue_prefix(struct key *key);
/* What a key of either order says. */
struct id organization_of_key(struct bytes key, int64_t *us);
