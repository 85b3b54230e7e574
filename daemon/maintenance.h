/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "config.h"

/*
 * What orgd does instead of serving: each reads every page of a database, is a process of its own
 * and ends with one of sysexits.h's codes. They print the lines of service/helper_line.h, which the
 * daemon reads when it is the one who asked.
 */

/* Ends with EX_OK when nothing is wrong, EX_DATAERR when something is. */
int maintenance_check(const char *database);
int maintenance_backup(const char *database);
/* Puts config->maintained, a backup, in the place of the database. */
int maintenance_restore(const struct config *config);
