/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

static void some_rows(void)
{
	static const char *const names[] = { "a", "b1", "b2", "b3", "b31", "b\xFF", "c" };

	fixture_begin();
	for (size_t i = 0; i < COUNT_OF(names); i++)
		run(put_row, names[i], "1");
}

TestSuite(snapshot, .init = some_rows, .fini = fixture_end);

Test(snapshot, a_scan_walks_the_prefix_in_order)
{
	cr_expect_str_eq(scanned("b", NULL), "b1 b2 b3 b31 b\xFF");
	cr_expect_str_eq(scanned("", NULL), "a b1 b2 b3 b31 b\xFF c");
	cr_expect_str_eq(scanned("b3", NULL), "b3 b31");
	cr_expect_str_eq(scanned("d", NULL), "");
	cr_expect_str_eq(scanned("b4", NULL), "");
}

Test(snapshot, a_scan_goes_on_after_a_key)
{
	cr_expect_str_eq(scanned("b", "b2"), "b3 b31 b\xFF");
	cr_expect_str_eq(scanned("b", "b25"), "b3 b31 b\xFF", "it need not be there");
	cr_expect_str_eq(scanned("b", "a"), "b1 b2 b3 b31 b\xFF", "before the prefix");
	cr_expect_str_eq(scanned("b", "b\xFF"), "");
	cr_expect_str_eq(scanned("b", "c"), "", "past the prefix");
	cr_expect_str_eq(scanned("b3", "b3"), "b31", "the prefix is a key itself");
}

Test(snapshot, a_reverse_scan_walks_back)
{
	cr_expect_str_eq(scanned_reverse("b", NULL), "b\xFF b31 b3 b2 b1");
	cr_expect_str_eq(scanned_reverse("", NULL), "c b\xFF b31 b3 b2 b1 a");
	cr_expect_str_eq(scanned_reverse("b\xFF", NULL), "b\xFF");
	cr_expect_str_eq(scanned_reverse("d", NULL), "");
	cr_expect_str_eq(scanned_reverse("A", NULL), "");
}

Test(snapshot, a_reverse_scan_goes_on_before_a_key)
{
	cr_expect_str_eq(scanned_reverse("b", "b3"), "b2 b1");
	cr_expect_str_eq(scanned_reverse("b", "b25"), "b2 b1", "it need not be there");
	cr_expect_str_eq(scanned_reverse("b", "c"), "b\xFF b31 b3 b2 b1", "past the prefix");
	cr_expect_str_eq(scanned_reverse("b", "b1"), "");
	cr_expect_str_eq(scanned_reverse("b", "a"), "", "before the prefix");
}

Test(snapshot, a_reverse_scan_of_the_last_table_begins_at_its_end)
{
	struct snapshot *snapshot = look();
	struct key prefix = { .size = 1, .bytes = { 0xFF } };
	struct scan scan;

	expect_ok(scan_begin_reverse(&scan, snapshot, &prefix, NULL));
	cr_expect_not(scan.found);
	prefix.bytes[0] = 0xF0;
	expect_ok(scan_begin_reverse(&scan, snapshot, &prefix, NULL));
	cr_expect(scan.found, "the meta row");
	scan_end(&scan);
	scan_end(&scan);
	look_away();
}

Test(snapshot, a_scan_tells_each_rows_revision)
{
	struct key prefix = key_of("b");
	struct scan scan;
	uint64_t revision = 2;

	expect_ok(scan_begin(&scan, look(), &prefix, NULL));
	while (scan.found) {
		cr_expect_eq(scan.revision, revision++);
		cr_expect_eq(scan.value.size, 1);
		expect_ok(scan_next(&scan));
	}
	cr_expect_eq(revision, 7);
	look_away();
}

static struct status scan_own(struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix = key_of("b"), gone = key_of("b1"), added = key_of("b0");

	(void)change;
	TRY(batch_delete(batch, &gone));
	TRY(batch_put(batch, &added, bytes_of_string("1")));
	TRY(scan_begin(&scan, snapshot, &prefix, NULL));
	cr_expect_eq(scan.key.data[2], '1', "a scan shows the snapshot");
	cr_expect_eq(batch_expectation_count(batch), 0);
	return OK;
}

Test(snapshot, a_scan_neither_sees_own_writes_nor_relies_on_rows)
{
	expect_committed(run(scan_own, NULL, NULL));
	cr_expect_str_eq(scanned("b", NULL), "b0 b2 b3 b31 b\xFF");
}

Test(snapshot, a_read_has_no_batch)
{
	struct snapshot *snapshot = look();

	cr_expect_null(snapshot_batch(snapshot));
	cr_expect_eq(snapshot_arena(snapshot), fixture_arena());
	look_away();
}

Test(snapshot, a_row_too_short_for_its_revision_is_corrupt)
{
	struct key key = key_of("b1");
	struct scan scan;
	struct row row;

	close_store();
	raw_put(&key, "1234567", 7);
	open_store();
	expect_refused(snapshot_get(look(), &key, &row), STATUS_DATA_LOSS, "STORE_CORRUPT");
	look_away();
	expect_refused(scan_begin(&scan, look(), &key, NULL), STATUS_DATA_LOSS, "STORE_CORRUPT");
	cr_expect_not(scan.found);
	look_away();
	key = key_of("a");
	expect_ok(scan_begin(&scan, look(), &key, NULL));
	scan_end(&scan);
	look_away();
	expect_change_refused(run(read_row, "b1", NULL), STATUS_DATA_LOSS, "STORE_CORRUPT");
	expect_committed(run(put_row, "b1", "whole again"));
}

/* Keys as long as a table and an id, so that what is kept of their rows can be asked about. */
#define KEPT  "a row that is kept unpacked"
#define OTHER "what has nothing to do with it"

static bool is_unchanged(const char *name, uint64_t since)
{
	struct key key = key_of(name);
	bool unchanged = snapshot_unchanged(look(), &key, since);

	look_away();
	return unchanged;
}

Test(snapshot, what_was_read_is_unchanged_until_its_row_is_written)
{
	uint64_t since = run(put_row, KEPT, "1")->revision;

	run(put_row, OTHER, "1");
	cr_expect(is_unchanged(KEPT, since));
	since = run(put_row, KEPT, "2")->revision;
	cr_expect_not(is_unchanged(KEPT, since - 1));
	cr_expect(is_unchanged(KEPT, since));
	run(delete_row, KEPT, NULL);
	cr_expect_not(is_unchanged(KEPT, since));
}

Test(snapshot, a_row_under_the_prefix_changes_it)
{
	uint64_t since = run(put_row, KEPT, "1")->revision;

	run(put_row, KEPT ", and one under it", "1");
	cr_expect_not(is_unchanged(KEPT, since));
}

Test(snapshot, a_refused_change_changes_nothing)
{
	uint64_t since = run(put_row, KEPT, "1")->revision;

	run(refuse, KEPT, "2");
	cr_expect(is_unchanged(KEPT, since));
}
