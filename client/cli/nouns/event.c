/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "command.h"
#include "message.h"
#include "output.h"
#include "resolve.h"

enum { WATCH_MS = 30000 };

/* What it happened to, as far as the details do not name it. */
enum { SUBJECTS = 6 };
static const struct subject {
	const char *field, *key;
	bool is_person; /* whose address is in the details mostly */
} subjects[SUBJECTS] = {
	{ "organization_id", "organization", false },
	{ "user_id", "user", true },
	{ "invitation_id", "invitation", true },
	{ "document_id", "document", false },
	{ "collection_id", "collection", false },
	{ "grant_id", "grant", false },
};

static bool is_named(const Orgd__V1__Event *event)
{
	for (size_t i = 0; i < event->n_details; i++)
		if (strcmp(event->details[i]->key, "email") == 0 ||
			strcmp(event->details[i]->key, "recipient") == 0)
			return true;
	return false;
}

static void add_subject(struct cli *cli, Orgd__V1__Event *event, const struct subject *subject)
{
	bool is_asked_for =
		strcmp(subject->field, "organization_id") == 0 && given(cli, "organization");
	char *id = message_text(&cli->arena, &event->base, subject->field);
	Orgd__V1__Event__DetailsEntry *entry;

	if (!id || is_asked_for || (subject->is_person && is_named(event)))
		return;
	entry = ARENA_NEW(&cli->arena, Orgd__V1__Event__DetailsEntry);
	orgd__v1__event__details_entry__init(entry);
	entry->key = arena_strdup(&cli->arena, subject->key);
	entry->value = id;
	event->details[event->n_details++] = entry;
}

/* The event for people, a copy: who did it in a name or a word, and in the details no more ids than
 * it takes to know what it happened to. */
static Orgd__V1__Event *for_people(struct cli *cli, const Orgd__V1__Event *event)
{
	Orgd__V1__Event *shown = ARENA_NEW(&cli->arena, Orgd__V1__Event);
	Orgd__V1__Actor *actor = ARENA_NEW(&cli->arena, Orgd__V1__Actor);

	*shown = *event;
	*actor = *event->actor;
	shown->actor = actor;
	if (!actor->display_name[0])
		actor->display_name = actor->kind;
	else if (strcmp(actor->kind, "service") == 0)
		actor->display_name =
			arena_printf(&cli->arena, "service for %s", actor->display_name);
	shown->details = ARENA_ARRAY(
		&cli->arena, Orgd__V1__Event__DetailsEntry *, event->n_details + SUBJECTS);
	if (event->n_details > 0)
		memcpy(shown->details, event->details, event->n_details * sizeof(*event->details));
	for (size_t i = 0; i < SUBJECTS; i++)
		add_subject(cli, shown, &subjects[i]);
	return shown;
}

static enum exit_code list(struct cli *cli)
{
	const Orgd__V1__ListEventsResponse *response = ASK_LIST(cli, event_service, ListEvents,
		list_events, .organization_id = resolve_organization(cli, "organization"),
		.action_prefix = given(cli, "action"));
	Orgd__V1__ListEventsResponse shown = *response;

	if (output_is_for_people(cli)) {
		shown.events = ARENA_ARRAY(&cli->arena, Orgd__V1__Event *, shown.n_events + 1);
		for (size_t i = 0; i < shown.n_events; i++)
			shown.events[i] = for_people(cli, response->events[i]);
	}
	output_list(cli, &shown.base, "events", "id",
		"revision time action actor.display_name=BY details");
	return EXIT_OK;
}

/* One event on one line, since the next may be long in coming. */
static void print_event(struct cli *cli, const Orgd__V1__Event *event)
{
	const Orgd__V1__Event *shown;
	const char *details;

	if (output_format(cli) == OUTPUT_JSON) {
		output_json_line(cli, &event->base);
	} else if (flag(cli, "quiet")) {
		output_line(cli, "%s", event->id);
	} else {
		shown = for_people(cli, event);
		details = message_text(&cli->arena, &shown->base, "details");
		output_line(cli, "%s  %s  %s  %s", message_text(&cli->arena, &event->base, "time"),
			event->action, shown->actor->display_name, details ? details : "");
	}
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
	output_sentence(cli, "The chain of %s holds.", counted(cli, (unsigned)verified, "event"));
	output_fields(cli, &response->base, "head_revision head_hash", "head_revision");
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
