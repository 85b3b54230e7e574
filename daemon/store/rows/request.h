/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "orgd/store/v1/rows.pb-c.h"
#include "secret/keyring.h"
#include "store/rows/row.h"

/*
 * TABLE_REQUEST: the first success of each mutation, for its replays (SPEC rule 34). Rows stand
 * under the day they were made, so that two point reads find one and a sweep takes whole days.
 */
enum { REQUEST_ROWS_DAYS = 2 /* today's and yesterday's are looked through */ };

/* Sets *row to the request row of this hash that is less than 24 hours old, NULL if there is none;
 * *revision is its batch's, *key its key, which is what its reply is sealed to. */
MUST_USE struct status request_get(struct snapshot *snapshot, const uint8_t hash[KEYED_HASH_BYTES],
	int64_t now_us, Orgd__Store__V1__Request **row, uint64_t *revision, struct key *key);
/* The key that a row made now stands under. */
void request_key(struct key *key, int64_t now_us, const uint8_t hash[KEYED_HASH_BYTES]);
MUST_USE struct status request_put(
	struct batch *batch, const struct key *key, const Orgd__Store__V1__Request *row);

/* Deletes up to `max` rows that no replay can reach any more; *deleted says how many. */
MUST_USE struct status request_delete_old(
	struct snapshot *snapshot, int64_t now_us, unsigned max, unsigned *deleted);
