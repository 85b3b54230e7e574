/* SPDX-License-Identifier: Apache-2.0 */
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document_story.h"
#include "orgd/store/v1/rows.pb-c.h"
#include "service/integrity.h"
#include "store/backup.h"
#include "store/driver_tables.h"
#include "store/rows/chore.h"
#include "store/rows/row.h"
#include "store/store.h"
#include "support/story.h"

/*
 * Rich stories are backed up, each kind of damage is done to the copy, one at a time, and the check
 * has to find it.
 */

#define ADA "ada@example.com"
#define BOB "bob@example.com"
#define EVE "eve@example.com"

enum { ROWS_MAX = 1000, EACH_TABLE = 3 /* rows of a table that are damaged */ };

struct raw_row {
	uint8_t key[512], *value;
	size_t key_size, value_size;
};

static struct story *s;
static char copy_path[256];
static MDB_env *env;
static MDB_dbi dbi;
static struct raw_row rows[ROWS_MAX];
static size_t row_count;
static char last_sentence[INTEGRITY_SENTENCE_BYTES + 64];

/* --- the copy, and damage to it --- */

static void open_copy(void)
{
	cr_assert_eq(mdb_env_create(&env), 0);
	cr_assert_eq(mdb_env_open(env, copy_path, MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC, 0600), 0);
}

