/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "service/delivery_story.h"

/* Mails whose links died before they went out. */

TestSuite(delivery_links, .init = outbox_begin, .fini = outbox_end);
#define RULE(name) Test(rules, name, .init = outbox_begin, .fini = outbox_end)

static void expect_obsolete(const Orgd__V1__Invitation *invitation)
{
	const char *id = invitation->delivery->delivery_id;

	cr_expect_null(lease());
	cr_expect_eq(listed(id)->status->state, STATE(DEAD));
	cr_expect_eq(strncmp(listed(id)->status->last_error, "obsolete", 8), 0, "%s",
		listed(id)->status->last_error);
	REFUSED(s, "operator", STATUS_FAILED_PRECONDITION, "DELIVERY_OBSOLETE", DeliveryService,
		RetryDelivery, retry_delivery, .delivery_id = (char *)(uintptr_t)id);
	cr_expect_eq(fates("delivery.dead", NULL), 0, "what killed the link was the fact");
}

RULE(rule_07_a_revoked_invitation_is_not_mailed)
{
	const Orgd__V1__Invitation *invitation = invite(EVE);

	ASK(s, ADA, InvitationService, RevokeInvitation, revoke_invitation, .organization_id = acme,
		.invitation_id = invitation->id);
	expect_obsolete(invitation);
}

RULE(rule_07_a_resent_invitation_is_mailed_once_with_the_new_link)
{
	const Orgd__V1__Invitation *first = invite(EVE);
	const Orgd__V1__Invitation *second = ASK(s, ADA, InvitationService, ResendInvitation,
		resend_invitation, .organization_id = acme, .invitation_id = first->id)
						     ->invitation;
	const lease_of *leased = must_lease();

	cr_expect_str_eq(leased->delivery_id, second->delivery->delivery_id);
	cr_expect_str_neq(leased->delivery_id, first->delivery->delivery_id);
	(void)report(leased, OUTCOME(ACCEPTED), 250, "OK");
	expect_obsolete(first);
}

RULE(rule_07_a_suspended_organization_mails_no_invitation)
{
	const Orgd__V1__Invitation *invitation = invite(EVE);

	ASK(s, "operator", OrganizationService, SuspendOrganization, suspend_organization,
		.organization_id = acme, .reason = "abuse");
	expect_obsolete(invitation);
}

RULE(rule_15_an_expired_invitation_is_not_mailed)
{
	const Orgd__V1__Invitation *invitation = invite(EVE);

	story_advance(s, 8 * US_PER_DAY);
	expect_obsolete(invitation);
}

RULE(rule_15_a_link_that_dies_on_the_way_is_not_tried_again)
{
	const Orgd__V1__Invitation *invitation = invite(EVE);
	const lease_of *leased = must_lease();

	ASK(s, ADA, InvitationService, RevokeInvitation, revoke_invitation, .organization_id = acme,
		.invitation_id = invitation->id);
	cr_expect_eq(listed(leased->delivery_id)->status->state, STATE(SENDING),
		"the courier has it in hand");
	cr_expect_eq(report(leased, OUTCOME(REFUSED), 451, "later"), STATE(DEAD));
}

RULE(rule_41_only_the_newest_password_reset_is_mailed)
{
	ASK(s, NULL, UserService, RequestPasswordReset, request_password_reset, .email = ADA);
	ASK(s, NULL, UserService, RequestPasswordReset, request_password_reset, .email = ADA);
	(void)report(must_lease(), OUTCOME(ACCEPTED), 250, "OK");
	cr_expect_null(lease());
}

Test(delivery_links, an_account_mail_dies_with_its_link)
{
	ASK(s, NULL, UserService, RequestPasswordReset, request_password_reset, .email = ADA);
	story_advance(s, 8 * US_PER_DAY);
	cr_expect_null(lease());
}
