/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/text.h"
#include "service/admin_import.h"
#include "store/rows/organization.h"
#include "store/rows/user.h"

struct status import_missing(
	struct importing *importing, const char *reason, const char *what, const char *name)
{
	if (!import_validates(importing))
		return status_fail(STATUS_NOT_FOUND, reason, "there is no %s %.254s", what, name);
	assert(importing->missing_count < COUNT_OF(importing->missing));
	importing->missing[importing->missing_count++] = name;
	return OK;
}

struct status import_find_user(struct importing *importing, const char *field, const char *user_id,
	const char *email, struct id *id, Orgd__Store__V1__User **user)
{
	struct call *call = importing->call;
	char path[FAILURE_FIELD_MAX];
	const char *typed, *canonical;

	snprintf(path, sizeof(path), "%s.%s", field, *user_id || !*email ? "user_id" : "email");
	if (*user_id || !*email) {
		TRY(id_parse(ID_USER, path, user_id, id));
		TRY(user_get(call->snapshot, id, user));
		return *user ? OK : import_missing(importing, "USER_NOT_FOUND", "user", user_id);
	}
	TRY(text_check_email(call->arena, path, email, &typed, &canonical));
	TRY(user_find(call->snapshot, canonical, id, user));
	return *user ? OK : import_missing(importing, "USER_NOT_FOUND", "user", canonical);
}

MUST_USE static struct status find_handle(
	struct importing *importing, struct id *id, Orgd__Store__V1__Organization **organization)
{
	struct call *call = importing->call;
	Orgd__Store__V1__Handle *row;
	const char *canonical;

	*organization = NULL;
	TRY(text_check_handle(call->arena, "handle", importing->record->handle, &canonical));
	TRY(organization_find(call->snapshot, canonical, id, &row));
	if (row)
		TRY(organization_get(call->snapshot, id, organization));
	return *organization ? OK
			     : import_missing(importing, "ORGANIZATION_NOT_FOUND", "organization",
				       canonical);
}

struct status import_find_organization(struct importing *importing, const char *field,
	const char *organization_id, struct id *id, Orgd__Store__V1__Organization **organization)
{
	if (!*organization_id && *importing->record->handle)
		return find_handle(importing, id, organization);
	TRY(id_parse(ID_ORGANIZATION, field, organization_id, id));
	TRY(organization_get(importing->call->snapshot, id, organization));
	return *organization ? OK
			     : import_missing(importing, "ORGANIZATION_NOT_FOUND", "organization",
				       organization_id);
}

struct status import_time(struct importing *importing, const char *field,
	const Google__Protobuf__Timestamp *time, int64_t absent_us, int64_t *us)
{
	*us = absent_us;
	if (!time)
		return OK;
	TRY(timestamp_check(field, time, us));
	if (*us > 0 && *us <= importing->call->now_us)
		return OK;
	return status_invalid(field, "INVALID_TIME", "%s lies %s", field,
		*us > 0 ? "in the future" : "before 1970");
}

struct status import_compare(struct importing *importing, const ProtobufCMessage *present,
	const ProtobufCMessage *wanted, const char *what, const char *name)
{
	importing->outcome = ORGD__V1__IMPORT_OUTCOME__IMPORT_OUTCOME_UNCHANGED;
	if (message_equal(importing->call->arena, present, wanted))
		return OK;
	return status_fail(STATUS_ALREADY_EXISTS, "RECORD_DIFFERS",
		"%s %.254s is here already, and not as in the record; nothing is overwritten", what,
		name);
}
