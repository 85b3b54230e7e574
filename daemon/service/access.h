/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "domain/access.h"
#include "service/call.h"

/*
 * Who reaches what, as the snapshot of one call shows it: reads the few rows that domain/access
 * decides on. Every answer about access comes through here.
 */
struct access {
	struct call *call;
	struct id_map *users, *documents, *organizations; /* read before; NULL: not kept */
	uint32_t reads; /* point reads so far, for lists that bound their work */
};

/* `kept`: how many different users, documents and organizations to keep for being asked again. */
void access_init(struct access *access, struct call *call, size_t kept);

struct access_membership {
	struct id organization_id;
	Orgd__V1__Role role;
};

struct access_user {
	struct id id;
	bool active;
	Orgd__Store__V1__UserView *row; /* NULL: no such user */
	size_t membership_count;
	struct access_membership *memberships; /* by organization id */
};

struct access_document {
	struct id id;
	Orgd__Store__V1__DocumentCollections *row; /* NULL: no such document */
};

/* Each is found or known not to exist; in the call's arena. */
MUST_USE struct status access_find_user(
	struct access *access, const struct id *id, const struct access_user **user);
MUST_USE struct status access_find_document(
	struct access *access, const struct id *id, const struct access_document **document);

/* Yes or no, with as few reads as the answer needs. */
MUST_USE struct status access_check(struct access *access, const struct access_user *user,
	const struct access_document *document, Orgd__V1__Permission wanted, bool *allowed);
/* The highest permission that the user has; unspecified for none. */
MUST_USE struct status access_highest(struct access *access, const struct access_user *user,
	const struct access_document *document, Orgd__V1__Permission *highest);

/* One organization of the user, and what it offers. */
struct access_path {
	struct id organization_id;
	const Orgd__Store__V1__OrganizationView *organization; /* NULL: purged this moment */
	Orgd__V1__Role role;
	struct access_verdict verdict;
};
struct access_explanation {
	struct access_verdict verdict;
	const struct access_path *decided; /* NULL: it did not come to any organization */
	size_t path_count;
	struct access_path *paths; /* one for each organization of the user */
};
MUST_USE struct status access_explain(struct access *access, const struct access_user *user,
	const struct access_document *document, Orgd__V1__Permission wanted,
	struct access_explanation *explanation);
