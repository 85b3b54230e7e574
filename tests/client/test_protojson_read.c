/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "google/rpc/error_details.pb-c.h"
#include "orgd/v1/organization_service.pb-c.h"
#include "protojson.h"
#include "types.pb-c.h"

/* --- what is taken --- */

static ProtobufCMessage *taken(const ProtobufCMessageDescriptor *descriptor, const char *text)
{
	char problem[PROTOJSON_PROBLEM_BYTES];
	ProtobufCMessage *message = protojson_parse(descriptor, text, strlen(text), problem);

	cr_assert(message, "%s: %s", text, problem);
	return message;
}

static Orgd__Test__Scalars *scalars(const char *text)
{
	return (Orgd__Test__Scalars *)taken(&orgd__test__scalars__descriptor, text);
}

static Orgd__Test__Composite *composite(const char *text)
{
	return (Orgd__Test__Composite *)taken(&orgd__test__composite__descriptor, text);
}

#define FREE(message) protobuf_c_message_free_unpacked(&(message)->base, NULL)

/* The condition on what the text is read as. */
#define EXPECT_SCALARS(text, condition)                                                            \
	do {                                                                                       \
		Orgd__Test__Scalars *m = scalars(text);                                            \
		cr_expect(condition, "%s", text);                                                  \
		FREE(m);                                                                           \
	} while (0)
#define EXPECT_COMPOSITE(text, condition)                                                          \
	do {                                                                                       \
		Orgd__Test__Composite *m = composite(text);                                        \
		cr_expect(condition, "%s", text);                                                  \
		FREE(m);                                                                           \
	} while (0)

Test(protojson_read, whole_numbers_may_be_numbers_or_strings)
{
	EXPECT_SCALARS("{\"int32\": -5}", m->int_32 == -5);
	EXPECT_SCALARS("{\"int32\": \"-5\"}", m->int_32 == -5);
	EXPECT_SCALARS("{\"int32\": 5.0}", m->int_32 == 5);
	EXPECT_SCALARS("{\"int32\": 1e3}", m->int_32 == 1000);
	EXPECT_SCALARS("{\"int32\": -2147483648}", m->int_32 == INT32_MIN);
	EXPECT_SCALARS("{\"sint32\": 2147483647}", m->sint_32 == INT32_MAX);
	EXPECT_SCALARS("{\"sfixed32\": -1}", m->sfixed_32 == -1);
	EXPECT_SCALARS("{\"uint32\": 4294967295}", m->uint_32 == UINT32_MAX);
	EXPECT_SCALARS("{\"fixed32\": \"4294967295\"}", m->fixed_32 == UINT32_MAX);
	EXPECT_SCALARS("{\"int64\": \"-9223372036854775808\"}", m->int_64 == INT64_MIN);
	EXPECT_SCALARS("{\"int64\": -9223372036854775808}", m->int_64 == INT64_MIN);
	EXPECT_SCALARS("{\"sint64\": \"9223372036854775807\"}", m->sint_64 == INT64_MAX);
	EXPECT_SCALARS("{\"sfixed64\": 7}", m->sfixed_64 == 7);
	EXPECT_SCALARS("{\"uint64\": \"18446744073709551615\"}", m->uint_64 == UINT64_MAX);
	EXPECT_SCALARS("{\"fixed64\": 1e19}", m->fixed_64 == UINT64_C(10000000000000000000));
	EXPECT_SCALARS("{\"uint32\": -0}", m->uint_32 == 0);
}

Test(protojson_read, real_numbers_may_be_words)
{
	EXPECT_SCALARS("{\"doubleReal\": 1.5}", m->double_real == 1.5);
	EXPECT_SCALARS("{\"doubleReal\": 3}", m->double_real == 3);
	EXPECT_SCALARS("{\"doubleReal\": \"1.5e3\"}", m->double_real == 1500);
	EXPECT_SCALARS("{\"doubleReal\": \"NaN\"}", isnan(m->double_real));
	EXPECT_SCALARS("{\"doubleReal\": \"-Infinity\"}", m->double_real == -INFINITY);
	EXPECT_SCALARS("{\"singleReal\": \"Infinity\"}", m->single_real == INFINITY);
	EXPECT_SCALARS("{\"singleReal\": -0.25}", m->single_real == -0.25f);
}

