/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "grpc/health/v1/health.pb-c.h"
#include "service/call.h"
#include "service/executor.h"
#include "service/services.h"

/* grpc.health.v1.Health. Whoever gets an answer at all is served: there is no state in which one
 * service works and another does not. */

#define SERVING         GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
#define SERVICE_UNKNOWN GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN

typedef Grpc__Health__V1__HealthCheckResponse CheckResponse;

/* Is there such a service? The empty name is the daemon as a whole. */
MUST_USE static bool is_known(const char *name)
{
	size_t count;
	ProtobufCService *const *services = services_all(&count);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(services[i]->descriptor->name, name))
			return true;
	return !*name;
}

static void answer(struct call *call, struct status status, const ProtobufCMessage *response)
{
	if (!status.code)
		status = authorize(call);
	call_answer(call, status, response);
}

static void rpc_check(Grpc__Health__V1__Health_Service *service,
	const Grpc__Health__V1__HealthCheckRequest *request,
	Grpc__Health__V1__HealthCheckResponse_Closure closure, void *closure_data)
{
	CheckResponse response;
	struct call *call = closure_data;
	struct status status = OK;

	grpc__health__v1__health_check_response__init(&response);
	(void)service;
	(void)closure;
	response.status = SERVING;
	if (!is_known(request->service))
		status = status_fail(STATUS_NOT_FOUND, "SERVICE_UNKNOWN",
			"there is no service \"%.100s\"", request->service);
	answer(call, status, &response.base);
}

/* A call has one answer here, so this is the first message of the stream that gRPC would send. */
static void rpc_watch(Grpc__Health__V1__Health_Service *service,
	const Grpc__Health__V1__HealthCheckRequest *request,
	Grpc__Health__V1__HealthCheckResponse_Closure closure, void *closure_data)
{
	CheckResponse response;
	struct call *call = closure_data;

	grpc__health__v1__health_check_response__init(&response);
	(void)service;
	(void)closure;
	response.status = is_known(request->service) ? SERVING : SERVICE_UNKNOWN;
	answer(call, OK, &response.base);
}

static void rpc_list(Grpc__Health__V1__Health_Service *service,
	const Grpc__Health__V1__HealthListRequest *request,
	Grpc__Health__V1__HealthListResponse_Closure closure, void *closure_data)
{
	typedef Grpc__Health__V1__HealthListResponse__StatusesEntry Entry;
	Grpc__Health__V1__HealthListResponse response;
	CheckResponse serving;
	struct call *call = closure_data;
	size_t count;
	ProtobufCService *const *services = services_all(&count);
	Entry *entries = ARENA_ARRAY(call->arena, Entry, count + 1);

	grpc__health__v1__health_list_response__init(&response);
	grpc__health__v1__health_check_response__init(&serving);
	(void)service;
	(void)request;
	(void)closure;
	serving.status = SERVING;
	response.n_statuses = count + 1;
	response.statuses = ARENA_ARRAY(call->arena, Entry *, count + 1);
	for (size_t i = 0; i <= count; i++) {
		grpc__health__v1__health_list_response__statuses_entry__init(&entries[i]);
		entries[i].key =
			arena_strdup(call->arena, i < count ? services[i]->descriptor->name : "");
		entries[i].value = &serving;
		response.statuses[i] = &entries[i];
	}
	answer(call, OK, &response.base);
}

ProtobufCService *health_service(void)
{
	static Grpc__Health__V1__Health_Service service = GRPC__HEALTH__V1__HEALTH__INIT(rpc_);

	return &service.base;
}
