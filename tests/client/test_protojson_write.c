/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "orgd/v1/access_service.pb-c.h"
#include "protojson.h"
#include "types.pb-c.h"

static void expect_json(
	const ProtobufCMessage *message, enum protojson_fields fields, const char *expected)
{
	char problem[PROTOJSON_PROBLEM_BYTES];
	json_t *json = protojson_write(message, fields, problem);
	char *text;

	cr_assert(json, "%s", problem);
	text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
	cr_expect_str_eq(text, expected);
	free(text);
	json_decref(json);
}

static void expect_refused(const ProtobufCMessage *message, const char *expected)
{
	char problem[PROTOJSON_PROBLEM_BYTES];

	cr_expect_null(protojson_write(message, PROTOJSON_POPULATED, problem));
	cr_expect_str_eq(problem, expected);
	cr_expect_null(protojson_format(message, PROTOJSON_ALL, problem));
	cr_expect_str_eq(problem, expected);
}

Test(protojson_write, a_message_of_defaults_is_empty)
{
	Orgd__Test__Scalars message = ORGD__TEST__SCALARS__INIT;

	expect_json(&message.base, PROTOJSON_POPULATED, "{}");
}

Test(protojson_write, defaults_are_written_when_asked_for)
{
	Orgd__Test__Scalars message = ORGD__TEST__SCALARS__INIT;
	Orgd__Test__Composite composite = ORGD__TEST__COMPOSITE__INIT;

	expect_json(&message.base, PROTOJSON_ALL,
		"{\"int32\":0,\"int64\":\"0\",\"uint32\":0,\"uint64\":\"0\",\"sint32\":0,"
		"\"sint64\":\"0\",\"fixed32\":0,\"fixed64\":\"0\",\"sfixed32\":0,\"sfixed64\":"
		"\"0\","
		"\"singleReal\":0.0,\"doubleReal\":0.0,\"yes\":false,\"someText\":\"\",\"raw\":"
		"\"\","
		"\"color\":\"COLOR_UNSPECIFIED\"}");
	expect_json(&composite.base, PROTOJSON_ALL,
		"{\"numbers\":[],\"texts\":[],\"colors\":[],\"raws\":[],\"entry\":[],\"labels\":{},"
		"\"byNumber\":{},\"byAnswer\":{},\"times\":[]}");
}

Test(protojson_write, scalars_have_their_forms)
{
	Orgd__Test__Scalars message = ORGD__TEST__SCALARS__INIT;
	uint8_t bytes[] = { 0xFB, 0xFF, 0 };
	char text[] = "\"é\n";

	message.int_32 = INT32_MIN;
	message.int_64 = INT64_MIN;
	message.uint_32 = UINT32_MAX;
	message.uint_64 = UINT64_MAX;
	message.sfixed_64 = 5;
	message.single_real = INFINITY;
	message.double_real = -1.5;
	message.yes = true;
	message.some_text = text;
	message.raw = (ProtobufCBinaryData){ .len = sizeof(bytes), .data = bytes };
	message.color = ORGD__TEST__COLOR__COLOR_BLUE;
	expect_json(&message.base, PROTOJSON_POPULATED,
		"{\"int32\":-2147483648,\"int64\":\"-9223372036854775808\",\"uint32\":4294967295,"
		"\"uint64\":\"18446744073709551615\",\"sfixed64\":\"5\",\"singleReal\":"
		"\"Infinity\","
		"\"doubleReal\":-1.5,\"yes\":true,\"someText\":\"\\\"é\\n\",\"raw\":\"+/8A\","
		"\"color\":\"COLOR_BLUE\"}");
	message = (Orgd__Test__Scalars)ORGD__TEST__SCALARS__INIT;
	message.color = (Orgd__Test__Color)77;
	message.single_real = -INFINITY;
	message.double_real = NAN;
	message.raw = (ProtobufCBinaryData){ .len = 1, .data = bytes };
	expect_json(&message.base, PROTOJSON_POPULATED,
		"{\"singleReal\":\"-Infinity\",\"doubleReal\":\"NaN\",\"raw\":\"+w==\",\"color\":"
		"77}");
}

