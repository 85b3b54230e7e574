/* SPDX-License-Identifier: Apache-2.0 */
#include "support/story.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "domain/mail.h"
#include "google/rpc/error_details.pb-c.h"
#include "orgd/rpc/v1/rpc.pb-c.h"
#include "secret/password.h"
#include "service/admin_export.h"
#include "service/executor.h"
#include "service/helper.h"
#include "service/integrity.h"
#include "service/last_use.h"
#include "service/throttle.h"
#include "service/waiting.h"

#define ACCEPTED ORGD__V1__REPORT_DELIVERY_REQUEST__OUTCOME__OUTCOME_ACCEPTED
#define MAILS    ORGD__V1__LEASE_DELIVERIES_REQUEST__CHANNEL__CHANNEL_MAIL

enum { PEOPLE_MAX = 256, MAILS_MAX = 2048, COURIER_UID = 4711, OPERATOR_UID = 4710 };

static char password[] = "correct horse battery";

struct person {
	char *email, *id, *session;
};

struct mailing {
	char *recipient, *text;
};

struct story {
	struct arena arena;         /* requests' and responses' */
	pthread_mutex_t arena_lock; /* several threads may have calls at once: story_try_envelope */
	char directory[64], database[96], offset_file[96];
	bool spoiled;
	int64_t offset_us, late_us;
	struct clock clock;
	struct settings settings;
	struct keyring *keyring;
	struct mail_templates *templates;
	struct throttle *throttle;
	struct last_use *last_use;
	struct waiting *waiting;
	struct store *store;
	struct platform platform;
	struct executor *executor;
	struct person people[PEOPLE_MAX];
	size_t people_count;
	struct mailing mails[MAILS_MAX];
	size_t mail_count;
	unsigned request_ids;
};

/* An exchange without a socket: the thread that made it waits for the reply. */
struct local_exchange {
	struct exchange exchange;
	pthread_mutex_t lock;
	pthread_cond_t answered;
	uint8_t *room;
	size_t size;
	bool done;
};

static uint8_t *local_reserve(struct exchange *exchange, size_t size)
{
	struct local_exchange *local = CONTAINER_OF(exchange, struct local_exchange, exchange);

	free(local->room);
	local->room = malloc(size);
	return local->room;
}

static void local_send(struct exchange *exchange, size_t size)
{
	struct local_exchange *local = CONTAINER_OF(exchange, struct local_exchange, exchange);

	pthread_mutex_lock(&local->lock);
	local->size = size;
	local->done = true;
	pthread_cond_signal(&local->answered);
	pthread_mutex_unlock(&local->lock);
}

static void write_offset(struct story *story)
{
	FILE *file = fopen(story->offset_file, "w");

	cr_assert(file);
	fprintf(file, "%lld\n", (long long)(story->offset_us / US_PER_SECOND));
	fclose(file);
}

