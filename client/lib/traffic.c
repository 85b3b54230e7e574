/* SPDX-License-Identifier: Apache-2.0 */
#include "traffic.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

enum {
	BACK_OFF_MS_MIN = 50, /* doubled each time */
	BACK_OFF_MS_MAX = 1000,
	BACK_OFF_DOUBLINGS_MAX = 4,
	ANSWER_MS = 250, /* of what is left, kept for the way back */
	SLOT_BITS = 6,
	UNSENT_BYTES_MAX = 16 * 1024,
	FULL_BYTES = 256 * 1024, /* unsent: orgd does not read, and no more is put behind it */
};
_Static_assert(ORG_UNDER_WAY_MAX == 1 << SLOT_BITS, "a slot is part of an id");

/* Who waits, for one call or for any of several. */
struct waiter {
	pthread_cond_t woken;
	TAILQ_ENTRY(waiter) sleeping;
};

bool traffic_init(struct traffic *traffic)
{
	traffic->kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&traffic->lock, NULL);
	TAILQ_INIT(&traffic->queue);
	TAILQ_INIT(&traffic->sleepers);
	traffic->free_slots = UINT64_MAX;
	traffic->alarm_ms = INT64_MAX;
	return traffic->kick >= 0;
}

void traffic_clear(struct traffic *traffic)
{
	connection_clear(&traffic->connection);
	if (traffic->kick >= 0)
		close(traffic->kick);
	pthread_mutex_destroy(&traffic->lock);
}

/* --- a call's states; with the lock held --- */

static void call_dequeue(struct org_call *call)
{
	struct traffic *traffic = &call->client->traffic;
	uint32_t slot = call->id % ORG_UNDER_WAY_MAX;

	if (call->state == CALL_QUEUED) {
		TAILQ_REMOVE(&traffic->queue, call, queued);
	} else if (call->state == CALL_SENT) {
		traffic->sent[slot] = NULL;
		traffic->free_slots |= UINT64_C(1) << slot;
	}
}

static void call_end(struct org_call *call)
{
	call_dequeue(call);
	call->state = CALL_OVER;
	call->client->traffic.unclaimed++;
	if (call->waiter)
		pthread_cond_signal(&call->waiter->woken);
}

/* Ends the call; the status that it returns is to be filled in with why. */
static struct org_status *call_fail(struct org_call *call)
{
	call_end(call);
	return call->failure = calloc(1, sizeof(*call->failure));
}

static void call_fail_connection(struct org_call *call)
{
	const char *url = call->client->url;

	if (call->may_have_happened)
		org_status_fail(call_fail(call), ORG_UNAVAILABLE, "CONNECTION_LOST",
			"Lost the connection to orgd at %s before it answered. The call may have "
			"happened; repeating it with the same request id is safe.",
			url);
	else
		org_status_fail(call_fail(call), ORG_UNAVAILABLE, "CONNECTION_REFUSED",
			"Cannot reach orgd at %s: %s.", url,
			connection_problem(&call->client->traffic.connection));
}

static void call_fail_late(struct org_call *call)
{
	const char *url = call->client->url;

	if (call->may_have_happened || call->state == CALL_SENT)
		org_status_fail(call_fail(call), ORG_DEADLINE_EXCEEDED, "NO_ANSWER",
			"orgd at %s did not answer in time. The call may have happened; repeating "
			"it with the same request id is safe.",
			url);
	else
		org_status_fail(call_fail(call), ORG_DEADLINE_EXCEEDED, "NOT_SENT",
			"The call's turn behind others to orgd at %s did not come in time. It did "
			"not happen.",
			url);
}

/* When a queued call will have waited in vain, for a connection or for its turn. */
static int64_t call_patience_ms(const struct org_call *call)
{
	const struct org_client *client = call->client;
	const struct traffic *traffic = &client->traffic;
	int64_t begin_ms = call->ready_ms;

	/* While nobody waits nobody connects, either. */
	if (traffic->connection.state == CONNECTION_READY || traffic->wait_count == 0)
		return call->deadline_ms;
	if (begin_ms < traffic->away_ms)
		begin_ms = traffic->away_ms;
	if (begin_ms < traffic->wait_ms)
		begin_ms = traffic->wait_ms;
	begin_ms += client->connect_timeout_ms;
	return begin_ms < call->deadline_ms ? begin_ms : call->deadline_ms;
}

static void alarm_set(struct traffic *traffic, int64_t time_ms)
{
	if (time_ms < traffic->alarm_ms)
		traffic->alarm_ms = time_ms;
}

static void call_enqueue(struct org_call *call, int64_t ready_ms)
{
	struct traffic *traffic = &call->client->traffic;

	call_dequeue(call);
	call->state = CALL_QUEUED;
	call->ready_ms = ready_ms;
	TAILQ_INSERT_TAIL(&traffic->queue, call, queued);
	alarm_set(traffic, call_patience_ms(call));
}

