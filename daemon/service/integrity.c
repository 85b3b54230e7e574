/* SPDX-License-Identifier: Apache-2.0 */
#include "service/integrity.h"

#include <stdarg.h>
#include <stdio.h>

#include "secret/keyring.h"
#include "service/integrity_rows.h"
#include "store/driver_tables.h"

enum {
	ROWS_A_SNAPSHOT = 200,
	/* Bytes of keys. */
	ANY = 0, /* with a string in it */
	ID = 1 + sizeof(struct id),
	TIME_ID = ID + sizeof(uint64_t),
	ID_ID = ID + sizeof(struct id),
	ID_TIME_ID = TIME_ID + sizeof(struct id),
	RESOURCE = ID + 1,
	REQUEST = 1 + sizeof(uint16_t) + KEYED_HASH_BYTES,
	ORDER = 1 + sizeof(uint64_t) + sizeof(uint16_t),
};

/* How a table is checked. */
struct table_check {
	const char *name;
	size_t key_bytes;
	integrity_function *row;
};

/* Every table has its line: the compiler names the one that is forgotten. */
static struct table_check driver_table_check(uint8_t table)
{
#define CHECK(NAME, key_bytes, function)                                                           \
	case TABLE_##NAME:                                                                         \
		return (struct table_check)                                                        \
		{                                                                                  \
#NAME, key_bytes, function                                                 \
		}
	switch ((enum driver_table)table) {
		CHECK(META, 1, integrity_meta);
		CHECK(EVENT, ID, integrity_event);
		CHECK(EVENT_INDEX, ORDER, integrity_event_index);
		CHECK(ANCHOR, 1 + sizeof(uint64_t), integrity_anchor);
	}
	return (struct table_check){ .name = NULL };
}

static struct table_check table_check(uint8_t table)
{
	switch ((enum table)table) {
		CHECK(USER, ID, integrity_user);
		CHECK(USER_BY_EMAIL, ANY, integrity_user_by_email);
		CHECK(USER_BY_TIME, TIME_ID, integrity_user_by_time);
		CHECK(SESSION, ID, integrity_session);
		CHECK(SESSION_BY_USER, ID_TIME_ID, integrity_session_index);
		CHECK(SESSION_FORGET, TIME_ID, integrity_session_index);
		CHECK(TOKEN, ID, integrity_token);
		CHECK(API_KEY, ID, integrity_api_key);
		CHECK(API_KEY_BY_TIME, TIME_ID, integrity_api_key_by_time);
		CHECK(ORGANIZATION, ID, integrity_organization);
		CHECK(ORGANIZATION_BY_HANDLE, ANY, integrity_handle);
		CHECK(ORGANIZATION_BY_TIME, TIME_ID, integrity_organization_index);
		CHECK(QUEUE, TIME_ID, integrity_organization_index);
		CHECK(DECISION, ID_TIME_ID, integrity_decision);
		CHECK(MEMBERSHIP, ID_ID, integrity_membership);
		CHECK(MEMBERSHIP_BY_USER, ID_ID, integrity_membership_by_user);
		CHECK(MEMBERSHIP_BY_TIME, ID_TIME_ID, integrity_membership_by_time);
		CHECK(INVITATION, ID, integrity_invitation);
		CHECK(INVITATION_BY_ORGANIZATION, ID_TIME_ID, integrity_invitation_index);
		CHECK(INVITATION_PENDING, ANY, integrity_invitation_pending);
		CHECK(INVITATION_BY_EMAIL, ANY, integrity_invitation_index);
		CHECK(INVITATION_EXPIRY, TIME_ID, integrity_invitation_index);
		CHECK(DOCUMENT, ID, integrity_document);
		CHECK(DOCUMENT_BY_TIME, TIME_ID, integrity_document_by_time);
		CHECK(DOCUMENT_COLLECTIONS, ID, integrity_document_collections);
		CHECK(COLLECTION, ID, integrity_collection);
		CHECK(COLLECTION_BY_TIME, TIME_ID, integrity_collection_by_time);
		CHECK(COLLECTION_DOCUMENT, ID_TIME_ID, integrity_collection_document);
		CHECK(GRANT, ID, integrity_grant);
		CHECK(GRANT_BY_RESOURCE, RESOURCE + sizeof(struct id), integrity_resource_grant);
		CHECK(GRANT_BY_TIME, RESOURCE + TIME_ID - 1, integrity_grant_index);
		CHECK(GRANT_BY_ORGANIZATION, ID_TIME_ID, integrity_grant_index);
		CHECK(GRANTED, ANY, integrity_granted);
		CHECK(DELIVERY, ID, integrity_delivery);
		CHECK(DELIVERY_DUE, TIME_ID, integrity_delivery_index);
		CHECK(DELIVERY_BY_TIME, TIME_ID, integrity_delivery_index);
		CHECK(WEBHOOK, ID, integrity_webhook);
		CHECK(WEBHOOKS, ID, integrity_webhooks);
		CHECK(WEBHOOK_NEWS, ID, integrity_webhook_news);
		CHECK(WEBHOOK_DUE, TIME_ID, integrity_webhook_due);
		CHECK(WEBHOOK_ATTEMPT, TIME_ID, integrity_webhook_attempt);
		CHECK(REQUEST, REQUEST, integrity_request);
		CHECK(EVENT_BY_ORGANIZATION, ID + ORDER - 1 + sizeof(struct id),
			integrity_event_by_organization);
		CHECK(PERSON_KEY, ANY, integrity_person_key);
		CHECK(CHORE, 1 + TIME_ID, integrity_chore_row);
		CHECK(USAGE, ANY, integrity_usage);
	}
	return driver_table_check(table);
#undef CHECK
}

