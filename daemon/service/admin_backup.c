/* SPDX-License-Identifier: Apache-2.0 */
#include "service/admin.h"
#include "service/helper.h"

bool admin_backup_answers(const struct helper_state *state)
{
	return helper_find(state, "backup") != NULL;
}

bool admin_backup_outcome(
	struct arena *arena, const struct helper_state *state, const char **outcome)
{
	const struct helper_line *made = helper_find(state, "backup");

	*outcome =
		arena_strdup(arena, made ? made->words[1] : helper_failure(state).failure->message);
	return made != NULL;
}

static Orgd__V1__Backup *message_of(
	struct arena *arena, const struct helper_state *state, const struct helper_line *made)
{
	Orgd__V1__Backup *backup = ARENA_NEW(arena, Orgd__V1__Backup);

	orgd__v1__backup__init(backup);
	backup->file_name = arena_strdup(arena, made->words[1]);
	backup->file_bytes = helper_number(made->words[2]);
	backup->epoch = helper_number(made->words[3]);
	backup->revision = helper_number(made->words[4]);
	backup->start_time = timestamp_new(arena, state->start_us);
	backup->end_time = timestamp_new(arena, state->end_us);
	return backup;
}

struct status admin_backup(struct call *call, const Orgd__V1__BackupRequest *request,
	Orgd__V1__BackupResponse *response)
{
	const struct helper_line *made;
	struct helper_state state;

	(void)request;
	TRY(authorize(call));
	TRY(helper_run(call, HELPER_BACKUP, &state));
	response->running = state.running;
	if (state.running)
		return OK;
	made = helper_find(&state, "backup");
	if (!made)
		return helper_failure(&state);
	response->backup = message_of(call->arena, &state, made);
	return OK;
}
