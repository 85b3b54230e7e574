/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/smtp.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"

enum { FAREWELL_MS = 2000 };

struct smtp {
	const struct courier_config *config;
	CURL *curl;
	const struct stop *stop;
	char error[CURL_ERROR_SIZE];

	/* Of the attempt that runs. */
	int64_t end_us; /* clock_monotonic_us() */
	ProtobufCBinaryData message;
	size_t sent; /* bytes of it that curl has taken */
	/* The server's latest reply: "250-…" lines up to one without the hyphen. */
	unsigned code;
	bool complete;
	char reply[1024];
	size_t reply_size;
};

static size_t on_read(char *buffer, size_t size, size_t count, void *context)
{
	struct smtp *smtp = context;
	size_t room = size * count, left = smtp->message.len - smtp->sent;

	if (room > left)
		room = left;
	memcpy(buffer, smtp->message.data + smtp->sent, room);
	smtp->sent += room;
	return room;
}

static int on_progress(void *context, curl_off_t total_down, curl_off_t now_down,
	curl_off_t total_up, curl_off_t now_up)
{
	struct smtp *smtp = context;

	(void)total_down;
	(void)now_down;
	(void)total_up;
	(void)now_up;
	/* curl's own timeout does not cover the farewell. */
	return !stop_leaves_attempt(smtp->stop) || clock_monotonic_us() > smtp->end_us;
}

static bool is_reply(const char *line, size_t size)
{
	return size >= 3 && isdigit((unsigned char)line[0]) && isdigit((unsigned char)line[1]) &&
	       isdigit((unsigned char)line[2]) && (size == 3 || strchr(" -\r\n", line[3]) != NULL);
}

static void add_text(struct smtp *smtp, const char *text, size_t size)
{
	while (size && isspace((unsigned char)text[size - 1]))
		size--;
	if (smtp->reply_size && size && smtp->reply_size + 1 < sizeof(smtp->reply))
		smtp->reply[smtp->reply_size++] = ' ';
	if (size > sizeof(smtp->reply) - 1 - smtp->reply_size)
		size = sizeof(smtp->reply) - 1 - smtp->reply_size;
	memcpy(smtp->reply + smtp->reply_size, text, size);
	smtp->reply_size += size;
	smtp->reply[smtp->reply_size] = '\0';
}

/* curl hands on each line that the server says. */
static size_t on_line(char *line, size_t size, size_t count, void *context)
{
	struct smtp *smtp = context;
	size_t length = size * count;

	/* After a failure curl says QUIT, and the answer to that is not what went wrong. */
	if (!is_reply(line, length) || !strncmp(line, "221", 3))
		return length;
	if (smtp->complete)
		smtp->reply_size = 0;
	smtp->code = (unsigned)(line[0] - '0') * 100 + (unsigned)(line[1] - '0') * 10 +
		     (unsigned)(line[2] - '0');
	smtp->complete = length == 3 || line[3] != '-';
	if (length > 4)
		add_text(smtp, line + 4, length - 4);
	return length;
}

/* A failure of any of these is no memory: both strings and numbers are checked before. */
static bool set_options(struct smtp *smtp)
{
	const struct courier_config *config = smtp->config;
	CURL *curl = smtp->curl;
	bool good = true;

#define SET(option, value) good = good && curl_easy_setopt(curl, option, value) == CURLE_OK
	SET(CURLOPT_URL, config->smtp_url);
	SET(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	SET(CURLOPT_USE_SSL, config->tls_required ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_TRY);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (*config->username) {
		SET(CURLOPT_USERNAME, config->username);
		SET(CURLOPT_PASSWORD, config->password);
	}
	if (*config->ca_file) {
		SET(CURLOPT_CAINFO, config->ca_file);
		SET(CURLOPT_CAPATH, NULL);
	}
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)config->connect_timeout_ms);
	SET(CURLOPT_ERRORBUFFER, smtp->error);
	SET(CURLOPT_UPLOAD, 1L);
	SET(CURLOPT_READFUNCTION, on_read);
	SET(CURLOPT_READDATA, smtp);
	SET(CURLOPT_HEADERFUNCTION, on_line);
	SET(CURLOPT_HEADERDATA, smtp);
	SET(CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(CURLOPT_XFERINFODATA, smtp);
	SET(CURLOPT_NOPROGRESS, 0L);
#undef SET
	return good;
}