/* Another try, with the same request id. False when there is none left or no time for it. */
static bool call_again(struct org_call *call, int64_t retry_after_ms)
{
	unsigned doublings = call->tries - 1;
	int64_t wait_ms = BACK_OFF_MS_MAX, now_ms = clock_ms();
	uint64_t number = 0;

	if (call->tries == call->client->tries_max)
		return false;
	if (doublings <= BACK_OFF_DOUBLINGS_MAX)
		wait_ms = BACK_OFF_MS_MIN << doublings;
	/* Clients that failed together do not come back together. */
	random_fill(&number, sizeof(number));
	wait_ms = wait_ms / 2 + (int64_t)(number % (uint64_t)(wait_ms / 2 + 1));
	if (wait_ms < retry_after_ms)
		wait_ms = retry_after_ms;
	if (wait_ms >= call->deadline_ms - now_ms)
		return false;
	call_enqueue(call, now_ms + wait_ms);
	alarm_set(&call->client->traffic, call->ready_ms);
	return true;
}

/* --- a try --- */

/* What is different each time: less time is left, and more was seen. protobuf takes it behind the
 * rest as well as within. */
static void call_fill_in(const struct org_call *call, Orgd__Rpc__V1__Request *more)
{
	const struct traffic *traffic = &call->client->traffic;
	int64_t left_ms = call->deadline_ms - clock_ms();

	orgd__rpc__v1__request__init(more);
	/* What orgd decides at the last moment still has to arrive. 0 would be the default. */
	left_ms -= left_ms / 4 < ANSWER_MS ? left_ms / 4 : ANSWER_MS;
	more->timeout_ms = left_ms > 1 ? (uint32_t)left_ms : 1;
	more->min_epoch = call->min_epoch;
	more->min_revision = call->min_revision;
	if (call->client->read_your_writes && call->min_epoch == 0) {
		more->min_epoch = traffic->seen_epoch;
		more->min_revision = traffic->seen_revision;
	}
}

/* False when memory is out. */
static bool call_send(struct org_call *call)
{
	struct traffic *traffic = &call->client->traffic;
	uint32_t slot = (uint32_t)__builtin_ctzll(traffic->free_slots);
	Orgd__Rpc__V1__Request more;
	uint8_t *body;

	call_fill_in(call, &more);
	traffic->latest_id += ORG_UNDER_WAY_MAX;
	call->id = (traffic->latest_id + slot) | CONNECTION_ID_MARK;
	body = connection_put(&traffic->connection, call->id,
		call->body_bytes + orgd__rpc__v1__request__get_packed_size(&more));
	if (!body)
		return false;
	memcpy(body, call->body, call->body_bytes);
	orgd__rpc__v1__request__pack(&more, body + call->body_bytes);
	TAILQ_REMOVE(&traffic->queue, call, queued);
	traffic->sent[slot] = call;
	traffic->free_slots &= ~(UINT64_C(1) << slot);
	call->state = CALL_SENT;
	call->tries++;
	alarm_set(traffic, call->deadline_ms);
	return true;
}

static bool is_ending(const struct traffic *traffic)
{
	return traffic->connection.is_broken || traffic->connection.is_mute;
}

/* Puts what is queued into frames, as far as there are slots and orgd takes them. */
static void send_queue(struct traffic *traffic)
{
	struct org_call *call = TAILQ_FIRST(&traffic->queue), *next;
	int64_t now_ms = call ? clock_ms() : 0;

	if (traffic->connection.state != CONNECTION_READY || is_ending(traffic))
		return;
	for (; call && traffic->free_slots && connection_unsent(&traffic->connection) < FULL_BYTES;
		call = next) {
		next = TAILQ_NEXT(call, queued);
		if (call->ready_ms <= now_ms && !call_send(call))
			call_end(call);
	}
}

/* --- what comes --- */

static void traffic_saw(struct traffic *traffic, const Orgd__Rpc__V1__Response *envelope)
{
	if (envelope->epoch > traffic->seen_epoch ||
		(envelope->epoch == traffic->seen_epoch &&
			envelope->revision > traffic->seen_revision)) {
		traffic->seen_epoch = envelope->epoch;
		traffic->seen_revision = envelope->revision;
	}
}

static void call_answer(struct org_call *call, const uint8_t *body, size_t size)
{
	Orgd__Rpc__V1__Response *envelope = (Orgd__Rpc__V1__Response *)budget_unpack(
		&orgd__rpc__v1__response__descriptor, body, size);
	struct org_status status;

	if (!envelope) {
		org_status_fail_malformed(call_fail(call), call->client);
		return;
	}
	traffic_saw(&call->client->traffic, envelope);
	if (envelope->status && envelope->status->code == ORG_UNAVAILABLE) {
		org_status_read(envelope->status, &status);
		if (call_again(call, status.retry_after_ms)) {
			org_message_free(envelope);
			return;
		}
	}
	call->envelope = envelope;
	call_end(call);
}

