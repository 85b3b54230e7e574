/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/compiler.h"

/*
 * SPEC section 3, written down a second time, independently of domain/policy.c: who may call what.
 * Callers go by these names:
 *
 *	anyone     without a credential
 *	outsider, self, member, admin, owner, reviewer, platform
 *	           a user by a session: a role is in the organization that the request is about,
 *	           "self" is the user whom it is about, the others ask about somebody else
 *	operator, courier
 *	           by uid
 *	key, key:act, key:check, key:documents, key:events, key:organizations.read
 *	           a service in its own right, with no scope or that one
 *	as:self, as:outsider, as:member, as:admin, as:owner
 *	           a service with the scope "act" alone, on behalf of such a user
 *	as+:self and so on
 *	           the same with every scope
 */

#define PLATFORM "platform operator"
#define OWNERS   "owner as:owner as+:owner"
#define ADMINS   "admin as:admin as+:admin " OWNERS
#define MEMBERS  "member as:member as+:member " ADMINS
#define USERS                                                                                      \
	"outsider self reviewer platform as:self as+:self as:outsider as+:outsider "               \
	"as+:platform " MEMBERS
#define KEYS      "key key:act key:check key:documents key:events key:organizations.read"
#define EVERYBODY "anyone operator courier " KEYS " " USERS

/* SPEC section 3, written down a second time: a line of its table, who may, and the methods of
 * it. */
static const struct {
	const char *action, *allowed, *methods;
} table[] = {
	{ "sign up, sign in, look at an invitation, health", EVERYBODY,
		"UserService/SignUp UserService/VerifyEmail UserService/ResendVerificationMail "
		"UserService/RequestPasswordReset UserService/ResetPassword SessionService/SignIn "
		"InvitationService/LookUpInvitation InvitationService/DeclineInvitation "
		"grpc.health.v1.Health/Check grpc.health.v1.Health/List "
		"grpc.health.v1.Health/Watch" },
	{ "who am I", "operator courier " KEYS " " USERS, "SessionService/WhoAmI" },
	{ "create an organization", "operator " USERS, "OrganizationService/CreateOrganization" },
	{ "join", USERS, "InvitationService/ListMyInvitations InvitationService/AcceptInvitation" },
	{ "get organization, list members",
		"member admin owner as+:member as+:admin as+:owner reviewer " PLATFORM
		" key:organizations.read",
		"OrganizationService/GetOrganization MemberService/GetMember "
		"MemberService/ListMembers" },
	{ "list organizations", "reviewer " PLATFORM " key:organizations.read",
		"OrganizationService/ListOrganizations" },
	{ "update profile; invite, change roles, remove", ADMINS " " PLATFORM,
		"OrganizationService/UpdateOrganization MemberService/ChangeRole "
		"MemberService/RemoveMember InvitationService/CreateInvitation "
		"InvitationService/BatchCreateInvitations InvitationService/GetInvitation "
		"InvitationService/ListInvitations InvitationService/ResendInvitation "
		"InvitationService/RevokeInvitation" },
	{ "withdraw, answer, resubmit; primary contact; delete, undelete", OWNERS " " PLATFORM,
		"VerificationService/AnswerReviewer VerificationService/Withdraw "
		"VerificationService/Resubmit OrganizationService/SetPrimaryContact "
		"OrganizationService/DeleteOrganization OrganizationService/UndeleteOrganization" },
	{ "verify, reject, ask for information", "reviewer " PLATFORM,
		"VerificationService/ListQueue VerificationService/VerifyOrganization "
		"VerificationService/RejectOrganization VerificationService/RequestInformation" },
	{ "suspend, unsuspend", PLATFORM,
		"OrganizationService/SuspendOrganization "
		"OrganizationService/UnsuspendOrganization" },
	{ "leave", MEMBERS, "MemberService/LeaveOrganization" },
	{ "read the organization's events",
		"admin owner as+:admin as+:owner " PLATFORM " key:events",
		"EventService/ListEvents EventService/WatchEvents" },
	{ "documents, collections, grants", PLATFORM " key:documents",
		"DocumentService/CreateDocument DocumentService/GetDocument "
		"DocumentService/ListDocuments DocumentService/UpdateDocument "
		"DocumentService/DeleteDocument DocumentService/CreateCollection "
		"DocumentService/GetCollection DocumentService/ListCollections "
		"DocumentService/UpdateCollection DocumentService/DeleteCollection "
		"DocumentService/AddDocuments DocumentService/RemoveDocuments "
		"DocumentService/CreateGrant DocumentService/ListGrants "
		"DocumentService/DeleteGrant" },
	{ "check access of oneself, list own documents; of anyone",
		"self as+:self " PLATFORM " key:check",
		"AccessService/Check AccessService/BatchCheck AccessService/ExplainAccess "
		"AccessService/ListUserDocuments" },
	{ "who reaches a document", PLATFORM " key:check", "AccessService/ListDocumentUsers" },
	{ "list decisions", ADMINS " reviewer " PLATFORM, "VerificationService/ListDecisions" },
	{ "webhooks of the organization", "owner as+:owner " PLATFORM,
		"WebhookService/CreateWebhook WebhookService/GetWebhook "
		"WebhookService/ListWebhooks WebhookService/UpdateWebhook "
		"WebhookService/DeleteWebhook WebhookService/ListAttempts "
		"WebhookService/RedeliverEvent" },
	{ "users, API keys, AdminService, VerifyEvents, deliveries", PLATFORM,
		"UserService/ListUsers UserService/DisableUser UserService/EnableUser "
		"UserService/SetPlatformRoles ApiKeyService/CreateApiKey ApiKeyService/ListApiKeys "
		"ApiKeyService/RevokeApiKey AdminService/GetStatus AdminService/Backup "
		"AdminService/CheckIntegrity AdminService/Export AdminService/Import "
		"AdminService/ValidateImport EventService/VerifyEvents EventService/GetCheckpoint "
		"DeliveryService/ListDeliveries DeliveryService/RetryDelivery" },
	{ "oneself, also on behalf; others", "self as:self as+:self " PLATFORM,
		"UserService/GetUser OrganizationService/ListMyOrganizations" },
	{ "own account, never on behalf; others", "self " PLATFORM,
		"UserService/UpdateUser UserService/EraseUser SessionService/ListSessions "
		"SessionService/RevokeSession" },
	{ "own account, never on behalf", "self",
		"UserService/ChangePassword SessionService/SignOut" },
	{ "lease, report", "courier",
		"DeliveryService/LeaseDeliveries DeliveryService/ReportDelivery" },
};

/* Is `word` one of those in `list`? */
static bool holds(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += length)
		if ((at == list || at[-1] == ' ') && (!at[length] || at[length] == ' '))
			return true;
	return false;
}

static const char *who_may(const char *method)
{
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (holds(table[i].methods, method))
			return table[i].allowed;
	return NULL;
}
