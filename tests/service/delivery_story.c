/* SPDX-License-Identifier: Apache-2.0 */
#include "service/delivery_story.h"

#include <stdio.h>
#include <string.h>

struct story *s;
const char *acme;

void outbox_begin(void)
{
	s = story_begin();
	acme = story_organization(s, ADA, "acme");
	(void)story_mail_count(s, ADA);
}

void outbox_end(void)
{
	story_end(s);
}

const Orgd__V1__Invitation *invite(const char *email)
{
	return ASK(s, ADA, InvitationService, CreateInvitation, create_invitation,
		.organization_id = acme, .email = email, .role = MEMBER, .message = "Join us.")
		->invitation;
}

const Orgd__V1__DeliveryStatus *status_of(const Orgd__V1__Invitation *invitation)
{
	return ASK(s, "operator", InvitationService, GetInvitation, get_invitation,
		.organization_id = acme, .invitation_id = invitation->id)
		->invitation->delivery;
}

/* The next mail, NULL when none is due. */
const lease_of *lease(void)
{
	const Orgd__V1__LeaseDeliveriesResponse *leased =
		ASK(s, "courier", DeliveryService, LeaseDeliveries, lease_deliveries, .max = 1);

	return leased->n_leases ? leased->leases[0] : NULL;
}

const lease_of *must_lease(void)
{
	const lease_of *leased = lease();

	cr_assert(leased, "no mail is due");
	return leased;
}

Orgd__V1__DeliveryState report(const lease_of *leased,
	Orgd__V1__ReportDeliveryRequest__Outcome outcome, uint32_t code, char *text)
{
	return ASK(s, "courier", DeliveryService, ReportDelivery, report_delivery,
		.delivery_id = leased->delivery_id, .lease_token = leased->lease_token,
		.outcome = outcome, .smtp_code = code, .text = text)
		->status->state;
}

void report_lost(const lease_of *leased, Orgd__V1__ReportDeliveryRequest__Outcome outcome)
{
	REFUSED(s, "courier", STATUS_FAILED_PRECONDITION, "LEASE_LOST", DeliveryService,
		ReportDelivery, report_delivery, .delivery_id = leased->delivery_id,
		.lease_token = leased->lease_token, .outcome = outcome);
}

const Orgd__V1__Delivery *listed(const char *id)
{
	const Orgd__V1__ListDeliveriesResponse *page = ASK(
		s, "operator", DeliveryService, ListDeliveries, list_deliveries, .page_size = 1000);

	for (size_t i = 0; i < page->n_deliveries; i++)
		if (!strcmp(page->deliveries[i]->id, id))
			return page->deliveries[i];
	return NULL;
}

size_t fates(const char *action, const Orgd__V1__Event **last)
{
	return event_count(s, acme, action, last);
}

void invite_many(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char email[64];

		snprintf(email, sizeof(email), "guest%u@example.com", i);
		(void)invite(email);
	}
}
