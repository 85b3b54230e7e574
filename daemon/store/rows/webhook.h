/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "orgd/store/v1/rows.pb-c.h"
#include "store/rows/row.h"

/*
 * Webhooks: TABLE_WEBHOOK, which ones an organization has, when each is due, and their attempts.
 *
 * No batch grows with the number of webhooks: whoever appends an event of an organization that has
 * any leaves one mark, and the next lease turns it into due webhooks. For that no event is missed,
 *   - appending relies on TABLE_WEBHOOKS' row, which whoever makes or deletes one rewrites;
 *   - taking the mark away relies on it, and rewrites every webhook that is to hear of it, so that
 *     nobody who saw nothing to send puts one to rest at the same time.
 */

/* Sets *row to the webhook, NULL if there is none; peek relies on nothing. */
MUST_USE struct status webhook_get(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Webhook **row);
MUST_USE struct status webhook_peek(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Webhook **row);
/* Sets *webhooks to those of the organization, an empty message if there are none. */
MUST_USE struct status webhooks_get(struct snapshot *snapshot, const struct id *organization_id,
	Orgd__Store__V1__Webhooks **webhooks);

/* Adds a row under a fresh id, due at row->due_us unless that is 0, and adds it to its
 * organization's `webhooks`, which webhooks_get found. */
MUST_USE struct status webhook_insert(struct batch *batch, const struct id *id,
	const Orgd__Store__V1__Webhook *row, Orgd__Store__V1__Webhooks *webhooks);
/* Writes the row back, which was due at row->due_us, and moves it in the order of due times to
 * `due_us`: 0 for not due any more. */
MUST_USE struct status webhook_put(
	struct batch *batch, const struct id *id, Orgd__Store__V1__Webhook *row, int64_t due_us);
/* Takes the row, and its id off `webhooks`; its attempts are left to the caller. */
MUST_USE struct status webhook_delete(struct batch *batch, const struct id *id,
	const Orgd__Store__V1__Webhook *row, Orgd__Store__V1__Webhooks *webhooks);

/* The row's own key: what its secrets are sealed to. */
void webhook_key(struct key *key, const struct id *id);
/* The one row that says which an organization has. */
void webhooks_key(struct key *key, const struct id *organization_id);
/* All due rows, soonest first: (due us, id), which webhook_of_due_key reads. */
void webhook_due_prefix(struct key *key);
struct id webhook_of_due_key(struct bytes key, int64_t *due_us);

/* For whoever appends an event of the organization: leaves the mark, if it has webhooks. */
MUST_USE struct status webhook_news_put(
	struct snapshot *snapshot, const struct id *organization_id);
/* Takes the mark away that a scan found, and relies on it. */
MUST_USE struct status webhook_news_take(
	struct snapshot *snapshot, const struct id *organization_id);
/* All marks; the organization's id is the rest of a key. */
void webhook_news_prefix(struct key *key);

/* Adds an attempt that ended at `us`; times of batches are unique. */
MUST_USE struct status webhook_attempt_insert(struct batch *batch, const struct id *id, int64_t us,
	const Orgd__V1__WebhookAttempt *attempt);
/* Deletes the row of this key. */
MUST_USE struct status webhook_attempt_delete(struct batch *batch, struct bytes key);
/* A webhook's attempts, oldest first; when one ended is the last part of its key. */
void webhook_attempt_prefix(struct key *key, const struct id *id);
int64_t webhook_attempt_us(struct bytes key);
MUST_USE struct status webhook_attempt_of_value(
	struct arena *arena, struct bytes value, Orgd__V1__WebhookAttempt **attempt);
