/* SPDX-License-Identifier: Apache-2.0 */
#include "service/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "store/backup.h"

extern char **environ;

static const struct kind {
	const char *flag, *busy_reason, *busy_sentence, *done, *failed;
	bool (*answers)(const struct helper_state *state);
	bool (*outcome)(struct arena *arena, const struct helper_state *state, const char **text);
} kinds[HELPERS] = {
	[HELPER_BACKUP] = { "--backup-database", "BACKUP_RUNNING",
		"a backup is under way; wait for it", "server.backed_up", "server.backup_failed",
		admin_backup_answers, admin_backup_outcome },
	[HELPER_CHECK] = { "--check-database", "CHECK_RUNNING", "a check is under way; wait for it",
		"server.checked", "server.check_found", admin_check_answers, admin_check_outcome },
};

/* One at a time of a kind. */
struct work_of_its_own {
	struct helpers *helpers;
	const struct kind *kind;
	/* Its words are in `arena`. While it runs, only number, running and start_us are under
	 * lock; the rest is the thread's. */
	struct helper_state state;
	struct arena arena;
	char request_id[65]; /* under which it was begun */
	pid_t pid;           /* under lock; 0 when there is nothing to kill */
	pthread_t thread;
	bool has_thread;

	/* The event at its end. */
	struct arena event_arena;
	struct call call;
	struct mutation mutation;
	sem_t committed;
};

struct helpers {
	const struct platform *platform;
	const char *program;
	pthread_mutex_t lock;
	bool stopping;
	struct work_of_its_own works[HELPERS];
};

/* --- the process --- */