Test(protojson_write, a_missing_string_is_empty)
{
	Orgd__Test__Scalars message = ORGD__TEST__SCALARS__INIT;

	message.some_text = NULL;
	expect_json(&message.base, PROTOJSON_POPULATED, "{}");
}

Test(protojson_write, maps_are_objects_and_lists_lists)
{
	Orgd__Test__Composite message = ORGD__TEST__COMPOSITE__INIT;
	Orgd__Test__Composite__LabelsEntry label = ORGD__TEST__COMPOSITE__LABELS_ENTRY__INIT;
	Orgd__Test__Composite__ByNumberEntry number = ORGD__TEST__COMPOSITE__BY_NUMBER_ENTRY__INIT;
	Orgd__Test__Composite__ByAnswerEntry answer = ORGD__TEST__COMPOSITE__BY_ANSWER_ENTRY__INIT;
	Orgd__Test__Composite__Entry entry = ORGD__TEST__COMPOSITE__ENTRY__INIT;
	Orgd__Test__Composite__LabelsEntry *labels = &label;
	Orgd__Test__Composite__ByNumberEntry *by_number = &number;
	Orgd__Test__Composite__ByAnswerEntry *by_answer = &answer;
	Orgd__Test__Composite__Entry *entries = &entry;
	Orgd__Test__Scalars scalars = ORGD__TEST__SCALARS__INIT;
	int32_t numbers[] = { 0, -1 };
	char key[] = "team";

	message.n_numbers = 2;
	message.numbers = numbers;
	entry.key = key;
	message.n_entry = 1;
	message.entry = &entries;
	label.key = key;
	message.n_labels = 1;
	message.labels = &labels;
	number.key = -3;
	number.value = &scalars;
	message.n_by_number = 1;
	message.by_number = &by_number;
	answer.value = 9;
	message.n_by_answer = 1;
	message.by_answer = &by_answer;
	expect_json(&message.base, PROTOJSON_POPULATED,
		"{\"numbers\":[0,-1],\"entry\":[{\"key\":\"team\"}],\"labels\":{\"team\":\"\"},"
		"\"byNumber\":{\"-3\":{}},\"byAnswer\":{\"false\":\"9\"}}");
}

Test(protojson_write, a_map_entry_without_its_value_has_the_default)
{
	Orgd__Test__Composite message = ORGD__TEST__COMPOSITE__INIT;
	Orgd__Test__Composite__ByNumberEntry entry = ORGD__TEST__COMPOSITE__BY_NUMBER_ENTRY__INIT;
	Orgd__Test__Composite__ByNumberEntry *by_number = &entry;

	message.n_by_number = 1;
	message.by_number = &by_number;
	expect_json(&message.base, PROTOJSON_POPULATED, "{\"byNumber\":{\"0\":{}}}");
}

Test(protojson_write, a_oneof_member_is_written_even_when_it_is_the_default)
{
	Orgd__Test__Composite message = ORGD__TEST__COMPOSITE__INIT;

	message.choice_case = ORGD__TEST__COMPOSITE__CHOICE_NAME;
	message.name = NULL;
	expect_json(&message.base, PROTOJSON_POPULATED, "{\"name\":\"\"}");
}

static void expect_time(int64_t seconds, int32_t nanos, const char *text)
{
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	char json[64];

	time.seconds = seconds;
	time.nanos = nanos;
	snprintf(json, sizeof(json), "\"%s\"", text);
	expect_json(&time.base, PROTOJSON_POPULATED, json);
}

Test(protojson_write, times_have_as_many_digits_as_they_need)
{
	expect_time(0, 0, "1970-01-01T00:00:00Z");
	expect_time(1795512600, 500000000, "2026-11-24T09:30:00.500Z");
	expect_time(1795512600, 1000, "2026-11-24T09:30:00.000001Z");
	expect_time(-1, 999999999, "1969-12-31T23:59:59.999999999Z");
	expect_time(-62135596800, 0, "0001-01-01T00:00:00Z");
	expect_time(253402300799, 0, "9999-12-31T23:59:59Z");
}

