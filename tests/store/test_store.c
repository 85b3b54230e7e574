/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/driver_tables.h"
#include "store_fixture.h"

TestSuite(store, .init = fixture_begin, .fini = fixture_end);

static struct key meta_key(void)
{
	struct key key;

	key_begin(&key, TABLE_META);
	return key;
}

/* The meta row of that schema, as it is on the disk. */
static void write_schema(uint64_t schema)
{
	uint8_t value[8 + META_SIZE] = { 0 };
	struct key key = meta_key();

	schema = __builtin_bswap64(schema);
	memcpy(value + 8 + META_SCHEMA, &schema, sizeof(schema));
	raw_put(&key, value, sizeof(value));
}

static off_t file_size(void)
{
	struct stat stat_;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/data.mdb", directory);
	cr_assert_eq(stat(path, &stat_), 0);
	return stat_.st_size;
}

static void cut_file(off_t size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/data.mdb", directory);
	cr_assert_eq(truncate(path, size), 0);
}

Test(store, a_new_one_is_empty)
{
	struct store_statistics now = statistics();

	cr_expect_eq(store_revision(store), 0);
	cr_expect_eq(now.rows, 1, "the meta row alone");
	cr_expect_eq(now.mutations, 0);
	cr_expect_gt(now.disk_free_bytes, 0);
	cr_expect_leq(now.used_bytes, now.file_bytes);
}

Test(store, reopening_keeps_everything)
{
	expect_committed(run(put_row, "a", "1"));
	expect_committed(run(put_row, "b", "2"));
	expect_committed(run(delete_row, "a", NULL));
	close_store();
	open_store();
	cr_expect_eq(store_revision(store), 3);
	expect_value("a", "(absent)");
	expect_value("b", "2");
	cr_expect_eq(run(put_row, "c", "3")->revision, 4);
}

Test(store, the_epoch_names_the_history_and_stays_with_it)
{
	uint64_t epoch = store_epoch(store);

	close_store();
	open_store();
	cr_expect_eq(store_epoch(store), epoch);
}

Test(store, a_newer_history_has_a_greater_epoch)
{
	uint64_t epoch = store_epoch(store);
	char path[PATH_MAX];

	close_store();
	snprintf(path, sizeof(path), "%s/data.mdb", directory);
	cr_assert_eq(unlink(path), 0);
	open_store();
	cr_expect_gt(store_epoch(store), epoch);
}

Test(store, its_directory_is_made_for_the_owner_alone)
{
	char path[PATH_MAX];
	struct stat made;

	snprintf(path, sizeof(path), "%s/below", directory);
	options.directory = path;
	expect_ok(try_open());
	cr_assert_eq(stat(path, &made), 0);
	cr_expect_eq(made.st_mode & 0777, 0700);
	snprintf(path, sizeof(path), "%s/below/data.mdb", directory);
	cr_assert_eq(stat(path, &made), 0);
	cr_expect_eq(made.st_mode & 0777, 0600);
}

#ifndef ORGD_SANITIZED /* they need the address space themselves */
Test(store, a_small_address_space_gets_a_small_map)
{
	struct rlimit limit = { UINT64_C(1) << 36, UINT64_C(1) << 36 };

	close_store();
	cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
	open_store();
	expect_committed(run(put_row, "a", "1"));
	close_store();
	options.map_bytes = UINT64_C(1) << 40;
	expect_refused(try_open(), STATUS_INTERNAL, "INTERNAL");
}
#endif

Test(store, a_directory_that_cannot_be_made_is_an_error_of_the_system)
{
	options.directory = "/nonexistent/below";
	expect_refused(try_open(), STATUS_INTERNAL, "INTERNAL");
	options.directory = "/dev/null";
	expect_refused(try_open(), STATUS_INTERNAL, "INTERNAL");
}

Test(store, a_second_one_on_the_same_directory_is_refused)
{
	expect_refused(try_open(), STATUS_FAILED_PRECONDITION, "STORE_IN_USE");
	expect_committed(run(put_row, "a", "1"));
	close_store();
	expect_ok(try_open());
}

Test(store, a_newer_schema_is_left_alone)
{
	close_store();
	write_schema(SCHEMA_VERSION + 1);
	expect_refused(try_open(), STATUS_FAILED_PRECONDITION, "STORE_SCHEMA_NEWER");
}

