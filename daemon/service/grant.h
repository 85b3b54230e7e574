/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "service/call.h"
#include "store/rows/grant.h"

/* Grants: the handlers of DocumentService that are about them, and what documents and collections
 * need. */
MUST_USE struct status grant_create(struct call *call, const Orgd__V1__CreateGrantRequest *request,
	Orgd__V1__CreateGrantResponse *response);
MUST_USE struct status grant_list(struct call *call, const Orgd__V1__ListGrantsRequest *request,
	Orgd__V1__ListGrantsResponse *response);
MUST_USE struct status grant_remove(struct call *call, const Orgd__V1__DeleteGrantRequest *request,
	Orgd__V1__DeleteGrantResponse *response);

/* What others make of one. */

Orgd__V1__Grant *grant_message(
	struct call *call, const struct id *id, const Orgd__Store__V1__Grant *row);
/* Reads the ids of whose grant it is, and on what. */
MUST_USE struct status grant_parse_place(const Orgd__V1__Grant *grant, struct grant_place *place);
/* Checks the rest of what its maker gives; *expire_us is 0 for never.
 *
 *   INVALID_ARGUMENT  UNKNOWN_ENUM_VALUE, INVALID_TIME */
MUST_USE struct status grant_check_terms(const Orgd__V1__Grant *grant, int64_t *expire_us);
/* Of a grant that begins now.
 *
 *   INVALID_ARGUMENT  EXPIRE_TIME_PAST */
MUST_USE struct status grant_check_expiry(struct call *call, const Orgd__V1__Grant *grant);
/* Does what the grant is on still exist? Without it the grant is gone too, whatever rows are
 * left. */
MUST_USE struct status grant_is_live(
	struct call *call, const Orgd__Store__V1__Grant *row, bool *live);
/* Adds the grant, complete but for its id, with the event. `document_create_us` is that of the
 * document that it is on, or 0. */
MUST_USE struct status grant_add(struct call *call, const struct id *id, Orgd__V1__Grant *grant,
	const struct grant_place *place, int64_t document_create_us);

/* Deletes a chunk of the grants on a resource that is gone; *left when there may be more. */
MUST_USE struct status grant_sweep(
	struct call *call, enum grant_on on, const struct id *resource_id, bool *left);
