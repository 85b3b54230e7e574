/* SPDX-License-Identifier: Apache-2.0 */
#include "secret/keyring.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

#include "secret/entropy.h"

enum {
	NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES,
	SUBKEY_BYTES = 32,
};

static_assert(SEAL_OVERHEAD_BYTES == KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES, "as the header says");
static_assert(MASTER_KEY_BYTES == crypto_kdf_KEYBYTES, "a master key derives the others");
static_assert(SUBKEY_BYTES == crypto_sign_SEEDBYTES, "one of which can be a signing key's seed");
static_assert(SIGNATURE_BYTES == crypto_sign_BYTES, "as the header says");
static_assert(PUBLIC_KEY_BYTES == crypto_sign_PUBLICKEYBYTES, "as the header says");

/* What one master key becomes; the master key itself is not kept. */
struct keys {
	uint8_t id[KEY_ID_BYTES];
	uint8_t purposes[KEY_PURPOSES][SUBKEY_BYTES];
};

struct keyring {
	size_t count;
	struct keys keys[KEYRING_MAX];
};

static void keys_derive(const uint8_t master[MASTER_KEY_BYTES], struct keys *keys)
{
	uint8_t id[crypto_kdf_BYTES_MIN];

	crypto_kdf_derive_from_key(id, sizeof(id), 0, "orgd-id ", master);
	memcpy(keys->id, id, sizeof(keys->id));
	for (uint64_t purpose = 0; purpose < KEY_PURPOSES; purpose++)
		crypto_kdf_derive_from_key(
			keys->purposes[purpose], SUBKEY_BYTES, purpose, "orgd-key", master);
}

static struct status malformed(const char *problem)
{
	return status_fail(STATUS_FAILED_PRECONDITION, "MASTER_KEY_MALFORMED",
		"The master key %s; it must be 1 to %d keys of %d random bytes each, the newest "
		"first.",
		problem, KEYRING_MAX, MASTER_KEY_BYTES);
}

struct status keyring_of(const uint8_t *keys, size_t count, struct keyring **keyring)
{
	struct keyring *made;

	if (count < 1 || count > KEYRING_MAX)
		return malformed("has the wrong number of keys");
	for (size_t i = 0; i < count; i++)
		if (sodium_is_zero(keys + i * MASTER_KEY_BYTES, MASTER_KEY_BYTES))
			return malformed("holds a key of zeros");
	made = sodium_malloc(sizeof(*made));
	if (!made)
		abort();
	made->count = count;
	for (size_t i = 0; i < count; i++)
		keys_derive(keys + i * MASTER_KEY_BYTES, &made->keys[i]);
	sodium_mprotect_readonly(made);
	*keyring = made;
	return OK;
}

/* Reads up to `size` bytes; -1 with errno on failure. */
static ssize_t file_read(const char *path, uint8_t *data, size_t size)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t part = 1, total = 0;
	int problem;

	if (file < 0)
		return -1;
	while (part > 0 && (size_t)total < size) {
		part = read(file, data + total, size - (size_t)total);
		if (part > 0)
			total += part;
	}
	problem = errno;
	close(file);
	errno = problem;
	return part < 0 ? -1 : total;
}

struct status keyring_open(const char *path, struct keyring **keyring)
{
	uint8_t keys[KEYRING_MAX * MASTER_KEY_BYTES + 1]; /* one more, to notice a longer file */
	ssize_t size = file_read(path, keys, sizeof(keys));
	struct status status;

	if (size < 0 && errno == ENOENT)
		return status_fail(STATUS_FAILED_PRECONDITION, "MASTER_KEY_MISSING",
			"There is no master key at %s; make one with: (umask 077 && head -c %d "
			"/dev/urandom > %s)",
			path, MASTER_KEY_BYTES, path);
	if (size < 0)
		return status_fail(STATUS_FAILED_PRECONDITION, "MASTER_KEY_UNREADABLE",
			"The master key at %s cannot be read: %s.", path, strerror(errno));
	if (size % MASTER_KEY_BYTES != 0)
		status = malformed("is not a whole number of keys long");
	else
		status = keyring_of(keys, (size_t)size / MASTER_KEY_BYTES, keyring);
	wipe(keys, sizeof(keys));
	return status;
}

void keyring_close(struct keyring *keyring)
{
	sodium_free(keyring);
}

size_t keyring_count(const struct keyring *keyring)
{
	return keyring->count;
}

void keyed_hash_with(const struct keyring *keyring, size_t n, enum key_purpose purpose,
	struct bytes data, uint8_t hash[KEYED_HASH_BYTES])
{
	const struct keys *keys;

	assert(n < keyring->count);
	keys = &keyring->keys[n];
	memcpy(hash, keys->id, KEY_ID_BYTES);
	crypto_generichash(hash + KEY_ID_BYTES, KEYED_HASH_BYTES - KEY_ID_BYTES, data.data,
		data.size, keys->purposes[purpose], SUBKEY_BYTES);
}

