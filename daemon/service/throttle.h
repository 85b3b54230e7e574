/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdint.h>

#include "base/bytes.h"
#include "base/compiler.h"
#include "base/status.h"

/*
 * How many sign-ins failed for an account and from a peer in the last 15 minutes. In memory
 * only, in a table of fixed size: when that is full, the oldest of a few counts makes room. Any
 * thread.
 */
struct throttle;

enum throttle_kind {
	THROTTLE_ACCOUNT, /* by canonical address, whether or not there is an account */
	THROTTLE_PEER,    /* by struct peer's address */
};

struct throttle *throttle_new(void);
void throttle_free(struct throttle *throttle);

/* Counts an attempt as failed before it is made, so that attempts at the same time count too.
 *
 *   RESOURCE_EXHAUSTED SIGN_IN_LIMIT  `max` are counted already; RetryInfo in whole minutes */
MUST_USE struct status throttle_enter(struct throttle *throttle, enum throttle_kind kind,
	const char *who, uint32_t max, int64_t now_us);
/* Takes the attempt back: it did not fail. */
void throttle_leave(
	struct throttle *throttle, enum throttle_kind kind, const char *who, int64_t now_us);
