/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "orgd/v1/document_service.pb-c.h"
#include "orgd/v1/organization_service.pb-c.h"
#include "service/call.h"

static struct arena arena;
static struct call call;

static void begin(void)
{
	arena_init(&arena);
	call = (struct call){ .arena = &arena, .now_us = 1700000000000001 };
}

static void end(void)
{
	arena_clear(&arena);
}

TestSuite(resource, .init = begin, .fini = end);

static void expect_refusal(
	struct status status, enum status_code code, const char *reason, const char *field)
{
	cr_assert_eq(status.code, code, "%s", status_code_name((int)status.code));
	cr_expect_str_eq(status.failure->reason, reason);
	cr_expect_str_eq(status.failure->field, field);
}

Test(resource, times_keep_their_microseconds)
{
	static const int64_t times[] = { 1, 999999, 1000000, 1700000000123456,
		INT64_C(253402300799999999) };

	for (size_t i = 0; i < COUNT_OF(times); i++)
		cr_expect_eq(timestamp_us(timestamp_new(&arena, times[i])), times[i]);
	cr_expect_null(timestamp_new(&arena, 0));
	cr_expect_eq(timestamp_us(NULL), 0);
	cr_expect_eq(timestamp_us(call_now(&call)), call.now_us);
}

Test(resource, a_time_out_of_range_is_refused)
{
	static const struct {
		int64_t seconds;
		int32_t nanos;
		bool fine;
	} cases[] = {
		{ 0, 0, true },
		{ 253402300799, 999999999, true },
		{ 253402300800, 0, false },
		{ -INT64_C(62135596800), 0, true },
		{ -INT64_C(62135596801), 0, false },
		{ 0, -1, false },
		{ 0, 1000000000, false },
		{ INT64_MAX, 0, false },
		{ INT64_MIN, 0, false },
	};
	int64_t us;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		Google__Protobuf__Timestamp timestamp = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
		struct status status;

		timestamp.seconds = cases[i].seconds;
		timestamp.nanos = cases[i].nanos;
		status = timestamp_check("expire_time", &timestamp, &us);
		if (cases[i].fine)
			cr_expect_eq(status.code, STATUS_OK, "case %zu", i);
		else
			expect_refusal(
				status, STATUS_INVALID_ARGUMENT, "INVALID_TIME", "expire_time");
	}
	cr_expect_eq(timestamp_check("expire_time", NULL, &us).code, STATUS_OK);
	cr_expect_eq(us, 0);
}

Test(resource, an_etag_is_the_update_times_and_a_stale_one_aborts)
{
	Google__Protobuf__Timestamp *first = timestamp_new(&arena, 1700000000000000);
	Google__Protobuf__Timestamp *second = timestamp_new(&arena, 1700000000000001);
	const char *etag = etag_of(&arena, first);

	cr_expect_eq(etag_check(&arena, etag, first).code, STATUS_OK);
	cr_expect_eq(etag_check(&arena, "", second).code, STATUS_OK, "none given");
	expect_refusal(etag_check(&arena, etag, second), STATUS_ABORTED, "ETAG_MISMATCH", "");
	expect_refusal(etag_check(&arena, "made up", first), STATUS_ABORTED, "ETAG_MISMATCH", "");
}

static const char *const names[] = { "title", "locator", "labels", NULL };
enum { TITLE = 1, LOCATOR = 2, LABELS = 4 };

static uint64_t masked(const Orgd__V1__Document *document, size_t count, const char *const paths[])
{
	Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
	uint64_t fields;

	mask.n_paths = count;
	mask.paths = (char **)(uintptr_t)paths;
	cr_assert_eq(update_mask_read(&mask, &document->base, names, &fields).code, STATUS_OK);
	return fields;
}

Test(resource, without_a_mask_the_populated_fields_are_meant)
{
	Orgd__V1__Document document = ORGD__V1__DOCUMENT__INIT;
	Orgd__V1__Document__LabelsEntry entry = ORGD__V1__DOCUMENT__LABELS_ENTRY__INIT;
	char title[] = "The manual", id[] = "doc_…";
	uint64_t fields;

	cr_assert_eq(update_mask_read(NULL, &document.base, names, &fields).code, STATUS_OK);
	cr_expect_eq(fields, 0);
	document.id = id; /* what is no field to update is passed over */
	document.title = title;
	cr_assert_eq(update_mask_read(NULL, &document.base, names, &fields).code, STATUS_OK);
	cr_expect_eq(fields, TITLE);
	document.n_labels = 1;
	document.labels = (Orgd__V1__Document__LabelsEntry *[]){ &entry };
	cr_assert_eq(update_mask_read(NULL, &document.base, names, &fields).code, STATUS_OK);
	cr_expect_eq(fields, TITLE | LABELS);
	cr_expect_eq(masked(&document, 0, NULL), TITLE | LABELS, "an empty mask is none");
}

