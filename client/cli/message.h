/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "base/arena.h"

/* An empty message, for requests: `Orgd__V1__User user = MESSAGE_OF(orgd__v1__user);`. The
 * generated initialisers say the same, but cast constness away. */
#define MESSAGE_OF(symbol)                                                                         \
	{                                                                                          \
		.base = PROTOBUF_C_MESSAGE_INIT(&symbol##__descriptor)                             \
	}

/*
 * Messages by the names of their fields, from the generated descriptors: one way to show each
 * resource and to go through each list, whatever fields they have.
 */

const ProtobufCFieldDescriptor *message_field(const ProtobufCMessage *message, const char *name);

/* Where a field is kept, and how many elements a repeated one has. The field must exist. */
void *message_at(ProtobufCMessage *message, const char *name);
size_t *message_count_at(ProtobufCMessage *message, const char *name);

/* How the text of a field reads. */
enum message_style {
	MESSAGE_PLAIN, /* times are local, enums lower-case words */
	MESSAGE_FULL,  /* the same, and times say how far away they are */
	MESSAGE_BRIEF, /* the same, and times say only how far away they are, if that is near */
	MESSAGE_EXACT, /* the same, and times say neither that nor their offset */
	MESSAGE_RAW,   /* for programs: times and spans as in ProtoJSON */
};

/* The text of the field at `path`, "delivery.state"; NULL when there is nothing: an empty string,
 * an unspecified enum, an absent message. Not made safe for a terminal yet. */
char *message_text_as(struct arena *arena, const ProtobufCMessage *message, const char *path,
	enum message_style style);
/* The same, plain. */
char *message_text(struct arena *arena, const ProtobufCMessage *message, const char *path);

/* Calls `each` for every field that says something, those of inner messages included, in the order
 * of the message: "delivery state", "queued". The text is full. */
void message_walk(struct arena *arena, const ProtobufCMessage *message,
	void (*each)(void *context, const char *label, const char *text), void *context);

/* Calls `each` with the path of every field that a message of this kind may have, those of inner
 * messages included: "delivery.state". */
void message_paths(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
	void (*each)(void *context, const char *path), void *context);

/* An enum's value as a word: lower case, "-" for "_", without the prefix that its names share. */
enum { ENUM_WORD_BYTES = 64 };
void enum_word(const ProtobufCEnumDescriptor *descriptor, int value, char word[ENUM_WORD_BYTES]);
/* False when `word` is none, or is the unspecified one. */
bool enum_find(const ProtobufCEnumDescriptor *descriptor, const char *word, int *value);
