/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "orgd/v1/delivery_service.pb-c.h"
#include "secret/token.h"
#include "service/call.h"

/* What delivery_service.c shares with mail.c about a row of the outbox, and with webhook_delivery.c
 * about leases. */

#define LEASE_US (4 * US_PER_MINUTE)
enum { LEASE_TOKEN_BYTES = 16 };

/* A lease from now on under a fresh token; what is to be sent is left to the caller. */
Orgd__V1__LeaseDeliveriesResponse__Lease *delivery_lease_new(struct call *call, char *delivery_id);
/* What a server or a transport said, as it is kept: one line of at most 500 characters. */
char *delivery_error(struct call *call, const char *text);

/* What last_error says of a mail that is not sent since its link is dead. */
extern const char delivery_obsolete[];

/* The contract's messages of the row as it is now: id, etag and what time alone changes filled in.
 * They are the row's own, so it must not be written back afterwards. */
Orgd__V1__Delivery *delivery_message(
	struct call *call, const struct id *id, Orgd__Store__V1__Delivery *row);
Orgd__V1__DeliveryStatus *delivery_status(
	struct call *call, const struct id *id, Orgd__Store__V1__Delivery *row);

/* The link of a mail. */
struct delivery_link {
	const char
		*dead; /* why the mail is not to be sent, for people; NULL while the link is good */
	const char *token; /* its text; empty for a mail without one */
};
/* Looks at what the link's token opens: an invitation that is PENDING, or a Token row, with this
 * very token, not expired. */
MUST_USE struct status delivery_look_at_link(struct call *call, const struct id *id,
	const Orgd__Store__V1__Delivery *row, struct delivery_link *link);
/* Seals the token to the row of this id. */
ProtobufCBinaryData delivery_seal_token(
	struct call *call, const struct id *id, const struct token *token);

/* The mail as the courier hands it to a mail server. */
struct delivery_letter {
	const char *sender, *recipient;
	struct bytes message;
};
/* For a mail whose link is good. Fails as mail_address and mail_render do: the settings, a template
 * or the row is not what it was. */
MUST_USE struct status delivery_render(struct call *call, const Orgd__Store__V1__Delivery *row,
	const char *token, struct delivery_letter *letter);

/* Forgets mails 90 days after they were queued. */
MUST_USE struct status delivery_sweep_old(struct call *call, bool *more);
