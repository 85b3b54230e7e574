/* SPDX-License-Identifier: Apache-2.0 */
#include "service/member.h"

#include <string.h>

#include "domain/membership.h"
#include "domain/user.h"
#include "service/organization.h"
#include "store/rows/membership.h"
#include "store/rows/organization.h"
#include "store/rows/user.h"

#define OWNER ORGD__V1__ROLE__ROLE_OWNER

/* *user is NULL unless the user is active. The one that is found is relied upon; whoever changes a
 * user's state rewrites that row. */
MUST_USE static struct status find_active(
	struct call *call, const struct id *id, Orgd__Store__V1__User **user)
{
	TRY(user_peek(call->snapshot, id, user));
	if (*user && user_is_active(*user))
		return user_get(call->snapshot, id, user);
	*user = NULL;
	return OK;
}

/* The longest-standing active Owner but `without` (NULL for all); *user is NULL when there is none.
 */
MUST_USE static struct status find_active_owner(struct call *call,
	const Orgd__Store__V1__Organization *organization, const struct id *without, struct id *id,
	Orgd__Store__V1__User **user)
{
	*user = NULL;
	for (size_t i = 0; i < organization->n_owner_ids; i++) {
		*id = id_of_bytes(organization->owner_ids[i]);
		if (without && id_equal(id, without))
			continue;
		TRY(find_active(call, id, user));
		if (*user)
			return OK;
	}
	return OK;
}

struct status member_contact(struct call *call, const Orgd__Store__V1__Organization *organization,
	Orgd__Store__V1__User **user)
{
	const char *contact = organization->organization->primary_contact;
	struct id id;

	if (*contact) {
		TRY(id_parse(ID_USER, "primary_contact", contact, &id));
		TRY(find_active(call, &id, user));
		if (*user)
			return OK;
	}
	return find_active_owner(call, organization, NULL, &id, user);
}

struct status member_check_owners(struct call *call, const struct id *organization_id,
	const Orgd__Store__V1__Organization *organization, const struct id *without)
{
	Orgd__V1__OrganizationState lifecycle = organization->organization->lifecycle;
	char text[ID_TEXT_BYTES];
	Orgd__Store__V1__User *owner;
	struct id id;

	/* Nobody needs to own what is deleted; who restores it answers for its Owners. */
	if (lifecycle == ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_DELETED ||
		!membership_is_owner(organization, without))
		return OK;
	TRY(find_active_owner(call, organization, without, &id, &owner));
	if (owner)
		return OK;
	id_format(ID_ORGANIZATION, organization_id, text);
	return status_with_metadata(
		status_fail(STATUS_FAILED_PRECONDITION, "LAST_OWNER",
			"%s would be without an active Owner; make somebody else an Owner first, "
			"or delete the organization",
			organization->organization->display_name),
		"organization_id", text);
}

struct status member_check_owned(struct call *call, const struct id *user_id)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix;

	membership_user_prefix(&prefix, user_id);
	TRY(scan_begin(&scan, call->snapshot, &prefix, NULL));
	while (scan.found) {
		struct id id = membership_of_key(scan.key);
		Orgd__Store__V1__Organization *organization;
		Orgd__Store__V1__Membership *membership;

		TRY(membership_of_value(call->arena, scan.value, &membership));
		TRY(scan_next(&scan));
		if (membership->role != OWNER)
			continue;
		TRY(organization_get(call->snapshot, &id, &organization));
		if (organization)
			TRY(member_check_owners(call, &id, organization, user_id));
	}
	return OK;
}

struct status member_message(struct call *call, const struct id *organization_id,
	const struct id *user_id, const Orgd__Store__V1__Membership *row,
	const Orgd__Store__V1__Organization *organization, Orgd__V1__Member **member)
{
	struct id invited_by = id_of_bytes(row->invited_by);
	Orgd__V1__Member *message = ARENA_NEW(call->arena, Orgd__V1__Member);
	Orgd__Store__V1__User *user;

	orgd__v1__member__init(message);
	message->organization_id = id_text(call->arena, ID_ORGANIZATION, organization_id);
	message->user_id = id_text(call->arena, ID_USER, user_id);
	message->role = row->role;
	message->join_time = message->create_time = timestamp_new(call->arena, row->join_us);
	message->update_time = timestamp_new(call->arena, row->update_us);
	message->etag = etag_of(call->arena, message->update_time);
	message->invited_by = id_text(call->arena, ID_USER, &invited_by);
	message->primary_contact =
		!strcmp(organization->organization->primary_contact, message->user_id);
	TRY(user_peek(call->snapshot, user_id, &user));
	if (user) {
		message->display_name = user->user->display_name;
		message->email = user->user->email;
	}
	*member = message;
	return OK;
}

struct status member_event(struct call *call, const struct member_fact *fact)
{
	const char *role = enum_word(&orgd__v1__role__descriptor, fact->role);
	struct event event = {
		.action = fact->action,
		.organization = fact->organization_id,
		.user = fact->user_id,
		.by_system = fact->by_system,
		.details = { { .key = "role", .value = role } },
	};
	size_t details = 1;

	if (fact->from)
		event.details[details++] = (struct event_detail){ .key = "from",
			.value = enum_word(&orgd__v1__role__descriptor, fact->from) };
	/* Of an erased person nothing is sealed anew. */
	if (fact->user && fact->user->user->state != ORGD__V1__USER_STATE__USER_STATE_ERASED) {
		event.details[details++] = (struct event_detail){ .key = "display_name",
			.value = fact->user->user->display_name,
			.person = fact->user_id };
		event.details[details++] = (struct event_detail){
			.key = "email", .value = fact->user->user->email, .person = fact->user_id
		};
	}
	return event_append(call, &event);
}

