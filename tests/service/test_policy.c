/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "account_expect.h"
#include "base/arena.h"
#include "document_story.h"
#include "service/executor.h"
#include "support/policy_table.h"

/*
 * Every kind of caller calls every method of a whole daemon. A request names what the world
 * holds and is otherwise as empty as can be, so that whoever may call is told what else is
 * missing, and nothing changes; who may not is denied before anybody looks at the rest.
 */

struct world {
	struct story *s;
	const char *organization, *victim; /* a plain member, whom requests are about */
	const char *webhook;
	const char *caller;              /* as stories name them */
	const char *on_behalf_of, *self; /* user ids; NULL for none */
};

/* The requests', until the world ends. */
static struct arena arena;

static void end_world(struct world *w)
{
	story_end(w->s);
	arena_clear(&arena);
}

static const char *key_of(struct story *s, const char *scopes)
{
	Orgd__V1__ApiKey key = ORGD__V1__API_KEY__INIT;
	static char who[128], words[128];
	char *list[8];

	snprintf(words, sizeof(words), "%s", scopes);
	key.display_name = "A Service";
	key.scopes = list;
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		list[key.n_scopes++] = word;
	snprintf(who, sizeof(who), "key:%s",
		ASK(s, "operator", ApiKeyService, CreateApiKey, create_api_key, .api_key = &key)
			->secret);
	return who;
}

static const char *webhook_of(struct world *w)
{
	Orgd__V1__Webhook webhook = ORGD__V1__WEBHOOK__INIT;

	webhook.url = "https://hooks.example.com/";
	return ASK(w->s, "operator", WebhookService, CreateWebhook, create_webhook,
		.organization_id = w->organization, .webhook = &webhook)
		->webhook->id;
}

/* Whoever wears that hat in this world, by e-mail. */
static const char *person_called(struct world *w, const char *name)
{
	static const struct {
		const char *name, *email;
		Orgd__V1__Role role;
	} people[] = {
		{ "outsider", "eve@example.com", ANY },
		{ "self", "eve@example.com", ANY },
		{ "member", "cyd@example.com", MEMBER },
		{ "admin", "bob@example.com", ADMIN },
		{ "owner", "ada@example.com", OWNER },
		{ "reviewer", "rita@example.com", ANY },
		{ "platform", "pia@example.com", ANY },
	};
	Orgd__V1__PlatformRole platform_role =
		!strcmp(name, "reviewer") ? ORGD__V1__PLATFORM_ROLE__PLATFORM_ROLE_REVIEWER
					  : ORGD__V1__PLATFORM_ROLE__PLATFORM_ROLE_PLATFORM_ADMIN;

	for (size_t i = 0; i < COUNT_OF(people); i++) {
		if (strcmp(people[i].name, name))
			continue;
		if (people[i].role == ANY)
			story_person(w->s, people[i].email, "Somebody");
		else if (people[i].role != OWNER)
			story_join(w->s, w->organization, people[i].email, people[i].role);
		if (!strcmp(name, "reviewer") || !strcmp(name, "platform"))
			ASK(w->s, "operator", UserService, SetPlatformRoles, set_platform_roles,
				.user_id = story_id(w->s, people[i].email), .n_platform_roles = 1,
				.platform_roles = &platform_role);
		return people[i].email;
	}
	cr_assert_fail("nobody is called %s", name);
	return NULL;
}

static struct world world_for(const char *caller)
{
	struct world w = { .s = story_begin() };
	const char *colon = strchr(caller, ':');

	arena_init(&arena);
	w.organization = story_organization(w.s, "ada@example.com", "acme");
	story_join(w.s, w.organization, "vic@example.com", MEMBER);
	w.victim = story_id(w.s, "vic@example.com");
	w.webhook = webhook_of(&w);
	if (!strcmp(caller, "anyone"))
		return w;
	if (!strcmp(caller, "operator") || !strcmp(caller, "courier")) {
		w.caller = caller;
		return w;
	}
	if (!strncmp(caller, "key:", 4)) {
		w.caller = key_of(w.s, colon + 1);
		return w;
	}
	w.caller = person_called(&w, colon ? colon + 1 : caller);
	if (!strcmp(colon ? colon + 1 : caller, "self"))
		w.self = story_id(w.s, w.caller);
	if (colon) {
		w.on_behalf_of = story_id(w.s, w.caller);
		w.caller = key_of(w.s,
			caller[2] == '+' ? "act check documents events organizations.read" : "act");
	}
	return w;
}

