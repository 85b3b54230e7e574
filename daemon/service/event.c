/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "service/call.h"
#include "service/event.h"
#include "service/waiting.h"
#include "store/rows/event.h"
#include "store/rows/membership.h"
#include "store/rows/person.h"
#include "store/rows/webhook.h"

static const char actor_name[] = "actor.display_name";
static char erased[] = "(erased)";

static char *id_or_empty(struct arena *arena, enum id_type type, const struct id *id)
{
	return id ? id_text(arena, type, id) : arena_strdup(arena, "");
}

/* Does the caller do this for the platform, and not as one of the organization's own people? */
MUST_USE static struct status acts_for_platform(
	struct call *call, const struct event *facts, bool *for_platform)
{
	const struct caller *caller = &call->caller;
	const struct credentials *who = &caller->credentials;
	Orgd__V1__Role role = ORGD__V1__ROLE__ROLE_UNSPECIFIED;
	Orgd__Store__V1__Membership *membership;

	*for_platform = who->operator_;
	if (!who->user || who->on_behalf || (!who->reviewer && !who->platform_admin))
		return OK;
	if (facts->organization) {
		TRY(membership_peek(
			call->snapshot, facts->organization, &caller->user_id, &membership));
		if (membership)
			role = membership->role;
	}
	/* Could they do it without their platform roles? */
	*for_platform = !(
		call->rule->hats & policy_hats(&(struct credentials){ .user = true }, role,
					   facts->user && id_equal(facts->user, &caller->user_id)));
	return OK;
}

static Orgd__V1__Actor *actor_new(struct call *call, bool by_system)
{
	const struct caller *caller = &call->caller;
	Orgd__V1__Actor *actor = ARENA_NEW(call->arena, Orgd__V1__Actor);
	const char *kind = by_system                        ? "system"
			   : call->actor                    ? "user"
			   : caller->credentials.service    ? "service"
			   : caller->credentials.user       ? "user"
			   : call->rule->hats & HAT_COURIER ? "courier"
			   : caller->credentials.operator_  ? "operator"
							    : "anyone";

	orgd__v1__actor__init(actor);
	actor->kind = arena_strdup(call->arena, kind);
	if (by_system)
		return actor;
	actor->user_id =
		id_text(call->arena, ID_USER, call->actor ? &call->actor_id : &caller->user_id);
	actor->api_key_id = id_text(call->arena, ID_API_KEY, &caller->key_id);
	actor->uid = caller->uid;
	return actor;
}

/* A name or an address goes in sealed with the key of the person it is of. */
MUST_USE static struct status add_sealed(struct call *call, Orgd__Store__V1__Event *row,
	struct bytes person, const char *field, const char *value)
{
	Orgd__Store__V1__Event__Sealed *entry =
		ARENA_NEW(call->arena, Orgd__Store__V1__Event__Sealed);
	uint8_t key[32], nonce[24];
	struct bytes sealed;

	TRY(person_key_take(call->snapshot, call->platform->keyring, &call->entropy, person, key));
	entropy_draw(&call->entropy, nonce, sizeof(nonce));
	sealed = seal_with_key(
		key, bytes_of_string(row->event->id), nonce, bytes_of_string(value), call->arena);
	wipe(key, sizeof(key));
	orgd__store__v1__event__sealed__init(entry);
	entry->field = arena_strdup(call->arena, field);
	entry->person = (ProtobufCBinaryData){ person.size, (uint8_t *)(uintptr_t)person.data };
	entry->sealed = (ProtobufCBinaryData){ sealed.size, (uint8_t *)(uintptr_t)sealed.data };
	row->sealed[row->n_sealed++] = entry;
	return OK;
}

MUST_USE static struct status add_actor_name(struct call *call, Orgd__Store__V1__Event *row)
{
	const Orgd__Store__V1__User *user = call->actor ? call->actor : call->caller.user;
	const struct id *id = call->actor ? &call->actor_id : &call->caller.user_id;

	if (!user)
		return OK;
	return add_sealed(
		call, row, person_of_user(call->arena, id), actor_name, user->user->display_name);
}

static void add_plain(struct arena *arena, Orgd__V1__Event *event, const char *key, char *value)
{
	Orgd__V1__Event__DetailsEntry *entry = ARENA_NEW(arena, Orgd__V1__Event__DetailsEntry);

	orgd__v1__event__details_entry__init(entry);
	entry->key = arena_strdup(arena, key);
	entry->value = value;
	event->details[event->n_details++] = entry;
}

MUST_USE static struct status add_details(
	struct call *call, const struct event *facts, Orgd__Store__V1__Event *row)
{
	for (size_t i = 0; i < EVENT_DETAILS_MAX && facts->details[i].key; i++) {
		const struct event_detail *detail = &facts->details[i];

		if (detail->person)
			TRY(add_sealed(call, row, person_of_user(call->arena, detail->person),
				detail->key, detail->value));
		else if (detail->person_email)
			TRY(add_sealed(call, row,
				person_of_email(
					call->arena, call->platform->keyring, detail->person_email),
				detail->key, detail->value));
		else
			add_plain(call->arena, row->event, detail->key,
				arena_strdup(call->arena, detail->value));
	}
	return OK;
}

