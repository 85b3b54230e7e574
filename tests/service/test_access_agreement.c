/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account_expect.h"
#include "base/compiler.h"
#include "document_story.h"
#include "service/settings.h"

/*
 * SPEC rule 32: Check, BatchCheck, ExplainAccess and both lists agree with each other always,
 * and with a model that knows nothing of how they are made. Random histories over a tiny
 * alphabet: every thing meets every other.
 */
enum {
	USERS = 4,
	ORGANIZATIONS = 3,
	DOCUMENTS = 5,
	COLLECTIONS = 3,
	RESOURCES = DOCUMENTS + COLLECTIONS
};
enum { STEPS = 120, HISTORIES = 6 };

struct model {
	struct story *s;
	uint64_t random;
	const char *users[USERS], *emails[USERS], *sessions[USERS];
	bool disabled[USERS];
	const char *organizations[ORGANIZATIONS], *handles[ORGANIZATIONS];
	bool suspended[ORGANIZATIONS], deleted[ORGANIZATIONS], rejected[ORGANIZATIONS];
	Orgd__V1__Role roles[ORGANIZATIONS][USERS];
	/* Documents, then collections. */
	const char *resources[RESOURCES];
	bool gone[RESOURCES];
	bool in[COLLECTIONS][DOCUMENTS];
	struct held {
		const char *id; /* NULL for none */
		struct terms terms;
	} held[ORGANIZATIONS][RESOURCES];
};

static unsigned below(struct model *m, unsigned bound)
{
	/* splitmix64 */
	uint64_t z = m->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((z ^ z >> 31) % bound);
}

/* SPEC rule 31 as it is written. */
static Orgd__V1__Permission model_highest(const struct model *m, size_t user, size_t document)
{
	Orgd__V1__Permission highest = NONE;

	if (m->disabled[user] || m->gone[document])
		return NONE;
	for (size_t o = 0; o < ORGANIZATIONS; o++) {
		if (m->suspended[o] || m->deleted[o] || m->rejected[o] || m->roles[o][user] == ANY)
			continue;
		for (size_t r = 0; r < RESOURCES; r++) {
			const struct held *held = &m->held[o][r];
			bool reaches = r < DOCUMENTS
					       ? r == document
					       : m->in[r - DOCUMENTS][document] && !m->gone[r];

			if (reaches && held->id && held->terms.minimum_role <= m->roles[o][user] &&
				(!held->terms.expire_us ||
					held->terms.expire_us > story_now_us(m->s)) &&
				held->terms.permission > highest)
				highest = held->terms.permission;
		}
	}
	return highest;
}

static void change_grant(struct model *m)
{
	size_t o = below(m, ORGANIZATIONS), r = below(m, RESOURCES);
	struct held *held = &m->held[o][r];

	if (m->deleted[o] || m->gone[r])
		return;
	if (held->id && below(m, 3) == 0) {
		ASK(m->s, "operator", DocumentService, DeleteGrant, delete_grant,
			.grant_id = held->id);
		held->id = NULL;
		return;
	}
	held->terms.permission = (Orgd__V1__Permission)(READ + below(m, 3));
	held->terms.minimum_role = (Orgd__V1__Role)below(m, 4);
	held->terms.expire_us =
		below(m, 3) ? 0 : story_now_us(m->s) + US_PER_HOUR + below(m, 10) * US_PER_HOUR;
	held->id = grant_to(m->s, m->organizations[o], m->resources[r], held->terms)->id;
}

static void change_collection(struct model *m)
{
	size_t c = below(m, COLLECTIONS), d = below(m, DOCUMENTS);

	if (m->gone[DOCUMENTS + c] || m->gone[d])
		return;
	(m->in[c][d] ? take_out : put_into)(m->s, m->resources[DOCUMENTS + c], m->resources[d]);
	m->in[c][d] = !m->in[c][d];
}

