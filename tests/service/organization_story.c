/* SPDX-License-Identifier: Apache-2.0 */
#include "service/organization_story.h"

#include <string.h>

struct story *people_begin(void)
{
	struct story *story = story_begin();

	story_person(story, ADA, "Ada");
	story_person(story, BOB, "Bob");
	story_person(story, EVE, "Eve");
	return story;
}

Orgd__V1__Organization organization_named(const char *handle, const char *display_name)
{
	Orgd__V1__Organization organization = ORGD__V1__ORGANIZATION__INIT;

	organization.handle = handle;
	organization.display_name = display_name;
	return organization;
}

const char *organization_made(struct story *story, const char *owner_email, const char *handle)
{
	Orgd__V1__Organization organization = organization_named(handle, handle);
	struct outcome made;

	made = organization_try_create(story, owner_email, &organization);
	expect_done(made);
	return ((const Orgd__V1__CreateOrganizationResponse *)made.response)->organization->id;
}

const Orgd__V1__Organization *organization_seen(struct story *story, const char *organization_id)
{
	return ASK(story, "operator", OrganizationService, GetOrganization, get_organization,
		.which_case = ORGD__V1__GET_ORGANIZATION_REQUEST__WHICH_ORGANIZATION_ID,
		.organization_id = organization_id)
		->organization;
}

struct outcome organization_try_create(
	struct story *story, const char *who, Orgd__V1__Organization *organization)
{
	return story_try(story, who, "OrganizationService/CreateOrganization",
		STORY_REQUEST(
			CreateOrganization, create_organization, .organization = organization));
}

struct outcome organization_try_update(struct story *story, const char *who,
	Orgd__V1__Organization *organization, const char *mask)
{
	Google__Protobuf__FieldMask fields = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
	char *path = mask;

	fields.n_paths = 1;
	fields.paths = &path;
	return story_try(story, who, "OrganizationService/UpdateOrganization",
		STORY_REQUEST(UpdateOrganization, update_organization, .organization = organization,
			.update_mask = mask ? &fields : NULL));
}

void organization_deleted_by(struct story *story, const char *who, const char *organization_id)
{
	ASK(story, who, OrganizationService, DeleteOrganization, delete_organization,
		.organization_id = organization_id,
		.confirm_handle = organization_seen(story, organization_id)->handle);
}

void organization_suspend_for(struct story *story, const char *organization_id, const char *reason)
{
	ASK(story, "operator", OrganizationService, SuspendOrganization, suspend_organization,
		.organization_id = organization_id, .reason = reason);
}

void person_give_platform_role(struct story *story, const char *email, Orgd__V1__PlatformRole role)
{
	ASK(story, "operator", UserService, SetPlatformRoles, set_platform_roles,
		.user_id = story_id(story, email), .n_platform_roles = 1, .platform_roles = &role);
}

void person_disable(struct story *story, const char *email)
{
	ASK(story, "operator", UserService, DisableUser, disable_user,
		.user_id = story_id(story, email));
}

size_t person_organization_count(struct story *story, const char *email)
{
	return ASK(story, "operator", OrganizationService, ListMyOrganizations,
		list_my_organizations, .user_id = story_id(story, email))
		->n_organizations;
}

const Orgd__V1__Member *member_seen(
	struct story *story, const char *organization_id, const char *email)
{
	struct outcome found = story_try(story, "operator", "MemberService/GetMember",
		STORY_REQUEST(GetMember, get_member, .organization_id = organization_id,
			.user_id = story_id(story, email)));

	if (!strcmp(found.reason, "MEMBER_NOT_FOUND"))
		return NULL;
	expect_done(found);
	return ((const Orgd__V1__GetMemberResponse *)found.response)->member;
}

Orgd__V1__Role member_role(struct story *story, const char *organization_id, const char *email)
{
	const Orgd__V1__Member *member = member_seen(story, organization_id, email);

	return member ? member->role : ORGD__V1__ROLE__ROLE_UNSPECIFIED;
}

struct outcome member_try_change(struct story *story, const char *who, const char *organization_id,
	const char *email, Orgd__V1__Role role)
{
	return story_try(story, who, "MemberService/ChangeRole",
		STORY_REQUEST(ChangeRole, change_role, .organization_id = organization_id,
			.user_id = story_id(story, email), .role = role));
}

struct outcome member_try_remove(
	struct story *story, const char *who, const char *organization_id, const char *email)
{
	return story_try(story, who, "MemberService/RemoveMember",
		STORY_REQUEST(RemoveMember, remove_member, .organization_id = organization_id,
			.user_id = story_id(story, email)));
}

struct outcome member_try_leave(struct story *story, const char *who, const char *organization_id)
{
	return story_try(story, who, "MemberService/LeaveOrganization",
		STORY_REQUEST(
			LeaveOrganization, leave_organization, .organization_id = organization_id));
}

size_t event_count(struct story *story, const char *organization_id, const char *action,
	const Orgd__V1__Event **last)
{
	const Orgd__V1__ListEventsResponse *list = ASK(story, "operator", EventService, ListEvents,
		list_events, .organization_id = organization_id, .action_prefix = action,
		.page_size = 1000);

	if (last)
		*last = list->n_events ? list->events[list->n_events - 1] : NULL;
	return list->n_events;
}

const char *event_detail(const Orgd__V1__Event *event, const char *key)
{
	for (size_t i = 0; i < event->n_details; i++)
		if (!strcmp(event->details[i]->key, key))
			return event->details[i]->value;
	return "";
}
