/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "domain/access.h"
#include "service/call.h"
#include "store/rows/document.h"

/*
 * Who reaches what, as the snapshot of one call shows it: reads the few rows that domain/access
 * decides on, and keeps them unpacked in the reading thread's cache for the calls that follow.
 * Every answer about access comes through here.
 */
struct access {
	struct call *call;
	struct access_cache *cache;
	uint32_t looks; /* rows looked at so far, for lists that bound their work */
};

/* The call is a read. */
void access_init(struct access *access, struct call *call);

/* What a reading thread has seen lately: some 5 MB, and at most 40 MB more if all users that it
 * keeps belong to 100 organizations. One thread at a time. */
struct access_cache *access_cache_new(void);
void access_cache_free(struct access_cache *cache);

struct access_membership {
	struct id organization_id;
	Orgd__V1__Role role;
};

enum { ACCESS_MEMBERSHIPS_FEW = 4 /* of a user: who has more has an array apart */ };
struct access_user {
	struct id id;
	uint64_t since; /* as of this revision; 0: not to be used again */
	bool exists, active;
	uint16_t membership_count, room;
	struct access_membership *memberships; /* by organization id */
	struct access_membership few[ACCESS_MEMBERSHIPS_FEW];
};

struct access_document {
	struct id id;
	uint64_t since;
	bool exists;
	size_t collection_count;
	struct id collection_ids[DOCUMENT_COLLECTIONS_MAX];
};

/* Each is found or known not to exist. It stays until the call finds another user or another
 * document. */
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
