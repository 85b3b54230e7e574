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
