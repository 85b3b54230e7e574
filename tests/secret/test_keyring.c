/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/expect.h"
#include "secret/entropy.h"
#include "secret/keyring.h"

/* Master keys: "old" is 0 to 31, "new" 1 to 32. */
static uint8_t old_key[MASTER_KEY_BYTES], new_key[MASTER_KEY_BYTES];
static const uint8_t nonce[24] = { 7 };
static struct arena arena;
static struct keyring *keyring; /* of the old key alone */

static void setup(void)
{
	entropy_start();
	arena_init(&arena);
	for (uint8_t i = 0; i < MASTER_KEY_BYTES; i++) {
		old_key[i] = i;
		new_key[i] = i + 1;
	}
	expect_ok(keyring_of(old_key, 1, &keyring));
}

static void teardown(void)
{
	keyring_close(keyring);
	arena_clear(&arena);
}

TestSuite(keyring, .init = setup, .fini = teardown);

static void keyring_release(struct keyring **ring)
{
	keyring_close(*ring);
}

/* The old key behind a new one. */
static struct keyring *rotated_keyring(void)
{
	uint8_t keys[2 * MASTER_KEY_BYTES];
	struct keyring *ring = NULL;

	memcpy(keys, new_key, MASTER_KEY_BYTES);
	memcpy(keys + MASTER_KEY_BYTES, old_key, MASTER_KEY_BYTES);
	expect_ok(keyring_of(keys, 2, &ring));
	return ring;
}

static struct bytes text(const char *string)
{
	return bytes_of_string(string);
}

/* Opens a master key file of `size` bytes, all of them 1. */
static struct status open_file_of(size_t size, struct keyring **opened)
{
	char path[] = "/tmp/orgd-keyring-XXXXXX";
	int file = mkstemp(path);
	struct status status;

	cr_assert_geq(file, 0);
	for (size_t i = 0; i < size; i++)
		cr_assert_eq(write(file, "\1", 1), 1);
	close(file);
	status = keyring_open(path, opened);
	unlink(path);
	return status;
}

Test(keyring, a_file_holds_one_to_four_keys)
{
	for (size_t count = 1; count <= KEYRING_MAX; count++) {
		CLEANUP(keyring_release) struct keyring *opened = NULL;

		expect_ok(open_file_of(count * MASTER_KEY_BYTES, &opened));
		cr_expect_eq(keyring_count(opened), count);
	}
}

Test(keyring, a_file_of_another_size_is_malformed)
{
	static const size_t sizes[] = { 0, 1, 31, 33, 63, 65, 127, 129, 160, 1000 };
	struct keyring *opened;

	for (size_t i = 0; i < COUNT_OF(sizes); i++)
		expect_refused(open_file_of(sizes[i], &opened), STATUS_FAILED_PRECONDITION,
			"MASTER_KEY_MALFORMED");
}

Test(keyring, a_key_of_zeros_is_malformed)
{
	uint8_t keys[2 * MASTER_KEY_BYTES] = { 1 };
	struct keyring *made;

	expect_refused(
		keyring_of(keys, 2, &made), STATUS_FAILED_PRECONDITION, "MASTER_KEY_MALFORMED");
}

Test(keyring, a_number_of_keys_out_of_range_is_malformed)
{
	uint8_t keys[(KEYRING_MAX + 1) * MASTER_KEY_BYTES];
	struct keyring *made;

	memset(keys, 1, sizeof(keys));
	expect_refused(
		keyring_of(keys, 0, &made), STATUS_FAILED_PRECONDITION, "MASTER_KEY_MALFORMED");
	expect_refused(keyring_of(keys, KEYRING_MAX + 1, &made), STATUS_FAILED_PRECONDITION,
		"MASTER_KEY_MALFORMED");
}

Test(keyring, a_missing_file_is_told_with_the_command_that_makes_one)
{
	struct keyring *opened;
	struct status status = keyring_open("/nonexistent/master.key", &opened);

	expect_refused(status, STATUS_FAILED_PRECONDITION, "MASTER_KEY_MISSING");
	cr_expect_not_null(strstr(
		status.failure->message, "head -c 32 /dev/urandom > /nonexistent/master.key"));
}

