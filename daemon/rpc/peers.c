/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/peers.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/exchange.h"

struct peer_count {
	struct peer_count *next;
	uint32_t count;
	char address[sizeof(((struct peer *)0)->address)];
};

static struct peer_count **find(struct peers *peers, const char *address)
{
	struct peer_count **link;
	uint32_t hash = 2166136261; /* FNV-1a */

	for (const char *c = address; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619;
	for (link = &peers->buckets[hash % PEERS_BUCKETS]; *link; link = &(*link)->next)
		if (strcmp((*link)->address, address) == 0)
			break;
	return link;
}

bool peers_enter(struct peers *peers, const char *address, uint32_t max)
{
	struct peer_count **link = find(peers, address);

	if (!*link) {
		*link = calloc(1, sizeof(**link));
		if (!*link)
			return false;
		strncpy((*link)->address, address, sizeof((*link)->address) - 1);
	}
	if ((*link)->count >= max)
		return false;
	(*link)->count++;
	return true;
}

void peers_leave(struct peers *peers, const char *address)
{
	struct peer_count **link = find(peers, address), *count = *link;

	assert(count && count->count > 0);
	if (--count->count > 0)
		return;
	*link = count->next;
	free(count);
}