/* NULL deletes. The revision is in the value. */
static void put_raw(const void *key, size_t key_size, const void *value, size_t value_size)
{
	MDB_val name = { key_size, (void *)(uintptr_t)key };
	MDB_val content = { value_size, (void *)(uintptr_t)value };
	MDB_txn *txn;

	open_copy();
	cr_assert_eq(mdb_txn_begin(env, NULL, 0, &txn), 0);
	cr_assert_eq(mdb_dbi_open(txn, NULL, 0, &dbi), 0);
	cr_assert_eq(
		value ? mdb_put(txn, dbi, &name, &content, 0) : mdb_del(txn, dbi, &name, NULL), 0);
	cr_assert_eq(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

static void put_back(const struct raw_row *row)
{
	put_raw(row->key, row->key_size, row->value, row->value_size);
}

static void read_rows(void)
{
	MDB_val key, value;
	MDB_cursor *cursor;
	MDB_txn *txn;

	open_copy();
	cr_assert_eq(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), 0);
	cr_assert_eq(mdb_dbi_open(txn, NULL, 0, &dbi), 0);
	cr_assert_eq(mdb_cursor_open(txn, dbi, &cursor), 0);
	while (!mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
		struct raw_row *row = &rows[row_count++];

		cr_assert_lt(row_count, ROWS_MAX);
		memcpy(row->key, key.mv_data, row->key_size = key.mv_size);
		row->value = malloc(row->value_size = value.mv_size);
		cr_assert(row->value);
		memcpy(row->value, value.mv_data, value.mv_size);
	}
	mdb_cursor_close(cursor);
	mdb_txn_abort(txn);
	mdb_env_close(env);
}

static void keep_finding(void *context, const struct integrity_finding *finding)
{
	const char *wanted = context;

	if (!wanted || strstr(finding->sentence, wanted) || !*last_sentence)
		snprintf(last_sentence, sizeof(last_sentence), "%s: %s", finding->table,
			finding->sentence);
}

/* How many findings the copy has now. Keeps one that holds `wanted`, or the last. */
static uint64_t findings(const char *wanted)
{
	struct integrity_listener listener = { .found = keep_finding,
		.context = (void *)(uintptr_t)wanted };
	struct integrity_report report;
	struct store *copy;

	*last_sentence = '\0';
	cr_assert_eq(store_open_to_read(copy_path, &copy).code, STATUS_OK);
	cr_assert_eq(integrity_check(copy, &listener, &report).code, STATUS_OK);
	store_close(copy);
	return report.findings;
}

/* --- a story with a row in every table --- */

static const char *acme;

static void tell_of_documents(void)
{
	const char *one = a_document(s, "One"), *two = a_document(s, "Two");
	const char *shelf = a_collection(s, "Shelf"), *gone = a_collection(s, "Gone");

	put_into(s, shelf, one);
	put_into(s, shelf, two);
	put_into(s, gone, two);
	grant_to(s, acme, one, (struct terms){ .permission = READ });
	grant_to(s, acme, shelf, (struct terms){ .permission = WRITE, .minimum_role = ADMIN });
	grant_to(s, acme, gone, (struct terms){ .permission = READ });
	/* The sweep that forgets it has not come by. */
	ASK(s, "operator", DocumentService, DeleteCollection, delete_collection,
		.collection_id = gone);
}

static void tell_of_invitations(void)
{
	ASK(s, ADA, InvitationService, CreateInvitation, create_invitation, .organization_id = acme,
		.email = "guest@example.com", .role = MEMBER);
	ASK(s, NULL, UserService, SignUp, sign_up, .email = "new@example.com",
		.password = "correct horse battery", .display_name = "New");
}

static void tell_of_organizations(void)
{
	const char *old = story_organization(s, EVE, "old");

	story_join(s, old, BOB, MEMBER);
	ASK(s, EVE, InvitationService, CreateInvitation, create_invitation, .organization_id = old,
		.email = "late@example.com", .role = MEMBER);
	ASK(s, EVE, OrganizationService, DeleteOrganization, delete_organization,
		.organization_id = old, .confirm_handle = "old");
}

static void tell_of_api_keys(void)
{
	Orgd__V1__ApiKey key = ORGD__V1__API_KEY__INIT;
	char *scopes[] = { "check" };

	key.display_name = "a service";
	key.n_scopes = 1;
	key.scopes = scopes;
	ASK(s, "operator", ApiKeyService, CreateApiKey, create_api_key, .api_key = &key);
}

static void begin(void)
{
	struct backup backup;

	s = story_begin();
	acme = story_organization(s, ADA, "acme");
	story_join(s, acme, BOB, OWNER);
	tell_of_documents();
	tell_of_invitations();
	tell_of_organizations();
	tell_of_api_keys();
	cr_assert_eq(backup_make(store_path(story_store(s)), &backup).code, STATUS_OK);
	snprintf(copy_path, sizeof(copy_path), "%s/../backup/%s", store_path(story_store(s)),
		backup.name);
	read_rows();
	cr_assert_eq(findings(NULL), 0, "%s", last_sentence);
}

static void end(void)
{
	for (size_t i = 0; i < row_count; i++)
		free(rows[i].value);
	story_end(s);
}

TestSuite(integrity, .init = begin, .fini = end);

/* --- each row --- */

/* One in this list is not missed: nothing else knows that it should be there. */
static const char stands_alone[] = { TABLE_DECISION, TABLE_USAGE, TABLE_REQUEST, TABLE_WEBHOOK_NEWS,
	TABLE_ANCHOR, TABLE_META, '\0' };

/* An entry of a collection that is gone, which a sweep takes away. */
static bool is_left_over(const struct raw_row *row)
{
	if (row->key[0] != TABLE_COLLECTION_DOCUMENT)
		return false;
	for (size_t i = 0; i < row_count; i++)
		if (rows[i].key[0] == TABLE_COLLECTION &&
			!memcmp(rows[i].key + 1, row->key + 1, sizeof(struct id)))
			return false;
	return true;
}

/* The key of an address, which may have been an erased person's. */
static bool is_of_address(const struct raw_row *row)
{
	return row->key[0] == TABLE_PERSON_KEY && row->key_size != 1 + sizeof(struct id);
}

static bool is_missed(const struct raw_row *row)
{
	/* A reminder may have been dropped. */
	return !strchr(stands_alone, row->key[0]) && !is_of_address(row) && !is_left_over(row) &&
	       !(row->key[0] == TABLE_CHORE && row->key[1] == CHORE_REMIND_INVITATION);
}

/* Calls `damage` for the first rows of each table. */
static void for_each_table(void (*damage)(const struct raw_row *row))
{
	unsigned seen[256] = { 0 };

	for (size_t i = 0; i < row_count; i++)
		if (seen[rows[i].key[0]]++ < EACH_TABLE)
			damage(&rows[i]);
}

static void take_away(const struct raw_row *row)
{
	if (!is_missed(row))
		return;
	put_raw(row->key, row->key_size, NULL, 0);
	cr_expect_gt(findings(NULL), 0, "a row of table '%c' is not missed", row->key[0]);
	put_back(row);
}

Test(integrity, misses_each_row_that_is_gone)
{
	for_each_table(take_away);
	cr_expect_eq(findings(NULL), 0, "%s", last_sentence);
}

/* A value that is no message, behind the row's own revision. */
static void garble(const struct raw_row *row)
{
	uint8_t value[8 + 9];

	if (row->key[0] == TABLE_META)
		return;
	memcpy(value, row->value, 8);
	memset(value + 8, 0xFF, sizeof(value) - 8);
	put_raw(row->key, row->key_size, value, sizeof(value));
	cr_expect_gt(findings(NULL), 0, "a garbled row of table '%c' is not noticed", row->key[0]);
	put_back(row);
}

Test(integrity, notices_each_row_that_says_something_else)
{
	for_each_table(garble);
}

/* The same row a second time, under a key that differs in its last byte. */
static void duplicate(const struct raw_row *row)
{
	/* What stands alone, and marks that sweeps take away. */
	static const char harmless[] = { TABLE_DECISION, TABLE_USAGE, TABLE_REQUEST, TABLE_CHORE,
		TABLE_WEBHOOK_NEWS, TABLE_META, '\0' };
	uint8_t key[512];

	if (strchr(harmless, row->key[0]) || is_of_address(row) || is_left_over(row))
		return;
	memcpy(key, row->key, row->key_size);
	key[row->key_size - 1] ^= 1;
	put_raw(key, row->key_size, row->value, row->value_size);
	cr_expect_gt(findings(NULL), 0, "an extra row of table '%c' is not noticed", row->key[0]);
	put_raw(key, row->key_size, NULL, 0);
}

Test(integrity, notices_each_row_too_many)
{
	for_each_table(duplicate);
	cr_expect_eq(findings(NULL), 0, "%s", last_sentence);
}

static void cut_key(const struct raw_row *row)
{
	put_raw(row->key, row->key_size > 1 ? row->key_size - 1 : 2, row->value, row->value_size);
	cr_expect_gt(findings(NULL), 0, "a short key of table '%c' is not noticed", row->key[0]);
	put_raw(row->key, row->key_size > 1 ? row->key_size - 1 : 2, NULL, 0);
}

Test(integrity, notices_each_key_that_is_too_short)
{
	for_each_table(cut_key);
}

Test(integrity, notices_a_table_that_this_version_does_not_know)
{
	put_raw("?row", 4, "\0\0\0\0\0\0\0\1value", 13);
	cr_expect_eq(findings(NULL), 1);
	cr_expect(strstr(last_sentence, "in no table"), "%s", last_sentence);
}

/* --- what rows say of each other --- */

/* The first row of a table that `which` says is meant. */
static struct raw_row *row_of(uint8_t table, const struct id *id)
{
	for (size_t i = 0; i < row_count; i++)
		if (rows[i].key[0] == table && (!id || !memcmp(rows[i].key + 1, id, sizeof(*id))))
			return &rows[i];
	cr_assert_fail("there is no such row of table '%c'", table);
	return NULL;
}

static struct id id_from(enum id_type type, const char *text)
{
	struct id id;

	cr_assert_eq(id_parse(type, "id", text, &id).code, STATUS_OK);
	return id;
}

/* Writes the row with the message in place of its own. */
static void rewrite(const struct raw_row *row, const ProtobufCMessage *message)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *value = malloc(8 + size);

	cr_assert(value);
	memcpy(value, row->value, 8);
	protobuf_c_message_pack(message, value + 8);
	put_raw(row->key, row->key_size, value, 8 + size);
	free(value);
}

