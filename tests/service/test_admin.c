/* SPDX-License-Identifier: Apache-2.0 */
#include "invitation_scene.h"

Test(admin_service, tells_how_the_daemon_is)
{
	const Orgd__V1__GetStatusResponse *status;
	const char *org;
	struct story *s = acme_begin(&org);
	struct outcome outcome;

	scene_invite(s, ADA, org, ANN, ROLE(MEMBER));
	outcome = story_try(
		s, "operator", "AdminService/GetStatus", STORY_REQUEST(GetStatus, get_status));
	scene_expect_ok(outcome);
	status = (const Orgd__V1__GetStatusResponse *)outcome.response;
	cr_assert_str_eq(status->version, ORGD_VERSION);
	cr_assert_eq(status->revision, outcome.revision);
	cr_assert_eq(status->epoch, outcome.epoch);
	cr_assert_not_null(status->start_time);
	cr_assert_gt(status->file_bytes, 0);
	cr_assert_gt(status->used_bytes, 0);
	cr_assert_gt(status->disk_free_bytes, 0);
	cr_assert_gt(status->rows, status->mutations);
	cr_assert_leq(status->commits, status->mutations);
	cr_assert_gt(status->commits, 0);
	cr_assert(status->mail_configured);
	cr_assert_geq(status->deliveries_queued, 1);
	(void)story_mail_count(s, ANN);
	status = ASK(s, "operator", AdminService, GetStatus, get_status);
	cr_assert_eq(status->deliveries_queued, 0);
	story_end(s);
}

Test(admin_service, is_for_platform_administrators)
{
	const char *org;
	struct story *s = acme_begin(&org);

	REFUSED(s, ADA, STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", AdminService, GetStatus,
		get_status);
	REFUSED(s, NULL, STATUS_UNAUTHENTICATED, "CREDENTIAL_REQUIRED", AdminService, GetStatus,
		get_status);
	story_end(s);
}
