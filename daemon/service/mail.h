/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "secret/token.h"
#include "service/call.h"

/*
 * Queues a mail in the call's batch (SPEC rule 15): a Delivery row with the facts frozen in it, due now. It is rendered
 * when the courier leases it. Without mail configured nothing is queued and *delivery_id is zero.
 */
enum mail_kind {
	MAIL_INVITATION,          /* facts: organization, inviter, role, message, expire_time; token: TOKEN_INVITATION */
	MAIL_INVITATION_REMINDER, /* the same */
	MAIL_VERIFY_EMAIL,        /* facts: name; token: TOKEN_VERIFICATION */
	MAIL_ACCOUNT_EXISTS,      /* facts: name; no token */
	MAIL_PASSWORD_RESET,      /* facts: name; token: TOKEN_RESET */
	MAIL_ORGANIZATION_VERIFIED,  /* facts: name, organization, note */
	MAIL_ORGANIZATION_REJECTED,  /* facts: name, organization, reason, note */
	MAIL_INFORMATION_REQUESTED,  /* facts: name, organization, note */
	MAIL_KINDS,
};

struct mail_fact {
	const char *name, *value;
};

struct mail {
	enum mail_kind kind;
	const char *recipient; /* as typed, checked by text_check_email */
	const struct token *token; /* NULL for none */
	const struct id *organization_id, *invitation_id; /* NULL for none; an invitation's mail dies with its token */
	struct mail_fact facts[8]; /* up to the first without a name */
};

MUST_USE struct status mail_queue(struct call *call, const struct mail *mail, struct id *delivery_id);

/* How far it got, for Invitation.delivery. A zero id is NOT_CONFIGURED. */
MUST_USE struct status mail_status(struct call *call, const struct id *delivery_id, Orgd__V1__DeliveryStatus **status);
