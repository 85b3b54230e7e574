/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "orgd/store/v1/rows.pb-c.h"
#include "store/rows/row.h"

/* TABLE_SESSION, a user's sessions by creation, and when nothing needs a row any more: a day
 * after the session's end, since it may have a reply again until then. */

/* Sets *row to the session, NULL if there is none; peek relies on nothing. */
MUST_USE struct status session_get(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Session **row);
MUST_USE struct status session_peek(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Session **row);

/* Adds a session of row->user_id under a fresh id, made at session->create_time. */
MUST_USE struct status session_insert(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Session *row);
/* Writes the row back; its end stays as it is. */
MUST_USE struct status session_put(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Session *row);
/* Writes the row back as ended at `end_us`; it has not ended before. */
MUST_USE struct status session_end(
	struct batch *batch, const struct id *id, Orgd__Store__V1__Session *row, int64_t end_us);
/* Deletes up to `max` sessions that nothing needs at `now_us`; *deleted says how many. */
MUST_USE struct status session_delete_ended(
	struct snapshot *snapshot, int64_t now_us, unsigned max, unsigned *deleted);

/* All sessions of a user by creation; the id is the last part of a key. */
void session_user_prefix(struct key *key, const struct id *user_id);
struct id session_of_user_key(struct bytes key);
