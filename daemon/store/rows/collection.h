/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "orgd/store/v1/rows.pb-c.h"
#include "store/rows/row.h"

/*
 * TABLE_COLLECTION, its order of creation, and which documents are in which. A collection that has
 * no row gives no access, whatever entries and grants are left of it.
 */

/* Sets *row to the collection, NULL if there is none; peek relies on nothing. */
MUST_USE struct status collection_get(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Collection **row);
MUST_USE struct status collection_peek(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Collection **row);
/* Is there such a row? Relies on nothing: one that is gone never comes back. */
MUST_USE struct status collection_exists(
	struct snapshot *snapshot, const struct id *id, bool *exists);
/* The row's key, for snapshot_unchanged. */
void collection_key(struct key *key, const struct id *id);

/* Adds a row under a fresh id, created at row->create_us. */
MUST_USE struct status collection_insert(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Collection *row);
MUST_USE struct status collection_put(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Collection *row);
/* The row and its place in the order; what belongs to it (entries, grants) is the caller's to
 * take. */
MUST_USE struct status collection_delete(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Collection *row);

/* A document's entry in a collection; the document's row names the collection too, and the caller
 * keeps the two in step. */
MUST_USE struct status collection_document_put(struct batch *batch, const struct id *id,
	const struct id *document_id, int64_t document_create_us);
MUST_USE struct status collection_document_delete(struct batch *batch, const struct id *id,
	const struct id *document_id, int64_t document_create_us);

/* All collections by creation: (create us, id), which collection_of_key reads. */
void collection_time_prefix(struct key *key);
struct id collection_of_key(struct bytes key);
/* The documents of a collection, by their creation: see document_of_key. */
void collection_document_prefix(struct key *key, const struct id *id);