Test(protojson_read, names_may_be_the_protos)
{
	EXPECT_SCALARS("{\"some_text\": \"x\"}", strcmp(m->some_text, "x") == 0);
	EXPECT_SCALARS("{\"someText\": \"x\"}", strcmp(m->some_text, "x") == 0);
}

Test(protojson_read, null_is_as_if_absent)
{
	EXPECT_SCALARS("{\"someText\": null, \"int32\": null, \"raw\": null}",
		m->int_32 == 0 && m->raw.len == 0 && m->some_text[0] == '\0');
	EXPECT_COMPOSITE("{\"child\": null, \"time\": null, \"texts\": null, \"labels\": null}",
		!m->child && !m->time && m->n_texts == 0 && m->n_labels == 0);
	EXPECT_COMPOSITE("{\"name\": null, \"scalars\": {}}",
		m->choice_case == ORGD__TEST__COMPOSITE__CHOICE_SCALARS);
}

Test(protojson_read, enums_are_names_or_numbers)
{
	EXPECT_SCALARS("{\"color\": \"COLOR_BLUE\"}", m->color == ORGD__TEST__COLOR__COLOR_BLUE);
	EXPECT_SCALARS("{\"color\": 1}", m->color == ORGD__TEST__COLOR__COLOR_RED);
	EXPECT_SCALARS("{\"color\": 77}", (int)m->color == 77);
	EXPECT_COMPOSITE("{\"colors\": [\"COLOR_RED\", 2]}",
		m->n_colors == 2 && m->colors[0] == 1 && m->colors[1] == 2);
}

Test(protojson_read, bytes_are_base64_of_either_alphabet_padded_or_not)
{
	EXPECT_SCALARS("{\"raw\": \"\"}", m->raw.len == 0);
	EXPECT_SCALARS("{\"raw\": \"AA==\"}", m->raw.len == 1 && m->raw.data[0] == 0);
	EXPECT_SCALARS("{\"raw\": \"AA\"}", m->raw.len == 1 && m->raw.data[0] == 0);
	EXPECT_SCALARS("{\"raw\": \"aGk=\"}", m->raw.len == 2 && memcmp(m->raw.data, "hi", 2) == 0);
	EXPECT_SCALARS(
		"{\"raw\": \"-_8\"}", m->raw.len == 2 && memcmp(m->raw.data, "\xFB\xFF", 2) == 0);
	EXPECT_SCALARS(
		"{\"raw\": \"+/8=\"}", m->raw.len == 2 && memcmp(m->raw.data, "\xFB\xFF", 2) == 0);
	EXPECT_SCALARS(
		"{\"raw\": \"b3JnZA==\"}", m->raw.len == 4 && memcmp(m->raw.data, "orgd", 4) == 0);
}

Test(protojson_read, maps_are_objects)
{
	EXPECT_COMPOSITE("{\"labels\": {\"team\": \"core\", \"\": \"x\"}}",
		m->n_labels == 2 && strcmp(m->labels[0]->key, "team") == 0 &&
			strcmp(m->labels[0]->value, "core") == 0 && m->labels[1]->key[0] == '\0');
	EXPECT_COMPOSITE("{\"byNumber\": {\"-3\": {\"yes\": true}}}",
		m->n_by_number == 1 && m->by_number[0]->key == -3 && m->by_number[0]->value->yes);
	EXPECT_COMPOSITE("{\"byAnswer\": {\"true\": \"9\", \"false\": 8}}",
		m->n_by_answer == 2 && m->by_answer[0]->key && m->by_answer[0]->value == 9 &&
			!m->by_answer[1]->key && m->by_answer[1]->value == 8);
	/* It only looks like a map's entry. */
	EXPECT_COMPOSITE("{\"entry\": [{\"key\": \"k\", \"value\": \"v\"}]}",
		m->n_entry == 1 && strcmp(m->entry[0]->value, "v") == 0);
}

Test(protojson_read, one_member_of_a_oneof_is_set)
{
	EXPECT_COMPOSITE("{\"name\": \"\"}",
		m->choice_case == ORGD__TEST__COMPOSITE__CHOICE_NAME && m->name[0] == '\0');
	EXPECT_COMPOSITE("{\"wait\": \"3s\"}",
		m->choice_case == ORGD__TEST__COMPOSITE__CHOICE_WAIT && m->wait->seconds == 3);
}

static void expect_time(const char *text, int64_t seconds, int32_t nanos)
{
	char json[96];

	snprintf(json, sizeof(json), "{\"time\": \"%s\"}", text);
	EXPECT_COMPOSITE(json, m->time->seconds == seconds && m->time->nanos == nanos);
}