static void expect_duration(int64_t seconds, int32_t nanos, const char *text)
{
	Google__Protobuf__Duration duration = GOOGLE__PROTOBUF__DURATION__INIT;
	char json[64];

	duration.seconds = seconds;
	duration.nanos = nanos;
	snprintf(json, sizeof(json), "\"%s\"", text);
	expect_json(&duration.base, PROTOJSON_POPULATED, json);
}

Test(protojson_write, durations_are_seconds)
{
	expect_duration(0, 0, "0s");
	expect_duration(604800, 0, "604800s");
	expect_duration(1, 500000000, "1.500s");
	expect_duration(-1, -500000000, "-1.500s");
	expect_duration(0, -1, "-0.000000001s");
	expect_duration(-315576000000, 0, "-315576000000s");
}

Test(protojson_write, masks_are_lower_camel)
{
	Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
	char first[] = "display_name", second[] = "a.b_c", third[] = "*";
	char *paths[] = { first, second, third };

	expect_json(&mask.base, PROTOJSON_POPULATED, "\"\"");
	mask.paths = paths;
	mask.n_paths = 3;
	expect_json(&mask.base, PROTOJSON_POPULATED, "\"displayName,a.bC,*\"");
}

/* A status with one detail. */
struct detailed {
	Google__Rpc__Status status;
	Google__Protobuf__Any any, *details;
	char url[96];
	uint8_t packed[256];
};

static void detailed_init(
	struct detailed *detailed, const char *type, const ProtobufCMessage *message)
{
	google__rpc__status__init(&detailed->status);
	google__protobuf__any__init(&detailed->any);
	strcpy(stpcpy(detailed->url, "type.googleapis.com/"), type);
	detailed->any.type_url = detailed->url;
	detailed->any.value.data = detailed->packed;
	detailed->any.value.len = protobuf_c_message_pack(message, detailed->packed);
	detailed->details = &detailed->any;
	detailed->status.details = &detailed->details;
	detailed->status.n_details = 1;
	detailed->status.code = 9;
}

Test(protojson_write, an_any_of_a_detail_is_that_detail)
{
	Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;
	Google__Protobuf__Duration delay = GOOGLE__PROTOBUF__DURATION__INIT;
	struct detailed detailed;
	char reason[] = "LAST_OWNER";

	info.reason = reason;
	detailed_init(&detailed, "google.rpc.ErrorInfo", &info.base);
	expect_json(&detailed.status.base, PROTOJSON_POPULATED,
		"{\"code\":9,\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\","
		"\"reason\":\"LAST_OWNER\"}]}");
	delay.seconds = 2;
	detailed_init(&detailed, "google.protobuf.Duration", &delay.base);
	expect_json(&detailed.status.base, PROTOJSON_POPULATED,
		"{\"code\":9,\"details\":[{\"@type\":\"type.googleapis.com/"
		"google.protobuf.Duration\","
		"\"value\":\"2s\"}]}");
}

Test(protojson_write, an_any_of_an_unknown_type_stays_as_it_is)
{
	Google__Protobuf__Duration content = GOOGLE__PROTOBUF__DURATION__INIT;
	Google__Protobuf__Any empty = GOOGLE__PROTOBUF__ANY__INIT;
	struct detailed detailed;

	content.seconds = 2;
	detailed_init(&detailed, "example.Unheard", &content.base);
	expect_json(&detailed.status.base, PROTOJSON_POPULATED,
		"{\"code\":9,\"details\":[{\"@type\":\"type.googleapis.com/example.Unheard\","
		"\"value\":\"CAI=\"}]}");
	expect_json(&empty.base, PROTOJSON_POPULATED, "{}");
}

