/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "orgd/v1/admin_service.pb-c.h"
#include "service/call.h"
#include "service/member.h"

/*
 * Taking in one record (AdminService/Import), or saying what would come of it (ValidateImport): the
 * same code, which in a read, that has no batch, stops before it writes. Each checks all there is
 * to check first, and touches nothing of the request.
 */
struct importing {
	struct call *call;
	const Orgd__V1__Record *record;
	Orgd__V1__ImportOutcome outcome;
	/* In a read: what the record refers to and nobody has. */
	size_t missing_count;
	const char *missing[64];
};

/* Does it only say what would be? */
static inline bool import_validates(const struct importing *importing)
{
	return !importing->call->batch;
}

MUST_USE struct status import_user(struct importing *importing);
/* The organization with the first Owners that it takes to be one, and then each of the Owners. */
MUST_USE struct status import_organization(struct importing *importing);
MUST_USE struct status import_owner(struct importing *importing, size_t place);
MUST_USE struct status import_member(struct importing *importing);

MUST_USE struct status import_collection(struct importing *importing);
MUST_USE struct status import_document(struct importing *importing);
MUST_USE struct status import_grant(struct importing *importing);

/* admin_import_find.c: what they share. */

/* What is referred to is not there. In a read it is told, and the record is fine so far.
 *
 *   NOT_FOUND `reason` */
MUST_USE struct status import_missing(
	struct importing *importing, const char *reason, const char *what, const char *name);
/* A person by id or, without one, by address; *user is NULL when missing in a read. `field` is the
 * path of the message that names them.
 *
 *   NOT_FOUND USER_NOT_FOUND */
MUST_USE struct status import_find_user(struct importing *importing, const char *field,
	const char *user_id, const char *email, struct id *id, Orgd__Store__V1__User **user);
/* The organization by id or, without one, by the record's handle; likewise.
 *
 *   NOT_FOUND ORGANIZATION_NOT_FOUND */
MUST_USE struct status import_find_organization(struct importing *importing, const char *field,
	const char *organization_id, struct id *id, Orgd__Store__V1__Organization **organization);
/* Reads a time of what was; `absent_us` when there is none.
 *
 *   INVALID_ARGUMENT INVALID_TIME  before 1970 or in the future */
MUST_USE struct status import_time(struct importing *importing, const char *field,
	const Google__Protobuf__Timestamp *time, int64_t absent_us, int64_t *us);
/* It is there as `present`: equal to `wanted` or not? `wanted` has present's id and times where the
 * record gives none.
 *
 *   ALREADY_EXISTS RECORD_DIFFERS */
MUST_USE struct status import_compare(struct importing *importing, const ProtobufCMessage *present,
	const ProtobufCMessage *wanted, const char *what, const char *name);

/* admin_import_member.c: what a record says of a membership, which may stand with its organization.
 */
struct belonging {
	const char *field; /* "member", "owners[2]" */
	const Orgd__V1__Member *given;
	struct id user_id;
	Orgd__Store__V1__User *user; /* NULL: missing */
	struct id invited_by;        /* zero: nobody */
	struct joined joined;
};
/* Checks and keeps what is `given`, for the belonging's field. */
MUST_USE struct status belonging_read(
	struct importing *importing, const Orgd__V1__Member *given, struct belonging *belonging);
/* May they belong to the organization? What begins now must pass the rules of today (SPEC rules 1
 * and 12), what was is restored. */
MUST_USE struct status belonging_check(struct call *call,
	const Orgd__Store__V1__Organization *organization, const struct belonging *belonging,
	Orgd__V1__Role role);
/* The membership is there as `present`: is it as the record has it?
 *
 *   ALREADY_EXISTS RECORD_DIFFERS */
MUST_USE struct status belonging_compare(struct importing *importing,
	const struct id *organization_id, const struct belonging *belonging, Orgd__V1__Role role,
	const Orgd__Store__V1__Membership *present);
/* Adds them. The organization is changed and saved. */
MUST_USE struct status belonging_begin(struct importing *importing,
	const struct id *organization_id, Orgd__Store__V1__Organization *organization,
	struct belonging *belonging, Orgd__V1__Role role);
/* The same for one who may be there already, checked. */
MUST_USE struct status belonging_take_in(struct importing *importing,
	const struct id *organization_id, Orgd__Store__V1__Organization *organization,
	struct belonging *belonging, Orgd__V1__Role role);
