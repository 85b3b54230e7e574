/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"

/*
 * The platform's keys, all derived from the master key (SPEC rule 45). A master key file holds one
 * to KEYRING_MAX keys of 32 bytes each, the newest first: the first one seals and hashes, every one
 * opens and looks up. Rotating is putting a new key in front; dropping the last one retires it
 * (SPEC rule 40).
 *
 * Each sealed value and keyed hash begins with the KEY_ID_BYTES of the key that made it.
 * Immutable once opened: any thread. Key memory is locked and wiped on close.
 */
struct keyring;

enum {
	MASTER_KEY_BYTES = 32,
	KEYRING_MAX = 4,
	KEY_ID_BYTES = 4,
	KEYED_HASH_BYTES = KEY_ID_BYTES + 32,
	SEAL_OVERHEAD_BYTES = KEY_ID_BYTES + 24 + 16, /* key id, XChaCha20 nonce, Poly1305 tag */
};

/* What a key is for; each purpose has a key of its own, so that a value never passes for another's.
 * Stored values depend on the order: add at the end only. */
enum key_purpose {
	KEY_TOKEN,      /* hashes of session, API key, invitation, verification and reset secrets */
	KEY_REQUEST,    /* request rows: key, payload digest, sealed reply */
	KEY_PAGE,       /* page tokens */
	KEY_MAIL,       /* links in queued mail */
	KEY_PERSON,     /* the keys that seal names in events */
	KEY_ADDRESS,    /* keyed hashes of e-mail addresses */
	KEY_WEBHOOK,    /* what signs webhooks */
	KEY_CHECKPOINT, /* signatures under the event chain's newest link */
	KEY_PURPOSES,
};

/* Reads the keys in `path`.
 *
 *   FAILED_PRECONDITION MASTER_KEY_MISSING    no such file; the sentence says how to make one
 *   FAILED_PRECONDITION MASTER_KEY_MALFORMED  not 1 to 4 times 32 bytes, or a key of zeros
 *   FAILED_PRECONDITION MASTER_KEY_UNREADABLE anything else open(2) and read(2) say */
MUST_USE struct status keyring_open(const char *path, struct keyring **keyring);
/* The same from memory; `count` keys of MASTER_KEY_BYTES. */
MUST_USE struct status keyring_of(const uint8_t *keys, size_t count, struct keyring **keyring);
void keyring_close(struct keyring *keyring);

/* How many keys there are; the n-th of keyed_hash_with, 0 being the one that makes new values. */
size_t keyring_count(const struct keyring *keyring);

/* The keyed hash (BLAKE2b-256) of `data`, under the newest key and under the n-th. */
void keyed_hash(const struct keyring *keyring, enum key_purpose purpose, struct bytes data,
	uint8_t hash[KEYED_HASH_BYTES]);
void keyed_hash_with(const struct keyring *keyring, size_t n, enum key_purpose purpose,
	struct bytes data, uint8_t hash[KEYED_HASH_BYTES]);
/* Is `hash` the keyed hash of `data` under any active key? In constant time for its content. */
bool keyed_hash_verify(const struct keyring *keyring, enum key_purpose purpose, struct bytes data,
	struct bytes hash);

/* Encrypts and authenticates `plain`, bound to `context` (say, the row's key), which is needed to
 * open it. The nonce comes from `nonce`, 24 bytes of the call's entropy. */
struct bytes seal(const struct keyring *keyring, enum key_purpose purpose, struct bytes context,
	const uint8_t nonce[24], struct bytes plain, struct arena *arena);
/*   DATA_LOSS SEAL_BROKEN  no active key made it, or the bytes or the context differ */
MUST_USE struct status unseal(const struct keyring *keyring, enum key_purpose purpose,
	struct bytes context, struct bytes sealed, struct arena *arena, struct bytes *plain);
/* Which key sealed it: the n-th; keyring_count() when that one is retired. */
size_t sealed_by(const struct keyring *keyring, struct bytes sealed);

/* The same under a 32-byte key that is itself stored sealed: a person's, in whose erasure names
 * vanish. */
struct bytes seal_with_key(const uint8_t key[32], struct bytes context, const uint8_t nonce[24],
	struct bytes plain, struct arena *arena);
MUST_USE struct status unseal_with_key(const uint8_t key[32], struct bytes context,
	struct bytes sealed, struct arena *arena, struct bytes *plain);

/* An Ed25519 signature (RFC 8032) under the newest key, for whoever has no key of ours. */
enum { SIGNATURE_BYTES = 64, PUBLIC_KEY_BYTES = 32 };
struct signature {
	uint8_t bytes[SIGNATURE_BYTES];
	uint8_t public_key[PUBLIC_KEY_BYTES]; /* of the key that made it */
};
void sign(const struct keyring *keyring, enum key_purpose purpose, struct bytes message,
	struct signature *signature);
bool signature_verify(const struct signature *signature, struct bytes message);
