/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "secret/entropy.h"

enum { TEST_TABLE = 'T' };

struct store *store;
struct store_options options;
char directory[64];

static struct arena arena;
static struct clock test_clock;
static char offset_file[96];
static struct change *changes;
static struct store_reader *reader;
static struct snapshot *snapshot_open;
static sem_t gate_reached, gate;
static struct change *gate_keeper;
static _Atomic unsigned done_count;

void fixture_begin(void)
{
	entropy_start();
	arena_init(&arena);
	strcpy(directory, "/tmp/orgd-store-XXXXXX");
	cr_assert(mkdtemp(directory));
	snprintf(offset_file, sizeof(offset_file), "%s.offset", directory);
	test_clock.offset_file = offset_file;
	set_clock_offset(0);
	sem_init(&gate_reached, 0, 0);
	sem_init(&gate, 0, 0);
	options = (struct store_options){ .directory = directory, .clock = &test_clock };
	open_store();
}

void fixture_end(void)
{
	char command[256];

	close_store();
	while (changes) {
		struct change *change = changes;

		changes = change->next;
		arena_clear(&change->arena);
		free(change);
	}
	arena_clear(&arena);
	snprintf(command, sizeof(command), "rm -rf -- '%s' '%s'", directory, offset_file);
	cr_assert_eq(system(command), 0);
}

void open_store(void)
{
	struct status status = store_open(&options, &store);

	cr_assert_eq(status.code, STATUS_OK, "%s", status.code ? status.failure->message : "");
	expect_ok(store_reader_new(store, &reader));
}

void close_store(void)
{
	if (!store)
		return;
	store_reader_free(reader);
	store_close(store);
	reader = NULL;
	store = NULL;
}

struct status try_open(void)
{
	struct store *opened;
	struct status status = store_open(&options, &opened);

	if (!status.code)
		store_close(opened);
	return status;
}

void set_clock_offset(int seconds)
{
	FILE *file = fopen(offset_file, "w");

	cr_assert(file);
	fprintf(file, "%d\n", seconds);
	fclose(file);
}

static struct status change_run(
	struct mutation *mutation, struct snapshot *snapshot, int64_t now_us)
{
	struct change *change = CONTAINER_OF(mutation, struct change, mutation);

	change->runs++;
	change->now_us = now_us;
	return change->function(change, snapshot, snapshot_batch(snapshot));
}

static void change_done(
	struct mutation *mutation, struct status status, uint64_t revision, bool committed)
{
	struct change *change = CONTAINER_OF(mutation, struct change, mutation);

	change->dones++;
	change->order = done_count++;
	change->status = status;
	change->revision = revision;
	change->committed = committed;
	sem_post(&change->is_done);
}

static struct change *change_new(change_function *function)
{
	struct change *change = calloc(1, sizeof(*change));

	cr_assert(change);
	arena_init(&change->arena);
	sem_init(&change->is_done, 0, 0);
	change->mutation = (struct mutation){
		.arena = &change->arena, .run = change_run, .done = change_done
	};
	change->function = function;
	change->next = changes;
	changes = change;
	return change;
}

struct change *submit(change_function *function, const char *name, const char *value)
{
	struct change *change = change_new(function);

	change->name = name;
	change->value = value;
	store_submit(store, &change->mutation);
	return change;
}

struct change *submit_number(change_function *function, unsigned number)
{
	struct change *change = change_new(function);

	change->number = number;
	change->name = arena_printf(&change->arena, "%06u", number);
	change->value = change->name;
	store_submit(store, &change->mutation);
	return change;
}

void wait_for(struct change *change)
{
	while (sem_wait(&change->is_done))
		;
}

struct change *run(change_function *function, const char *name, const char *value)
{
	struct change *change = submit(function, name, value);

	wait_for(change);
	return change;
}

struct change *run_number(change_function *function, unsigned number)
{
	struct change *change = submit_number(function, number);

	wait_for(change);
	return change;
}

static struct status wait_at_gate(
	struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	(void)change;
	(void)snapshot;
	(void)batch;
	sem_post(&gate_reached);
	while (sem_wait(&gate))
		;
	return OK;
}

void gate_close(void)
{
	gate_keeper = submit(wait_at_gate, NULL, NULL);
	while (sem_wait(&gate_reached))
		;
}

void gate_open(void)
{
	sem_post(&gate);
	wait_for(gate_keeper);
}

struct status put_row(struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	struct key key = key_of(change->name);

	(void)snapshot;
	return batch_put(batch, &key, bytes_of_string(change->value));
}

struct status put_bytes(struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	struct key key = key_of(change->name);

	(void)snapshot;
	return batch_put(batch, &key,
		bytes_of(arena_zalloc(&change->arena, change->number), change->number));
}

