/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "domain/invitation.h"
#include "domain/membership.h"
#include "orgd/v1/invitation_service.pb-c.h"
#include "rpc/envelope.h"
#include "service/budget.h"
#include "service/invitation_life.h"
#include "service/mail.h"
#include "service/organization.h"
#include "service/services.h"
#include "store/rows/invitation.h"
#include "store/rows/membership.h"
#include "store/rows/organization.h"
#include "store/rows/user.h"

#define SERVICE Orgd__V1__InvitationService_Service
RPC(CreateInvitation, create_invitation)
RPC(BatchCreateInvitations, batch_create_invitations)
RPC(GetInvitation, get_invitation)
RPC(ListInvitations, list_invitations)
RPC(ListMyInvitations, list_my_invitations)
RPC(LookUpInvitation, look_up_invitation)
RPC(ResendInvitation, resend_invitation)
RPC(RevokeInvitation, revoke_invitation)
RPC(AcceptInvitation, accept_invitation)
RPC(DeclineInvitation, decline_invitation)

#define PENDING ORGD__V1__INVITATION_STATE__INVITATION_STATE_PENDING

enum { LOOKS_A_PAGE = 5000 /* rows that a filtered page looks at before it ends, be it empty */ };

/* What is asked for one address or for a hundred alike. */
struct terms {
	struct standing standing;
	Orgd__V1__Role role;
	const char *message;
	int64_t lifetime_us;
};

MUST_USE static struct status terms_check(struct call *call, const char *organization_id,
	const char *message, const Google__Protobuf__Duration *expire_after, struct terms *terms)
{
	TRY(authorize_organization(call, "organization_id", organization_id, &terms->standing));
	TRY(enum_check("role", &orgd__v1__role__descriptor, terms->role));
	TRY(policy_may_invite_as(terms->standing.hats, terms->role));
	TRY(text_check(call->arena, TEXT_PARAGRAPHS, "message", message, 0, INVITATION_MESSAGE_MAX,
		&terms->message));
	return invitation_check_expiry(
		expire_after, call->platform->settings->invitation_expiry_us, &terms->lifetime_us);
}

/* Someone who belongs to it is not invited (SPEC rule 3). */
MUST_USE static struct status check_not_a_member(
	struct call *call, const struct terms *terms, const char *typed, const char *email)
{
	Orgd__Store__V1__Membership *membership;
	Orgd__Store__V1__User *user;
	struct id user_id;

	TRY(user_find(call->snapshot, email, &user_id, &user));
	if (!user)
		return OK;
	TRY(membership_get(
		call->snapshot, &terms->standing.organization_id, &user_id, &membership));
	if (!membership)
		return OK;
	return status_fail(STATUS_ALREADY_EXISTS, "ALREADY_A_MEMBER",
		"%.254s belongs to %.100s already", typed,
		terms->standing.organization->organization->display_name);
}

/* One pending invitation an address; what is pending no more makes way (SPEC rule 3). */
MUST_USE static struct status check_not_invited(
	struct call *call, struct terms *terms, const char *typed, const char *email)
{
	struct invited old = { .organization_id = terms->standing.organization_id,
		.organization = terms->standing.organization };
	Orgd__V1__InvitationState state;
	bool exists;

	TRY(invitation_get_pending(call->snapshot, &old.organization_id, email, &old.id, &exists));
	if (!exists)
		return OK;
	TRY(invitation_get(call->snapshot, &old.id, &old.row));
	if (!old.row)
		return OK;
	state = invitation_state(old.row, old.organization, call->now_us);
	if (state != PENDING)
		return invitation_finish(call, &old, state, INVITATION_BY_SYSTEM);
	return status_with_metadata(
		status_fail(STATUS_ALREADY_EXISTS, "ALREADY_INVITED",
			"%.254s is invited to %.100s already; resend that invitation instead",
			typed, old.organization->organization->display_name),
		"invitation_id", id_text(call->arena, ID_INVITATION, &old.id));
}

