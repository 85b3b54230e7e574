/* SPDX-License-Identifier: Apache-2.0 */
#include "ask.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "identity.h"
#include "output.h"
#include "progress.h"

enum { LIST_PAGE_MAX = 1000 };

struct kept {
	struct kept *older;
	ProtobufCMessage *message;
};

static uint32_t timeout_ms(const struct cli *cli)
{
	return (uint32_t)given_number(cli, "timeout", ORG_TIMEOUT_MS_MAX / 1000) * 1000;
}

static void open_client(struct cli *cli)
{
	const struct org_client_options options = {
		.authorization = cli->authorization,
		.on_behalf_of = given(cli, "on-behalf-of"),
		.timeout_ms = timeout_ms(cli),
		.read_your_writes = true,
	};
	struct org_status status;

	if (!cli->client && org_client_open(cli->url, &options, &cli->client, &status) != ORG_OK)
		ask_failed(cli, &status);
}

/* --- what helps --- */

static const char *session_hint(struct cli *cli, const char *reason)
{
	if (cli->session.state == SESSION_SAVED && cli->authorization == cli->session.token)
		return arena_printf(&cli->arena,
			"the session in profile \"%s\" %s; sign in again: %s", cli->profile,
			strcmp(reason, "SESSION_EXPIRED") == 0 ? "has ended" : "does not hold",
			identity_sign_in(cli, NULL));
	return arena_printf(&cli->arena, "sign in: %s", identity_sign_in(cli, NULL));
}

static const char *repeat_hint(struct cli *cli, const struct org_status *status)
{
	return arena_printf(&cli->arena,
		"if it was a change, it may have happened; repeat it with --request-id %s and it "
		"happens once",
		status->request_id);
}

/* A hint with the command line's own words where it has them: what was given as <email> stands for
 * ADDRESS. */
static const char *fill_in(struct cli *cli, const char *hint)
{
	static const struct {
		const char *word, *parameter;
	} words[] = { { "ADDRESS", "email" }, { "ORGANIZATION", "organization" } };

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		const char *value = values_find(&cli->values, words[i].parameter);
		const char *at = strstr(hint, words[i].word);

		if (value && at)
			hint = arena_printf(&cli->arena, "%.*s%s%s", (int)(at - hint), hint, value,
				at + strlen(words[i].word));
	}
	return hint;
}

static bool lacks(const struct org_status *status, const char *field)
{
	return strcmp(status->reason, "FIELD_REQUIRED") == 0 && status->violation_count == 1 &&
	       strcmp(status->violations[0].field, field) == 0;
}

