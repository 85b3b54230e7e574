/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <org_client.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

/*
 * What the records of a file can be named by in later ones: ids, addresses, handles, and the line
 * where each first stood. Names are kept as hashes, so that millions of them have room.
 */
struct import_names {
	struct import_name {
		uint64_t hash; /* 0: free */
		uint64_t line;
	} * slots;
	size_t count, room;
};
/* All zeros are none. */
void import_names_clear(struct import_names *names);
/* Adds those of the record at `line`. */
void import_names_add(struct import_names *names, const Orgd__V1__Record *record, uint64_t line);
/* Does a line before this one have what is named so? */
bool import_names_has(const struct import_names *names, const char *name, uint64_t line);