Test(protojson_write, text_for_people_is_indented)
{
	Orgd__V1__CheckResponse message = ORGD__V1__CHECK_RESPONSE__INIT;
	char problem[PROTOJSON_PROBLEM_BYTES];
	char *text;

	message.allowed = true;
	message.revision = 1234567890123;
	message.reason = ORGD__V1__ACCESS_REASON__ACCESS_REASON_DOCUMENT_GRANT;
	text = protojson_format(&message.base, PROTOJSON_POPULATED, problem);
	cr_assert_str_eq(text, "{\n"
			       "  \"allowed\": true,\n"
			       "  \"revision\": \"1234567890123\",\n"
			       "  \"reason\": \"ACCESS_REASON_DOCUMENT_GRANT\"\n"
			       "}");
	free(text);
}

/* --- what has no form --- */

Test(protojson_write, text_that_is_no_utf_8_is_refused)
{
	Orgd__Test__Composite message = ORGD__TEST__COMPOSITE__INIT;
	Orgd__Test__Composite__LabelsEntry label = ORGD__TEST__COMPOSITE__LABELS_ENTRY__INIT;
	Orgd__Test__Composite__LabelsEntry *labels = &label;
	char bad[] = "\xFF", *texts[] = { bad };

	message.n_texts = 1;
	message.texts = texts;
	expect_refused(&message.base, "texts[0]: is not valid UTF-8");
	message.n_texts = 0;
	label.key = bad;
	message.n_labels = 1;
	message.labels = &labels;
	expect_refused(&message.base, "labels: is not valid UTF-8");
}

Test(protojson_write, a_time_or_duration_out_of_range_is_refused)
{
	Orgd__Test__Composite message = ORGD__TEST__COMPOSITE__INIT;
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Google__Protobuf__Duration duration = GOOGLE__PROTOBUF__DURATION__INIT;

	message.time = &time;
	time.seconds = INT64_MAX;
	expect_refused(&message.base, "time: is a time outside of the years 1 to 9999");
	time.seconds = 0;
	time.nanos = -1;
	expect_refused(&message.base, "time: is a time outside of the years 1 to 9999");
	message.time = NULL;
	message.duration = &duration;
	duration.seconds = INT64_MIN;
	expect_refused(
		&message.base, "duration: is a duration of mixed signs or over 10,000 years");
	duration.seconds = 1;
	duration.nanos = -1;
	expect_refused(
		&message.base, "duration: is a duration of mixed signs or over 10,000 years");
}

Test(protojson_write, a_mask_that_would_not_come_back_is_refused)
{
	Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
	static const char *const bad[] = { "displayName", "a__b", "a_", "a_1" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char path[32], *paths[] = { path }, expected[96];

		strcpy(path, bad[i]);
		mask.paths = paths;
		mask.n_paths = 1;
		snprintf(expected, sizeof(expected),
			"FieldMask: names %s, which JSON has no form for", bad[i]);
		expect_refused(&mask.base, expected);
	}
}

Test(protojson_write, an_any_that_does_not_hold_its_type_is_refused)
{
	struct detailed detailed;
	Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;

	detailed_init(&detailed, "google.rpc.ErrorInfo", &info.base);
	detailed.packed[0] = 0x0A;
	detailed.any.value.len = 1;
	expect_refused(&detailed.status.base,
		"details[0]: does not hold the google.rpc.ErrorInfo that it names");
}

Test(protojson_write, nesting_ends)
{
	Orgd__Test__Composite messages[PROTOJSON_DEPTH_MAX + 1];
	char problem[PROTOJSON_PROBLEM_BYTES];
	json_t *json;

	for (int i = 0; i <= PROTOJSON_DEPTH_MAX; i++) {
		orgd__test__composite__init(&messages[i]);
		if (i > 0)
			messages[i].child = &messages[i - 1];
	}
	json = protojson_write(
		&messages[PROTOJSON_DEPTH_MAX - 1].base, PROTOJSON_POPULATED, problem);
	cr_assert(json);
	json_decref(json);
	cr_assert_null(
		protojson_write(&messages[PROTOJSON_DEPTH_MAX].base, PROTOJSON_POPULATED, problem));
	cr_assert(strstr(problem, "is nested too deeply, more than 32 messages"));
}
