/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "command.h"
#include "output.h"
#include "progress.h"
#include "resolve.h"
#include "stream.h"
#include "terminal.h"

enum { BATCH_MAX = 100 };

/* What is not said invites a plain member. */
static Orgd__V1__Role invited_role(struct cli *cli)
{
	return given(cli, "role") ? given_enum(cli, "role", &orgd__v1__role__descriptor)
				  : ORGD__V1__ROLE__ROLE_MEMBER;
}

/* Who is invited, and whether they will hear of it. */
static void invited(
	struct cli *cli, const ProtobufCMessage *response, const Orgd__V1__Invitation *invitation)
{
	bool mailed = invitation->delivery->state !=
		      ORGD__V1__DELIVERY_STATE__DELIVERY_STATE_NOT_CONFIGURED;
	char role[ENUM_WORD_BYTES];

	enum_word(&orgd__v1__role__descriptor, (int)invitation->role, role);
	output_sentence(cli, "Invited %s to %s as %s; %s.", invitation->email,
		given(cli, "organization"), role,
		mailed ? "the mail is on its way"
		       : "no mail goes out, since orgd has no mail { sender }");
	output_resource(cli, response, "invitation", "invitation.id");
}

static enum exit_code create(struct cli *cli)
{
	const Orgd__V1__CreateInvitationResponse *response = ASK(cli, invitation_service,
		CreateInvitation, create_invitation,
		.organization_id = resolve_organization(cli, "organization"),
		.email = given(cli, "email"), .role = invited_role(cli),
		.message = given(cli, "message"), .expire_after = given_span(cli, "expires-in"));

	invited(cli, &response->base, response->invitation);
	return EXIT_OK;
}

/* --- many at once --- */

struct addresses {
	size_t count, room;
	char **list;
};

static void add(struct cli *cli, struct addresses *addresses, char *address)
{
	if (addresses->count == addresses->room) {
		size_t room = addresses->room ? 2 * addresses->room : 64;
		char **list = ARENA_ARRAY(&cli->arena, char *, room);

		if (addresses->count > 0)
			memcpy(list, addresses->list, addresses->count * sizeof(*list));
		addresses->list = list;
		addresses->room = room;
	}
	addresses->list[addresses->count++] = address;
}

static void text_free(char **text)
{
	free(*text);
}

/* One a line; empty lines and those that begin with "#" say nothing. */
static void read_addresses(struct cli *cli, struct addresses *addresses, const char *path)
{
	CLEANUP(stream_close) FILE *file = NULL;
	CLEANUP(text_free) char *line = NULL;
	FILE *input = stdin;
	size_t room = 0;

	if (strcmp(path, "-") != 0) {
		input = file = fopen(path, "re");
		if (!file)
			fail(EXIT_OTHER, NULL, "%s cannot be read: %m", path);
	}
	while (getline(&line, &room, input) >= 0) {
		char *begin = line + strspn(line, " \t");

		begin[strcspn(begin, " \t\r\n")] = '\0';
		if (begin[0] && begin[0] != '#')
			add(cli, addresses, arena_strdup(&cli->arena, begin));
	}
	if (ferror(input))
		fail(EXIT_OTHER, NULL, "%s cannot be read: %m", path);
}

static struct addresses all_addresses(struct cli *cli)
{
	struct addresses addresses = { 0 };
	char **list;
	size_t count = given_all(cli, "emails", &list);

	for (size_t i = 0; i < count; i++)
		add(cli, &addresses, list[i]);
	if (given(cli, "file"))
		read_addresses(cli, &addresses, given(cli, "file"));
	if (addresses.count == 0)
		fail_usage(cli, "no address was given; name some, or a --file of them");
	return addresses;
}

/* The request ids of the calls are derived from one: a rerun under it repeats what was done, which
 * changes nothing, and goes on where it stopped. */
struct bulk {
	char *organization, *request_id;
	struct addresses addresses;
	size_t done, made;
	enum org_code refused; /* the code of the first refusal */
};

static char *bulk_request_id(struct cli *cli)
{
	enum { SUFFIX_BYTES = 8, REQUEST_ID_MAX = 64 };
	char *id = given(cli, "request-id"), fresh[ORG_REQUEST_ID_BYTES];

	if (!id) {
		org_request_id_make(fresh);
		return arena_strdup(&cli->arena, fresh);
	}
	if (strlen(id) > REQUEST_ID_MAX - SUFFIX_BYTES)
		fail_usage(cli, "--request-id is too long for many; it has at most %d characters",
			REQUEST_ID_MAX - SUFFIX_BYTES);
	return id;
}

/* The next hundred. */
static Orgd__V1__BatchCreateInvitationsResponse *invite_next(
	struct cli *cli, const struct bulk *bulk, struct org_status *status)
{
	size_t left = bulk->addresses.count - bulk->done, part = bulk->done / BATCH_MAX;
	const struct org_call_options options = {
		.request_id = part == 0
				      ? bulk->request_id
				      : arena_printf(&cli->arena, "%s.%zu", bulk->request_id, part),
	};

