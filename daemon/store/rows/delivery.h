/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "orgd/store/v1/rows.pb-c.h"
#include "store/rows/row.h"

/*
 * The outbox: TABLE_DELIVERY, its order of creation, and when each is due. A leased row is due
 * again when its lease ends, so a courier that died needs no other care.
 */

/* Sets *row to the delivery, NULL if there is none; peek relies on nothing. */
MUST_USE struct status delivery_get(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Delivery **row);
MUST_USE struct status delivery_peek(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Delivery **row);

/* Adds a row under a fresh id, made at row->create_us and due at row->due_us. */
MUST_USE struct status delivery_insert(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Delivery *row);
/* Writes the row back, which was due at row->due_us, and moves it in the order of due times to
 * `due_us`: 0 for not due any more. */
MUST_USE struct status delivery_put(
	struct batch *batch, const struct id *id, Orgd__Store__V1__Delivery *row, int64_t due_us);
MUST_USE struct status delivery_delete(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Delivery *row);

/* The row's own key: what its link is sealed to. */
void delivery_key(struct key *key, const struct id *id);
/* All due rows, soonest first: (due us, id); and all rows by creation: (create us, id). */
void delivery_due_prefix(struct key *key);
void delivery_time_prefix(struct key *key);
/* What a key of either order says. */
struct id delivery_of_key(struct bytes key, int64_t *us);
