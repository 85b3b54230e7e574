/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "service/call.h"

/*
 * An exchange on its way: a call, where it stands, and the reply it is owed. The executor moves it between threads; what is
 * done to it on each is here. One thread at a time.
 */
struct executor;

struct work {
	struct work *next; /* in one queue or list of the executor at a time */
	struct executor *executor;
	struct exchange *exchange;
	struct call call;
	struct mutation mutation;
	const struct prepare *prepare; /* NULL without a prepare step */
	struct store_reader *reader;   /* of the thread it is on, for call_look */
	struct status prepared;        /* what authentication and the prepare step came to */
	int64_t deadline_us;           /* clock_monotonic_us() */
	uint64_t wait_revision;        /* parked: until the store is past this one, 0 for none */
	uint64_t revision;             /* of a replay's first success, or of the snapshot read */
	bool replayed, changed;
	struct bytes steps;            /* the payloads of the steps done so far */
	uint8_t *room;                 /* reserved for the reply before the commit */
	void (*next_step)(struct work *work);
	char call_id[ID_TEXT_BYTES];
};

/* Decodes the envelope into a work that lives in the exchange's arena. On failure the work can be replied to all the same.
 *
 *   INVALID_ARGUMENT MALFORMED_REQUEST, and what replay_check_request_id answers
 *   UNIMPLEMENTED    METHOD_UNKNOWN */
MUST_USE struct status work_begin(struct executor *executor, const struct platform *platform,
	const struct registry *registry, struct exchange *exchange, struct work **work);

/* The crypto pool's part: authentication and the prepare step. Its outcome counts only if no replay is found later. */
void work_prepare(struct work *work, struct store_reader *reader);

enum work_read {
	WORK_ANSWERED, /* the reply was sent */
	WORK_WAITS,    /* park it until a commit or its deadline */
};
/* A reader's part: answers a read, or says that it has to wait. With `time_is_over` it never waits. */
enum work_read work_read(struct work *work, struct store_reader *reader, bool time_is_over);

/* Sends the reply; the work is gone. `revision` and `committed` as the envelope says them. */
void work_reply(struct work *work, struct status status, struct bytes payload, uint64_t revision, bool committed);

/* The writer's part: makes work->mutation ready for store_submit. `next_step` is called instead of the reply being sent
 * when another step follows; it submits again. */
void work_mutate(struct work *work, void (*next_step)(struct work *work));