#define MUST(expression)                                                                           \
	do {                                                                                       \
		struct status must_ = (expression);                                                \
		cr_assert(!must_.code, "%s: %s", #expression, must_.failure->message);             \
	} while (0)

static void committed(void *context, uint64_t revision)
{
	struct story *story = context;

	if (story->executor)
		executor_committed(story->executor, revision);
}

static struct settings default_settings(void)
{
	return (struct settings){
		.platform_name = "the portal",
		.support_contact = "developer@example.com",
		.operators = { OPERATOR_UID },
		.operator_count = 1,
		.courier_uid = COURIER_UID,
		.mail = true,
		.mail_sender = "portal@portal.example",
		.mail_from = "Developer Portal",
		.join_url = "https://portal.example/join?token={token}",
		.verify_url = "https://portal.example/verify?token={token}",
		.reset_url = "https://portal.example/reset?token={token}",
		.portal_url = "https://portal.example/",
		.template_directory = TEMPLATE_DIRECTORY,
		.reverify_on_change = true,
		.reverify_grace_us = 14 * US_PER_DAY,
		.invitation_expiry_us = 7 * US_PER_DAY,
		.invitations_per_organization_per_day = 200,
		.invitations_per_recipient_per_day = 5,
		.account_mails_per_address_per_day = 10,
		.sign_in_failures_per_account = 10,
		.sign_in_failures_per_peer = 100,
		.crypto_threads = 2,
	};
}

/* Everything that ends with the process, over the store that is there. */
static void start(struct story *story)
{
	story->throttle = throttle_new();
	story->last_use = last_use_new();
	MUST(store_open(&(struct store_options){ .directory = story->database,
				.clock = &story->clock,
				.committed = committed,
				.context = story,
				.stale_for_tests = getenv("ORGD_STORY_STALE") != NULL },
		&story->store));
	story->platform = (struct platform){ .settings = &story->settings,
		.clock = &story->clock,
		.keyring = story->keyring,
		.store = story->store,
		.templates = story->templates,
		.throttle = story->throttle,
		.last_use = story->last_use,
		.waiting = story->waiting = waiting_new(),
		.helpers = helpers_new(&story->platform,
			getenv("ORGD_STORY_PROGRAM") ? getenv("ORGD_STORY_PROGRAM") : ORGD_PROGRAM),
		.exports = exports_new(&story->platform),
		.start_us = clock_now_us(&story->clock) };
	MUST(executor_start(
		&(struct executor_options){ .platform = &story->platform, .readers = 2 },
		&story->executor));
}

static void stop(struct story *story)
{
	helpers_stop(story->platform.helpers);
	executor_stop(story->executor);
	story->executor = NULL;
	exports_stop(story->platform.exports);
	exports_free(story->platform.exports);
	store_close(story->store);
	throttle_free(story->throttle);
	last_use_free(story->last_use);
	waiting_free(story->waiting);
	helpers_free(story->platform.helpers);
}

void story_spoil(struct story *story)
{
	story->spoiled = true;
}

static void fail_of_finding(void *context, const struct integrity_finding *finding)
{
	(void)context;
	cr_expect_fail("%s %s %s", finding->table, finding->key, finding->sentence);
}

/* Whatever happened in a story, all that it left fits together. */
static void expect_integrity(struct story *story)
{
	struct integrity_report report;

	if (!story->spoiled)
		MUST(integrity_check(story->store,
			&(struct integrity_listener){ .found = fail_of_finding }, &report));
}

struct story *story_begin(void)
{
	static const uint8_t master_key[MASTER_KEY_BYTES] = "a key for tests and nothing else";
	struct story *story = calloc(1, sizeof(*story));

	cr_assert(story);
	entropy_start();
	password_use_cheap_parameters_for_tests();
	arena_init(&story->arena);
	pthread_mutex_init(&story->arena_lock, NULL);
	snprintf(story->directory, sizeof(story->directory), "/tmp/orgd-story-XXXXXX");
	cr_assert(mkdtemp(story->directory));
	snprintf(story->offset_file, sizeof(story->offset_file), "%s/clock-offset",
		story->directory);
	snprintf(story->database, sizeof(story->database), "%s/db", story->directory);
	write_offset(story);
	story->clock.offset_file = story->offset_file;
	story->settings = default_settings();
	MUST(keyring_of(master_key, 1, &story->keyring));
	MUST(mail_templates_load(story->settings.template_directory, &story->templates));
	start(story);
	return story;
}

static void remove_directory(const char *directory)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf -- '%s'", directory);
	cr_assert_eq(system(command), 0);
}

void story_restart(struct story *story)
{
	stop(story);
	start(story);
}

void story_end(struct story *story)
{
	expect_integrity(story);
	stop(story);
	mail_templates_free(story->templates);
	keyring_close(story->keyring);
	remove_directory(story->directory);
	for (size_t i = 0; i < story->people_count; i++) {
		free(story->people[i].email);
		free(story->people[i].id);
		free(story->people[i].session);
	}
	for (size_t i = 0; i < story->mail_count; i++) {
		free(story->mails[i].recipient);
		free(story->mails[i].text);
	}
	arena_clear(&story->arena);
	pthread_mutex_destroy(&story->arena_lock);
	free(story);
}

struct settings *story_settings(struct story *story)
{
	return &story->settings;
}

struct store *story_store(struct story *story)
{
	return story->store;
}

void story_sweep(struct story *story)
{
	executor_sweep(story->executor);
}

void story_be_late(struct story *story, int64_t us)
{
	story->late_us = us;
}

void story_release(struct story *story)
{
	executor_release(story->executor);
}

void story_tick(struct story *story)
{
	executor_tick(story->executor);
}

