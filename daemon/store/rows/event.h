/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "orgd/store/v1/rows.pb-c.h"
#include "store/rows/row.h"

/* Adds the event to the batch, and to its organization's list (NULL for none). Batch times are
 * unique, so that (us, index) is the order of revisions. */
MUST_USE struct status event_put(struct batch *batch, const struct id *id,
	const struct id *organization, int64_t now_us, uint16_t index,
	const Orgd__Store__V1__Event *event);

/* The prefix of an organization's list, and what a key in it says: (us, index, event). */
void event_organization_prefix(struct key *key, const struct id *organization);
struct id event_of_organization_key(struct bytes key, uint16_t *index);
