/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "orgd/v1/admin_service.pb-c.h"
#include "service/call.h"

/* AdminService's rpcs that are in files of their own. */
MUST_USE struct status admin_backup(struct call *call, const Orgd__V1__BackupRequest *request,
	Orgd__V1__BackupResponse *response);
MUST_USE struct status admin_check_integrity(struct call *call,
	const Orgd__V1__CheckIntegrityRequest *request, Orgd__V1__CheckIntegrityResponse *response);
MUST_USE struct status admin_export(struct call *call, const Orgd__V1__ExportRequest *request,
	Orgd__V1__ExportResponse *response);
MUST_USE struct status admin_import(struct call *call, const Orgd__V1__ImportRequest *request,
	Orgd__V1__ImportResponse *response);
MUST_USE struct status admin_validate_import(struct call *call,
	const Orgd__V1__ValidateImportRequest *request, Orgd__V1__ValidateImportResponse *response);
