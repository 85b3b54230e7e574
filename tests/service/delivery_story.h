/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "service/organization_story.h"
#include "support/story.h"

/* What the tests of the outbox share. */

#define STATE(name)   ORGD__V1__DELIVERY_STATE__DELIVERY_STATE_##name
#define OUTCOME(name) ORGD__V1__REPORT_DELIVERY_REQUEST__OUTCOME__OUTCOME_##name
#define LEASE_US      (4 * US_PER_MINUTE)

typedef Orgd__V1__LeaseDeliveriesResponse__Lease lease_of;

/* An organization of Ada's that can invite, and nothing in the outbox. */
extern struct story *s;
extern const char *acme;
void outbox_begin(void);
void outbox_end(void);

/* Invited by Ada as a member. */
const Orgd__V1__Invitation *invite(const char *email);
void invite_many(unsigned count); /* "guest0@example.com" and so on */
const Orgd__V1__DeliveryStatus *status_of(const Orgd__V1__Invitation *invitation);

/* The next mail, NULL when none is due; and one that must be due. */
const lease_of *lease(void);
const lease_of *must_lease(void);
/* Returns the state that follows. */
Orgd__V1__DeliveryState report(const lease_of *leased,
	Orgd__V1__ReportDeliveryRequest__Outcome outcome, uint32_t code, char *text);
void report_lost(const lease_of *leased, Orgd__V1__ReportDeliveryRequest__Outcome outcome);

/* As the operator's list has it; NULL when it does not. */
const Orgd__V1__Delivery *listed(const char *id);
/* The organization's events with this action. */
size_t fates(const char *action, const Orgd__V1__Event **last);
