/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "orgd/store/v1/rows.pb-c.h"
#include "store/rows/row.h"

/*
 * Who belongs to which organization: TABLE_MEMBERSHIP, the same rows by user, and the members of an
 * organization in the order in which they joined.
 */

/* Sets *row to the membership, NULL if the user does not belong; peek relies on nothing. */
MUST_USE struct status membership_get(struct snapshot *snapshot, const struct id *organization_id,
	const struct id *user_id, Orgd__Store__V1__Membership **row);
MUST_USE struct status membership_peek(struct snapshot *snapshot, const struct id *organization_id,
	const struct id *user_id, Orgd__Store__V1__Membership **row);

/* Adds a row that must not exist, with its indexes. */
MUST_USE struct status membership_insert(struct batch *batch, const struct id *organization_id,
	const struct id *user_id, const Orgd__Store__V1__Membership *row);
/* Writes the row back; join_us must be as it was. */
MUST_USE struct status membership_put(struct batch *batch, const struct id *organization_id,
	const struct id *user_id, const Orgd__Store__V1__Membership *row);
MUST_USE struct status membership_delete(struct batch *batch, const struct id *organization_id,
	const struct id *user_id, const Orgd__Store__V1__Membership *row);

/* The members of an organization, (user) → Membership; the organizations of a user,
 * (organization) → Membership; the members in the order they joined, (join us, user) → -. */
void membership_organization_prefix(struct key *key, const struct id *organization_id);
void membership_user_prefix(struct key *key, const struct id *user_id);
void membership_time_prefix(struct key *key, const struct id *organization_id);
/* The id that ends such a key: the user in an organization's lists, the organization in a user's.
 */
struct id membership_of_key(struct bytes key);
/* The Membership that a scan of one of the first two lists stands on. */
MUST_USE struct status membership_of_value(
	struct arena *arena, struct bytes value, Orgd__Store__V1__Membership **row);
