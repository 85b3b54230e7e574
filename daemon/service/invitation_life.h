/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "domain/mail.h"
#include "service/invitation.h"

/* An invitation's way from its making to its end: for InvitationService and the sweeps. */

/* The contract's message, in the call's arena: ids, etag, state and delivery as they are now. */
MUST_USE struct status invitation_message(
	struct call *call, const struct invited *invited, Orgd__V1__Invitation **message);
/* The name of who invited: the platform's for an operator, empty for an erased user. */
MUST_USE struct status invitation_inviter_name(
	struct call *call, const Orgd__Store__V1__Invitation *row, const char **name);

/* Gives a row that is about to be written a fresh token, its expiry, the caller as its inviter, the
 * organization's epoch, a reminder to come and a mail in the outbox. */
MUST_USE struct status invitation_issue(
	struct call *call, struct invited *invited, int64_t lifetime_us);
/* What is queued for the row as it is goes no further: the reminder to come, and its mail if that
 * has not gone out. */
MUST_USE struct status invitation_recall(struct call *call, const struct invited *invited);
/* Queues a mail with the token's link. */
MUST_USE struct status invitation_send(struct call *call, const struct invited *invited,
	enum mail_kind kind, const struct token *token, struct id *delivery_id);
/* What the row keeps of a token. */
ProtobufCBinaryData invitation_hash(struct call *call, const struct token *token);

enum invitation_by { INVITATION_BY_CALLER, INVITATION_BY_SYSTEM };
/* Takes a row out of PENDING: the organization's count (saved), what leads to the row, the memory
 * of its token and the event stay in step. `state` is what it becomes. */
MUST_USE struct status invitation_finish(struct call *call, struct invited *invited,
	Orgd__V1__InvitationState state, enum invitation_by by);
/* One pending invitation fewer in the organization, which is saved; not for one of a dead epoch,
 * which left the count when the epoch was raised. */
MUST_USE struct status invitation_uncount(struct call *call, const struct invited *invited);
/* Appends "invitation.`word`". */
MUST_USE struct status invitation_event(
	struct call *call, const struct invited *invited, const char *word, enum invitation_by by);
/* Finishes those of this organization that have expired, a few at most. *organization is read again
 * if there were any. */
MUST_USE struct status invitation_expire_due(struct call *call, const struct id *organization_id,
	Orgd__Store__V1__Organization **organization);
