/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/name.h"
#include "orgd/v1/organization_service.pb-c.h"
#include "service/member.h"
#include "service/organization.h"
#include "service/organization_creation.h"
#include "service/organization_life.h"
#include "service/organization_profile.h"
#include "service/services.h"
#include "service/verification.h"
#include "store/rows/membership.h"
#include "store/rows/organization.h"

#define SERVICE Orgd__V1__OrganizationService_Service

#define DELETED ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_DELETED

RPC(CreateOrganization, create_organization)
RPC(GetOrganization, get_organization)
RPC(ListOrganizations, list_organizations)
RPC(ListMyOrganizations, list_my_organizations)
RPC(UpdateOrganization, update_organization)
RPC(DeleteOrganization, delete_organization)
RPC(UndeleteOrganization, undelete_organization)
RPC(SuspendOrganization, suspend_organization)
RPC(UnsuspendOrganization, unsuspend_organization)
RPC(SetPrimaryContact, set_primary_contact)

ProtobufCService *organization_service(void)
{
	static SERVICE service = ORGD__V1__ORGANIZATION_SERVICE__INIT(rpc_);

	return &service.base;
}

static struct status create_organization(struct call *call,
	const Orgd__V1__CreateOrganizationRequest *request,
	Orgd__V1__CreateOrganizationResponse *response)
{
	Orgd__Store__V1__Organization *row;
	struct id id;

	TRY(organization_create(call, request, &id, &row));
	response->organization = organization_message(call, &id, row);
	return OK;
}

/* As authorize_organization, for a handle. */
MUST_USE static struct status authorize_handle(
	struct call *call, const char *handle, struct standing *standing)
{
	Orgd__Store__V1__Handle *row;
	const char *canonical;
	struct id id;

	TRY(text_check_handle(call->arena, "handle", handle, &canonical));
	TRY(organization_find(call->snapshot, canonical, &id, &row));
	if (row)
		return authorize_organization_id(call, &id, standing);
	TRY(authorize(call));
	return status_fail(STATUS_NOT_FOUND, "ORGANIZATION_NOT_FOUND",
		"there is no organization \"%s\"", canonical);
}

static struct status get_organization(struct call *call,
	const Orgd__V1__GetOrganizationRequest *request,
	Orgd__V1__GetOrganizationResponse *response)
{
	struct standing standing;

	switch (request->which_case) {
	case ORGD__V1__GET_ORGANIZATION_REQUEST__WHICH_ORGANIZATION_ID:
		TRY(authorize_organization(
			call, "organization_id", request->organization_id, &standing));
		break;
	case ORGD__V1__GET_ORGANIZATION_REQUEST__WHICH_HANDLE:
		TRY(authorize_handle(call, request->handle, &standing));
		break;
	default:
		return status_invalid("organization_id", "FIELD_REQUIRED",
			"name the organization by its id or its handle");
	}
	TRY(organization_check_visible(&standing));
	response->organization =
		organization_message(call, &standing.organization_id, standing.organization);
	response->role = standing.role;
	return OK;
}

static bool is_wanted(const Orgd__V1__ListOrganizationsRequest *request,
	const Orgd__V1__Organization *organization)
{
	if (request->verification && organization->verification != request->verification)
		return false;
	if (request->lifecycle ? organization->lifecycle != request->lifecycle
			       : organization->lifecycle == DELETED)
		return false;
	return name_begins_with(organization->handle, request->name_prefix) ||
	       name_begins_with(organization->display_name, request->name_prefix);
}

