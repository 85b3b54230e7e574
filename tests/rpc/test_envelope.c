/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/expect.h"
#include "base/text.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "google/rpc/error_details.pb-c.h"
#include "rpc/envelope.h"
#include "rpc/exchange.h"
#include "rpc/wire.h"

static struct arena arena;

static void setup(void)
{
	arena_init(&arena);
}

static void teardown(void)
{
	arena_clear(&arena);
}

TestSuite(envelope, .init = setup, .fini = teardown);

static struct status unpack_bytes(
	const ProtobufCMessageDescriptor *descriptor, struct bytes bytes, void *message)
{
	return envelope_unpack(&arena, descriptor, bytes, message);
}

/* Unpacks the bytes of a string literal, so that it may hold NULs. */
#define unpack(descriptor, literal, message)                                                       \
	unpack_bytes((descriptor), bytes_of((literal), sizeof(literal) - 1), (message))

#define expect_malformed(descriptor, literal)                                                      \
	do {                                                                                       \
		ProtobufCMessage *none_ = NULL;                                                    \
		expect_refused(unpack((descriptor), literal, &none_), STATUS_INVALID_ARGUMENT,     \
			"MALFORMED_REQUEST");                                                      \
		cr_expect_null(none_);                                                             \
	} while (0)

#define REQUEST  (&orgd__rpc__v1__request__descriptor)
#define RESPONSE (&orgd__rpc__v1__response__descriptor)

Test(envelope, a_well_formed_message_is_unpacked)
{
	Orgd__Rpc__V1__Request *request;

	expect_ok(unpack(REQUEST, "\x0A\x02/m\x12\x03\x00\xFF\x01\x18\x96\x01", &request));
	cr_expect_str_eq(request->method, "/m");
	cr_expect_eq(request->payload.len, 3);
	cr_expect_eq(request->timeout_ms, 150);
	cr_expect_str_eq(request->request_id, "");
}

Test(envelope, no_bytes_are_an_empty_message)
{
	Orgd__Rpc__V1__Request *request;

	expect_ok(unpack_bytes(REQUEST, (struct bytes){ NULL, 0 }, &request));
	cr_expect_str_eq(request->method, "");
}

Test(envelope, a_nul_in_text_is_refused_wherever_the_text_is)
{
	expect_malformed(REQUEST, "\x0A\x03"
				  "a\0b");
	expect_malformed(&google__protobuf__field_mask__descriptor, "\x0A\x01"
								    "a\x0A\x02"
								    "b\0");
	expect_malformed(RESPONSE, "\x0A\x03\x12\x01\0");
	expect_malformed(&google__rpc__error_info__descriptor, "\x1A\x06\x0A\x01"
							       "k\x12\x01\0");
	expect_malformed(&google__rpc__error_info__descriptor, "\x1A\x06\x0A\x01\0\x12\x01"
							       "v");
}

Test(envelope, broken_utf8_is_refused_in_text_and_fine_in_bytes)
{
	Orgd__Rpc__V1__Request *request;

	expect_malformed(REQUEST, "\x0A\x02"
				  "a\xFF");
	expect_malformed(REQUEST, "\x0A\x03\xED\xA0\x80");
	expect_malformed(&google__rpc__error_info__descriptor, "\x1A\x06\x0A\x01"
							       "k\x12\x01\x80");
	expect_ok(unpack(REQUEST,
		"\x12\x02"
		"a\xFF",
		&request));
}

Test(envelope, the_refusal_names_the_field)
{
	ProtobufCMessage *message;
	struct status status = unpack(REQUEST, "\x0A\x01\xFF", &message);

	expect_refused(status, STATUS_INVALID_ARGUMENT, "MALFORMED_REQUEST");
	cr_expect_str_eq(status.failure->message, "orgd.rpc.v1.Request.method is not valid UTF-8.");
}

Test(envelope, a_field_of_the_wrong_wire_type_is_refused)
{
	expect_malformed(REQUEST, "\x08\x01");
	expect_malformed(REQUEST, "\x0D\x01\x01\x01\x01");
	expect_malformed(REQUEST, "\x1A\x01\x01");
	expect_malformed(REQUEST, "\x19\x01\x01\x01\x01\x01\x01\x01\x01");
	expect_malformed(RESPONSE, "\x08\x01");
}

