/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "domain/mail.h"
#include "secret/token.h"
#include "service/call.h"

/*
 * Queues a mail in the call's batch (SPEC rule 15): a Delivery row with the facts frozen in it, due
 * now. It is rendered when the courier leases it. Without mail configured nothing is queued and
 * *delivery_id is zero.
 */
struct mail {
	enum mail_kind kind;
	const char *recipient;     /* as typed, checked by text_check_email */
	const struct token *token; /* NULL for none; a mail dies with its token */
	const struct id *organization_id, *invitation_id; /* NULL for none */
	struct mail_fact facts[8]; /* those of its kind, up to the first without a name */
};

MUST_USE struct status mail_queue(
	struct call *call, const struct mail *mail, struct id *delivery_id);

/* How far it got, for Invitation.delivery. A zero id is NOT_CONFIGURED; *status is NULL for a
 * delivery so old that it was forgotten. */
MUST_USE struct status mail_status(
	struct call *call, const struct id *delivery_id, Orgd__V1__DeliveryStatus **status);

/* For whoever replaces or ends the token of a mail that may not have gone out yet: it never will,
 * and nobody can retry it. A zero id is fine, and so is a mail that was sent. One that the courier
 * has in hand may still arrive, with its dead link; it is not tried again.
 *
 * Not needed for correctness, since the link is looked at before each attempt: it makes the outbox
 * say so at once. */
MUST_USE struct status mail_withdraw(struct call *call, const struct id *delivery_id);