/* What a reason calls for, in orgctl's own words; NULL for nothing. */
static const char *next_step(struct cli *cli, const struct org_status *status)
{
	static const struct {
		const char *verb; /* the last word of the command it is for; NULL: of any */
		const char *reason, *hint;
	} hints[] = {
		{ NULL, "PEER_UNKNOWN",
			"the local operator is root or the daemon's own user, over the ipc socket; "
			"others sign in: orgctl session sign-in ADDRESS" },
		{ NULL, "EMAIL_NOT_VERIFIED",
			"the mail has the token: orgctl user verify; a new mail: orgctl user "
			"resend-verification ADDRESS" },
		{ "verify", "TOKEN_INVALID", "orgctl user resend-verification ADDRESS" },
		{ "verify", "PASSWORD_REQUIRED", "orgctl user verify --password-file FILE" },
		{ "reset-password", "TOKEN_INVALID", "orgctl user request-reset ADDRESS" },
		{ NULL, "ALREADY_INVITED",
			"send a new link: orgctl invitation resend ORGANIZATION ADDRESS" },
		{ NULL, "ACCOUNT_EXISTS", "sign in, then: orgctl invitation accept" },
		{ NULL, "LAST_OWNER", "orgctl member change-role ORGANIZATION USER owner" },
		{ NULL, "USE_LEAVE", "orgctl member leave ORGANIZATION" },
		{ NULL, "ILLEGAL_TRANSITION", "orgctl organization show ORGANIZATION" },
		{ NULL, "ETAG_MISMATCH", "someone else was faster; look at it again and repeat" },
		{ NULL, "SIGN_IN_FAILED", "forgotten? orgctl user request-reset ADDRESS" },
		{ NULL, "URL_MALFORMED", "--url or ORGD_URL gives it" },
	};

	if (strcmp(status->reason, "SESSION_EXPIRED") == 0 ||
		strcmp(status->reason, "CREDENTIAL_INVALID") == 0 ||
		strcmp(status->reason, "CREDENTIAL_MALFORMED") == 0 ||
		strcmp(status->reason, "CREDENTIAL_REQUIRED") == 0)
		return session_hint(cli, status->reason);
	if (strcmp(status->reason, "CONNECTION_REFUSED") == 0)
		return "is orgd running? systemctl status orgd; --url or ORGD_URL names another "
		       "place";
	if (strcmp(status->reason, "CONNECTION_LOST") == 0 ||
		strcmp(status->reason, "NO_ANSWER") == 0)
		return repeat_hint(cli, status);
	for (size_t i = 0; i < COUNT_OF(hints); i++)
		if (strcmp(hints[i].reason, status->reason) == 0 &&
			(!hints[i].verb || strcmp(hints[i].verb, cli->syntax.words[1]) == 0))
			return fill_in(cli, hints[i].hint);
	if (identity_is_fallback(cli) &&
		(status->code == ORG_PERMISSION_DENIED || lacks(status, "user_id")))
		return arena_printf(&cli->arena,
			"profile \"%s\" has no session, so the local operator asked; to sign in: "
			"%s%s",
			cli->profile, identity_sign_in(cli, NULL),
			strcmp(cli->syntax.words[1], "accept") == 0
				? "; without an account: orgctl user sign-up --invited"
				: "");
	return NULL;
}

void ask_failed(struct cli *cli, const struct org_status *status)
{
	fail_status(status, next_step(cli, status));
}

/* --- calls --- */

struct org_client *ask_client(struct cli *cli)
{
	identity_check(cli);
	open_client(cli);
	return cli->client;
}

ProtobufCMessage *ask_and_see(struct cli *cli, const ProtobufCServiceDescriptor *service,
	const char *method, const ProtobufCMessage *request, const struct org_call_options *options,
	struct org_status *status)
{
	struct org_call_options all = options ? *options : (struct org_call_options){ 0 };
	struct kept *kept = ARENA_NEW(&cli->arena, struct kept);

	if (all.authorization)
		open_client(cli);
	else
		ask_client(cli);
	if (!all.request_id)
		all.request_id = given(cli, "request-id");
	if (org_call(cli->client, service, method, request, &all, &kept->message, status) != ORG_OK)
		return NULL;
	kept->older = cli->kept;
	cli->kept = kept;
	return kept->message;
}

ProtobufCMessage *ask(struct cli *cli, const ProtobufCServiceDescriptor *service,
	const char *method, const ProtobufCMessage *request, const struct org_call_options *options)
{
	struct org_status status;
	ProtobufCMessage *response = ask_and_see(cli, service, method, request, options, &status);

	if (!response)
		ask_failed(cli, &status);
	return response;
}

ProtobufCMessage *ask_preview(struct cli *cli, const ProtobufCServiceDescriptor *service,
	const char *method, const ProtobufCMessage *request)
{
	char request_id[ORG_REQUEST_ID_BYTES];

	org_request_id_make(request_id);
	return ask(cli, service, method, request,
		&(struct org_call_options){ .request_id = request_id });
}

/* The name of the response's repeated field: what is listed. */
static const char *listed(const ProtobufCMessage *response)
{
	for (unsigned i = 0; i < response->descriptor->n_fields; i++)
		if (response->descriptor->fields[i].label == PROTOBUF_C_LABEL_REPEATED)
			return response->descriptor->fields[i].name;
	abort();
}

