/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/policy.h"

#include <string.h>

#include "base/compiler.h"

#define MEMBER   ORGD__V1__ROLE__ROLE_MEMBER
#define ADMIN    ORGD__V1__ROLE__ROLE_ADMIN
#define OWNER    ORGD__V1__ROLE__ROLE_OWNER
#define READ     METHOD_READ
#define MUTATION METHOD_MUTATION

/* Who mostly stand together in the table. */
#define PLATFORM  HAT_PLATFORM_ADMIN
#define REVIEWERS (HAT_REVIEWER | PLATFORM)
#define MEMBERS   (HAT_MEMBER | REVIEWERS)
#define ADMINS    (HAT_ADMIN | PLATFORM)
#define OWNERS    (HAT_OWNER | PLATFORM)
#define ONESELF   (HAT_SELF | PLATFORM)

/* SPEC section 3, in the order of section 5. What a role adds within one method (an Admin
 * invites, but no Owner) is in the functions below. */
static const struct rule rules[] = {
	{ "UserService/SignUp", MUTATION, HAT_ANYONE, SCOPE_NONE, 0 },
	{ "UserService/VerifyEmail", MUTATION, HAT_ANYONE, SCOPE_NONE, 0 },
	{ "UserService/ResendVerificationMail", MUTATION, HAT_ANYONE, SCOPE_NONE, 0 },
	{ "UserService/GetUser", READ, ONESELF, SCOPE_NONE, RULE_QUICK },
	{ "UserService/ListUsers", READ, PLATFORM, SCOPE_NONE, 0 },
	{ "UserService/UpdateUser", MUTATION, ONESELF, SCOPE_NONE, RULE_OWN_SESSION },
	{ "UserService/DisableUser", MUTATION, PLATFORM, SCOPE_NONE, 0 },
	{ "UserService/EnableUser", MUTATION, PLATFORM, SCOPE_NONE, 0 },
	{ "UserService/EraseUser", MUTATION, ONESELF, SCOPE_NONE, RULE_OWN_SESSION },
	{ "UserService/SetPlatformRoles", MUTATION, PLATFORM, SCOPE_NONE, 0 },
	{ "UserService/ChangePassword", MUTATION, HAT_SELF, SCOPE_NONE, RULE_OWN_SESSION },
	{ "UserService/RequestPasswordReset", MUTATION, HAT_ANYONE, SCOPE_NONE, 0 },
	{ "UserService/ResetPassword", MUTATION, HAT_ANYONE, SCOPE_NONE, 0 },

	{ "SessionService/SignIn", MUTATION, HAT_ANYONE, SCOPE_NONE, 0 },
	{ "SessionService/SignOut", MUTATION, HAT_SELF, SCOPE_NONE, RULE_OWN_SESSION },
	{ "SessionService/WhoAmI", READ, HAT_CREDENTIAL, SCOPE_NONE, RULE_QUICK },
	{ "SessionService/ListSessions", READ, ONESELF, SCOPE_NONE, RULE_OWN_SESSION },
	{ "SessionService/RevokeSession", MUTATION, ONESELF, SCOPE_NONE, RULE_OWN_SESSION },

	{ "OrganizationService/CreateOrganization", MUTATION, HAT_USER | PLATFORM, SCOPE_NONE, 0 },
	{ "OrganizationService/GetOrganization", READ, MEMBERS, SCOPE_ORGANIZATIONS_READ,
		RULE_QUICK },
	{ "OrganizationService/ListOrganizations", READ, REVIEWERS, SCOPE_ORGANIZATIONS_READ, 0 },
	{ "OrganizationService/ListMyOrganizations", READ, ONESELF, SCOPE_NONE, 0 },
	{ "OrganizationService/UpdateOrganization", MUTATION, ADMINS, SCOPE_NONE, 0 },
	{ "OrganizationService/DeleteOrganization", MUTATION, OWNERS, SCOPE_NONE, 0 },
	{ "OrganizationService/UndeleteOrganization", MUTATION, OWNERS, SCOPE_NONE, 0 },
	{ "OrganizationService/SuspendOrganization", MUTATION, PLATFORM, SCOPE_NONE, 0 },
	{ "OrganizationService/UnsuspendOrganization", MUTATION, PLATFORM, SCOPE_NONE, 0 },
	{ "OrganizationService/SetPrimaryContact", MUTATION, OWNERS, SCOPE_NONE, 0 },

	{ "VerificationService/ListQueue", READ, REVIEWERS, SCOPE_NONE, 0 },
	{ "VerificationService/VerifyOrganization", MUTATION, REVIEWERS, SCOPE_NONE, 0 },
	{ "VerificationService/RejectOrganization", MUTATION, REVIEWERS, SCOPE_NONE, 0 },
	{ "VerificationService/RequestInformation", MUTATION, REVIEWERS, SCOPE_NONE, 0 },
	{ "VerificationService/AnswerReviewer", MUTATION, OWNERS, SCOPE_NONE, 0 },
	{ "VerificationService/Withdraw", MUTATION, OWNERS, SCOPE_NONE, 0 },
	{ "VerificationService/Resubmit", MUTATION, OWNERS, SCOPE_NONE, 0 },
	{ "VerificationService/ListDecisions", READ, ADMINS | HAT_REVIEWER, SCOPE_NONE, 0 },

	{ "MemberService/GetMember", READ, MEMBERS, SCOPE_ORGANIZATIONS_READ, RULE_QUICK },
	{ "MemberService/ListMembers", READ, MEMBERS, SCOPE_ORGANIZATIONS_READ, 0 },
	{ "MemberService/ChangeRole", MUTATION, ADMINS, SCOPE_NONE, 0 },
	{ "MemberService/RemoveMember", MUTATION, ADMINS, SCOPE_NONE, 0 },
	{ "MemberService/LeaveOrganization", MUTATION, HAT_MEMBER, SCOPE_NONE, 0 },

	{ "InvitationService/CreateInvitation", MUTATION, ADMINS, SCOPE_NONE, 0 },
	{ "InvitationService/BatchCreateInvitations", MUTATION, ADMINS, SCOPE_NONE, RULE_STEPS },
	{ "InvitationService/GetInvitation", READ, ADMINS, SCOPE_NONE, RULE_QUICK },
	{ "InvitationService/ListInvitations", READ, ADMINS, SCOPE_NONE, 0 },
	{ "InvitationService/ListMyInvitations", READ, HAT_USER, SCOPE_NONE, 0 },
	{ "InvitationService/LookUpInvitation", READ, HAT_ANYONE, SCOPE_NONE, 0 },
	{ "InvitationService/ResendInvitation", MUTATION, ADMINS, SCOPE_NONE, 0 },
	{ "InvitationService/RevokeInvitation", MUTATION, ADMINS, SCOPE_NONE, 0 },
	{ "InvitationService/AcceptInvitation", MUTATION, HAT_USER, SCOPE_NONE, 0 },
	{ "InvitationService/DeclineInvitation", MUTATION, HAT_ANYONE, SCOPE_NONE, 0 },

	{ "DocumentService/CreateDocument", MUTATION, PLATFORM, SCOPE_DOCUMENTS, 0 },
	{ "DocumentService/GetDocument", READ, PLATFORM, SCOPE_DOCUMENTS, RULE_QUICK },
	{ "DocumentService/ListDocuments", READ, PLATFORM, SCOPE_DOCUMENTS, 0 },
	{ "DocumentService/UpdateDocument", MUTATION, PLATFORM, SCOPE_DOCUMENTS, 0 },
	{ "DocumentService/DeleteDocument", MUTATION, PLATFORM, SCOPE_DOCUMENTS, 0 },
	{ "DocumentService/CreateCollection", MUTATION, PLATFORM, SCOPE_DOCUMENTS, 0 },
	{ "DocumentService/GetCollection", READ, PLATFORM, SCOPE_DOCUMENTS, RULE_QUICK },
	{ "DocumentService/ListCollections", READ, PLATFORM, SCOPE_DOCUMENTS, 0 },
	{ "DocumentService/UpdateCollection", MUTATION, PLATFORM, SCOPE_DOCUMENTS, 0 },
	{ "DocumentService/DeleteCollection", MUTATION, PLATFORM, SCOPE_DOCUMENTS, 0 },
	{ "DocumentService/AddDocuments", MUTATION, PLATFORM, SCOPE_DOCUMENTS, 0 },
	{ "DocumentService/RemoveDocuments", MUTATION, PLATFORM, SCOPE_DOCUMENTS, 0 },
	{ "DocumentService/CreateGrant", MUTATION, PLATFORM, SCOPE_DOCUMENTS, 0 },
	{ "DocumentService/ListGrants", READ, PLATFORM, SCOPE_DOCUMENTS, 0 },
	{ "DocumentService/DeleteGrant", MUTATION, PLATFORM, SCOPE_DOCUMENTS, 0 },

	{ "AccessService/Check", READ, ONESELF, SCOPE_CHECK, RULE_QUICK },
	{ "AccessService/BatchCheck", READ, ONESELF, SCOPE_CHECK, 0 },
	{ "AccessService/ExplainAccess", READ, ONESELF, SCOPE_CHECK, 0 },
	{ "AccessService/ListUserDocuments", READ, ONESELF, SCOPE_CHECK, 0 },
	{ "AccessService/ListDocumentUsers", READ, PLATFORM, SCOPE_CHECK, 0 },

	{ "EventService/ListEvents", READ, ADMINS, SCOPE_EVENTS, 0 },
	{ "EventService/WatchEvents", READ, ADMINS, SCOPE_EVENTS, 0 },
	{ "EventService/VerifyEvents", READ, PLATFORM, SCOPE_NONE, 0 },
	{ "EventService/GetCheckpoint", READ, PLATFORM, SCOPE_NONE, 0 },

	{ "ApiKeyService/CreateApiKey", MUTATION, PLATFORM, SCOPE_NONE, 0 },
	{ "ApiKeyService/ListApiKeys", READ, PLATFORM, SCOPE_NONE, 0 },
	{ "ApiKeyService/RevokeApiKey", MUTATION, PLATFORM, SCOPE_NONE, 0 },

	/* Whoever makes a webhook reads the events from then on. */
	{ "WebhookService/CreateWebhook", MUTATION, OWNERS, SCOPE_EVENTS, RULE_SCOPE_ADDS },
	{ "WebhookService/GetWebhook", READ, OWNERS, SCOPE_EVENTS, RULE_SCOPE_ADDS },
	{ "WebhookService/ListWebhooks", READ, OWNERS, SCOPE_EVENTS, RULE_SCOPE_ADDS },
	{ "WebhookService/UpdateWebhook", MUTATION, OWNERS, SCOPE_EVENTS, RULE_SCOPE_ADDS },
	{ "WebhookService/DeleteWebhook", MUTATION, OWNERS, SCOPE_EVENTS, RULE_SCOPE_ADDS },
	{ "WebhookService/ListAttempts", READ, OWNERS, SCOPE_EVENTS, RULE_SCOPE_ADDS },
	{ "WebhookService/RedeliverEvent", MUTATION, OWNERS, SCOPE_EVENTS, RULE_SCOPE_ADDS },

	{ "DeliveryService/LeaseDeliveries", METHOD_LEASE, HAT_COURIER, SCOPE_NONE, 0 },
	{ "DeliveryService/ReportDelivery", MUTATION, HAT_COURIER, SCOPE_NONE, 0 },
	{ "DeliveryService/ListDeliveries", READ, PLATFORM, SCOPE_NONE, 0 },
	{ "DeliveryService/RetryDelivery", MUTATION, PLATFORM, SCOPE_NONE, 0 },

	{ "AdminService/GetStatus", READ, PLATFORM, SCOPE_NONE, 0 },
	{ "AdminService/Backup", READ, PLATFORM, SCOPE_NONE, 0 },
	{ "AdminService/CheckIntegrity", READ, PLATFORM, SCOPE_NONE, 0 },
	{ "AdminService/Export", READ, PLATFORM, SCOPE_NONE, 0 },
	{ "AdminService/Import", MUTATION, PLATFORM, SCOPE_NONE, RULE_STEPS },
	{ "AdminService/ValidateImport", READ, PLATFORM, SCOPE_NONE, 0 },

	{ "grpc.health.v1.Health/Check", READ, HAT_ANYONE, SCOPE_NONE, RULE_QUICK },
	{ "grpc.health.v1.Health/List", READ, HAT_ANYONE, SCOPE_NONE, 0 },
	{ "grpc.health.v1.Health/Watch", READ, HAT_ANYONE, SCOPE_NONE, 0 },
};