Test(envelope, fields_that_the_message_does_not_know_are_skipped)
{
	Orgd__Rpc__V1__Request *request;

	expect_ok(unpack(REQUEST,
		"\xA0\x06\x01"
		"\xA1\x06"
		"12345678"
		"\xA2\x06\x02\xFF\0"
		"\xA5\x06"
		"1234"
		"\x0A\x02/m",
		&request));
	cr_expect_str_eq(request->method, "/m");
}

Test(envelope, groups_and_unknown_wire_types_are_refused)
{
	expect_malformed(REQUEST, "\xA3\x06\xA4\x06");
	expect_malformed(REQUEST, "\xA4\x06");
	expect_malformed(REQUEST, "\xA6\x06");
	expect_malformed(REQUEST, "\xA7\x06");
}

Test(envelope, malformed_field_numbers_are_refused)
{
	expect_malformed(REQUEST, "\x02\x00");
	expect_malformed(REQUEST, "\xFA\xFF\xFF\xFF\x1F\x00");
	expect_malformed(REQUEST, "\x8A\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00");
	expect_malformed(REQUEST, "\x80");
}

Test(envelope, every_truncation_is_refused_or_a_shorter_message)
{
	static const char whole[] = "\x0A\x02/m\x12\x03\x00\xFF\x01\x18\x96\x01";
	static const bool is_message[] = { true, false, false, false, true, false, false, false,
		false, true, false, false };

	for (size_t size = 0; size < COUNT_OF(is_message); size++) {
		ProtobufCMessage *message;
		struct status status = unpack_bytes(REQUEST, bytes_of(whole, size), &message);

		cr_expect_eq(status.code == STATUS_OK, is_message[size], "%zu bytes", size);
	}
}

Test(envelope, a_length_past_the_end_is_refused)
{
	expect_malformed(REQUEST, "\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F"
				  "a");
	expect_malformed(REQUEST, "\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"
				  "a");
}

Test(envelope, a_singular_message_twice_is_refused)
{
	expect_malformed(RESPONSE, "\x0A\x00\x0A\x00");
	expect_malformed(&google__rpc__retry_info__descriptor, "\x0A\x00\x0A\x02\x08\x01");
}

Test(envelope, a_repeated_message_may_come_often)
{
	Google__Rpc__Status *status;

	expect_ok(unpack(&google__rpc__status__descriptor, "\x1A\x00\x1A\x00\x1A\x00", &status));
	cr_expect_eq(status->n_details, 3);
}

/* RetryInfo, as if its one field were of its own type. */
static void recursive_type(ProtobufCMessageDescriptor *type, ProtobufCFieldDescriptor *field)
{
	*type = google__rpc__retry_info__descriptor;
	*field = type->fields[0];
	field->descriptor = type;
	type->fields = field;
}

/* `depth` messages, one within the other. */
static struct bytes nested(uint8_t out[2 * 100], size_t depth)
{
	for (size_t i = 0; i + 1 < depth; i++) {
		out[2 * i] = 0x0A;
		out[2 * i + 1] = (uint8_t)(2 * (depth - 2 - i));
	}
	return bytes_of(out, 2 * (depth - 1));
}

Test(envelope, nesting_ends)
{
	ProtobufCMessageDescriptor type;
	ProtobufCFieldDescriptor field;
	ProtobufCMessage *message;
	uint8_t bytes[200];

	recursive_type(&type, &field);
	expect_ok(wire_check(&type, nested(bytes, WIRE_DEPTH_MAX)));
	expect_refused(wire_check(&type, nested(bytes, WIRE_DEPTH_MAX + 1)),
		STATUS_INVALID_ARGUMENT, "MALFORMED_REQUEST");
	expect_refused(
		wire_check(&type, nested(bytes, 60)), STATUS_INVALID_ARGUMENT, "MALFORMED_REQUEST");
	expect_ok(unpack_bytes(&type, nested(bytes, WIRE_DEPTH_MAX), &message));
	expect_refused(unpack_bytes(&type, nested(bytes, WIRE_DEPTH_MAX + 1), &message),
		STATUS_INVALID_ARGUMENT, "MALFORMED_REQUEST");
}