/* Batches are spread over all ids; the events of one stand side by side, and share a page. */
static struct id next_id(struct call *call)
{
	struct id id;

	if (!call->events)
		call->event_id = entropy_draw_id(&call->entropy);
	id = call->event_id;
	id.bytes[sizeof(id.bytes) / 2] ^= (uint8_t)call->events;
	return id;
}

struct status event_append(struct call *call, const struct event *facts)
{
	struct id id = next_id(call);
	Orgd__Store__V1__Event row;
	Orgd__V1__Event event;
	bool for_platform = false;

	orgd__store__v1__event__init(&row);
	orgd__v1__event__init(&event);
	event.id = id_text(call->arena, ID_EVENT, &id);
	event.time = call_now(call);
	event.action = arena_strdup(call->arena, facts->action);
	event.actor = actor_new(call, facts->by_system);
	event.organization_id = id_or_empty(call->arena, ID_ORGANIZATION, facts->organization);
	event.user_id = id_or_empty(call->arena, ID_USER, facts->user);
	event.invitation_id = id_or_empty(call->arena, ID_INVITATION, facts->invitation);
	event.document_id = id_or_empty(call->arena, ID_DOCUMENT, facts->document);
	event.collection_id = id_or_empty(call->arena, ID_COLLECTION, facts->collection);
	event.grant_id = id_or_empty(call->arena, ID_GRANT, facts->grant);
	event.details =
		ARENA_ARRAY(call->arena, Orgd__V1__Event__DetailsEntry *, EVENT_DETAILS_MAX);
	row.event = &event;
	row.sealed =
		ARENA_ARRAY(call->arena, Orgd__Store__V1__Event__Sealed *, EVENT_DETAILS_MAX + 1);
	TRY(add_details(call, facts, &row));
	if (!facts->by_system && !call->actor)
		TRY(acts_for_platform(call, facts, &for_platform));
	row.by_platform = for_platform;
	if (!facts->by_system)
		TRY(add_actor_name(call, &row));
	if (facts->organization) {
		waiting_tell(call->platform->waiting, facts->organization);
		TRY(webhook_news_put(call->snapshot, facts->organization));
	}
	if (facts->user)
		waiting_tell(call->platform->waiting, facts->user);
	return event_put(call->batch, &id, facts->organization, call->now_us, call->events++, &row);
}

struct status event_unpack(
	struct call *call, struct bytes packed, const Orgd__Store__V1__Event **row)
{
	ProtobufCMessage *message;

	TRY(row_unpack(call->arena, packed, &orgd__store__v1__event__descriptor, &message));
	*row = (const Orgd__Store__V1__Event *)message;
	return OK;
}

/* The name or address, or what stands for an erased person's. */
MUST_USE static struct status unseal_name(struct call *call, const Orgd__Store__V1__Event *row,
	const Orgd__Store__V1__Event__Sealed *entry, char **name)
{
	struct status status;
	struct bytes plain;
	uint8_t key[32];
	bool known;

	*name = erased;
	TRY(person_key_find(call->snapshot, call->platform->keyring,
		bytes_of(entry->person.data, entry->person.len), key, &known));
	if (!known)
		return OK;
	status = unseal_with_key(key, bytes_of_string(row->event->id),
		bytes_of(entry->sealed.data, entry->sealed.len), call->arena, &plain);
	wipe(key, sizeof(key));
	/* A key that does not fit was made after the one that does was lost: an erased person's
	 * address may be invited again. */
	if (!status.code)
		*name = arena_strndup(call->arena, (const char *)plain.data, plain.size);
	return OK;
}

static void hide_actor(struct call *call, Orgd__V1__Actor *actor)
{
	orgd__v1__actor__init(actor);
	actor->kind = arena_strdup(call->arena, "platform");
}

struct status event_open(struct call *call, const Orgd__Store__V1__Event *row,
	enum event_reader reader, Orgd__V1__Event **out)
{
	Orgd__V1__Event *event = row->event;
	bool hidden = row->by_platform && reader == EVENT_READER_ORGANIZATION;
	Orgd__V1__Event__DetailsEntry **details = ARENA_ARRAY(
		call->arena, Orgd__V1__Event__DetailsEntry *, event->n_details + row->n_sealed + 1);

	if (event->n_details)
		memcpy(details, event->details, event->n_details * sizeof(*details));
	event->details = details;
	for (size_t i = 0; i < row->n_sealed; i++) {
		const Orgd__Store__V1__Event__Sealed *entry = row->sealed[i];
		bool of_actor = !strcmp(entry->field, actor_name);
		char *name;

		if (of_actor && hidden)
			continue;
		TRY(unseal_name(call, row, entry, &name));
		if (of_actor)
			event->actor->display_name = name;
		else
			add_plain(call->arena, event, entry->field, name);
	}
	if (hidden)
		hide_actor(call, event->actor);
	*out = event;
	return OK;
}
