/* SPDX-License-Identifier: Apache-2.0 */
#include "orgd/v1/admin_service.pb-c.h"

#include "service/call.h"
#include "service/services.h"
#include "store/rows/delivery.h"

#define SERVICE Orgd__V1__AdminService_Service
RPC(GetStatus, get_status)

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
	return count_deliveries(call, &response->deliveries_queued);
}

ProtobufCService *admin_service(void)
{
	static SERVICE service = ORGD__V1__ADMIN_SERVICE__INIT(rpc_);

	return &service.base;
}
