/* SPDX-License-Identifier: Apache-2.0 */
#include "org_client.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "internal.h"

static bool begins_with(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

char *authorization_make(const char *credential)
{
	static const char bearer[] = "Bearer ";
	char *authorization;

	if (credential[0] == '\0' || strcmp(credential, "Peer") == 0 ||
		begins_with(credential, bearer))
		return strdup(credential);
	authorization = malloc(sizeof(bearer) + strlen(credential));
	if (authorization)
		strcpy(stpcpy(authorization, bearer), credential);
	return authorization;
}

/* --- request ids --- */

void random_fill(void *bytes, size_t size)
{
	/* Cannot fail or be short for so few bytes once the system is up. */
	while (getrandom(bytes, size, 0) < 0 && errno == EINTR)
		;
}

static void request_id_write(char id[ORG_REQUEST_ID_BYTES], uint64_t high, uint64_t low)
{
	snprintf(id, ORG_REQUEST_ID_BYTES, "%016" PRIx64 "%016" PRIx64, high, low);
}

void org_request_id_make(char id[ORG_REQUEST_ID_BYTES])
{
	uint64_t numbers[2];

	random_fill(numbers, sizeof(numbers));
	request_id_write(id, numbers[0], numbers[1]);
}

/* Counted on from a random beginning of the client's: asking the system each time costs more than
 * all the rest. */
void client_make_request_id(struct org_client *client, char id[ORG_REQUEST_ID_BYTES])
{
	request_id_write(id, client->request_ids[0],
		client->request_ids[1] + atomic_fetch_add(&client->request_id, 1));
}

/* --- forks --- */

static unsigned generation;

static void on_fork(void)
{
	generation++;
}

static void watch_forks(void)
{
	pthread_atfork(NULL, NULL, on_fork);
}

bool client_is_forked(const struct org_client *client)
{
	return client->generation != generation;
}

/* --- to open and close --- */

static uint32_t or_default(uint32_t value, uint32_t standard)
{
	return value == 0 ? standard : value;
}

static enum org_code fail_url(struct org_status *status, const char *url)
{
	return org_status_fail(status, ORG_INVALID_ARGUMENT, "URL_MALFORMED",
		"%s is not the address of an orgd: use ipc:///path or tcp://host:port.", url);
}

static bool client_fill(
	struct org_client *client, const char *url, const struct org_client_options *options)
{
	client->timeout_ms = or_default(options->timeout_ms, ORG_TIMEOUT_MS);
	client->connect_timeout_ms =
		or_default(options->connect_timeout_ms, ORG_CONNECT_TIMEOUT_MS);
	client->tries_max = options->tries_max;
	client->read_your_writes = options->read_your_writes;
	client->url = strdup(url);
	client->authorization =
		authorization_make(options->authorization ? options->authorization : "");
	client->on_behalf_of = strdup(options->on_behalf_of ? options->on_behalf_of : "");
	return client->url && client->authorization && client->on_behalf_of;
}

void client_free(struct org_client *client)
{
	traffic_clear(&client->traffic);
	if (client->authorization)
		explicit_bzero(client->authorization, strlen(client->authorization));
	free(client->authorization);
	free(client->on_behalf_of);
	free(client->url);
	free(client);
}

enum org_code org_client_open(const char *url, const struct org_client_options *options,
	struct org_client **result, struct org_status *status)
{
	static const struct org_client_options standard;
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct org_status unused;
	struct org_client *client;
	enum org_code code = ORG_OK;

	url = url ? url : ORG_URL_DEFAULT;
	options = options ? options : &standard;
	status = status ? status : &unused;
	*status = (struct org_status){ .code = ORG_OK };
	*result = NULL;
	client = calloc(1, sizeof(*client));
	if (!client)
		return org_status_fail_memory(status);
	pthread_once(&once, watch_forks);
	client->generation = generation;
	random_fill(client->request_ids, sizeof(client->request_ids));
	if (!traffic_init(&client->traffic))
		code = org_status_fail(status, ORG_INTERNAL, "CLIENT_FAILED",
			"Cannot make a client of %s: %s.", url, strerrordesc_np(errno));
	else if (!client_fill(client, url, options))
		code = org_status_fail_memory(status);
	else if (!connection_init(&client->traffic.connection, client->url))
		code = fail_url(status, url);
	if (code == ORG_OK)
		*result = client;
	else
		client_free(client);
	return code;
}

void org_client_close(struct org_client *client)
{
	if (client && !client_is_forked(client) && traffic_close(client))
		client_free(client);
}
