/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "orgd/store/v1/rows.pb-c.h"
#include "store/rows/row.h"

/* TABLE_API_KEY, and the keys by creation. */

/* Sets *row to the key, NULL if there is none; peek relies on nothing. */
MUST_USE struct status api_key_get(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__ApiKey **row);
MUST_USE struct status api_key_peek(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__ApiKey **row);
/* What a check needs of it, which is cheaper; an expectation like get's. */
MUST_USE struct status api_key_view(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__ApiKeyView **view);
/* The row's key, for snapshot_unchanged. */
void api_key_key(struct key *key, const struct id *id);

/* Adds a key under a fresh id, made at api_key->create_time. */
MUST_USE struct status api_key_insert(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__ApiKey *row);
MUST_USE struct status api_key_put(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__ApiKey *row);

/* All keys by creation; the id is the last part of a key. */
void api_key_time_prefix(struct key *key);
struct id api_key_of_time_key(struct bytes key);