static struct status list_organizations(struct call *call,
	const Orgd__V1__ListOrganizationsRequest *request,
	Orgd__V1__ListOrganizationsResponse *response)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	unsigned looked_at = 0;
	struct key prefix, last;
	struct page page;

	TRY(authorize(call));
	TRY(enum_check_optional("verification", &orgd__v1__verification_state__descriptor,
		(int)request->verification));
	TRY(enum_check_optional(
		"lifecycle", &orgd__v1__organization_state__descriptor, (int)request->lifecycle));
	TRY(page_begin(call, request->page_size, request->page_token, &page));
	response->organizations = ARENA_ARRAY(call->arena, Orgd__V1__Organization *, page.size);
	organization_time_prefix(&prefix);
	TRY(scan_begin(&scan, call->snapshot, &prefix, page_after(&page)));
	while (scan.found) {
		Orgd__Store__V1__Organization *row;
		Orgd__V1__Organization *message;
		int64_t create_us;
		struct id id = organization_of_key(scan.key, &create_us);

		TRY(organization_peek(call->snapshot, &id, &row));
		if (row && is_wanted(request, row->organization)) {
			message = organization_message(call, &id, row);
			if (!page_add(&page, &message->base)) {
				response->next_page_token = page_token(call, &last);
				break;
			}
			response->organizations[response->n_organizations++] = message;
		}
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

/* A membership of the user whose organizations are listed. */
struct mine {
	struct key place; /* join time, organization: the order of the list */
	struct id organization_id;
	Orgd__Store__V1__Membership *row;
};

static int mine_compare(const void *a, const void *b)
{
	const struct mine *left = a, *right = b;

	return memcmp(left->place.bytes, right->place.bytes, left->place.size);
}

/* All memberships of the user, which are few, in the order in which they joined. */
MUST_USE static struct status collect_mine(struct call *call, const struct id *user_id,
	const Orgd__Store__V1__User *user, struct mine **mine, size_t *count)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix;

	*mine = ARENA_ARRAY(call->arena, struct mine, user->organization_count + 1);
	*count = 0;
	membership_user_prefix(&prefix, user_id);
	TRY(scan_begin(&scan, call->snapshot, &prefix, NULL));
	while (scan.found) {
		struct mine *next = &(*mine)[*count];

		if (*count == user->organization_count)
			return status_internal("a user has more memberships than are counted");
		next->organization_id = membership_of_key(scan.key);
		TRY(membership_of_value(call->arena, scan.value, &next->row));
		key_begin(&next->place, TABLE_MEMBERSHIP_BY_USER);
		key_add_u64(&next->place, (uint64_t)next->row->join_us);
		key_add_id(&next->place, &next->organization_id);
		++*count;
		TRY(scan_next(&scan));
	}
	qsort(*mine, *count, sizeof(**mine), mine_compare);
	return OK;
}

/* *entry is NULL for a deleted organization. */
MUST_USE static struct status mine_entry(struct call *call, const struct mine *mine,
	Orgd__V1__ListMyOrganizationsResponse__Entry **entry)
{
	Orgd__V1__ListMyOrganizationsResponse__Entry *made =
		ARENA_NEW(call->arena, Orgd__V1__ListMyOrganizationsResponse__Entry);
	Orgd__Store__V1__Organization *row;

	*entry = NULL;
	TRY(organization_peek(call->snapshot, &mine->organization_id, &row));
	if (!row || row->organization->lifecycle == DELETED)
		return OK;
	orgd__v1__list_my_organizations_response__entry__init(made);
	made->organization = organization_message(call, &mine->organization_id, row);
	made->role = mine->row->role;
	made->join_time = timestamp_new(call->arena, mine->row->join_us);
	*entry = made;
	return OK;
}

static struct status list_my_organizations(struct call *call,
	const Orgd__V1__ListMyOrganizationsRequest *request,
	Orgd__V1__ListMyOrganizationsResponse *response)
{
	Orgd__Store__V1__User *user;
	struct id user_id;
	struct mine *mine;
	struct page page;
	const struct key *last = NULL;
	size_t count;

	TRY(authorize_user(call, "user_id", request->user_id, &user, &user_id));
	TRY(page_begin(call, request->page_size, request->page_token, &page));
	TRY(collect_mine(call, &user_id, user, &mine, &count));
	response->organizations =
		ARENA_ARRAY(call->arena, Orgd__V1__ListMyOrganizationsResponse__Entry *, count + 1);
	for (size_t i = 0; i < count; i++) {
		Orgd__V1__ListMyOrganizationsResponse__Entry *entry;
		const struct key *after = page_after(&page);

		if (after && memcmp(mine[i].place.bytes, after->bytes, after->size) <= 0)
			continue;
		TRY(mine_entry(call, &mine[i], &entry));
		if (!entry)
			continue;
		if (!page_add(&page, &entry->base)) {
			response->next_page_token = page_token(call, last);
			break;
		}
		response->organizations[response->n_organizations++] = entry;
		last = &mine[i].place;
	}
	return OK;
}

static bool mask_names(const Google__Protobuf__FieldMask *mask, const char *name)
{
	for (size_t i = 0; i < mask->n_paths; i++)
		if (!strcmp(mask->paths[i], name))
			return true;
	return false;
}

/* Which fields the update means. The seat limit is not a member's to set: naming it is refused, "*"
 * means all but it, and without a mask the current one may be sent back. */
MUST_USE static struct status read_fields(const Orgd__V1__UpdateOrganizationRequest *request,
	const struct standing *standing, uint64_t *fields)
{
	uint32_t seat_limit = request->organization->seat_limit;
	bool sets_limit =
		request->update_mask
			? mask_names(request->update_mask, "seat_limit")
			: seat_limit &&
				  seat_limit != standing->organization->organization->seat_limit;

	if (sets_limit && !(standing->hats & HAT_PLATFORM_ADMIN))
		return policy_denied();
	TRY(update_mask_read(request->update_mask, &request->organization->base,
		organization_profile_fields, fields));
	if (!(standing->hats & HAT_PLATFORM_ADMIN))
		*fields &= ~(uint64_t)PROFILE_SEAT_LIMIT;
	return OK;
}

