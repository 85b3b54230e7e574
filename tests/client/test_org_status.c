/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <google/rpc/error_details.pb-c.h>
#include <org_client.h>
#include <string.h>

Test(org_status, the_absence_of_a_status_is_ok)
{
	struct org_status status;

	memset(&status, 'x', sizeof(status));
	org_status_read(NULL, &status);
	cr_assert_eq(status.code, ORG_OK);
	cr_assert_str_empty(status.message);
	cr_assert_eq(status.violation_count, 0);
}

Test(org_status, codes_have_grpcs_names)
{
	cr_assert_str_eq(org_code_name(ORG_OK), "OK");
	cr_assert_str_eq(org_code_name(ORG_FAILED_PRECONDITION), "FAILED_PRECONDITION");
	cr_assert_str_eq(org_code_name(ORG_UNAUTHENTICATED), "UNAUTHENTICATED");
	cr_assert_str_eq(org_code_name(17), "UNKNOWN");
	cr_assert_str_eq(org_code_name(-1), "UNKNOWN");
}

Test(org_status, a_code_that_is_none_is_unknown)
{
	Google__Rpc__Status rpc = GOOGLE__RPC__STATUS__INIT;
	struct org_status status;

	rpc.code = 42;
	org_status_read(&rpc, &status);
	cr_assert_eq(status.code, ORG_UNKNOWN);
	rpc.code = -1;
	org_status_read(&rpc, &status);
	cr_assert_eq(status.code, ORG_UNKNOWN);
}

Test(org_status, what_is_too_long_is_cut_at_a_character)
{
	Google__Rpc__Status rpc = GOOGLE__RPC__STATUS__INIT;
	struct org_status status;
	char message[600];

	rpc.code = ORG_INTERNAL;
	rpc.message = message;
	/* Two bytes each, shifted by one: the last that begins does not fit. */
	message[0] = 'x';
	for (size_t i = 1; i + 2 < sizeof(message); i += 2)
		memcpy(message + i, "é", 3);
	org_status_read(&rpc, &status);
	cr_assert_eq(strlen(status.message), sizeof(status.message) - 1);
	/* Not shifted. */
	memmove(message, message + 1, strlen(message));
	org_status_read(&rpc, &status);
	cr_assert_eq(strlen(status.message), sizeof(status.message) - 2);
	cr_assert_eq(memcmp(status.message, message, strlen(status.message)), 0);
}

/* `message` as the one detail of a status. */
static struct org_status read_detail(const char *type, const ProtobufCMessage *message)
{
	Google__Rpc__Status rpc = GOOGLE__RPC__STATUS__INIT;
	Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT, *details = &any;
	struct org_status status;
	static uint8_t packed[64 * 1024];
	char url[128];

	strcpy(stpcpy(url, "type.googleapis.com/"), type);
	any.type_url = url;
	any.value.data = packed;
	any.value.len = protobuf_c_message_pack(message, packed);
	rpc.code = ORG_INVALID_ARGUMENT;
	rpc.details = &details;
	rpc.n_details = 1;
	org_status_read(&rpc, &status);
	return status;
}

Test(org_status, a_delay_is_rounded_up_and_never_wraps)
{
	Google__Rpc__RetryInfo info = GOOGLE__RPC__RETRY_INFO__INIT;
	Google__Protobuf__Duration delay = GOOGLE__PROTOBUF__DURATION__INIT;

	info.retry_delay = &delay;
	delay.nanos = 1;
	cr_assert_eq(read_detail("google.rpc.RetryInfo", &info.base).retry_after_ms, 1);
	delay.seconds = 2;
	delay.nanos = 500000000;
	cr_assert_eq(read_detail("google.rpc.RetryInfo", &info.base).retry_after_ms, 2500);
	delay.seconds = INT64_MAX;
	cr_assert_eq(read_detail("google.rpc.RetryInfo", &info.base).retry_after_ms, INT64_MAX);
	delay.seconds = -5;
	cr_assert_eq(read_detail("google.rpc.RetryInfo", &info.base).retry_after_ms, 0);
	info.retry_delay = NULL;
	cr_assert_eq(read_detail("google.rpc.RetryInfo", &info.base).retry_after_ms, 0);
}

Test(org_status, more_violations_than_there_is_room_for_are_left_out)
{
	Google__Rpc__BadRequest bad = GOOGLE__RPC__BAD_REQUEST__INIT;
	Google__Rpc__BadRequest__FieldViolation violation =
		GOOGLE__RPC__BAD_REQUEST__FIELD_VIOLATION__INIT;
	Google__Rpc__BadRequest__FieldViolation *violations[100];
	struct org_status status;
	char field[] = "email";

	violation.field = field;
	for (size_t i = 0; i < 100; i++)
		violations[i] = &violation;
	bad.field_violations = violations;
	bad.n_field_violations = 100;
	status = read_detail("google.rpc.BadRequest", &bad.base);
	cr_assert_eq(status.violation_count, 4);
	cr_assert_str_eq(status.violations[3].field, "email");
}

Test(org_status, details_that_are_unknown_or_broken_say_nothing)
{
	Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;
	struct org_status status;
	char reason[] = "LAST_OWNER";

	info.reason = reason;
	status = read_detail("google.rpc.Help", &info.base);
	cr_assert_str_empty(status.help);
	status = read_detail("example.Unheard", &info.base);
	cr_assert_str_empty(status.reason);
	status = read_detail("google.rpc.ErrorInfo", &info.base);
	cr_assert_str_eq(status.reason, "LAST_OWNER");
}
