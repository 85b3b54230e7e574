/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

/* What holds for organizations. Pure. */

enum { UNVERIFIED_PER_CREATOR_MAX = 5 };

/* How long after its deletion an organization can be restored, and nobody else gets its handle. */
#define ORGANIZATION_PURGE_US    (30 * US_PER_DAY)
#define ORGANIZATION_RESERVED_US (90 * US_PER_DAY)

/* Is it an officially assigned ISO 3166-1 alpha-2 code, in capitals? */
bool organization_country_is_known(const char *code);
