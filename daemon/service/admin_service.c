/* SPDX-License-Identifier: Apache-2.0 */
#include "service/admin.h"
#include "service/helper.h"
#include "service/services.h"
#include "store/rows/delivery.h"

#define SERVICE Orgd__V1__AdminService_Service
RPC(GetStatus, get_status)
RPC_OF(Backup, backup, admin_backup)
RPC_OF(CheckIntegrity, check_integrity, admin_check_integrity)
RPC_OF(Export, export, admin_export)
RPC_OF(Import, import, admin_import)
RPC_OF(ValidateImport, validate_import, admin_validate_import)

enum { DELIVERIES_COUNTED_MAX = 10000 };

MUST_USE static struct status count_deliveries(struct call *call, uint64_t *count)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix;

	*count = 0;
	delivery_due_prefix(&prefix);
	TRY(scan_begin(&scan, call->snapshot, &prefix, NULL));
	while (scan.found && *count < DELIVERIES_COUNTED_MAX) {
		++*count;
		TRY(scan_next(&scan));
	}
	return OK;
}

static Orgd__V1__HelperStatus *helper_status(struct call *call, enum helper helper,
	bool (*outcome_of)(struct arena *, const struct helper_state *, const char **))
{
	Orgd__V1__HelperStatus *status = ARENA_NEW(call->arena, Orgd__V1__HelperStatus);
	struct helper_state state;
	const char *outcome;

	helper_look(call, helper, &state);
	if (!state.number)
		return NULL;
	orgd__v1__helper_status__init(status);
	status->running = state.running;
	status->start_time = timestamp_new(call->arena, state.start_us);
	if (state.running)
		return status;
	status->end_time = timestamp_new(call->arena, state.end_us);
	status->succeeded = outcome_of(call->arena, &state, &outcome);
	status->outcome = arena_strdup(call->arena, outcome);
	return status;
}

static struct status get_status(struct call *call, const Orgd__V1__GetStatusRequest *request,
	Orgd__V1__GetStatusResponse *response)
{
	const struct platform *platform = call->platform;
	struct store_statistics store;

	(void)request;
	TRY(authorize(call));
	TRY(store_statistics(platform->store, &store));
	response->version = arena_strdup(call->arena, ORGD_VERSION);
	response->start_time = timestamp_new(call->arena, platform->start_us);
	response->epoch = store_epoch(platform->store);
	response->revision = snapshot_revision(call->snapshot);
	response->file_bytes = store.file_bytes;
	response->used_bytes = store.used_bytes;
	response->rows = store.rows;
	response->disk_free_bytes = store.disk_free_bytes;
	response->mutations = store.mutations;
	response->commits = store.groups;
	if (platform->server_statistics)
		platform->server_statistics(
			platform->server, &response->connections, &response->calls);
	response->mail_configured = platform->settings->mail;
	response->backup = helper_status(call, HELPER_BACKUP, admin_backup_outcome);
	response->check = helper_status(call, HELPER_CHECK, admin_check_outcome);
	return count_deliveries(call, &response->deliveries_queued);
}

ProtobufCService *admin_service(void)
{
	static SERVICE service = ORGD__V1__ADMIN_SERVICE__INIT(rpc_);

	return &service.base;
}