Test(store, a_schema_that_never_was_is_corrupt)
{
	close_store();
	write_schema(0);
	expect_refused(try_open(), STATUS_DATA_LOSS, "STORE_CORRUPT");
}

Test(store, a_meta_row_that_is_too_short_is_corrupt)
{
	struct key key = meta_key();

	close_store();
	raw_put(&key, "12345678half of it", 18);
	expect_refused(try_open(), STATUS_DATA_LOSS, "STORE_CORRUPT");
	raw_put(&key, "1234", 4);
	expect_refused(try_open(), STATUS_DATA_LOSS, "STORE_CORRUPT");
}

Test(store, garbage_is_corrupt)
{
	static uint8_t garbage[64 * 1024];

	close_store();
	for (size_t i = 0; i < sizeof(garbage); i++)
		garbage[i] = (uint8_t)(i * 131 + i / 251);
	write_file("data.mdb", garbage, sizeof(garbage));
	expect_refused(try_open(), STATUS_DATA_LOSS, "STORE_CORRUPT");
	memset(garbage, 0, sizeof(garbage));
	write_file("data.mdb", garbage, sizeof(garbage));
	expect_refused(try_open(), STATUS_DATA_LOSS, "STORE_CORRUPT");
	write_file("data.mdb", "#!/bin/sh\n", 10);
	expect_refused(try_open(), STATUS_DATA_LOSS, "STORE_CORRUPT");
}

Test(store, an_empty_file_is_corrupt_and_not_a_first_start)
{
	close_store();
	write_file("data.mdb", "", 0);
	expect_refused(try_open(), STATUS_DATA_LOSS, "STORE_CORRUPT");
	expect_refused(try_open(), STATUS_DATA_LOSS, "STORE_CORRUPT");
}

Test(store, another_programs_database_is_corrupt)
{
	struct key key = meta_key();

	close_store();
	raw_put(&key, NULL, 0);
	expect_refused(try_open(), STATUS_DATA_LOSS, "STORE_CORRUPT");
}