static void join(struct model *m, size_t o, size_t u, Orgd__V1__Role role)
{
	ASK(m->s, "operator", InvitationService, CreateInvitation, create_invitation,
		.organization_id = m->organizations[o], .email = m->emails[u], .role = role);
	ASK(m->s, m->sessions[u], InvitationService, AcceptInvitation, accept_invitation,
		.token = story_mail_token(m->s, m->emails[u]));
}

static void change_member(struct model *m)
{
	/* The first user owns every organization and stays, so that there is always an Owner. */
	size_t o = below(m, ORGANIZATIONS), u = 1 + below(m, USERS - 1);
	Orgd__V1__Role *role = &m->roles[o][u], next = (Orgd__V1__Role)below(m, 4);

	if (m->deleted[o] || m->suspended[o] || m->rejected[o] || m->disabled[u] || next == *role)
		return;
	if (*role == ANY)
		join(m, o, u, next);
	else if (next == ANY)
		ASK(m->s, "operator", MemberService, RemoveMember, remove_member,
			.organization_id = m->organizations[o], .user_id = m->users[u]);
	else
		ASK(m->s, "operator", MemberService, ChangeRole, change_role,
			.organization_id = m->organizations[o], .user_id = m->users[u],
			.role = next);
	*role = next;
}

static void change_organization(struct model *m)
{
	size_t o = below(m, ORGANIZATIONS);
	const char *id = m->organizations[o];

	if (m->deleted[o]) {
		ASK(m->s, "operator", OrganizationService, UndeleteOrganization,
			undelete_organization, .organization_id = id);
		m->deleted[o] = false;
	} else if (m->suspended[o]) {
		ASK(m->s, "operator", OrganizationService, UnsuspendOrganization,
			unsuspend_organization, .organization_id = id);
		m->suspended[o] = false;
	} else if (m->rejected[o]) {
		ASK(m->s, "operator", VerificationService, Resubmit, resubmit,
			.organization_id = id);
		ASK(m->s, "operator", VerificationService, VerifyOrganization, verify_organization,
			.organization_id = id);
		m->rejected[o] = false;
	} else if (below(m, 2)) {
		ASK(m->s, "operator", OrganizationService, SuspendOrganization,
			suspend_organization, .organization_id = id, .reason = "for a while");
		m->suspended[o] = true;
	} else if (below(m, 2)) {
		ASK(m->s, "operator", VerificationService, RejectOrganization, reject_organization,
			.organization_id = id, .note = "for a while",
			.reason = ORGD__V1__DECISION_REASON__DECISION_REASON_OTHER,
			.without_mail = true);
		m->rejected[o] = true;
	} else {
		ASK(m->s, "operator", OrganizationService, DeleteOrganization, delete_organization,
			.organization_id = id, .confirm_handle = m->handles[o]);
		m->deleted[o] = true;
	}
}

static void change_user(struct model *m)
{
	/* Not while it might be the last Owner of something. */
	size_t u = 1 + below(m, USERS - 1);

	if (m->disabled[u]) {
		ASK(m->s, "operator", UserService, EnableUser, enable_user, .user_id = m->users[u]);
		m->sessions[u] = sign_in(m->s, m->emails[u], right_password);
	} else {
		ASK(m->s, "operator", UserService, DisableUser, disable_user,
			.user_id = m->users[u]);
	}
	m->disabled[u] = !m->disabled[u];
}

static void replace_resource(struct model *m)
{
	size_t r = below(m, RESOURCES);

	if (m->gone[r]) {
		/* Another takes its place, in nothing and granted to nobody. */
		m->resources[r] = r < DOCUMENTS ? a_document(m->s, "A manual")
						: a_collection(m->s, "Manuals");
		m->gone[r] = false;
		for (size_t o = 0; o < ORGANIZATIONS; o++)
			m->held[o][r].id = NULL;
		for (size_t i = 0; i < (r < DOCUMENTS ? COLLECTIONS : DOCUMENTS); i++)
			*(r < DOCUMENTS ? &m->in[i][r] : &m->in[r - DOCUMENTS][i]) = false;
		return;
	}
	if (r < DOCUMENTS)
		ASK(m->s, "operator", DocumentService, DeleteDocument, delete_document,
			.document_id = m->resources[r]);
	else
		ASK(m->s, "operator", DocumentService, DeleteCollection, delete_collection,
			.collection_id = m->resources[r]);
	m->gone[r] = true;
}

