/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "secret/token.h"
#include "service/call.h"

/* What others use of invitations. */

/* A live invitation, found by the token of its link. */
struct invited {
	struct id id, organization_id;
	Orgd__Store__V1__Invitation *row;
	Orgd__Store__V1__Organization *organization;
};
/* Unknown, malformed, expired, spent, revoked and replaced tokens get one identical answer (SPEC
 * rules 4, 6); only the account that accepted and still belongs is told ALREADY_A_MEMBER.
 *
 *   NOT_FOUND      TOKEN_INVALID
 *   ALREADY_EXISTS ALREADY_A_MEMBER, metadata "organization_id" */
MUST_USE struct status invitation_find(
	struct call *call, const char *token, struct invited *invited);

/* Joins the user and finishes the invitation (SPEC rules 4 to 8). The user's address must be
 * verified and equal to the invited one; at sign-up the caller has just made it so.
 *
 *   FAILED_PRECONDITION EMAIL_MISMATCH, EMAIL_NOT_VERIFIED, INVITER_NOT_AUTHORIZED
 *   and what organization_check_verified and member_join answer */
MUST_USE struct status invitation_accept(struct call *call, struct invited *invited,
	const struct id *user_id, Orgd__Store__V1__User *user, Orgd__V1__Member **member);

/* How many pending invitations of this organization the user has made that nobody could accept if
 * they had no role there (SPEC rule 8): at most `max` are counted. */
MUST_USE struct status invitation_count_by(struct call *call, const struct id *organization_id,
	const struct id *user_id, uint32_t max, uint32_t *count);

/* Takes away those that are pending for the address of an erased person, a few in one batch; the
 * events do not name it (SPEC rule 30). */
MUST_USE struct status invitation_revoke_of_email(
	struct call *call, const char *canonical_email, bool *more);

/* Does the token open an invitation now? A mail whose link is dead is not sent. */
MUST_USE struct status invitation_token_lives(
	struct call *call, const struct token *token, bool *lives);

/* Writes EXPIRED into those that have expired, with an event for each. */
MUST_USE struct status invitation_sweep_expired(struct call *call, bool *more);
/* Writes REVOKED into those of a dead epoch, with an event for each. */
MUST_USE struct status invitation_sweep_revoked(struct call *call, bool *more);
/* Mails a reminder once, 24 hours before the expiry, with a link of its own. */
MUST_USE struct status invitation_sweep_reminders(struct call *call, bool *more);
/* Forgets the hashes of tokens that were spent 30 days ago. */
MUST_USE struct status invitation_sweep_spent(struct call *call, bool *more);
