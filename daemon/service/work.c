/* SPDX-License-Identifier: Apache-2.0 */
#include "service/work.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "rpc/envelope.h"
#include "service/caller.h"
#include "service/replay.h"

enum { TIMEOUT_DEFAULT_MS = 10 * 1000, TIMEOUT_MAX_MS = 60 * 1000 };

/* A failure that outlives this thread. */
static struct status keep(struct work *work, struct status status)
{
	if (status.code) {
		struct failure *failure = ARENA_NEW(work->call.arena, struct failure);

		*failure = *status.failure;
		status.failure = failure;
	}
	return status;
}

MUST_USE static struct status decode(struct work *work, const struct platform *platform, const struct registry *registry)
{
	struct exchange *exchange = work->exchange;
	struct call *call = &work->call;
	ProtobufCMessage *envelope, *request;
	uint32_t timeout_ms;

	arena_allow_decoding(&exchange->arena, exchange->body.size);
	TRY(envelope_unpack(&exchange->arena, &orgd__rpc__v1__request__descriptor, exchange->body, &envelope));
	call->envelope = (const Orgd__Rpc__V1__Request *)envelope;
	timeout_ms = call->envelope->timeout_ms ? call->envelope->timeout_ms : TIMEOUT_DEFAULT_MS;
	if (timeout_ms > TIMEOUT_MAX_MS)
		timeout_ms = TIMEOUT_MAX_MS;
	work->deadline_us = exchange->received_us + (int64_t)timeout_ms * US_PER_MS;
	call->method = registry_find(registry, call->envelope->method);
	if (!call->method)
		return status_fail(STATUS_UNIMPLEMENTED, "METHOD_UNKNOWN", "there is no method \"%.100s\"",
			call->envelope->method);
	call->rule = policy_rule(call->method->path);
	if (call->rule->kind == METHOD_MUTATION)
		TRY(replay_check_request_id(call->envelope->request_id));
	arena_allow_decoding(&exchange->arena, call->envelope->payload.len);
	TRY(envelope_unpack(&exchange->arena, call->method->descriptor->input,
		bytes_of(call->envelope->payload.data, call->envelope->payload.len), &request));
	call->request = request;
	call->now_us = clock_now_us(platform->clock);
	return OK;
}

struct status work_begin(struct executor *executor, const struct platform *platform, const struct registry *registry,
	struct exchange *exchange, struct work **out)
{
	struct work *work = ARENA_NEW(&exchange->arena, struct work);
	struct id id;

	*out = work;
	work->executor = executor;
	work->exchange = exchange;
	work->call.arena = &exchange->arena;
	work->call.platform = platform;
	work->call.peer = &exchange->peer;
	entropy_seed(&work->call.entropy);
	random_bytes(&id, sizeof(id));
	id_format(ID_CALL, &id, work->call_id);
	return decode(work, platform, registry);
}

void work_reply(struct work *work, struct status status, struct bytes payload, uint64_t revision, bool committed)
{
	struct exchange *exchange = work->exchange;
	struct reply reply = { .status = status,
		.payload = payload,
		.epoch = store_epoch(work->call.platform->store),
		.revision = revision,
		.committed = committed,
		.call_id = work->call_id };

	if (status.code == STATUS_INTERNAL || status.code == STATUS_DATA_LOSS)
		log_error("%s %s: %s", work->call_id, work->call.method ? work->call.method->path : "-",
			status.failure->message);
	if (!work->room)
		work->room = exchange->reserve(exchange, envelope_size_max(&reply));
	if (!work->room) {
		log_error("%s: out of memory for a reply", work->call_id);
		abort();
	}
	exchange->send(exchange, envelope_pack(&reply, work->room));
}

static void invoke(struct call *call)
{
	call->status = OK;
	call->wait = false;
	call->method->service->invoke(call->method->service, call->method->index, call->request, NULL, call);
}

struct status call_look(struct call *call)
{
	struct work *work = CONTAINER_OF(call, struct work, call);

	call->now_us = clock_now_us(call->platform->clock);
	return store_snapshot_begin(work->reader, call->arena, &call->snapshot);
}

void call_look_away(struct call *call)
{
	if (call->snapshot)
		store_snapshot_end(call->snapshot);
	call->snapshot = NULL;
}

MUST_USE static struct status prepare(struct work *work)
{
	struct call *call = &work->call;
	struct status status;

	TRY(call_look(call));
	status = caller_authenticate(call);
	call_look_away(call);
	TRY(status);
	if (call->caller.replay_only)
		return OK; /* refused or replayed when it runs */
	status = work->prepare->prepare(call);
	call_look_away(call);
	return status;
}

void work_prepare(struct work *work, struct store_reader *reader)
{
	work->reader = reader;
	work->prepared = keep(work, prepare(work));
}

MUST_USE static struct status session_is_over(void)
{
	return status_fail(STATUS_UNAUTHENTICATED, "SESSION_EXPIRED", "this session is over; sign in again");
}

