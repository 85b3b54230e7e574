/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "service/call.h"

/* Reading events. */

/* Unpacks what the store keeps; names and addresses in it are sealed. */
MUST_USE struct status event_unpack(
	struct call *call, struct bytes packed, const Orgd__Store__V1__Event **row);

/* An organization's own people are not told who acted for the platform (SPEC rule 42). */
enum event_reader { EVENT_READER_PLATFORM, EVENT_READER_ORGANIZATION };
/* Opens one for this reader; call it once for a row. Names of an erased person read "(erased)". Its
 * revision and index are for the caller to fill in. */
MUST_USE struct status event_open(struct call *call, const Orgd__Store__V1__Event *row,
	enum event_reader reader, Orgd__V1__Event **event);