static const char *fill_string(struct world *w, const char *message, const char *field)
{
	static const struct {
		const char *field, *prefix;
	} nothing[] = {
		{ "document_id", "doc" },
		{ "collection_id", "col" },
		{ "grant_id", "grt" },
		{ "invitation_id", "inv" },
		{ "delivery_id", "dlv" },
		{ "api_key_id", "key" },
		{ "session_id", "ses" },
		{ "event_id", "evt" },
	};
	bool is_id = !strcmp(field, "id");

	if (!strcmp(field, "organization_id") || (is_id && !strcmp(message, "Organization")))
		return w->organization;
	if (!strcmp(field, "user_id") || (is_id && !strcmp(message, "User")))
		return w->self ? w->self : w->victim;
	if (!strcmp(field, "webhook_id") || (is_id && !strcmp(message, "Webhook")))
		return w->webhook;
	for (size_t i = 0; i < COUNT_OF(nothing); i++)
		if (!strcmp(field, nothing[i].field))
			return no_such(nothing[i].prefix);
	if (is_id && !strcmp(message, "Document"))
		return no_such("doc");
	if (is_id && !strcmp(message, "Collection"))
		return no_such("col");
	return "";
}

static ProtobufCMessage *fill(struct world *w, const ProtobufCMessageDescriptor *descriptor);

/* One field of a request: ids, messages that hold ids, of a choice the first. */
static void fill_field(
	struct world *w, ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	char *base = (char *)message;
	void *value = base + field->offset;

	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
		uint32_t *chosen = (uint32_t *)(void *)(base + field->quantifier_offset);

		if (*chosen)
			return;
		*chosen = field->id;
	}
	if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		if (field->type != PROTOBUF_C_TYPE_MESSAGE || strcmp(field->name, "checks"))
			return;
		*(size_t *)(void *)(base + field->quantifier_offset) = 1;
		*(ProtobufCMessage ***)value = ARENA_NEW(&arena, ProtobufCMessage *);
		**(ProtobufCMessage ***)value = fill(w, field->descriptor);
	} else if (field->type == PROTOBUF_C_TYPE_STRING) {
		*(char **)value = (char *)(uintptr_t)fill_string(
			w, message->descriptor->short_name, field->name);
	} else if (field->type == PROTOBUF_C_TYPE_MESSAGE &&
		   (!strcmp(field->name, "user") || !strcmp(field->name, "organization") ||
			   !strcmp(field->name, "document") || !strcmp(field->name, "collection") ||
			   !strcmp(field->name, "grant") || !strcmp(field->name, "webhook"))) {
		*(ProtobufCMessage **)value = fill(w, field->descriptor);
	} else if (!strcmp(field->name, "from_revision")) {
		/* WatchEvents waits for nothing. */
		*(uint64_t *)value = 1;
	}
}

static ProtobufCMessage *fill(struct world *w, const ProtobufCMessageDescriptor *descriptor)
{
	ProtobufCMessage *message = arena_zalloc(&arena, descriptor->sizeof_message);

	descriptor->message_init(message);
	for (unsigned i = 0; i < descriptor->n_fields; i++)
		fill_field(w, message, &descriptor->fields[i]);
	return message;
}

static struct outcome call(struct world *w, const char *path, const ProtobufCMessage *request)
{
	return w->on_behalf_of ? try_on_behalf(w->s, w->caller, w->on_behalf_of, path, request)
			       : story_try(w->s, w->caller, path, request);
}

static bool is_denied(const struct outcome *outcome)
{
	return outcome->code == STATUS_PERMISSION_DENIED ||
	       (outcome->code == STATUS_UNAUTHENTICATED &&
		       !strcmp(outcome->reason, "CREDENTIAL_REQUIRED"));
}

/* What would end the walk for the methods after it: those come last, in this order. */
static const char *const enders[] = { "DeleteWebhook", "DisableUser", "EraseUser", "RemoveMember",
	"LeaveOrganization", "SuspendOrganization", "DeleteOrganization", "RevokeSession",
	"SignOut" };

static size_t ender(const char *method)
{
	size_t i;

	for (i = 0; i < COUNT_OF(enders) && strcmp(enders[i], method); i++)
		;
	return i;
}

#define SESSIONS "outsider self member admin owner reviewer platform"

/* Two requests name nobody: whoever calls is the one they are about. */
static bool is_of_oneself(const ProtobufCMethodDescriptor *method)
{
	return !strcmp(method->name, "ChangePassword") || !strcmp(method->name, "SignOut");
}

