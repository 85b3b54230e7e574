/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "base/status.h"
#include "courier/attempt.h"
#include "courier/queue.h"

/* A Maildir instead of a mail server, for development and tests. */

/* Makes it if need be.
 *
 *   INVALID_ARGUMENT CONFIG_INVALID  it cannot be made */
MUST_USE struct status maildir_make(const char *directory);
/* Writes the mail under the name of its delivery, so that a repeat replaces it. */
void maildir_send(const char *directory, const queue_lease *lease, struct attempt *attempt);
