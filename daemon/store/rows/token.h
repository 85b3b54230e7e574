/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "orgd/store/v1/rows.pb-c.h"
#include "store/rows/row.h"

/* TABLE_TOKEN: mailed secrets that prove an address or set a password. */

/* Sets *row to the token, NULL if there is none. */
MUST_USE struct status token_get(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Token **row);
MUST_USE struct status token_put(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Token *row);
MUST_USE struct status token_delete(struct batch *batch, const struct id *id);
