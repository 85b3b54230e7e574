/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "domain/invitation.h"

#define PENDING ORGD__V1__INVITATION_STATE__INVITATION_STATE_PENDING
#define REVOKED ORGD__V1__INVITATION_STATE__INVITATION_STATE_REVOKED
#define EXPIRED ORGD__V1__INVITATION_STATE__INVITATION_STATE_EXPIRED

/* One invitation of one organization, pending until 1,000. */
struct scene {
	Orgd__V1__Organization organization;
	Orgd__Store__V1__Organization organization_row;
	Orgd__V1__Invitation invitation;
	Orgd__Store__V1__Invitation row;
	Orgd__V1__User user;
	Orgd__Store__V1__User user_row;
};

static char name[] = "Acme", typed[] = "Ann@Example.com", canonical[] = "ann@example.com";

static void scene_init(struct scene *scene)
{
	orgd__v1__organization__init(&scene->organization);
	orgd__store__v1__organization__init(&scene->organization_row);
	orgd__v1__invitation__init(&scene->invitation);
	orgd__store__v1__invitation__init(&scene->row);
	orgd__v1__user__init(&scene->user);
	orgd__store__v1__user__init(&scene->user_row);
	scene->organization.display_name = name;
	scene->organization_row.organization = &scene->organization;
	scene->organization_row.invitation_epoch = 3;
	scene->invitation.state = PENDING;
	scene->invitation.email = typed;
	scene->row.invitation = &scene->invitation;
	scene->row.canonical_email = canonical;
	scene->row.epoch = 3;
	scene->row.expire_us = 1000;
	scene->user.email_verified = true;
	scene->user_row.user = &scene->user;
	scene->user_row.canonical_email = canonical;
}

static void expect_failure(struct status status, enum status_code code, const char *reason)
{
	cr_assert_eq(status.code, code);
	cr_assert_str_eq(status.failure->reason, reason);
}

static Orgd__V1__InvitationState state_at(const struct scene *scene, int64_t now_us)
{
	return invitation_state(&scene->row, &scene->organization_row, now_us);
}

Test(invitation, is_pending_until_its_expiry_and_expired_from_then_on)
{
	struct scene scene;

	scene_init(&scene);
	cr_assert_eq(state_at(&scene, 999), PENDING);
	cr_assert_eq(state_at(&scene, 1000), EXPIRED);
}

Test(invitation, is_revoked_once_the_epoch_was_raised_even_when_it_has_expired_since)
{
	struct scene scene;

	scene_init(&scene);
	scene.organization_row.invitation_epoch++;
	cr_assert_eq(state_at(&scene, 1), REVOKED);
	cr_assert_eq(state_at(&scene, 2000), REVOKED);
}

Test(invitation, is_revoked_with_its_organization_deleted_or_gone)
{
	struct scene scene;

	scene_init(&scene);
	scene.organization.lifecycle = ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_DELETED;
	cr_assert_eq(state_at(&scene, 1), REVOKED);
	cr_assert_eq(invitation_state(&scene.row, NULL, 1), REVOKED);
}

Test(invitation, stays_what_it_became)
{
	struct scene scene;

	scene_init(&scene);
	for (int state = PENDING + 1; state <= EXPIRED; state++) {
		scene.invitation.state = (Orgd__V1__InvitationState)state;
		scene.organization_row.invitation_epoch++;
		cr_assert_eq((int)state_at(&scene, 2000), state);
	}
}

Test(invitation, that_is_finished_says_how)
{
	static const char *const words[] = { "ACCEPTED", "DECLINED", "REVOKED", "EXPIRED" };
	static const char *const said[] = { "was accepted", "was declined", "was revoked",
		"has expired" };
	struct status none;

	cr_assert_eq(invitation_check_pending(PENDING).code, STATUS_OK);
	for (int i = 0; i < 4; i++) {
		struct status status =
			invitation_check_pending((Orgd__V1__InvitationState)(PENDING + 1 + i));

		expect_failure(status, STATUS_FAILED_PRECONDITION, "INVITATION_FINISHED");
		cr_assert_str_eq(status.failure->metadata[0].key, "state");
		cr_assert_str_eq(status.failure->metadata[0].value, words[i]);
		cr_assert(strstr(status.failure->message, said[i]), "%s", status.failure->message);
	}
	none = invitation_check_pending(ORGD__V1__INVITATION_STATE__INVITATION_STATE_UNSPECIFIED);
	expect_failure(none, STATUS_FAILED_PRECONDITION, "INVITATION_FINISHED");
	cr_assert_str_eq(none.failure->metadata[0].value, "UNKNOWN");
}

