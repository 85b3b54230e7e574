/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "base/compiler.h"
#include "secret/entropy.h"

TestSuite(entropy, .init = entropy_start);

Test(entropy, a_rewound_stream_draws_the_same_again)
{
	struct entropy entropy;
	uint8_t first[100], again[100];
	struct id id, id_again;

	entropy_seed(&entropy);
	entropy_draw(&entropy, first, sizeof(first));
	id = entropy_draw_id(&entropy);
	entropy_rewind(&entropy);
	entropy_draw(&entropy, again, sizeof(again));
	id_again = entropy_draw_id(&entropy);
	cr_expect_arr_eq(first, again, sizeof(first));
	cr_expect(id_equal(&id, &id_again));
}

Test(entropy, no_two_draws_of_a_stream_are_alike)
{
	enum { DRAWS = 500 };
	struct entropy entropy;
	struct id ids[DRAWS];

	entropy_seed(&entropy);
	for (size_t i = 0; i < DRAWS; i++) {
		ids[i] = entropy_draw_id(&entropy);
		for (size_t j = 0; j < i; j++)
			cr_assert_not(id_equal(&ids[i], &ids[j]));
	}
}

Test(entropy, a_long_draw_does_not_repeat_in_the_next)
{
	struct entropy entropy;
	uint8_t block[200];
	struct id next;

	entropy_seed(&entropy);
	entropy_draw(&entropy, block, sizeof(block));
	next = entropy_draw_id(&entropy);
	for (size_t i = 0; i + sizeof(next) <= sizeof(block); i++)
		cr_expect_neq(memcmp(block + i, &next, sizeof(next)), 0);
}

Test(entropy, an_empty_draw_takes_nothing)
{
	struct entropy entropy;

	entropy_seed(&entropy);
	entropy_draw(&entropy, NULL, 0);
	cr_expect_eq(entropy.drawn, 0);
}

Test(entropy, two_seeds_differ)
{
	struct entropy a, b;

	entropy_seed(&a);
	entropy_seed(&b);
	cr_expect_arr_neq(a.seed, b.seed, sizeof(a.seed));
}

Test(entropy, numbers_below_a_bound_come_up_evenly)
{
	struct entropy entropy = { .seed = { 1, 2, 3 } }; /* the same numbers in every run */
	unsigned counts[7] = { 0 };

	for (int i = 0; i < 70000; i++) {
		uint32_t number = entropy_draw_below(&entropy, COUNT_OF(counts));

		cr_assert_lt(number, COUNT_OF(counts));
		counts[number]++;
	}
	for (size_t i = 0; i < COUNT_OF(counts); i++)
		cr_expect(counts[i] > 9500 && counts[i] < 10500, "%zu came %u times", i, counts[i]);
}

Test(entropy, an_uneven_bound_favours_no_half)
{
	/* Without rejection, two thirds of the numbers below 3 * 2^30 would be in the lower third.
	 */
	struct entropy entropy = { .seed = { 4, 5, 6 } };
	unsigned low = 0;

	for (int i = 0; i < 30000; i++)
		low += entropy_draw_below(&entropy, UINT32_C(3) << 30) < UINT32_C(1) << 30;
	cr_expect(low > 9500 && low < 10500, "%u", low);
}

Test(entropy, the_only_number_below_one_is_zero)
{
	struct entropy entropy;

	entropy_seed(&entropy);
	cr_expect_eq(entropy_draw_below(&entropy, 1), 0);
}

Test(entropy, no_number_is_below_zero, .signal = SIGABRT)
{
	struct entropy entropy;

	entropy_seed(&entropy);
	entropy_draw_below(&entropy, 0);
}

Test(entropy, wiping_leaves_zeros)
{
	uint8_t secret[16], zeros[16] = { 0 };

	random_bytes(secret, sizeof(secret));
	wipe(secret, sizeof(secret));
	cr_expect_arr_eq(secret, zeros, sizeof(secret));
}

Test(entropy, a_digest_is_blake2b_over_lengths_and_parts)
{
	/* Computed by Python's hashlib.blake2b. */
	static const uint8_t expected[32] = { 0x7f, 0x6b, 0x8e, 0x6f, 0x33, 0x4c, 0x33, 0xb9, 0x1b,
		0x65, 0x36, 0xb8, 0x73, 0x4f, 0x40, 0x73, 0x9a, 0x21, 0x69, 0x5d, 0x35, 0x99, 0x1e,
		0x71, 0x6b, 0x32, 0xd5, 0x64, 0xfd, 0xf8, 0xf5, 0xfb };
	const struct bytes parts[] = { bytes_of("abc", 3), bytes_of("", 0), bytes_of("\0\1", 2) };
	uint8_t out[32];

	digest(parts, COUNT_OF(parts), out);
	cr_expect_arr_eq(out, expected, sizeof(out));
}

Test(entropy, the_same_bytes_in_other_parts_digest_otherwise)
{
	const struct bytes one[] = { bytes_of("ab", 2), bytes_of("c", 1) };
	const struct bytes other[] = { bytes_of("a", 1), bytes_of("bc", 2) };
	uint8_t a[32], b[32], c[32];

	digest(one, 2, a);
	digest(other, 2, b);
	digest(one, 1, c);
	cr_expect_arr_neq(a, b, sizeof(a));
	cr_expect_arr_neq(a, c, sizeof(a));
}
