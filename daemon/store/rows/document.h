/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "orgd/store/v1/rows.pb-c.h"
#include "store/rows/row.h"

/*
 * TABLE_DOCUMENT, its order of creation, and which collections each document is in. A document that
 * has no row gives no access, whatever grants are left of it.
 */

enum { DOCUMENT_COLLECTIONS_MAX = 16 };

/* Sets *row to the document, NULL if there is none; peek relies on nothing. */
MUST_USE struct status document_get(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Document **row);
MUST_USE struct status document_peek(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Document **row);
/* Sets *row to its collections, NULL if there is no such document: all that a check needs. */
MUST_USE struct status document_collections_get(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__DocumentCollections **row);
MUST_USE struct status document_collections_peek(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__DocumentCollections **row);
/* The row's key, for snapshot_unchanged. */
void document_collections_key(struct key *key, const struct id *id);

/* Adds a row under a fresh id, created at row->create_us, in no collection. */
MUST_USE struct status document_insert(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Document *row);
/* Each writes its row back. */
MUST_USE struct status document_put(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Document *row);
MUST_USE struct status document_collections_put(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__DocumentCollections *row);
/* Takes the document's rows; its entries in collections and the grants on it are left to the
 * caller. */
MUST_USE struct status document_delete(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Document *row);

/* All documents by creation: (create us, id). */
void document_time_prefix(struct key *key);
/* What the end of a key in any order of documents says: the same (create us, id). */
struct id document_of_key(struct bytes key, int64_t *create_us);