/* Seats, and room among the Owners; both are decided for good when it is accepted. */
MUST_USE static struct status check_room(struct call *call, struct terms *terms)
{
	struct standing *standing = &terms->standing;

	if (terms->role == ORGD__V1__ROLE__ROLE_OWNER &&
		standing->organization->n_owner_ids >= OWNERS_MAX)
		return status_fail(STATUS_RESOURCE_EXHAUSTED, "OWNER_LIMIT",
			"%.100s has %d Owners, which is the most",
			standing->organization->organization->display_name, OWNERS_MAX);
	if (!invitation_check_seats(standing->organization->organization).code)
		return OK;
	TRY(invitation_expire_due(call, &standing->organization_id, &standing->organization));
	return invitation_check_seats(standing->organization->organization);
}

MUST_USE static struct status take_budgets(
	struct call *call, const struct id *organization_id, const char *email)
{
	static const char reason[] = "INVITATION_LIMIT";
	const struct settings *settings = call->platform->settings;

	TRY(budget_take_organization(call, BUDGET_ORGANIZATION_INVITATIONS, organization_id,
		settings->invitations_per_organization_per_day, reason));
	return budget_take_address(call, BUDGET_RECIPIENT_INVITATIONS, email,
		settings->invitations_per_recipient_per_day, reason);
}

MUST_USE static struct status insert(struct call *call, const struct terms *terms,
	const char *typed, const char *email, struct invited *invited)
{
	Orgd__Store__V1__Invitation *row = ARENA_NEW(call->arena, Orgd__Store__V1__Invitation);

	*invited = (struct invited){ .id = entropy_draw_id(&call->entropy),
		.organization_id = terms->standing.organization_id,
		.row = row,
		.organization = terms->standing.organization };
	orgd__store__v1__invitation__init(row);
	row->invitation = ARENA_NEW(call->arena, Orgd__V1__Invitation);
	orgd__v1__invitation__init(row->invitation);
	row->invitation->email = arena_strdup(call->arena, typed);
	row->invitation->role = terms->role;
	row->invitation->message = arena_strdup(call->arena, terms->message);
	row->invitation->state = PENDING;
	row->invitation->create_time = call_now(call);
	row->organization_id = bytes_of_id(call->arena, &invited->organization_id);
	row->canonical_email = arena_strdup(call->arena, email);
	TRY(invitation_issue(call, invited, terms->lifetime_us));
	TRY(invitation_insert(call->batch, &invited->id, row));
	invited->organization->organization->pending_count++;
	TRY(organization_save(call, &invited->organization_id, invited->organization));
	return invitation_event(call, invited, "created", INVITATION_BY_CALLER);
}

/* Invites one address. */
MUST_USE static struct status invite(
	struct call *call, struct terms *terms, const char *address, Orgd__V1__Invitation **message)
{
	const char *typed, *email;
	struct invited invited;

	TRY(text_check_email(call->arena, "email", address, &typed, &email));
	TRY(organization_check_verified(call, terms->standing.organization));
	TRY(check_not_a_member(call, terms, typed, email));
	TRY(check_not_invited(call, terms, typed, email));
	TRY(check_room(call, terms));
	TRY(take_budgets(call, &terms->standing.organization_id, email));
	TRY(insert(call, terms, typed, email, &invited));
	return invitation_message(call, &invited, message);
}

static struct status create_invitation(struct call *call,
	const Orgd__V1__CreateInvitationRequest *request,
	Orgd__V1__CreateInvitationResponse *response)
{
	struct terms terms = { .role = request->role };

	TRY(terms_check(
		call, request->organization_id, request->message, request->expire_after, &terms));
	return invite(call, &terms, request->email, &response->invitation);
}

/* What concerns all addresses alike. */
MUST_USE static struct status batch_check(struct call *call,
	const Orgd__V1__BatchCreateInvitationsRequest *request, struct terms *terms)
{
	TRY(terms_check(
		call, request->organization_id, request->message, request->expire_after, terms));
	if (!request->n_emails || request->n_emails > INVITATION_BATCH_MAX)
		return status_invalid("emails", "BATCH_SIZE", "name 1 to %d addresses, not %zu",
			INVITATION_BATCH_MAX, request->n_emails);
	return organization_check_verified(call, terms->standing.organization);
}

