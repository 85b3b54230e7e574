/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "store/rows/row.h"

/* TABLE_USAGE: how much of a daily budget was used up, by whoever has it: an id or a keyed hash. */
struct usage {
	uint8_t budget;
	uint16_t day; /* since 1970 */
	struct bytes of;
};

MUST_USE struct status usage_get(
	struct snapshot *snapshot, const struct usage *usage, uint32_t *count);
MUST_USE struct status usage_put(struct batch *batch, const struct usage *usage, uint32_t count);

/* Deletes up to `max` rows of this budget from before `day`; *deleted says how many. */
MUST_USE struct status usage_delete_before(
	struct snapshot *snapshot, uint8_t budget, uint16_t day, unsigned max, unsigned *deleted);