Test(keyring, what_is_no_readable_file_is_unreadable)
{
	struct keyring *opened;

	expect_refused(
		keyring_open("/", &opened), STATUS_FAILED_PRECONDITION, "MASTER_KEY_UNREADABLE");
	expect_refused(keyring_open("/dev/null/x", &opened), STATUS_FAILED_PRECONDITION,
		"MASTER_KEY_UNREADABLE");
}

Test(keyring, keyed_hashes_are_pinned_since_they_are_stored)
{
	/* Computed by Python's hashlib: crypto_kdf and crypto_generichash are both BLAKE2b. */
	static const char *const expected[KEY_PURPOSES] = {
		"811f4b76eaeadd1ffc40b22324a0fb31670412645b35fab54858399500389d96d13629a0",
		"811f4b76172e44445dcec3d0ae36f7adea25cdd5c89af0adebdcb5206ffcb340267c289a",
		"811f4b7653cfe7f6cbb4509418a30a73ae57b921e47c8b851adfa65038db63d11e8cbc68",
		"811f4b764168d403f12787b5d89a2f5c53ea46d84a84df53d7d7f5db828a74c861536cd3",
		"811f4b7636121b5c67f8682db1bfe0829bf40430128691d17d60003f0c1dc2b69681d2a2",
		"811f4b765212b33fe1e1125e79123af0383ecd90b4927a42aa574f1c4fdcb2e230dedf2f",
		"811f4b76576e1b3545f09be779412fca6899d3c404613ea7f36099213bba25ef0e1e62f8",
		"811f4b768fe9f376fcad7962757c300009c15f1229035b04b592f80627ea436ae2676a03",
	};

	for (size_t purpose = 0; purpose < KEY_PURPOSES; purpose++) {
		uint8_t hash[KEYED_HASH_BYTES];
		char hex[2 * KEYED_HASH_BYTES + 1];

		keyed_hash(keyring, (enum key_purpose)purpose, text("data"), hash);
		for (size_t i = 0; i < sizeof(hash); i++)
			snprintf(hex + 2 * i, 3, "%02x", hash[i]);
		cr_expect_str_eq(hex, expected[purpose]);
	}
}

Test(keyring, a_hash_is_verified_for_its_data_and_purpose_alone)
{
	uint8_t hash[KEYED_HASH_BYTES];
	struct bytes made = { hash, sizeof(hash) };

	keyed_hash(keyring, KEY_TOKEN, text("data"), hash);
	cr_expect(keyed_hash_verify(keyring, KEY_TOKEN, text("data"), made));
	cr_expect_not(keyed_hash_verify(keyring, KEY_TOKEN, text("date"), made));
	cr_expect_not(keyed_hash_verify(keyring, KEY_PAGE, text("data"), made));
	cr_expect_not(keyed_hash_verify(
		keyring, KEY_TOKEN, text("data"), bytes_of(hash, sizeof(hash) - 1)));
	for (size_t i = 0; i < sizeof(hash); i++) {
		hash[i] ^= 1;
		cr_expect_not(
			keyed_hash_verify(keyring, KEY_TOKEN, text("data"), made), "byte %zu", i);
		hash[i] ^= 1;
	}
}

Test(keyring, after_a_rotation_old_values_still_hold_and_new_ones_use_the_new_key)
{
	CLEANUP(keyring_release) struct keyring *rotated = rotated_keyring();
	uint8_t old_hash[KEYED_HASH_BYTES], new_hash[KEYED_HASH_BYTES], second[KEYED_HASH_BYTES];

	keyed_hash(keyring, KEY_ADDRESS, text("data"), old_hash);
	keyed_hash(rotated, KEY_ADDRESS, text("data"), new_hash);
	keyed_hash_with(rotated, 1, KEY_ADDRESS, text("data"), second);
	cr_expect_arr_neq(old_hash, new_hash, KEY_ID_BYTES);
	cr_expect_arr_eq(old_hash, second, sizeof(second));
	cr_expect(keyed_hash_verify(
		rotated, KEY_ADDRESS, text("data"), bytes_of(old_hash, sizeof(old_hash))));
	cr_expect(keyed_hash_verify(
		rotated, KEY_ADDRESS, text("data"), bytes_of(new_hash, sizeof(new_hash))));
	cr_expect_not(keyed_hash_verify(
		keyring, KEY_ADDRESS, text("data"), bytes_of(new_hash, sizeof(new_hash))));
}

