/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"
#include "google/rpc/status.pb-c.h"
#include "orgd/rpc/v1/rpc.pb-c.h"

/* Unpacks a message that a peer wrote, within a decoding budget by its size (arena_allow_decoding,
 * done here).
 *
 *   INVALID_ARGUMENT MALFORMED_REQUEST  no such message; text that is no UTF-8 or holds a NUL
 * (protobuf-c lets both through and would cut at the NUL); a field of the wrong wire type; nesting
 * or size past the budget */
MUST_USE struct status envelope_unpack(struct arena *arena,
	const ProtobufCMessageDescriptor *descriptor, struct bytes bytes,
	ProtobufCMessage **message);

/* What a reply says besides its payload. */
struct reply {
	struct status status;
	struct bytes payload; /* packed; ignored unless status is OK */
	uint64_t epoch, revision;
	bool committed;
	const char *call_id;
};

/* An upper bound of envelope_pack's result, whatever revision, epoch and `committed` turn out to
 * be: what is reserved before a commit. */
size_t envelope_size_max(const struct reply *reply);
/* Packs an orgd.rpc.v1.Response. A failure's details become ErrorInfo, BadRequest, Help and
 * RetryInfo; INTERNAL keeps its sentence to itself and names the call id. Returns the bytes
 * written; allocates nothing for an OK. */
size_t envelope_pack(const struct reply *reply, uint8_t *out);

/* A failure as a message with all its details, in the arena: for a response that holds refusals.
 * Not for INTERNAL, whose sentence is for the log alone. */
Google__Rpc__Status *envelope_error(struct arena *arena, struct status status);