void story_skip(struct story *story, int64_t us)
{
	story->offset_us += us;
	write_offset(story);
}

void story_advance(struct story *story, int64_t us)
{
	story_skip(story, us);
	story_sweep(story);
}

int64_t story_now_us(struct story *story)
{
	return clock_now_us(&story->clock);
}

static struct person *find_person(struct story *story, const char *email)
{
	for (size_t i = 0; i < story->people_count; i++)
		if (!strcmp(story->people[i].email, email))
			return &story->people[i];
	return NULL;
}

const char *story_authorization(struct story *story, const char *who)
{
	const struct person *person;

	if (!who)
		return "";
	if (!strcmp(who, "operator") || !strcmp(who, "courier"))
		return "Peer";
	if (!strncmp(who, "key:", 4))
		return arena_printf(&story->arena, "Bearer %s", who + 4);
	person = find_person(story, who);
	cr_assert(person, "nobody is called %s", who);
	return arena_printf(&story->arena, "Bearer %s", person->session);
}

static void read_metadata(struct outcome *outcome, const Google__Rpc__ErrorInfo *info)
{
	size_t used = 0;

	for (size_t i = 0; i < info->n_metadata; i++)
		used += (size_t)snprintf(outcome->metadata + used, sizeof(outcome->metadata) - used,
			"%s=%s;", info->metadata[i]->key, info->metadata[i]->value);
}

static void read_details(struct outcome *outcome, const Google__Rpc__Status *status)
{
	outcome->code = (enum status_code)status->code;
	snprintf(outcome->message, sizeof(outcome->message), "%s", status->message);
	for (size_t i = 0; i < status->n_details; i++) {
		const Google__Protobuf__Any *any = status->details[i];

		if (strstr(any->type_url, "ErrorInfo")) {
			Google__Rpc__ErrorInfo *info = google__rpc__error_info__unpack(
				NULL, any->value.len, any->value.data);

			snprintf(outcome->reason, sizeof(outcome->reason), "%s", info->reason);
			read_metadata(outcome, info);
			google__rpc__error_info__free_unpacked(info, NULL);
		} else if (strstr(any->type_url, "BadRequest")) {
			Google__Rpc__BadRequest *bad = google__rpc__bad_request__unpack(
				NULL, any->value.len, any->value.data);

			snprintf(outcome->field, sizeof(outcome->field), "%s",
				bad->field_violations[0]->field);
			google__rpc__bad_request__free_unpacked(bad, NULL);
		} else if (strstr(any->type_url, "Help")) {
			Google__Rpc__Help *help =
				google__rpc__help__unpack(NULL, any->value.len, any->value.data);

			snprintf(outcome->help, sizeof(outcome->help), "%s %s",
				help->links[0]->description, help->links[0]->url);
			google__rpc__help__free_unpacked(help, NULL);
		} else if (strstr(any->type_url, "RetryInfo")) {
			Google__Rpc__RetryInfo *retry = google__rpc__retry_info__unpack(
				NULL, any->value.len, any->value.data);

			outcome->retry_after_ms = retry->retry_delay->seconds * 1000 +
						  retry->retry_delay->nanos / 1000000;
			google__rpc__retry_info__free_unpacked(retry, NULL);
		}
	}
}

/* Hands the packed envelope to the executor and waits for the packed reply. */
static Orgd__Rpc__V1__Response *exchange(
	struct story *story, const Orgd__Rpc__V1__Request *envelope, uid_t uid)
{
	struct local_exchange *local = calloc(1, sizeof(*local));
	size_t size = orgd__rpc__v1__request__get_packed_size(envelope);
	Orgd__Rpc__V1__Response *response;
	uint8_t *packed;

	cr_assert(local);
	arena_init(&local->exchange.arena);
	pthread_mutex_init(&local->lock, NULL);
	pthread_cond_init(&local->answered, NULL);
	packed = arena_alloc(&local->exchange.arena, size + 1);
	orgd__rpc__v1__request__pack(envelope, packed);
	local->exchange.body = bytes_of(packed, size);
	local->exchange.peer = (struct peer){ .connection = 1, .local = true, .uid = uid };
	snprintf(local->exchange.peer.address, sizeof(local->exchange.peer.address), "ipc:uid=%u",
		uid);
	local->exchange.received_us = clock_monotonic_us() - story->late_us;
	local->exchange.reserve = local_reserve;
	local->exchange.send = local_send;
	executor_handle(story->executor, &local->exchange);

