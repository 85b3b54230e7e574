/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "domain/user.h"
#include "secret/password.h"
#include "service/account.h"
#include "service/budget.h"
#include "service/invitation.h"
#include "service/mail.h"
#include "service/session.h"
#include "store/rows/user.h"

/* What a sign-up says, checked. */
struct sign_up {
	const char *email, *canonical, *display_name; /* the invited address with an invitation */
	struct invited invited;                       /* with an invitation only */
};

MUST_USE static struct status check_invited(
	struct call *call, const Orgd__V1__SignUpRequest *request, struct sign_up *sign_up)
{
	const Orgd__Store__V1__Invitation *row;

	TRY(invitation_find(call, request->invitation_token, &sign_up->invited));
	row = sign_up->invited.row;
	if (sign_up->canonical && strcmp(sign_up->canonical, row->canonical_email))
		return status_invalid("email", "EMAIL_MISMATCH",
			"the invitation was sent to another address; leave email empty to take "
			"that one");
	sign_up->email = row->invitation->email;
	sign_up->canonical = row->canonical_email;
	return password_check("password", request->password, sign_up->email);
}

MUST_USE static struct status check(
	struct call *call, const Orgd__V1__SignUpRequest *request, struct sign_up *sign_up)
{
	bool invited = *request->invitation_token;

	*sign_up = (struct sign_up){ .email = "" };
	if (!invited || *request->email)
		TRY(text_check_email(call->arena, "email", request->email, &sign_up->email,
			&sign_up->canonical));
	TRY(password_check("password", request->password, sign_up->email));
	TRY(text_check(call->arena, TEXT_NAME, "display_name", request->display_name, 1,
		TEXT_NAME_MAX, &sign_up->display_name));
	return invited ? check_invited(call, request, sign_up) : OK;
}

struct status user_prepare_sign_up(struct call *call)
{
	const Orgd__V1__SignUpRequest *request = (const Orgd__V1__SignUpRequest *)call->request;
	char *hash = arena_alloc(call->arena, PASSWORD_HASH_BYTES);
	struct sign_up sign_up;

	TRY(call_look(call));
	TRY(check(call, request, &sign_up));
	call_look_away(call);
	/* For a known address too: the same work, whatever comes of it. */
	TRY(password_hash(request->password, hash));
	call->prepared = hash;
	return OK;
}

/* Signs up without an account so far, or over one that nobody has proved to be theirs, which has no
 * claim on the address (SPEC rule 41). Does not save it. */
static void take(struct call *call, const struct sign_up *sign_up, Orgd__Store__V1__User *user)
{
	user->user->email = arena_strdup(call->arena, sign_up->email);
	user->user->display_name = arena_strdup(call->arena, sign_up->display_name);
	user->password_hash = call->prepared;
}

static Orgd__Store__V1__User *user_new(
	struct call *call, const struct sign_up *sign_up, struct id *id)
{
	Orgd__Store__V1__User *row = ARENA_NEW(call->arena, Orgd__Store__V1__User);

	orgd__store__v1__user__init(row);
	row->user = ARENA_NEW(call->arena, Orgd__V1__User);
	orgd__v1__user__init(row->user);
	row->user->state = ORGD__V1__USER_STATE__USER_STATE_ACTIVE;
	row->user->create_time = call_now(call);
	row->canonical_email = arena_strdup(call->arena, sign_up->canonical);
	*id = entropy_draw_id(&call->entropy);
	return row;
}

/* May the account that the address has so far, if any, be signed up over? */
static bool is_vacant(const Orgd__Store__V1__User *user)
{
	return !user || (!user->user->email_verified && user_is_active(user));
}

/* Puts the account, fresh or not, into the batch. */
MUST_USE static struct status save(
	struct call *call, const struct id *id, Orgd__Store__V1__User *user, bool fresh)
{
	if (fresh) {
		user->user->update_time = call_now(call);
		TRY(user_insert(call->batch, id, user));
	} else {
		TRY(user_save(call, id, user));
	}
	return event_append(call,
		&(struct event){ .action = "user.signed_up",
			.user = id,
			.details = { { .key = "email", .value = user->user->email, .person = id },
				{ .key = "display_name",
					.value = user->user->display_name,
					.person = id } } });
}

/* To the account that the address has. Changes nothing there. */
MUST_USE static struct status tell_account_exists(
	struct call *call, const struct id *id, const Orgd__Store__V1__User *user)
{
	struct id delivery_id;

	TRY(mail_queue(call,
		&(struct mail){ .kind = MAIL_ACCOUNT_EXISTS,
			.recipient = user->user->email,
			.facts = { { "name", user->user->display_name } } },
		&delivery_id));
	return event_append(call, &(struct event){ .action = "user.sign_up_repeated", .user = id });
}

