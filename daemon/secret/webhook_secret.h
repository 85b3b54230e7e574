/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "base/arena.h"
#include "base/bytes.h"

/* How webhooks are signed: the symmetric scheme of the Standard Webhooks specification
 * (standardwebhooks.com), HMAC-SHA256 over "<id>.<timestamp>.<body>". */

enum { WEBHOOK_SECRET_BYTES = 32 };

/* The secret as its owner gets it: "whsec_" and its base64. */
char *webhook_secret_text(struct arena *arena, struct bytes secret);
/* "v1," and the base64 of the signature. `id` and `timestamp` are ours and hold no dot. */
char *webhook_signature(struct arena *arena, struct bytes secret, const char *id,
	const char *timestamp, struct bytes body);
