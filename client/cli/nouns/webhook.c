/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ask.h"
#include "command.h"
#include "output.h"
#include "resolve.h"
#include "secret_file.h"
#include "stream.h"
#include "terminal.h"

static const char lost[] = "make another with orgctl webhook rotate";

/* What create and update share. */
static void fill(struct cli *cli, Orgd__V1__Webhook *webhook)
{
	webhook->url = given(cli, "endpoint");
	webhook->description = given(cli, "description");
	webhook->n_action_prefixes = given_all(cli, "action", &webhook->action_prefixes);
	/* An empty value clears the filter. */
	if (webhook->n_action_prefixes == 1 && !webhook->action_prefixes[0][0])
		webhook->n_action_prefixes = 0;
}

static enum exit_code create(struct cli *cli)
{
	CLEANUP(stream_close) FILE *file = NULL;
	Orgd__V1__Webhook webhook = MESSAGE_OF(orgd__v1__webhook);
	Orgd__V1__CreateWebhookResponse *response;
	struct org_status status;
	char *organization;

	secret_file_check(cli);
	fill(cli, &webhook);
	organization = resolve_organization(cli, "organization");
	file = secret_file_open(cli);
	response = (Orgd__V1__CreateWebhookResponse *)ask_and_see(cli,
		&orgd__v1__webhook_service__descriptor, "CreateWebhook",
		ASK_REQUEST(CreateWebhook, create_webhook, .organization_id = organization,
			.webhook = &webhook),
		NULL, &status);
	if (!response) {
		secret_file_drop(cli, file);
		ask_failed(cli, &status);
	}
	secret_file_write(cli, file, response->secret, lost);
	output_resource(cli, &response->base, NULL, "webhook.id");
	return EXIT_OK;
}

static enum exit_code show(struct cli *cli)
{
	const Orgd__V1__GetWebhookResponse *response = ASK(
		cli, webhook_service, GetWebhook, get_webhook, .webhook_id = given(cli, "webhook"));

	output_resource(cli, &response->base, "webhook", "webhook.id");
	return EXIT_OK;
}

static enum exit_code list(struct cli *cli)
{
	const Orgd__V1__ListWebhooksResponse *response =
		ASK_LIST(cli, webhook_service, ListWebhooks, list_webhooks,
			.organization_id = resolve_organization(cli, "organization"));

	output_list(cli, &response->base, "webhooks", "id",
		"id url description action_prefixes=ACTIONS state disable_reason last_error "
		"next_attempt_time=NEXT create_time=CREATED");
	return EXIT_OK;
}

/* The mask names fields, which are not called as the options are. */
static Google__Protobuf__FieldMask *mask_of(struct cli *cli)
{
	static const char *const options[] = { "endpoint", "action", "description", NULL };
	static char url[] = "url", action_prefixes[] = "action_prefixes";
	Google__Protobuf__FieldMask *mask = given_mask(cli, options);

	for (size_t i = 0; i < mask->n_paths; i++) {
		if (strcmp(mask->paths[i], "endpoint") == 0)
			mask->paths[i] = url;
		else if (strcmp(mask->paths[i], "action") == 0)
			mask->paths[i] = action_prefixes;
	}
	return mask;
}

static enum exit_code update(struct cli *cli)
{
	Orgd__V1__Webhook webhook = MESSAGE_OF(orgd__v1__webhook);
	Google__Protobuf__FieldMask *mask = mask_of(cli);
	const Orgd__V1__UpdateWebhookResponse *response;

	fill(cli, &webhook);
	webhook.id = given(cli, "webhook");
	webhook.etag = given(cli, "etag");
	response = ASK(cli, webhook_service, UpdateWebhook, update_webhook, .webhook = &webhook,
		.update_mask = mask);
	output_resource(cli, &response->base, "webhook", "webhook.id");
	return EXIT_OK;
}

static enum exit_code set_state(struct cli *cli, Orgd__V1__WebhookState state)
{
	Orgd__V1__Webhook webhook = MESSAGE_OF(orgd__v1__webhook);
	const Orgd__V1__UpdateWebhookResponse *response;

	webhook.id = given(cli, "webhook");
	webhook.state = state;
	response = ASK(cli, webhook_service, UpdateWebhook, update_webhook, .webhook = &webhook);
	output_resource(cli, &response->base, "webhook", "webhook.id");
	return EXIT_OK;
}

static enum exit_code enable(struct cli *cli)
{
	return set_state(cli, ORGD__V1__WEBHOOK_STATE__WEBHOOK_STATE_ENABLED);
}

static enum exit_code disable(struct cli *cli)
{
	return set_state(cli, ORGD__V1__WEBHOOK_STATE__WEBHOOK_STATE_DISABLED);
}

