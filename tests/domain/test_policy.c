/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "domain/policy.h"
#include "grpc/health/v1/health.pb-c.h"
#include "orgd/v1/access_service.pb-c.h"
#include "orgd/v1/admin_service.pb-c.h"
#include "orgd/v1/api_key_service.pb-c.h"
#include "orgd/v1/delivery_service.pb-c.h"
#include "orgd/v1/document_service.pb-c.h"
#include "orgd/v1/event_service.pb-c.h"
#include "orgd/v1/invitation_service.pb-c.h"
#include "orgd/v1/member_service.pb-c.h"
#include "orgd/v1/organization_service.pb-c.h"
#include "orgd/v1/session_service.pb-c.h"
#include "orgd/v1/user_service.pb-c.h"
#include "orgd/v1/verification_service.pb-c.h"
#include "orgd/v1/webhook_service.pb-c.h"
#include "support/policy_table.h"

#define MEMBER ORGD__V1__ROLE__ROLE_MEMBER
#define ADMIN  ORGD__V1__ROLE__ROLE_ADMIN
#define OWNER  ORGD__V1__ROLE__ROLE_OWNER

static const ProtobufCServiceDescriptor *const services[] = {
	&orgd__v1__user_service__descriptor,
	&orgd__v1__session_service__descriptor,
	&orgd__v1__organization_service__descriptor,
	&orgd__v1__verification_service__descriptor,
	&orgd__v1__member_service__descriptor,
	&orgd__v1__invitation_service__descriptor,
	&orgd__v1__document_service__descriptor,
	&orgd__v1__access_service__descriptor,
	&orgd__v1__event_service__descriptor,
	&orgd__v1__api_key_service__descriptor,
	&orgd__v1__webhook_service__descriptor,
	&orgd__v1__delivery_service__descriptor,
	&orgd__v1__admin_service__descriptor,
	&grpc__health__v1__health__descriptor,
};

/* What the callers of the table are to the policy. */
enum {
	ALL_SCOPES =
		SCOPE_ACT | SCOPE_CHECK | SCOPE_DOCUMENTS | SCOPE_EVENTS | SCOPE_ORGANIZATIONS_READ
};

static const struct who {
	const char *name;
	struct credentials credentials;
	Orgd__V1__Role role;
	bool self;
} callers[] = {
	{ .name = "anyone" },
	{ .name = "outsider", .credentials = { .user = true } },
	{ .name = "self", .credentials = { .user = true }, .self = true },
	{ .name = "member", .credentials = { .user = true }, .role = MEMBER },
	{ .name = "admin", .credentials = { .user = true }, .role = ADMIN },
	{ .name = "owner", .credentials = { .user = true }, .role = OWNER },
	{ .name = "reviewer", .credentials = { .user = true, .reviewer = true } },
	{ .name = "platform", .credentials = { .user = true, .platform_admin = true } },
	{ .name = "operator", .credentials = { .operator_ = true } },
	{ .name = "courier", .credentials = { .courier = true } },
	{ .name = "key", .credentials = { .service = true } },
	{ .name = "key:act", .credentials = { .service = true, .scopes = SCOPE_ACT } },
	{ .name = "key:check", .credentials = { .service = true, .scopes = SCOPE_CHECK } },
	{ .name = "key:documents", .credentials = { .service = true, .scopes = SCOPE_DOCUMENTS } },
	{ .name = "key:events", .credentials = { .service = true, .scopes = SCOPE_EVENTS } },
	{ .name = "key:organizations.read",
		.credentials = { .service = true, .scopes = SCOPE_ORGANIZATIONS_READ } },
#define ON_BEHALF(key_scopes)                                                                      \
	.service = true, .user = true, .on_behalf = true, .scopes = (key_scopes)
	{ .name = "as:self", .credentials = { ON_BEHALF(SCOPE_ACT) }, .self = true },
	{ .name = "as:outsider", .credentials = { ON_BEHALF(SCOPE_ACT) } },
	{ .name = "as:member", .credentials = { ON_BEHALF(SCOPE_ACT) }, .role = MEMBER },
	{ .name = "as:admin", .credentials = { ON_BEHALF(SCOPE_ACT) }, .role = ADMIN },
	{ .name = "as:owner", .credentials = { ON_BEHALF(SCOPE_ACT) }, .role = OWNER },
	{ .name = "as+:self", .credentials = { ON_BEHALF(ALL_SCOPES) }, .self = true },
	{ .name = "as+:outsider", .credentials = { ON_BEHALF(ALL_SCOPES) } },
	{ .name = "as+:member", .credentials = { ON_BEHALF(ALL_SCOPES) }, .role = MEMBER },
	{ .name = "as+:admin", .credentials = { ON_BEHALF(ALL_SCOPES) }, .role = ADMIN },
	{ .name = "as+:owner", .credentials = { ON_BEHALF(ALL_SCOPES) }, .role = OWNER },
	/* Platform roles are off on behalf. */
	{ .name = "as+:platform",
		.credentials = { ON_BEHALF(ALL_SCOPES), .platform_admin = true,
			.reviewer = true } },
};

