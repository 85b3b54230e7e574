/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "base/arena.h"

/*
 * Sessions between runs: $XDG_STATE_HOME/orgctl/PROFILE.session (~/.local/state without that
 * variable), mode 0600 in a directory of mode 0700. A file that others could read or write, or that
 * is no regular file of one's own, is refused.
 *
 * After signing out a file stays that says that there was a session, so that the profile does not
 * fall back to speaking as the local operator.
 */
enum session_state {
	SESSION_NEVER, /* none was ever saved in this profile */
	SESSION_SAVED,
	SESSION_ENDED, /* signed out */
};

struct session {
	enum session_state state;
	char *url;   /* where it was begun */
	char *token; /* "" unless SESSION_SAVED */
	char *email, *user_id;
};

/* Ends the process with a sentence when the file is not fit to be read, as do the others when it
 * cannot be written. Strings are in the arena, and never NULL. */
void session_load(struct arena *arena, const char *profile, struct session *session);
void session_save(const char *profile, const struct session *session);

/* The profiles that have a file, sorted, NULL-terminated. */
char **session_profiles(struct arena *arena);