struct status member_join(
	struct call *call, const struct joining *joining, Orgd__V1__Member **member)
{
	Orgd__Store__V1__Organization *organization = joining->organization;
	Orgd__Store__V1__Membership row = ORGD__STORE__V1__MEMBERSHIP__INIT, *present;
	const struct joined *joined = joining->joined;
	char text[ID_TEXT_BYTES];

	TRY(membership_get(call->snapshot, joining->organization_id, joining->user_id, &present));
	if (present) {
		id_format(ID_ORGANIZATION, joining->organization_id, text);
		return status_with_metadata(status_fail(STATUS_ALREADY_EXISTS, "ALREADY_A_MEMBER",
						    "this person belongs to %s already",
						    organization->organization->display_name),
			"organization_id", text);
	}
	TRY(membership_may_join(joining->user, organization, joining->role));
	row.role = joining->role;
	row.join_us = joined ? joined->join_us : call->now_us;
	row.update_us = joined ? joined->update_us : call->now_us;
	if (joining->invited_by)
		row.invited_by = bytes_of_id(call->arena, joining->invited_by);
	TRY(membership_insert(call->batch, joining->organization_id, joining->user_id, &row));
	if (row.role == OWNER) {
		membership_insert_owner(call->arena, organization, joining->user_id,
			joined ? joined->owner_place : organization->n_owner_ids);
		joining->user->owned_count++;
		if (!*organization->organization->primary_contact)
			organization->organization->primary_contact =
				id_text(call->arena, ID_USER, joining->user_id);
	}
	organization->organization->member_count++;
	joining->user->organization_count++;
	TRY(user_put(call->batch, joining->user_id, joining->user));
	TRY(joined ? organization_put(call->batch, joining->organization_id, organization)
		   : organization_save(call, joining->organization_id, organization));
	TRY(member_event(call, &(struct member_fact){ .action = "member.joined",
				       .organization_id = joining->organization_id,
				       .user_id = joining->user_id,
				       .user = joining->user,
				       .role = row.role }));
	if (!member)
		return OK;
	return member_message(
		call, joining->organization_id, joining->user_id, &row, organization, member);
}

/* Writes the contact into the row, with an event. */
MUST_USE static struct status change_contact(struct call *call, const struct id *organization_id,
	Orgd__Store__V1__Organization *organization, const struct id *user_id, bool by_system)
{
	const char *former = organization->organization->primary_contact;

	organization->organization->primary_contact = id_text(call->arena, ID_USER, user_id);
	return event_append(call, &(struct event){ .action = "organization.primary_contact_changed",
					  .organization = organization_id,
					  .user = user_id,
					  .by_system = by_system,
					  .details = { { .key = "from", .value = former } } });
}

struct status member_set_contact(struct call *call, const struct id *organization_id,
	Orgd__Store__V1__Organization *organization, const struct id *user_id)
{
	const char *text = id_text(call->arena, ID_USER, user_id);
	Orgd__Store__V1__User *user = NULL;

	if (membership_is_owner(organization, user_id))
		TRY(user_get(call->snapshot, user_id, &user));
	if (!user || !user_is_active(user))
		return status_fail(STATUS_FAILED_PRECONDITION, "NOT_AN_OWNER",
			"%s is no active Owner of %s; make them one first", text,
			organization->organization->display_name);
	if (!strcmp(organization->organization->primary_contact, text))
		return OK;
	TRY(change_contact(call, organization_id, organization, user_id, false));
	return organization_save(call, organization_id, organization);
}

struct status member_drop_owner(struct call *call, const struct id *organization_id,
	Orgd__Store__V1__Organization *organization, const struct id *user_id, bool by_system)
{
	const char *text = id_text(call->arena, ID_USER, user_id);
	Orgd__Store__V1__User *heir;
	struct id heir_id;

	membership_remove_owner(organization, user_id);
	if (strcmp(organization->organization->primary_contact, text) != 0)
		return OK;
	if (!organization->n_owner_ids) {
		organization->organization->primary_contact = arena_strdup(call->arena, "");
		return OK;
	}
	TRY(find_active_owner(call, organization, NULL, &heir_id, &heir));
	if (!heir)
		heir_id = id_of_bytes(organization->owner_ids[0]);
	return change_contact(call, organization_id, organization, &heir_id, by_system);
}

struct status member_take_out(struct call *call, const struct id *organization_id,
	Orgd__Store__V1__Organization *organization, const struct id *user_id,
	const Orgd__Store__V1__Membership *row, Orgd__Store__V1__User **user)
{
	TRY(membership_delete(call->batch, organization_id, user_id, row));
	organization->organization->member_count--;
	TRY(user_get(call->snapshot, user_id, user));
	if (!*user)
		return OK;
	(*user)->organization_count--;
	if (row->role == OWNER)
		(*user)->owned_count--;
	return user_put(call->batch, user_id, *user);
}

struct status member_part(struct call *call, const struct parting *parting)
{
	Orgd__Store__V1__Membership *row;
	Orgd__Store__V1__User *user;

	TRY(membership_get(call->snapshot, parting->organization_id, parting->user_id, &row));
	if (!row)
		return OK;
	TRY(member_take_out(call, parting->organization_id, parting->organization, parting->user_id,
		row, &user));
	TRY(member_event(call, &(struct member_fact){ .action = parting->action,
				       .organization_id = parting->organization_id,
				       .user_id = parting->user_id,
				       .user = user,
				       .role = row->role,
				       .by_system = parting->by_system }));
	TRY(member_drop_owner(call, parting->organization_id, parting->organization,
		parting->user_id, parting->by_system));
	return organization_save(call, parting->organization_id, parting->organization);
}
