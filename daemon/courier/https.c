/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/https.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/clock.h"
#include "courier/address.h"

enum { ANSWER_BYTES_MAX = 64 * 1024 };

struct https {
	const struct courier_config *config;
	const struct stop *stop;
	/* Kept from one attempt to the next only for the certificates that it has parsed. */
	CURL *curl;
	char error[CURL_ERROR_SIZE];

	/* Of the attempt that runs. */
	unsigned opened;     /* sockets */
	const char *refusal; /* the rule against an address; NULL for none */
	size_t received;     /* bytes of the answer */
	long status;         /* of the answer, once its headers are complete */
};

/* curl is about to connect to this very address. */
static curl_socket_t on_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct https *https = context;
	const char *refusal =
		address_refusal(&address->addr, https->config->webhooks.allow_private_networks);

	(void)purpose;
	if (refusal) {
		https->refusal = refusal;
		return CURL_SOCKET_BAD;
	}
	https->opened++;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int on_progress(void *context, curl_off_t total_down, curl_off_t now_down,
	curl_off_t total_up, curl_off_t now_up)
{
	const struct https *https = context;

	(void)total_down;
	(void)now_down;
	(void)total_up;
	(void)now_up;
	return !stop_leaves_attempt(https->stop);
}

/* False ends the transfer: nobody needs to read on. */
static bool receive(struct https *https, size_t size)
{
	https->received += size;
	return https->received <= ANSWER_BYTES_MAX;
}

static size_t on_header(char *line, size_t size, size_t count, void *context)
{
	struct https *https = context;
	size_t length = size * count;
	long status = 0;

	/* An empty line ends the headers, of a provisional answer (1xx) too. */
	if (*line == '\r' || *line == '\n')
		(void)curl_easy_getinfo(https->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 200 && !https->status)
		https->status = status;
	return receive(https, length) ? length : 0;
}

/* The status has said it all: a body that trickles in holds up nobody. */
static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	const struct https *https = context;

	(void)bytes;
	return https->status || !receive(context, size * count) ? 0 : size * count;
}

/* A failure of any of these is no memory, or a libcurl without TLS. */
static bool set_options(struct https *https)
{
	const struct courier_webhooks *webhooks = &https->config->webhooks;
	CURL *curl = https->curl;
	bool good = true;

#define SET(option, value) good = good && curl_easy_setopt(curl, option, value) == CURLE_OK
	SET(CURLOPT_PROTOCOLS_STR, "https");
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	SET(CURLOPT_USERAGENT, "orgd-courier/" ORGD_VERSION);

	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
	if (*webhooks->ca_file) {
		SET(CURLOPT_CAINFO, webhooks->ca_file);
		SET(CURLOPT_CAPATH, NULL);
	}

	SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
	SET(CURLOPT_OPENSOCKETDATA, https);
	SET(CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	SET(CURLOPT_FRESH_CONNECT, 1L);
	SET(CURLOPT_FORBID_REUSE, 1L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_QUICK_EXIT, 1L); /* a name server that hangs is not waited for */
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)webhooks->connect_timeout_ms);

	SET(CURLOPT_POST, 1L);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, https);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, https);
	SET(CURLOPT_ERRORBUFFER, https->error);
	SET(CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(CURLOPT_XFERINFODATA, https);
	SET(CURLOPT_NOPROGRESS, 0L);
#undef SET
	return good;
}

struct status https_new(
	const struct courier_config *config, const struct stop *stop, struct https **out)
{
	struct https *https = calloc(1, sizeof(*https));

	if (!https || curl_global_init(CURL_GLOBAL_DEFAULT))
		abort();
	https->config = config;
	https->stop = stop;
	https->curl = curl_easy_init();
	if (!https->curl || !set_options(https)) {
		https_free(https);
		return status_internal("libcurl does not start");
	}
	*out = https;
	return OK;
}

void https_free(struct https *https)
{
	if (!https)
		return;
	curl_easy_cleanup(https->curl);
	curl_global_cleanup();
	free(https);
}

static void slist_free(struct curl_slist **list)
{
	curl_slist_free_all(*list);
}