Test(envelope, repeated_numbers_may_be_packed_or_not)
{
	/* google.rpc.Status with its code repeated. */
	ProtobufCMessageDescriptor type = google__rpc__status__descriptor;
	ProtobufCFieldDescriptor fields[3];

	memcpy(fields, type.fields, sizeof(fields));
	fields[0].label = PROTOBUF_C_LABEL_REPEATED;
	type.fields = fields;
	expect_ok(wire_check(&type, bytes_of("\x08\x01\x08\x02", 4)));
	expect_ok(wire_check(&type, bytes_of("\x0A\x02\x01\x02", 4)));
	expect_refused(wire_check(&type, bytes_of("\x0D\x01\x02\x03\x04", 5)),
		STATUS_INVALID_ARGUMENT, "MALFORMED_REQUEST");
}

Test(envelope, a_bomb_of_empty_messages_is_refused)
{
	enum { COUNT = 500 * 1000 };
	uint8_t *bomb = calloc(COUNT, 2);
	ProtobufCMessage *message;

	for (size_t i = 0; i < COUNT; i++)
		bomb[2 * i] = 0x1A;
	expect_refused(unpack_bytes(&google__rpc__status__descriptor,
			       bytes_of(bomb, 2 * (size_t)COUNT), &message),
		STATUS_INVALID_ARGUMENT, "MALFORMED_REQUEST");
	cr_expect_leq(arena.allocated, 2 * 1024 * 1024);
	free(bomb);
}

Test(envelope, a_request_with_the_largest_payload_is_unpacked)
{
	size_t size = 1024 * 1024;
	Orgd__Rpc__V1__Request request, *unpacked;
	uint8_t *packed = malloc(REQUEST_BYTES_MAX);

	orgd__rpc__v1__request__init(&request);
	request.method = arena_strdup(&arena, "/orgd.v1.OrganizationService/CreateOrganization");
	request.payload.data = arena_zalloc(&arena, size);
	request.payload.len = size;
	size = orgd__rpc__v1__request__pack(&request, packed);
	expect_ok(unpack_bytes(REQUEST, bytes_of(packed, size), &unpacked));
	cr_expect_eq(unpacked->payload.len, 1024 * 1024);
	free(packed);
}

static void expect_clean_text(const char *text)
{
	cr_assert(text_is_utf8(text, strlen(text)));
}

Test(envelope, random_damage_is_refused_or_leaves_a_sound_message)
{
	static const char whole[] = "\x0A\x0E\x08\x05\x12\x03no.\x1A\x05\x0A\x03"
				    "any\x12\x03pay\x18\x07\x20\x09"
				    "\x28\x01\x32\x06"
				    "cal_00";
	size_t accepted = 0;

	srand(11);
	for (int i = 0; i < 50000; i++) {
		uint8_t bytes[sizeof(whole) - 1];
		Orgd__Rpc__V1__Response *response;

		memcpy(bytes, whole, sizeof(bytes));
		for (int damage = rand() % 4; damage > 0; damage--)
			bytes[(size_t)rand() % sizeof(bytes)] = (uint8_t)rand();
		arena_reset(&arena);
		if (unpack_bytes(RESPONSE, bytes_of(bytes, (size_t)rand() % (sizeof(bytes) + 1)),
			    &response)
				.code != STATUS_OK)
			continue;
		accepted++;
		expect_clean_text(response->call_id);
		if (!response->status)
			continue;
		expect_clean_text(response->status->message);
		for (size_t j = 0; j < response->status->n_details; j++)
			expect_clean_text(response->status->details[j]->type_url);
	}
	cr_expect(accepted > 100 && accepted < 49900, "%zu", accepted);
}

/* What a client reads in a reply; details are NULL when absent. */
struct answer {
	Orgd__Rpc__V1__Response *response;
	Google__Rpc__ErrorInfo *info;
	Google__Rpc__BadRequest *bad_request;
	Google__Rpc__Help *help;
	Google__Rpc__RetryInfo *retry;
};

static void *detail(const Google__Rpc__Status *status, const ProtobufCMessageDescriptor *descriptor)
{
	for (size_t i = 0; i < status->n_details; i++) {
		const Google__Protobuf__Any *any = status->details[i];
		const char *prefix = "type.googleapis.com/";

		cr_assert_eq(strncmp(any->type_url, prefix, strlen(prefix)), 0);
		if (strcmp(any->type_url + strlen(prefix), descriptor->name) == 0)
			return protobuf_c_message_unpack(
				descriptor, &arena.allocator, any->value.len, any->value.data);
	}
	return NULL;
}

/* Packs and reads the reply, and checks the bound for the reservation. */
static struct answer answer_of(const struct reply *reply)
{
	struct reply reserved = *reply;
	struct answer answer = { .response = NULL };
	size_t size, size_max;
	uint8_t *packed;

