/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>

#include "base/arena.h"
#include "base/bytes.h"

/* URL-safe base64 without padding, for what goes out as an opaque string. Constant time in its
 * content. */
char *base64_encode(struct arena *arena, struct bytes bytes);
/* False for anything that base64_encode does not write. */
bool base64_decode(struct arena *arena, const char *text, struct bytes *bytes);
