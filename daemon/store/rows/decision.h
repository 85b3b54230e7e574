/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "orgd/store/v1/rows.pb-c.h"
#include "store/rows/row.h"

/* TABLE_DECISION: the dialogue between reviewers and an organization, oldest first. Rows are
 * added, and go only with their organization. */

MUST_USE struct status decision_insert(struct batch *batch, const struct id *organization_id,
	int64_t now_us, const struct id *id, const Orgd__Store__V1__Decision *row);
/* Deletes the row of this key. */
MUST_USE struct status decision_delete(struct batch *batch, struct bytes key);

/* The decisions about an organization: (us, decision) → Decision. */
void decision_organization_prefix(struct key *key, const struct id *organization_id);
/* What a key and a value of that list say. */
struct id decision_of_key(struct bytes key);
MUST_USE struct status decision_of_value(
	struct arena *arena, struct bytes value, Orgd__Store__V1__Decision **row);