void keyed_hash(const struct keyring *keyring, enum key_purpose purpose, struct bytes data,
	uint8_t hash[KEYED_HASH_BYTES])
{
	keyed_hash_with(keyring, 0, purpose, data, hash);
}

bool keyed_hash_verify(const struct keyring *keyring, enum key_purpose purpose, struct bytes data,
	struct bytes hash)
{
	bool equal = false;

	if (hash.size != KEYED_HASH_BYTES)
		return false;
	for (size_t n = 0; n < keyring->count; n++) {
		uint8_t expected[KEYED_HASH_BYTES];

		keyed_hash_with(keyring, n, purpose, data, expected);
		equal |= sodium_memcmp(expected, hash.data, sizeof(expected)) == 0;
	}
	return equal;
}

/* Writes nonce, ciphertext and tag: NONCE_BYTES + plain.size + TAG_BYTES. */
static void encrypt(const uint8_t *key, struct bytes context, const uint8_t *nonce,
	struct bytes plain, uint8_t *out)
{
	memcpy(out, nonce, NONCE_BYTES);
	crypto_aead_xchacha20poly1305_ietf_encrypt(out + NONCE_BYTES, NULL, plain.data, plain.size,
		context.data, context.size, NULL, nonce, key);
}

/* Reads what encrypt() wrote. False when the bytes, the context or the key differ. */
static bool decrypt(const uint8_t *key, struct bytes context, struct bytes sealed,
	struct arena *arena, struct bytes *plain)
{
	size_t size;
	uint8_t *out;

	if (sealed.size < NONCE_BYTES + TAG_BYTES)
		return false;
	size = sealed.size - NONCE_BYTES - TAG_BYTES;
	out = arena_alloc(arena, size);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed.data + NONCE_BYTES,
		    sealed.size - NONCE_BYTES, context.data, context.size, sealed.data, key) != 0)
		return false;
	*plain = bytes_of(out, size);
	return true;
}

static struct status broken(void)
{
	return status_fail(STATUS_DATA_LOSS, "SEAL_BROKEN",
		"A sealed value does not open: the key that made it is retired, or its bytes have "
		"changed.");
}

struct bytes seal(const struct keyring *keyring, enum key_purpose purpose, struct bytes context,
	const uint8_t nonce[24], struct bytes plain, struct arena *arena)
{
	const struct keys *keys = &keyring->keys[0];
	size_t size = SEAL_OVERHEAD_BYTES + plain.size;
	uint8_t *out = arena_alloc(arena, size);

	memcpy(out, keys->id, KEY_ID_BYTES);
	encrypt(keys->purposes[purpose], context, nonce, plain, out + KEY_ID_BYTES);
	return bytes_of(out, size);
}

struct status unseal(const struct keyring *keyring, enum key_purpose purpose, struct bytes context,
	struct bytes sealed, struct arena *arena, struct bytes *plain)
{
	struct bytes body;

	if (sealed.size < KEY_ID_BYTES)
		return broken();
	body = bytes_of(sealed.data + KEY_ID_BYTES, sealed.size - KEY_ID_BYTES);
	for (size_t n = 0; n < keyring->count; n++) {
		const struct keys *keys = &keyring->keys[n];

		if (memcmp(keys->id, sealed.data, KEY_ID_BYTES) == 0 &&
			decrypt(keys->purposes[purpose], context, body, arena, plain))
			return OK;
	}
	return broken();
}

size_t sealed_by(const struct keyring *keyring, struct bytes sealed)
{
	size_t n = 0;

	while (n < keyring->count &&
		(sealed.size < KEY_ID_BYTES ||
			memcmp(keyring->keys[n].id, sealed.data, KEY_ID_BYTES)))
		n++;
	return n;
}

struct bytes seal_with_key(const uint8_t key[32], struct bytes context, const uint8_t nonce[24],
	struct bytes plain, struct arena *arena)
{
	size_t size = NONCE_BYTES + plain.size + TAG_BYTES;
	uint8_t *out = arena_alloc(arena, size);

	encrypt(key, context, nonce, plain, out);
	return bytes_of(out, size);
}

struct status unseal_with_key(const uint8_t key[32], struct bytes context, struct bytes sealed,
	struct arena *arena, struct bytes *plain)
{
	return decrypt(key, context, sealed, arena, plain) ? OK : broken();
}

void sign(const struct keyring *keyring, enum key_purpose purpose, struct bytes message,
	struct signature *signature)
{
	uint8_t secret[crypto_sign_SECRETKEYBYTES];

	crypto_sign_seed_keypair(signature->public_key, secret, keyring->keys[0].purposes[purpose]);
	crypto_sign_detached(signature->bytes, NULL, message.data, message.size, secret);
	sodium_memzero(secret, sizeof(secret));
}

bool signature_verify(const struct signature *signature, struct bytes message)
{
	return !crypto_sign_verify_detached(
		signature->bytes, message.data, message.size, signature->public_key);
}
