/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "org_client.h"
#include "secret/base64.h"

static char email[] = "ada@example.com", password[] = "correct horse battery";
char daemon_document_title[] = "A document of the benchmark";

static FILE *create(const struct daemon *daemon, const char *name)
{
	char path[sizeof(daemon->directory) + 32];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", daemon->directory, name);
	file = fopen(path, "w");
	if (!file)
		err(1, "%s", path);
	return file;
}

static void configure(const struct daemon *daemon)
{
	FILE *file = create(daemon, "master.key");
	uint8_t key[32];

	if (getrandom(key, sizeof(key), 0) != sizeof(key) || fwrite(key, sizeof(key), 1, file) != 1)
		err(1, "a master key");
	fclose(file);
	file = create(daemon, "orgd.conf");
	fprintf(file,
		"state_directory = \"%1$s\"\n"
		"master_key_file = \"%1$s/master.key\"\n"
		"listen { ipc = \"%2$s\" }\n"
		"platform {\n"
		"	portal_url = \"https://portal.example/\"\n"
		"	courier = \"%3$u\"\n"
		"}\n"
		"mail {\n"
		"	sender = \"portal@portal.example\"\n"
		"	join_url = \"https://portal.example/join?token={token}\"\n"
		"	verify_url = \"https://portal.example/verify?token={token}\"\n"
		"	reset_url = \"https://portal.example/reset?token={token}\"\n"
		"	template_directory = \"" TEMPLATE_DIRECTORY "\"\n"
		"}\n",
		daemon->directory, daemon->socket_path, (unsigned)geteuid());
	if (fclose(file))
		err(1, "a configuration");
}

__attribute__((noreturn)) static void execute(const struct daemon *daemon, const char *executable)
{
	char path[sizeof(daemon->directory) + 32];
	int log;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(path, sizeof(path), "%s/orgd.log", daemon->directory);
	log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (log < 0 || dup2(log, STDERR_FILENO) < 0)
		err(1, "%s", path);
	snprintf(path, sizeof(path), "%s/orgd.conf", daemon->directory);
	execl(executable, executable, "--config", path, (char *)NULL);
	err(1, "%s", executable);
}

void daemon_start(struct daemon *daemon, const char *executable, const char *parent)
{
	char made[sizeof(daemon->directory)];

	snprintf(made, sizeof(made), "%s/orgd-bench-XXXXXX", parent);
	if (!mkdtemp(made) || !realpath(made, daemon->directory))
		err(1, "%s", made);
	if ((size_t)snprintf(daemon->socket_path, sizeof(daemon->socket_path), "%s/orgd.sock",
		    daemon->directory) >= sizeof(daemon->socket_path))
		errx(1, "%s is too long for a socket in it", daemon->directory);
	snprintf(daemon->url, sizeof(daemon->url), "ipc://%s", daemon->socket_path);
	configure(daemon);
	daemon->pid = fork();
	if (daemon->pid < 0)
		err(1, "a process for orgd");
	if (!daemon->pid)
		execute(daemon, executable);
	while (access(daemon->socket_path, F_OK)) {
		if (waitpid(daemon->pid, NULL, WNOHANG))
			errx(1, "orgd ended; see %s/orgd.log", daemon->directory);
		nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	}
}

static struct org_client *client_of(const struct daemon *daemon, const char *authorization)
{
	struct org_client_options options = { .authorization = authorization };
	struct org_client *client;
	struct org_status status;

	if (org_client_open(daemon->url, &options, &client, &status))
		errx(1, "%s", status.message);
	return client;
}

