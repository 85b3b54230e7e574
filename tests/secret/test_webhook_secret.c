/* SPDX-License-Identifier: Apache-2.0 */
#include "secret/webhook_secret.h"

#include "base/expect.h"
#include "secret/entropy.h"

static struct arena arena;

static void set_up(void)
{
	entropy_start();
	arena_init(&arena);
}

static void tear_down(void)
{
	arena_clear(&arena);
}

TestSuite(webhook_secret, .init = set_up, .fini = tear_down);

/* What "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" stands for. */
static const uint8_t published[] = { 0x31, 0xf2, 0x90, 0xf6, 0xbf, 0x06, 0x29, 0x8a, 0xab, 0x4f,
	0x08, 0xd4, 0x3c, 0x3f, 0x08, 0x2c, 0xf6, 0x48, 0xa3, 0x62, 0xda, 0x2d, 0xa4, 0xb0 };

Test(webhook_secret, a_signature_is_as_the_specifications_libraries_make_it)
{
	cr_expect_str_eq(webhook_signature(&arena, bytes_of(published, sizeof(published)),
				 "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330",
				 bytes_of_string("{\"test\": 2432232314}")),
		"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

Test(webhook_secret, keys_and_bodies_have_any_length)
{
	/* Computed by Python's hmac. */
	uint8_t long_key[131];

	memset(long_key, 0xaa, sizeof(long_key));
	cr_expect_str_eq(webhook_signature(&arena, bytes_of(long_key, sizeof(long_key)), "evt_1",
				 "1", bytes_of_string("Hi There")),
		"v1,JEnao7N6oFB93AlX+ZhwwZTf58wHeLfFgJZkENgo5QQ=");
	cr_expect_str_eq(webhook_signature(
				 &arena, bytes_of(long_key, 20), "evt_1", "1", bytes_of_string("")),
		"v1,m3vfrz3qmbz2/s2lCoUxFNNkMj5rX/j4gupHUU6FbeI=");
}

Test(webhook_secret, every_part_is_signed)
{
	struct bytes secret = bytes_of(published, sizeof(published));
	const char *signature =
		webhook_signature(&arena, secret, "evt_1", "1", bytes_of_string("{}"));

	cr_expect_str_neq(
		webhook_signature(&arena, secret, "evt_2", "1", bytes_of_string("{}")), signature);
	cr_expect_str_neq(
		webhook_signature(&arena, secret, "evt_1", "2", bytes_of_string("{}")), signature);
	cr_expect_str_neq(
		webhook_signature(&arena, secret, "evt_1", "1", bytes_of_string("{ }")), signature);
	secret.size--;
	cr_expect_str_neq(
		webhook_signature(&arena, secret, "evt_1", "1", bytes_of_string("{}")), signature);
}

Test(webhook_secret, a_secret_is_told_in_base64_with_a_prefix)
{
	uint8_t secret[WEBHOOK_SECRET_BYTES];

	memset(secret, 0xff, sizeof(secret));
	cr_expect_str_eq(webhook_secret_text(&arena, bytes_of(secret, sizeof(secret))),
		"whsec_//////////////////////////////////////////8=");
	cr_expect_str_eq(webhook_secret_text(&arena, bytes_of(published, sizeof(published))),
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
}
