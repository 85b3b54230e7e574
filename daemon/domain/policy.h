/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "orgd/v1/role.pb-c.h"

/*
 * Who may do what: SPEC section 3 as one table, a line for each rpc. Every path that can reach
 * an effect asks here: single call, bulk, resend, accept. Pure.
 */

/* What a caller is in view of one request. A caller often is several at once. */
enum hat {
	HAT_ANYONE = 1 << 0, /* whoever calls, with or without a credential */
	HAT_USER = 1 << 1,   /* an active user, by a session or by a service on their behalf */
	HAT_SELF = 1 << 2,   /* the user whom the request is about */

	/* Of the organization that the request is about. An Admin wears the first two, an Owner
	 * all three. */
	HAT_MEMBER = 1 << 3,
	HAT_ADMIN = 1 << 4,
	HAT_OWNER = 1 << 5,

	/* In their own name, never on behalf. A platform administrator wears both. */
	HAT_REVIEWER = 1 << 6,
	HAT_PLATFORM_ADMIN = 1 << 7, /* a user with that role, or an operator */

	HAT_COURIER = 1 << 8,
	HAT_CREDENTIAL = 1 << 9, /* anyone but CALLER_ANYONE */
};

/* What an API key may be used for. */
enum scope {
	SCOPE_NONE = 0,
	SCOPE_ACT = 1 << 0,                /* "act" */
	SCOPE_CHECK = 1 << 1,              /* "check" */
	SCOPE_DOCUMENTS = 1 << 2,          /* "documents" */
	SCOPE_EVENTS = 1 << 3,             /* "events" */
	SCOPE_ORGANIZATIONS_READ = 1 << 4, /* "organizations.read" */
};

enum method_kind {
	METHOD_READ,
	METHOD_MUTATION,
	METHOD_LEASE, /* a mutation whose repeat is harmless: no request id, no stored reply */
};

enum {
	RULE_OWN_SESSION = 1 << 0, /* about oneself: by one's own session, never on behalf */
	RULE_STEPS = 1 << 1,       /* a batch for each of its items: see struct call */
	RULE_QUICK = 1 << 2,       /* a read of a handful of rows: answered where it comes in */
	RULE_SCOPE_ADDS = 1 << 3,  /* the scope is needed on behalf, and suffices for nothing */
};

struct rule {
	const char *method; /* "MemberService/RemoveMember"; Health with its package */
	enum method_kind kind;
	unsigned hats;    /* any of them suffices */
	enum scope scope; /* suffices in its own right; on behalf, needed besides "act" */
	unsigned flags;
};

/* The line of a method, by its full path "/orgd.v1.MemberService/RemoveMember"; NULL when
 * somebody forgot it. */
const struct rule *policy_rule(const char *path);
/* All lines, for tests. */
const struct rule *policy_rules(size_t *count);

/* What there is to know about a caller before any organization comes into play. */
struct credentials {
	bool user;                     /* an active user: session, or on behalf */
	bool on_behalf;                /* through a service with SCOPE_ACT */
	bool reviewer, platform_admin; /* the user's platform roles; ignored on behalf */
	bool operator_, courier;       /* by uid; one uid may be both */
	bool service;                  /* an API key */
	unsigned scopes;               /* of the key */
};

/* The hats that `credentials` give by themselves, plus those of a role in the organization at
 * hand, plus SELF. */
unsigned policy_hats(const struct credentials *credentials, Orgd__V1__Role role, bool self);

/* Does the rule let in this caller?
 *
 *   UNAUTHENTICATED    CREDENTIAL_REQUIRED    no credential at all, and the method needs one
 *   PERMISSION_DENIED  ON_BEHALF_NOT_ALLOWED  a method about oneself, on behalf
 *   PERMISSION_DENIED  PERMISSION_DENIED      anything else, in one sentence for all */
MUST_USE struct status policy_allows(
	const struct rule *rule, const struct credentials *credentials, unsigned hats);
/* The one PERMISSION_DENIED. */
MUST_USE struct status policy_denied(void);

/* May someone with these hats invite as, resend or revoke an invitation for `role`? Give and
 * take it (change, remove)?
 *
 *   PERMISSION_DENIED */
MUST_USE struct status policy_may_invite_as(unsigned hats, Orgd__V1__Role role);
MUST_USE struct status policy_may_change_role(
	unsigned hats, Orgd__V1__Role from, Orgd__V1__Role to);
MUST_USE struct status policy_may_remove(unsigned hats, Orgd__V1__Role target);

/* "organizations.read" → its bit, SCOPE_NONE for an unknown word; and the other way round. */
enum scope policy_scope(const char *name);
const char *policy_scope_name(enum scope scope);