static void walk_method(struct world *w, const char *caller,
	const ProtobufCServiceDescriptor *service, const ProtobufCMethodDescriptor *method)
{
	bool ours = !strncmp(service->name, "orgd.v1.", 8);
	char path[128], name[128];
	struct outcome outcome;
	bool expected;

	snprintf(path, sizeof(path), "/%s/%s", service->name, method->name);
	snprintf(name, sizeof(name), "%s/%s", ours ? service->name + 8 : service->name,
		method->name);
	expected =
		holds(who_may(name), caller) || (is_of_oneself(method) && holds(SESSIONS, caller));
	outcome = call(w, path, fill(w, method->input));
	cr_expect_eq(!is_denied(&outcome), expected, "%s by %s: %s %s (%s)", name, caller,
		status_code_name((int)outcome.code), outcome.reason, outcome.message);
	if (expected)
		return;
	if (!strcmp(caller, "anyone"))
		cr_expect_str_eq(outcome.reason, "CREDENTIAL_REQUIRED");
	else if (!strncmp(caller, "as", 2))
		cr_expect(!strcmp(outcome.reason, "PERMISSION_DENIED") ||
			  !strcmp(outcome.reason, "ON_BEHALF_NOT_ALLOWED"));
	else
		cr_expect_str_eq(outcome.reason, "PERMISSION_DENIED");
}

static void walk(const char *caller)
{
	struct world w = world_for(caller);
	size_t count;
	ProtobufCService *const *services = services_all(&count);

	for (size_t turn = 0; turn <= COUNT_OF(enders); turn++)
		for (size_t i = 0; i < count; i++)
			for (unsigned m = 0; m < services[i]->descriptor->n_methods; m++) {
				const ProtobufCMethodDescriptor *method =
					&services[i]->descriptor->methods[m];

				if ((ender(method->name) + 1) % (COUNT_OF(enders) + 1) == turn)
					walk_method(&w, caller, services[i]->descriptor, method);
			}
	end_world(&w);
}

Test(policy, who_calls_without_a_credential_or_by_uid_may_what_the_table_says, .timeout = 120)
{
	walk("anyone");
	walk("operator");
	walk("courier");
}

Test(policy, a_user_may_what_the_table_says, .timeout = 120)
{
	static const char *const users[] = { "outsider", "self", "member", "admin", "owner",
		"reviewer", "platform" };

	for (size_t i = 0; i < COUNT_OF(users); i++)
		walk(users[i]);
}

Test(policy, a_service_may_what_its_scope_says, .timeout = 120)
{
	static const char *const keys[] = { "key:act", "key:check", "key:documents", "key:events",
		"key:organizations.read" };

	for (size_t i = 0; i < COUNT_OF(keys); i++)
		walk(keys[i]);
}

Test(policy, on_behalf_of_a_user_a_service_may_what_both_may, .timeout = 120)
{
	static const char *const users[] = { "as:self", "as:outsider", "as:member", "as:admin",
		"as:owner", "as+:self", "as+:outsider", "as+:member", "as+:admin", "as+:owner",
		"as+:platform" };

	for (size_t i = 0; i < COUNT_OF(users); i++)
		walk(users[i]);
}

static struct bytes packed(const ProtobufCMessage *message)
{
	uint8_t *bytes = arena_alloc(&arena, protobuf_c_message_get_packed_size(message) + 1);

	return bytes_of(bytes, protobuf_c_message_pack(message, bytes));
}

/* SPEC 3: who may not see a thing is told the same whether or not it exists, to the byte. */
Test(policy, a_denial_is_the_same_whether_or_not_the_organization_exists, .timeout = 120)
{
	static const char *const strangers[] = { "outsider", "key:check", "as+:outsider",
		"anyone" };
	size_t count, compared = 0;
	ProtobufCService *const *services = services_all(&count);

	for (size_t c = 0; c < COUNT_OF(strangers); c++) {
		struct world w = world_for(strangers[c]), nowhere = w;

		nowhere.organization = no_such("org");
		nowhere.victim = no_such("usr");
		nowhere.webhook = no_such("whk");
		for (size_t i = 0; i < count; i++)
			for (unsigned m = 0; m < services[i]->descriptor->n_methods; m++) {
				const ProtobufCMethodDescriptor *method =
					&services[i]->descriptor->methods[m];
				struct outcome there, not_there;
				struct bytes a, b;
				char path[128];

				snprintf(path, sizeof(path), "/%s/%s",
					services[i]->descriptor->name, method->name);
				there = call(&w, path, fill(&w, method->input));
				if (!is_denied(&there))
					continue;
				not_there = call(&nowhere, path, fill(&nowhere, method->input));
				cr_assert(not_there.status, "%s", path);
				a = packed(there.status);
				b = packed(not_there.status);
				cr_expect(a.size == b.size && !memcmp(a.data, b.data, a.size), "%s",
					path);
				compared++;
			}
		end_world(&w);
	}
	cr_expect_gt(compared, 150);
}