	pthread_mutex_lock(&local->lock);
	while (!local->done)
		pthread_cond_wait(&local->answered, &local->lock);
	pthread_mutex_unlock(&local->lock);
	pthread_mutex_lock(&story->arena_lock);
	arena_allow_trusted(&story->arena);
	response =
		orgd__rpc__v1__response__unpack(&story->arena.allocator, local->size, local->room);
	pthread_mutex_unlock(&story->arena_lock);
	cr_assert(response, "the reply is no Response");
	arena_clear(&local->exchange.arena);
	free(local->room);
	free(local);
	return response;
}

static const ProtobufCMessageDescriptor *response_descriptor(const char *path)
{
	size_t count;
	ProtobufCService *const *services = services_all(&count);

	for (size_t i = 0; i < count; i++) {
		const ProtobufCServiceDescriptor *service = services[i]->descriptor;
		size_t length = strlen(service->name);

		if (strncmp(path + 1, service->name, length) || path[1 + length] != '/')
			continue;
		return protobuf_c_service_descriptor_get_method_by_name(service, path + length + 2)
			->output;
	}
	cr_assert_fail("there is no method %s", path);
	return NULL;
}

static struct outcome try_as_uid(struct story *story, const char *method,
	const ProtobufCMessage *request, Orgd__Rpc__V1__Request *envelope, uid_t uid)
{
	struct outcome outcome = { 0 };
	Orgd__Rpc__V1__Response *response;
	size_t size = protobuf_c_message_get_packed_size(request);

	pthread_mutex_lock(&story->arena_lock);
	envelope->method =
		arena_printf(&story->arena, "%s%s", method[0] == '/' ? "" : "/orgd.v1.", method);
	envelope->payload.data = arena_alloc(&story->arena, size + 1);
	pthread_mutex_unlock(&story->arena_lock);
	envelope->payload.len = protobuf_c_message_pack(request, envelope->payload.data);
	response = exchange(story, envelope, uid);
	outcome.epoch = response->epoch;
	outcome.revision = response->revision;
	outcome.committed = response->committed;
	if (response->status && response->status->code) {
		read_details(&outcome, response->status);
		outcome.status = &response->status->base;
		return outcome;
	}
	pthread_mutex_lock(&story->arena_lock);
	outcome.payload = response->payload;
	outcome.response = protobuf_c_message_unpack(response_descriptor(envelope->method),
		&story->arena.allocator, response->payload.len, response->payload.data);
	pthread_mutex_unlock(&story->arena_lock);
	cr_assert(outcome.response, "the payload of %s is no response of its", method);
	return outcome;
}

struct outcome story_try_envelope(struct story *story, const char *method,
	const ProtobufCMessage *request, struct Orgd__Rpc__V1__Request *envelope)
{
	bool courier = strstr(method, "LeaseDeliveries") || strstr(method, "ReportDelivery");

	return try_as_uid(story, method, request, envelope, courier ? COURIER_UID : OPERATOR_UID);
}

struct outcome story_try_as(struct story *story, const char *who, const char *method,
	const ProtobufCMessage *request, const char *request_id)
{
	Orgd__Rpc__V1__Request envelope = ORGD__RPC__V1__REQUEST__INIT;

	envelope.authorization = arena_strdup(&story->arena, story_authorization(story, who));
	envelope.request_id = arena_strdup(&story->arena, request_id);
	return try_as_uid(story, method, request, &envelope,
		who && !strcmp(who, "courier") ? COURIER_UID : OPERATOR_UID);
}

struct outcome story_try(
	struct story *story, const char *who, const char *method, const ProtobufCMessage *request)
{
	return story_try_as(story, who, method, request,
		arena_printf(&story->arena, "request-%012u", ++story->request_ids));
}

const ProtobufCMessage *story_call(
	struct story *story, const char *who, const char *method, const ProtobufCMessage *request)
{
	struct outcome outcome = story_try(story, who, method, request);

	cr_assert(!outcome.code, "%s: %s %s: %s (field \"%s\")", method,
		status_code_name(outcome.code), outcome.reason, outcome.message, outcome.field);
	return outcome.response;
}