	return (Orgd__V1__BatchCreateInvitationsResponse *)ask_and_see(cli,
		&orgd__v1__invitation_service__descriptor, "BatchCreateInvitations",
		ASK_REQUEST(BatchCreateInvitations, batch_create_invitations,
			.organization_id = bulk->organization,
			.n_emails = left < BATCH_MAX ? left : BATCH_MAX,
			.emails = bulk->addresses.list + bulk->done, .role = invited_role(cli),
			.message = given(cli, "message"),
			.expire_after = given_span(cli, "expires-in")),
		&options, status);
}

static void count_results(
	struct bulk *bulk, const Orgd__V1__BatchCreateInvitationsResponse *response)
{
	for (size_t i = 0; i < response->n_results; i++) {
		const Google__Rpc__Status *error = response->results[i]->error;

		bulk->made += !error;
		if (error && bulk->refused == ORG_OK)
			bulk->refused = (enum org_code)error->code;
	}
	bulk->done += response->n_results;
}

static const char bulk_columns[] =
	"email invitation.role invitation.delivery.state=DELIVERY error.message=ERROR";

__attribute__((noreturn)) static void broke_off(
	struct cli *cli, const struct bulk *bulk, struct org_status *status)
{
	if (bulk->done > 0)
		note("%zu of %zu addresses are done; the same line with --request-id %s goes on "
		     "behind them",
			bulk->done, bulk->addresses.count, bulk->request_id);
	snprintf(status->request_id, sizeof(status->request_id), "%s", bulk->request_id);
	ask_failed(cli, status);
}

/* As far as it got: all, some, or none for the reason that the first was refused for. */
static enum exit_code outcome(const struct bulk *bulk)
{
	if (bulk->made == bulk->addresses.count)
		return EXIT_OK;
	return bulk->made > 0 ? EXIT_PARTIAL : exit_code_of(bulk->refused);
}

static enum exit_code create_many(struct cli *cli)
{
	struct bulk bulk = { .addresses = all_addresses(cli), .request_id = bulk_request_id(cli) };
	Orgd__V1__BatchCreateInvitationsResponse *all = NULL, *response = NULL;
	struct org_status status;

	bulk.organization = resolve_organization(cli, "organization");
	if (bulk.addresses.count > BATCH_MAX && !flag(cli, "quiet"))
		note("should it break off, the same line with --request-id %s goes on where it "
		     "stopped",
			bulk.request_id);
	while (bulk.done < bulk.addresses.count) {
		progress_show(cli, "Inviting", bulk.done, bulk.addresses.count);
		response = invite_next(cli, &bulk, &status);
		if (!response)
			break;
		count_results(&bulk, response);
		for (size_t i = 0; output_streams(cli) && i < response->n_results; i++)
			output_item(
				cli, &response->results[i]->base, "invitation.id", bulk_columns);
		if (all)
			ask_append(&all->base, &response->base);
		else
			all = response;
	}
	progress_clear();
	if (all && !output_streams(cli))
		output_list(cli, &all->base, "results", "invitation.id", bulk_columns);
	if (!response)
		broke_off(cli, &bulk, &status);
	output_sentence(cli, "Invited %zu of %zu.", bulk.made, bulk.addresses.count);
	return outcome(&bulk);
}

/* --- an organization's --- */

static enum exit_code show(struct cli *cli)
{
	char *organization = resolve_organization(cli, "organization");
	const Orgd__V1__GetInvitationResponse *response = ASK(cli, invitation_service,
		GetInvitation, get_invitation, .organization_id = organization,
		.invitation_id = resolve_invitation(cli, "invitation", organization));

	output_resource(cli, &response->base, "invitation", "invitation.id");
	return EXIT_OK;
}

static enum exit_code list(struct cli *cli)
{
	const Orgd__V1__ListInvitationsResponse *response =
		ASK_LIST(cli, invitation_service, ListInvitations, list_invitations,
			.organization_id = resolve_organization(cli, "organization"),
			.state = given_enum(cli, "state", &orgd__v1__invitation_state__descriptor));

	output_list(cli, &response->base, "invitations", "id",
		"email role state expire_time=EXPIRES delivery.state=DELIVERY delivery.last_error "
		"id");
	return EXIT_OK;
}

static enum exit_code resend(struct cli *cli)
{
	char *organization = resolve_organization(cli, "organization");
	const Orgd__V1__ResendInvitationResponse *response = ASK(cli, invitation_service,
		ResendInvitation, resend_invitation, .organization_id = organization,
		.invitation_id = resolve_invitation(cli, "invitation", organization),
		.expire_after = given_span(cli, "expires-in"));

	invited(cli, &response->base, response->invitation);
	return EXIT_OK;
}

static enum exit_code revoke(struct cli *cli)
{
	char *organization = resolve_organization(cli, "organization");
	char *invitation = resolve_invitation(cli, "invitation", organization);
	const Orgd__V1__RevokeInvitationResponse *response;

