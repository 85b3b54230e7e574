/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "service/call.h"

/*
 * An exchange on its way: a call, where it stands, and the reply it is owed. The executor moves it
 * between threads; what is done to it on each is here. One thread at a time.
 */
struct executor;
struct work;

/* What there is to call: the methods, and by their numbers their lines in the policy and their
 * prepare steps (NULL for most). Immutable. */
struct methods {
	struct registry *registry;
	const struct rule **rules;
	const struct prepare **prepares;
};

/* What the executor does when the writer is through with a mutation. */
struct work_moves {
	void (*next_step)(struct work *work); /* another step follows: submit it again */
	void (*finished)(struct work *work);  /* before the reply is sent */
};

struct work {
	struct work *next; /* in one queue of the executor at a time */
	struct executor *executor;
	struct exchange *exchange;
	struct call call;
	int64_t deadline_us; /* clock_monotonic_us() */
	uint64_t revision;   /* of a replay's first success, or of the snapshot read */
	uint8_t *room;       /* reserved for the reply before the commit */
	char call_id[ID_TEXT_BYTES];

	/* A read. */
	bool waits, parked;     /* waiting.c's, like the two below */
	struct work *neighbour; /* in its bucket */
	uint64_t wait_revision; /* until the store is past this one, at least */

	/* A mutation. */
	struct mutation mutation;
	const struct work_moves *moves;
	const struct prepare *prepare;    /* NULL without a prepare step */
	struct work *sibling, *followers; /* preparing.c's */
	struct store_reader *reader;      /* of the thread it is prepared on, for call_look */
	struct status prepared;           /* what authentication and the prepare step came to */
	struct arena step_arena;          /* of a call in steps: what one step needs */
	struct bytes steps;               /* the payloads of the steps done so far */
	struct progress {
		uint32_t step;
		size_t steps_size;
		bool committed;
	} submitted; /* where it was when it was submitted */
	size_t steps_capacity;
	struct bytes answer;
	bool replayed, changed, committed;
};

/* Decodes the envelope into a work that lives in the exchange's arena. On failure the work can be
 * replied to all the same.
 *
 *   INVALID_ARGUMENT MALFORMED_REQUEST
 *   UNIMPLEMENTED    METHOD_UNKNOWN */
MUST_USE struct status work_begin(struct executor *executor, const struct platform *platform,
	const struct methods *methods, struct exchange *exchange, struct work **work);

/* Keeps a failure that the call is to be answered with, unless there is a reply to replay. */
void work_fail(struct work *work, struct status status);
/* The crypto pool's part: authentication and the prepare step. Its outcome counts only if no replay
 * is found later. */
void work_prepare(struct work *work, struct store_reader *reader);

/* A reader's part: runs a read at `desk`. Returns false when it has to wait until the store is past
 * work->wait_revision, with `time_is_over` never. Else *status and the payload are for work_answer,
 * while the desk's scratch lasts. */
MUST_USE bool work_read(
	struct work *work, struct desk *desk, bool time_is_over, struct status *status);
/* Sends the reply to a read; the work is gone. */
void work_answer(struct work *work, struct status status);

/* Sends the reply; the work is gone. `revision` and `committed` as the envelope says them. */
void work_reply(struct work *work, struct status status, struct bytes payload, uint64_t revision,
	bool committed);

/* The writer's part: makes work->mutation ready for store_submit. */
void work_mutate(struct work *work, const struct work_moves *moves);
