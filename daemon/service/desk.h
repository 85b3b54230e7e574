/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "base/arena.h"
#include "base/status.h"
#include "store/store.h"

/*
 * What whoever runs reads has to itself, one read at a time: a view of the store, memory, and what
 * was read lately. Nothing in it is true for longer than the store says (snapshot_unchanged).
 */
struct desk {
	struct store_reader *reader;
	struct arena scratch; /* what a run of a read allocates */
	struct caller_cache *callers;
	struct access_cache *access;
};

MUST_USE struct status desk_open(struct desk *desk, struct store *store);
/* Harmless on zeros. */
void desk_close(struct desk *desk);
