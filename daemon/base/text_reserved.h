/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* Handles that nobody can take: names of the platform's own pages and roles. Sorted by strcmp. */
extern const char *const reserved_handles[];
extern const size_t reserved_handles_count;

bool handle_is_reserved(const char *handle);