/* An answer to a call that was given up is nobody's. */
static void take_answers(struct traffic *traffic)
{
	const uint8_t *body;
	uint32_t id;
	size_t size;

	while (connection_take(&traffic->connection, &id, &body, &size)) {
		struct org_call *call = traffic->sent[id % ORG_UNDER_WAY_MAX];

		if (call && call->id == id)
			call_answer(call, body, size);
	}
}

static void lose_sent(struct traffic *traffic)
{
	for (unsigned slot = 0; slot < ORG_UNDER_WAY_MAX; slot++) {
		struct org_call *call = traffic->sent[slot];

		if (!call)
			continue;
		call->may_have_happened = true;
		if (!call_again(call, 0))
			call_fail_connection(call);
	}
}

/* Reads, if the poll said so, or to see whether the connection still is. True: there may be
 * more. */
static bool advance(struct traffic *traffic)
{
	bool was_ready = traffic->connection.state == CONNECTION_READY;
	bool has_read = connection_advance(&traffic->connection);

	traffic->heard_ms = clock_ms();
	take_answers(traffic);
	if (was_ready && traffic->connection.state == CONNECTION_AWAY) {
		traffic->away_ms = clock_ms();
		traffic->alarm_ms = 0;
		lose_sent(traffic);
	}
	return has_read;
}

/* --- time --- */

static void ring(struct traffic *traffic, int64_t now_ms)
{
	struct org_call *call, *next;

	traffic->alarm_ms = INT64_MAX;
	for (call = TAILQ_FIRST(&traffic->queue); call; call = next) {
		int64_t patience_ms = call_patience_ms(call);

		next = TAILQ_NEXT(call, queued);
		if (now_ms < patience_ms)
			alarm_set(traffic, now_ms < call->ready_ms ? call->ready_ms : patience_ms);
		else if (traffic->connection.state == CONNECTION_READY)
			call_fail_late(call);
		else
			call_fail_connection(call);
	}
	for (unsigned slot = 0; slot < ORG_UNDER_WAY_MAX; slot++) {
		call = traffic->sent[slot];
		if (call && now_ms >= call->deadline_ms)
			call_fail_late(call);
		else if (call)
			alarm_set(traffic, call->deadline_ms);
	}
}

static void kick(struct traffic *traffic)
{
	const uint64_t one = 1;

	if (traffic->is_driven)
		(void)!write(traffic->kick, &one, sizeof(one));
}

/* What the socket does not take the driver writes, once it knows. */
static void flush(struct traffic *traffic)
{
	connection_flush(&traffic->connection);
	if (connection_unsent(&traffic->connection) == 0) {
		send_queue(traffic);
		connection_flush(&traffic->connection);
	}
	if (connection_unsent(&traffic->connection) > 0)
		kick(traffic);
}

/* Does what can be done without waiting, but for sending what is in frames. The socket is opened by
 * the driver alone. */
static void settle(struct traffic *traffic)
{
	int64_t now_ms = clock_ms();
	bool is_time = now_ms >= traffic->alarm_ms;

	/* What came before anyone looked has come in time. */
	while (is_time && !traffic->is_driven && advance(traffic))
		;
	if (!traffic->is_driven && !TAILQ_EMPTY(&traffic->queue))
		connection_dial(&traffic->connection);
	if (is_time)
		ring(traffic, now_ms);
	send_queue(traffic);
}

static int poll_ms(const struct traffic *traffic)
{
	const struct connection *connection = &traffic->connection;
	int64_t next_ms = connection->state == CONNECTION_AWAY ? connection->retry_ms
							       : connection->greeted_ms;
	int64_t until_ms = traffic->alarm_ms, left_ms;

	if (connection->state != CONNECTION_READY && until_ms > next_ms)
		until_ms = next_ms;
	left_ms = until_ms - clock_ms();
	if (left_ms < 0 || is_ending(traffic))
		return 0;
	return left_ms < ORG_TIMEOUT_MS_MAX ? (int)left_ms : ORG_TIMEOUT_MS_MAX;
}

/* One turn of the driver's. */
static void drive(struct traffic *traffic)
{
	struct pollfd polls[] = {
		{ .fd = traffic->connection.fd, .events = connection_events(&traffic->connection) },
		{ .fd = traffic->kick, .events = POLLIN },
	};
	int timeout_ms = poll_ms(traffic);
	uint64_t kicks;

	traffic->is_driven = true;
	pthread_mutex_unlock(&traffic->lock);
	poll(polls, 2, timeout_ms);
	pthread_mutex_lock(&traffic->lock);
	traffic->is_driven = false;
	if (polls[1].revents)
		(void)!read(traffic->kick, &kicks, sizeof(kicks));
	if (polls[0].revents || is_ending(traffic))
		advance(traffic);
	settle(traffic);
	flush(traffic);
}

