/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/membership.h"
#include "domain/name.h"
#include "domain/user.h"
#include "orgd/v1/member_service.pb-c.h"
#include "service/invitation.h"
#include "service/member.h"
#include "service/organization.h"
#include "service/services.h"
#include "store/rows/membership.h"
#include "store/rows/user.h"

#define SERVICE Orgd__V1__MemberService_Service

#define OWNER ORGD__V1__ROLE__ROLE_OWNER

enum { INVITATIONS_COUNTED_MAX = 10000 };

RPC(GetMember, get_member)
RPC(ListMembers, list_members)
RPC(ChangeRole, change_role)
RPC(RemoveMember, remove_member)
RPC(LeaveOrganization, leave_organization)

ProtobufCService *member_service(void)
{
	static SERVICE service = ORGD__V1__MEMBER_SERVICE__INIT(rpc_);

	return &service.base;
}

MUST_USE static struct status find_member(struct call *call, const struct standing *standing,
	const struct id *user_id, Orgd__Store__V1__Membership **row)
{
	char text[ID_TEXT_BYTES];

	TRY(membership_get(call->snapshot, &standing->organization_id, user_id, row));
	if (*row)
		return OK;
	id_format(ID_USER, user_id, text);
	return status_fail(STATUS_NOT_FOUND, "MEMBER_NOT_FOUND", "%s is no member of %s", text,
		standing->organization->organization->display_name);
}

static struct status get_member(struct call *call, const Orgd__V1__GetMemberRequest *request,
	Orgd__V1__GetMemberResponse *response)
{
	Orgd__Store__V1__Membership *row;
	struct standing standing;
	struct id user_id;

	TRY(id_parse(ID_USER, "user_id", request->user_id, &user_id));
	TRY(authorize_organization(call, "organization_id", request->organization_id, &standing));
	TRY(organization_check_visible(&standing));
	TRY(find_member(call, &standing, &user_id, &row));
	return member_message(call, &standing.organization_id, &user_id, row, standing.organization,
		&response->member);
}

/* The member whom the scan stands on; NULL when the list does not want them. */
MUST_USE static struct status listed_member(struct call *call,
	const Orgd__V1__ListMembersRequest *request, const struct standing *standing,
	const struct scan *scan, Orgd__V1__Member **member)
{
	struct id user_id = membership_of_key(scan->key);
	Orgd__Store__V1__Membership *row;

	*member = NULL;
	TRY(membership_peek(call->snapshot, &standing->organization_id, &user_id, &row));
	if (!row || (request->role && row->role != request->role))
		return OK;
	TRY(member_message(
		call, &standing->organization_id, &user_id, row, standing->organization, member));
	if (!name_begins_with((*member)->display_name, request->name_prefix) &&
		!name_begins_with((*member)->email, request->name_prefix))
		*member = NULL;
	return OK;
}

static struct status list_members(struct call *call, const Orgd__V1__ListMembersRequest *request,
	Orgd__V1__ListMembersResponse *response)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	unsigned looked_at = 0;
	struct standing standing;
	struct key prefix, last;
	struct page page;

	TRY(authorize_organization(call, "organization_id", request->organization_id, &standing));
	TRY(organization_check_visible(&standing));
	TRY(enum_check_optional("role", &orgd__v1__role__descriptor, (int)request->role));
	TRY(page_begin(call, request->page_size, request->page_token, &page));
	response->members = ARENA_ARRAY(call->arena, Orgd__V1__Member *, page.size);
	membership_time_prefix(&prefix, &standing.organization_id);
	TRY(scan_begin(&scan, call->snapshot, &prefix, page_after(&page)));
	while (scan.found) {
		Orgd__V1__Member *member;

		TRY(listed_member(call, request, &standing, &scan, &member));
		if (member && !page_add(&page, &member->base)) {
			response->next_page_token = page_token(call, &last);
			break;
		}
		if (member)
			response->members[response->n_members++] = member;
		last.size = 0;
		key_add_bytes(&last, scan.key.data, scan.key.size);
		TRY(scan_next(&scan));
		if (scan.found && ++looked_at == LIST_LOOKED_AT_MAX) {
			response->next_page_token = page_token(call, &last);
			break;
		}
	}
	return OK;
}

/* A new Owner: an active user within the caps (SPEC rule 19). */
MUST_USE static struct status check_new_owner(const struct standing *standing,
	const struct id *user_id, const Orgd__Store__V1__User *user)
{
	if (!user_is_active(user)) {
		char text[ID_TEXT_BYTES];

		id_format(ID_USER, user_id, text);
		return status_fail(STATUS_FAILED_PRECONDITION, "USER_NOT_ACTIVE",
			"user %s is not active and cannot become an Owner", text);
	}
	return membership_may_own(user, standing->organization);
}

