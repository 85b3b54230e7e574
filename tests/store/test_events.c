/* SPDX-License-Identifier: Apache-2.0 */
#include "secret/entropy.h"
#include "store/events.h"
#include "store_fixture.h"

TestSuite(events, .init = fixture_begin, .fini = fixture_end);

static struct status append_two(
	struct change *change, struct snapshot *snapshot, struct batch *batch)
{
	TRY(append_event(change, snapshot, batch));
	return append_event(change, snapshot, batch);
}

/* `count` batches in as few commits as may be; every tenth has two events, every third none. */
static void make_history(unsigned count)
{
	struct change *last = NULL;

	gate_close();
	for (unsigned i = 1; i <= count; i++)
		last = submit_number(i % 10 == 0 ? append_two : i % 3 ? append_event : put_row, i);
	gate_open();
	wait_for(last);
}

static struct events_verified verified(uint64_t from)
{
	struct events_verified result = { 0 };

	expect_ok(events_verify(look(), from, 0, &result));
	look_away();
	return result;
}

static void expect_broken(uint64_t from)
{
	struct events_verified result;

	expect_refused(
		events_verify(look(), from, 0, &result), STATUS_DATA_LOSS, "EVENT_CHAIN_BROKEN");
	look_away();
}

static struct event_row event_at(uint64_t revision, uint16_t index)
{
	struct event_row event = { 0 };

	expect_ok(event_at_or_after(look(), revision, index, &event));
	look_away();
	return event;
}

/* Changes a row on the disk, its revision kept; `at` counts from the value's beginning. */
static void tamper(const struct key *key, uint64_t revision, struct bytes value, size_t at)
{
	uint8_t *changed = arena_zalloc(fixture_arena(), 8 + value.size);
	uint64_t big = __builtin_bswap64(revision);

	memcpy(changed, &big, sizeof(big));
	memcpy(changed + 8, value.data, value.size);
	changed[8 + at] ^= 1;
	close_store();
	raw_put(key, changed, 8 + value.size);
	open_store();
}

static void remove_row(const struct key *key)
{
	close_store();
	raw_put(key, NULL, 0);
	open_store();
}

Test(events, an_empty_chain_verifies)
{
	struct events_verified result = verified(0);

	cr_expect_eq(result.events, 0);
	cr_expect_eq(result.next_revision, 0);
	cr_expect_eq(result.head_revision, 0);
}

Test(events, are_found_in_the_order_they_happened)
{
	struct event_row event;

	expect_committed(run(append_two, NULL, "first"));
	expect_committed(run(put_row, "a", "1"));
	expect_committed(run(append_event, NULL, "second"));
	event = event_at(0, 0);
	cr_expect(event.exists);
	cr_expect_eq(event.revision, 1);
	cr_expect_eq(event.index, 0);
	event = event_at(1, 1);
	cr_expect_eq(event.revision, 1);
	cr_expect_eq(event.index, 1);
	event = event_at(1, 2);
	cr_expect_eq(event.revision, 3);
	event = event_at(2, 0);
	cr_expect_eq(event.revision, 3);
	cr_expect_eq(event.index, 0);
	cr_expect_eq(event.packed.size, 6);
	cr_expect_not(event_at(3, 1).exists);
	cr_expect_not(event_at(4, 0).exists);
}

Test(events, are_found_by_id)
{
	struct event_row event, found;
	struct id unknown = { { 0 } };

	expect_committed(run(append_event, NULL, "it"));
	event = event_at(0, 0);
	expect_ok(event_by_id(look(), &event.id, &found));
	cr_expect(found.exists);
	cr_expect_eq(found.revision, 1);
	cr_expect_arr_eq(found.packed.data, "it", 2);
	look_away();
	expect_ok(event_by_id(look(), &unknown, &found));
	cr_expect_not(found.exists);
	look_away();
}

