/* SPDX-License-Identifier: Apache-2.0 */
#include "service/work.h"

#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "rpc/envelope.h"
#include "service/caller.h"
#include "service/replay.h"

enum {
	TIMEOUT_DEFAULT_MS = 10 * 1000,
	TIMEOUT_MAX_MS = 60 * 1000,
	ENVELOPE_BYTES = 1024, /* of a reply, at most, besides its payload */
	STEPS_BYTES_MIN = 4096,
};

MUST_USE static struct status decode(struct work *work, const struct methods *methods)
{
	struct exchange *exchange = work->exchange;
	struct call *call = &work->call;
	ProtobufCMessage *envelope, *request;
	uint32_t timeout_ms;

	TRY(envelope_unpack(
		&exchange->arena, &orgd__rpc__v1__request__descriptor, exchange->body, &envelope));
	call->envelope = (const Orgd__Rpc__V1__Request *)envelope;
	timeout_ms = call->envelope->timeout_ms ? call->envelope->timeout_ms : TIMEOUT_DEFAULT_MS;
	if (timeout_ms > TIMEOUT_MAX_MS)
		timeout_ms = TIMEOUT_MAX_MS;
	work->deadline_us = exchange->received_us + (int64_t)timeout_ms * US_PER_MS;
	call->method = registry_find(methods->registry, call->envelope->method);
	if (!call->method)
		return status_fail(STATUS_UNIMPLEMENTED, "METHOD_UNKNOWN",
			"there is no method \"%.100s\"", call->envelope->method);
	call->rule = methods->rules[call->method->number];
	work->prepare = methods->prepares[call->method->number];
	TRY(envelope_unpack(&exchange->arena, call->method->descriptor->input,
		bytes_of(call->envelope->payload.data, call->envelope->payload.len), &request));
	call->request = request;
	return OK;
}

/* Random to begin with in each thread, then counted: unique, and no secret. */
static struct id next_call_id(void)
{
	static _Thread_local struct id id;
	uint64_t number;

	if (id_is_zero(&id))
		random_bytes(&id, sizeof(id));
	memcpy(&number, id.bytes + sizeof(id.bytes) - sizeof(number), sizeof(number));
	number = htobe64(be64toh(number) + 1);
	memcpy(id.bytes + sizeof(id.bytes) - sizeof(number), &number, sizeof(number));
	return id;
}

struct status work_begin(struct executor *executor, const struct platform *platform,
	const struct methods *methods, struct exchange *exchange, struct work **out)
{
	struct work *work = ARENA_NEW(&exchange->arena, struct work);
	struct id id;

	*out = work;
	work->executor = executor;
	work->exchange = exchange;
	work->call.arena = &exchange->arena;
	work->call.platform = platform;
	work->call.peer = &exchange->peer;
	id = next_call_id();
	id_format(ID_CALL, &id, work->call_id);
	return decode(work, methods);
}

static void log_failure(const struct work *work, const struct failure *failure)
{
	const struct call *call = &work->call;
	const char *trace = call->envelope ? call->envelope->trace_parent : "";

	log_error("%s %s%s%.64s: %s", work->call_id, call->method ? call->method->path : "-",
		*trace ? " " : "", trace, failure->message);
}

void work_reply(struct work *work, struct status status, struct bytes payload, uint64_t revision,
	bool committed)
{
	struct exchange *exchange = work->exchange;
	struct reply reply = { .status = status,
		.payload = payload,
		.epoch = store_epoch(work->call.platform->store),
		.revision = revision,
		.committed = committed,
		.call_id = work->call_id };
	size_t size;

	if (status.code == STATUS_INTERNAL || status.code == STATUS_DATA_LOSS)
		log_failure(work, status.failure);
	if (!work->room)
		work->room = exchange->reserve(exchange, envelope_size_max(&reply));
	if (!work->room) {
		log_error("%s: out of memory for a reply", work->call_id);
		abort();
	}
	size = envelope_pack(&reply, work->room);
	arena_clear(&work->step_arena);
	exchange->send(exchange, size);
}

static void invoke(struct call *call)
{
	call->status = OK;
	call->wait = false;
	call->method->service->invoke(
		call->method->service, call->method->index, call->request, NULL, call);
}

MUST_USE static struct status session_is_over(void)
{
	return status_fail(
		STATUS_UNAUTHENTICATED, "SESSION_EXPIRED", "this session is over; sign in again");
}

MUST_USE static bool is_too_late(const struct work *work)
{
	return clock_monotonic_us() > work->deadline_us;
}

