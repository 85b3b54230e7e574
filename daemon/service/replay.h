/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "service/call.h"

/*
 * Request ids (SPEC rule 34): a mutation's first success is kept, sealed, under H(caller, method,
 * request id, step), in the batch of the mutation itself, so that a replay after any crash returns
 * it and does nothing.
 */

/*   INVALID_ARGUMENT REQUEST_ID_REQUIRED  missing, or not 16 to 64 printable ASCII characters */
MUST_USE struct status replay_check_request_id(const char *request_id);

enum replay {
	REPLAY_NONE,
	REPLAY_STEP, /* the reply of step number call->step, which is not the last */
	REPLAY_CALL, /* the whole reply */
};
/* Looks for the whole call's reply, and in a call of steps for the step's. Sets call->payload and
 * *revision to the first success's.
 *
 *   INVALID_ARGUMENT REQUEST_ID_REUSED  the request id came with another payload before */
MUST_USE struct status replay_find(struct call *call, enum replay *replay, uint64_t *revision);

/* Adds the request row for `payload` to the call's batch: the step's when call->more, else the
 * whole call's. */
MUST_USE struct status replay_keep(struct call *call, struct bytes payload);