Test(events, a_chain_of_2500_batches_verifies_over_its_anchors)
{
	struct events_verified result;

	make_history(2500);
	result = verified(0);
	cr_expect_gt(result.events, 1800);
	cr_expect_eq(result.next_revision, 0);
	cr_expect_eq(result.head_revision, 2500);
	cr_expect_lt(verified(1500).events, result.events);
	cr_expect_arr_eq(verified(1500).head, result.head, LINK_BYTES);
	cr_expect_arr_eq(verified(1000).head, result.head, LINK_BYTES);
	cr_expect_eq(verified(2501).events, 0);
	close_store();
	open_store();
	expect_committed(run(append_event, NULL, "after a restart"));
	cr_expect_eq(verified(0).events, result.events + 1);
}

Test(events, verification_goes_in_steps_of_whole_batches)
{
	struct change *last = NULL;
	struct events_verified first, second;

	gate_close();
	for (unsigned i = 0; i < EVENTS_VERIFY_MAX / 2 + 100; i++)
		last = submit(append_two, NULL, "x");
	gate_open();
	wait_for(last);
	first = verified(0);
	cr_expect_eq(first.events, EVENTS_VERIFY_MAX);
	cr_expect_eq(first.head_revision, EVENTS_VERIFY_MAX / 2);
	cr_expect_eq(first.next_revision, EVENTS_VERIFY_MAX / 2 + 1);
	second = verified(first.next_revision);
	cr_expect_eq(second.events, 200);
	cr_expect_eq(second.next_revision, 0);
}

Test(events, a_changed_event_breaks_the_chain)
{
	struct event_row event;
	struct key key;

	make_history(20);
	event = event_at(10, 1);
	event_key(&key, &event.id);
	tamper(&key, 10, bytes_of_string(arena_printf(fixture_arena(), "%06u", 10)), 5);
	expect_broken(0);
	expect_broken(10);
	cr_expect_gt(verified(11).events, 0);
}

Test(events, a_changed_link_breaks_the_chain)
{
	struct event_row event;
	uint8_t value[16 + LINK_BYTES];
	struct key key;

	make_history(20);
	event = event_at(10, 0);
	memcpy(value, event.id.bytes, 16);
	memcpy(value + 16, event.link, LINK_BYTES);
	event_index_key(&key, 10, 0);
	tamper(&key, 10, bytes_of(value, sizeof(value)), 20);
	expect_broken(0);
}

Test(events, a_missing_event_breaks_the_chain)
{
	struct event_row event;
	struct key key;

	make_history(20);
	event = event_at(5, 0);
	event_key(&key, &event.id);
	remove_row(&key);
	expect_broken(0);
	expect_refused(
		event_at_or_after(look(), 5, 0, &event), STATUS_DATA_LOSS, "EVENT_CHAIN_BROKEN");
	look_away();
}

Test(events, an_event_taken_out_of_the_order_breaks_the_chain)
{
	struct key key;

	make_history(20);
	event_index_key(&key, 5, 0);
	remove_row(&key);
	expect_broken(0);
}

Test(events, a_chain_whose_end_was_cut_off_is_broken)
{
	struct key key;

	make_history(20);
	cr_assert_eq(event_at(20, 1).revision, 20);
	event_index_key(&key, 20, 1);
	remove_row(&key);
	expect_broken(0);
	expect_broken(21);
}

Test(events, an_anchor_that_differs_breaks_the_chain)
{
	struct event_row event;
	struct key key;

	make_history(1010);
	event = event_at(1000, 1);
	event_anchor_key(&key, 1000);
	tamper(&key, 1000, bytes_of(event.link, LINK_BYTES), 0);
	expect_broken(0);
	expect_broken(1000);
	cr_expect_gt(verified(1001).events, 0, "it lies before");
	remove_row(&key);
	expect_broken(0);
}

Test(events, an_index_row_that_is_none_breaks_the_chain)
{
	struct key key;

	make_history(5);
	key_begin(&key, TABLE_EVENT_INDEX);
	key_add_u8(&key, 0);
	close_store();
	raw_put(&key, "12345678", 8);
	open_store();
	expect_broken(0);
}
