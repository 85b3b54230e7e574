/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <protobuf-c/protobuf-c.h>

#include "columns.h"

/* Tables for people, on standard output. What they show is safe for a terminal; headings are bold
 * where there are colours. */

/* `count` rows of `width` texts each, row by row, NULL for nothing. A column without any text is
 * left out. */
void table_print(
	const struct column *columns, size_t width, const char *const *texts, size_t count);

/* "display name  Ada" for each field of the message that says something. */
void table_print_fields(const ProtobufCMessage *message);
/* The same for these fields alone, paths within the message. */
void table_print_paths(const ProtobufCMessage *message, const struct column *paths, size_t count);
