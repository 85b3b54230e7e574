/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/id.h"

/*
 * A call's source of random bytes: a stream from a seed, so that a handler that runs again on a
 * newer snapshot draws the same ids and tokens. Seeded from the system once per call, or by a test.
 */
struct entropy {
	uint8_t seed[32];
	uint64_t drawn; /* blocks used up */
};

/* sodium_init() and locale-free start-up; aborts when the system has no randomness. Call once,
 * before threads. */
void entropy_start(void);

void entropy_seed(struct entropy *entropy);
/* Back to the first draw. */
void entropy_rewind(struct entropy *entropy);
void entropy_draw(struct entropy *entropy, void *out, size_t size);
struct id entropy_draw_id(struct entropy *entropy);
/* A number from 0 to bound - 1, evenly. */
uint32_t entropy_draw_below(struct entropy *entropy, uint32_t bound);
/* System randomness for what no handler draws: seeds, epochs, file names. Asked for a kilobyte at a
 * time in each thread, and wiped as it is handed out; not for after a fork. */
void random_bytes(void *out, size_t size);
/* memset that the compiler keeps. */
void wipe(void *data, size_t size);
/* BLAKE2b-256 without a key: chain links, digests of public data. `parts` are hashed with their
 * lengths, so that no two different lists of parts hash alike. */
void digest(const struct bytes *parts, size_t count, uint8_t out[32]);
