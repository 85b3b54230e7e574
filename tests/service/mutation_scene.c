/* SPDX-License-Identifier: Apache-2.0 */
#include "mutation_scene.h"

#include <stdlib.h>
#include <string.h>

#include "account_expect.h"
#include "base/arena.h"
#include "document_story.h"
#include "protojson.h"
#include "service/executor.h"

/* What scenes name, until the test's process ends. */
static struct arena *kept(void)
{
	static struct arena arena;

	if (!arena.allocator.alloc)
		arena_init(&arena);
	return &arena;
}

static json_t *table(void)
{
	static json_t *mutations;
	json_error_t error;

	if (!mutations)
		mutations = json_load_file(MUTATIONS, JSON_REJECT_DUPLICATES, &error);
	cr_assert(mutations, "%s:%d: %s", MUTATIONS, error.line, error.text);
	return mutations;
}

json_t *mutation_find(const char *method)
{
	return json_object_get(table(), method);
}

size_t mutation_count(void)
{
	return json_object_size(table());
}

static const char *email_of(const char *name)
{
	return arena_printf(kept(), "%s@example.com", name);
}

static void be_there(struct mutation_scene *scene, const char *name)
{
	const char *key = arena_printf(kept(), "person %s", name);

	if (json_object_get(scene->replies, key))
		return;
	json_object_set_new(scene->replies, key, json_true());
	story_person(scene->s, email_of(name), name);
}

static const char *make_pending(struct story *s)
{
	Orgd__V1__Organization organization = ORGD__V1__ORGANIZATION__INIT;

	organization.handle = "pending";
	organization.display_name = "Pending";
	return ASK(s, "cyd@example.com", OrganizationService, CreateOrganization,
		create_organization, .organization = &organization)
		->organization->id;
}

/* What is made when it is first named; NULL for anything else. */
static const char *make(struct mutation_scene *scene, const char *name)
{
	if (!strcmp(name, "password"))
		return right_password;
	if (!strcmp(name, "acme")) {
		be_there(scene, "ada");
		if (!scene->acme)
			scene->acme = story_organization(scene->s, email_of("ada"), "acme");
		return scene->acme;
	}
	if (!strcmp(name, "pending")) {
		be_there(scene, "cyd");
		if (!scene->pending)
			scene->pending = make_pending(scene->s);
		return scene->pending;
	}
	if (!strcmp(name, "document")) {
		if (!scene->document)
			scene->document = a_document(scene->s, "A manual");
		return scene->document;
	}
	if (!strcmp(name, "collection")) {
		if (!scene->collection)
			scene->collection = a_collection(scene->s, "Manuals");
		return scene->collection;
	}
	return NULL;
}

static const char *of_person(struct mutation_scene *scene, const char *name, const char *what)
{
	if (strcmp(name, "new") != 0)
		be_there(scene, name);
	if (!*what)
		return story_id(scene->s, email_of(name));
	if (!strcmp(what, "email"))
		return email_of(name);
	if (!strcmp(what, "token"))
		return story_mail_token(scene->s, email_of(name));
	return !strcmp(what, "handle") ? "fresh" : NULL;
}

static const char *of_reply(struct mutation_scene *scene, char *path)
{
	json_t *value = scene->replies;

	for (char *word = strtok(path, "."); word; word = strtok(NULL, "."))
		value = json_is_array(value) ? json_array_get(value, (size_t)atoi(word))
					     : json_object_get(value, word);
	return json_string_value(value);
}

static const char *look_up(struct mutation_scene *scene, const char *text)
{
	char *name = arena_strndup(kept(), text + 1, strlen(text) - 2), *dot = strchr(name, '.');
	const char *found = make(scene, name);

	if (found)
		return found;
	if (!strcmp(name, "acme.handle"))
		return make(scene, "acme") ? "acme" : NULL;
	if (dot &&
		json_object_get(scene->replies, arena_strndup(kept(), name, (size_t)(dot - name))))
		return of_reply(scene, name);
	if (!dot)
		return of_person(scene, name, "");
	*dot = '\0';
	return of_person(scene, name, dot + 1);
}

