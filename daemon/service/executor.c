/* SPDX-License-Identifier: Apache-2.0 */
#include "service/executor.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "service/preparing.h"
#include "service/queue.h"
#include "service/sweeper.h"
#include "service/waiting.h"
#include "service/work.h"

enum {
	READERS_MAX = 64,
	CRYPTO_THREADS_MAX = 4, /* each needs 64 MiB while it hashes */
	CRYPTO_BUSY_RETRY_MS = 1000,
	READS_AT_ONCE = 16, /* taken from the queue, at most */
	/* Quick reads that came in one piece are answered where they came, until this long after:
	 * other connections of that thread wait meanwhile. */
	READ_HERE_US = 500,
};

struct thread {
	struct executor *executor;
	pthread_t id;
	struct desk desk;
};

/* What a read needs, for threads that are not the executor's: one at a time. */
struct lane {
	atomic_flag busy;
	struct thread thread;
};

struct executor {
	const struct platform *platform;
	struct methods methods;
	struct queue reads, crypto;
	struct thread readers[READERS_MAX], cryptos[CRYPTO_THREADS_MAX];
	unsigned reader_count, crypto_count, lane_count;
	struct lane lanes[READERS_MAX];
	struct preparing preparing;
	struct sweeper *sweeper;
	_Atomic uint64_t calls;
};

static void refuse(struct work *work, struct status status)
{
	work_reply(
		work, status, bytes_of(NULL, 0), store_revision(work->call.platform->store), false);
}

/* --- mutations: maybe the crypto pool, then the writer --- */

static void submit(struct work *work)
{
	store_submit(work->call.platform->store, &work->mutation);
}

static void begin_preparing(struct work *work)
{
	struct executor *executor = work->executor;

	switch (preparing_enter(&executor->preparing, work)) {
	case PREPARING_NOW:
		queue_push(&executor->crypto, work);
		break;
	case PREPARING_LATER:
		break;
	case PREPARING_FULL:
		/* The writer may know a reply to it all the same. */
		work_fail(work,
			status_with_retry(
				status_fail(STATUS_RESOURCE_EXHAUSTED, "CRYPTO_BUSY",
					"too many passwords are being checked; try again in a "
					"moment"),
				CRYPTO_BUSY_RETRY_MS));
		submit(work);
		break;
	}
}

static void finished(struct work *work)
{
	if (work->prepare)
		preparing_leave(&work->executor->preparing, work, begin_preparing);
}

static const struct work_moves moves = { .next_step = submit, .finished = finished };

static void *crypto_main(void *argument)
{
	struct thread *thread = argument;
	struct work *work;

	while ((work = queue_pop(&thread->executor->crypto, 1))) {
		work_prepare(work, thread->desk.reader);
		submit(work);
	}
	return NULL;
}

/* --- reads: a reader thread, and parked between its runs when it waits --- */

static void run_again(struct work *work)
{
	queue_push(&work->executor->reads, work);
}

static void park(struct executor *executor, struct work *work)
{
	switch (waiting_park(executor->platform->waiting, work)) {
	case WAITING_PARKED:
		break;
	case WAITING_OVER:
		run_again(work);
		break;
	case WAITING_FULL:
		refuse(work, status_fail(STATUS_RESOURCE_EXHAUSTED, "WATCH_LIMIT",
				     "%d calls wait on this connection already, or %d in all",
				     WAITING_PER_CONNECTION_MAX, WAITING_MAX));
		break;
	}
}

static void read_one(struct thread *thread, struct work *work)
{
	struct executor *executor = thread->executor;
	bool time_is_over = waiting_is_over(executor->platform->waiting, work);
	struct status status;

	if (work_read(work, &thread->desk, time_is_over, &status)) {
		waiting_leave(executor->platform->waiting, work);
		work_answer(work, status);
	} else {
		park(executor, work);
	}
	arena_reset(&thread->desk.scratch);
}

MUST_USE static bool may_read_here(const struct work *work)
{
	return work->call.rule->flags & RULE_QUICK &&
	       clock_monotonic_us() - work->exchange->received_us < READ_HERE_US;
}

/* Reads on the calling thread; false when all lanes are taken. */
static bool read_here(struct executor *executor, struct work *work)
{
	static _Thread_local unsigned last; /* the lane that is warm */

	for (unsigned i = 0; i < executor->lane_count; i++) {
		struct lane *lane = &executor->lanes[(last + i) % executor->lane_count];

		if (atomic_flag_test_and_set_explicit(&lane->busy, memory_order_acquire))
			continue;
		last = (last + i) % executor->lane_count;
		read_one(&lane->thread, work);
		atomic_flag_clear_explicit(&lane->busy, memory_order_release);
		return true;
	}
	return false;
}

static void *reader_main(void *argument)
{
	struct thread *thread = argument;
	struct work *works;

	while ((works = queue_pop(&thread->executor->reads, READS_AT_ONCE)))
		for (struct work *work = works, *next; work; work = next) {
			next = work->next;
			read_one(thread, work);
		}
	return NULL;
}

