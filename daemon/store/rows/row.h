/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <protobuf-c/protobuf-c.h>

#include "google/protobuf/timestamp.pb-c.h"
#include "store/batch.h"
#include "store/key.h"
#include "store/snapshot.h"
#include "store/tables.h"

/*
 * What the typed rows are made of. Each noun's file knows its keys and keeps its indexes in step;
 * these carry messages in and out.
 */

/* Sets *message to the unpacked row in the snapshot's arena, NULL when there is none.
 *
 *   DATA_LOSS ROW_CORRUPT  the bytes are no such message */
MUST_USE struct status row_get(struct snapshot *snapshot, const struct key *key,
	const ProtobufCMessageDescriptor *descriptor, ProtobufCMessage **message);
/* The same without an expectation. */
MUST_USE struct status row_peek(struct snapshot *snapshot, const struct key *key,
	const ProtobufCMessageDescriptor *descriptor, ProtobufCMessage **message);
/* Reads a row by a narrower type, a view, which has some of its fields under their numbers; the
 * others are passed over. An expectation like row_get's. */
MUST_USE struct status row_view(struct snapshot *snapshot, const struct key *key,
	const ProtobufCMessageDescriptor *descriptor, ProtobufCMessage **message);
/* Unpacks the value that a scan stands on. */
MUST_USE struct status row_unpack(struct arena *arena, struct bytes value,
	const ProtobufCMessageDescriptor *descriptor, ProtobufCMessage **message);

MUST_USE struct status row_put(
	struct batch *batch, const struct key *key, const ProtobufCMessage *message);
/* An index entry: a key alone. */
MUST_USE struct status row_put_index(struct batch *batch, const struct key *key);
/* A row whose value is an id; *exists says whether it is there. */
MUST_USE struct status row_get_id(
	struct snapshot *snapshot, const struct key *key, struct id *id, bool *exists);
MUST_USE struct status row_put_id(struct batch *batch, const struct key *key, const struct id *id);

/* In microseconds, as keys have it; 0 for NULL. */
int64_t row_time_us(const Google__Protobuf__Timestamp *time);

/* Between ids and the bytes fields that hold them. An empty field is the zero id. */
struct id id_of_bytes(ProtobufCBinaryData data);
ProtobufCBinaryData bytes_of_id(struct arena *arena, const struct id *id);
/* The text form in the arena: what contract messages hold; "" for the zero id. */
char *id_text(struct arena *arena, enum id_type type, const struct id *id);
