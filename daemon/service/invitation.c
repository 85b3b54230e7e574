/* SPDX-License-Identifier: Apache-2.0 */
#include "service/invitation_life.h"

#include "domain/invitation.h"
#include "domain/user.h"
#include "service/mail.h"
#include "service/member.h"
#include "service/organization.h"
#include "store/rows/chore.h"
#include "store/rows/invitation.h"
#include "store/rows/membership.h"
#include "store/rows/organization.h"
#include "store/rows/user.h"

#define PENDING  ORGD__V1__INVITATION_STATE__INVITATION_STATE_PENDING
#define ACCEPTED ORGD__V1__INVITATION_STATE__INVITATION_STATE_ACCEPTED

enum { COUNT_LOOKS_MAX = 1000 /* rows that invitation_count_by looks at */ };

static struct bytes stored(ProtobufCBinaryData data)
{
	return bytes_of(data.data, data.len);
}

/* Is it the token of its link or of the reminder's? */
MUST_USE static bool fits(
	struct call *call, const struct token *token, const Orgd__Store__V1__Invitation *row)
{
	const struct keyring *keyring = call->platform->keyring;

	return token_verify(keyring, token, stored(row->secret_hash)) ||
	       token_verify(keyring, token, stored(row->reminder_hash));
}

/* The invitation that the token belongs to, whatever its state; row is NULL when there is none. */
MUST_USE static struct status open_token(
	struct call *call, const struct token *token, struct invited *invited)
{
	invited->id = token->id;
	TRY(invitation_get(call->snapshot, &token->id, &invited->row));
	if (!invited->row || !fits(call, token, invited->row)) {
		invited->row = NULL;
		return OK;
	}
	invited->organization_id = id_of_bytes(invited->row->organization_id);
	return organization_get(call->snapshot, &invited->organization_id, &invited->organization);
}

MUST_USE static struct status token_invalid(void)
{
	return status_fail(STATUS_NOT_FOUND, "TOKEN_INVALID",
		"this link has expired, was used or was replaced; ask for a new one");
}

static struct status already_a_member(const struct id *organization_id)
{
	char text[ID_TEXT_BYTES];

	id_format(ID_ORGANIZATION, organization_id, text);
	return status_with_metadata(
		status_fail(STATUS_ALREADY_EXISTS, "ALREADY_A_MEMBER",
			"you accepted this invitation already and belong to it"),
		"organization_id", text);
}

/* Did the caller accept it, and do they still belong (SPEC rules 6, 21)? */
MUST_USE static struct status still_belongs(
	struct call *call, const struct invited *invited, bool *belongs)
{
	struct id accepted_by = id_of_bytes(invited->row->accepted_by);
	Orgd__Store__V1__Membership *membership = NULL;

	if (invited->organization && call->caller.user &&
		invited->row->invitation->state == ACCEPTED &&
		id_equal(&accepted_by, &call->caller.user_id))
		TRY(membership_get(
			call->snapshot, &invited->organization_id, &accepted_by, &membership));
	*belongs = membership != NULL;
	return OK;
}

struct status invitation_find(struct call *call, const char *text, struct invited *invited)
{
	struct token token;
	bool belongs;

	if (!token_parse(TOKEN_INVITATION, text, &token))
		return token_invalid();
	TRY(open_token(call, &token, invited));
	if (!invited->row)
		return token_invalid();
	if (invitation_state(invited->row, invited->organization, call->now_us) == PENDING)
		return OK;
	TRY(still_belongs(call, invited, &belongs));
	return belongs ? already_a_member(&invited->organization_id) : token_invalid();
}

struct status invitation_token_lives(struct call *call, const struct token *token, bool *lives)
{
	struct invited invited;

	TRY(open_token(call, token, &invited));
	*lives = invited.row &&
		 invitation_state(invited.row, invited.organization, call->now_us) == PENDING;
	return OK;
}

/* What an inviter is in an organization where they have this role; nothing unless active. */
static unsigned inviter_hats(const Orgd__Store__V1__User *inviter, Orgd__V1__Role role)
{
	struct credentials credentials = { .user = true };

	if (!inviter || !user_is_active(inviter))
		return 0;
	for (size_t i = 0; i < inviter->user->n_platform_roles; i++)
		credentials.platform_admin |= inviter->user->platform_roles[i] ==
					      ORGD__V1__PLATFORM_ROLE__PLATFORM_ROLE_PLATFORM_ADMIN;
	return policy_hats(&credentials, role, false);
}