Test(protojson_read, times_are_rfc_3339)
{
	expect_time("1970-01-01T00:00:00Z", 0, 0);
	expect_time("2026-11-24T09:30:00.5Z", 1795512600, 500000000);
	expect_time("2026-11-24T09:30:00.123456789Z", 1795512600, 123456789);
	expect_time("2026-11-24T10:30:00+01:00", 1795512600, 0);
	expect_time("2026-11-23T21:00:00-12:30", 1795512600, 0);
	expect_time("1969-12-31T23:59:59.5Z", -1, 500000000);
	expect_time("2024-02-29T00:00:00Z", 1709164800, 0);
	expect_time("0001-01-01T00:00:00Z", -62135596800, 0);
	expect_time("9999-12-31T23:59:59.999999999Z", 253402300799, 999999999);
}

static void expect_duration(const char *text, int64_t seconds, int32_t nanos)
{
	char json[96];

	snprintf(json, sizeof(json), "{\"duration\": \"%s\"}", text);
	EXPECT_COMPOSITE(json, m->duration->seconds == seconds && m->duration->nanos == nanos);
}

Test(protojson_read, durations_are_seconds)
{
	expect_duration("0s", 0, 0);
	expect_duration("604800s", 604800, 0);
	expect_duration("1.5s", 1, 500000000);
	expect_duration("-1.5s", -1, -500000000);
	expect_duration("-0.000000001s", 0, -1);
	expect_duration("315576000000s", 315576000000, 0);
	expect_duration("-315576000000s", -315576000000, 0);
}

Test(protojson_read, masks_are_names_with_commas)
{
	EXPECT_COMPOSITE("{\"updateMask\": \"displayName,legalName.firstPart,website\"}",
		m->update_mask->n_paths == 3 &&
			strcmp(m->update_mask->paths[0], "display_name") == 0 &&
			strcmp(m->update_mask->paths[1], "legal_name.first_part") == 0 &&
			strcmp(m->update_mask->paths[2], "website") == 0);
	EXPECT_COMPOSITE("{\"updateMask\": \"*\"}",
		m->update_mask->n_paths == 1 && strcmp(m->update_mask->paths[0], "*") == 0);
	EXPECT_COMPOSITE("{\"updateMask\": \"\"}", m->update_mask && m->update_mask->n_paths == 0);
}

Test(protojson_read, an_any_of_a_detail_is_that_detail)
{
	Orgd__Test__Composite *message =
		composite("{\"any\": {\"reason\": \"LAST_OWNER\", \"metadata\": {\"a\": \"b\"},"
			  " \"@type\": \"type.googleapis.com/google.rpc.ErrorInfo\"}}");
	Google__Rpc__ErrorInfo *info = google__rpc__error_info__unpack(
		NULL, message->any->value.len, message->any->value.data);

	cr_assert_str_eq(message->any->type_url, "type.googleapis.com/google.rpc.ErrorInfo");
	cr_assert_str_eq(info->reason, "LAST_OWNER");
	cr_assert_str_eq(info->metadata[0]->value, "b");
	FREE(info);
	FREE(message);
	EXPECT_COMPOSITE("{\"any\": {}}", m->any->type_url[0] == '\0' && m->any->value.len == 0);
	EXPECT_COMPOSITE(
		"{\"any\": {\"@type\": \"x/google.protobuf.Duration\", \"value\": \"2s\"}}",
		m->any->value.len == 2 && memcmp(m->any->value.data, "\x08\x02", 2) == 0);
}

Test(protojson_read, text_is_any_unicode)
{
	EXPECT_SCALARS("{\"someText\": \"\\u00e9 \\ud83d\\ude00 \xC3\xA9\"}",
		strcmp(m->some_text, "é 😀 é") == 0);
}

/* --- what is refused --- */

static void expect_refused(
	const ProtobufCMessageDescriptor *descriptor, const char *text, const char *problem)
{
	char said[PROTOJSON_PROBLEM_BYTES];

	cr_expect_null(protojson_parse(descriptor, text, strlen(text), said), "%s", text);
	cr_expect_str_eq(said, problem);
}

static void refuse_scalars(const char *text, const char *problem)
{
	expect_refused(&orgd__test__scalars__descriptor, text, problem);
}