/* --- from outside --- */

void traffic_begin(struct org_call *call)
{
	struct traffic *traffic = &call->client->traffic;

	pthread_mutex_lock(&traffic->lock);
	traffic->call_count++;
	/* A connection on which nothing is under way may have ended unnoticed, with the daemon. */
	if (!traffic->is_driven && traffic->free_slots == UINT64_MAX &&
		traffic->connection.state == CONNECTION_READY && traffic->heard_ms < clock_ms())
		advance(traffic);
	call_enqueue(call, clock_ms());
	settle(traffic);
	/* While answers lie there their callers come for them, and are likely to ask more: one
	 * system call then sends it all. Whoever has to wait sends before that. */
	if (traffic->unclaimed == 0 || connection_unsent(&traffic->connection) >= UNSENT_BYTES_MAX)
		flush(traffic);
	pthread_mutex_unlock(&traffic->lock);
}

/* From now on it is looked after, and the time without a connection counts. */
static void wait_enter(struct traffic *traffic)
{
	if (traffic->wait_count++ > 0)
		return;
	traffic->wait_ms = clock_ms();
	if (traffic->connection.state != CONNECTION_READY)
		traffic->alarm_ms = 0;
}

static size_t find_over(struct org_call *const calls[], size_t count)
{
	size_t i = 0;

	while (i < count && !(calls[i] && calls[i]->state == CALL_OVER))
		i++;
	return i;
}

static void set_waiter(struct org_call *const calls[], size_t count, struct waiter *waiter)
{
	for (size_t i = 0; i < count; i++)
		if (calls[i])
			calls[i]->waiter = waiter;
}

static void sleep_beside(struct traffic *traffic, struct org_call *const calls[], size_t count)
{
	struct waiter self = { .woken = PTHREAD_COND_INITIALIZER };
	const struct timespec until = { .tv_sec = traffic->alarm_ms / 1000,
		.tv_nsec = traffic->alarm_ms % 1000 * 1000000 };

	set_waiter(calls, count, &self);
	TAILQ_INSERT_TAIL(&traffic->sleepers, &self, sleeping);
	if (pthread_cond_clockwait(&self.woken, &traffic->lock, CLOCK_MONOTONIC, &until) != 0)
		settle(traffic);
	TAILQ_REMOVE(&traffic->sleepers, &self, sleeping);
	set_waiter(calls, count, NULL);
	pthread_cond_destroy(&self.woken);
}

size_t traffic_wait(struct org_client *client, struct org_call *const calls[], size_t count)
{
	struct traffic *traffic = &client->traffic;
	size_t over;

	pthread_mutex_lock(&traffic->lock);
	wait_enter(traffic);
	while ((over = find_over(calls, count)) == count) {
		flush(traffic);
		if (traffic->is_driven)
			sleep_beside(traffic, calls, count);
		else
			drive(traffic);
	}
	traffic->wait_count--;
	if (!traffic->is_driven && !TAILQ_EMPTY(&traffic->sleepers))
		pthread_cond_signal(&TAILQ_FIRST(&traffic->sleepers)->woken);
	pthread_mutex_unlock(&traffic->lock);
	return over;
}

void traffic_end(struct org_call *call)
{
	struct org_client *client = call->client;
	bool is_last;

	pthread_mutex_lock(&client->traffic.lock);
	if (call->state == CALL_OVER)
		client->traffic.unclaimed--;
	else
		call_dequeue(call);
	is_last = --client->traffic.call_count == 0 && client->traffic.is_closed;
	pthread_mutex_unlock(&client->traffic.lock);
	if (is_last)
		client_free(client);
}

static void call_close(struct org_call *call)
{
	org_status_fail(call_fail(call), ORG_CANCELLED, "CLIENT_CLOSED",
		"The client was closed before orgd at %s answered. The call may have happened.",
		call->client->url);
}

bool traffic_close(struct org_client *client)
{
	struct traffic *traffic = &client->traffic;
	bool is_last;

	pthread_mutex_lock(&traffic->lock);
	traffic->is_closed = true;
	while (!TAILQ_EMPTY(&traffic->queue))
		call_close(TAILQ_FIRST(&traffic->queue));
	for (unsigned slot = 0; slot < ORG_UNDER_WAY_MAX; slot++)
		if (traffic->sent[slot])
			call_close(traffic->sent[slot]);
	kick(traffic);
	is_last = traffic->call_count == 0;
	pthread_mutex_unlock(&traffic->lock);
	return is_last;
}