static void expect_finding(const char *sentence)
{
	cr_expect_gt(findings(sentence), 0, "not found: %s", sentence);
	cr_expect(
		strstr(last_sentence, sentence), "not \"%s\" but \"%s\"", sentence, last_sentence);
}

static void user_counts(Orgd__Store__V1__User *row)
{
	row->organization_count++;
}

static void user_owns(Orgd__Store__V1__User *row)
{
	row->owned_count--;
}

static void user_is_disabled(Orgd__Store__V1__User *row)
{
	row->user->state = ORGD__V1__USER_STATE__USER_STATE_DISABLED;
}

static void user_is_erased(Orgd__Store__V1__User *row)
{
	row->user->state = ORGD__V1__USER_STATE__USER_STATE_ERASED;
}

static void user_has_a_token(Orgd__Store__V1__User *row)
{
	static uint8_t token[16] = { 1 };

	row->reset_token_id = (ProtobufCBinaryData){ sizeof(token), token };
}

Test(integrity, checks_what_a_user_says)
{
	static const struct {
		void (*change)(Orgd__Store__V1__User *row);
		const char *sentence;
	} damages[] = {
		{ user_counts, "counts 2 organizations; there are 1" },
		{ user_owns, "counts 0 owned organizations; there are 1" },
		{ user_is_erased, "is erased, and says something about the person" },
		{ user_is_erased, "opens the names of an erased person" },
		{ user_has_a_token, "its reset token is missing" },
	};
	struct id ada = id_from(ID_USER, story_id(s, ADA));
	const struct raw_row *raw = row_of(TABLE_USER, &ada);

	for (size_t i = 0; i < COUNT_OF(damages); i++) {
		Orgd__Store__V1__User *row =
			orgd__store__v1__user__unpack(NULL, raw->value_size - 8, raw->value + 8);
		ProtobufCBinaryData token = row->reset_token_id;

		damages[i].change(row);
		rewrite(raw, &row->base);
		row->reset_token_id = token;
		orgd__store__v1__user__free_unpacked(row, NULL);
		expect_finding(damages[i].sentence);
		put_back(raw);
	}
}

