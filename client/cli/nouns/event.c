/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "checkpoint.h"
#include "command.h"
#include "message.h"
#include "output.h"
#include "progress.h"
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

/* For people the details tell what it happened to; programs have a column for each. */
static const char *columns_for(const struct cli *cli)
{
	return output_is_for_people(cli)
		       ? "revision time action actor.display_name=BY details"
		       : "id revision time action actor.kind actor.user_id actor.display_name "
			 "organization_id user_id invitation_id document_id collection_id grant_id "
			 "details";
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
	output_list(cli, &shown.base, "events", "id", columns_for(cli));
	return EXIT_OK;
}

/* One event on one line, since the next may be long in coming. */
static void print_event(struct cli *cli, const Orgd__V1__Event *event)
{
	const Orgd__V1__Event *shown;
	const char *details;

	if (!output_is_for_people(cli)) {
		output_item(cli, &event->base, "id", columns_for(cli));
		return;
	}
	shown = for_people(cli, event);
	details = message_text(&cli->arena, &shown->base, "details");
	output_line(cli, "%s  %s  %s  %s", message_text(&cli->arena, &event->base, "time"),
		event->action, shown->actor->display_name, details ? details : "");
	output_finish();
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

/* Has orgd recompute the chain from one revision to another, 0 for the end. The answer is the last
 * page's, with the count of all. */
static Orgd__V1__VerifyEventsResponse *verify_range(struct cli *cli, uint64_t from, uint64_t to)
{
	Orgd__V1__VerifyEventsResponse *response;
	uint64_t verified = 0;

	do {
		response = ASK(cli, event_service, VerifyEvents, verify_events,
			.from_revision = from, .to_revision = to);
		verified += response->events_verified;
		from = response->next_revision;
		if (from > 0)
			progress_show(cli, "Verifying", from, response->head_revision);
	} while (from > 0);
	progress_clear();
	response->events_verified = verified;
	return response;
}

static void checkpoint_free(Orgd__V1__Checkpoint **checkpoint)
{
	org_message_free(*checkpoint);
}

/* Up to the checkpoint, which must be on the way, and on from there. */
static Orgd__V1__VerifyEventsResponse *verify_against(struct cli *cli)
{
	CLEANUP(checkpoint_free) Orgd__V1__Checkpoint *checkpoint = checkpoint_read(cli);
	Orgd__V1__VerifyEventsResponse *before, *after;

	if (!checkpoint->revision)
		return verify_range(cli, 0, 0); /* from before the first event */
	before = verify_range(cli, 0, checkpoint->revision);
	if (before->head_hash.len != checkpoint->head_hash.len ||
		memcmp(before->head_hash.data, checkpoint->head_hash.data, before->head_hash.len) !=
			0)
		fail(EXIT_OTHER,
			"unless a backup from before the checkpoint was restored, somebody has "
			"rewritten what is on the disk",
			"at revision %" PRIu64 " the events are not those of the checkpoint",
			checkpoint->revision);
	output_sentence(cli, "At revision %" PRIu64 " the events are those of the checkpoint.",
		checkpoint->revision);
	after = verify_range(cli, checkpoint->revision + 1, 0);
	after->events_verified += before->events_verified;
	return after;
}

static enum exit_code verify(struct cli *cli)
{
	Orgd__V1__VerifyEventsResponse *response;

	if (given(cli, "against") && given(cli, "from"))
		fail_usage(cli, "--against verifies from the beginning; leave out --from");
	response = given(cli, "against")
			   ? verify_against(cli)
			   : verify_range(cli, given_number(cli, "from", UINT64_MAX), 0);
	output_sentence(cli, "The chain of %s holds.",
		counted(cli, (unsigned)response->events_verified, "event"));
	output_fields(cli, &response->base, "head_revision head_hash", "head_revision");
	return EXIT_OK;
}

/* JSON whatever --output says: it is made to be kept. */
static enum exit_code checkpoint(struct cli *cli)
{
	const Orgd__V1__GetCheckpointResponse *response =
		ASK(cli, event_service, GetCheckpoint, get_checkpoint);

	output_json(cli, &response->checkpoint->base);
	return EXIT_OK;
}

static const struct command commands[] = {
	{ "event list [--organization ORG] [--action PREFIX] [--limit N]",
		"List what happened, oldest first: in an organization, or on the whole platform.",
		"orgctl event list --organization acme --action member.", list },
	{ "event follow [--organization ORG] [--action PREFIX] [--from REVISION] [--limit N]",
		"Show what happens from now on, as it happens.",
		"orgctl event follow --organization acme", follow },
	{ "event verify [--from REVISION] [--against FILE] [--public-key KEY]",
		"Have orgd recompute the hash chain over all events, and see that a checkpoint "
		"that was kept elsewhere is on it.",
		"orgctl event verify --against orgd-checkpoint.json --public-key "
		"\"$(cat orgd-public-key)\"",
		verify },
	{ "event checkpoint",
		"Print the newest link of the hash chain, signed, to be kept out of orgd's reach.",
		"orgctl event checkpoint", checkpoint },
};

NOUN(event_noun, "event", "What happened: the audit log.");