void expect_refused(struct story *story, const char *who, const char *method,
	const ProtobufCMessage *request, enum status_code code, const char *reason)
{
	struct outcome outcome = story_try(story, who, method, request);

	cr_assert(outcome.code == code && !strcmp(outcome.reason, reason),
		"%s: %s %s (%s), not %s %s", method, status_code_name(outcome.code), outcome.reason,
		outcome.message, status_code_name(code), reason);
}

void story_person(struct story *story, const char *email, const char *name)
{
	struct person *person = &story->people[story->people_count];
	const Orgd__V1__SignInResponse *session;
	char *token;

	cr_assert(story->people_count < PEOPLE_MAX && !find_person(story, email));
	ASK(story, NULL, UserService, SignUp, sign_up, .email = email, .password = password,
		.display_name = name);
	token = arena_strdup(&story->arena, story_mail_token(story, email));
	ASK(story, NULL, UserService, VerifyEmail, verify_email, .token = token);
	session = ASK(
		story, NULL, SessionService, SignIn, sign_in, .email = email, .password = password);
	*person = (struct person){ strdup(email), strdup(session->user->id),
		strdup(session->session_token) };
	story->people_count++;
}

const char *story_id(struct story *story, const char *email)
{
	const struct person *person = find_person(story, email);

	cr_assert(person, "nobody is called %s", email);
	return person->id;
}

const char *story_organization(struct story *story, const char *owner_email, const char *handle)
{
	Orgd__V1__Organization organization = ORGD__V1__ORGANIZATION__INIT;
	const Orgd__V1__CreateOrganizationResponse *created;

	if (!find_person(story, owner_email))
		story_person(story, owner_email, "The Owner");
	organization.handle = handle;
	organization.display_name = handle;
	organization.legal_name = handle;
	organization.website = "https://example.com/";
	organization.country = "DE";
	organization.intended_use = "To read the documents.";
	created = ASK(story, owner_email, OrganizationService, CreateOrganization,
		create_organization, .organization = &organization);
	ASK(story, "operator", VerificationService, VerifyOrganization, verify_organization,
		.organization_id = created->organization->id);
	return created->organization->id;
}

void story_join(
	struct story *story, const char *organization_id, const char *email, Orgd__V1__Role role)
{
	if (!find_person(story, email))
		story_person(story, email, "A Colleague");
	ASK(story, "operator", InvitationService, CreateInvitation, create_invitation,
		.organization_id = organization_id, .email = email, .role = role);
	ASK(story, email, InvitationService, AcceptInvitation, accept_invitation,
		.token = arena_strdup(&story->arena, story_mail_token(story, email)));
}

static void keep_mail(struct story *story, const Orgd__V1__LeaseDeliveriesResponse__Lease *lease)
{
	struct mailing *mail = &story->mails[story->mail_count++];

	cr_assert(story->mail_count < MAILS_MAX);
	mail->recipient = strdup(lease->recipient);
	mail->text = strndup((const char *)lease->message.data, lease->message.len);
}

static void lease_mails(struct story *story)
{
	const Orgd__V1__LeaseDeliveriesResponse *leased;

	do {
		leased = ASK(story, "courier", DeliveryService, LeaseDeliveries, lease_deliveries,
			.channel = MAILS);
		for (size_t i = 0; i < leased->n_leases; i++) {
			const Orgd__V1__LeaseDeliveriesResponse__Lease *lease = leased->leases[i];

			keep_mail(story, lease);
			ASK(story, "courier", DeliveryService, ReportDelivery, report_delivery,
				.delivery_id = lease->delivery_id,
				.lease_token = lease->lease_token, .outcome = ACCEPTED,
				.smtp_code = 250);
		}
	} while (leased->n_leases);
}

const char *story_mail_text(struct story *story, const char *email)
{
	lease_mails(story);
	for (size_t i = story->mail_count; i-- > 0;)
		if (!strcmp(story->mails[i].recipient, email))
			return story->mails[i].text;
	return NULL;
}

size_t story_mail_count(struct story *story, const char *email)
{
	size_t count = 0;

	lease_mails(story);
	for (size_t i = 0; i < story->mail_count; i++)
		count += !strcmp(story->mails[i].recipient, email);
	return count;
}
