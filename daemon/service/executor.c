/* SPDX-License-Identifier: Apache-2.0 */
#include "service/executor.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "service/queue.h"
#include "service/sweeper.h"
#include "service/work.h"

enum {
	READERS_MAX = 64,
	CRYPTO_THREADS_MAX = 4, /* each needs 64 MiB while it hashes */
	CRYPTO_QUEUE_MAX = 64,  /* about 3 s of hashing on two threads; then CRYPTO_BUSY */
	PARKED_MAX = 4096,
	PARKED_PER_CONNECTION_MAX = 4,
};

struct thread {
	struct executor *executor;
	pthread_t id;
	struct store_reader *reader;
};

struct executor {
	const struct platform *platform;
	struct registry *registry;
	const struct prepare **prepares; /* by method number; NULL for most */
	struct queue reads, crypto;
	struct thread readers[READERS_MAX], cryptos[CRYPTO_THREADS_MAX];
	unsigned reader_count, crypto_count;
	struct sweeper *sweeper;

	pthread_mutex_t lock;
	struct work *parked;  /* under lock */
	unsigned parked_count;
	bool released;        /* under lock: nothing waits any more */
	_Atomic uint64_t calls;
};

static void refuse(struct work *work, struct status status)
{
	work_reply(work, status, bytes_of(NULL, 0), store_revision(work->call.platform->store), false);
}

static void submit(struct work *work)
{
	store_submit(work->call.platform->store, &work->mutation);
}

void executor_handle(struct executor *executor, struct exchange *exchange)
{
	struct work *work;
	struct status status = work_begin(executor, executor->platform, executor->registry, exchange, &work);

	executor->calls++;
	if (status.code) {
		refuse(work, status);
		return;
	}
	if (work->call.rule->kind == METHOD_READ) {
		queue_push(&executor->reads, work);
		return;
	}
	work_mutate(work, submit);
	work->prepare = executor->prepares[work->call.method->number];
	if (!work->prepare)
		submit(work);
	else if (!queue_try_push(&executor->crypto, work, CRYPTO_QUEUE_MAX))
		refuse(work, status_with_retry(status_fail(STATUS_RESOURCE_EXHAUSTED, "CRYPTO_BUSY",
					       "too many passwords are being checked; try again in a moment"),
				     1000));
}

MUST_USE static unsigned parked_on(const struct executor *executor, uint64_t connection)
{
	unsigned count = 0;

	for (const struct work *work = executor->parked; work; work = work->next)
		count += work->exchange->peer.connection == connection;
	return count;
}

/* Keeps a read until the store has moved on; runs it again if that has happened already. */
static void park(struct executor *executor, struct work *work)
{
	bool full = false;

	pthread_mutex_lock(&executor->lock);
	if (executor->released || store_revision(executor->platform->store) > work->wait_revision) {
		pthread_mutex_unlock(&executor->lock);
		queue_push(&executor->reads, work);
		return;
	}
	full = executor->parked_count >= PARKED_MAX ||
	       parked_on(executor, work->exchange->peer.connection) >= PARKED_PER_CONNECTION_MAX;
	if (!full) {
		work->next = executor->parked;
		executor->parked = work;
		executor->parked_count++;
	}
	pthread_mutex_unlock(&executor->lock);
	if (full)
		refuse(work, status_fail(STATUS_RESOURCE_EXHAUSTED, "WATCH_LIMIT",
				     "%d calls wait on this connection already", PARKED_PER_CONNECTION_MAX));
}

/* Moves the parked works for which `due` holds back to the readers. */
static void unpark(struct executor *executor, bool all, int64_t now_us)
{
	struct work **link, *work;

	pthread_mutex_lock(&executor->lock);
	for (link = &executor->parked; (work = *link);) {
		if (!all && now_us < work->deadline_us) {
			link = &work->next;
			continue;
		}
		*link = work->next;
		executor->parked_count--;
		queue_push(&executor->reads, work);
	}
	pthread_mutex_unlock(&executor->lock);
}

