/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "domain/mail.h"
#include "secret/token.h"
#include "service/call.h"

/*
 * Queues a mail in the call's batch (SPEC rule 15): a Delivery row with the facts frozen in it, due now. It is rendered
 * when the courier leases it. Without mail configured nothing is queued and *delivery_id is zero.
 */
struct mail {
	enum mail_kind kind;
	const char *recipient; /* as typed, checked by text_check_email */
	const struct token *token; /* NULL for none */
	const struct id *organization_id, *invitation_id; /* NULL for none; an invitation's mail dies with its token */
	struct mail_fact facts[8]; /* those of its kind, up to the first without a name */
};

MUST_USE struct status mail_queue(struct call *call, const struct mail *mail, struct id *delivery_id);

/* How far it got, for Invitation.delivery. A zero id is NOT_CONFIGURED. */
MUST_USE struct status mail_status(struct call *call, const struct id *delivery_id, Orgd__V1__DeliveryStatus **status);