static const struct {
	enum scope scope;
	const char *name;
} scopes[] = {
	{ SCOPE_ACT, "act" },
	{ SCOPE_CHECK, "check" },
	{ SCOPE_DOCUMENTS, "documents" },
	{ SCOPE_EVENTS, "events" },
	{ SCOPE_ORGANIZATIONS_READ, "organizations.read" },
};

const struct rule *policy_rule(const char *path)
{
	static const char package[] = "/orgd.v1.";
	const char *method = path;

	if (!strncmp(path, package, strlen(package)))
		method += strlen(package);
	else if (*path)
		method++;
	for (size_t i = 0; i < COUNT_OF(rules); i++)
		if (!strcmp(rules[i].method, method))
			return &rules[i];
	return NULL;
}

const struct rule *policy_rules(size_t *count)
{
	*count = COUNT_OF(rules);
	return rules;
}

unsigned policy_hats(const struct credentials *who, Orgd__V1__Role role, bool self)
{
	bool own_name = !who->on_behalf;
	unsigned hats = HAT_ANYONE;

	if (who->user || who->service || who->operator_ || who->courier)
		hats |= HAT_CREDENTIAL;
	if (who->courier)
		hats |= HAT_COURIER;
	if (who->operator_ || (who->user && own_name && who->platform_admin))
		hats |= HAT_PLATFORM_ADMIN | HAT_REVIEWER;
	if (!who->user)
		return hats;
	hats |= HAT_USER;
	if (own_name && who->reviewer)
		hats |= HAT_REVIEWER;
	if (self)
		hats |= HAT_SELF;
	if (role >= MEMBER)
		hats |= HAT_MEMBER;
	if (role >= ADMIN)
		hats |= HAT_ADMIN;
	if (role >= OWNER)
		hats |= HAT_OWNER;
	return hats;
}