Test(keyring, what_was_sealed_opens)
{
	struct bytes plain = text("a secret"), opened, empty;
	struct bytes sealed = seal(keyring, KEY_MAIL, text("row 7"), nonce, plain, &arena);

	cr_expect_eq(sealed.size, SEAL_OVERHEAD_BYTES + plain.size);
	cr_expect_null(memmem(sealed.data, sealed.size, plain.data, plain.size));
	expect_ok(unseal(keyring, KEY_MAIL, text("row 7"), sealed, &arena, &opened));
	cr_assert_eq(opened.size, plain.size);
	cr_expect_arr_eq(opened.data, plain.data, plain.size);
	sealed = seal(keyring, KEY_MAIL, text(""), nonce, text(""), &arena);
	expect_ok(unseal(keyring, KEY_MAIL, text(""), sealed, &arena, &empty));
	cr_expect_eq(empty.size, 0);
}

Test(keyring, a_changed_cut_or_misplaced_seal_is_broken)
{
	struct bytes sealed =
		seal(keyring, KEY_MAIL, text("row 7"), nonce, text("a secret"), &arena);
	uint8_t *bytes = (uint8_t *)(uintptr_t)sealed.data;
	struct bytes opened;

	for (size_t i = 0; i < sealed.size; i++) {
		bytes[i] ^= 1;
		expect_refused(unseal(keyring, KEY_MAIL, text("row 7"), sealed, &arena, &opened),
			STATUS_DATA_LOSS, "SEAL_BROKEN");
		bytes[i] ^= 1;
	}
	for (size_t size = 0; size < sealed.size; size++)
		expect_refused(unseal(keyring, KEY_MAIL, text("row 7"), bytes_of(bytes, size),
				       &arena, &opened),
			STATUS_DATA_LOSS, "SEAL_BROKEN");
	expect_refused(unseal(keyring, KEY_MAIL, text("row 8"), sealed, &arena, &opened),
		STATUS_DATA_LOSS, "SEAL_BROKEN");
	expect_refused(unseal(keyring, KEY_REQUEST, text("row 7"), sealed, &arena, &opened),
		STATUS_DATA_LOSS, "SEAL_BROKEN");
}

Test(keyring, a_seal_opens_until_its_key_is_retired)
{
	CLEANUP(keyring_release) struct keyring *rotated = rotated_keyring();
	CLEANUP(keyring_release) struct keyring *retired = NULL;
	struct bytes sealed =
		seal(keyring, KEY_PERSON, text("row"), nonce, text("a secret"), &arena);
	struct bytes opened;

	expect_ok(keyring_of(new_key, 1, &retired));
	expect_ok(unseal(rotated, KEY_PERSON, text("row"), sealed, &arena, &opened));
	expect_refused(unseal(retired, KEY_PERSON, text("row"), sealed, &arena, &opened),
		STATUS_DATA_LOSS, "SEAL_BROKEN");
	sealed = seal(rotated, KEY_PERSON, text("row"), nonce, text("a secret"), &arena);
	expect_ok(unseal(retired, KEY_PERSON, text("row"), sealed, &arena, &opened));
}

Test(keyring, a_seal_tells_which_key_made_it)
{
	CLEANUP(keyring_release) struct keyring *rotated = rotated_keyring();
	CLEANUP(keyring_release) struct keyring *retired = NULL;
	struct bytes sealed =
		seal(keyring, KEY_PERSON, text("row"), nonce, text("a secret"), &arena);

	expect_ok(keyring_of(new_key, 1, &retired));
	cr_expect_eq(sealed_by(keyring, sealed), 0);
	cr_expect_eq(sealed_by(rotated, sealed), 1);
	cr_expect_eq(sealed_by(retired, sealed), 1, "one past the last");
	cr_expect_eq(sealed_by(keyring, text("no")), 1);
}

