/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/clock.h"
#include "invitation_scene.h"
#include "orgd/rpc/v1/rpc.pb-c.h"
#include "service/settings.h"
#include "store/rows/row.h"

/* What holds for every call: deadlines, the order of refusals, errors, sweeps. */

static uint64_t revision_of(struct story *s)
{
	return store_revision(story_store(s));
}

Test(rules, rule_35_a_mutation_that_comes_to_its_turn_too_late_is_not_executed)
{
	const char *org;
	struct story *s = acme_begin(&org);

	story_be_late(s, 11 * US_PER_SECOND);
	scene_expect_refusal(scene_try_invite(s, ADA, org, ANN, ROLE(MEMBER)),
		STATUS_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED");
	story_be_late(s, 0);
	cr_assert_eq(scene_look_at_organization(s, org)->pending_count, 0);
	story_end(s);
}

Test(rules, rule_35_no_call_has_more_than_a_minute_and_one_without_a_time_has_ten_seconds)
{
	Orgd__Rpc__V1__Request envelope;
	struct story *s = story_begin();
	const ProtobufCMessage *request =
		STORY_REQUEST(RequestPasswordReset, request_password_reset, .email = ANN);

	orgd__rpc__v1__request__init(&envelope);
	envelope.request_id = "a-request-of-this-test";
	story_be_late(s, 9 * US_PER_SECOND);
	scene_expect_ok(
		story_try_envelope(s, "UserService/RequestPasswordReset", request, &envelope));
	envelope.request_id = "another-request-of-this-test";
	story_be_late(s, 59 * US_PER_SECOND);
	envelope.timeout_ms = 100000;
	scene_expect_ok(
		story_try_envelope(s, "UserService/RequestPasswordReset", request, &envelope));
	envelope.request_id = "a-third-request-of-this-test";
	story_be_late(s, 61 * US_PER_SECOND);
	scene_expect_refusal(
		story_try_envelope(s, "UserService/RequestPasswordReset", request, &envelope),
		STATUS_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED");
	story_end(s);
}

Test(rules, rule_35_a_late_call_hashes_nothing)
{
	struct story *s = story_begin();

	story_person(s, ANN, "Ann");
	story_be_late(s, 11 * US_PER_SECOND);
	REFUSED(s, NULL, STATUS_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", SessionService, SignIn,
		sign_in, .email = ANN, .password = "wrong, as it happens");
	story_end(s);
}

Test(rules, rule_35_a_reply_says_the_epoch_the_revision_and_whether_this_call_committed)
{
	const char *org;
	struct story *s = acme_begin(&org);
	uint64_t before = revision_of(s);
	struct outcome mutation = scene_try_invite(s, ADA, org, ANN, ROLE(MEMBER)), read, refused;

	cr_assert(mutation.committed);
	cr_assert_eq(mutation.revision, before + 1);
	cr_assert_eq(mutation.epoch, store_epoch(story_store(s)));
	read = story_try(s, ADA, "UserService/GetUser", STORY_REQUEST(GetUser, get_user));
	cr_assert_not(read.committed);
	cr_assert_eq(read.revision, before + 1);
	refused = scene_try_invite(s, ADA, org, ANN, ROLE(MEMBER));
	cr_assert_not(refused.committed);
	cr_assert_eq(refused.revision, before + 1);
	cr_assert_eq(revision_of(s), before + 1, "a refusal uses up no revision");
	story_end(s);
}

Test(engine, who_calls_comes_before_what_is_wrong_with_the_call)
{
	const char *org;
	struct story *s = acme_begin(&org);
	Orgd__Rpc__V1__Request envelope;
	const ProtobufCMessage *request = STORY_REQUEST(CreateInvitation, create_invitation,
		.organization_id = org, .email = "nonsense", .role = ROLE(MEMBER));

	orgd__rpc__v1__request__init(&envelope);
	envelope.authorization = "Bearer nonsense";
	scene_expect_refusal(
		story_try_envelope(s, "InvitationService/CreateInvitation", request, &envelope),
		STATUS_UNAUTHENTICATED, "CREDENTIAL_INVALID");
	envelope.authorization = "Basic nonsense";
	scene_expect_refusal(
		story_try_envelope(s, "InvitationService/CreateInvitation", request, &envelope),
		STATUS_UNAUTHENTICATED, "CREDENTIAL_MALFORMED");
	story_person(s, EVE, "Eve");
	scene_expect_refusal(scene_try_invite(s, EVE, org, "nonsense", ROLE(MEMBER)),
		STATUS_PERMISSION_DENIED, "PERMISSION_DENIED");
	scene_expect_refusal(scene_try_invite(s, ADA, org, "nonsense", ROLE(MEMBER)),
		STATUS_INVALID_ARGUMENT, "INVALID_EMAIL");
	story_end(s);
}

Test(engine, what_is_wrong_with_the_call_comes_before_the_state_of_things)
{
	const char *org;
	struct story *s = acme_begin(&org);

	scene_suspend(s, org);
	scene_expect_refusal(scene_try_invite(s, ADA, org, "nonsense", ROLE(MEMBER)),
		STATUS_INVALID_ARGUMENT, "INVALID_EMAIL");
	story_end(s);
}

Test(engine, an_unknown_method_is_unimplemented)
{
	Orgd__Rpc__V1__Request envelope;
	struct story *s = story_begin();

	orgd__rpc__v1__request__init(&envelope);
	scene_expect_refusal(story_try_envelope(s, "TeaService/Brew",
				     STORY_REQUEST(GetUser, get_user), &envelope),
		STATUS_UNIMPLEMENTED, "METHOD_UNKNOWN");
	story_end(s);
}

Test(rules, rule_39_errors_of_a_field_name_it_and_every_error_has_a_reason)
{
	const char *org;
	struct story *s = acme_begin(&org);
	struct outcome outcome = scene_try_invite(s, ADA, org, "nonsense", ROLE(MEMBER));

	cr_assert_str_eq(outcome.reason, "INVALID_EMAIL");
	cr_assert_str_eq(outcome.field, "email");
	cr_assert(*outcome.message);
	story_end(s);
}

Test(rules, rule_39_a_row_that_nobody_can_read_is_told_without_its_content)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *invitation = scene_invite(s, ADA, org, ANN, ROLE(MEMBER));
	struct outcome outcome;
	struct key key;
	struct id id;

	cr_assert_eq(id_parse(ID_INVITATION, "id", invitation->id, &id).code, STATUS_OK);
	key_begin(&key, TABLE_INVITATION);
	key_add_id(&key, &id);
	scene_tamper(s, &key, "x");
	outcome = story_try(s, ADA, "InvitationService/GetInvitation",
		STORY_REQUEST(GetInvitation, get_invitation, .organization_id = org,
			.invitation_id = invitation->id));
	scene_expect_refusal(outcome, STATUS_DATA_LOSS, "ROW_CORRUPT");
	story_end(s);
}

Test(engine, sweeps_with_nothing_to_do_commit_nothing)
{
	const char *org;
	struct story *s = acme_begin(&org);
	struct store_statistics before, after;
	uint64_t revision;

	scene_invite(s, ADA, org, ANN, ROLE(MEMBER));
	story_sweep(s);
	revision = revision_of(s);
	cr_assert_eq(store_statistics(story_store(s), &before).code, STATUS_OK);
	for (int i = 0; i < 20; i++)
		story_sweep(s);
	cr_assert_eq(store_statistics(story_store(s), &after).code, STATUS_OK);
	cr_assert_eq(revision_of(s), revision);
	cr_assert_eq(after.groups, before.groups, "the disk was woken");
	story_end(s);
}

Test(rules, rule_44_one_clock_is_followed_by_expiry_budgets_and_sweeps)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *invitation;

	story_settings(s)->invitations_per_organization_per_day = 1;
	invitation = scene_invite(s, ADA, org, ANN, ROLE(MEMBER));
	scene_expect_refusal(scene_try_invite(s, ADA, org, BOB, ROLE(MEMBER)),
		STATUS_RESOURCE_EXHAUSTED, "INVITATION_LIMIT");
	story_skip(s, 7 * US_PER_DAY);
	cr_assert_eq(scene_look_at(s, org, invitation->id)->state, STATE(EXPIRED),
		"derived before any sweep");
	scene_expect_ok(scene_try_invite(s, ADA, org, BOB, ROLE(MEMBER)));
	story_end(s);
}

Test(rules, rule_44_an_invite_first_expires_due_ones_when_the_seats_are_taken)
{
	const char *org;
	struct story *s = acme_begin(&org);
	const Orgd__V1__Invitation *invitation;

	scene_set_seat_limit(s, org, 2);
	invitation = scene_invite(s, ADA, org, ANN, ROLE(MEMBER));
	story_skip(s, 7 * US_PER_DAY);
	scene_expect_ok(scene_try_invite(s, ADA, org, BOB, ROLE(MEMBER)));
	cr_assert_eq(scene_look_at_organization(s, org)->pending_count, 1);
	cr_assert_eq(ASK(s, ADA, EventService, ListEvents, list_events, .organization_id = org,
			     .action_prefix = "invitation.expired")
			     ->events[0]
			     ->revision,
		revision_of(s));
	cr_assert_eq(scene_look_at(s, org, invitation->id)->state, STATE(EXPIRED));
	story_end(s);
}