/* `json` with what its braces stand for. */
static json_t *fill(struct mutation_scene *scene, const json_t *json)
{
	const char *text = json_string_value(json), *key;
	json_t *filled, *value;
	size_t i;

	if (json_is_object(json)) {
		filled = json_object();
		json_object_foreach((json_t *)(uintptr_t)json, key, value)
			json_object_set_new(filled, key, fill(scene, value));
		return filled;
	}
	if (json_is_array(json)) {
		filled = json_array();
		json_array_foreach(json, i, value)
			json_array_append_new(filled, fill(scene, value));
		return filled;
	}
	if (text && *text == '{') {
		const char *found = look_up(scene, text);

		cr_assert(found, "nothing is called %s", text);
		return json_string(found);
	}
	return json_deep_copy(json);
}

static const ProtobufCMessageDescriptor *input_of(const char *method)
{
	const char *slash = strchr(method, '/');
	size_t count;
	ProtobufCService *const *services = services_all(&count);

	for (size_t i = 0; i < count; i++) {
		const ProtobufCServiceDescriptor *service = services[i]->descriptor;

		if (strncmp(service->short_name, method, (size_t)(slash - method)) == 0 &&
			!service->short_name[slash - method])
			return protobuf_c_service_descriptor_get_method_by_name(service, slash + 1)
				->input;
	}
	cr_assert_fail("there is no method %s", method);
	return NULL;
}

static ProtobufCMessage *request_of(
	struct mutation_scene *scene, const char *method, const json_t *json)
{
	char problem[PROTOJSON_PROBLEM_BYTES];
	json_t *filled = fill(scene, json);
	ProtobufCMessage *request = protojson_read(input_of(method), filled, problem);

	cr_assert(request, "%s: %s", method, problem);
	json_decref(filled);
	return request;
}

/* As stories call somebody by the name that the table has. */
static const char *caller_of(struct mutation_scene *scene, const json_t *name)
{
	const char *who = json_string_value(name);

	if (!who || !strcmp(who, "operator") || !strcmp(who, "courier"))
		return who;
	be_there(scene, who);
	return email_of(who);
}

static void take_step(struct mutation_scene *scene, const json_t *step)
{
	const char *method = json_string_value(json_array_get(step, 2));
	ProtobufCMessage *request = request_of(scene, method, json_array_get(step, 3));
	char problem[PROTOJSON_PROBLEM_BYTES];
	const ProtobufCMessage *response =
		story_call(scene->s, caller_of(scene, json_array_get(step, 1)), method, request);

	json_object_set_new(scene->replies, json_string_value(json_array_get(step, 0)),
		protojson_write(response, PROTOJSON_POPULATED, problem));
	protobuf_c_message_free_unpacked(request, NULL);
}

static Orgd__V1__Role role_of(const json_t *name)
{
	return (Orgd__V1__Role)protobuf_c_enum_descriptor_get_value_by_name(
		&orgd__v1__role__descriptor, json_string_value(name))
		->value;
}

void mutation_scene_begin(struct mutation_scene *scene, json_t *entry)
{
	const char *name;
	json_t *value;
	size_t i;

	*scene = (struct mutation_scene){
		.s = story_begin(), .entry = entry, .replies = json_object()
	};
	json_object_foreach(json_object_get(entry, "members"), name, value)
	{
		const char *acme = make(scene, "acme");

		be_there(scene, name);
		story_join(scene->s, acme, email_of(name), role_of(value));
	}
	json_array_foreach(json_object_get(entry, "before"), i, value) take_step(scene, value);
}

void mutation_scene_end(struct mutation_scene *scene)
{
	json_decref(scene->replies);
	story_end(scene->s);
}

const char *mutation_caller(struct mutation_scene *scene)
{
	return caller_of(scene, json_object_get(scene->entry, "as"));
}

ProtobufCMessage *mutation_request(struct mutation_scene *scene, const char *method)
{
	return request_of(scene, method, json_object_get(scene->entry, "request"));
}
