/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>

/* Does the name begin so, without regard to case? Both are valid UTF-8. An empty prefix fits all.
 * Any thread. */
bool name_begins_with(const char *name, const char *prefix);