/* Who calls comes before what is wrong with the call (SPEC section 3). */
MUST_USE static struct status authenticate_mutation(struct call *call)
{
	struct status status;

	TRY(caller_authenticate(call));
	if (call->rule->kind != METHOD_MUTATION)
		return OK;
	status = replay_check_request_id(call->envelope->request_id);
	return status.code && call->caller.replay_only ? session_is_over() : status;
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
	status = authenticate_mutation(call);
	call_look_away(call);
	TRY(status);
	if (call->caller.replay_only)
		return session_is_over(); /* unless a replay is found when it runs */
	status = work->prepare->prepare(call);
	call_look_away(call);
	return status;
}

void work_fail(struct work *work, struct status status)
{
	work->prepared = arena_keep(work->call.arena, status);
}

void work_prepare(struct work *work, struct store_reader *reader)
{
	/* What comes too late is refused when it runs, and hashes nothing before. */
	if (is_too_late(work))
		return;
	work->reader = reader;
	work_fail(work, prepare(work));
	/* The handler draws nothing that the prepare step has drawn. */
	entropy_seed(&work->call.entropy);
}

/* Has the store come to the state that the caller wants to see at least? */
MUST_USE static struct status check_minimum(struct work *work, bool time_is_over, bool *wait)
{
	const Orgd__Rpc__V1__Request *envelope = work->call.envelope;
	uint64_t epoch = store_epoch(work->call.platform->store);

	*wait = epoch == envelope->min_epoch && work->revision < envelope->min_revision;
	if (*wait)
		work->wait_revision = envelope->min_revision - 1;
	if (envelope->min_epoch > epoch || (*wait && time_is_over))
		return status_fail(STATUS_UNAVAILABLE, "REVISION_NOT_REACHED",
			"revision %" PRIu64 " of epoch %" PRIu64 " is not here yet; try again",
			envelope->min_revision, envelope->min_epoch);
	return OK;
}

MUST_USE static struct status read_at_snapshot(struct work *work, bool time_is_over)
{
	struct call *call = &work->call;

	call->now_us = clock_now_us(call->platform->clock);
	TRY(caller_authenticate(call));
	if (call->caller.replay_only)
		return session_is_over();
	work->revision = work->wait_revision = snapshot_revision(call->snapshot);
	TRY(check_minimum(work, time_is_over, &call->wait));
	if (call->wait)
		return OK;
	call->time_is_over = time_is_over;
	invoke(call);
	return call->status;
}

MUST_USE static struct status check_size(struct bytes payload)
{
	if (payload.size <= REPLY_BYTES_MAX - ENVELOPE_BYTES)
		return OK;
	return status_fail(
		STATUS_RESOURCE_EXHAUSTED, "REPLY_TOO_LARGE", "the answer is over 1 MiB");
}

bool work_read(struct work *work, struct desk *desk, bool time_is_over, struct status *status)
{
	struct call *call = &work->call;

	call->desk = desk;
	call->arena = &desk->scratch;
	*status = store_snapshot_begin(desk->reader, call->arena, &call->snapshot);
	if (status->code)
		return true;
	*status = read_at_snapshot(work, time_is_over);
	store_snapshot_end(call->snapshot);
	call->snapshot = NULL;
	if (status->code)
		return true;
	if (call->wait && !time_is_over)
		return false;
	*status = check_size(call->payload);
	return true;
}

void work_answer(struct work *work, struct status status)
{
	work_reply(work, status, work->call.payload, work->revision, false);
}

/* Adds a step's payload to those before it, in the exchange's arena. */
static void steps_add(struct work *work, struct bytes payload)
{
	size_t size = work->steps.size + payload.size;
	uint8_t *data = (uint8_t *)(uintptr_t)work->steps.data;

	if (size > work->steps_capacity) {
		work->steps_capacity = 2 * size > STEPS_BYTES_MIN ? 2 * size : STEPS_BYTES_MIN;
		data = arena_alloc(&work->exchange->arena, work->steps_capacity);
		if (work->steps.size)
			memcpy(data, work->steps.data, work->steps.size);
	}
	if (payload.size)
		memcpy(data + work->steps.size, payload.data, payload.size);
	work->steps = bytes_of(data, size);
}

/* The payloads of all steps, of which `last` is the last. */
static struct bytes steps_with(const struct work *work, struct bytes last)
{
	uint8_t *joined;