/* curl passes on whatever it is given, CR and LF included, and drops a header without a value. */
MUST_USE static struct status add_header(
	struct curl_slist **list, struct arena *arena, const char *name, const char *value)
{
	struct curl_slist *longer;

	for (const char *c = value; *c; c++)
		if (*c < ' ' || *c > '~')
			return status_invalid(
				name, "INVALID_HEADER", "%s holds what no header may", name);
	if (!*value)
		return status_invalid(name, "INVALID_HEADER", "%s is empty", name);
	longer = curl_slist_append(*list, arena_printf(arena, "%s: %s", name, value));
	if (!longer)
		return status_internal("no memory for an attempt");
	*list = longer;
	return OK;
}

MUST_USE static struct status set_request(struct https *https, const queue_webhook *webhook,
	int64_t timeout_ms, const struct curl_slist *headers)
{
	CURL *curl = https->curl;

	if (curl_easy_setopt(curl, CURLOPT_URL, webhook->url) ||
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) ||
		curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms) ||
		curl_easy_setopt(
			curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)webhook->body.len) ||
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
			webhook->body.len ? (const char *)webhook->body.data : ""))
		return status_internal("no memory for an attempt");
	https->opened = 0;
	https->refusal = NULL;
	https->received = 0;
	https->status = 0;
	*https->error = '\0';
	return OK;
}

static void judge(const struct https *https, CURLcode code, struct attempt *attempt)
{
	bool accepted = https->status >= 200 && https->status <= 299;

	*attempt = (struct attempt){ .http_status = (unsigned)https->status };
	attempt->outcome = accepted        ? ATTEMPT_ACCEPTED
			   : https->status ? ATTEMPT_REFUSED
					   : ATTEMPT_UNREACHABLE;
	if (accepted)
		return;
	if (https->status)
		snprintf(attempt->text, sizeof(attempt->text), "the receiver answered %ld%s",
			https->status, https->status <= 399 ? "; a redirect is not followed" : "");
	else if (https->refusal && !https->opened)
		/* Without the address: what names mean here is nothing to tell strangers. */
		snprintf(attempt->text, sizeof(attempt->text),
			"the host's address is %s; webhooks go to public addresses only",
			https->refusal);
	else if (https->received > ANSWER_BYTES_MAX)
		snprintf(attempt->text, sizeof(attempt->text), "the answer's headers do not end");
	else if (code == CURLE_ABORTED_BY_CALLBACK)
		snprintf(attempt->text, sizeof(attempt->text), "the courier had to stop");
	else
		snprintf(attempt->text, sizeof(attempt->text), "%s",
			*https->error ? https->error
			: code        ? curl_easy_strerror(code)
				      : "the receiver gave no answer");
}

MUST_USE static struct status transfer(
	struct https *https, const queue_lease *lease, struct arena *arena, struct attempt *attempt)
{
	CLEANUP(slist_free) struct curl_slist *headers = NULL;
	const queue_webhook *webhook = lease->webhook;
	int64_t timeout_ms = https->config->webhooks.timeout_ms;

	if (lease->timeout_ms && lease->timeout_ms < timeout_ms)
		timeout_ms = lease->timeout_ms;
	TRY(add_header(&headers, arena, "Content-Type", "application/json"));
	TRY(add_header(&headers, arena, "webhook-id", webhook->id));
	TRY(add_header(&headers, arena, "webhook-timestamp", webhook->timestamp));
	TRY(add_header(&headers, arena, "webhook-signature", webhook->signature));
	TRY(set_request(https, webhook, timeout_ms, headers));
	judge(https, curl_easy_perform(https->curl), attempt);
	(void)curl_easy_setopt(https->curl, CURLOPT_HTTPHEADER, NULL);
	return OK;
}

void https_send(struct https *https, const queue_lease *lease, struct attempt *attempt)
{
	struct arena arena;
	struct status status;

	arena_init(&arena);
	status = transfer(https, lease, &arena, attempt);
	if (status.code) {
		*attempt = (struct attempt){ .outcome = ATTEMPT_UNREACHABLE };
		snprintf(attempt->text, sizeof(attempt->text), "%s", status.failure->message);
	}
	arena_clear(&arena);
}
