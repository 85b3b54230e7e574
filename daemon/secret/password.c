/* SPDX-License-Identifier: Apache-2.0 */
#include "secret/password.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "base/utf8.h"
#include "secret/entropy.h"

static_assert(PASSWORD_HASH_BYTES == crypto_pwhash_STRBYTES, "libsodium's own form");

/* Passes over the memory, and bytes of it. */
static unsigned long long passes = 3;
static size_t memory_bytes = 64 * 1024 * 1024;

void password_use_cheap_parameters_for_tests(void)
{
	passes = crypto_pwhash_OPSLIMIT_MIN;
	memory_bytes = crypto_pwhash_MEMLIMIT_MIN;
}

struct status password_hash(const char *password, char hash[PASSWORD_HASH_BYTES])
{
	char made[PASSWORD_HASH_BYTES];

	if (crypto_pwhash_str_alg(made, password, strlen(password), passes, memory_bytes,
		    crypto_pwhash_ALG_ARGON2ID13) != 0)
		return status_fail(STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY",
			"There is not enough memory to hash a password now; try again later.");
	memcpy(hash, made, sizeof(made));
	return OK;
}

bool password_verify(const char *password, const char *hash)
{
	char dummy[PASSWORD_HASH_BYTES];

	if (hash[0] != '\0')
		return crypto_pwhash_str_verify(hash, password, strlen(password)) == 0;
	if (password_hash(password, dummy).code == STATUS_OK)
		wipe(dummy, sizeof(dummy));
	return false;
}

/* Is it one character over and over? `password` is valid UTF-8 and not empty. */
static bool is_repetition(const char *password)
{
	size_t size = strlen(password);
	uint32_t point;
	size_t first = utf8_decode(password, size, &point);

	return memcmp(password, password + first, size - first) == 0;
}

struct status password_check(const char *field, const char *password, const char *email)
{
	size_t length;

	if (!text_is_utf8(password, strlen(password)))
		return status_invalid(field, "INVALID_TEXT", "The password is not valid UTF-8.");
	length = text_length(password);
	if (length < PASSWORD_MIN)
		return status_invalid(field, "PASSWORD_TOO_SHORT",
			"The password is too short; it needs at least %d characters.",
			PASSWORD_MIN);
	if (length > PASSWORD_MAX)
		return status_invalid(field, "PASSWORD_TOO_LONG",
			"The password is too long; at most %d characters are allowed.",
			PASSWORD_MAX);
	if (strcasecmp(password, email) == 0)
		return status_invalid(field, "PASSWORD_TOO_COMMON",
			"The password is the e-mail address; choose something that others cannot "
			"guess.");
	if (is_repetition(password))
		return status_invalid(field, "PASSWORD_TOO_COMMON",
			"The password is one character repeated; choose something that others "
			"cannot guess.");
	return OK;
}