static void disable(const char *email)
{
	struct id id = id_from(ID_USER, story_id(s, email));
	const struct raw_row *raw = row_of(TABLE_USER, &id);
	Orgd__Store__V1__User *row =
		orgd__store__v1__user__unpack(NULL, raw->value_size - 8, raw->value + 8);

	user_is_disabled(row);
	rewrite(raw, &row->base);
	orgd__store__v1__user__free_unpacked(row, NULL);
}

Test(rules, rule_16_the_check_sees_an_organization_without_an_active_owner, .init = begin,
	.fini = end)
{
	disable(ADA);
	cr_expect_eq(findings(NULL), 0, "Bob is left: %s", last_sentence);
	disable(BOB);
	expect_finding("has no active Owner");
}

static void counts_members(Orgd__Store__V1__Organization *row)
{
	row->organization->member_count--;
}

static void counts_pending(Orgd__Store__V1__Organization *row)
{
	row->organization->pending_count = 7;
}

static void forgets_an_owner(Orgd__Store__V1__Organization *row)
{
	free(row->owner_ids[--row->n_owner_ids].data);
}

static void has_a_stranger_for_contact(Orgd__Store__V1__Organization *row)
{
	free(row->organization->primary_contact);
	row->organization->primary_contact = strdup(story_id(s, EVE));
}

static void is_suspended(Orgd__Store__V1__Organization *row)
{
	row->organization->lifecycle = ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_SUSPENDED;
}

static void has_raised_its_epoch(Orgd__Store__V1__Organization *row)
{
	row->invitation_epoch++;
	row->organization->pending_count = 0;
}