static void step(struct model *m)
{
	switch (below(m, 16)) {
	case 0:
		change_organization(m);
		break;
	case 1:
		change_user(m);
		break;
	case 2:
		replace_resource(m);
		break;
	case 3:
		story_advance(m->s, US_PER_HOUR);
		break;
	case 4:
		story_sweep(m->s);
		break;
	case 5:
	case 6:
		change_member(m);
		break;
	case 7:
	case 8:
	case 9:
	case 10:
		change_collection(m);
		break;
	default:
		change_grant(m);
		break;
	}
}

static size_t index_of(const char *const ids[], size_t count, const char *id)
{
	size_t i;

	for (i = 0; i < count && strcmp(ids[i], id); i++)
		;
	return i;
}

static void compare_checks(struct model *m, Orgd__V1__Permission expected[USERS][DOCUMENTS])
{
	static Orgd__V1__BatchCheckRequest__Check checks[USERS * DOCUMENTS * 3];
	Orgd__V1__BatchCheckRequest__Check *pointers[COUNT_OF(checks)];
	const Orgd__V1__BatchCheckResponse *batch;
	size_t count = 0;

	for (size_t u = 0; u < USERS; u++)
		for (size_t d = 0; d < DOCUMENTS; d++)
			for (Orgd__V1__Permission p = READ; p <= WRITE; p++) {
				orgd__v1__batch_check_request__check__init(&checks[count]);
				checks[count].user_id = m->users[u];
				checks[count].document_id = m->resources[d];
				checks[count].permission = p;
				pointers[count] = &checks[count];
				count++;
			}
	batch = ASK(m->s, "operator", AccessService, BatchCheck, batch_check, .n_checks = count,
		.checks = pointers);
	for (size_t i = 0; i < count; i++) {
		const char *user = checks[i].user_id, *document = checks[i].document_id;
		bool allowed =
			expected[i / 3 / DOCUMENTS][i / 3 % DOCUMENTS] >= checks[i].permission;
		const Orgd__V1__CheckResponse *why;
		const Orgd__V1__ExplainAccessResponse *whole;
		bool any_path = false;

		cr_assert_eq(batch->allowed[i], allowed, "BatchCheck and the model");
		/* One in four at a time suffices: every step asks anew. */
		if (below(m, 4))
			continue;
		cr_assert_eq(may(m->s, user, document, checks[i].permission), allowed);
		why = ask_why(m->s, user, document, checks[i].permission);
		whole = ASK(m->s, "operator", AccessService, ExplainAccess, explain_access,
			.user_id = user, .document_id = document,
			.permission = checks[i].permission);
		cr_assert_eq(why->allowed, allowed);
		cr_assert_eq(whole->allowed, allowed);
		cr_assert_eq(whole->reason, why->reason);
		for (size_t n = 0; n < whole->n_paths; n++) {
			any_path |= whole->paths[n]->allowed;
			if (!strcmp(whole->paths[n]->organization_id, why->organization_id))
				cr_assert_eq(whole->paths[n]->reason, why->reason);
		}
		cr_assert_eq(any_path, allowed);
	}
}

static void compare_documents(struct model *m, size_t u, Orgd__V1__Permission wanted,
	Orgd__V1__Permission expected[USERS][DOCUMENTS])
{
	Orgd__V1__Permission listed[DOCUMENTS] = { 0 };
	const char *token = "";

	do {
		const Orgd__V1__ListUserDocumentsResponse *page =
			ASK(m->s, "operator", AccessService, ListUserDocuments, list_user_documents,
				.user_id = m->users[u], .permission = wanted, .page_size = 2,
				.page_token = token);

		for (size_t i = 0; i < page->n_documents; i++) {
			size_t d =
				index_of(m->resources, DOCUMENTS, page->documents[i]->document->id);

			cr_assert_lt(d, DOCUMENTS);
			cr_assert_eq(listed[d], NONE, "listed twice");
			listed[d] = page->documents[i]->permission;
		}
		token = page->next_page_token;
	} while (*token);
	for (size_t d = 0; d < DOCUMENTS; d++)
		cr_assert_eq(listed[d], expected[u][d] >= wanted ? expected[u][d] : NONE);
}