/* Is it an answer to the request, and not the daemon's own trouble? */
MUST_USE static bool is_refusal(struct status status)
{
	return status.code && status.code != STATUS_INTERNAL && status.code != STATUS_DATA_LOSS;
}

static struct status batch_create_invitations(struct call *call,
	const Orgd__V1__BatchCreateInvitationsRequest *request,
	Orgd__V1__BatchCreateInvitationsResponse *response)
{
	typedef Orgd__V1__BatchCreateInvitationsResponse__Result Result;
	Result *result = ARENA_NEW(call->arena, Result);
	struct terms terms = { .role = request->role };
	struct status status = batch_check(call, request, &terms);
	const char *address;

	/* Once an address was dealt with, what has changed since is a result and no refusal. */
	if (status.code && (!call->step || !is_refusal(status)))
		return status;
	address = request->emails[call->step];
	call->more = call->step + 1 < request->n_emails;
	orgd__v1__batch_create_invitations_response__result__init(result);
	result->email = arena_strndup(
		call->arena, address, utf8_cut(address, strnlen(address, TEXT_EMAIL_MAX)));
	if (!status.code)
		status = invite(call, &terms, address, &result->invitation);
	if (status.code && !is_refusal(status))
		return status;
	if (status.code) {
		result->error = envelope_error(call->arena, status);
		batch_forget_writes(call->batch);
		call->events = 0;
	}
	response->results = ARENA_ARRAY(call->arena, Result *, 1);
	response->results[response->n_results++] = result;
	return OK;
}

/* The invitation that the request names, which is one of this organization (SPEC rule 22). */
MUST_USE static struct status authorize_invitation(struct call *call, const char *organization_id,
	const char *invitation_id, struct standing *standing, struct invited *invited)
{
	TRY(id_parse(ID_INVITATION, "invitation_id", invitation_id, &invited->id));
	TRY(authorize_organization(call, "organization_id", organization_id, standing));
	TRY(invitation_get(call->snapshot, &invited->id, &invited->row));
	if (invited->row) {
		invited->organization_id = id_of_bytes(invited->row->organization_id);
		invited->organization = standing->organization;
		if (id_equal(&invited->organization_id, &standing->organization_id))
			return OK;
	}
	return status_fail(STATUS_NOT_FOUND, "INVITATION_NOT_FOUND", "%.100s has no invitation %s",
		standing->organization->organization->display_name, invitation_id);
}

static struct status get_invitation(struct call *call,
	const Orgd__V1__GetInvitationRequest *request, Orgd__V1__GetInvitationResponse *response)
{
	struct standing standing;
	struct invited invited;

	TRY(authorize_invitation(
		call, request->organization_id, request->invitation_id, &standing, &invited));
	TRY(organization_check_visible(&standing));
	return invitation_message(call, &invited, &response->invitation);
}

/* The row that a scan of an order by time stands on, copied out; the scan moves on. */
MUST_USE static struct status take_row(
	struct call *call, struct scan *scan, struct key *key, struct invited *invited)
{
	int64_t us;

	key->size = 0;
	key_add_bytes(key, scan->key.data, scan->key.size);
	invited->id = invitation_of_key(scan->key, &us);
	TRY(invitation_peek(call->snapshot, &invited->id, &invited->row));
	return scan_next(scan);
}

static struct status list_invitations(struct call *call,
	const Orgd__V1__ListInvitationsRequest *request,
	Orgd__V1__ListInvitationsResponse *response)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct standing standing;
	struct key prefix, last;
	struct page page;
	unsigned looks = 0;

	TRY(authorize_organization(call, "organization_id", request->organization_id, &standing));
	TRY(organization_check_visible(&standing));
	TRY(enum_check_optional("state", &orgd__v1__invitation_state__descriptor, request->state));
	TRY(page_begin(call, request->page_size, request->page_token, &page));
	response->invitations = ARENA_ARRAY(call->arena, Orgd__V1__Invitation *, page.size + 1);
	invitation_organization_prefix(&prefix, &standing.organization_id);
	TRY(scan_begin(&scan, call->snapshot, &prefix, page_after(&page)));
	while (scan.found) {
		struct invited invited = { .organization_id = standing.organization_id,
			.organization = standing.organization };
		Orgd__V1__Invitation *message;
		struct key key;

		TRY(take_row(call, &scan, &key, &invited));
		if (invited.row &&
			(!request->state ||
				request->state == invitation_state(invited.row,
							  invited.organization, call->now_us))) {
			TRY(invitation_message(call, &invited, &message));
			if (!page_add(&page, &message->base)) {
				response->next_page_token = page_token(call, &last);
				return OK;
			}
			response->invitations[response->n_invitations++] = message;
		}
		last = key;
		if (++looks == LOOKS_A_PAGE && scan.found) {
			response->next_page_token = page_token(call, &last);
			return OK;
		}
	}
	return OK;
}