Test(keyring, sealing_is_xchacha20_poly1305)
{
	/* draft-irtf-cfrg-xchacha-03, A.3.1 */
	static const uint8_t context[] = { 0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4,
		0xc5, 0xc6, 0xc7 };
	static const uint8_t beginning[] = { 0xbd, 0x6d, 0x17, 0x9d, 0x3e, 0x83, 0xd4, 0x3b };
	static const uint8_t tag[] = { 0xc0, 0x87, 0x59, 0x24, 0xc1, 0xc7, 0x98, 0x79, 0x47, 0xde,
		0xaf, 0xd8, 0x78, 0x0a, 0xcf, 0x49 };
	struct bytes plain =
		text("Ladies and Gentlemen of the class of '99: If I could offer you only one tip "
		     "for the future, sunscreen would be it.");
	uint8_t key[32], vector_nonce[24];
	struct bytes sealed;

	for (uint8_t i = 0; i < sizeof(key); i++)
		key[i] = 0x80 + i;
	for (uint8_t i = 0; i < sizeof(vector_nonce); i++)
		vector_nonce[i] = 0x40 + i;
	sealed =
		seal_with_key(key, bytes_of(context, sizeof(context)), vector_nonce, plain, &arena);
	cr_assert_eq(sealed.size, sizeof(vector_nonce) + plain.size + sizeof(tag));
	cr_expect_arr_eq(sealed.data, vector_nonce, sizeof(vector_nonce));
	cr_expect_arr_eq(sealed.data + sizeof(vector_nonce), beginning, sizeof(beginning));
	cr_expect_arr_eq(sealed.data + sealed.size - sizeof(tag), tag, sizeof(tag));
}

Test(keyring, a_value_sealed_with_a_persons_key_opens_with_it_alone)
{
	uint8_t key[32] = { 1 }, other[32] = { 2 };
	struct bytes sealed = seal_with_key(key, text("row"), nonce, text("Ada"), &arena);
	struct bytes opened;

	expect_ok(unseal_with_key(key, text("row"), sealed, &arena, &opened));
	cr_assert_eq(opened.size, 3);
	cr_expect_arr_eq(opened.data, "Ada", 3);
	expect_refused(unseal_with_key(other, text("row"), sealed, &arena, &opened),
		STATUS_DATA_LOSS, "SEAL_BROKEN");
	expect_refused(unseal_with_key(key, text("raw"), sealed, &arena, &opened), STATUS_DATA_LOSS,
		"SEAL_BROKEN");
	expect_refused(
		unseal_with_key(key, text("row"), bytes_of(sealed.data, 39), &arena, &opened),
		STATUS_DATA_LOSS, "SEAL_BROKEN");
}

Test(keyring, signs_for_whoever_has_no_key)
{
	static const uint8_t masters[2][MASTER_KEY_BYTES] = { { 1 }, { 2 } };
	struct bytes message = bytes_of_string("a statement");
	struct keyring *one, *rotated;
	struct signature first, again, other;

	expect_ok(keyring_of(masters[0], 1, &one));
	expect_ok(keyring_of(masters[1], 1, &rotated));
	sign(one, KEY_CHECKPOINT, message, &first);
	sign(one, KEY_CHECKPOINT, message, &again);
	sign(rotated, KEY_CHECKPOINT, message, &other);
	cr_assert(signature_verify(&first, message));
	cr_assert_not(signature_verify(&first, bytes_of_string("another statement")));
	cr_assert_eq(memcmp(&first, &again, sizeof(first)), 0);
	cr_assert_neq(memcmp(first.public_key, other.public_key, PUBLIC_KEY_BYTES), 0);
	keyring_close(one);
	keyring_close(rotated);
}