/* May whoever invited still give that role (SPEC rule 8)? Looked at live. */
MUST_USE static struct status check_inviter(struct call *call, const struct invited *invited)
{
	struct id inviter_id = id_of_bytes(invited->row->inviter_id);
	Orgd__V1__Role role = ORGD__V1__ROLE__ROLE_UNSPECIFIED;
	Orgd__Store__V1__Membership *membership;
	Orgd__Store__V1__User *inviter;

	if (invited->row->by_operator)
		return OK;
	TRY(user_get(call->snapshot, &inviter_id, &inviter));
	TRY(membership_get(call->snapshot, &invited->organization_id, &inviter_id, &membership));
	if (membership)
		role = membership->role;
	if (!policy_may_invite_as(inviter_hats(inviter, role), invited->row->invitation->role).code)
		return OK;
	return status_fail(STATUS_FAILED_PRECONDITION, "INVITER_NOT_AUTHORIZED",
		"who invited you to %.100s may no longer do so; ask one of its Owners to resend "
		"the "
		"invitation",
		invited->organization->organization->display_name);
}

struct status invitation_accept(struct call *call, struct invited *invited,
	const struct id *user_id, Orgd__Store__V1__User *user, Orgd__V1__Member **member)
{
	struct id inviter_id = id_of_bytes(invited->row->inviter_id);
	struct joining joining = { .organization_id = &invited->organization_id,
		.user_id = user_id,
		.organization = invited->organization,
		.user = user,
		.role = invited->row->invitation->role,
		.invited_by = invited->row->by_operator ? NULL : &inviter_id };

	TRY(invitation_check_invitee(invited->row, user));
	TRY(organization_check_verified(call, invited->organization));
	TRY(check_inviter(call, invited));
	TRY(member_join(call, &joining, member));
	invited->row->accepted_by = bytes_of_id(call->arena, user_id);
	return invitation_finish(call, invited, ACCEPTED, INVITATION_BY_CALLER);
}

struct status invitation_inviter_name(
	struct call *call, const Orgd__Store__V1__Invitation *row, const char **name)
{
	struct id inviter_id = id_of_bytes(row->inviter_id);
	Orgd__Store__V1__User *inviter;

	*name = call->platform->settings->platform_name;
	if (row->by_operator)
		return OK;
	TRY(user_peek(call->snapshot, &inviter_id, &inviter));
	*name = inviter ? inviter->user->display_name : "";
	return OK;
}

struct status invitation_send(struct call *call, const struct invited *invited, enum mail_kind kind,
	const struct token *token, struct id *delivery_id)
{
	const Orgd__Store__V1__Invitation *row = invited->row;
	struct mail mail = { .kind = kind,
		.recipient = row->invitation->email,
		.token = token,
		.organization_id = &invited->organization_id,
		.invitation_id = &invited->id };
	const char *inviter;

	TRY(invitation_inviter_name(call, row, &inviter));
	mail.facts[0] = (struct mail_fact){ "organization",
		invited->organization->organization->display_name };
	mail.facts[1] = (struct mail_fact){ "inviter", inviter };
	mail.facts[2] = (struct mail_fact){ "role", mail_role(row->invitation->role) };
	mail.facts[3] = (struct mail_fact){ "message", row->invitation->message };
	mail.facts[4] = (struct mail_fact){ "expire_time", mail_time(call->arena, row->expire_us) };
	return mail_queue(call, &mail, delivery_id);
}

ProtobufCBinaryData invitation_hash(struct call *call, const struct token *token)
{
	uint8_t *hash = arena_alloc(call->arena, KEYED_HASH_BYTES);

	token_hash(call->platform->keyring, token, hash);
	return (ProtobufCBinaryData){ KEYED_HASH_BYTES, hash };
}

struct status invitation_issue(struct call *call, struct invited *invited, int64_t lifetime_us)
{
	struct token token = token_draw(TOKEN_INVITATION, &invited->id, &call->entropy);
	Orgd__Store__V1__Invitation *row = invited->row;
	struct id delivery_id;
	int64_t remind_us;

	row->secret_hash = invitation_hash(call, &token);
	row->reminder_hash = (ProtobufCBinaryData){ 0, NULL };
	row->expire_us = call->now_us + lifetime_us;
	row->epoch = invited->organization->invitation_epoch;
	row->by_operator = !call->caller.user;
	row->inviter_id = bytes_of_id(call->arena, &call->caller.user_id);
	row->invitation->update_time = call_now(call);
	remind_us = invitation_reminder_time(row->expire_us, call->now_us);
	row->reminded = !remind_us;
	if (remind_us)
		TRY(chore_put(call->batch, CHORE_REMIND_INVITATION, remind_us, &invited->id));
	TRY(invitation_send(call, invited, MAIL_INVITATION, &token, &delivery_id));
	wipe(&token, sizeof(token));
	row->delivery_id = id_is_zero(&delivery_id) ? (ProtobufCBinaryData){ 0, NULL }
						    : bytes_of_id(call->arena, &delivery_id);
	return OK;
}

struct status invitation_recall(struct call *call, const struct invited *invited)
{
	struct id delivery_id = id_of_bytes(invited->row->delivery_id);

