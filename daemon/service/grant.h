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

/* Deletes a chunk of the grants on a resource that is gone; *left when there may be more. */
MUST_USE struct status grant_sweep(
	struct call *call, enum grant_on on, const struct id *resource_id, bool *left);