Test(resource, a_mask_names_fields_whatever_they_hold)
{
	Orgd__V1__Document document = ORGD__V1__DOCUMENT__INIT;

	cr_expect_eq(masked(&document, 1, (const char *[]){ "locator" }), LOCATOR);
	cr_expect_eq(masked(&document, 3, (const char *[]){ "title", "labels", "title" }),
		TITLE | LABELS);
	cr_expect_eq(masked(&document, 1, (const char *[]){ "*" }), TITLE | LOCATOR | LABELS);
}

Test(resource, a_mask_that_names_anything_else_is_refused)
{
	static const char *const wrong[] = { "", "id", "etag", "Title", "title.", "labels.key",
		"**", " title" };
	Orgd__V1__Document document = ORGD__V1__DOCUMENT__INIT;

	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
		const char *paths[] = { "title", wrong[i] };
		uint64_t fields;

		mask.n_paths = 2;
		mask.paths = (char **)(uintptr_t)paths;
		expect_refusal(update_mask_read(&mask, &document.base, names, &fields),
			STATUS_INVALID_ARGUMENT, "UPDATE_MASK", "update_mask");
	}
}

Test(resource, populated_is_seen_in_numbers_messages_and_enums_too)
{
	static const char *const all[] = { "seat_limit", "lifecycle", "create_time", "owners",
		NULL };
	Orgd__V1__Organization organization = ORGD__V1__ORGANIZATION__INIT;
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	uint64_t fields;

	cr_assert_eq(update_mask_read(NULL, &organization.base, all, &fields).code, STATUS_OK);
	cr_expect_eq(fields, 0);
	organization.seat_limit = 1;
	organization.lifecycle = ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_ACTIVE;
	organization.create_time = &time;
	organization.n_owners = 1;
	cr_assert_eq(update_mask_read(NULL, &organization.base, all, &fields).code, STATUS_OK);
	cr_expect_eq(fields, 15);
}

/* `count` pairs "k0" = "v", "k1" = "v" and so on. */
enum { PAIRS_MAX = 100 };
static Orgd__V1__Document__LabelsEntry entries[PAIRS_MAX], *pointers[PAIRS_MAX];

static void make_pairs(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		orgd__v1__document__labels_entry__init(&entries[i]);
		entries[i].key = arena_printf(&arena, "k%zu", i);
		entries[i].value = arena_strdup(&arena, "v");
		pointers[i] = &entries[i];
	}
}

Test(resource, metadata_is_sorted_trimmed_and_has_each_key_once)
{
	size_t count = 4;

	make_pairs(count);
	entries[0].key = arena_strdup(&arena, "z-9_.");
	entries[1].key = arena_strdup(&arena, "a");
	entries[2].key = arena_strdup(&arena, "z-9_.");
	entries[2].value = arena_strdup(&arena, "  last one ");
	entries[3].value = arena_strdup(&arena, "");
	cr_assert_eq(metadata_check(&call, "labels", &count, pointers).code, STATUS_OK);
	cr_assert_eq(count, 3);
	cr_expect_str_eq(pointers[0]->key, "a");
	cr_expect_str_eq(pointers[1]->key, "k3");
	cr_expect_str_eq(pointers[2]->key, "z-9_.");
	cr_expect_str_eq(pointers[2]->value, "last one");
	count = 0;
	cr_expect_eq(metadata_check(&call, "labels", &count, NULL).code, STATUS_OK);
}

Test(resource, metadata_has_32_pairs_at_most)
{
	size_t count = 32;

	make_pairs(PAIRS_MAX);
	cr_expect_eq(metadata_check(&call, "labels", &count, pointers).code, STATUS_OK);
	for (count = 33; count <= PAIRS_MAX; count += 67) {
		size_t given = count;

		make_pairs(PAIRS_MAX);
		expect_refusal(metadata_check(&call, "labels", &given, pointers),
			STATUS_INVALID_ARGUMENT, "METADATA_LIMIT", "labels");
	}
}

