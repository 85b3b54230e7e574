/* SPDX-License-Identifier: Apache-2.0 */
#include "service/user.h"

#include "store/rows/user.h"

Orgd__V1__User *user_message(
	struct call *call, const struct id *id, const Orgd__Store__V1__User *row)
{
	Orgd__V1__User *user = ARENA_NEW(call->arena, Orgd__V1__User);

	*user = *row->user;
	user->id = id_text(call->arena, ID_USER, id);
	user->etag = etag_of(call->arena, user->update_time);
	return user;
}

struct status user_save(struct call *call, const struct id *id, Orgd__Store__V1__User *row)
{
	row->user->update_time = call_now(call);
	return user_put(call->batch, id, row);
}

struct status user_set_roles(struct call *call, const char *field, size_t count,
	const Orgd__V1__PlatformRole *roles, Orgd__V1__User *user)
{
	static const Orgd__V1__PlatformRole known[] = {
		ORGD__V1__PLATFORM_ROLE__PLATFORM_ROLE_REVIEWER,
		ORGD__V1__PLATFORM_ROLE__PLATFORM_ROLE_PLATFORM_ADMIN
	};

	for (size_t i = 0; i < count; i++)
		TRY(enum_check(field, &orgd__v1__platform_role__descriptor, (int)roles[i]));
	user->platform_roles = ARENA_ARRAY(call->arena, Orgd__V1__PlatformRole, COUNT_OF(known));
	user->n_platform_roles = 0;
	for (size_t k = 0; k < COUNT_OF(known); k++)
		for (size_t i = 0; i < count; i++)
			if (roles[i] == known[k]) {
				user->platform_roles[user->n_platform_roles++] = known[k];
				break;
			}
	return OK;
}

char *user_roles_text(struct arena *arena, const Orgd__V1__User *user)
{
	char *text = arena_strdup(arena, "");

	for (size_t i = 0; i < user->n_platform_roles; i++)
		text = arena_printf(arena, "%s%s%s", text, i ? "," : "",
			enum_word(&orgd__v1__platform_role__descriptor,
				(int)user->platform_roles[i]));
	return text;
}