static void compare_users(struct model *m, size_t d, Orgd__V1__Permission wanted,
	Orgd__V1__Permission expected[USERS][DOCUMENTS])
{
	Orgd__V1__Permission listed[USERS] = { 0 };
	const char *token = "";

	do {
		const Orgd__V1__ListDocumentUsersResponse *page =
			ASK(m->s, "operator", AccessService, ListDocumentUsers, list_document_users,
				.document_id = m->resources[d], .permission = wanted,
				.page_size = 2, .page_token = token);

		for (size_t i = 0; i < page->n_users; i++) {
			size_t u = index_of(m->users, USERS, page->users[i]->user_id);

			cr_assert_lt(u, USERS);
			cr_assert_eq(listed[u], NONE, "listed twice");
			listed[u] = page->users[i]->permission;
		}
		token = page->next_page_token;
	} while (*token);
	for (size_t u = 0; u < USERS; u++)
		cr_assert_eq(listed[u], expected[u][d] >= wanted ? expected[u][d] : NONE);
}

static size_t compare(struct model *m)
{
	Orgd__V1__Permission expected[USERS][DOCUMENTS],
		wanted = (Orgd__V1__Permission)(READ + below(m, 3));
	size_t given = 0;

	for (size_t u = 0; u < USERS; u++)
		for (size_t d = 0; d < DOCUMENTS; d++) {
			expected[u][d] = model_highest(m, u, d);
			given += expected[u][d] != NONE;
		}
	compare_checks(m, expected);
	compare_documents(m, below(m, USERS), wanted, expected);
	compare_users(m, below(m, DOCUMENTS), wanted, expected);
	return given;
}

static void populate(struct model *m)
{
	static const char *const emails[] = { "ada@example.com", "bob@example.com",
		"cyd@example.com", "dan@example.com" };
	static const char *const handles[] = { "acme", "bolt", "core" };

	for (size_t u = 0; u < USERS; u++) {
		m->emails[u] = m->sessions[u] = emails[u];
		story_person(m->s, emails[u], "Somebody");
		m->users[u] = story_id(m->s, emails[u]);
	}
	for (size_t o = 0; o < ORGANIZATIONS; o++) {
		m->handles[o] = handles[o];
		m->organizations[o] = story_organization(m->s, emails[0], handles[o]);
		m->roles[o][0] = OWNER;
	}
	for (size_t r = 0; r < RESOURCES; r++)
		m->resources[r] = r < DOCUMENTS ? a_document(m->s, "A manual")
						: a_collection(m->s, "Manuals");
}

Test(rules, rule_32_all_answers_about_access_agree_with_each_other_and_with_a_model, .timeout = 300)
{
	const char *seed = getenv("ORGD_TEST_SEED");
	size_t given = 0;

	for (uint64_t history = 0; history < HISTORIES; history++) {
		struct model m = { .random = seed ? strtoull(seed, NULL, 0) : 20261124 + history };
		struct settings *settings;

		m.s = story_begin();
		settings = story_settings(m.s);
		settings->invitations_per_organization_per_day = 10000;
		settings->invitations_per_recipient_per_day = 10000;
		populate(&m);
		for (int i = 0; i < STEPS; i++) {
			step(&m);
			given += compare(&m);
		}
		story_end(m.s);
	}
	/* Neither always nor never: the histories say something. */
	cr_expect_gt(given, HISTORIES * STEPS);
	cr_expect_lt(given, HISTORIES * STEPS * USERS * DOCUMENTS);
}