#define CALL(client, service, method, request, response)                                           \
	do {                                                                                       \
		struct org_status status_;                                                         \
                                                                                                   \
		if (ORG_CALL(client, service, method, request, NULL, response, &status_))          \
			errx(1, #method ": %s", status_.message);                                  \
	} while (0)

static void sign_up(struct org_client *client)
{
	Orgd__V1__SignUpRequest request = ORGD__V1__SIGN_UP_REQUEST__INIT;
	Orgd__V1__SignUpResponse *response;
	char name[] = "Ada";

	request.email = email;
	request.password = password;
	request.display_name = name;
	CALL(client, user_service, sign_up, &request, &response);
	org_message_free(response);
}

/* The token in a mail's text, which is base64 in lines. */
static char *token_in(struct arena *arena, const char *mail)
{
	static const char mark[] = "token=";
	const char *part = strstr(mail, "Content-Type: text/plain"), *end;
	struct bytes text;
	size_t size = 0;
	char *digits, *token = NULL;

	part = part ? strstr(part, "\r\n\r\n") : NULL;
	end = part ? strstr(part, "\r\n--") : NULL;
	if (!end)
		errx(1, "a mail without text");
	digits = arena_zalloc(arena, (size_t)(end - part) + 1);
	for (; part < end; part++)
		if (!strchr("\r\n=", *part))
			digits[size++] = *part == '+' ? '-' : *part == '/' ? '_' : *part;
	if (base64_decode(arena, digits, &text))
		token = strstr(arena_strndup(arena, (const char *)text.data, text.size), mark);
	if (!token)
		errx(1, "a mail without a link");
	token += strlen(mark);
	token[strcspn(token, " \r\n")] = '\0';
	return token;
}

/* Proves the address by the only mail there is. */
static void verify_email(struct daemon *daemon, struct org_client *client)
{
	Orgd__V1__LeaseDeliveriesRequest lease = ORGD__V1__LEASE_DELIVERIES_REQUEST__INIT;
	Orgd__V1__LeaseDeliveriesResponse *leased;
	Orgd__V1__VerifyEmailRequest verify = ORGD__V1__VERIFY_EMAIL_REQUEST__INIT;
	Orgd__V1__VerifyEmailResponse *verified;
	struct arena arena;

	arena_init(&arena);
	CALL(client, delivery_service, lease_deliveries, &lease, &leased);
	if (leased->n_leases != 1)
		errx(1, "%zu mails instead of one", leased->n_leases);
	verify.token = token_in(
		&arena, arena_strndup(&arena, (const char *)leased->leases[0]->message.data,
				leased->leases[0]->message.len));
	CALL(client, user_service, verify_email, &verify, &verified);
	snprintf(daemon->user_id, sizeof(daemon->user_id), "%s", verified->user->id);
	org_message_free(verified);
	org_message_free(leased);
	arena_clear(&arena);
}

static Orgd__V1__CreateOrganizationResponse *create_organization(
	struct daemon *daemon, struct org_client *client)
{
	Orgd__V1__Organization organization = ORGD__V1__ORGANIZATION__INIT;
	Orgd__V1__CreateOrganizationRequest create = ORGD__V1__CREATE_ORGANIZATION_REQUEST__INIT;
	Orgd__V1__CreateOrganizationResponse *created;
	Orgd__V1__VerifyOrganizationRequest verify = ORGD__V1__VERIFY_ORGANIZATION_REQUEST__INIT;
	Orgd__V1__VerifyOrganizationResponse *verified;
	char handle[] = "acme", country[] = "DE", website[] = "https://example.com/";

	organization.handle = organization.display_name = organization.legal_name = handle;
	organization.country = country;
	organization.website = website;
	create.organization = &organization;
	create.owner_user_id = daemon->user_id;
	CALL(client, organization_service, create_organization, &create, &created);
	verify.organization_id = created->organization->id;
	CALL(client, verification_service, verify_organization, &verify, &verified);
	org_message_free(verified);
	return created;
}

uint64_t daemon_create_document(struct daemon *daemon)
{
	struct org_client *client = client_of(daemon, daemon->authorization);
	Orgd__V1__Document document = ORGD__V1__DOCUMENT__INIT;
	Orgd__V1__CreateDocumentRequest request = ORGD__V1__CREATE_DOCUMENT_REQUEST__INIT;
	Orgd__V1__CreateDocumentResponse *response;
	struct org_status status;

	document.title = document.locator = daemon_document_title;
	request.document = &document;
	if (ORG_CALL(client, document_service, create_document, &request, NULL, &response, &status))
		errx(1, "create_document: %s", status.message);
	snprintf(daemon->document_id, sizeof(daemon->document_id), "%s", response->document->id);
	org_message_free(response);
	org_client_close(client);
	return status.revision;
}

static void grant(struct daemon *daemon, struct org_client *client, char *organization_id)
{
	Orgd__V1__Grant grant = ORGD__V1__GRANT__INIT;
	Orgd__V1__CreateGrantRequest request = ORGD__V1__CREATE_GRANT_REQUEST__INIT;
	Orgd__V1__CreateGrantResponse *response;

	grant.organization_id = organization_id;
	grant.resource_case = ORGD__V1__GRANT__RESOURCE_DOCUMENT_ID;
	grant.document_id = daemon->document_id;
	grant.permission = ORGD__V1__PERMISSION__PERMISSION_READ;
	request.grant = &grant;
	CALL(client, document_service, create_grant, &request, &response);
	org_message_free(response);
}

static void create_key(struct daemon *daemon, struct org_client *client)
{
	Orgd__V1__ApiKey key = ORGD__V1__API_KEY__INIT;
	Orgd__V1__CreateApiKeyRequest request = ORGD__V1__CREATE_API_KEY_REQUEST__INIT;
	Orgd__V1__CreateApiKeyResponse *response;
	char name[] = "bench", check[] = "check", documents[] = "documents";
	char *scopes[] = { check, documents };

	key.display_name = name;
	key.scopes = scopes;
	key.n_scopes = 2;
	request.api_key = &key;
	CALL(client, api_key_service, create_api_key, &request, &response);
	snprintf(daemon->authorization, sizeof(daemon->authorization), "Bearer %s",
		response->secret);
	org_message_free(response);
}

void daemon_populate(struct daemon *daemon)
{
	struct org_client *client = client_of(daemon, "Peer");
	Orgd__V1__CreateOrganizationResponse *created;

	sign_up(client);
	verify_email(daemon, client);
	created = create_organization(daemon, client);
	create_key(daemon, client);
	(void)daemon_create_document(daemon);
	grant(daemon, client, created->organization->id);
	org_message_free(created);
	org_client_close(client);
}

void daemon_commits(const struct daemon *daemon, uint64_t *mutations, uint64_t *commits)
{
	struct org_client *client = client_of(daemon, "Peer");
	Orgd__V1__GetStatusRequest request = ORGD__V1__GET_STATUS_REQUEST__INIT;
	Orgd__V1__GetStatusResponse *response;

	CALL(client, admin_service, get_status, &request, &response);
	*mutations = response->mutations;
	*commits = response->commits;
	org_message_free(response);
	org_client_close(client);
}

static int remove_entry(const char *path, const struct stat *stat, int type, struct FTW *place)
{
	(void)stat;
	(void)type;
	(void)place;
	return remove(path);
}

void daemon_stop(struct daemon *daemon)
{
	int how;

	kill(daemon->pid, SIGTERM);
	while (waitpid(daemon->pid, &how, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(how) || WEXITSTATUS(how))
		errx(1, "orgd ended badly; see %s/orgd.log", daemon->directory);
	if (nftw(daemon->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS))
		warn("%s", daemon->directory);
}