static void refuse_composite(const char *text, const char *problem)
{
	expect_refused(&orgd__test__composite__descriptor, text, problem);
}

Test(protojson_read, what_is_no_json_is_refused)
{
	refuse_scalars("", "Scalars: line 1, column 0: unexpected token near end of file");
	refuse_scalars("{", "Scalars: line 1, column 1: string or '}' expected near end of file");
	refuse_scalars("{} x", "Scalars: line 1, column 4: end of file expected near 'x'");
	refuse_scalars(
		"{\"yes\": true,}", "Scalars: line 1, column 14: string or '}' expected near '}'");
}

Test(protojson_read, a_name_twice_is_refused)
{
	refuse_scalars("{\"yes\": true, \"yes\": true}",
		"Scalars: line 1, column 19: duplicate object key near '\"yes\"'");
	refuse_scalars("{\"someText\": \"a\", \"some_text\": \"b\"}",
		"some_text: is given twice, also as someText");
	refuse_scalars("{\"some_text\": \"a\", \"someText\": null}",
		"some_text: is given twice, also as someText");
}

Test(protojson_read, bad_utf_8_and_nul_are_refused)
{
	refuse_scalars("{\"someText\": \"\xFF\"}",
		"Scalars: line 1, column 14: unable to decode byte 0xff near '\"'");
	refuse_scalars("{\"someText\": \"a\\u0000b\"}",
		"Scalars: line 1, column 23: \\u0000 is not allowed without JSON_ALLOW_NUL near "
		"'\"a\\u0000b\"'");
	refuse_scalars("{\"someText\": \"\\ud800\"}",
		"Scalars: line 1, column 21: invalid Unicode '\\uD800' near '\"\\ud800\"'");
}

Test(protojson_read, a_nul_in_a_json_string_is_refused)
{
	json_t *json = json_pack("{s:s#}", "someText", "a\0b", 3);
	char problem[PROTOJSON_PROBLEM_BYTES];

	cr_assert_null(protojson_read(&orgd__test__scalars__descriptor, json, problem));
	cr_assert_str_eq(problem, "someText: holds a NUL character");
	json_decref(json);
}

Test(protojson_read, an_unknown_field_is_refused)
{
	refuse_scalars("{\"text\": \"\"}", "text: Scalars has no such field");
	refuse_composite("{\"child\": {\"child\": {\"colour\": 1}}}",
		"child.child.colour: Composite has no such field");
}