/* What the invited person sees of it. */
MUST_USE static struct status my_entry(struct call *call, struct invited *invited,
	Orgd__V1__ListMyInvitationsResponse__Entry **out)
{
	Orgd__V1__ListMyInvitationsResponse__Entry *entry =
		ARENA_NEW(call->arena, Orgd__V1__ListMyInvitationsResponse__Entry);

	orgd__v1__list_my_invitations_response__entry__init(entry);
	TRY(invitation_message(call, invited, &entry->invitation));
	entry->invitation->delivery = NULL;
	entry->organization_display_name = invited->organization->organization->display_name;
	entry->organization_handle = invited->organization->organization->handle;
	*out = entry;
	return OK;
}

static struct status list_my_invitations(struct call *call,
	const Orgd__V1__ListMyInvitationsRequest *request,
	Orgd__V1__ListMyInvitationsResponse *response)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix, last;
	struct page page;

	TRY(authorize(call));
	TRY(page_begin(call, request->page_size, request->page_token, &page));
	if (!call->caller.user->user->email_verified)
		return OK;
	response->invitations = ARENA_ARRAY(
		call->arena, Orgd__V1__ListMyInvitationsResponse__Entry *, page.size + 1);
	invitation_email_prefix(&prefix, call->caller.user->canonical_email);
	TRY(scan_begin(&scan, call->snapshot, &prefix, page_after(&page)));
	while (scan.found) {
		Orgd__V1__ListMyInvitationsResponse__Entry *entry;
		struct invited invited;
		struct key key;

		TRY(take_row(call, &scan, &key, &invited));
		if (!invited.row)
			continue;
		invited.organization_id = id_of_bytes(invited.row->organization_id);
		TRY(organization_peek(
			call->snapshot, &invited.organization_id, &invited.organization));
		if (invitation_state(invited.row, invited.organization, call->now_us) != PENDING)
			continue;
		TRY(my_entry(call, &invited, &entry));
		if (!page_add(&page, &entry->base)) {
			response->next_page_token = page_token(call, &last);
			return OK;
		}
		response->invitations[response->n_invitations++] = entry;
		last = key;
	}
	return OK;
}

static struct status look_up_invitation(struct call *call,
	const Orgd__V1__LookUpInvitationRequest *request,
	Orgd__V1__LookUpInvitationResponse *response)
{
	const char *inviter;
	struct invited invited;

	TRY(authorize(call));
	TRY(invitation_find(call, request->token, &invited));
	TRY(invitation_inviter_name(call, invited.row, &inviter));
	response->invitation_id = id_text(call->arena, ID_INVITATION, &invited.id);
	response->organization_display_name = invited.organization->organization->display_name;
	response->organization_handle = invited.organization->organization->handle;
	response->inviter_display_name = arena_strdup(call->arena, inviter);
	response->email = invited.row->invitation->email;
	response->role = invited.row->invitation->role;
	response->message = invited.row->invitation->message;
	response->expire_time = timestamp_new(call->arena, invited.row->expire_us);
	return OK;
}