/* --- taking in --- */

void executor_handle(struct executor *executor, struct exchange *exchange)
{
	struct work *work;
	struct status status =
		work_begin(executor, executor->platform, &executor->methods, exchange, &work);

	executor->calls++;
	if (status.code) {
		refuse(work, status);
		return;
	}
	if (work->call.rule->kind == METHOD_READ) {
		if (!may_read_here(work) || !read_here(executor, work))
			queue_push(&executor->reads, work);
		return;
	}
	work_mutate(work, &moves);
	if (work->prepare)
		begin_preparing(work);
	else
		submit(work);
}

/* --- start and stop --- */

MUST_USE static struct status thread_init(struct executor *executor, struct thread *thread)
{
	thread->executor = executor;
	return desk_open(&thread->desk, executor->platform->store);
}

MUST_USE static struct status open_lanes(struct executor *executor)
{
	for (unsigned count = executor->reads.threads; executor->lane_count < count;
		executor->lane_count++)
		TRY(thread_init(executor, &executor->lanes[executor->lane_count].thread));
	return OK;
}

MUST_USE static struct status start_threads(struct executor *executor, struct queue *queue,
	struct thread *threads, unsigned *started, void *(*main)(void *))
{
	for (*started = 0; *started < queue->threads; ++*started) {
		struct thread *thread = &threads[*started];

		TRY(thread_init(executor, thread));
		if (pthread_create(&thread->id, NULL, main, thread)) {
			desk_close(&thread->desk);
			return status_internal("a thread could not be made");
		}
	}
	return OK;
}

static void join_threads(struct thread *threads, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		pthread_join(threads[i].id, NULL);
		desk_close(&threads[i].desk);
	}
}

/* Every method has its line in the policy, every prepare step its method: the programmer's mistakes
 * end here. */
static void find_methods(struct methods *methods)
{
	size_t service_count, prepare_count;
	ProtobufCService *const *services = services_all(&service_count);
	const struct prepare *prepares = services_prepares(&prepare_count);
	size_t count;

	methods->registry = registry_new(services, service_count);
	count = registry_count(methods->registry);
	methods->rules = calloc(count, sizeof(*methods->rules));
	methods->prepares = calloc(count, sizeof(*methods->prepares));
	assert(methods->rules && methods->prepares);
	for (unsigned number = 0; number < count; number++) {
		const char *path = registry_at(methods->registry, number)->path;

		methods->rules[number] = policy_rule(path);
		if (!methods->rules[number]) {
			log_error("%s has no line in domain/policy.c", path);
			abort();
		}
	}
	for (size_t i = 0; i < prepare_count; i++) {
		const struct method *method = registry_find(methods->registry, prepares[i].path);

		assert(method);
		methods->prepares[method->number] = &prepares[i];
	}
}

static unsigned or_cores(unsigned wanted, unsigned max)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (!wanted)
		wanted = cores > 0 ? (unsigned)cores : 1;
	return wanted < max ? wanted : max;
}

struct status executor_start(const struct executor_options *options, struct executor **out)
{
	struct executor *executor = calloc(1, sizeof(*executor));

	if (!executor)
		return status_internal("no memory for the executor");
	executor->platform = options->platform;
	find_methods(&executor->methods);
	queue_init(&executor->reads, or_cores(options->readers, READERS_MAX));
	queue_init(&executor->crypto,
		or_cores(options->platform->settings->crypto_threads, CRYPTO_THREADS_MAX));
	preparing_init(&executor->preparing);
	executor->sweeper = sweeper_new(executor->platform);
	*out = executor;
	TRY(open_lanes(executor));
	TRY(start_threads(executor, &executor->reads, executor->readers, &executor->reader_count,
		reader_main));
	return start_threads(executor, &executor->crypto, executor->cryptos,
		&executor->crypto_count, crypto_main);
}

void executor_committed(struct executor *executor, uint64_t revision)
{
	waiting_committed(executor->platform->waiting, revision, run_again);
}

void executor_tick(struct executor *executor)
{
	waiting_expire(executor->platform->waiting, clock_monotonic_us(), run_again);
	sweeper_tick(executor->sweeper);
}

void executor_sweep(struct executor *executor)
{
	sweeper_run(executor->sweeper);
}

uint64_t executor_calls(const struct executor *executor)
{
	return executor->calls;
}

void executor_release(struct executor *executor)
{
	waiting_close(executor->platform->waiting, run_again);
}

void executor_stop(struct executor *executor)
{
	executor_release(executor);
	sweeper_stop(executor->sweeper);
	queue_close(&executor->crypto);
	join_threads(executor->cryptos, executor->crypto_count);
	queue_close(&executor->reads);
	join_threads(executor->readers, executor->reader_count);
	for (unsigned i = 0; i < executor->lane_count; i++)
		desk_close(&executor->lanes[i].thread.desk);
	sweeper_free(executor->sweeper);
	preparing_clear(&executor->preparing);
	registry_free(executor->methods.registry);
	free(executor->methods.rules);
	free(executor->methods.prepares);
	free(executor);
}