struct status delete_row(struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	struct key key = key_of(change->name);

	(void)snapshot;
	return batch_delete(batch, &key);
}

struct status append_event(struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	struct id id;

	(void)snapshot;
	random_bytes(&id, sizeof(id));
	return batch_add_event(batch, &id, bytes_of_string(change->value));
}

struct status delete_row_with_event(
	struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	TRY(delete_row(change, snapshot, batch));
	return append_event(change, snapshot, batch);
}

static struct status count_on(struct change *change, struct batch *batch, const struct row *row)
{
	struct key key = key_of(change->name);
	unsigned count = 0;

	if (row->exists)
		count = (unsigned)atoi(arena_strndup(
			&change->arena, (const char *)row->value.data, row->value.size));
	return batch_put(
		batch, &key, bytes_of_string(arena_printf(&change->arena, "%u", count + 1)));
}

struct status count_by_get(struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	struct key key = key_of(change->name);
	struct row row;

	TRY(snapshot_get(snapshot, &key, &row));
	return count_on(change, batch, &row);
}

struct status count_by_peek(struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	struct key key = key_of(change->name);
	struct row row;

	TRY(snapshot_peek(snapshot, &key, &row));
	return count_on(change, batch, &row);
}

struct status read_row(struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	struct key key = key_of(change->name);
	struct row row;

	(void)batch;
	return snapshot_get(snapshot, &key, &row);
}

struct status refuse(struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	TRY(put_row(change, snapshot, batch));
	return status_fail(STATUS_FAILED_PRECONDITION, "NOT_NOW", "not now");
}

struct key key_of(const char *name)
{
	struct key key;

	key_begin(&key, TEST_TABLE);
	key_add_bytes(&key, name, strlen(name));
	return key;
}

struct arena *fixture_arena(void)
{
	return &arena;
}

struct snapshot *look(void)
{
	struct status status = store_snapshot_begin(reader, &arena, &snapshot_open);

	cr_assert_eq(status.code, STATUS_OK, "%s", status.code ? status.failure->message : "");
	return snapshot_open;
}

void look_away(void)
{
	store_snapshot_end(snapshot_open);
}

static const char *string_of(struct bytes bytes)
{
	return arena_strndup(&arena, (const char *)bytes.data, bytes.size);
}

const char *value_of(const char *name)
{
	struct key key = key_of(name);
	const char *value = "(absent)";
	struct row row;

	expect_ok(snapshot_get(look(), &key, &row));
	if (row.exists)
		value = string_of(row.value);
	look_away();
	return value;
}

static const char *join_keys(struct scan *scan, struct status status)
{
	const char *joined = "";

	expect_ok(status);
	while (scan->found) {
		joined = arena_printf(&arena, "%s%s%.*s", joined, *joined ? " " : "",
			(int)scan->key.size - 1, (const char *)scan->key.data + 1);
		expect_ok(scan_next(scan));
	}
	return joined;
}

const char *scanned(const char *prefix, const char *after)
{
	struct key from = key_of(prefix), bound = key_of(after ? after : "");
	struct scan scan;
	const char *keys =
		join_keys(&scan, scan_begin(&scan, look(), &from, after ? &bound : NULL));

	look_away();
	return keys;
}

const char *scanned_reverse(const char *prefix, const char *before)
{
	struct key from = key_of(prefix), bound = key_of(before ? before : "");
	struct scan scan;
	const char *keys =
		join_keys(&scan, scan_begin_reverse(&scan, look(), &from, before ? &bound : NULL));

	look_away();
	return keys;
}

struct store_statistics statistics(void)
{
	struct store_statistics statistics = { 0 };

	expect_ok(store_statistics(store, &statistics));
	return statistics;
}

void write_file(const char *name, const void *data, size_t size)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	cr_assert(file);
	cr_assert_eq(fwrite(data, 1, size, file), size);
	fclose(file);
}

bool file_exists(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return !access(path, F_OK);
}

void raw_put(const struct key *key, const void *data, size_t size)
{
	MDB_val name = { key->size, (void *)(uintptr_t)key->bytes };
	MDB_val value = { size, (void *)(uintptr_t)data };
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;

	cr_assert_eq(mdb_env_create(&env), 0);
	cr_assert_eq(mdb_env_open(env, directory, 0, 0600), 0);
	cr_assert_eq(mdb_txn_begin(env, NULL, 0, &txn), 0);
	cr_assert_eq(mdb_dbi_open(txn, NULL, 0, &dbi), 0);
	cr_assert_eq(
		data ? mdb_put(txn, dbi, &name, &value, 0) : mdb_del(txn, dbi, &name, NULL), 0);
	cr_assert_eq(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}
