/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "orgd/v1/access_service.pb-c.h"
#include "orgd/v1/organization_service.pb-c.h"

/*
 * SPEC rule 31, the one decision: may this user read this document? Check, BatchCheck,
 * ExplainAccess and both lists ask here, so that they always agree. Pure.
 *
 * It is a fold: begin with access_begin, then take in what each organization of the user offers.
 */

/* What is asked, and what is known before any organization comes into play. */
struct access_question {
	Orgd__V1__Permission wanted; /* READ at least */
	bool user_exists, user_active;
	bool document_exists;
	int64_t now_us, reverify_grace_us;
};

/* A grant of an organization that reaches the document. */
struct access_grant {
	struct id id, collection_id; /* the collection is zero for a grant on the document itself */
	Orgd__V1__Permission permission;
	Orgd__V1__Role minimum_role;
	int64_t expire_us; /* 0 for never */
};

/* An organization of the user: itself, the user's role, the grants that reach the document. */
struct access_organization {
	Orgd__V1__OrganizationState lifecycle;
	Orgd__V1__VerificationState verification;
	int64_t verification_us; /* since when it is in that state */
	Orgd__V1__Role role;
	const struct access_grant *grants;
	size_t grant_count;
};

struct access_verdict {
	bool allowed;
	Orgd__V1__AccessReason reason;
	Orgd__V1__Permission
		highest; /* that the user has, whatever was wanted; unspecified for none */
	struct access_grant grant; /* that decided; its id is zero when none did */
};

/* What holds without any organization: not allowed. */
struct access_verdict access_begin(const struct access_question *question);
/* What one organization offers. Of its grants the one that comes furthest decides, the first of
 * equals. */
struct access_verdict access_judge(
	const struct access_question *question, const struct access_organization *organization);
/* Takes `offer` in: true when it comes further than the best so far and takes its place. Order:
 * AccessReason says how far each comes. */
bool access_take(struct access_verdict *best, const struct access_verdict *offer);