void ask_append(ProtobufCMessage *all, ProtobufCMessage *page)
{
	const char *rows = listed(all);
	void ***to = message_at(all, rows), ***from = message_at(page, rows);
	size_t *count = message_count_at(all, rows), *more = message_count_at(page, rows);

	if (*more == 0)
		return;
	*to = realloc(*to, (*count + *more) * sizeof(**to));
	if (!*to)
		abort();
	memcpy(*to + *count, *from, *more * sizeof(**to));
	*count += *more;
	*more = 0;
}

static void swap_tokens(ProtobufCMessage *a, ProtobufCMessage *b)
{
	char **of_a = message_at(a, "next_page_token"), **of_b = message_at(b, "next_page_token");
	char *token = *of_a;

	*of_a = *of_b;
	*of_b = token;
}

/* --- lists --- */

/* One list on its way through the pages. */
struct listing {
	const ProtobufCServiceDescriptor *service;
	const char *method;
	ProtobufCMessage *request;
	uint64_t limit, count; /* rows wanted (0: all), and read until now */
	char *page_token;      /* of the page to come, "" for none */
	ProtobufCMessage *page;
};

/* Frees a response before the end: a long list does not have room for itself. */
static void forget(struct cli *cli, ProtobufCMessage *message)
{
	for (struct kept **kept = &cli->kept; *kept; kept = &(*kept)->older)
		if ((*kept)->message == message) {
			*kept = (*kept)->older;
			break;
		}
	org_message_free(message);
}

static ProtobufCMessage *read_page(struct cli *cli, struct listing *listing)
{
	uint64_t left = listing->limit - listing->count;
	ProtobufCMessage *page;

	*(int32_t *)message_at(listing->request, "page_size") =
		listing->limit > 0 && left < LIST_PAGE_MAX ? (int32_t)left : LIST_PAGE_MAX;
	*(char **)message_at(listing->request, "page_token") = listing->page_token;
	page = ask(cli, listing->service, listing->method, listing->request, NULL);
	listing->count += *message_count_at(page, listed(page));
	listing->page_token =
		arena_strdup(&cli->arena, *(char **)message_at(page, "next_page_token"));
	return page;
}

ProtobufCMessage *ask_next_page(struct cli *cli)
{
	struct listing *listing = cli->listing;

	if (!listing)
		return NULL;
	if (!listing->page_token[0] || (listing->limit > 0 && listing->count >= listing->limit)) {
		progress_clear();
		cli->ended_at = listing->page_token[0] ? listing->limit : 0;
		cli->listing = NULL;
		return NULL;
	}
	progress_show(cli, "Reading", listing->count, listing->limit);
	if (listing->page)
		forget(cli, listing->page);
	return listing->page = read_page(cli, listing);
}

ProtobufCMessage *ask_list(struct cli *cli, const ProtobufCServiceDescriptor *service,
	const char *method, ProtobufCMessage *request)
{
	size_t size = request->descriptor->sizeof_message;
	ProtobufCMessage *first, *page;

	cli->listing = ARENA_NEW(&cli->arena, struct listing);
	*cli->listing = (struct listing){
		.service = service,
		.method = method,
		/* The caller's may be gone when the next page is asked for. */
		.request = memcpy(arena_alloc(&cli->arena, size), request, size),
		.page_token = arena_strdup(&cli->arena, ""),
	};
	if (syntax_find(&cli->syntax, "limit"))
		cli->listing->limit = given_number(cli, "limit", UINT32_MAX);
	first = read_page(cli, cli->listing);
	if (output_streams(cli)) {
		cli->listing->page = first;
		return first;
	}
	while ((page = ask_next_page(cli))) {
		ask_append(first, page);
		swap_tokens(first, page);
	}
	return first;
}

void ask_end(struct cli *cli)
{
	for (; cli->kept; cli->kept = cli->kept->older)
		org_message_free(cli->kept->message);
	org_client_close(cli->client);
	cli->client = NULL;
}