static void waits_unseen(Orgd__Store__V1__Organization *row)
{
	row->organization->verification = ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_PENDING;
}

static void has_another_handle(Orgd__Store__V1__Organization *row)
{
	row->organization->handle[0] = 'b';
}

Test(integrity, checks_what_an_organization_says)
{
	static const struct {
		void (*change)(Orgd__Store__V1__Organization *row);
		const char *sentence;
	} damages[] = {
		{ counts_members, "counts 1 members; there are 2" },
		{ counts_pending, "counts 7 pending invitations; there are 1" },
		{ forgets_an_owner, "names 1 Owners; there are 2" },
		{ forgets_an_owner, "is an Owner's, whom the organization does not name" },
		{ has_a_stranger_for_contact, "is no Owner" },
		{ is_suspended, "is not active, and 1 invitations to it are live" },
		{ has_raised_its_epoch, "1 dead invitations to it go in no sweep" },
		{ waits_unseen, "waits for reviewers in no queue" },
		{ has_another_handle, "its row in ORGANIZATION_BY_HANDLE is missing" },
	};
	struct id id = id_from(ID_ORGANIZATION, acme);
	const struct raw_row *raw = row_of(TABLE_ORGANIZATION, &id);

	for (size_t i = 0; i < COUNT_OF(damages); i++) {
		Orgd__Store__V1__Organization *row = orgd__store__v1__organization__unpack(
			NULL, raw->value_size - 8, raw->value + 8);

		damages[i].change(row);
		rewrite(raw, &row->base);
		orgd__store__v1__organization__free_unpacked(row, NULL);
		expect_finding(damages[i].sentence);
		put_back(raw);
	}
}

Test(integrity, checks_that_a_member_who_owns_is_named_as_an_owner)
{
	const struct raw_row *raw = row_of(TABLE_MEMBERSHIP, NULL);
	Orgd__Store__V1__Membership *row =
		orgd__store__v1__membership__unpack(NULL, raw->value_size - 8, raw->value + 8);

	row->role = row->role == OWNER ? MEMBER : OWNER;
	rewrite(raw, &row->base);
	orgd__store__v1__membership__free_unpacked(row, NULL);
	expect_finding("its row in MEMBERSHIP_BY_USER says something else");
}

Test(integrity, checks_the_count_of_a_collection)
{
	const struct raw_row *raw = row_of(TABLE_COLLECTION, NULL);
	Orgd__Store__V1__Collection *row =
		orgd__store__v1__collection__unpack(NULL, raw->value_size - 8, raw->value + 8);

	row->collection->document_count = 5;
	rewrite(raw, &row->base);
	orgd__store__v1__collection__free_unpacked(row, NULL);
	expect_finding("counts 5 documents; there are 2");
}

Test(integrity, checks_that_what_waits_is_due)
{
	const struct raw_row *raw = row_of(TABLE_DELIVERY, NULL);
	Orgd__Store__V1__Delivery *row =
		orgd__store__v1__delivery__unpack(NULL, raw->value_size - 8, raw->value + 8);

	row->delivery->status->state = row->due_us
					       ? ORGD__V1__DELIVERY_STATE__DELIVERY_STATE_SENT
					       : ORGD__V1__DELIVERY_STATE__DELIVERY_STATE_QUEUED;
	rewrite(raw, &row->base);
	orgd__store__v1__delivery__free_unpacked(row, NULL);
	expect_finding("wait");
}

Test(integrity, checks_the_chain_of_events)
{
	const struct raw_row *raw = row_of(TABLE_EVENT, NULL);
	Orgd__Store__V1__Event *row =
		orgd__store__v1__event__unpack(NULL, raw->value_size - 8, raw->value + 8);

	row->by_platform = !row->by_platform;
	rewrite(raw, &row->base);
	orgd__store__v1__event__free_unpacked(row, NULL);
	expect_finding("the hash chain of the events is broken at revision");
}