/* --- what the checks share --- */

static void hexadecimal(struct bytes bytes, char text[INTEGRITY_KEY_BYTES])
{
	*text = '\0';
	for (size_t i = 0; i < bytes.size && i < KEY_MAX; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes.data[i]);
}

void integrity_found(struct integrity *check, const char *format, ...)
{
	char sentence[INTEGRITY_SENTENCE_BYTES], key[INTEGRITY_KEY_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	hexadecimal(key_bytes(&check->key), key);
	check->report->findings++;
	check->listener->found(check->listener->context,
		&(struct integrity_finding){ check->table, key, sentence });
}

/* Makes a failed read a finding. */
static bool fails(struct integrity *check, struct status status)
{
	if (status.code)
		integrity_found(check, "cannot be read: %s", status.failure->message);
	return status.code != STATUS_OK;
}

void integrity_unpack(struct integrity *check, const struct scan *row,
	const ProtobufCMessageDescriptor *descriptor, ProtobufCMessage **message)
{
	*message = NULL;
	if (row_unpack(&check->arena, row->value, descriptor, message).code)
		integrity_found(check, "its value is no %s", descriptor->name);
}

struct id integrity_value_id(struct integrity *check, const struct scan *row)
{
	struct id id = { { 0 } };

	if (row->value.size == sizeof(id.bytes))
		memcpy(id.bytes, row->value.data, sizeof(id.bytes));
	else
		integrity_found(check, "its value is no id");
	return id;
}

void integrity_key_alone(struct integrity *check, const struct scan *row)
{
	if (row->value.size)
		integrity_found(check, "is more than a key");
}

struct id integrity_last_id(const struct scan *row)
{
	size_t offset = row->key.size - sizeof(struct id);

	return key_read_id(row->key, &offset);
}

struct id integrity_first_id(const struct scan *row)
{
	size_t offset = 1;

	return key_read_id(row->key, &offset);
}

struct batch *integrity_batch(struct integrity *check)
{
	return batch_new(&check->arena);
}

/* Does the table of this key count? '\0' is no table. */
static bool counts(const struct key *key, const char *but)
{
	return !strchr(but, key->bytes[0]);
}

struct status integrity_expect(struct integrity *check, const struct batch *rows, const char *but)
{
	const struct key *key;
	struct bytes value;

	for (size_t n = 0; batch_write_at(rows, n, &key, &value); n++) {
		const char *table = table_check(key->bytes[0]).name;
		struct row row;

		if (!counts(key, but) || (key->size == check->key.size &&
						 !memcmp(key->bytes, check->key.bytes, key->size)))
			continue;
		TRY(snapshot_peek(check->snapshot, key, &row));
		if (!row.exists)
			integrity_found(check, "its row in %s is missing", table);
		else if (row.value.size != value.size ||
			 (value.size && memcmp(row.value.data, value.data, value.size)))
			integrity_found(check, "its row in %s says something else", table);
	}
	return OK;
}

void integrity_belongs(
	struct integrity *check, const struct scan *row, const struct batch *rows, const char *but)
{
	const struct key *key;
	struct bytes value;

	for (size_t n = 0; batch_write_at(rows, n, &key, &value); n++)
		if (counts(key, but) && key->size == row->key.size &&
			!memcmp(key->bytes, row->key.data, key->size)) {
			if (value.size != row->value.size ||
				(value.size && memcmp(value.data, row->value.data, value.size)))
				integrity_found(check, "says something else than the row it is of");
			return;
		}
	integrity_found(check, "leads to a row that does not lead here");
}

struct status integrity_chore(
	struct integrity *check, enum chore chore, const struct id *id, bool *pending)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix;

	*pending = false;
	key_begin(&prefix, TABLE_CHORE);
	key_add_u8(&prefix, (uint8_t)chore);
	TRY(scan_begin(&scan, check->snapshot, &prefix, NULL));
	while (scan.found && !*pending) {
		struct id other = integrity_last_id(&scan);

		*pending = id_equal(&other, id);
		TRY(scan_next(&scan));
	}
	return OK;
}