	if (!invited->row->reminded)
		TRY(chore_delete(call->batch, CHORE_REMIND_INVITATION,
			invited->row->expire_us - INVITATION_REMINDER_US, &invited->id));
	return mail_withdraw(call, &delivery_id);
}

struct status invitation_event(
	struct call *call, const struct invited *invited, const char *word, enum invitation_by by)
{
	const Orgd__Store__V1__Invitation *row = invited->row;
	struct id accepted_by = id_of_bytes(row->accepted_by);

	return event_append(
		call, &(struct event){
			      .action = arena_printf(call->arena, "invitation.%s", word),
			      .organization = &invited->organization_id,
			      .invitation = &invited->id,
			      .user = id_is_zero(&accepted_by) ? NULL : &accepted_by,
			      .by_system = by == INVITATION_BY_SYSTEM,
			      .details = { { .key = "email",
						   .value = row->invitation->email,
						   .person_email = row->canonical_email },
				      { .key = "role",
					      .value = enum_word(&orgd__v1__role__descriptor,
						      row->invitation->role) } },
		      });
}

static const char *ending_word(Orgd__V1__InvitationState state)
{
	switch (state) {
	case ACCEPTED:
		return "accepted";
	case ORGD__V1__INVITATION_STATE__INVITATION_STATE_DECLINED:
		return "declined";
	case ORGD__V1__INVITATION_STATE__INVITATION_STATE_EXPIRED:
		return "expired";
	default:
		return "revoked";
	}
}

struct status invitation_uncount(struct call *call, const struct invited *invited)
{
	Orgd__Store__V1__Organization *organization = invited->organization;

	if (invited->row->epoch != organization->invitation_epoch)
		return OK;
	if (organization->organization->pending_count)
		organization->organization->pending_count--;
	return organization_save(call, &invited->organization_id, organization);
}

struct status invitation_finish(struct call *call, struct invited *invited,
	Orgd__V1__InvitationState state, enum invitation_by by)
{
	Orgd__Store__V1__Invitation *row = invited->row;

	TRY(invitation_recall(call, invited));
	row->invitation->state = state;
	row->invitation->update_time = call_now(call);
	row->finish_us = call->now_us;
	TRY(invitation_close(call->batch, &invited->id, row));
	TRY(chore_put(call->batch, CHORE_FORGET_INVITATION, call->now_us + INVITATION_MEMORY_US,
		&invited->id));
	TRY(invitation_uncount(call, invited));
	return invitation_event(call, invited, ending_word(state), by);
}

struct status invitation_message(
	struct call *call, const struct invited *invited, Orgd__V1__Invitation **out)
{
	const Orgd__Store__V1__Invitation *row = invited->row;
	Orgd__V1__Invitation *message = ARENA_NEW(call->arena, Orgd__V1__Invitation);
	struct id inviter_id = id_of_bytes(row->inviter_id);
	struct id delivery_id = id_of_bytes(row->delivery_id);

	*message = *row->invitation;
	message->id = id_text(call->arena, ID_INVITATION, &invited->id);
	message->organization_id = id_text(call->arena, ID_ORGANIZATION, &invited->organization_id);
	message->state = invitation_state(row, invited->organization, call->now_us);
	message->expire_time = timestamp_new(call->arena, row->expire_us);
	message->invited_by = row->by_operator ? arena_strdup(call->arena, "operator")
					       : id_text(call->arena, ID_USER, &inviter_id);
	message->etag = etag_of(call->arena, message->update_time);
	*out = message;
	return mail_status(call, &delivery_id, &message->delivery);
}

struct status invitation_count_by(struct call *call, const struct id *organization_id,
	const struct id *user_id, uint32_t max, uint32_t *count)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	Orgd__Store__V1__Organization *organization;
	Orgd__Store__V1__User *inviter;
	struct key prefix;
	unsigned hats;

	*count = 0;
	TRY(organization_peek(call->snapshot, organization_id, &organization));
	TRY(user_peek(call->snapshot, user_id, &inviter));
	hats = inviter_hats(inviter, ORGD__V1__ROLE__ROLE_UNSPECIFIED);
	invitation_pending_prefix(&prefix, organization_id);
	TRY(scan_begin(&scan, call->snapshot, &prefix, NULL));
	for (unsigned looks = 0; scan.found && *count < max && looks < COUNT_LOOKS_MAX; looks++) {
		Orgd__Store__V1__Invitation *row;
		struct id inviter_id, id;

		memcpy(id.bytes, scan.value.data, sizeof(id.bytes));
		TRY(invitation_peek(call->snapshot, &id, &row));
		TRY(scan_next(&scan));
		if (!row || invitation_state(row, organization, call->now_us) != PENDING)
			continue;
		inviter_id = id_of_bytes(row->inviter_id);
		*count += !row->by_operator && id_equal(&inviter_id, user_id) &&
			  policy_may_invite_as(hats, row->invitation->role).code;
	}
	return OK;
}
