/* SPDX-License-Identifier: Apache-2.0 */
#include "invitation_scene.h"

#include <string.h>

#include "google/protobuf/field_mask.pb-c.h"

struct story *acme_begin(const char **organization_id)
{
	struct story *s = story_begin();

	*organization_id = story_organization(s, ADA, "acme");
	return s;
}

void scene_expect_ok(struct outcome outcome)
{
	cr_assert_eq(outcome.code, STATUS_OK, "%s %s: %s", status_code_name(outcome.code),
		outcome.reason, outcome.message);
}

void scene_expect_refusal(struct outcome outcome, enum status_code code, const char *reason)
{
	cr_assert(outcome.code == code && !strcmp(outcome.reason, reason), "%s %s (%s), not %s %s",
		status_code_name(outcome.code), outcome.reason, outcome.message,
		status_code_name(code), reason);
}

struct outcome scene_try_invite(struct story *s, const char *who, const char *organization_id,
	const char *email, Orgd__V1__Role role)
{
	return story_try(s, who, "InvitationService/CreateInvitation",
		STORY_REQUEST(CreateInvitation, create_invitation,
			.organization_id = organization_id, .email = email, .role = role));
}

const Orgd__V1__Invitation *scene_invite(struct story *s, const char *who,
	const char *organization_id, const char *email, Orgd__V1__Role role)
{
	struct outcome outcome = scene_try_invite(s, who, organization_id, email, role);

	scene_expect_ok(outcome);
	return ((const Orgd__V1__CreateInvitationResponse *)outcome.response)->invitation;
}

struct outcome scene_try_accept(struct story *s, const char *who, const char *token)
{
	return story_try(s, who, "InvitationService/AcceptInvitation",
		STORY_REQUEST(AcceptInvitation, accept_invitation, .token = token));
}

struct outcome scene_try_resend(
	struct story *s, const char *who, const char *organization_id, const char *invitation_id)
{
	return story_try(s, who, "InvitationService/ResendInvitation",
		STORY_REQUEST(ResendInvitation, resend_invitation,
			.organization_id = organization_id, .invitation_id = invitation_id));
}

struct outcome scene_try_revoke(
	struct story *s, const char *who, const char *organization_id, const char *invitation_id)
{
	return story_try(s, who, "InvitationService/RevokeInvitation",
		STORY_REQUEST(RevokeInvitation, revoke_invitation,
			.organization_id = organization_id, .invitation_id = invitation_id));
}

const Orgd__V1__Invitation *scene_look_at(
	struct story *s, const char *organization_id, const char *invitation_id)
{
	return ASK(s, "operator", InvitationService, GetInvitation, get_invitation,
		.organization_id = organization_id, .invitation_id = invitation_id)
		->invitation;
}

const Orgd__V1__Organization *scene_look_at_organization(
	struct story *s, const char *organization_id)
{
	return ASK(s, "operator", OrganizationService, GetOrganization, get_organization,
		.which_case = ORGD__V1__GET_ORGANIZATION_REQUEST__WHICH_ORGANIZATION_ID,
		.organization_id = organization_id)
		->organization;
}

size_t scene_count_events(struct story *s, const char *organization_id, const char *action)
{
	return ASK(s, "operator", EventService, ListEvents, list_events,
		.organization_id = organization_id, .action_prefix = action, .page_size = 1000)
		->n_events;
}

Orgd__V1__Role scene_role_of(struct story *s, const char *organization_id, const char *email)
{
	const Orgd__V1__ListMembersResponse *members = ASK(s, "operator", MemberService,
		ListMembers, list_members, .organization_id = organization_id);

	for (size_t i = 0; i < members->n_members; i++)
		if (!strcmp(members->members[i]->email, email))
			return members->members[i]->role;
	return ROLE(UNSPECIFIED);
}

void scene_suspend(struct story *s, const char *organization_id)
{
	ASK(s, "operator", OrganizationService, SuspendOrganization, suspend_organization,
		.organization_id = organization_id, .reason = "unpaid");
}

void scene_unsuspend(struct story *s, const char *organization_id)
{
	ASK(s, "operator", OrganizationService, UnsuspendOrganization, unsuspend_organization,
		.organization_id = organization_id);
}

static void update(struct story *s, Orgd__V1__Organization *organization, const char *path)
{
	Google__Protobuf__FieldMask mask;
	char *paths[] = { strdup(path) };

	google__protobuf__field_mask__init(&mask);
	mask.n_paths = 1;
	mask.paths = paths;
	ASK(s, "operator", OrganizationService, UpdateOrganization, update_organization,
		.organization = organization, .update_mask = &mask);
	free(paths[0]);
}

void scene_unverify(struct story *s, const char *organization_id)
{
	Orgd__V1__Organization organization;

	orgd__v1__organization__init(&organization);
	organization.id = organization_id;
	organization.legal_name = "Another Name";
	update(s, &organization, "legal_name");
}

void scene_set_seat_limit(struct story *s, const char *organization_id, uint32_t limit)
{
	Orgd__V1__Organization organization;

	orgd__v1__organization__init(&organization);
	organization.id = organization_id;
	organization.seat_limit = limit;
	update(s, &organization, "seat_limit");
}

struct tampering {
	struct mutation mutation;
	struct arena arena;
	const struct key *key;
	const char *value;
	_Atomic bool done;
};

static struct status run_tampering(
	struct mutation *mutation, struct snapshot *snapshot, int64_t now_us)
{
	struct tampering *tampering = CONTAINER_OF(mutation, struct tampering, mutation);
	struct batch *batch = snapshot_batch(snapshot);

	(void)now_us;
	if (!tampering->value)
		return batch_delete(batch, tampering->key);
	return batch_put(batch, tampering->key, bytes_of_string(tampering->value));
}

static void tampering_done(
	struct mutation *mutation, struct status status, uint64_t revision, bool committed)
{
	(void)revision;
	cr_assert(!status.code && committed);
	CONTAINER_OF(mutation, struct tampering, mutation)->done = true;
}

void scene_tamper(struct story *s, const struct key *key, const char *value)
{
	struct tampering tampering = { .key = key, .value = value };

	story_spoil(s);
	arena_init(&tampering.arena);
	tampering.mutation = (struct mutation){
		.arena = &tampering.arena, .run = run_tampering, .done = tampering_done
	};
	store_submit(story_store(s), &tampering.mutation);
	while (!tampering.done)
		story_tick(s);
	arena_clear(&tampering.arena);
}