static enum exit_code rotate(struct cli *cli)
{
	CLEANUP(stream_close) FILE *file = NULL;
	Orgd__V1__Webhook webhook = MESSAGE_OF(orgd__v1__webhook);
	Orgd__V1__UpdateWebhookResponse *response;
	struct org_status status;

	webhook.id = given(cli, "webhook");
	file = secret_file_open(cli);
	response = (Orgd__V1__UpdateWebhookResponse *)ask_and_see(cli,
		&orgd__v1__webhook_service__descriptor, "UpdateWebhook",
		ASK_REQUEST(
			UpdateWebhook, update_webhook, .webhook = &webhook, .rotate_secret = true),
		NULL, &status);
	if (!response) {
		secret_file_drop(cli, file);
		ask_failed(cli, &status);
	}
	secret_file_write(cli, file, response->secret, lost);
	output_sentence(cli, "For a day the secret before it signs too.");
	output_resource(cli, &response->base, NULL, "webhook.id");
	return EXIT_OK;
}

static enum exit_code delete_webhook(struct cli *cli)
{
	const Orgd__V1__DeleteWebhookResponse *response;

	confirm(cli, "Delete the webhook %s: what it was not sent yet never is.",
		given(cli, "webhook"));
	response = ASK(cli, webhook_service, DeleteWebhook, delete_webhook,
		.webhook_id = given(cli, "webhook"), .allow_missing = flag(cli, "allow-missing"));
	output_done(cli, &response->base, "Deleted %s.", given(cli, "webhook"));
	return EXIT_OK;
}

static enum exit_code attempts(struct cli *cli)
{
	const Orgd__V1__ListAttemptsResponse *response = ASK_LIST(cli, webhook_service,
		ListAttempts, list_attempts, .webhook_id = given(cli, "webhook"));

	output_list(cli, &response->base, "attempts", "event_id",
		"time event_id action succeeded http_status=STATUS duration_ms=MS error");
	return EXIT_OK;
}

static enum exit_code redeliver(struct cli *cli)
{
	const Orgd__V1__RedeliverEventResponse *response =
		ASK(cli, webhook_service, RedeliverEvent, redeliver_event,
			.webhook_id = given(cli, "webhook"), .event_id = given(cli, "event"));

	output_done(
		cli, &response->base, "%s is sent again, before what waits.", given(cli, "event"));
	return EXIT_OK;
}

static const struct command commands[] = {
	{ "webhook create <organization> --endpoint URL [--action PREFIX]... [--description TEXT] "
	  "[--secret-file FILE]",
		"Have what happens in an organization sent to a service of its own. The secret "
		"that its requests are signed with is shown this once.",
		"orgctl webhook create acme --endpoint https://crm.acme.example/orgd "
		"--action member. --description \"Our CRM\"",
		create },
	{ "webhook show <webhook>", "Show a webhook and how its requests fare.",
		"orgctl webhook show whk_30yxn4zv6nvas6z42w4k65dfth", show },
	{ "webhook list <organization> [--limit N]", "List an organization's webhooks.",
		"orgctl webhook list acme", list },
	{ "webhook update <webhook> [--endpoint URL] [--action PREFIX]... [--description TEXT] "
	  "[--etag ETAG]",
		"Change what is given; an empty value clears a field.",
		"orgctl webhook update whk_30yxn4zv6nvas6z42w4k65dfth --action invitation. "
		"--action member.",
		update },
	{ "webhook enable <webhook>", "Let a disabled webhook go on where it stopped.",
		"orgctl webhook enable whk_30yxn4zv6nvas6z42w4k65dfth", enable },
	{ "webhook disable <webhook>", "Stop a webhook's requests until it is enabled again.",
		"orgctl webhook disable whk_30yxn4zv6nvas6z42w4k65dfth", disable },
	{ "webhook rotate <webhook> [--secret-file FILE]",
		"Make a new secret. For a day the one before signs too.",
		"orgctl webhook rotate whk_30yxn4zv6nvas6z42w4k65dfth", rotate },
	{ "webhook delete <webhook> [--allow-missing] [--yes]",
		"Delete a webhook, after a confirmation.",
		"orgctl webhook delete whk_30yxn4zv6nvas6z42w4k65dfth", delete_webhook },
	{ "webhook attempts <webhook> [--limit N]",
		"List the requests of the last seven days, the latest first.",
		"orgctl webhook attempts whk_30yxn4zv6nvas6z42w4k65dfth --limit 20", attempts },
	{ "webhook redeliver <webhook> <event>", "Send an event again, before what waits.",
		"orgctl webhook redeliver whk_30yxn4zv6nvas6z42w4k65dfth "
		"evt_30yxn4zv6nvas6z42w4k65dfth",
		redeliver },
};

NOUN(webhook_noun, "webhook", "Events for an organization's own services.");
