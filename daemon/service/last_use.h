/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/id.h"

/*
 * When sessions and API keys were last used, to the hour, until a sweep writes it into their
 * rows: a read never writes. In memory only, in a table of fixed size: what finds no room is
 * noted at its next use. Any thread.
 */
struct last_use;

enum credential_kind { CREDENTIAL_SESSION, CREDENTIAL_API_KEY };

struct last_use_note {
	struct id id; /* of the session or the key */
	enum credential_kind kind;
	int64_t hour_us;
};

struct last_use *last_use_new(void);
void last_use_free(struct last_use *last_use);

/* The beginning of the hour of `us`. */
int64_t last_use_hour(int64_t us);
void last_use_note(
	struct last_use *last_use, enum credential_kind kind, const struct id *id, int64_t now_us);
/* The hour that is noted; 0 for none. */
int64_t last_use_noted(struct last_use *last_use, const struct id *id);
/* The next note; begin with *cursor 0. False when there are no more. */
bool last_use_next(struct last_use *last_use, size_t *cursor, struct last_use_note *note);
/* Drops the note, unless a later use was noted meanwhile. */
void last_use_forget(struct last_use *last_use, const struct last_use_note *note);