/* One mail and one answer, whatever the address is. */
MUST_USE static struct status sign_up_by_mail(struct call *call, const struct sign_up *sign_up)
{
	static char nothing[] = "";
	Orgd__Store__V1__User *user;
	bool fresh;
	struct id id;

	TRY(budget_take_address(call, BUDGET_ACCOUNT_MAILS, sign_up->canonical,
		call->platform->settings->account_mails_per_address_per_day, "SIGN_UP_LIMIT"));
	TRY(user_find(call->snapshot, sign_up->canonical, &id, &user));
	if (!is_vacant(user))
		return tell_account_exists(call, &id, user);
	fresh = !user;
	if (fresh)
		user = user_new(call, sign_up, &id);
	take(call, sign_up, user);
	/* Of two who signed up, one is not the owner of the address: see account_verify_email. */
	if (!fresh)
		user->password_hash = nothing;
	TRY(account_token_mail(call, TOKEN_VERIFICATION, &id, user));
	return save(call, &id, user, fresh);
}

/* The token proves the mailbox (SPEC rule 5). */
MUST_USE static struct status sign_up_by_invitation(
	struct call *call, struct sign_up *sign_up, Orgd__V1__SignUpResponse *response)
{
	Orgd__Store__V1__User *user;
	Orgd__V1__Session *session;
	bool fresh;
	struct id id;

	TRY(user_find(call->snapshot, sign_up->canonical, &id, &user));
	if (!is_vacant(user))
		return status_fail(STATUS_ALREADY_EXISTS, "ACCOUNT_EXISTS",
			"the invited address has an account already; sign in and accept the "
			"invitation");
	fresh = !user;
	if (fresh)
		user = user_new(call, sign_up, &id);
	take(call, sign_up, user);
	call->actor = user;
	call->actor_id = id;
	user->user->email_verified = true;
	TRY(account_token_drop(call, user));
	TRY(save(call, &id, user, fresh));
	TRY(invitation_accept(call, &sign_up->invited, &id, user, NULL));
	response->user = user_message(call, &id, user);
	response->organization_id =
		id_text(call->arena, ID_ORGANIZATION, &sign_up->invited.organization_id);
	return session_begin(call, &id, user, "", &response->session_token, &session);
}

struct status account_sign_up(struct call *call, const Orgd__V1__SignUpRequest *request,
	Orgd__V1__SignUpResponse *response)
{
	struct sign_up sign_up;

	TRY(check(call, request, &sign_up));
	return *request->invitation_token ? sign_up_by_invitation(call, &sign_up, response)
					  : sign_up_by_mail(call, &sign_up);
}

/* A sign-up's password is proved by nobody: it counts while it is the only one that was given for
 * the address, and never against the one that comes with the link from the mailbox. */
MUST_USE static struct status check_verification(
	struct call *call, const Orgd__V1__VerifyEmailRequest *request, struct mailed_token *found)
{
	TRY(account_token_find(call, TOKEN_VERIFICATION, request->token, found));
	if (*request->password)
		return password_check("password", request->password, found->user->user->email);
	if (!*found->row->password_hash)
		return status_fail(STATUS_FAILED_PRECONDITION, "PASSWORD_REQUIRED",
			"this address was signed up more than once; choose the password to sign in "
			"with");
	return OK;
}

struct status user_prepare_verify_email(struct call *call)
{
	const Orgd__V1__VerifyEmailRequest *request =
		(const Orgd__V1__VerifyEmailRequest *)call->request;
	char *hash = arena_alloc(call->arena, PASSWORD_HASH_BYTES);
	struct mailed_token found;

	if (!*request->password)
		return OK;
	TRY(call_look(call));
	TRY(check_verification(call, request, &found));
	call_look_away(call);
	TRY(password_hash(request->password, hash));
	call->prepared = hash;
	return OK;
}

struct status account_verify_email(struct call *call, const Orgd__V1__VerifyEmailRequest *request,
	Orgd__V1__VerifyEmailResponse *response)
{
	struct mailed_token found;

	TRY(check_verification(call, request, &found));
	found.user->user->email_verified = true;
	found.user->user->display_name = found.row->display_name;
	found.user->password_hash = call->prepared ? call->prepared : found.row->password_hash;
	TRY(account_token_drop(call, found.user));
	TRY(user_save(call, &found.user_id, found.user));
	response->user = user_message(call, &found.user_id, found.user);
	return event_append(
		call, &(struct event){ .action = "user.email_verified", .user = &found.user_id });
}
