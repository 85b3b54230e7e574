/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "domain/session.h"
#include "secret/password.h"
#include "service/call.h"

/* What others use of sessions. */

/* The contract's message of the row: ids and etag filled in. In the call's arena. */
Orgd__V1__Session *session_message(
	struct call *call, const struct id *id, const Orgd__Store__V1__Session *row);

/* What the session of `user` is worth now. Puts the last use that memory knows into the row, in
 * memory. */
enum session_state session_look(struct call *call, const struct id *id,
	Orgd__Store__V1__Session *row, const Orgd__Store__V1__User *user);

/* Counts an attempt at the password of this address before it is made, and takes it back when it
 * was right.
 *
 *   RESOURCE_EXHAUSTED SIGN_IN_LIMIT  too many failed for this address or from this peer */
MUST_USE struct status session_enter_attempt(struct call *call, const char *canonical_email);
void session_leave_attempt(struct call *call, const char *canonical_email);

/* Begins a session of the user and returns its token's text, which is shown once. `client` is what
 * it is called in lists. Both strings in the call's arena. Appends "session.started". */
MUST_USE struct status session_begin(struct call *call, const struct id *user_id,
	const Orgd__Store__V1__User *user, const char *client, char **token_text,
	Orgd__V1__Session **session);

/* Prepare step: compares the password. It leaves a struct sign_in. */
MUST_USE struct status session_prepare_sign_in(struct call *call);
struct sign_in {
	struct id user_id;
	char password_hash[PASSWORD_HASH_BYTES]; /* the one that the password fits */
};
MUST_USE struct status session_sign_in_failed(void);

/* A read never writes: when sessions and keys were last used is kept in memory by the hour and
 * flushed here. */
MUST_USE struct status session_sweep_last_use(struct call *call, bool *more);
/* Deletes the rows of sessions that ended more than a day ago. */
MUST_USE struct status session_sweep_ended(struct call *call, bool *more);