static struct status resend_invitation(struct call *call,
	const Orgd__V1__ResendInvitationRequest *request,
	Orgd__V1__ResendInvitationResponse *response)
{
	int64_t lifetime_us, old_expire_us;
	struct standing standing;
	struct invited invited;

	TRY(authorize_invitation(
		call, request->organization_id, request->invitation_id, &standing, &invited));
	TRY(policy_may_invite_as(standing.hats, invited.row->invitation->role));
	TRY(invitation_check_expiry(request->expire_after,
		call->platform->settings->invitation_expiry_us, &lifetime_us));
	TRY(organization_check_verified(call, standing.organization));
	TRY(invitation_check_pending(
		invitation_state(invited.row, standing.organization, call->now_us)));
	TRY(take_budgets(call, &standing.organization_id, invited.row->canonical_email));
	old_expire_us = invited.row->expire_us;
	TRY(invitation_recall(call, &invited));
	TRY(invitation_issue(call, &invited, lifetime_us));
	TRY(invitation_renew(call->batch, &invited.id, invited.row, old_expire_us));
	TRY(invitation_event(call, &invited, "resent", INVITATION_BY_CALLER));
	return invitation_message(call, &invited, &response->invitation);
}

static struct status revoke_invitation(struct call *call,
	const Orgd__V1__RevokeInvitationRequest *request,
	Orgd__V1__RevokeInvitationResponse *response)
{
	struct standing standing;
	struct invited invited;

	TRY(authorize_invitation(
		call, request->organization_id, request->invitation_id, &standing, &invited));
	TRY(policy_may_invite_as(standing.hats, invited.row->invitation->role));
	TRY(organization_check_writable(standing.organization));
	TRY(invitation_check_pending(
		invitation_state(invited.row, standing.organization, call->now_us)));
	TRY(invitation_finish(call, &invited, ORGD__V1__INVITATION_STATE__INVITATION_STATE_REVOKED,
		INVITATION_BY_CALLER));
	return invitation_message(call, &invited, &response->invitation);
}

static struct status accept_invitation(struct call *call,
	const Orgd__V1__AcceptInvitationRequest *request,
	Orgd__V1__AcceptInvitationResponse *response)
{
	struct invited invited;

	TRY(authorize(call));
	TRY(invitation_find(call, request->token, &invited));
	return invitation_accept(
		call, &invited, &call->caller.user_id, call->caller.user, &response->member);
}

/* The invitation of this id, for the person whom it invites: for everybody else there is none. */
MUST_USE static struct status find_own(
	struct call *call, const char *invitation_id, struct invited *invited)
{
	static const struct rule own = { .hats = HAT_USER };
	const struct credentials *who = &call->caller.credentials;

	TRY(id_parse(ID_INVITATION, "invitation_id", invitation_id, &invited->id));
	TRY(policy_allows(&own, who, policy_hats(who, ORGD__V1__ROLE__ROLE_UNSPECIFIED, true)));
	TRY(invitation_get(call->snapshot, &invited->id, &invited->row));
	if (!invited->row || invitation_check_invitee(invited->row, call->caller.user).code)
		return policy_denied();
	invited->organization_id = id_of_bytes(invited->row->organization_id);
	TRY(organization_get(call->snapshot, &invited->organization_id, &invited->organization));
	return invitation_check_pending(
		invitation_state(invited->row, invited->organization, call->now_us));
}

static struct status decline_invitation(struct call *call,
	const Orgd__V1__DeclineInvitationRequest *request,
	Orgd__V1__DeclineInvitationResponse *response)
{
	struct invited invited;

	(void)response;
	TRY(authorize(call));
	switch (request->which_case) {
	case ORGD__V1__DECLINE_INVITATION_REQUEST__WHICH_TOKEN:
		TRY(invitation_find(call, request->token, &invited));
		break;
	case ORGD__V1__DECLINE_INVITATION_REQUEST__WHICH_INVITATION_ID:
		TRY(find_own(call, request->invitation_id, &invited));
		break;
	default:
		return status_invalid("token", "FIELD_REQUIRED",
			"say which invitation: its token, or its id when you are signed in");
	}
	return invitation_finish(call, &invited,
		ORGD__V1__INVITATION_STATE__INVITATION_STATE_DECLINED, INVITATION_BY_CALLER);
}

ProtobufCService *invitation_service(void)
{
	static SERVICE service = ORGD__V1__INVITATION_SERVICE__INIT(rpc_);

	return &service.base;
}
