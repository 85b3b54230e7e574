/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "grpc/health/v1/health.pb-c.h"
#include "service/executor.h"
#include "support/story.h"

#define SERVING         GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
#define SERVICE_UNKNOWN GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN

static struct outcome ask(struct story *s, const char *method, const char *service)
{
	Grpc__Health__V1__HealthCheckRequest request;

	grpc__health__v1__health_check_request__init(&request);
	request.service = service;
	return story_try(s, NULL, method, &request.base);
}

static void expect_status(struct outcome outcome, int status)
{
	const Grpc__Health__V1__HealthCheckResponse *response;

	cr_assert_eq(outcome.code, STATUS_OK, "%s", outcome.message);
	response = (const Grpc__Health__V1__HealthCheckResponse *)outcome.response;
	cr_assert_eq((int)response->status, status);
}

Test(health, of_the_daemon_and_of_each_service_is_serving_to_anyone)
{
	struct story *s = story_begin();
	size_t count;
	ProtobufCService *const *services = services_all(&count);

	expect_status(ask(s, "/grpc.health.v1.Health/Check", ""), SERVING);
	for (size_t i = 0; i < count; i++)
		expect_status(ask(s, "/grpc.health.v1.Health/Check", services[i]->descriptor->name),
			SERVING);
	story_end(s);
}

Test(health, of_an_unknown_service_is_not_found)
{
	struct story *s = story_begin();
	struct outcome outcome = ask(s, "/grpc.health.v1.Health/Check", "orgd.v1.TeaService");

	cr_assert_eq(outcome.code, STATUS_NOT_FOUND);
	cr_assert_str_eq(outcome.reason, "SERVICE_UNKNOWN");
	story_end(s);
}

Test(health, watched_answers_what_a_stream_would_begin_with)
{
	struct story *s = story_begin();

	expect_status(ask(s, "/grpc.health.v1.Health/Watch", "orgd.v1.UserService"), SERVING);
	expect_status(
		ask(s, "/grpc.health.v1.Health/Watch", "orgd.v1.TeaService"), SERVICE_UNKNOWN);
	story_end(s);
}

Test(health, list_names_every_service_and_the_daemon)
{
	Grpc__Health__V1__HealthListRequest request;
	const Grpc__Health__V1__HealthListResponse *list;
	struct story *s = story_begin();
	size_t count;
	bool whole = false;

	grpc__health__v1__health_list_request__init(&request);
	(void)services_all(&count);
	list = (const Grpc__Health__V1__HealthListResponse *)story_call(
		s, NULL, "/grpc.health.v1.Health/List", &request.base);
	cr_assert_eq(list->n_statuses, count + 1);
	for (size_t i = 0; i < list->n_statuses; i++) {
		cr_assert_eq(list->statuses[i]->value->status, SERVING);
		whole |= !*list->statuses[i]->key;
	}
	cr_assert(whole);
	story_end(s);
}
