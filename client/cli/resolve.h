/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "cli.h"

/* Ids of what people name otherwise. Each reads the argument or option `name`; NULL when it was not
 * given; a name that leads nowhere ends the process. */

/* By id or handle. */
char *resolve_organization(struct cli *cli, const char *name);
/* By id, or by address: one's own, or, for a platform administrator, anybody's. */
char *resolve_user(struct cli *cli, const char *name);
/* The argument or option "user"; the one who is signed in when it was not given. */
char *resolve_user_or_oneself(struct cli *cli);
/* By id, or by the address of a member of this organization. */
char *resolve_member(struct cli *cli, const char *name, const char *organization_id);
/* What one joined just now, "Acme (acme) as admin"; its id where it does not answer. Speaks by
 * `authorization`, NULL for the usual. */
char *resolve_joined(struct cli *cli, char *organization_id, const char *authorization);
/* By id, or by the address that is invited to this organization and has not answered. */
char *resolve_invitation(struct cli *cli, const char *name, const char *organization_id);
