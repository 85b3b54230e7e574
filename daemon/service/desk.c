/* SPDX-License-Identifier: Apache-2.0 */
#include "service/desk.h"

#include "service/access.h"
#include "service/caller.h"

struct status desk_open(struct desk *desk, struct store *store)
{
	arena_init(&desk->scratch);
	desk->callers = caller_cache_new();
	desk->access = access_cache_new();
	return store_reader_new(store, &desk->reader);
}

void desk_close(struct desk *desk)
{
	store_reader_free(desk->reader);
	access_cache_free(desk->access);
	caller_cache_free(desk->callers);
	arena_clear(&desk->scratch);
}
