/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "service/admin_import.h"
#include "service/record.h"
#include "service/user.h"
#include "store/rows/user.h"

/* The record's user as it is kept, but for the id and the times. */
MUST_USE static struct status read_user(struct importing *importing, const Orgd__V1__User *given,
	Orgd__V1__User *user, const char **canonical)
{
	struct call *call = importing->call;
	const char *email, *name;

	orgd__v1__user__init(user);
	TRY(text_check_email(call->arena, "user.email", given->email, &email, canonical));
	TRY(text_check(call->arena, TEXT_NAME, "user.display_name", given->display_name, 1,
		TEXT_NAME_MAX, &name));
	TRY(enum_check_optional(
		"user.state", &orgd__v1__user_state__descriptor, (int)given->state));
	if (given->state == ORGD__V1__USER_STATE__USER_STATE_ERASED)
		return status_invalid("user.state", "UNKNOWN_ENUM_VALUE",
			"user.state: whoever is erased stays so and cannot be imported");
	TRY(user_set_roles(
		call, "user.platform_roles", given->n_platform_roles, given->platform_roles, user));
	user->email = (char *)(uintptr_t)email;
	user->display_name = (char *)(uintptr_t)name;
	user->email_verified = given->email_verified;
	user->state = given->state ? given->state : ORGD__V1__USER_STATE__USER_STATE_ACTIVE;
	return OK;
}

MUST_USE static struct status insert_user(struct importing *importing, const struct id *id,
	Orgd__V1__User *user, const char *canonical)
{
	Orgd__Store__V1__User row = ORGD__STORE__V1__USER__INIT;
	struct call *call = importing->call;
	struct event event = { .action = "user.created",
		.user = id,
		.details = { { .key = "email", .value = user->email, .person = id },
			{ .key = "display_name", .value = user->display_name, .person = id } } };
	size_t details = 2;

	if (user->state != ORGD__V1__USER_STATE__USER_STATE_ACTIVE)
		event.details[details++] = (struct event_detail){ .key = "state",
			.value = enum_word(&orgd__v1__user_state__descriptor, (int)user->state) };
	if (user->n_platform_roles)
		event.details[details++] = (struct event_detail){ .key = "platform_roles",
			.value = user_roles_text(call->arena, user) };
	user->id = arena_strdup(call->arena, "");
	row.user = user;
	row.canonical_email = (char *)(uintptr_t)canonical;
	TRY(user_insert(call->batch, id, &row));
	return event_append(call, &event);
}

struct status import_user(struct importing *importing)
{
	const Orgd__V1__User *given = importing->record->user;
	struct call *call = importing->call;
	Orgd__Store__V1__User *present = NULL, *holder;
	int64_t create_us, update_us;
	struct id id, holder_id;
	Orgd__V1__User user;
	const char *canonical;

	if (*given->id)
		TRY(id_parse(ID_USER, "user.id", given->id, &id));
	TRY(read_user(importing, given, &user, &canonical));
	TRY(import_time(
		importing, "user.create_time", given->create_time, call->now_us, &create_us));
	TRY(import_time(importing, "user.update_time", given->update_time, create_us, &update_us));
	if (*given->id)
		TRY(user_get(call->snapshot, &id, &present));
	if (!present)
		TRY(user_find(call->snapshot, canonical, &holder_id, &holder));
	if (!present && holder && *given->id)
		return status_fail(STATUS_ALREADY_EXISTS, "EMAIL_TAKEN",
			"the address %s is another user's: %s", canonical,
			id_text(call->arena, ID_USER, &holder_id));
	if (!present && holder) {
		present = holder;
		id = holder_id;
	}
	user.create_time = timestamp_new(call->arena, create_us);
	user.update_time = timestamp_new(call->arena, update_us);
	if (present) {
		Orgd__V1__User *there = record_user(call, &id, present);

		user.id = there->id;
		if (!given->create_time)
			user.create_time = there->create_time;
		if (!given->update_time)
			user.update_time = there->update_time;
		return import_compare(importing, &there->base, &user.base, "user", canonical);
	}
	if (import_validates(importing))
		return OK;
	if (!*given->id)
		id = entropy_draw_id(&call->entropy);
	return insert_user(importing, &id, &user, canonical);
}