	if (!work->steps.size)
		return last;
	joined = arena_alloc(work->call.arena, work->steps.size + last.size);
	memcpy(joined, work->steps.data, work->steps.size);
	if (last.size)
		memcpy(joined + work->steps.size, last.data, last.size);
	return bytes_of(joined, work->steps.size + last.size);
}

/* The room for the reply is there before anything is committed. */
MUST_USE static struct status reserve_reply(struct work *work)
{
	struct reply reply = { .payload = work->answer, .call_id = work->call_id };

	TRY(check_size(work->answer));
	work->room = work->exchange->reserve(work->exchange, envelope_size_max(&reply));
	if (!work->room)
		return status_fail(STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY",
			"no memory for the reply; try again");
	return OK;
}

/* Runs the handler, and keeps what it answers for replays. */
MUST_USE static struct status act(struct work *work)
{
	struct call *call = &work->call;

	if (call->caller.replay_only)
		return session_is_over();
	if (work->prepared.code)
		return work->prepared;
	invoke(call);
	TRY(call->status);
	work->changed = batch_write_count(call->batch) > 0;
	work->answer = call->more ? call->payload : steps_with(work, call->payload);
	return call->rule->kind == METHOD_MUTATION ? replay_keep(call, work->answer) : OK;
}

MUST_USE static struct status mutate(struct work *work)
{
	struct call *call = &work->call;
	enum replay replay = REPLAY_NONE;

	if (!call->step && is_too_late(work))
		return status_fail(STATUS_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED",
			"the call's time was over before it began; nothing was done");
	TRY(authenticate_mutation(call));
	if (call->rule->kind == METHOD_MUTATION)
		TRY(replay_find(call, &replay, &work->revision));
	work->replayed = replay != REPLAY_NONE;
	switch (replay) {
	case REPLAY_NONE:
		TRY(act(work));
		break;
	case REPLAY_STEP:
		call->more = true;
		break;
	case REPLAY_CALL:
		work->answer = call->payload;
		break;
	}
	return call->more ? OK : reserve_reply(work);
}

static struct status mutation_run(
	struct mutation *mutation, struct snapshot *snapshot, int64_t now_us)
{
	struct work *work = CONTAINER_OF(mutation, struct work, mutation);
	struct call *call = &work->call;

	/* It may be the second run, so nothing is left of the first. */
	entropy_rewind(&call->entropy);
	call->snapshot = snapshot;
	call->batch = snapshot_batch(snapshot);
	call->now_us = now_us;
	call->events = 0;
	call->actor = NULL;
	call->more = false;
	work->replayed = work->changed = false;
	return arena_keep(call->arena, mutate(work));
}

/* A step is done, and another follows. */
static void step_over(struct work *work, bool committed)
{
	struct call *call = &work->call;

	work->committed |= committed && work->changed;
	steps_add(work, call->payload);
	arena_reset(&work->step_arena);
	call->step++;
	entropy_seed(&call->entropy);
}

static bool mutation_again(struct mutation *mutation, bool committed)
{
	struct work *work = CONTAINER_OF(mutation, struct work, mutation);

	if (!work->call.more)
		return false;
	step_over(work, committed);
	return true;
}

static void mutation_rewind(struct mutation *mutation)
{
	struct work *work = CONTAINER_OF(mutation, struct work, mutation);

	work->call.step = work->submitted.step;
	work->steps.size = work->submitted.steps_size;
	work->committed = work->submitted.committed;
}

static void mutation_done(
	struct mutation *mutation, struct status status, uint64_t revision, bool committed)
{
	struct work *work = CONTAINER_OF(mutation, struct work, mutation);
	struct call *call = &work->call;

	if (!status.code && call->more) {
		step_over(work, committed);
		work->submitted =
			(struct progress){ call->step, work->steps.size, work->committed };
		work->moves->next_step(work);
		return;
	}
	work->committed |= committed && work->changed;
	if (status.code)
		work->room = NULL;
	work->moves->finished(work);
	work_reply(work, status, work->answer, work->replayed ? work->revision : revision,
		work->committed);
}

void work_mutate(struct work *work, const struct work_moves *moves)
{
	struct call *call = &work->call;

	work->moves = moves;
	entropy_seed(&call->entropy);
	arena_init(&work->step_arena);
	work->mutation = (struct mutation){
		.arena = call->arena, .run = mutation_run, .done = mutation_done
	};
	if (call->rule->flags & RULE_STEPS) {
		/* Each step of many gives its memory back. */
		work->mutation.arena = call->arena = &work->step_arena;
		work->mutation.again = mutation_again;
		work->mutation.rewind = mutation_rewind;
	}
}
