/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/resource.h>
#include <time.h>

#include "base/expect.h"
#include "secret/entropy.h"
#include "secret/password.h"

TestSuite(password, .init = entropy_start);

static struct status check(const char *password)
{
	return password_check("field", password, "ada@example.com");
}

Test(password, the_right_one_is_verified_and_a_wrong_one_is_not)
{
	char hash[PASSWORD_HASH_BYTES];

	password_use_cheap_parameters_for_tests();
	expect_ok(password_hash("correct horse", hash));
	cr_expect(password_verify("correct horse", hash));
	cr_expect_not(password_verify("correct horsf", hash));
	cr_expect_not(password_verify("", hash));
}

Test(password, the_same_password_hashes_otherwise_each_time)
{
	char one[PASSWORD_HASH_BYTES], other[PASSWORD_HASH_BYTES];

	password_use_cheap_parameters_for_tests();
	expect_ok(password_hash("correct horse", one));
	expect_ok(password_hash("correct horse", other));
	cr_expect_str_neq(one, other);
}

Test(password, nothing_verifies_against_no_account_or_a_broken_hash)
{
	password_use_cheap_parameters_for_tests();
	cr_expect_not(password_verify("correct horse", ""));
	cr_expect_not(password_verify("correct horse", "$argon2id$broken"));
}

Test(password, hashing_takes_64_mebibytes_and_three_passes)
{
	char hash[PASSWORD_HASH_BYTES];

	expect_ok(password_hash("correct horse", hash));
	cr_expect_eq(strncmp(hash, "$argon2id$v=19$m=65536,t=3,p=1$", 31), 0, "%s", hash);
}

static double cpu_ms(const char *hash)
{
	struct timespec before, after;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	cr_expect_not(password_verify("a wrong guess", hash));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	return (double)(after.tv_sec - before.tv_sec) * 1e3 +
	       (double)(after.tv_nsec - before.tv_nsec) / 1e6;
}

Test(password, an_unknown_account_takes_the_work_of_a_known_one)
{
	char hash[PASSWORD_HASH_BYTES];
	double known, unknown;

	expect_ok(password_hash("correct horse", hash));
	known = cpu_ms(hash);
	unknown = cpu_ms("");
	cr_expect(
		unknown > known / 3 && unknown < known * 3, "%.1f against %.1f ms", unknown, known);
}

#ifndef ORGD_SANITIZED /* sanitizers need the address space */
Test(password, without_memory_hashing_is_refused)
{
	const struct rlimit little = { 32 * 1024 * 1024, 32 * 1024 * 1024 };
	char hash[PASSWORD_HASH_BYTES] = "untouched";

	cr_assert_eq(setrlimit(RLIMIT_AS, &little), 0);
	expect_refused(
		password_hash("correct horse", hash), STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY");
	cr_expect_str_eq(hash, "untouched");
}
#endif

Test(password, a_good_one_passes)
{
	expect_ok(check("correct horse"));
	expect_ok(check("\xE5\xB1\xB1\xE5\xB7\x9D\xE6\xB5\xB7\xE7\xA9\xBA\xE9\xA2\xA8\xE6\xA3\xAE"
			"\xE6\x9C\x88"
			"\xE6\x98\x9F\xE9\x9B\xB2\xE9\x9B\xA8"));
}

Test(password, lengths_are_in_characters)
{
	char text[PASSWORD_MAX + 2];

	expect_invalid(check("123456789"), "PASSWORD_TOO_SHORT");
	expect_ok(check("1234567890"));
	expect_invalid(check("\xC3\xA9\xC3\xA8\xC3\xA9\xC3\xA8\xC3\xA9"), "PASSWORD_TOO_SHORT");
	memset(text, 'x', sizeof(text));
	text[0] = 'y';
	text[PASSWORD_MAX] = '\0';
	expect_ok(check(text));
	text[PASSWORD_MAX] = 'x';
	text[PASSWORD_MAX + 1] = '\0';
	expect_invalid(check(text), "PASSWORD_TOO_LONG");
}

Test(password, broken_utf8_is_refused)
{
	expect_invalid(check("correct \xFF horse"), "INVALID_TEXT");
}

Test(password, the_address_is_no_password)
{
	expect_invalid(check("ada@example.com"), "PASSWORD_TOO_COMMON");
	expect_invalid(check("Ada@Example.COM"), "PASSWORD_TOO_COMMON");
	expect_ok(check("ada@example.org"));
}

Test(password, one_character_repeated_is_no_password)
{
	expect_invalid(check("aaaaaaaaaaaa"), "PASSWORD_TOO_COMMON");
	expect_invalid(check("\xE5\xB1\xB1\xE5\xB1\xB1\xE5\xB1\xB1\xE5\xB1\xB1\xE5\xB1\xB1\xE5\xB1"
			     "\xB1\xE5\xB1\xB1"
			     "\xE5\xB1\xB1\xE5\xB1\xB1\xE5\xB1\xB1"),
		"PASSWORD_TOO_COMMON");
	expect_ok(check("aaaaaaaaaaab"));
}
