/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "orgd/store/v1/rows.pb-c.h"
#include "store/rows/row.h"

/* TABLE_USER, and the users by address and by creation. */

/* Sets *row to the user, NULL if there is none; peek relies on nothing. */
MUST_USE struct status user_get(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__User **row);
MUST_USE struct status user_peek(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__User **row);
/* What a check needs of it, which is cheaper; an expectation like get's. */
MUST_USE struct status user_view(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__UserView **view);
/* The row's key, for snapshot_unchanged. */
void user_key(struct key *key, const struct id *id);
/* The account of an address; *row is NULL, and *id untouched, when there is none. */
MUST_USE struct status user_find(struct snapshot *snapshot, const char *canonical_email,
	struct id *id, Orgd__Store__V1__User **row);

/* Adds a user under a fresh id, made at user->create_time, with the address
 * row->canonical_email, which must be free. */
MUST_USE struct status user_insert(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__User *row);
/* Writes the row back. The address stays as it is. */
MUST_USE struct status user_put(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__User *row);
/* Frees the address for somebody else. The row stays. */
MUST_USE struct status user_free_email(struct batch *batch, const char *canonical_email);

/* All users by id, which is the rest of a key. */
void user_prefix(struct key *key);
/* All users by creation; the id is the last part of a key. */
void user_time_prefix(struct key *key);
struct id user_of_time_key(struct bytes key);
