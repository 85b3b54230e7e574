/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "service/call.h"

/* What others use of documents. */

/* The contract's message of the row: id, live collections and etag filled in. In the call's
 * arena. */
MUST_USE struct status document_message(struct call *call, const struct id *id,
	const Orgd__Store__V1__Document *row, Orgd__V1__Document **message);

/* What others make of one: checks of the fields that its maker gives, which it leaves as they are
 * kept, and the event about it. */
MUST_USE struct status document_check(struct call *call, Orgd__V1__Document *given);
MUST_USE struct status document_event(struct call *call, const char *action, const struct id *id,
	const Orgd__V1__Document *document);

/* Sets *row to the document's collections, which are there as long as it is.
 *
 *   NOT_FOUND DOCUMENT_NOT_FOUND */
MUST_USE struct status document_find_collections(
	struct call *call, const struct id *id, Orgd__Store__V1__DocumentCollections **row);

/* A deleted document gives no access from that moment on; this takes the grants that are left on
 * it, in chunks, with an event for each. */
MUST_USE struct status document_sweep_deleted(struct call *call, bool *more);
