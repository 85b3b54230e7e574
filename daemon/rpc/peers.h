/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* How many connections each peer has: a uid, or an address. One thread at a time. */
enum { PEERS_BUCKETS = 256 };

struct peers {
	struct peer_count *buckets[PEERS_BUCKETS];
};

/* Counts one more for `address` (struct peer's), unless it has `max` already or memory is out. */
bool peers_enter(struct peers *peers, const char *address, uint32_t max);
/* Counts one less. */
void peers_leave(struct peers *peers, const char *address);