static struct status check_expiry(int64_t seconds, int32_t nanos, int64_t *lifetime_us)
{
	Google__Protobuf__Duration after;

	google__protobuf__duration__init(&after);
	after.seconds = seconds;
	after.nanos = nanos;
	return invitation_check_expiry(&after, 7 * US_PER_DAY, lifetime_us);
}

Test(invitation, lives_as_long_as_the_platform_says_unless_told_otherwise)
{
	int64_t lifetime_us;

	cr_assert_eq(invitation_check_expiry(NULL, 7 * US_PER_DAY, &lifetime_us).code, STATUS_OK);
	cr_assert_eq(lifetime_us, 7 * US_PER_DAY);
	cr_assert_eq(check_expiry(3600, 0, &lifetime_us).code, STATUS_OK);
	cr_assert_eq(lifetime_us, US_PER_HOUR);
	cr_assert_eq(check_expiry(30 * 86400, 0, &lifetime_us).code, STATUS_OK);
	cr_assert_eq(lifetime_us, 30 * US_PER_DAY);
	cr_assert_eq(check_expiry(7200, 999999999, &lifetime_us).code, STATUS_OK);
	cr_assert_eq(lifetime_us, 2 * US_PER_HOUR + 999999);
}

Test(invitation, lives_no_less_than_an_hour_and_no_more_than_thirty_days)
{
	static const struct {
		int64_t seconds;
		int32_t nanos;
	} wrong[] = { { 0, 0 }, { 3599, 999999999 }, { 30 * 86400, 1000 }, { 30 * 86400 + 1, 0 },
		{ -3600, 0 }, { INT64_MAX, 0 }, { INT64_MAX / 4, 0 }, { INT64_MIN, 0 },
		{ 7200, -1 }, { 7200, 1000000000 } };
	int64_t lifetime_us;

	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		expect_failure(check_expiry(wrong[i].seconds, wrong[i].nanos, &lifetime_us),
			STATUS_INVALID_ARGUMENT, "EXPIRY_OUT_OF_RANGE");
}

Test(invitation, takes_a_seat_that_members_and_pending_ones_leave)
{
	struct scene scene;

	scene_init(&scene);
	scene.organization.member_count = 2;
	scene.organization.pending_count = 1;
	scene.organization.seat_limit = 4;
	cr_assert_eq(invitation_check_seats(&scene.organization).code, STATUS_OK);
	scene.organization.pending_count = 2;
	expect_failure(invitation_check_seats(&scene.organization), STATUS_RESOURCE_EXHAUSTED,
		"SEAT_LIMIT");
	scene.organization.seat_limit = 0;
	cr_assert_eq(invitation_check_seats(&scene.organization).code, STATUS_OK, "0 is no limit");
}

Test(invitation, is_for_the_account_with_its_address_and_for_no_other)
{
	static char other[] = "bob@example.com";
	struct scene scene;

	scene_init(&scene);
	cr_assert_eq(invitation_check_invitee(&scene.row, &scene.user_row).code, STATUS_OK);
	scene.user_row.canonical_email = other;
	expect_failure(invitation_check_invitee(&scene.row, &scene.user_row),
		STATUS_FAILED_PRECONDITION, "EMAIL_MISMATCH");
}

Test(invitation, is_for_a_verified_address_only)
{
	struct scene scene;

	scene_init(&scene);
	scene.user.email_verified = false;
	expect_failure(invitation_check_invitee(&scene.row, &scene.user_row),
		STATUS_FAILED_PRECONDITION, "EMAIL_NOT_VERIFIED");
}

Test(invitation, is_reminded_of_a_day_before_its_expiry_unless_that_has_passed)
{
	cr_assert_eq(invitation_reminder_time(3 * US_PER_DAY, 0), 2 * US_PER_DAY);
	cr_assert_eq(invitation_reminder_time(US_PER_DAY, 0), 0);
	cr_assert_eq(invitation_reminder_time(US_PER_DAY + 5, 5), 0);
	cr_assert_eq(invitation_reminder_time(US_PER_DAY + 1, 0), 1);
}