struct status integrity_count(struct integrity *check, const struct key *prefix, uint32_t *count)
{
	CLEANUP(scan_end) struct scan scan = { 0 };

	*count = 0;
	TRY(scan_begin(&scan, check->snapshot, prefix, NULL));
	while (scan.found) {
		++*count;
		TRY(scan_next(&scan));
	}
	return OK;
}

void integrity_hash(struct integrity *check, ProtobufCBinaryData hash, const char *which)
{
	if (hash.len != KEYED_HASH_BYTES)
		integrity_found(check, "%s is no keyed hash", which);
}

/* --- the walk --- */

static void check_row(
	struct integrity *check, const struct table_check *how, const struct scan *row)
{
	check->report->rows++;
	if (row->revision > snapshot_revision(check->snapshot))
		integrity_found(check, "is of a revision that is still to come");
	if (!how->row)
		integrity_found(check, "is in no table of this version");
	else if (how->key_bytes != ANY && row->key.size != how->key_bytes)
		integrity_found(check, "has a key of %zu bytes in place of %zu", row->key.size,
			how->key_bytes);
	else
		(void)fails(check, how->row(check, row));
}

/* The next few hundred rows after check->key, which moves on; *more when there may be others. */
MUST_USE static struct status check_page(
	struct integrity *check, const struct table_check *how, const struct key *table, bool *more)
{
	CLEANUP(scan_end) struct scan scan = { 0 };

	*more = false;
	TRY(scan_begin(&scan, check->snapshot, table, check->key.size > 1 ? &check->key : NULL));
	for (unsigned n = 0; scan.found && n < ROWS_A_SNAPSHOT; n++) {
		check->key.size = 0;
		if (scan.key.size > KEY_MAX)
			return status_fail(STATUS_DATA_LOSS, "STORE_CORRUPT", "a key is too long");
		key_add_bytes(&check->key, scan.key.data, scan.key.size);
		check_row(check, how, &scan);
		TRY(scan_next(&scan));
	}
	*more = scan.found;
	return OK;
}

MUST_USE static struct status check_table(struct integrity *check, uint8_t table)
{
	struct table_check how = table_check(table);
	uint64_t before = check->report->rows;
	struct key prefix;
	bool more = true;

	check->table = how.name ? how.name : "";
	if (how.name && check->listener->table)
		check->listener->table(check->listener->context, check->table);
	key_begin(&prefix, table);
	key_begin(&check->key, table);
	while (more) {
		arena_reset(&check->arena);
		TRY(store_snapshot_begin(check->reader, &check->arena, &check->snapshot));
		/* What cannot be read ends the table, after the key that the finding has. */
		more = !fails(check, check_page(check, &how, &prefix, &more)) && more;
		store_snapshot_end(check->snapshot);
	}
	check->report->tables += check->report->rows > before;
	return OK;
}

MUST_USE static struct status check_all(struct integrity *check)
{
	for (unsigned table = 0; table <= UINT8_MAX; table++)
		TRY(check_table(check, (uint8_t)table));
	check->table = "EVENT_INDEX";
	key_begin(&check->key, TABLE_EVENT_INDEX);
	if (check->listener->table)
		check->listener->table(check->listener->context, "the chain of events");
	return integrity_event_chain(check);
}

struct status integrity_check(struct store *store, const struct integrity_listener *listener,
	struct integrity_report *report)
{
	struct integrity check = { .listener = listener, .report = report };
	struct status status;

	*report = (struct integrity_report){ 0 };
	TRY(store_reader_new(store, &check.reader));
	arena_init(&check.arena);
	status = check_all(&check);
	arena_clear(&check.arena);
	store_reader_free(check.reader);
	return status;
}
