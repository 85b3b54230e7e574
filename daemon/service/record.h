/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "orgd/v1/admin_service.pb-c.h"
#include "service/call.h"

/*
 * Records: what an export holds of each thing. The contract's messages less what can be derived, so
 * that a thing that was exported, imported and exported again reads the same. In the call's arena,
 * from the call's snapshot.
 */
Orgd__V1__User *record_user(
	struct call *call, const struct id *id, const Orgd__Store__V1__User *row);
Orgd__V1__Organization *record_organization(
	struct call *call, const struct id *id, const Orgd__Store__V1__Organization *row);
/* Of an Owner, who stands with the organization: without organization_id and role. */
Orgd__V1__Member *record_owner(
	struct call *call, const struct id *user_id, const Orgd__Store__V1__Membership *row);
Orgd__V1__Member *record_member(struct call *call, const struct id *organization_id,
	const struct id *user_id, const Orgd__Store__V1__Membership *row);
Orgd__V1__Collection *record_collection(
	struct call *call, const struct id *id, const Orgd__Store__V1__Collection *row);
MUST_USE struct status record_document(struct call *call, const struct id *id,
	const Orgd__Store__V1__Document *row, Orgd__V1__Document **document);
Orgd__V1__Grant *record_grant(
	struct call *call, const struct id *id, const Orgd__Store__V1__Grant *row);

/* The tables that are exported, in the order of an export; ends with 0. */
extern const uint8_t record_tables[];

/* What reading rows in key order keeps from one to the next. */
struct record_reader {
	struct id organization_id; /* of the membership before */
	bool is_there;             /* is that organization? */
};
/* The record of the row that a scan of one of these tables stands on; NULL when it is part of
 * another one (an Owner's membership), or of what is deleted or erased. */
MUST_USE struct status record_read(struct call *call, struct record_reader *reader,
	const struct scan *scan, Orgd__V1__Record **record);
