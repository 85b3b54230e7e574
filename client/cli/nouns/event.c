/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "ask.h"
#include "command.h"
#include "output.h"
#include "resolve.h"

enum { WATCH_MS = 30000 };

static enum exit_code list(struct cli *cli)
{
	const Orgd__V1__ListEventsResponse *response = ASK_LIST(cli, event_service, ListEvents,
		list_events, .organization_id = resolve_organization(cli, "organization"),
		.action_prefix = given(cli, "action"));

	output_list(cli, &response->base, "events",
		"revision time action actor.kind=BY actor.display_name=NAME organization_id "
		"user_id details");
	return EXIT_OK;
}

static const char *text_or(const char *text, const char *otherwise)
{
	return text && text[0] ? text : otherwise;
}

/* One event on one line, since the next may be long in coming. */
static void print_event(struct cli *cli, const Orgd__V1__Event *event)
{
	struct arena *arena = &cli->arena;
	const char *actor =
		event->actor ? text_or(event->actor->display_name, event->actor->kind) : "";

	if (output_format(cli) == OUTPUT_JSON)
		output_json_line(cli, &event->base);
	else if (flag(cli, "quiet"))
		output_line(cli, "%s", event->id);
	else
		output_line(cli, "%s  %s  %s  %s  %s  %s",
			text_or(message_text(arena, &event->base, "time"), "-"), event->action,
			text_or(actor, "-"), text_or(event->organization_id, "-"),
			text_or(event->user_id, "-"),
			text_or(message_text(arena, &event->base, "details"), ""));
	fflush(stdout);
}

/* The first revision that is still to come: what a read says it was answered at, and one more. */
static uint64_t next_revision(struct cli *cli)
{
	Orgd__V1__WhoAmIRequest request = MESSAGE_OF(orgd__v1__who_am_irequest);
	struct org_status status;

	if (!ask_and_see(cli, &orgd__v1__session_service__descriptor, "WhoAmI", &request.base, NULL,
		    &status))
		ask_failed(cli, &status);
	return status.revision + 1;
}

/* The next that happened, or NULL when nothing did for a while. */
static Orgd__V1__WatchEventsResponse *watch(
	struct cli *cli, const Orgd__V1__WatchEventsRequest *request)
{
	const struct org_call_options options = { .timeout_ms = WATCH_MS };
	struct org_status status;
	ProtobufCMessage *response = ask_and_see(cli, &orgd__v1__event_service__descriptor,
		"WatchEvents", &request->base, &options, &status);

	if (!response && status.code != ORG_DEADLINE_EXCEEDED)
		ask_failed(cli, &status);
	return (Orgd__V1__WatchEventsResponse *)response;
}

static enum exit_code follow(struct cli *cli)
{
	uint64_t limit = given_number(cli, "limit", UINT32_MAX), shown = 0;
	Orgd__V1__WatchEventsRequest request = MESSAGE_OF(orgd__v1__watch_events_request);

	request.organization_id = resolve_organization(cli, "organization");
	request.action_prefix = given(cli, "action");
	request.from_revision =
		given(cli, "from") ? given_number(cli, "from", UINT64_MAX) : next_revision(cli);
	while (limit == 0 || shown < limit) {
		const Orgd__V1__WatchEventsResponse *response = watch(cli, &request);

		if (!response)
			continue;
		for (size_t i = 0; i < response->n_events && (limit == 0 || shown < limit);
			i++, shown++)
			print_event(cli, response->events[i]);
		request.from_revision = response->next_revision;
	}
	return EXIT_OK;
}

static enum exit_code verify(struct cli *cli)
{
	Orgd__V1__VerifyEventsResponse *response;
	uint64_t verified = 0, from = given_number(cli, "from", UINT64_MAX);

	do {
		response =
			ASK(cli, event_service, VerifyEvents, verify_events, .from_revision = from);
		verified += response->events_verified;
		from = response->next_revision;
	} while (from > 0);
	response->events_verified = verified;
	output_resource(cli, &response->base, NULL, "head_revision");
	return EXIT_OK;
}

static const struct command commands[] = {
	{ "event list [--organization ORG] [--action PREFIX] [--limit N]",
		"List what happened, oldest first: in an organization, or on the whole platform.",
		"orgctl event list --organization acme --action member.", list },
	{ "event follow [--organization ORG] [--action PREFIX] [--from REVISION] [--limit N]",
		"Show what happens from now on, as it happens.",
		"orgctl event follow --organization acme", follow },
	{ "event verify [--from REVISION]", "Recompute the hash chain over all events.",
		"orgctl event verify", verify },
};

NOUN(event_noun, "event", "What happened: the audit log.");
