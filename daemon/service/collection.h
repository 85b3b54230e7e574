/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "service/call.h"

/* Collections: the handlers of DocumentService that are about them, and what documents need. */
MUST_USE struct status collection_create(struct call *call,
	const Orgd__V1__CreateCollectionRequest *request,
	Orgd__V1__CreateCollectionResponse *response);
MUST_USE struct status collection_read(struct call *call,
	const Orgd__V1__GetCollectionRequest *request, Orgd__V1__GetCollectionResponse *response);
MUST_USE struct status collection_list(struct call *call,
	const Orgd__V1__ListCollectionsRequest *request,
	Orgd__V1__ListCollectionsResponse *response);
MUST_USE struct status collection_update(struct call *call,
	const Orgd__V1__UpdateCollectionRequest *request,
	Orgd__V1__UpdateCollectionResponse *response);
MUST_USE struct status collection_remove(struct call *call,
	const Orgd__V1__DeleteCollectionRequest *request,
	Orgd__V1__DeleteCollectionResponse *response);
MUST_USE struct status collection_add_documents(struct call *call,
	const Orgd__V1__AddDocumentsRequest *request, Orgd__V1__AddDocumentsResponse *response);
MUST_USE struct status collection_remove_documents(struct call *call,
	const Orgd__V1__RemoveDocumentsRequest *request,
	Orgd__V1__RemoveDocumentsResponse *response);

/* What others make of one: its message, checks of the fields that its maker gives, which it
 * leaves as they are kept, and the event about it. */
Orgd__V1__Collection *collection_message(
	struct call *call, const struct id *id, const Orgd__Store__V1__Collection *row);
MUST_USE struct status collection_check(struct call *call, Orgd__V1__Collection *given);
MUST_USE struct status collection_event(struct call *call, const char *action, const struct id *id,
	const Orgd__V1__Collection *collection);

/* Sets *row to the collection.
 *
 *   NOT_FOUND COLLECTION_NOT_FOUND */
MUST_USE struct status collection_find(
	struct call *call, const struct id *id, Orgd__Store__V1__Collection **row);
/* Takes a document that is being deleted out of a collection, which may be deleted itself. */
MUST_USE struct status collection_drop_document(struct call *call, const struct id *id,
	const struct id *document_id, const Orgd__Store__V1__DocumentCollections *document);

/* A deleted collection gives no access from that moment on; this takes its entries and the grants
 * that are left on it, in chunks, with an event for each grant. */
MUST_USE struct status collection_sweep_deleted(struct call *call, bool *more);