	confirm(cli, "Revoke the invitation %s: its link is dead at once.",
		given(cli, "invitation"));
	response = ASK(cli, invitation_service, RevokeInvitation, revoke_invitation,
		.organization_id = organization, .invitation_id = invitation);
	output_resource(cli, &response->base, "invitation", "invitation.id");
	return EXIT_OK;
}

/* --- the invited person's --- */

static enum exit_code mine(struct cli *cli)
{
	const Orgd__V1__ListMyInvitationsResponse *response =
		ASK_LIST(cli, invitation_service, ListMyInvitations, list_my_invitations);

	output_list(cli, &response->base, "invitations", "invitation.id",
		"invitation.id organization_handle=ORGANIZATION organization_display_name=NAME "
		"invitation.role invitation.expire_time=EXPIRES invitation.message");
	return EXIT_OK;
}

static enum exit_code look_up(struct cli *cli)
{
	CLEANUP(secret_wipe) struct secret token = { "" };
	const Orgd__V1__LookUpInvitationResponse *response;

	secret_read_token(cli, &token, "token-file", "Token or link from the mail");
	response = ASK_AS_ANYONE(
		cli, invitation_service, LookUpInvitation, look_up_invitation, .token = token.text);
	output_resource(cli, &response->base, NULL, "invitation_id");
	return EXIT_OK;
}

static enum exit_code accept(struct cli *cli)
{
	CLEANUP(secret_wipe) struct secret token = { "" };
	const Orgd__V1__AcceptInvitationResponse *response;

	secret_read_token(cli, &token, "token-file", "Token or link from the mail");
	response = ASK(
		cli, invitation_service, AcceptInvitation, accept_invitation, .token = token.text);
	if (output_is_for_people(cli))
		output_sentence(cli, "Joined %s.",
			resolve_joined(cli, response->member->organization_id, NULL));
	output_resource(cli, &response->base, "member", "member.organization_id");
	return EXIT_OK;
}

static enum exit_code decline(struct cli *cli)
{
	CLEANUP(secret_wipe) struct secret token = { "" };
	const Orgd__V1__DeclineInvitationResponse *response;

	if (given(cli, "invitation") && given(cli, "token-file"))
		fail_usage(cli, "give either <invitation> or --token-file");
	if (given(cli, "invitation")) {
		confirm(cli, "Decline the invitation %s.", given(cli, "invitation"));
		response = ASK(cli, invitation_service, DeclineInvitation, decline_invitation,
			.which_case = ORGD__V1__DECLINE_INVITATION_REQUEST__WHICH_INVITATION_ID,
			.invitation_id = given(cli, "invitation"));
	} else {
		secret_read_token(cli, &token, "token-file", "Token or link from the mail");
		confirm(cli, "Decline the invitation that this token is for.");
		response = ASK_AS_ANYONE(cli, invitation_service, DeclineInvitation,
			decline_invitation,
			.which_case = ORGD__V1__DECLINE_INVITATION_REQUEST__WHICH_TOKEN,
			.token = token.text);
	}
	output_done(cli, &response->base, "Declined.");
	return EXIT_OK;
}

static const struct command commands[] = {
	{ "invitation create <organization> <email> [--role ROLE] [--message TEXT] [--expires-in "
	  "SPAN]",
		"Invite someone by e-mail.",
		"orgctl invitation create acme bob@example.com --role admin", create },
	{ "invitation create-many <organization> [<emails>]... [--file FILE] [--role ROLE] "
	  "[--message TEXT] [--expires-in SPAN]",
		"Invite many at once; one that is refused does not hold up the others.",
		"orgctl invitation create-many acme bob@example.com eve@example.com --role member",
		create_many },
	{ "invitation show <organization> <invitation>",
		"Show an invitation and how far its mail got.",
		"orgctl invitation show acme bob@example.com", show },
	{ "invitation list <organization> [--state STATE] [--limit N]",
		"List an organization's invitations.",
		"orgctl invitation list acme --state pending", list },
	{ "invitation resend <organization> <invitation> [--expires-in SPAN]",
		"Send a new link; the old one is dead.",
		"orgctl invitation resend acme bob@example.com", resend },
	{ "invitation revoke <organization> <invitation> [--yes]", "End a pending invitation.",
		"orgctl invitation revoke acme bob@example.com", revoke },
	{ "invitation mine [--limit N]", "List the invitations to one's own address.",
		"orgctl invitation mine", mine },
	{ "invitation look-up [--token-file FILE]", "Show what a link invites to. Changes nothing.",
		"orgctl invitation look-up --token-file token.txt", look_up },
	{ "invitation accept [--token-file FILE]", "Join the organization that a link invites to.",
		"orgctl invitation accept", accept },
	{ "invitation decline [<invitation>] [--token-file FILE] [--yes]",
		"Decline an invitation: by its token, or signed in by its id.",
		"orgctl invitation decline --token-file token.txt", decline },
};

NOUN(invitation_noun, "invitation", "Inviting people, and being invited.");