	reserved.epoch = reserved.revision = 0;
	reserved.committed = false;
	size_max = envelope_size_max(&reserved);
	packed = malloc(size_max);
	size = envelope_pack(reply, packed);
	cr_assert_leq(size, size_max);
	arena_allow_trusted(&arena);
	answer.response = orgd__rpc__v1__response__unpack(&arena.allocator, size, packed);
	free(packed);
	cr_assert_not_null(answer.response);
	if (answer.response->status) {
		answer.info = detail(answer.response->status, &google__rpc__error_info__descriptor);
		answer.bad_request =
			detail(answer.response->status, &google__rpc__bad_request__descriptor);
		answer.help = detail(answer.response->status, &google__rpc__help__descriptor);
		answer.retry =
			detail(answer.response->status, &google__rpc__retry_info__descriptor);
		cr_assert_not_null(answer.info);
	}
	return answer;
}

Test(envelope, an_ok_reply_has_its_payload_and_no_status)
{
	struct reply reply = { .status = OK,
		.payload = bytes_of("payload", 7),
		.epoch = 3,
		.revision = 9,
		.committed = true,
		.call_id = "cal_1" };
	struct answer answer = answer_of(&reply);

	cr_expect_null(answer.response->status);
	cr_assert_eq(answer.response->payload.len, 7);
	cr_expect_arr_eq(answer.response->payload.data, "payload", 7);
	cr_expect_eq(answer.response->epoch, 3);
	cr_expect_eq(answer.response->revision, 9);
	cr_expect(answer.response->committed);
	cr_expect_str_eq(answer.response->call_id, "cal_1");
}

Test(envelope, a_failed_reply_has_no_payload)
{
	struct reply reply = { .status = status_fail(STATUS_NOT_FOUND, "NO_SUCH", "There is none."),
		.payload = bytes_of("payload", 7),
		.call_id = "cal_1" };
	struct answer answer = answer_of(&reply);

	cr_expect_eq(answer.response->payload.len, 0);
	cr_expect_eq(answer.response->status->code, STATUS_NOT_FOUND);
	cr_expect_str_eq(answer.response->status->message, "There is none.");
	cr_expect_str_eq(answer.info->reason, "NO_SUCH");
	cr_expect_str_eq(answer.info->domain, "orgd");
	cr_expect_eq(answer.response->status->n_details, 1);
}

Test(envelope, each_detail_of_a_failure_arrives)
{
	struct reply reply = { .status = status_invalid(
				       "invitation.email", "INVALID_EMAIL", "It has no @."),
		.call_id = "cal_1" };
	struct answer answer;

	reply.status = status_with_help(reply.status, "developer@example.com");
	reply.status = status_with_retry(reply.status, 61500);
	reply.status = status_with_metadata(reply.status, "limit", "20");
	answer = answer_of(&reply);
	cr_assert_eq(answer.info->n_metadata, 1);
	cr_expect_str_eq(answer.info->metadata[0]->key, "limit");
	cr_expect_str_eq(answer.info->metadata[0]->value, "20");
	cr_assert_not_null(answer.bad_request);
	cr_expect_str_eq(answer.bad_request->field_violations[0]->field, "invitation.email");
	cr_expect_str_eq(answer.bad_request->field_violations[0]->description, "It has no @.");
	cr_expect_str_eq(answer.bad_request->field_violations[0]->reason, "INVALID_EMAIL");
	cr_assert_not_null(answer.help);
	cr_expect_str_eq(answer.help->links[0]->url, "developer@example.com");
	cr_assert_not_null(answer.retry);
	cr_expect_eq(answer.retry->retry_delay->seconds, 61);
	cr_expect_eq(answer.retry->retry_delay->nanos, 500000000);
}

Test(envelope, an_internal_failure_tells_its_call_id_and_nothing_else)
{
	struct reply reply = { .status = status_internal("mdb_put: secret path /var/lib/x"),
		.call_id = "cal_7" };
	struct answer answer;

	reply.status = status_with_help(reply.status, "secret help");
	reply.status = status_with_metadata(reply.status, "key", "secret value");
	answer = answer_of(&reply);
	cr_expect_eq(answer.response->status->code, STATUS_INTERNAL);
	cr_expect_str_eq(answer.response->status->message,
		"internal error; the operator finds the cause in the log under cal_7");
	cr_expect_str_eq(answer.info->reason, "INTERNAL");
	cr_expect_eq(answer.info->n_metadata, 0);
	cr_expect_eq(answer.response->status->n_details, 1);
}

