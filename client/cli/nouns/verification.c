/* SPDX-License-Identifier: Apache-2.0 */
#include "ask.h"
#include "command.h"
#include "output.h"
#include "resolve.h"
#include "terminal.h"

static enum exit_code queue(struct cli *cli)
{
	const Orgd__V1__ListQueueResponse *response =
		ASK_LIST(cli, verification_service, ListQueue, list_queue);

	output_list(cli, &response->base, "entries", "organization.id",
		"organization.handle organization.display_name organization.verification waiting "
		"organization.legal_name organization.country organization.website");
	return EXIT_OK;
}

/* What became of the organization, and the decision. */
static void decided(struct cli *cli, const ProtobufCMessage *response,
	const Orgd__V1__Organization *organization, const Orgd__V1__Decision *decision)
{
	const ProtobufCEnumDescriptor *states = &orgd__v1__verification_state__descriptor;
	char from[ENUM_WORD_BYTES], to[ENUM_WORD_BYTES];

	enum_word(states, (int)decision->from, from);
	enum_word(states, (int)decision->to, to);
	if (decision->from == decision->to)
		output_sentence(cli, "The verification of %s (%s) stays %s.",
			organization->display_name, organization->handle, to);
	else
		output_sentence(cli, "The verification of %s (%s) went from %s to %s.",
			organization->display_name, organization->handle, from, to);
	output_resource(cli, response, "decision", "decision.id");
}

static enum exit_code verify(struct cli *cli)
{
	const Orgd__V1__VerifyOrganizationResponse *response =
		ASK(cli, verification_service, VerifyOrganization, verify_organization,
			.organization_id = resolve_organization(cli, "organization"),
			.note = given(cli, "note"), .private_note = given(cli, "private-note"),
			.etag = given(cli, "etag"));

	decided(cli, &response->base, response->organization, response->decision);
	return EXIT_OK;
}

static enum exit_code reject(struct cli *cli)
{
	const Orgd__V1__RejectOrganizationResponse *response =
		ASK(cli, verification_service, RejectOrganization, reject_organization,
			.organization_id = resolve_organization(cli, "organization"),
			.reason = given_enum(cli, "code", &orgd__v1__decision_reason__descriptor),
			.note = given(cli, "note"), .private_note = given(cli, "private-note"),
			.without_mail = flag(cli, "without-mail"));

	decided(cli, &response->base, response->organization, response->decision);
	return EXIT_OK;
}

static enum exit_code request_information(struct cli *cli)
{
	const Orgd__V1__RequestInformationResponse *response =
		ASK(cli, verification_service, RequestInformation, request_information,
			.organization_id = resolve_organization(cli, "organization"),
			.note = given(cli, "note"), .private_note = given(cli, "private-note"),
			.without_mail = flag(cli, "without-mail"));

	decided(cli, &response->base, response->organization, response->decision);
	return EXIT_OK;
}

static enum exit_code answer(struct cli *cli)
{
	const Orgd__V1__AnswerReviewerResponse *response =
		ASK(cli, verification_service, AnswerReviewer, answer_reviewer,
			.organization_id = resolve_organization(cli, "organization"),
			.note = given(cli, "note"));

	decided(cli, &response->base, response->organization, response->decision);
	return EXIT_OK;
}

static enum exit_code withdraw(struct cli *cli)
{
	char *organization = resolve_organization(cli, "organization");
	const Orgd__V1__WithdrawResponse *response;

	confirm(cli,
		"Withdraw %s from verification: nobody can be invited until it is resubmitted and "
		"verified.",
		given(cli, "organization"));
	response =
		ASK(cli, verification_service, Withdraw, withdraw, .organization_id = organization);
	decided(cli, &response->base, response->organization, response->decision);
	return EXIT_OK;
}

static enum exit_code resubmit(struct cli *cli)
{
	const Orgd__V1__ResubmitResponse *response = ASK(cli, verification_service, Resubmit,
		resubmit, .organization_id = resolve_organization(cli, "organization"),
		.note = given(cli, "note"));

	decided(cli, &response->base, response->organization, response->decision);
	return EXIT_OK;
}

static enum exit_code decisions(struct cli *cli)
{
	const Orgd__V1__ListDecisionsResponse *response =
		ASK_LIST(cli, verification_service, ListDecisions, list_decisions,
			.organization_id = resolve_organization(cli, "organization"));

	output_list(cli, &response->base, "decisions", "id",
		"create_time=WHEN from to actor reason note private_note");
	return EXIT_OK;
}

static const struct command commands[] = {
	{ "verification queue [--limit N]",
		"List what waits for a reviewer, longest waiting first.",
		"orgctl verification queue", queue },
	{ "verification verify <organization> [--note TEXT] [--private-note TEXT] [--etag ETAG]",
		"Verify an organization: it may then invite people.",
		"orgctl verification verify acme", verify },
	{ "verification reject <organization> --code CODE --note TEXT [--private-note TEXT] "
	  "[--without-mail]",
		"Reject an organization, and tell its Owner why.",
		"orgctl verification reject acme --code incomplete --note \"We could not find the "
		"register entry.\"",
		reject },
	{ "verification ask <organization> --note TEXT [--private-note TEXT] [--without-mail]",
		"Ask an organization for more information.",
		"orgctl verification ask acme --note \"Which team will read the documents?\"",
		request_information },
	{ "verification answer <organization> --note TEXT", "Answer the reviewer's question.",
		"orgctl verification answer acme --note \"The firmware team.\"", answer },
	{ "verification withdraw <organization> [--yes]", "Take an organization back from review.",
		"orgctl verification withdraw acme", withdraw },
	{ "verification resubmit <organization> [--note TEXT]",
		"Put a rejected or withdrawn organization before the reviewers again.",
		"orgctl verification resubmit acme --note \"The register entry is linked now.\"",
		resubmit },
	{ "verification decisions <organization> [--limit N]",
		"List every decision about an organization.", "orgctl verification decisions acme",
		decisions },
};

NOUN(verification_noun, "verification", "The dialogue between reviewers and organizations.");