Test(protojson_read, a_wrong_type_is_refused)
{
	refuse_scalars("[]", "Scalars: must be an object");
	refuse_scalars("\"x\"", "Scalars: must be an object");
	refuse_scalars("null", "Scalars: must be an object");
	refuse_scalars("{\"someText\": 1}", "someText: must be a string");
	refuse_scalars("{\"yes\": \"true\"}", "yes: must be true or false");
	refuse_scalars("{\"yes\": 1}", "yes: must be true or false");
	refuse_scalars("{\"int32\": true}", "int32: must be a number");
	refuse_scalars("{\"raw\": 1}", "raw: must be a string");
	refuse_scalars("{\"color\": {}}", "color: must be the name of a Color");
	refuse_scalars("{\"doubleReal\": true}",
		"doubleReal: must be a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
	refuse_composite("{\"texts\": \"x\"}", "texts: must be a list");
	refuse_composite("{\"texts\": {}}", "texts: must be a list");
	refuse_composite("{\"texts\": [\"x\", 5]}", "texts[1]: must be a string");
	refuse_composite("{\"texts\": [null]}", "texts[0]: must be a string");
	refuse_composite("{\"labels\": []}", "labels: must be an object");
	refuse_composite("{\"labels\": {\"team\": null}}", "labels.team: must be a string");
	refuse_composite(
		"{\"byNumber\": {\"1\": {\"yes\": 0}}}", "byNumber.1.yes: must be true or false");
	refuse_composite("{\"child\": []}", "child: must be an object");
	refuse_composite("{\"time\": 5}", "time: must be a string");
	refuse_composite("{\"duration\": 5}", "duration: must be a string");
	refuse_composite("{\"updateMask\": {}}", "updateMask: must be a string");
	expect_refused(&orgd__v1__create_organization_request__descriptor,
		"{\"organization\": {\"metadata\": {\"team\": 5}}}",
		"organization.metadata.team: must be a string");
}

Test(protojson_read, a_number_out_of_range_is_refused)
{
	refuse_scalars("{\"int32\": 2147483648}", "int32: is out of the range of a 32-bit number");
	refuse_scalars("{\"int32\": -2147483649}", "int32: is out of the range of a 32-bit number");
	refuse_scalars("{\"uint32\": 4294967296}",
		"uint32: is out of the range of an unsigned 32-bit number");
	refuse_scalars(
		"{\"uint32\": -1}", "uint32: is out of the range of an unsigned 32-bit number");
	refuse_scalars("{\"int64\": \"9223372036854775808\"}",
		"int64: is out of the range of a 64-bit number");
	refuse_scalars("{\"uint64\": \"18446744073709551616\"}",
		"uint64: must be a whole number of at most 64 bits");
	refuse_scalars("{\"uint64\": 1e20}", "uint64: must be a whole number of at most 64 bits");
	refuse_scalars(
		"{\"uint64\": \"-1\"}", "uint64: is out of the range of an unsigned 64-bit number");
	refuse_scalars("{\"singleReal\": 1e39}",
		"singleReal: is out of the range of a floating-point number");
	refuse_scalars("{\"color\": 4294967296}", "color: is out of the range of a 32-bit number");
}

Test(protojson_read, a_number_that_is_none_is_refused)
{
	static const char problem[] = "int32: must be a whole number of at most 64 bits";

	refuse_scalars("{\"int32\": 1.5}", problem);
	refuse_scalars("{\"int32\": \"\"}", problem);
	refuse_scalars("{\"int32\": \"-\"}", problem);
	refuse_scalars("{\"int32\": \" 1\"}", problem);
	refuse_scalars("{\"int32\": \"1 \"}", problem);
	refuse_scalars("{\"int32\": \"+1\"}", problem);
	refuse_scalars("{\"int32\": \"01\"}", problem);
	refuse_scalars("{\"int32\": \"0x1\"}", problem);
	refuse_scalars("{\"doubleReal\": \"1,5\"}",
		"doubleReal: must be a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
}

Test(protojson_read, an_unknown_enum_name_is_refused)
{
	refuse_scalars("{\"color\": \"COLOR_GREEN\"}",
		"color: \"COLOR_GREEN\" is not the name of a Color");
	refuse_scalars(
		"{\"color\": \"color_red\"}", "color: \"color_red\" is not the name of a Color");
	refuse_scalars("{\"color\": \"1\"}", "color: \"1\" is not the name of a Color");
}

Test(protojson_read, malformed_base64_is_refused)
{
	static const char *const malformed[] = { "A", "AAAAA", "A===", "====", "AA=", "AA=A",
		"A A=", "AB==", "AAB=", "AA==AA==", "\\u00e9AAA" };

	for (size_t i = 0; i < sizeof(malformed) / sizeof(*malformed); i++) {
		char json[64];

		snprintf(json, sizeof(json), "{\"raw\": \"%s\"}", malformed[i]);
		refuse_scalars(json, "raw: must be base64");
	}
}

Test(protojson_read, a_malformed_map_key_is_refused)
{
	refuse_composite("{\"byNumber\": {\"x\": {}}}",
		"byNumber.x: must be a whole number of at most 64 bits");
	refuse_composite("{\"byAnswer\": {\"TRUE\": 1}}", "byAnswer.TRUE: must be true or false");
}

Test(protojson_read, two_members_of_a_oneof_are_refused)
{
	refuse_composite("{\"name\": \"x\", \"scalars\": {}}",
		"scalars: cannot be given together with name");
	expect_refused(&orgd__v1__get_organization_request__descriptor,
		"{\"organization_id\": \"org_1\", \"handle\": \"acme\"}",
		"handle: cannot be given together with organizationId");
}

Test(protojson_read, a_malformed_time_is_refused)
{
	static const char *const malformed[] = { "", "2026-11-24", "2026-11-24T09:30:00",
		"2026-11-24 09:30:00Z", "2026-11-24t09:30:00z", "2026-02-30T00:00:00Z",
		"2025-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
		"2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
		"2026-01-01T00:00:60Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234567890Z",
		"2026-01-01T00:00:00+1:00", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00Zx",
		"0000-12-31T23:59:59Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
		"10000-01-01T00:00:00Z", "-001-01-01T00:00:00Z", "now" };

	for (size_t i = 0; i < sizeof(malformed) / sizeof(*malformed); i++) {
		char json[96];

		snprintf(json, sizeof(json), "{\"time\": \"%s\"}", malformed[i]);
		refuse_composite(json,
			"time: must be a time like 2026-11-24T09:30:00Z, in the years 1 to 9999");
	}
}

Test(protojson_read, a_malformed_duration_is_refused)
{
	static const char *const malformed[] = { "", "s", "1", "1 s", "1S", ".5s", "1.s", "1.s5",
		"+1s", "--1s", "1.1234567890s", "1m", "315576000001s", "315576000000.1s",
		"99999999999999999999s" };

	for (size_t i = 0; i < sizeof(malformed) / sizeof(*malformed); i++) {
		char json[96];

		snprintf(json, sizeof(json), "{\"duration\": \"%s\"}", malformed[i]);
		refuse_composite(json, "duration: must be seconds like \"3600s\" or \"1.5s\", at "
				       "most 10,000 years");
	}
}

Test(protojson_read, a_malformed_mask_is_refused)
{
	static const char *const malformed[] = { "display_name", "a,,b", ",", "a,", "a..b", ".a",
		"a.", "Display", "a.B" };

	for (size_t i = 0; i < sizeof(malformed) / sizeof(*malformed); i++) {
		char json[96];

		snprintf(json, sizeof(json), "{\"updateMask\": \"%s\"}", malformed[i]);
		refuse_composite(
			json, "updateMask: must be lowerCamelCase names with commas between them");
	}
}

Test(protojson_read, an_any_of_anything_else_is_refused)
{
	refuse_composite("{\"any\": 1}", "any: must be an object with an @type");
	refuse_composite("{\"any\": {\"reason\": \"X\"}}", "any: must be an object with an @type");
	refuse_composite("{\"any\": {\"@type\": 5}}", "any: must be an object with an @type");
	refuse_composite("{\"any\": {\"@type\": \"google.rpc.ErrorInfo\"}}",
		"any: the @type google.rpc.ErrorInfo is not known");
	refuse_composite("{\"any\": {\"@type\": \"x/orgd.v1.User\"}}",
		"any: the @type x/orgd.v1.User is not known");
	refuse_composite("{\"any\": {\"@type\": \"x/google.rpc.Help\", \"reason\": \"X\"}}",
		"any.reason: Help has no such field");
	refuse_composite("{\"any\": {\"@type\": \"x/google.protobuf.Duration\"}}",
		"any: must have @type and value, nothing else");
	refuse_composite("{\"any\": {\"@type\": \"x/google.protobuf.Duration\", \"value\": \"1\"}}",
		"any.value: must be seconds like \"3600s\" or \"1.5s\", at most 10,000 years");
}

/* `depth` composites within each other. */
static char *nested(unsigned depth)
{
	char *text = malloc(depth * 16 + 3), *end = text;

	for (unsigned i = 1; i < depth; i++)
		end = stpcpy(end, "{\"child\":");
	end = stpcpy(end, "{}");
	for (unsigned i = 1; i < depth; i++)
		end = stpcpy(end, "}");
	return text;
}

Test(protojson_read, nesting_ends)
{
	char problem[PROTOJSON_PROBLEM_BYTES];
	char *text = nested(PROTOJSON_DEPTH_MAX);
	Orgd__Test__Composite *message = composite(text);

	FREE(message);
	free(text);
	text = nested(PROTOJSON_DEPTH_MAX + 1);
	cr_assert_null(
		protojson_parse(&orgd__test__composite__descriptor, text, strlen(text), problem));
	cr_assert(strstr(problem, "child: is nested too deeply, more than 32 messages"), "%s",
		problem);
	free(text);
	text = nested(100000);
	cr_assert_null(
		protojson_parse(&orgd__test__composite__descriptor, text, strlen(text), problem));
	cr_assert(strstr(problem, "maximum parsing depth reached"), "%s", problem);
	free(text);
}

/* A path that is longer than the room for it is cut, whatever the format. */
Test(protojson_read, a_long_problem_is_cut)
{
	char text[2000] = "{\"labels\": {\"";
	char problem[PROTOJSON_PROBLEM_BYTES];

	memset(text + strlen(text), '%', 1500);
	strcat(text, "\": 1}}");
	cr_assert_null(
		protojson_parse(&orgd__test__composite__descriptor, text, strlen(text), problem));
	cr_assert_eq(strlen(problem), PROTOJSON_PROBLEM_BYTES - 1);
	cr_assert_eq(strncmp(problem, "labels.%%%", 10), 0);
}
