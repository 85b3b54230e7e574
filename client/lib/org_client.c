/* SPDX-License-Identifier: Apache-2.0 */
#include "org_client.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static uint32_t or_default(uint32_t value, uint32_t standard)
{
	return value == 0 ? standard : value;
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
	pthread_mutex_init(&client->seen_lock, NULL);
	return client->url && client->authorization && client->on_behalf_of;
}

static void client_free(struct org_client *client)
{
	if (client->authorization)
		explicit_bzero(client->authorization, strlen(client->authorization));
	free(client->authorization);
	free(client->on_behalf_of);
	free(client->url);
	pthread_mutex_destroy(&client->seen_lock);
	free(client);
}

static enum org_code client_connect(struct org_client *client, struct org_status *status)
{
	int error = connection_open(&client->connection, client->url);

	switch (error) {
	case 0:
		return ORG_OK;
	case NNG_EINVAL:
	case NNG_EADDRINVAL:
		return status_fail(status, ORG_INVALID_ARGUMENT, "URL_MALFORMED",
			"%s is not the address of an orgd: use ipc:///path or tcp://host:port.",
			client->url);
	default:
		return status_fail(status, ORG_INTERNAL, "CLIENT_FAILED",
			"Cannot make a client of %s: %s.", client->url, nng_strerror(error));
	}
}

enum org_code org_client_open(const char *url, const struct org_client_options *options,
	struct org_client **result, struct org_status *status)
{
	static const struct org_client_options standard;
	struct org_status unused;
	struct org_client *client;
	enum org_code code;

	url = url ? url : ORG_URL_DEFAULT;
	options = options ? options : &standard;
	status = status ? status : &unused;
	*status = (struct org_status){ .code = ORG_OK };
	*result = NULL;
	if (!begins_with(url, "ipc://") && !begins_with(url, "tcp://"))
		return status_fail(status, ORG_INVALID_ARGUMENT, "URL_MALFORMED",
			"%s is not the address of an orgd: use ipc:///path or tcp://host:port.",
			url);
	client = calloc(1, sizeof(*client));
	if (!client)
		return status_fail(status, ORG_INTERNAL, "CLIENT_FAILED", "Out of memory.");
	code = client_fill(client, url, options)
		       ? client_connect(client, status)
		       : status_fail(status, ORG_INTERNAL, "CLIENT_FAILED", "Out of memory.");
	if (code == ORG_OK)
		*result = client;
	else
		client_free(client);
	return code;
}

void org_client_close(struct org_client *client)
{
	if (!client || client->connection.pid != getpid())
		return;
	connection_close(&client->connection);
	client_free(client);
}