Test(policy, every_method_has_its_line_and_every_line_its_method)
{
	size_t count, methods = 0;
	const struct rule *rules = policy_rules(&count);

	for (size_t i = 0; i < COUNT_OF(services); i++)
		for (unsigned m = 0; m < services[i]->n_methods; m++, methods++) {
			char path[128];
			const struct rule *rule;

			snprintf(path, sizeof(path), "/%s/%s", services[i]->name,
				services[i]->methods[m].name);
			rule = policy_rule(path);
			cr_assert(rule, "%s has no line", path);
			cr_expect(who_may(rule->method), "%s is in no line of the test's table",
				path);
		}
	cr_expect_eq(count, methods, "%zu lines for %zu methods", count, methods);
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			cr_expect_str_neq(rules[i].method, rules[j].method);
}

Test(policy, an_unknown_method_has_no_line)
{
	cr_expect_null(policy_rule("/orgd.v1.MemberService/AdoptMember"));
	cr_expect_null(policy_rule("MemberService/GetMember"));
	cr_expect_null(policy_rule("/orgd.v2.MemberService/GetMember"));
	cr_expect_null(policy_rule(""));
}

Test(policy, the_table_of_the_specification_holds_for_every_caller_and_method)
{
	size_t count, names = 0;
	const struct rule *rules = policy_rules(&count);

	for (size_t i = 0; i < count; i++)
		for (size_t c = 0; c < COUNT_OF(callers); c++) {
			const struct who *who = &callers[c];
			bool expected = holds(who_may(rules[i].method), who->name);
			struct status status = policy_allows(&rules[i], &who->credentials,
				policy_hats(&who->credentials, who->role, who->self));

			cr_expect_eq(status.code == STATUS_OK, expected, "%s by %s: %s",
				rules[i].method, who->name, status_code_name((int)status.code));
		}
	/* And no word of the table is misspelt. */
	for (size_t i = 0; i < COUNT_OF(table); i++)
		for (const char *word = table[i].allowed; *word; word += strcspn(word, " ")) {
			bool known = false;

			word += strspn(word, " ");
			for (size_t c = 0; c < COUNT_OF(callers); c++)
				known |= !strncmp(callers[c].name, word, strcspn(word, " ")) &&
					 strlen(callers[c].name) == strcspn(word, " ");
			cr_expect(known, "nobody is called %.20s", word);
			names++;
		}
	cr_expect_gt(names, COUNT_OF(table));
}

static void expect_refusal(struct status status, enum status_code code, const char *reason)
{
	cr_assert_eq(status.code, code, "%s", status_code_name((int)status.code));
	cr_expect_str_eq(status.failure->reason, reason);
}