/* With `output` as its standard output. It inherits nothing else that is open. */
static bool spawn(const struct work_of_its_own *work, int output, pid_t *pid)
{
	const char *const arguments[] = { work->helpers->program, work->kind->flag,
		store_path(work->helpers->platform->store), NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, defaults;
	int error;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	error = posix_spawn(pid, work->helpers->program, &actions, &attributes,
		(char *const *)(uintptr_t)arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return !error;
}

/* Starts it; what it tells comes out of *output. All that may fail does so before there is a
 * process, which would have to be reaped. */
static bool start(struct work_of_its_own *work, FILE **output)
{
	bool spawned;
	pid_t pid = 0;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return false;
	*output = fdopen(ends[0], "r");
	if (!*output)
		close(ends[0]);
	spawned = *output && spawn(work, ends[1], &pid);
	close(ends[1]);
	if (!spawned) {
		if (*output)
			fclose(*output);
		return false;
	}
	pthread_mutex_lock(&work->helpers->lock);
	work->pid = pid;
	if (work->helpers->stopping)
		kill(pid, SIGKILL);
	pthread_mutex_unlock(&work->helpers->lock);
	return true;
}

static void take_line(struct work_of_its_own *work, const char *text)
{
	struct helper_line line = helper_line_parse(&work->arena, text);
	struct helper_state *state = &work->state;

	if (!strcmp(line.words[0], "table"))
		state->table = line.words[1];
	else if (state->line_count < HELPER_LINES_MAX)
		((struct helper_line *)(uintptr_t)state->lines)[state->line_count++] = line;
}

/* Nobody else may get its number before helpers_stop has lost sight of it. */
static void reap(struct work_of_its_own *work)
{
	siginfo_t how;
	int status = 0;

	while (waitid(P_PID, (id_t)work->pid, &how, WEXITED | WNOWAIT) && errno == EINTR)
		;
	pthread_mutex_lock(&work->helpers->lock);
	(void)waitpid(work->pid, &status, 0);
	work->pid = 0;
	pthread_mutex_unlock(&work->helpers->lock);
	if (WIFSIGNALED(status))
		work->state.signal = WTERMSIG(status);
}

static void run_process(struct work_of_its_own *work)
{
	char text[HELPER_LINE_BYTES];
	FILE *output;

	if (!start(work, &output))
		return;
	while (fgets(text, sizeof(text), output))
		take_line(work, text);
	fclose(output);
	reap(work);
}

/* --- the event at its end --- */

static struct status run_event(struct mutation *mutation, struct snapshot *snapshot, int64_t now_us)
{
	struct work_of_its_own *work = CONTAINER_OF(mutation, struct work_of_its_own, mutation);
	struct call *call = &work->call;
	const char *outcome;
	bool succeeded = work->kind->outcome(call->arena, &work->state, &outcome);

	entropy_rewind(&call->entropy);
	call->snapshot = snapshot;
	call->batch = snapshot_batch(snapshot);
	call->now_us = now_us;
	call->events = 0;
	return event_append(
		call, &(struct event){ .action = succeeded ? work->kind->done : work->kind->failed,
			      .details = { { .key = "outcome", .value = outcome } } });
}

static void event_done(
	struct mutation *mutation, struct status status, uint64_t revision, bool committed)
{
	(void)revision;
	(void)committed;
	if (status.code)
		log_error("the event of a helper's end: %s", status.failure->message);
	sem_post(&CONTAINER_OF(mutation, struct work_of_its_own, mutation)->committed);
}

static void tell_outcome(struct work_of_its_own *work)
{
	const char *outcome;
	bool succeeded = work->kind->outcome(&work->event_arena, &work->state, &outcome);

	log_line(succeeded ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "%s: %s", work->kind->flag, outcome);
	store_submit(work->helpers->platform->store, &work->mutation);
	while (sem_wait(&work->committed) && errno == EINTR)
		;
}

static void *helper_main(void *argument)
{
	struct work_of_its_own *work = argument;

	run_process(work);
	pthread_mutex_lock(&work->helpers->lock);
	work->state.running = false;
	work->state.end_us = clock_now_us(work->helpers->platform->clock);
	pthread_mutex_unlock(&work->helpers->lock);
	/* The lock is not taken any more: who holds it may join this thread. */
	tell_outcome(work);
	return NULL;
}

/* --- begin, join, look; all under lock --- */

static void join_thread(struct work_of_its_own *work)
{
	if (work->has_thread)
		pthread_join(work->thread, NULL);
	work->has_thread = false;
}

MUST_USE static struct status unavailable(const char *reason, const char *sentence)
{
	return status_fail(STATUS_UNAVAILABLE, reason, "%s", sentence);
}

/* The event names who called, but no name of theirs, which would have to be read again. */
static void prepare_event(struct work_of_its_own *work, const struct call *call)
{
	arena_reset(&work->event_arena);
	work->call = (struct call){ .arena = &work->event_arena,
		.platform = call->platform,
		.rule = call->rule,
		.caller = call->caller };
	work->call.caller.user = NULL;
	work->call.caller.session = NULL;
	entropy_seed(&work->call.entropy);
	work->mutation = (struct mutation){
		.arena = &work->event_arena, .run = run_event, .done = event_done
	};
}

/* What a killed copy left behind is no longer in the way. */
MUST_USE static struct status make_room(const struct work_of_its_own *work)
{
	struct store *store = work->helpers->platform->store;

	if (work->kind != &kinds[HELPER_BACKUP])
		return OK;
	TRY(backup_clear(store_path(store)));
	return store_check_room_for_copy(store);
}

MUST_USE static struct status begin(struct work_of_its_own *work, const struct call *call)
{
	if (work->helpers->stopping)
		return unavailable("STOPPING", "orgd stops; try again");
	TRY(make_room(work));
	join_thread(work);
	arena_reset(&work->arena);
	prepare_event(work, call);
	work->state = (struct helper_state){ .number = work->state.number + 1,
		.running = true,
		.start_us = call->now_us,
		.table = "",
		.lines = ARENA_ARRAY(&work->arena, struct helper_line, HELPER_LINES_MAX) };
	snprintf(work->request_id, sizeof(work->request_id), "%s", call->envelope->request_id);
	work->has_thread = !pthread_create(&work->thread, NULL, helper_main, work);
	work->state.running = work->has_thread;
	return work->has_thread ? OK : unavailable("HELPER_FAILED", "no thread could be made");
}

/* A refusal is decided anew. */
static bool is_repeat(const struct work_of_its_own *work, const struct call *call)
{
	const char *request_id = call->envelope->request_id;

	return *request_id && !strcmp(work->request_id, request_id) &&
	       (work->state.running || work->kind->answers(&work->state));
}

MUST_USE static struct status begin_or_join(struct work_of_its_own *work, struct call *call)
{
	if (!call->resume_at && !is_repeat(work, call)) {
		if (work->state.running)
			return status_fail(STATUS_ABORTED, work->kind->busy_reason, "%s",
				work->kind->busy_sentence);
		TRY(begin(work, call));
	}
	if (!call->resume_at)
		call->resume_at = work->state.number;
	return call->resume_at == work->state.number
		       ? OK
		       : unavailable(
				 "HELPER_FAILED", "another one has begun since; see the status");
}

/* What the thread may still write is not copied. */
static void copy_state(
	struct arena *arena, const struct helper_state *from, struct helper_state *to)
{
	struct helper_line *lines;

	*to = (struct helper_state){ .number = from->number,
		.running = from->running,
		.start_us = from->start_us,
		.table = "" };
	if (from->running || !from->number)
		return;
	to->end_us = from->end_us;
	to->signal = from->signal;
	to->table = arena_strdup(arena, from->table);
	to->lines = lines = ARENA_ARRAY(arena, struct helper_line, from->line_count + 1);
	for (; to->line_count < from->line_count; to->line_count++)
		for (size_t i = 0; i < HELPER_WORDS_MAX; i++)
			lines[to->line_count].words[i] =
				arena_strdup(arena, from->lines[to->line_count].words[i]);
}

struct status helper_run(struct call *call, enum helper helper, struct helper_state *state)
{
	struct helpers *helpers = call->platform->helpers;
	struct status status;

	if (!helpers)
		return unavailable("HELPER_FAILED", "this daemon makes no processes of its own");
	pthread_mutex_lock(&helpers->lock);
	status = begin_or_join(&helpers->works[helper], call);
	if (!status.code)
		copy_state(call->arena, &helpers->works[helper].state, state);
	pthread_mutex_unlock(&helpers->lock);
	TRY(status);
	call->wait = state->running;
	return OK;
}

void helper_look(struct call *call, enum helper helper, struct helper_state *state)
{
	struct helpers *helpers = call->platform->helpers;

	*state = (struct helper_state){ .table = "" };
	if (!helpers)
		return;
	pthread_mutex_lock(&helpers->lock);
	copy_state(call->arena, &helpers->works[helper].state, state);
	pthread_mutex_unlock(&helpers->lock);
}

const struct helper_line *helper_find(const struct helper_state *state, const char *word)
{
	for (size_t i = 0; i < state->line_count; i++)
		if (!strcmp(state->lines[i].words[0], word))
			return &state->lines[i];
	return NULL;
}

struct status helper_failure(const struct helper_state *state)
{
	const struct helper_line *failed = helper_find(state, "failed");

	if (failed) {
		uint64_t code = helper_number(failed->words[1]);

		return status_fail(code && code <= STATUS_UNAUTHENTICATED ? (enum status_code)code
									  : STATUS_INTERNAL,
			failed->words[2], "%s", failed->words[3]);
	}
	if (state->signal == SIGSEGV || state->signal == SIGBUS || state->signal == SIGABRT)
		return status_fail(STATUS_DATA_LOSS, "STORE_CORRUPT",
			"reading the database ended the process that did it (%s): a page of it is "
			"damaged; restore a backup",
			strsignal(state->signal));
	return unavailable("HELPER_FAILED",
		state->signal ? "the process that did it was killed; try again"
			      : "the process that was to do it could not be run; see the log");
}

/* --- start and stop --- */

struct helpers *helpers_new(const struct platform *platform, const char *program)
{
	struct helpers *helpers = calloc(1, sizeof(*helpers));

	assert(helpers);
	helpers->platform = platform;
	helpers->program = program;
	pthread_mutex_init(&helpers->lock, NULL);
	for (size_t i = 0; i < HELPERS; i++) {
		struct work_of_its_own *work = &helpers->works[i];

		work->helpers = helpers;
		work->kind = &kinds[i];
		arena_init(&work->arena);
		arena_init(&work->event_arena);
		sem_init(&work->committed, 0, 0);
	}
	return helpers;
}

void helpers_stop(struct helpers *helpers)
{
	pthread_mutex_lock(&helpers->lock);
	helpers->stopping = true;
	for (size_t i = 0; i < HELPERS; i++)
		if (helpers->works[i].pid)
			kill(helpers->works[i].pid, SIGKILL);
	pthread_mutex_unlock(&helpers->lock);
	for (size_t i = 0; i < HELPERS; i++)
		join_thread(&helpers->works[i]);
}

void helpers_free(struct helpers *helpers)
{
	if (!helpers)
		return;
	for (size_t i = 0; i < HELPERS; i++) {
		arena_clear(&helpers->works[i].arena);
		arena_clear(&helpers->works[i].event_arena);
		sem_destroy(&helpers->works[i].committed);
	}
	pthread_mutex_destroy(&helpers->lock);
	free(helpers);
}
