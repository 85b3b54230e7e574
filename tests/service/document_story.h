/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "support/story.h"

/* What stories about documents and access have in common. An operator does it unless it says
 * otherwise; `resource` is a document's or a collection's id. */

#define READ    ORGD__V1__PERMISSION__PERMISSION_READ
#define COMMENT ORGD__V1__PERMISSION__PERMISSION_COMMENT
#define WRITE   ORGD__V1__PERMISSION__PERMISSION_WRITE
#define NONE    ORGD__V1__PERMISSION__PERMISSION_UNSPECIFIED
#define ANY     ORGD__V1__ROLE__ROLE_UNSPECIFIED
#define MEMBER  ORGD__V1__ROLE__ROLE_MEMBER
#define ADMIN   ORGD__V1__ROLE__ROLE_ADMIN
#define OWNER   ORGD__V1__ROLE__ROLE_OWNER

/* Each returns the new id. */
const char *a_document(struct story *s, const char *title);
const char *a_collection(struct story *s, const char *title);
void put_into(struct story *s, const char *collection, const char *document);
void take_out(struct story *s, const char *collection, const char *document);

/* The terms of a grant to make; zero for every member and for ever. */
struct terms {
	Orgd__V1__Permission permission;
	Orgd__V1__Role minimum_role;
	int64_t expire_us;
};
const Orgd__V1__Grant *grant_to(
	struct story *s, const char *organization, const char *resource, struct terms terms);
/* The request of the same, for refusals. */
Orgd__V1__Grant grant_request(const char *organization, const char *resource, struct terms terms);

/* What Check says of a user, by an operator; and why. */
bool may(struct story *s, const char *user_id, const char *document, Orgd__V1__Permission wanted);
const Orgd__V1__CheckResponse *ask_why(
	struct story *s, const char *user_id, const char *document, Orgd__V1__Permission wanted);

/* How many events of this action there are. */
size_t count_events(struct story *s, const char *action);
/* An id of this type that names nothing. */
const char *no_such(const char *prefix);
