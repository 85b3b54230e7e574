/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/bytes.h"

/*
 * What protobuf_c_message_unpack does, in a third of the time: one pass, straight into the arena,
 * by the same descriptors. Fields that the message does not know are kept likewise.
 *
 * For messages of proto3, whose fields have no presence of their own and whose types do not
 * recurse. Takes from the arena's budget, as arena_allow_decoding or arena_allow_trusted has set
 * it. NULL for bytes that are no such message, that have a singular message twice (of those in a
 * oneof: twice in a row), that nest 16 deep, or whose message is over the budget.
 */
MUST_USE ProtobufCMessage *message_unpack(
	struct arena *arena, const ProtobufCMessageDescriptor *descriptor, struct bytes bytes);
/* The same for a stranger's bytes: NULL also when a string is not UTF-8 or holds a NUL, at which C
 * would cut it. */
MUST_USE ProtobufCMessage *message_unpack_checked(
	struct arena *arena, const ProtobufCMessageDescriptor *descriptor, struct bytes bytes);
/* The same without the fields that the message does not know: to read a few fields of a large
 * message by a type that has those alone. */
MUST_USE ProtobufCMessage *message_unpack_known(
	struct arena *arena, const ProtobufCMessageDescriptor *descriptor, struct bytes bytes);