struct status policy_denied(void)
{
	return status_fail(STATUS_PERMISSION_DENIED, "PERMISSION_DENIED",
		"you may not do this, or there is no such thing; ask an Owner of the organization "
		"or the platform");
}

struct status policy_allows(const struct rule *rule, const struct credentials *who, unsigned hats)
{
	if (who->on_behalf) {
		if (rule->flags & RULE_OWN_SESSION)
			return status_fail(STATUS_PERMISSION_DENIED, "ON_BEHALF_NOT_ALLOWED",
				"nobody does this on behalf of a user; they sign in and do it "
				"themselves");
		if (rule->scope && !(who->scopes & rule->scope))
			return policy_denied();
	} else if (who->service && rule->scope && !(rule->flags & RULE_SCOPE_ADDS) &&
		   (who->scopes & rule->scope)) {
		return OK;
	}
	if (hats & rule->hats)
		return OK;
	if (!(hats & HAT_CREDENTIAL))
		return status_fail(STATUS_UNAUTHENTICATED, "CREDENTIAL_REQUIRED", "sign in first");
	return policy_denied();
}

struct status policy_may_invite_as(unsigned hats, Orgd__V1__Role role)
{
	return policy_may_remove(hats, role);
}

struct status policy_may_change_role(unsigned hats, Orgd__V1__Role from, Orgd__V1__Role to)
{
	return policy_may_remove(hats, from > to ? from : to);
}

struct status policy_may_remove(unsigned hats, Orgd__V1__Role target)
{
	unsigned needed = target >= OWNER ? HAT_OWNER : HAT_ADMIN;

	return hats & (needed | HAT_PLATFORM_ADMIN) ? OK : policy_denied();
}

enum scope policy_scope(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(scopes); i++)
		if (!strcmp(scopes[i].name, name))
			return scopes[i].scope;
	return SCOPE_NONE;
}

const char *policy_scope_name(enum scope scope)
{
	for (size_t i = 0; i < COUNT_OF(scopes); i++)
		if (scopes[i].scope == scope)
			return scopes[i].name;
	return "";
}
