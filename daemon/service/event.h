/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "service/call.h"

/* Opens a packed orgd.store.v1.Event for reading: names of an erased person read "(erased)". */
MUST_USE struct status event_open(struct call *call, struct bytes packed, uint64_t revision, uint32_t index,
	Orgd__V1__Event **event);