/* Up to `max` bytes of random letters. */
static const char *random_text(size_t max)
{
	size_t length = (size_t)rand() % (max + 1);
	char *text = arena_zalloc(&arena, length + 1);

	memset(text, 'a' + rand() % 26, length);
	return text;
}

static struct status random_failure(void)
{
	struct status status =
		status_invalid(random_text(150), "RANDOM_REASON", "%s", random_text(700));
	int metadata = rand() % (FAILURE_METADATA_MAX + 1);

	status.code = status.failure->code =
		(enum status_code)(1 + rand() % STATUS_UNAUTHENTICATED);
	status = status_with_help(status, random_text(700));
	status = status_with_retry(status, rand() % 3 ? rand() : 0);
	for (int i = 0; i < metadata; i++)
		status = status_with_metadata(status, "some_longer_metadata_key", random_text(100));
	return status;
}

static void expect_failure_arrived(const struct failure *failure, const struct answer *answer)
{
	cr_expect_eq(answer->response->status->code, (int)failure->code);
	if (failure->code == STATUS_INTERNAL)
		return;
	cr_expect_str_eq(answer->response->status->message, failure->message);
	cr_expect_eq(answer->info->n_metadata, failure->metadata_count);
	for (size_t i = 0; i < failure->metadata_count; i++)
		cr_expect_str_eq(answer->info->metadata[i]->value, failure->metadata[i].value);
	cr_expect_eq(answer->bad_request != NULL, failure->field[0] != '\0');
	cr_expect_eq(answer->help != NULL, failure->help[0] != '\0');
	cr_expect_eq(answer->retry != NULL, failure->retry_after_ms > 0);
	if (answer->bad_request)
		cr_expect_str_eq(answer->bad_request->field_violations[0]->field, failure->field);
	if (answer->help)
		cr_expect_str_eq(answer->help->links[0]->url, failure->help);
	if (answer->retry)
		cr_expect_eq(answer->retry->retry_delay->seconds * 1000 +
				     answer->retry->retry_delay->nanos / 1000000,
			failure->retry_after_ms);
}

Test(envelope, what_is_reserved_is_enough_and_nothing_is_lost)
{
	srand(5);
	for (int i = 0; i < 5000; i++) {
		const char *payload = random_text(3000);
		struct reply reply = { .status = rand() % 2 ? random_failure() : OK,
			.payload = bytes_of_string(payload),
			.call_id = random_text(30),
			.epoch = (uint64_t)rand() << (rand() % 33),
			.revision = (uint64_t)rand() << (rand() % 33),
			.committed = rand() % 2 };
		struct answer answer = answer_of(&reply);

		cr_expect_eq(answer.response->epoch, reply.epoch);
		cr_expect_eq(answer.response->revision, reply.revision);
		cr_expect_eq(answer.response->committed, reply.committed);
		cr_expect_str_eq(answer.response->call_id, reply.call_id);
		if (reply.status.code != STATUS_OK)
			expect_failure_arrived(reply.status.failure, &answer);
		else
			cr_expect_eq(answer.response->payload.len, reply.payload.size);
		arena_reset(&arena);
	}
}

Test(envelope, the_longest_failure_can_be_answered)
{
	struct status status =
		status_invalid(arena_printf(&arena, "%0*d", 200, 0), "A_REASON", "%0*d", 600, 0);
	struct reply reply = { .call_id = "cal_1" };

	status = status_with_help(status, arena_printf(&arena, "%0*d", 600, 0));
	status = status_with_retry(status, INT64_MAX);
	for (int i = 0; i < FAILURE_METADATA_MAX; i++)
		status = status_with_metadata(status, "key", arena_printf(&arena, "%0*d", 100, 0));
	reply.status = status;
	cr_expect_eq(answer_of(&reply).response->status->n_details, 4);
}

Test(envelope, a_bound_holds_for_the_greatest_numbers)
{
	struct reply reply = { .status = OK,
		.payload = bytes_of("x", 1),
		.epoch = UINT64_MAX,
		.revision = UINT64_MAX,
		.committed = true,
		.call_id = "cal_1" };

	cr_expect_eq(answer_of(&reply).response->revision, UINT64_MAX);
}
