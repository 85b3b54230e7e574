/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "cli.h"

/*
 * Where to and as whom a run speaks. Where to: --url, ORGD_URL, where the session was begun, the
 * default. As whom: --operator, --anonymous or --api-key-file if given; else the session of the
 * profile (--profile, ORGCTL_PROFILE, "default"). Only where no session was ever saved it is the
 * local operator; after signing out it is nobody until the next session begins.
 */
void identity_choose(struct cli *cli);

/* Before a call in that name: ends the process when there is nobody to speak as, since the profile
 * signed out, and tells a person when a profile that was named speaks as the operator. */
void identity_check(struct cli *cli);

/* The command line that begins a session in this profile: for `email`, NULL for the last one's. */
const char *identity_sign_in(struct cli *cli, const char *email);
/* Does it speak as the local operator only for want of a session? */
bool identity_is_fallback(const struct cli *cli);

/* Keeps the session that began, for the runs to come. */
void identity_begin(struct cli *cli, const char *token, const char *email, const char *user_id);
/* Forgets the token, and remembers that there was one. */
void identity_end(struct cli *cli);