static struct status update_organization(struct call *call,
	const Orgd__V1__UpdateOrganizationRequest *request,
	Orgd__V1__UpdateOrganizationResponse *response)
{
	const Orgd__V1__Organization *given = request->organization;
	Orgd__V1__Organization *profile;
	struct standing standing;
	uint64_t fields, changed;
	bool reverify;

	if (!given)
		return status_invalid("organization", "FIELD_REQUIRED",
			"organization is needed: its id and what to change");
	TRY(authorize_organization(call, "organization.id", given->id, &standing));
	profile = standing.organization->organization;
	TRY(read_fields(request, &standing, &fields));
	TRY(organization_profile_set(call, given, fields, profile, &changed));
	TRY(organization_check_writable(standing.organization));
	TRY(etag_check(call->arena, given->etag, profile->update_time));
	if (changed) {
		reverify = changed & PROFILE_VERIFIED &&
			   call->platform->settings->reverify_on_change &&
			   profile->verification ==
				   ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_VERIFIED;
		TRY(organization_save(call, &standing.organization_id, standing.organization));
		TRY(event_append(call, &(struct event){ .action = "organization.updated",
					       .organization = &standing.organization_id,
					       .details = { { .key = "fields",
						       .value = organization_profile_names(
							       call->arena, changed) } } }));
		if (reverify)
			TRY(verification_take(call, &standing,
				&(struct verification){ .step = VERIFICATION_EDIT }, NULL));
	}
	response->organization =
		organization_message(call, &standing.organization_id, standing.organization);
	return OK;
}

static struct status delete_organization(struct call *call,
	const Orgd__V1__DeleteOrganizationRequest *request,
	Orgd__V1__DeleteOrganizationResponse *response)
{
	struct standing standing;

	TRY(authorize_organization(call, "organization_id", request->organization_id, &standing));
	if (!request->validate_only &&
		strcmp(request->confirm_handle, standing.organization->organization->handle) != 0)
		return status_invalid("confirm_handle", "CONFIRMATION_MISMATCH",
			"type the organization's handle, \"%s\", to confirm that it goes",
			standing.organization->organization->handle);
	if (standing.hats & HAT_PLATFORM_ADMIN)
		TRY(organization_check_not_deleted(standing.organization));
	else
		TRY(organization_check_writable(standing.organization));
	response->members = standing.organization->organization->member_count;
	response->invitations = standing.organization->organization->pending_count;
	TRY(organization_count_grants(call, &standing.organization_id, &response->grants));
	if (request->validate_only)
		return OK;
	TRY(organization_delete_softly(call, &standing.organization_id, standing.organization));
	response->organization =
		organization_message(call, &standing.organization_id, standing.organization);
	return OK;
}

static struct status undelete_organization(struct call *call,
	const Orgd__V1__UndeleteOrganizationRequest *request,
	Orgd__V1__UndeleteOrganizationResponse *response)
{
	struct standing standing;

	TRY(authorize_organization(call, "organization_id", request->organization_id, &standing));
	TRY(organization_restore(call, &standing.organization_id, standing.organization));
	response->organization =
		organization_message(call, &standing.organization_id, standing.organization);
	return OK;
}

static struct status suspend_organization(struct call *call,
	const Orgd__V1__SuspendOrganizationRequest *request,
	Orgd__V1__SuspendOrganizationResponse *response)
{
	struct standing standing;
	const char *reason;

	TRY(authorize_organization(call, "organization_id", request->organization_id, &standing));
	TRY(text_check(call->arena, TEXT_PARAGRAPHS, "reason", request->reason, 1, TEXT_NOTE_MAX,
		&reason));
	TRY(organization_suspend(call, &standing.organization_id, standing.organization, reason));
	response->organization =
		organization_message(call, &standing.organization_id, standing.organization);
	return OK;
}

static struct status unsuspend_organization(struct call *call,
	const Orgd__V1__UnsuspendOrganizationRequest *request,
	Orgd__V1__UnsuspendOrganizationResponse *response)
{
	struct standing standing;

	TRY(authorize_organization(call, "organization_id", request->organization_id, &standing));
	TRY(organization_unsuspend(call, &standing.organization_id, standing.organization));
	response->organization =
		organization_message(call, &standing.organization_id, standing.organization);
	return OK;
}

static struct status set_primary_contact(struct call *call,
	const Orgd__V1__SetPrimaryContactRequest *request,
	Orgd__V1__SetPrimaryContactResponse *response)
{
	struct standing standing;
	struct id user_id;

	TRY(id_parse(ID_USER, "user_id", request->user_id, &user_id));
	TRY(authorize_organization(call, "organization_id", request->organization_id, &standing));
	TRY(organization_check_writable(standing.organization));
	TRY(member_set_contact(call, &standing.organization_id, standing.organization, &user_id));
	response->organization =
		organization_message(call, &standing.organization_id, standing.organization);
	return OK;
}
