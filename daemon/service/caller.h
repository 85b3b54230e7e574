/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "service/call.h"

/*
 * Finds out who calls: call->caller from the envelope's authorization and the kernel's word,
 * anew for each call and each run. See orgd.rpc.v1.Request.authorization for what it answers.
 * Also refuses on_behalf_of where it is not allowed.
 */
MUST_USE struct status caller_authenticate(struct call *call);

/* The tokens and API keys that a desk has seen lately. One thread at a time. */
struct caller_cache *caller_cache_new(void);
void caller_cache_free(struct caller_cache *cache);

/* Bytes that are equal for the same caller and different for others, whatever credential was
 * used: what request ids and page tokens belong to. */
struct bytes caller_identity(struct call *call);