/* Moves the role in the membership, the list of Owners and the counts. */
MUST_USE static struct status set_role(struct call *call, const struct standing *standing,
	const struct id *user_id, Orgd__Store__V1__Membership *row, Orgd__V1__Role role)
{
	Orgd__Store__V1__Organization *organization = standing->organization;
	const struct id *id = &standing->organization_id;
	Orgd__V1__Role from = row->role;
	Orgd__Store__V1__User *user;

	TRY(user_get(call->snapshot, user_id, &user));
	if (!user)
		return status_internal("a member has no user");
	if (role == OWNER) {
		TRY(check_new_owner(standing, user_id, user));
		membership_add_owner(call->arena, organization, user_id);
		user->owned_count++;
		TRY(user_put(call->batch, user_id, user));
	}
	row->role = role;
	row->update_us = call->now_us;
	TRY(membership_put(call->batch, id, user_id, row));
	TRY(member_event(call, &(struct member_fact){ .action = "member.role_changed",
				       .organization_id = id,
				       .user_id = user_id,
				       .user = user,
				       .role = role,
				       .from = from }));
	if (from == OWNER) {
		TRY(member_drop_owner(call, id, organization, user_id, false));
		user->owned_count--;
		TRY(user_put(call->batch, user_id, user));
	}
	return organization_save(call, id, organization);
}

static struct status change_role(struct call *call, const Orgd__V1__ChangeRoleRequest *request,
	Orgd__V1__ChangeRoleResponse *response)
{
	Orgd__Store__V1__Membership *row;
	struct standing standing;
	struct id user_id;

	TRY(id_parse(ID_USER, "user_id", request->user_id, &user_id));
	TRY(authorize_organization(call, "organization_id", request->organization_id, &standing));
	TRY(enum_check("role", &orgd__v1__role__descriptor, (int)request->role));
	/* Who may not give the role is told so, whoever it is for. */
	TRY(policy_may_change_role(standing.hats, request->role, request->role));
	TRY(find_member(call, &standing, &user_id, &row));
	TRY(policy_may_change_role(standing.hats, row->role, request->role));
	TRY(organization_check_writable(standing.organization));
	TRY(etag_check(call->arena, request->etag, timestamp_new(call->arena, row->update_us)));
	if (row->role != request->role) {
		if (row->role == OWNER)
			TRY(member_check_owners(
				call, &standing.organization_id, standing.organization, &user_id));
		TRY(set_role(call, &standing, &user_id, row, request->role));
	}
	return member_message(call, &standing.organization_id, &user_id, row, standing.organization,
		&response->member);
}

static struct status remove_member(struct call *call, const Orgd__V1__RemoveMemberRequest *request,
	Orgd__V1__RemoveMemberResponse *response)
{
	Orgd__Store__V1__Membership *row;
	struct standing standing;
	struct id user_id;

	TRY(id_parse(ID_USER, "user_id", request->user_id, &user_id));
	TRY(authorize_organization(call, "organization_id", request->organization_id, &standing));
	if (call->caller.credentials.user && id_equal(&user_id, &call->caller.user_id))
		return status_invalid("user_id", "USE_LEAVE",
			"you cannot remove yourself; use LeaveOrganization");
	TRY(find_member(call, &standing, &user_id, &row));
	TRY(policy_may_remove(standing.hats, row->role));
	TRY(organization_check_writable(standing.organization));
	TRY(member_check_owners(call, &standing.organization_id, standing.organization, &user_id));
	TRY(member_message(call, &standing.organization_id, &user_id, row, standing.organization,
		&response->member));
	TRY(invitation_count_by(call, &standing.organization_id, &user_id, INVITATIONS_COUNTED_MAX,
		&response->invitations));
	if (request->validate_only)
		return OK;
	return member_part(call, &(struct parting){ .organization_id = &standing.organization_id,
					 .user_id = &user_id,
					 .organization = standing.organization,
					 .action = "member.removed" });
}

static struct status leave_organization(struct call *call,
	const Orgd__V1__LeaveOrganizationRequest *request,
	Orgd__V1__LeaveOrganizationResponse *response)
{
	const struct id *user_id = &call->caller.user_id;
	struct standing standing;

	(void)response;
	TRY(authorize_organization(call, "organization_id", request->organization_id, &standing));
	TRY(member_check_owners(call, &standing.organization_id, standing.organization, user_id));
	return member_part(call, &(struct parting){ .organization_id = &standing.organization_id,
					 .user_id = user_id,
					 .organization = standing.organization,
					 .action = "member.left" });
}
