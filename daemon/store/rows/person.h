/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "secret/entropy.h"
#include "secret/keyring.h"
#include "store/rows/row.h"

/*
 * TABLE_PERSON_KEY: a random key for each person, by which their names and addresses in events are
 * sealed. Erasing the person deletes the key: the events stay, the name is gone (SPEC rule 30). A
 * person is a user, or the keyed hash of an address without an account.
 */
struct bytes person_of_user(struct arena *arena, const struct id *user_id);
struct bytes person_of_email(
	struct arena *arena, const struct keyring *keyring, const char *canonical_email);

/* The person's key, made in the snapshot's batch when there is none yet, or none that an active
 * master key opens: that one's names are lost with the master key. */
MUST_USE struct status person_key_take(struct snapshot *snapshot, const struct keyring *keyring,
	struct entropy *entropy, struct bytes person, uint8_t key[32]);
/* The person's key for reading: *known is false after erasure, and when the master key that sealed
 * it is retired. */
MUST_USE struct status person_key_find(struct snapshot *snapshot, const struct keyring *keyring,
	struct bytes person, uint8_t key[32], bool *known);
MUST_USE struct status person_delete(struct batch *batch, struct bytes person);