MUST_USE static bool is_released(struct executor *executor)
{
	bool released;

	pthread_mutex_lock(&executor->lock);
	released = executor->released;
	pthread_mutex_unlock(&executor->lock);
	return released;
}

static void *reader_main(void *argument)
{
	struct thread *thread = argument;
	struct executor *executor = thread->executor;
	struct work *work;

	while ((work = queue_pop(&executor->reads))) {
		bool first = work->wait_revision == 0;
		bool time_is_over = !first && (clock_monotonic_us() >= work->deadline_us || is_released(executor));

		if (work_read(work, thread->reader, time_is_over) == WORK_WAITS)
			park(executor, work);
	}
	return NULL;
}

static void *crypto_main(void *argument)
{
	struct thread *thread = argument;
	struct work *work;

	while ((work = queue_pop(&thread->executor->crypto))) {
		work_prepare(work, thread->reader);
		submit(work);
	}
	return NULL;
}

MUST_USE static struct status start_threads(struct executor *executor, struct thread *threads, unsigned *started,
	unsigned wanted, void *(*main)(void *))
{
	for (*started = 0; *started < wanted; ++*started) {
		struct thread *thread = &threads[*started];

		thread->executor = executor;
		TRY(store_reader_new(executor->platform->store, &thread->reader));
		if (pthread_create(&thread->id, NULL, main, thread)) {
			store_reader_free(thread->reader);
			return status_internal("a thread could not be made");
		}
	}
	return OK;
}

static void join_threads(struct thread *threads, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		pthread_join(threads[i].id, NULL);
		store_reader_free(threads[i].reader);
	}
}

/* Every method has its line in the policy, every prepare step its method: the programmer's mistakes end here. */
static void check_tables(const struct executor *executor)
{
	for (unsigned number = 0; number < registry_count(executor->registry); number++) {
		const char *path = registry_at(executor->registry, number)->path;

		if (policy_rule(path))
			continue;
		log_error("%s has no line in domain/policy.c", path);
		abort();
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
	size_t service_count, prepare_count;
	ProtobufCService *const *services = services_all(&service_count);
	const struct prepare *prepares = services_prepares(&prepare_count);
	struct executor *executor = calloc(1, sizeof(*executor));

	if (!executor)
		return status_internal("no memory for the executor");
	executor->platform = options->platform;
	executor->registry = registry_new(services, service_count);
	check_tables(executor);
	executor->prepares = calloc(registry_count(executor->registry), sizeof(*executor->prepares));
	for (size_t i = 0; i < prepare_count; i++) {
		const struct method *method = registry_find(executor->registry, prepares[i].path);

		assert(method);
		executor->prepares[method->number] = &prepares[i];
	}
	pthread_mutex_init(&executor->lock, NULL);
	queue_init(&executor->reads);
	queue_init(&executor->crypto);
	executor->sweeper = sweeper_new(executor->platform);
	*out = executor;
	TRY(start_threads(executor, executor->readers, &executor->reader_count,
		or_cores(options->readers, READERS_MAX), reader_main));
	return start_threads(executor, executor->cryptos, &executor->crypto_count,
		or_cores(options->platform->settings->crypto_threads, CRYPTO_THREADS_MAX), crypto_main);
}

void executor_committed(struct executor *executor, uint64_t revision)
{
	(void)revision;
	unpark(executor, true, 0);
}

void executor_tick(struct executor *executor)
{
	unpark(executor, false, clock_monotonic_us());
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
	pthread_mutex_lock(&executor->lock);
	executor->released = true;
	pthread_mutex_unlock(&executor->lock);
	unpark(executor, true, 0);
}

void executor_stop(struct executor *executor)
{
	executor_release(executor);
	sweeper_stop(executor->sweeper);
	queue_close(&executor->crypto);
	join_threads(executor->cryptos, executor->crypto_count);
	queue_close(&executor->reads);
	join_threads(executor->readers, executor->reader_count);
	sweeper_free(executor->sweeper);
	registry_free(executor->registry);
	free(executor->prepares);
	pthread_mutex_destroy(&executor->lock);
	free(executor);
}