Test(store, a_database_in_another_order_is_corrupt)
{
	char path[PATH_MAX];
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;

	close_store();
	snprintf(path, sizeof(path), "%s/data.mdb", directory);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(mdb_env_create(&env), 0);
	cr_assert_eq(mdb_env_open(env, directory, 0, 0600), 0);
	cr_assert_eq(mdb_txn_begin(env, NULL, 0, &txn), 0);
	cr_assert_eq(mdb_dbi_open(txn, NULL, MDB_INTEGERKEY | MDB_DUPSORT | MDB_CREATE, &dbi), 0);
	cr_assert_eq(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
	expect_refused(try_open(), STATUS_DATA_LOSS, "STORE_CORRUPT");
}

/* A cut that takes but free pages does no harm. */
static void expect_corrupt_or_whole(unsigned rows)
{
	struct status status = try_open();

	if (status.code) {
		expect_refused(status, STATUS_DATA_LOSS, "STORE_CORRUPT");
		expect_refused(try_open(), STATUS_DATA_LOSS, "STORE_CORRUPT");
		return;
	}
	open_store();
	for (unsigned i = 0; i < rows; i++)
		cr_expect(*value_of(arena_printf(fixture_arena(), "%06u", i)) == '0');
	close_store();
}

Test(store, a_file_cut_short_is_corrupt_wherever_the_cut_is)
{
	enum { ROWS = 300, LARGE = 8 };
	off_t size;

	for (unsigned i = 0; i < ROWS; i++)
		expect_committed(run_number(put_row, i));
	for (unsigned i = 0; i < LARGE; i++)
		expect_committed(run_number(put_bytes, 10000 + i));
	close_store();
	size = file_size();
	for (off_t cut = size - 4096; cut > 0; cut -= 4096 * 3 + 100) {
		cut_file(cut);
		expect_corrupt_or_whole(ROWS);
	}
	expect_refused(try_open(), STATUS_DATA_LOSS, "STORE_CORRUPT");
}

/* LMDB does not write pages that were freed in the transaction that took them, when it has others
 * left from before. */
Test(store, a_file_that_only_lacks_free_pages_is_whole)
{
	static uint8_t large[100 * 4096];
	struct key name = key_of("gone");
	MDB_val key = { name.size, name.bytes }, value = { sizeof(large), large };
	MDB_envinfo info;
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;

	for (int i = 0; i < 5; i++)
		expect_committed(run(count_by_get, "count", NULL));
	close_store();
	cr_assert_eq(mdb_env_create(&env), 0);
	cr_assert_eq(mdb_env_open(env, directory, 0, 0600), 0);
	cr_assert_eq(mdb_txn_begin(env, NULL, 0, &txn), 0);
	cr_assert_eq(mdb_dbi_open(txn, NULL, 0, &dbi), 0);
	cr_assert_eq(mdb_put(txn, dbi, &key, &value, 0), 0);
	cr_assert_eq(mdb_del(txn, dbi, &key, NULL), 0);
	cr_assert_eq(mdb_txn_commit(txn), 0);
	mdb_env_info(env, &info);
	mdb_env_close(env);
	cr_assert_lt(file_size(), (off_t)(info.me_last_pgno + 1) * 4096, "all were written");
	open_store();
	expect_value("count", "5");
	expect_committed(run_number(put_bytes, sizeof(large)));
}

Test(store, what_a_killed_first_start_left_is_cleaned_up)
{
	char path[PATH_MAX];

	close_store();
	snprintf(path, sizeof(path), "%s/data.mdb", directory);
	cr_assert_eq(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/unfinished", directory);
	cr_assert_eq(mkdir(path, 0700), 0);
	write_file("unfinished/data.mdb", "half a page", 11);
	write_file("unfinished/lock.mdb", "", 0);
	open_store();
	cr_expect_not(file_exists("unfinished"));
	expect_committed(run(put_row, "a", "1"));
}

Test(store, what_was_left_between_the_move_and_its_end_is_cleaned_up)
{
	char path[PATH_MAX];

	expect_committed(run(put_row, "a", "1"));
	close_store();
	snprintf(path, sizeof(path), "%s/unfinished", directory);
	cr_assert_eq(mkdir(path, 0700), 0);
	write_file("unfinished/lock.mdb", "", 0);
	open_store();
	cr_expect_not(file_exists("unfinished"));
	expect_value("a", "1");
}

Test(store, a_snapshot_stays_as_it_was)
{
	struct snapshot *snapshot;
	struct key key = key_of("a");
	struct row row;

	expect_committed(run(put_row, "a", "1"));
	snapshot = look();
	expect_committed(run(put_row, "a", "2"));
	expect_ok(snapshot_get(snapshot, &key, &row));
	cr_expect_eq(snapshot_revision(snapshot), 1);
	cr_expect_eq(row.revision, 1);
	cr_expect_eq(row.value.data[0], '1');
	look_away();
	cr_expect_eq(snapshot_revision(look()), 2);
	look_away();
}

Test(store, readers_of_this_process_survive_the_check_of_readers)
{
	struct key key = key_of("a");
	struct snapshot *snapshot;
	struct row row;

	expect_committed(run(put_row, "a", "1"));
	snapshot = look();
	store_check_readers(store);
	for (int i = 0; i < 10; i++)
		expect_committed(run(put_row, "a", "2"));
	expect_ok(snapshot_get(snapshot, &key, &row));
	cr_expect_eq(row.value.data[0], '1');
	look_away();
}

Test(store, statistics_count_rows_and_free_pages)
{
	struct store_statistics before = statistics(), full, after;

	for (unsigned i = 0; i < 20; i++)
		expect_committed(run_number(put_bytes, 20000 + i));
	full = statistics();
	cr_expect_eq(full.rows, before.rows + 20);
	cr_expect_geq(full.used_bytes, before.used_bytes + 20 * 20000);
	for (unsigned i = 0; i < 20; i++)
		expect_committed(run_number(delete_row, 20000 + i));
	after = statistics();
	cr_expect_eq(after.rows, before.rows);
	cr_expect_lt(after.used_bytes, full.used_bytes / 2);
	cr_expect_eq(after.mutations, 40);
	cr_expect_gt(after.last_batch_us, before.last_batch_us);
}
