/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "base/bytes.h"
#include "support/story.h"

/* What the tests of accounts, sessions and keys share. */

/* The password of everybody in a story. */
extern char right_password[];

/* Two answers that nobody could tell apart: refused alike, or the same bytes. */
void expect_same_answer(const struct outcome *a, const struct outcome *b);

/* Is there a row whose key or value holds these bytes? */
bool store_holds(struct story *story, struct bytes needle);

struct outcome try_sign_in(struct story *story, const char *email, const char *password);
/* Begins another session; returns how its holder is called in a story. */
const char *sign_in(struct story *story, const char *email, const char *password);
/* Signs up without proving the address. */
void sign_up(struct story *story, const char *email, const char *name);
/* A key with these scopes, by the operator; returns how its holder is called in a story. */
const char *make_key(struct story *story, const char *scope, const char *other_scope);
/* `who` calls on behalf of a user. */
struct outcome try_on_behalf(struct story *story, const char *who, const char *user_id,
	const char *method, const ProtobufCMessage *request);