/* Has the store come to the state that the caller wants to see at least? */
MUST_USE static struct status check_minimum(struct work *work, bool time_is_over, bool *wait)
{
	const Orgd__Rpc__V1__Request *envelope = work->call.envelope;
	uint64_t epoch = store_epoch(work->call.platform->store);

	*wait = epoch == envelope->min_epoch && work->revision < envelope->min_revision;
	if (envelope->min_epoch > epoch || (*wait && time_is_over))
		return status_fail(STATUS_UNAVAILABLE, "REVISION_NOT_REACHED",
			"revision %" PRIu64 " of epoch %" PRIu64 " is not here yet; try again", envelope->min_revision,
			envelope->min_epoch);
	return OK;
}

MUST_USE static struct status read_at_snapshot(struct work *work, bool time_is_over)
{
	struct call *call = &work->call;

	call->now_us = clock_now_us(call->platform->clock);
	TRY(caller_authenticate(call));
	if (call->caller.replay_only)
		return session_is_over();
	work->revision = snapshot_revision(call->snapshot);
	TRY(check_minimum(work, time_is_over, &call->wait));
	if (call->wait)
		return OK;
	call->time_is_over = time_is_over;
	invoke(call);
	return call->status;
}

enum work_read work_read(struct work *work, struct store_reader *reader, bool time_is_over)
{
	struct call *call = &work->call;
	struct status status = store_snapshot_begin(reader, call->arena, &call->snapshot);

	if (!status.code) {
		status = read_at_snapshot(work, time_is_over);
		store_snapshot_end(call->snapshot);
		call->snapshot = NULL;
	}
	if (!status.code && call->wait && !time_is_over) {
		work->wait_revision = work->revision;
		return WORK_WAITS;
	}
	work_reply(work, status, call->payload, work->revision, false);
	return WORK_ANSWERED;
}

/* Appends a step's payload to those before it. */
static struct bytes steps_with(struct work *work, struct bytes payload)
{
	uint8_t *joined;

	if (!work->steps.size)
		return payload;
	joined = arena_alloc(work->call.arena, work->steps.size + payload.size + 1);
	memcpy(joined, work->steps.data, work->steps.size);
	if (payload.size)
		memcpy(joined + work->steps.size, payload.data, payload.size);
	return bytes_of(joined, work->steps.size + payload.size);
}

/* The room for the reply is there before anything is committed. */
MUST_USE static struct status reserve_reply(struct work *work, struct bytes payload)
{
	struct reply reply = { .payload = payload, .call_id = work->call_id };

	if (payload.size > REPLY_BYTES_MAX - 1024)
		return status_fail(STATUS_RESOURCE_EXHAUSTED, "REPLY_TOO_LARGE", "the answer is over 1 MiB");
	work->room = work->exchange->reserve(work->exchange, envelope_size_max(&reply));
	if (!work->room)
		return status_fail(STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", "no memory for the reply; try again");
	return OK;
}

MUST_USE static struct status mutate(struct work *work)
{
	struct call *call = &work->call;

	if (!call->step && clock_monotonic_us() > work->deadline_us)
		return status_fail(STATUS_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED",
			"the call's time was over before it began; nothing was done");
	TRY(caller_authenticate(call));
	if (call->rule->kind == METHOD_MUTATION)
		TRY(replay_find(call, &work->replayed, &work->revision));
	if (work->replayed)
		return reserve_reply(work, steps_with(work, call->payload));
	if (call->caller.replay_only)
		return session_is_over();
	if (work->prepared.code)
		return work->prepared;
	invoke(call);
	TRY(call->status);
	work->changed = batch_write_count(call->batch) > 0;
	if (call->rule->kind == METHOD_MUTATION)
		TRY(replay_keep(call, call->more ? call->payload : steps_with(work, call->payload)));
	return reserve_reply(work, steps_with(work, call->payload));
}

static struct status mutation_run(struct mutation *mutation, struct snapshot *snapshot, int64_t now_us)
{
	struct work *work = CONTAINER_OF(mutation, struct work, mutation);
	struct call *call = &work->call;

	/* It may be the second run, so nothing is left of the first. */
	entropy_rewind(&call->entropy);
	call->snapshot = snapshot;
	call->batch = snapshot_batch(snapshot);
	call->now_us = now_us;
	call->events = 0;
	call->more = false;
	work->replayed = work->changed = false;
	return keep(work, mutate(work));
}

static void mutation_done(struct mutation *mutation, struct status status, uint64_t revision, bool committed)
{
	struct work *work = CONTAINER_OF(mutation, struct work, mutation);
	struct call *call = &work->call;

	if (!status.code && call->more) {
		work->steps = steps_with(work, call->payload);
		call->step++;
		entropy_seed(&call->entropy);
		work->next_step(work);
		return;
	}
	if (status.code)
		work->room = NULL;
	work_reply(work, status, steps_with(work, call->payload), work->replayed ? work->revision : revision,
		committed && work->changed);
}

void work_mutate(struct work *work, void (*next_step)(struct work *work))
{
	work->next_step = next_step;
	work->mutation = (struct mutation){ .arena = work->call.arena, .run = mutation_run, .done = mutation_done };
}
