/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdint.h>

#include "cli.h"

/*
 * How far long work is, on one line of standard error that is redrawn at most ten times a second.
 * Only for a person: without --quiet, when standard error is a terminal, and not where the rows
 * themselves scroll by.
 *
 *	Inviting  [=========>          ]  450 of 1200
 */

/* `total` is 0 when nobody knows. */
void progress_show(const struct cli *cli, const char *doing, uint64_t done, uint64_t total);
/* Takes the line away, before anything else is written. Nothing to take away is fine. */
void progress_clear(void);