Test(policy, who_has_no_credential_is_told_to_sign_in_and_everybody_else_is_denied)
{
	const struct rule *rule = policy_rule("/orgd.v1.MemberService/RemoveMember");

	for (size_t c = 0; c < COUNT_OF(callers); c++) {
		const struct credentials *who = &callers[c].credentials;
		unsigned hats = policy_hats(who, callers[c].role, callers[c].self);
		struct status status = policy_allows(rule, who, hats);

		if (holds(who_may(rule->method), callers[c].name))
			cr_expect_eq(status.code, STATUS_OK);
		else if (!strcmp(callers[c].name, "anyone"))
			expect_refusal(status, STATUS_UNAUTHENTICATED, "CREDENTIAL_REQUIRED");
		else
			expect_refusal(status, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	}
}

Test(policy, what_is_by_ones_own_session_alone_says_so_on_behalf)
{
	static const char *const own[] = { "UserService/UpdateUser", "UserService/EraseUser",
		"UserService/ChangePassword", "SessionService/SignOut",
		"SessionService/ListSessions", "SessionService/RevokeSession" };
	struct credentials who = { ON_BEHALF(ALL_SCOPES) };

	for (size_t i = 0; i < COUNT_OF(own); i++) {
		char path[128];

		snprintf(path, sizeof(path), "/orgd.v1.%s", own[i]);
		expect_refusal(policy_allows(policy_rule(path), &who,
				       policy_hats(&who, ORGD__V1__ROLE__ROLE_UNSPECIFIED, true)),
			STATUS_PERMISSION_DENIED, "ON_BEHALF_NOT_ALLOWED");
	}
}

Test(policy, every_denial_is_the_same_sentence)
{
	struct status denied = policy_denied();
	char first[FAILURE_MESSAGE_MAX];

	snprintf(first, sizeof(first), "%s", denied.failure->message);
	denied = policy_may_remove(HAT_MEMBER, MEMBER);
	expect_refusal(denied, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	cr_expect_str_eq(denied.failure->message, first);
}

/* Mutations take a request id and store their reply; the contract's names tell which are reads. */
Test(policy, what_only_looks_is_a_read_and_the_rest_are_mutations)
{
	static const char *const looking[] = { "Get", "List", "LookUp", "Check", "BatchCheck",
		"Explain", "Watch", "WhoAmI", "VerifyEvents", "Backup", "Export", "Validate" };
	size_t count;
	const struct rule *rules = policy_rules(&count);

	for (size_t i = 0; i < count; i++) {
		const char *name = strchr(rules[i].method, '/') + 1;
		bool read = false;

		for (size_t l = 0; l < COUNT_OF(looking); l++)
			read |= !strncmp(name, looking[l], strlen(looking[l]));
		cr_expect_eq(rules[i].kind == METHOD_READ, read, "%s", rules[i].method);
		cr_expect_eq(rules[i].kind == METHOD_LEASE, !strcmp(name, "LeaseDeliveries"));
		cr_expect_eq((rules[i].flags & RULE_STEPS) != 0,
			!strcmp(name, "BatchCreateInvitations") || !strcmp(name, "Import"));
	}
}

/* SPEC 3: what a role adds within one method; rule 18: an Admin has no way to an Owner. */
Test(policy, only_owners_and_the_platform_give_and_take_ownership)
{
	static const struct {
		const char *who;
		struct credentials credentials;
		Orgd__V1__Role role;
		bool members, owners;
	} cases[] = {
		{ "outsider", { .user = true }, ORGD__V1__ROLE__ROLE_UNSPECIFIED, false, false },
		{ "member", { .user = true }, MEMBER, false, false },
		{ "admin", { .user = true }, ADMIN, true, false },
		{ "owner", { .user = true }, OWNER, true, true },
		{ "reviewer", { .user = true, .reviewer = true }, ORGD__V1__ROLE__ROLE_UNSPECIFIED,
			false, false },
		{ "admin who reviews", { .user = true, .reviewer = true }, ADMIN, true, false },
		{ "platform", { .user = true, .platform_admin = true },
			ORGD__V1__ROLE__ROLE_UNSPECIFIED, true, true },
		{ "operator", { .operator_ = true }, ORGD__V1__ROLE__ROLE_UNSPECIFIED, true, true },
		{ "courier", { .courier = true }, ORGD__V1__ROLE__ROLE_UNSPECIFIED, false, false },
		{ "on behalf of an admin", { ON_BEHALF(SCOPE_ACT) }, ADMIN, true, false },
		{ "on behalf of the platform", { ON_BEHALF(ALL_SCOPES), .platform_admin = true },
			ORGD__V1__ROLE__ROLE_UNSPECIFIED, false, false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		for (Orgd__V1__Role from = MEMBER; from <= OWNER; from++) {
			unsigned hats = policy_hats(&cases[i].credentials, cases[i].role, false);
			bool may = from == OWNER ? cases[i].owners : cases[i].members;

			cr_expect_eq(
				!policy_may_invite_as(hats, from).code, may, "%s", cases[i].who);
			cr_expect_eq(!policy_may_remove(hats, from).code, may, "%s", cases[i].who);
			for (Orgd__V1__Role to = MEMBER; to <= OWNER; to++)
				cr_expect_eq(!policy_may_change_role(hats, from, to).code,
					from == OWNER || to == OWNER ? cases[i].owners
								     : cases[i].members,
					"%s", cases[i].who);
		}
}

Test(policy, scopes_have_the_contracts_names)
{
	static const struct {
		enum scope scope;
		const char *name;
	} names[] = { { SCOPE_ACT, "act" }, { SCOPE_CHECK, "check" },
		{ SCOPE_DOCUMENTS, "documents" }, { SCOPE_EVENTS, "events" },
		{ SCOPE_ORGANIZATIONS_READ, "organizations.read" } };

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		cr_expect_eq(policy_scope(names[i].name), names[i].scope);
		cr_expect_str_eq(policy_scope_name(names[i].scope), names[i].name);
	}
	cr_expect_eq(policy_scope("Act"), SCOPE_NONE);
	cr_expect_eq(policy_scope(""), SCOPE_NONE);
	cr_expect_str_eq(policy_scope_name(SCOPE_NONE), "");
}