Test(resource, metadata_keys_have_their_letters_and_values_their_length)
{
	static const char *const wrong[] = { "", "A", "a b", "ä", "a/b", "a\n" };
	char long_key[66], long_value[502];
	size_t count = 1;

	memset(long_key, 'k', sizeof(long_key));
	memset(long_value, 'v', sizeof(long_value));
	long_key[64] = long_value[500] = '\0';
	make_pairs(1);
	entries[0].key = long_key;
	entries[0].value = long_value;
	cr_expect_eq(metadata_check(&call, "labels", &count, pointers).code, STATUS_OK);
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		entries[0].key = (char *)(uintptr_t)wrong[i];
		expect_refusal(metadata_check(&call, "labels", &count, pointers),
			STATUS_INVALID_ARGUMENT, "METADATA_KEY", "labels");
	}
	long_key[64] = 'k';
	long_key[65] = '\0';
	entries[0].key = long_key;
	expect_refusal(metadata_check(&call, "labels", &count, pointers), STATUS_INVALID_ARGUMENT,
		"METADATA_KEY", "labels");
	make_pairs(1);
	long_value[500] = 'v';
	long_value[501] = '\0';
	entries[0].value = long_value;
	expect_refusal(metadata_check(&call, "labels", &count, pointers), STATUS_INVALID_ARGUMENT,
		"FIELD_TOO_LONG", "labels");
	entries[0].value = arena_strdup(&arena, "two\nlines");
	expect_refusal(metadata_check(&call, "labels", &count, pointers), STATUS_INVALID_ARGUMENT,
		"INVALID_TEXT", "labels");
}

Test(resource, enums_are_checked_by_their_descriptor)
{
	const ProtobufCEnumDescriptor *permission = &orgd__v1__permission__descriptor;

	for (int value = 1; value <= 3; value++)
		cr_expect_eq(enum_check("permission", permission, value).code, STATUS_OK);
	cr_expect_eq(enum_check_optional("permission", permission, 0).code, STATUS_OK);
	expect_refusal(enum_check("permission", permission, 0), STATUS_INVALID_ARGUMENT,
		"UNKNOWN_ENUM_VALUE", "permission");
	for (int value = -1; value <= 4; value += 5) {
		expect_refusal(enum_check("permission", permission, value), STATUS_INVALID_ARGUMENT,
			"UNKNOWN_ENUM_VALUE", "permission");
		expect_refusal(enum_check_optional("permission", permission, value),
			STATUS_INVALID_ARGUMENT, "UNKNOWN_ENUM_VALUE", "permission");
	}
	cr_expect_str_eq(enum_word(permission, 3), "WRITE");
	cr_expect_str_eq(enum_word(permission, 0), "UNSPECIFIED");
	cr_expect_str_eq(enum_word(permission, 4), "UNKNOWN");
	cr_expect_str_eq(
		enum_word(&orgd__v1__verification_state__descriptor, 4), "NEEDS_INFORMATION");
}

Test(resource, text_is_checked_where_it_stands)
{
	char given[] = "  The manual ", *value = given;

	cr_assert_eq(
		text_check_in_place(&call, TEXT_LINE, "title", &value, 1, 100).code, STATUS_OK);
	cr_expect_str_eq(value, "The manual");
	cr_assert_eq(
		text_check_in_place(&call, TEXT_LINE, "title", &value, 1, 100).code, STATUS_OK);
	cr_expect_str_eq(value, "The manual");
	expect_refusal(text_check_in_place(&call, TEXT_LINE, "title", &value, 1, 5),
		STATUS_INVALID_ARGUMENT, "FIELD_TOO_LONG", "title");
	cr_expect_str_eq(value, "The manual");
}

Test(resource, messages_are_equal_when_they_are_written_alike)
{
	Orgd__V1__Document a = ORGD__V1__DOCUMENT__INIT, b = a;
	char title[] = "The manual", same[] = "The manual";

	cr_expect(message_equal(&arena, &a.base, &b.base));
	a.title = title;
	cr_expect_not(message_equal(&arena, &a.base, &b.base));
	b.title = same;
	cr_expect(message_equal(&arena, &a.base, &b.base));
	b.locator = same;
	cr_expect_not(message_equal(&arena, &a.base, &b.base));
}