struct status smtp_new(
	const struct courier_config *config, const struct stop *stop, struct smtp **out)
{
	struct smtp *smtp = calloc(1, sizeof(*smtp));

	if (!smtp || curl_global_init(CURL_GLOBAL_DEFAULT))
		abort();
	smtp->config = config;
	smtp->stop = stop;
	smtp->curl = curl_easy_init();
	if (!smtp->curl || !set_options(smtp)) {
		smtp_free(smtp);
		return status_internal("libcurl does not start");
	}
	*out = smtp;
	return OK;
}

/* Ends the connection, if there is one. After a failure a reply may still be on its way, which
 * would be taken for the next mail's; and curl waits two minutes for the answer to its QUIT. */
static void hang_up(struct smtp *smtp)
{
	curl_socket_t socket = CURL_SOCKET_BAD;

	if (!curl_easy_getinfo(smtp->curl, CURLINFO_ACTIVESOCKET, &socket) &&
		socket != CURL_SOCKET_BAD)
		(void)shutdown(socket, SHUT_RDWR);
}

void smtp_free(struct smtp *smtp)
{
	if (!smtp)
		return;
	if (smtp->curl)
		hang_up(smtp);
	curl_easy_cleanup(smtp->curl);
	curl_global_cleanup();
	free(smtp);
}

/* "<address>": curl passes on whatever it is given, CR and LF included. */
MUST_USE static struct status bracket(struct arena *arena, const char *address, char **bracketed)
{
	const char *typed, *canonical;

	TRY(text_check_email(arena, "address", address, &typed, &canonical));
	if (strcmp(typed, address) != 0)
		return status_invalid("address", "INVALID_EMAIL", "an address has space around it");
	*bracketed = arena_printf(arena, "<%s>", address);
	return OK;
}

static void slist_free(struct curl_slist **list)
{
	curl_slist_free_all(*list);
}

/* The server's word if its last one was an error, else what went wrong between here and there.
 * */
static void tell_failure(const struct smtp *smtp, CURLcode code, struct attempt *attempt)
{
	bool refused = smtp->complete && smtp->code >= 400 && smtp->code <= 599;

	attempt->outcome = refused ? ATTEMPT_REFUSED : ATTEMPT_UNREACHABLE;
	attempt->smtp_code = refused ? smtp->code : 0;
	snprintf(attempt->text, sizeof(attempt->text), "%s",
		refused        ? smtp->reply
		: *smtp->error ? smtp->error
			       : curl_easy_strerror(code));
}

MUST_USE static struct status transfer(
	struct smtp *smtp, const queue_lease *lease, struct arena *arena, struct attempt *attempt)
{
	CLEANUP(slist_free) struct curl_slist *recipients = NULL;
	int64_t timeout_ms = smtp->config->timeout_ms;
	char *sender, *recipient;
	CURLcode code;

	TRY(bracket(arena, lease->sender, &sender));
	TRY(bracket(arena, lease->recipient, &recipient));
	recipients = curl_slist_append(NULL, recipient);
	if (lease->timeout_ms && lease->timeout_ms < timeout_ms)
		timeout_ms = lease->timeout_ms;
	smtp->end_us = clock_monotonic_us() + (timeout_ms + FAREWELL_MS) * US_PER_MS;
	smtp->message = lease->message;
	smtp->sent = smtp->reply_size = smtp->code = 0;
	smtp->complete = false;
	*smtp->error = *smtp->reply = '\0';
	if (!recipients || curl_easy_setopt(smtp->curl, CURLOPT_MAIL_FROM, sender) ||
		curl_easy_setopt(smtp->curl, CURLOPT_MAIL_RCPT, recipients) ||
		curl_easy_setopt(smtp->curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms) ||
		curl_easy_setopt(
			smtp->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)lease->message.len))
		return status_internal("no memory for an attempt");
	code = curl_easy_perform(smtp->curl);
	(void)curl_easy_setopt(smtp->curl, CURLOPT_MAIL_RCPT, NULL);
	*attempt = (struct attempt){ .outcome = ATTEMPT_ACCEPTED, .smtp_code = smtp->code };
	if (code) {
		tell_failure(smtp, code, attempt);
		hang_up(smtp);
	}
	return OK;
}

void smtp_send(struct smtp *smtp, const queue_lease *lease, struct attempt *attempt)
{
	struct arena arena;
	struct status status;

	arena_init(&arena);
	status = transfer(smtp, lease, &arena, attempt);
	if (status.code) {
		*attempt = (struct attempt){ .outcome = ATTEMPT_UNREACHABLE };
		snprintf(attempt->text, sizeof(attempt->text), "%s", status.failure->message);
	}
	arena_clear(&arena);
}
